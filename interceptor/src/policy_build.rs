//! Policies at build time: for the `build.rs` of a service.
//!
//! A method that does not say who may call it fails the build there, by name, and not
//! the start of the service.
//!
//! ```no_run
//! // build.rs, with protox, tonic-prost-build and this crate as build dependencies
//! use std::{env, error::Error, fs, path::Path};
//! use sekisho_interceptor::{policy_build, proto_dir};
//!
//! # fn example() -> Result<(), Box<dyn Error>> {
//! let mut compiler = protox::Compiler::new([Path::new("proto"), &proto_dir()])?;
//! compiler.include_imports(true).open_file("orders.proto")?;
//! let descriptors = compiler.encode_file_descriptor_set();
//! let table = policy_build::check(&descriptors, &["shop.v1"])?;
//!
//! let out = env::var("OUT_DIR")?;
//! fs::write(Path::new(&out).join("orders.binpb"), descriptors)?;
//! fs::write("docs/access.md", table.to_string())?;
//! // tonic_prost_build::configure().compile_fds(compiler.file_descriptor_set())?;
//! # Ok(())
//! # }
//! ```

use std::{
    fmt,
    path::{Path, PathBuf},
};

use prost_reflect::DescriptorPool;

use crate::policy::{Access, Callers, Freshness, PolicyError, PolicySet, WhenStale};

/// The folder with `sekisho/v1/access.proto`, to import it from.
///
/// ```
/// assert!(sekisho_interceptor::proto_dir().join("sekisho/v1/access.proto").exists());
/// ```
#[must_use]
pub fn proto_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proto")
}

/// Who may call what. Shown as a table in Markdown.
///
/// ```
/// use sekisho_interceptor::{policy_build, proto_dir};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("orders.proto"), r#"
/// #     syntax = "proto3";
/// #     package shop.v1;
/// #     import "sekisho/v1/access.proto";
/// #     service Orders {
/// #       rpc List(Empty) returns (Empty) { option (sekisho.v1.access) = { scopes: ["orders:read"] }; }
/// #     }
/// #     message Empty {}
/// # "#)?;
/// # let proto = folder.path();
/// let mut compiler = protox::Compiler::new([proto, &proto_dir()])?;
/// compiler.include_imports(true).open_file("orders.proto")?;
/// let table = policy_build::check(&compiler.encode_file_descriptor_set(), &["shop.v1"])?;
/// assert!(table.to_string().contains("| `shop.v1.Orders/List` | people with `orders:read` |"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyTable(PolicySet);

/// Reads the policies of services, given by full name or by the package that they are
/// all in.
///
/// `file_descriptor_set` is as for [`PolicySet::from_descriptors`].
///
/// # Errors
///
/// A [`PolicyError`]: let it fail the build. It names every method without a policy, and
/// every name that is neither a service nor a package with one.
///
/// ```
/// use sekisho_interceptor::{policy_build, proto_dir};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("orders.proto"), r#"
/// #     syntax = "proto3";
/// #     package shop.v1;
/// #     import "sekisho/v1/access.proto";
/// #     service Orders {
/// #       rpc List(Empty) returns (Empty) { option (sekisho.v1.access) = { scopes: ["orders:read"] }; }
/// #     }
/// #     message Empty {}
/// # "#)?;
/// # let proto = folder.path();
/// let mut compiler = protox::Compiler::new([proto, &proto_dir()])?;
/// compiler.include_imports(true).open_file("orders.proto")?;
/// let descriptors = compiler.encode_file_descriptor_set();
/// assert!(policy_build::check(&descriptors, &["shop.v1"]).is_ok());
/// assert!(policy_build::check(&descriptors, &["shop.v2"]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check(file_descriptor_set: &[u8], names: &[&str]) -> Result<PolicyTable, PolicyError> {
    let pool = DescriptorPool::decode(file_descriptor_set).map_err(|error| PolicyError::Descriptors(error.into()))?;
    let mut services = Vec::new();
    for name in names {
        let before = services.len();
        let named = pool.services().filter(|service| service.package_name() == *name || service.full_name() == *name);
        services.extend(named.map(|service| service.full_name().to_owned()));
        if services.len() == before {
            // Which it is not, so it is named as missing with all others.
            services.push((*name).to_owned());
        }
    }
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    PolicySet::from_descriptors(file_descriptor_set, &services).map(PolicyTable)
}

impl PolicyTable {
    /// The policies themselves, for the tests of a service.
    ///
    /// ```
    /// use sekisho_interceptor::{policy_build, proto_dir};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("orders.proto"), r#"
    /// #     syntax = "proto3";
    /// #     package shop.v1;
    /// #     import "sekisho/v1/access.proto";
    /// #     service Orders {
    /// #       rpc List(Empty) returns (Empty) { option (sekisho.v1.access) = { scopes: ["orders:read"] }; }
    /// #     }
    /// #     message Empty {}
    /// # "#)?;
    /// # let proto = folder.path();
    /// let mut compiler = protox::Compiler::new([proto, &proto_dir()])?;
    /// compiler.include_imports(true).open_file("orders.proto")?;
    /// let table = policy_build::check(&compiler.encode_file_descriptor_set(), &["shop.v1"])?;
    /// let (path, access) = table.policies().iter().next().ok_or("no method")?;
    /// assert_eq!((path, access.public), ("/shop.v1.Orders/List", false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn policies(&self) -> &PolicySet {
        &self.0
    }
}

impl fmt::Display for PolicyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("| RPC | caller | freshness |\n|---|---|---|\n")?;
        for (path, access) in self.0.iter() {
            writeln!(f, "| `{}` | {} | {} |", path.trim_start_matches('/'), caller(access), freshness(access))?;
        }
        Ok(())
    }
}

fn caller(access: &Access) -> String {
    if access.public {
        return "anyone".to_owned();
    }
    let who = match access.callers {
        Callers::People => "people",
        Callers::Services => "services",
        Callers::Any => "people and services",
    };
    let mut text = who.to_owned();
    if !access.scopes.is_empty() {
        text += &format!(" with {}", quoted(&access.scopes, " and "));
    }
    if !access.roles.is_empty() {
        text += &format!(" in the role {}", quoted(&access.roles, " or "));
    }
    if let Some(age) = access.max_auth_age {
        text += &format!(", proven within {} s", age.as_secs());
    }
    text
}

fn quoted(names: &[String], between: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

fn freshness(access: &Access) -> String {
    match access.freshness {
        _ if access.public => String::new(),
        Freshness::Signature => "signature".to_owned(),
        Freshness::Strict => "strict".to_owned(),
        Freshness::Stream { max_staleness, when_stale } => {
            let then = match when_stale {
                WhenStale::Refuse => "refused",
                WhenStale::Serve => "served",
            };
            format!("stream; {then} after {} s", max_staleness.as_secs())
        }
    }
}
