//! From a method and a path to a binding.

use std::collections::BTreeSet;

use http::Method;
use prost_reflect::DescriptorPool;

use super::{
    binding::{self, Binding, BindingError},
    template::Shape,
};
use crate::error::Error;

/// Every route, the more specific first.
#[derive(Debug)]
pub(super) struct Router(Vec<Binding>);

/// A binding, and what the path says.
pub(super) struct Route<'r> {
    pub(super) binding: &'r Binding,
    /// The value of each variable; `None` for one that is not UTF-8.
    pub(super) values: Vec<Option<String>>,
}

impl Router {
    pub(super) fn new(pool: &DescriptorPool) -> Result<Self, BindingError> {
        let mut bindings = binding::read(pool)?;
        bindings.sort_by(|a, b| key(a).cmp(&key(b)));
        let same = |pair: &&[Binding]| key(&pair[0]) == key(&pair[1]);
        if let Some([first, second]) = bindings.windows(2).find(same) {
            return Err(BindingError::Duplicate { rpc: second.rpc.clone(), other: first.rpc.clone() });
        }
        Ok(Self(bindings))
    }

    /// The most specific binding of the path that has the method.
    ///
    /// # Errors
    ///
    /// `NotFound` for a path of no route, `MethodNotAllowed` for a method of none
    /// of its routes.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Route<'_>, Error> {
        let path = path.strip_prefix('/').ok_or(Error::NotFound)?;
        let parts: Vec<&str> = path.split('/').collect();
        // Paths are not normalised: who does it differently must not slip past.
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(Error::NotFound);
        }
        let fitting = || self.0.iter().filter(|it| it.template.fits(&parts));
        match fitting().find(|binding| answers(&binding.method, method)) {
            Some(binding) => Ok(Route { binding, values: binding.template.values(&parts) }),
            None => Err(refused(fitting())),
        }
    }
}

/// What tells routes apart, in order of precedence.
fn key(binding: &Binding) -> (&Shape, &str) {
    (binding.template.shape(), binding.method.as_str())
}

fn answers(bound: &Method, asked: &Method) -> bool {
    bound == asked || (bound == Method::GET && asked == Method::HEAD)
}

fn refused<'r>(fitting: impl Iterator<Item = &'r Binding>) -> Error {
    let mut methods: BTreeSet<&str> = fitting.map(|binding| binding.method.as_str()).collect();
    if methods.is_empty() {
        return Error::NotFound;
    }
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    let methods: Vec<&str> = methods.into_iter().collect();
    Error::MethodNotAllowed { allow: methods.join(", ") }
}
