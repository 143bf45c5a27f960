//! External authorisation for proxies (`envoy.service.auth.v3`): guards siblings that
//! cannot link the interceptor, by its own layer and by policies from a file.
//!
//! A decision needs no store, as in a sibling: the keys and the feed of this process
//! are in memory. Only a policy with `freshness = "strict"` asks the records.

mod answer;
mod asked;
mod identity;
mod knowledge;
mod policy;

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::{BodyExt, Empty};
use sekisho_interceptor::{AuthBody, AuthLayer, Claims, PolicySet, Refusal};
use tonic::Status;
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};

pub use policy::Policy;

use self::{
    answer::Admitted,
    asked::Asked,
    knowledge::{Count, Knowledge},
    policy::{Contents, Fingerprint},
};
use crate::{
    config::Transport,
    ctx::Ctx,
    error::{Error, Wire, rest},
    flows::own_token,
    proto::ext_authz::envoy::service::auth::v3::{CheckRequest, CheckResponse, authorization_server::Authorization},
    surface::{ContextLayer, Proxies},
    telemetry::Metrics,
    tls::Reload,
};

/// Its full name.
pub const SERVICE: &str = "envoy.service.auth.v3.Authorization";

/// The setting that names the file.
const SETTING: &str = "SEKISHO_AUTHZ_POLICY";

type Gate = BoxCloneSyncService<Request<()>, Response<AuthBody<Empty<Bytes>>>, Infallible>;

/// Answers proxies.
pub struct ExtAuthz {
    file: PathBuf,
    layer: AuthLayer,
    context: ContextLayer,
    metrics: Arc<Metrics>,
    current: RwLock<Arc<Siblings>>,
    seen: Mutex<Seen>,
}

/// What the files held, good or not.
struct Seen {
    /// When they were looked at last.
    last: Fingerprint,
    /// When they were judged last.
    judged: Fingerprint,
}

impl Seen {
    /// Whether what a look has found is new, and was there at the look before as well.
    fn is_to_be_judged(&mut self, found: Fingerprint) -> bool {
        let is_settled = std::mem::replace(&mut self.last, found) == found;
        is_settled && std::mem::replace(&mut self.judged, found) != found
    }
}

/// Reads policies from a file.
///
/// # Errors
///
/// All that is wrong with it, and with those that it names.
pub fn policies(file: &Path) -> Result<Vec<Policy>, Vec<String>> {
    Contents::read(file).policies()
}

impl ExtAuthz {
    /// By the policies of a file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn load(ctx: &Arc<Ctx>, transport: &Transport, file: &Path) -> Result<Self, Vec<String>> {
        let contents = Contents::read(file);
        let policies = contents.policies()?;
        let layer = layer(ctx, transport);
        let context = ContextLayer::new(ctx.entropy.clone(), Proxies::default(), transport.call_timeout);
        let siblings = Siblings::new(policies, &layer, &context);
        let (last, judged) = (contents.fingerprint(), contents.fingerprint());
        Ok(Self {
            file: file.to_owned(),
            layer,
            context,
            metrics: ctx.metrics.clone(),
            current: RwLock::new(Arc::new(siblings)),
            seen: Mutex::new(Seen { last, judged }),
        })
    }

    /// Looks at the files, and goes by what they hold if that is new, was the same at the
    /// look before, and can be meant: the beginning of a file that is being written can be
    /// another policy. Reads from the disk: not for a task that others wait for.
    pub fn reload(&self) -> Reload {
        // Kept to the end: what was read first must not be taken last.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = Contents::read(&self.file);
        if !seen.is_to_be_judged(contents.fingerprint()) {
            return Reload::Unchanged;
        }
        match contents.policies() {
            Ok(policies) => {
                let siblings = Arc::new(Siblings::new(policies, &self.layer, &self.context));
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = siblings;
                self.metrics.authz_policy_reload("loaded");
                tracing::info!("proxies are answered by the new policies");
                Reload::Loaded
            }
            Err(faults) => {
                for problem in faults {
                    tracing::error!(setting = SETTING, problem, "new policies cannot be used; those before are kept");
                }
                self.metrics.authz_policy_reload("kept");
                Reload::Kept
            }
        }
    }

    /// What becomes of the request that a proxy holds back.
    pub async fn decide(&self, check: CheckRequest) -> CheckResponse {
        let siblings = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        match Asked::read(check) {
            Ok(asked) => siblings.of(&asked).decide(asked.request).await,
            Err(error) => {
                tracing::debug!(%error, "a proxy asks about what is no request");
                self.metrics.authz_check(error.reason().as_str());
                let (parts, body) = rest::response(&Wire::default().status(&error)).into_parts();
                answer::denied(&Response::from_parts(parts, ()), body.into())
            }
        }
    }
}

impl fmt::Debug for ExtAuthz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtAuthz").field("file", &self.file).finish_non_exhaustive()
    }
}

/// As siblings have it, but that nobody has to tell it anything.
fn layer(ctx: &Arc<Ctx>, transport: &Transport) -> AuthLayer {
    let clock = ctx.clock.clone();
    let knowledge = Arc::new(Knowledge::new(ctx.clone(), transport.max_calls));
    let verifier = own_token::verifier(&ctx.rules);
    let clock = Arc::new(move || clock.now().seconds());
    AuthLayer::new(verifier, ctx.keyring.clone(), Arc::default(), clock)
        .revocations(knowledge.clone())
        .introspect_with(knowledge)
        .counting(Arc::new(Count(ctx.metrics.clone())))
        .refuse_with(Arc::new(|refusal, parts| {
            tracing::debug!(?refusal, "a request was not let in");
            let wire = parts.extensions.get::<Wire>().cloned().unwrap_or_default();
            render(refusal, &wire)
        }))
}

/// Not logged beyond `debug`: whoever calls a sibling could write as many lines as they like.
fn render(refusal: &Refusal, wire: &Wire) -> Status {
    let mut status = wire.status(&Error::from(refusal));
    if *refusal == Refusal::NoPolicy {
        // No token would help.
        status.metadata_mut().remove("www-authenticate");
    }
    status
}

/// The siblings behind the proxies.
struct Siblings {
    by_name: HashMap<String, Sibling>,
    /// The name of the policy.
    by_host: HashMap<String, String>,
    nobodys: Sibling,
}

#[derive(Clone)]
struct Sibling {
    gate: Gate,
    forwards_token: bool,
}

impl Siblings {
    fn new(policies: Vec<Policy>, layer: &AuthLayer, context: &ContextLayer) -> Self {
        let sibling = |access: PolicySet, forwards_token| {
            let guarded = layer.clone().with_policy(Arc::new(access)).layer(service_fn(admit));
            Sibling { gate: BoxCloneSyncService::new(context.layer(guarded)), forwards_token }
        };
        let (mut by_name, mut by_host) = (HashMap::new(), HashMap::new());
        for Policy { name, hosts, access, forwards_token } in policies {
            by_host.extend(hosts.into_iter().map(|host| (host, name.clone())));
            by_name.insert(name, sibling(access, forwards_token));
        }
        Self { by_name, by_host, nobodys: sibling(PolicySet::default(), false) }
    }

    /// The one that a request is for; one that nobody may call if there is none.
    fn of(&self, asked: &Asked) -> Sibling {
        let by_host = || self.by_host.get(&asked.host).or_else(|| self.by_host.get("*"));
        let name = asked.policy.as_ref().or_else(by_host).filter(|_| asked.is_plain);
        name.and_then(|name| self.by_name.get(name)).unwrap_or(&self.nobodys).clone()
    }
}

/// Behind the layer, in the place of the sibling.
async fn admit(request: Request<()>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (parts, ()) = request.into_parts();
    let claims = parts.extensions.get::<Arc<Claims>>().cloned();
    let mut response = Response::new(Empty::new());
    response.extensions_mut().insert(Admitted { claims, headers: parts.headers });
    Ok(response)
}

impl Sibling {
    async fn decide(self, request: Request<()>) -> CheckResponse {
        let sent: Vec<HeaderName> = request.headers().keys().cloned().collect();
        let Ok(response) = self.gate.oneshot(request).await;
        let (mut parts, body) = response.into_parts();
        if let Some(admitted) = parts.extensions.remove::<Admitted>() {
            return answer::allowed(&admitted, &sent, self.forwards_token);
        }
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        answer::denied(&Response::from_parts(parts, ()), body)
    }
}

/// The same, to be served.
#[derive(Clone, Debug)]
pub struct Served(pub Arc<ExtAuthz>);

#[tonic::async_trait]
impl Authorization for Served {
    async fn check(&self, request: tonic::Request<CheckRequest>) -> Result<tonic::Response<CheckResponse>, Status> {
        Ok(tonic::Response::new(self.0.decide(request.into_inner()).await))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_written_is_not_judged() {
        let mut seen = Seen { last: [0; 32], judged: [0; 32] };
        let looks = [(0, false), (1, false), (2, false), (2, true), (2, false), (1, false), (2, false), (1, false)];
        for (number, (found, is_judged)) in looks.into_iter().enumerate() {
            assert_eq!(seen.is_to_be_judged([found; 32]), is_judged, "look {number}");
        }
        assert!(seen.is_to_be_judged([1; 32]));
    }
}
