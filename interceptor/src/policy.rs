use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    time::Duration,
};

use http::Method;

use crate::{claims::Claims, policy_options, refusal::Refusal, routes::Routes};

/// Who may call a method, and how current the knowledge of revocations must be.
///
/// The default lets any person in who is signed in.
///
/// From a file it is read under the names of `sekisho.v1.Access`, with enums as words in
/// small letters and times in whole seconds, and refused where that option would be.
///
/// ```
/// use sekisho_interceptor::{Access, Callers, Freshness};
///
/// let access = Access { roles: vec!["admin".into()], freshness: Freshness::Strict, ..Access::default() };
/// assert!(!access.public && access.callers == Callers::People);
///
/// let read: Access = serde_json::from_str(r#"{"roles": ["admin"], "freshness": "strict"}"#)?;
/// assert_eq!(read, access);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Anyone may call, and a token that is sent is not looked at.
    pub public: bool,
    /// The token must carry every one of these.
    pub scopes: Vec<String>,
    /// The token must carry at least one of these, if there are any.
    pub roles: Vec<String>,
    /// The person must have proven who they are no longer ago; whole seconds.
    pub max_auth_age: Option<Duration>,
    /// [`Access::check`] knows no revocations: the layer acts on it.
    pub freshness: Freshness,
    /// Whose tokens are taken.
    pub callers: Callers,
}

static PUBLIC: Access = Access {
    public: true,
    scopes: Vec::new(),
    roles: Vec::new(),
    max_auth_age: None,
    freshness: Freshness::Signature,
    callers: Callers::Any,
};

/// How current the knowledge of revocations must be for a method.
///
/// ```
/// use std::time::Duration;
///
/// use sekisho_interceptor::{Freshness, WhenStale};
///
/// let default = Freshness::Stream { max_staleness: Duration::from_secs(30), when_stale: WhenStale::Serve };
/// assert_eq!(Freshness::default(), default);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// The signature and the times of the token are enough.
    Signature,
    /// The revocations received so far are consulted.
    Stream {
        /// How old that knowledge may be, unless the token is younger still.
        max_staleness: Duration,
        /// What happens beyond.
        when_stale: WhenStale,
    },
    /// The issuer's own record is consulted, on each call.
    Strict,
}

impl Freshness {
    /// How old the knowledge may be where nothing is declared.
    pub const MAX_STALENESS: Duration = Duration::from_secs(30);
}

impl Default for Freshness {
    fn default() -> Self {
        Self::Stream { max_staleness: Self::MAX_STALENESS, when_stale: WhenStale::Serve }
    }
}

/// What becomes of a call while the knowledge of revocations is too old.
///
/// ```
/// use std::time::Duration;
///
/// use sekisho_interceptor::{Access, Freshness, WhenStale};
///
/// let freshness = Freshness::Stream { max_staleness: Duration::from_secs(5), when_stale: WhenStale::Refuse };
/// let payouts = Access { freshness, ..Access::default() };
/// # assert!(!payouts.public);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhenStale {
    /// It is refused, with a time to try again.
    Refuse,
    /// It is served by what is known.
    Serve,
}

/// Whose tokens a method takes.
///
/// ```
/// use sekisho_interceptor::{Access, Callers};
///
/// let for_services = Access { callers: Callers::Services, ..Access::default() };
/// # assert!(!for_services.public);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Callers {
    /// People's.
    #[default]
    People,
    /// Services' own.
    Services,
    /// Both.
    Any,
}

impl Callers {
    fn include(self, claims: &Claims) -> bool {
        match self {
            Self::People => claims.person.is_some(),
            Self::Services => claims.person.is_none(),
            Self::Any => true,
        }
    }
}

impl Access {
    /// Whether a caller with these verified claims may call at `now`, in Unix seconds.
    ///
    /// # Errors
    ///
    /// [`Refusal::Denied`] for the wrong kind of caller and for a missing scope or
    /// role, then [`Refusal::StepUp`] for an `auth_time` that is too long ago.
    pub fn check(&self, claims: &Claims, now: i64) -> Result<(), Refusal> {
        if self.public {
            return Ok(());
        }
        let scoped = self.scopes.iter().all(|scope| claims.has_scope(scope));
        let in_role = self.roles.is_empty() || self.roles.iter().any(|role| claims.has_role(role));
        if !scoped || !in_role || !self.callers.include(claims) {
            return Err(Refusal::Denied);
        }
        // A service proves itself for each token.
        let auth_time = claims.person.as_ref().map_or(claims.iat, |person| person.auth_time);
        let age = u64::try_from(now.saturating_sub(auth_time)).unwrap_or(0);
        match self.max_auth_age.map(|max| max.as_secs()) {
            Some(max_auth_age) if age > max_auth_age => Err(Refusal::StepUp { max_auth_age }),
            _ => Ok(()),
        }
    }
}

/// Why no [`PolicySet`] could be made of a descriptor set.
///
/// ```
/// use sekisho_interceptor::PolicySet;
///
/// let fault = PolicySet::from_descriptors(b"no descriptors", &["shop.v1.Orders"]).unwrap_err();
/// println!("{fault}");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not a `google.protobuf.FileDescriptorSet`, or one without its imports.
    #[error("the descriptor set cannot be read")]
    Descriptors(#[source] Box<dyn Error + Send + Sync>),
    /// Services that the descriptor set does not hold, by full name.
    #[error("not in the descriptor set: {}", .0.join(", "))]
    UnknownServices(Vec<String>),
    /// Every method, by path, without the option `(sekisho.v1.access)` and in a
    /// service without `(sekisho.v1.default_access)`.
    #[error("no (sekisho.v1.access) option on: {}", .0.join(", "))]
    Undeclared(Vec<String>),
    /// A method's option, or a route, that cannot be meant.
    #[error("{path}: {fault}")]
    Option {
        /// The path of the method or route.
        path: String,
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// Who may call what: one [`Access`] per gRPC path or HTTP route. A path without one is nobody's.
///
/// ```
/// use http::Method;
/// use sekisho_interceptor::{Access, PolicySet};
///
/// let policy = PolicySet::default()
///     .allow_public("grpc.health.v1.Health")
///     .route("GET", "/orders/{id}", Access::default())?;
/// assert!(policy.find(&Method::POST, "/grpc.health.v1.Health/Check").is_some_and(|access| access.public));
/// assert!(policy.find(&Method::GET, "/orders/7").is_some_and(|access| !access.public));
/// assert!(policy.find(&Method::DELETE, "/orders/7").is_none(), "what nobody allowed is refused");
/// # Ok::<(), sekisho_interceptor::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    methods: BTreeMap<String, Access>,
    public_services: BTreeSet<String>,
    routes: Routes,
}

impl PolicySet {
    /// Reads `option (sekisho.v1.access)` of every method of `services`, else
    /// `option (sekisho.v1.default_access)` of its service.
    ///
    /// `file_descriptor_set` is an encoded `google.protobuf.FileDescriptorSet`
    /// with imports, as the compiler wrote it: one that went through prost's own
    /// types has lost its options. `services` are full names, `pkg.Service`.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`]; methods without the option are all named at once.
    pub fn from_descriptors(file_descriptor_set: &[u8], services: &[&str]) -> Result<Self, PolicyError> {
        let methods = policy_options::read(file_descriptor_set, services)?;
        Ok(Self { methods, ..Self::default() })
    }

    /// Lets anyone call every method of a service that declares nothing, such as
    /// `grpc.health.v1.Health`. A method that does declare keeps its policy.
    #[must_use]
    pub fn allow_public(mut self, service: impl Into<String>) -> Self {
        self.public_services.insert(service.into());
        self
    }

    /// Says who may call an HTTP route, as of an axum router: `pattern` is literal
    /// segments and `{parameters}` that take one whole segment each.
    ///
    /// A request matches byte by byte. Nothing is decoded or resolved: a path with
    /// an empty, a dotted or a percent-encoded segment is nobody's. Of two patterns
    /// that match, the one that is literal earlier holds. `HEAD` is not `GET`.
    /// A value of a parameter that is another pattern's literal but for its case or an
    /// ending (`/orders/EXPORT`, `/orders/export.json` beside `/orders/export`) is
    /// nobody's either: some routers would take it for that.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Option`] for a pattern that cannot be meant, or is given twice.
    ///
    /// ```
    /// use sekisho_interceptor::{Access, PolicySet};
    ///
    /// let read = Access { scopes: vec!["orders:read".to_owned()], ..Access::default() };
    /// let policy = PolicySet::default().route("GET", "/api/orders/{id}", read)?;
    /// assert!(policy.find(&http::Method::GET, "/api/orders/7").is_some());
    /// assert!(policy.find(&http::Method::GET, "/api/orders/%37").is_none());
    /// # Ok::<(), sekisho_interceptor::PolicyError>(())
    /// ```
    pub fn route(mut self, method: &str, pattern: &str, access: Access) -> Result<Self, PolicyError> {
        let path = || format!("{method} {pattern}");
        self.routes.add(method, pattern, access).map_err(|fault| PolicyError::Option { path: path(), fault })?;
        Ok(self)
    }

    /// The policy of a request: of its path as [`PolicySet::get`] tells, else of its
    /// [route](PolicySet::route).
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Option<&Access> {
        self.get(path).or_else(|| self.routes.get(method, path))
    }

    /// The policy of a path, `/pkg.Service/Method`, compared byte by byte.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Access> {
        self.methods.get(path).or_else(|| {
            let (service, method) = path.strip_prefix('/')?.split_once('/')?;
            let named = !method.is_empty() && !method.contains('/');
            (named && self.public_services.contains(service)).then_some(&PUBLIC)
        })
    }

    /// The declared methods with their policies, ordered by path. Services of
    /// [`PolicySet::allow_public`] declare no methods and are not among them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Access)> {
        self.methods.iter().map(|(path, access)| (path.as_str(), access))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::tests::claims;

    fn needs(scopes: &[&str], roles: &[&str]) -> Access {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Access { scopes: owned(scopes), roles: owned(roles), ..Access::default() }
    }

    #[test]
    fn every_scope_is_needed() {
        assert_eq!(needs(&["orders:read", "orders:write"], &[]).check(&claims(), 1_000), Ok(()));
        let denied = Err(Refusal::Denied);
        assert_eq!(needs(&["orders:read", "stock:read"], &[]).check(&claims(), 1_000), denied);
        assert_eq!(needs(&["orders:readx"], &[]).check(&claims(), 1_000), denied);
        let without = Claims { scope: None, ..claims() };
        assert_eq!(needs(&["orders:read"], &[]).check(&without, 1_000), denied);
    }

    #[test]
    fn h52_a_service_is_no_person_and_a_person_no_service() {
        let service = Claims { person: None, ..claims() };
        let (ok, denied) = (Ok(()), Err(Refusal::Denied));
        for (callers, person, other) in
            [(Callers::People, ok, denied), (Callers::Services, denied, ok), (Callers::Any, ok, ok)]
        {
            let access = Access { callers, ..Access::default() };
            assert_eq!(access.check(&claims(), 1_000), person, "{callers:?}");
            assert_eq!(access.check(&service, 1_000), other, "{callers:?}");
        }
    }

    #[test]
    fn one_role_is_enough() {
        assert_eq!(needs(&[], &["admin", "buyer"]).check(&claims(), 1_000), Ok(()));
        assert_eq!(needs(&[], &["admin"]).check(&claims(), 1_000), Err(Refusal::Denied));
    }

    #[test]
    fn an_old_proof_needs_a_new_one() {
        let access = Access { max_auth_age: Some(Duration::from_secs(300)), ..Access::default() };
        assert_eq!(access.check(&claims(), 1_200), Ok(()));
        assert_eq!(access.check(&claims(), 1_201), Err(Refusal::StepUp { max_auth_age: 300 }));
        assert_eq!(access.check(&claims(), 899), Ok(()));
    }

    #[test]
    fn permission_comes_before_step_up() {
        let access = Access { max_auth_age: Some(Duration::from_secs(1)), ..needs(&[], &["admin"]) };
        assert_eq!(access.check(&claims(), 1_900), Err(Refusal::Denied));
    }

    #[test]
    fn a_public_service_is_matched_whole() {
        let policy = PolicySet::default().allow_public("grpc.health.v1.Health");
        assert_eq!(policy.get("/grpc.health.v1.Health/Check"), Some(&PUBLIC));
        for path in [
            "/grpc.health.v1.Health",
            "/grpc.health.v1.Health/",
            "/grpc.health.v1.Health/Check/",
            "/grpc.health.v1.Health//Check",
            "//grpc.health.v1.Health/Check",
            "/grpc.health.v1.health/Check",
            "/grpc.health.v1.HealthX/Check",
            "grpc.health.v1.Health/Check",
        ] {
            assert_eq!(policy.get(path), None, "{path}");
        }
    }
}
