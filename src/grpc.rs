//! The gRPC services: decode → flow → encode.

#[cfg(test)]
mod access_check;
mod admin;
mod answers;
mod audit;
mod auth;
mod bounds;
mod certificate;
mod counted;
mod deadline;
mod encode;
mod feed;
mod fields;
mod methods;
mod password_reset;
mod session;
mod token;
mod uncancelled;
mod user;

use std::sync::Arc;

use sekisho_interceptor::{Access, AuthBody, AuthLayer, Callers, Claims, PolicyError, PolicySet};
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, service::Routes};
use tower::{BoxError, ServiceBuilder, util::BoxCloneSyncService};

use self::{bounds::Admission, uncancelled::Uncancelled};
use crate::{
    ctx::Ctx,
    error::{Error, Wire},
    flows::{Call, caller::Authenticated, own_token},
    proto::{
        DESCRIPTORS,
        sekisho::v1::{
            admin_service_server::AdminServiceServer, audit_service_server::AuditServiceServer,
            auth_service_server::AuthServiceServer, session_service_server::SessionServiceServer,
            token_service_server::TokenServiceServer, user_service_server::UserServiceServer,
        },
    },
    telemetry::CallCounts,
};

pub use bounds::Bounds;
pub use deadline::Deadline;
pub use methods::call_counts;

/// Our services, by their full names.
pub const SERVICES: [&str; 6] = [
    "sekisho.v1.AdminService",
    "sekisho.v1.AuditService",
    "sekisho.v1.AuthService",
    "sekisho.v1.SessionService",
    "sekisho.v1.TokenService",
    "sekisho.v1.UserService",
];

/// No message of ours comes near it.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// Every RPC, with all that guards it; gRPC in, gRPC out. REST calls the same.
pub type Rpcs =
    BoxCloneSyncService<http::Request<tonic::body::Body>, http::Response<tonic::body::Body>, std::convert::Infallible>;

/// Who may call what.
pub fn policy() -> Result<PolicySet, PolicyError> {
    Ok(PolicySet::from_descriptors(DESCRIPTORS, &SERVICES)?
        .allow_public("grpc.health.v1.Health")
        .allow_public("grpc.reflection.v1.ServerReflection")
        .allow_public("grpc.reflection.v1alpha.ServerReflection"))
}

/// Puts the services together. `work` counts the flows that run, so that a
/// shutdown can wait for them. `more` are services that are not ours. `by_certificate`:
/// callers may show certificates.
pub fn rpcs(
    ctx: &Arc<Ctx>,
    work: &TaskTracker,
    bounds: Bounds,
    counts: CallCounts,
    more: Routes,
    by_certificate: bool,
) -> Result<Rpcs, BoxError> {
    let api = Api { ctx: ctx.clone(), work: work.clone() };
    let routes = more
        .add_service(AdminServiceServer::new(api.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(AuditServiceServer::new(api.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(AuthServiceServer::new(api.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(SessionServiceServer::new(api.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(TokenServiceServer::new(api.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .add_service(UserServiceServer::new(api).max_decoding_message_size(MAX_MESSAGE_BYTES))
        .prepare();
    let policy = Arc::new(policy()?);
    let service = ServiceBuilder::new()
        .layer(answers::AnswersLayer::new(counts))
        .layer(bounds::BoundsLayer::new(bounds, ctx.metrics.clone())?)
        .option_layer(by_certificate.then(|| certificate::CertificateLayer::new(ctx.clone(), &policy)))
        .map_response(|response: http::Response<AuthBody<_>>| response.map(tonic::body::Body::new))
        // The flows look at the session themselves.
        .layer(guard(ctx, policy).strict_by_service())
        .service(routes);
    Ok(BoxCloneSyncService::new(service))
}

fn guard(ctx: &Arc<Ctx>, policy: Arc<PolicySet>) -> AuthLayer {
    let clock = ctx.clock.clone();
    let verifier = own_token::verifier(&ctx.rules);
    AuthLayer::new(verifier, ctx.keyring.clone(), policy, Arc::new(move || clock.now().seconds())).refuse_with(
        Arc::new(|refusal, parts| match refusal {
            // To a caller a method without a policy is one that is not there.
            sekisho_interceptor::Refusal::NoPolicy => Status::unimplemented("no such method"),
            refusal => {
                tracing::debug!(?refusal, "access token refused");
                wire(&parts.extensions).refuse(&Error::from(refusal))
            }
        }),
    )
}

/// The implementation of every service.
#[derive(Clone)]
struct Api {
    ctx: Arc<Ctx>,
    work: TaskTracker,
}

/// What every flow is given.
struct Input<T> {
    ctx: Arc<Ctx>,
    call: Call,
    message: T,
}

impl Api {
    /// Runs a flow to its end: a caller that hangs up half way does not leave half
    /// a flow behind, and a panic is one failed call.
    async fn run<T, R, F>(
        &self,
        request: Request<T>,
        flow: impl FnOnce(Input<T>) -> F + Send + 'static,
    ) -> Result<Response<R>, Status>
    where
        T: Send + 'static,
        R: Send + 'static,
        F: Future<Output = Result<Response<R>, Error>> + Send + 'static,
    {
        let (_, extensions, message) = request.into_parts();
        let call = extensions.get::<Call>().cloned().unwrap_or_default();
        let place = extensions.get::<Admission>().map(Admission::admit).transpose();
        let place = place.map_err(|error| wire(&extensions).refuse(&error))?;
        let flow = flow(Input { ctx: self.ctx.clone(), call, message });
        let flow = async move {
            let _place = place;
            flow.await
        };
        let outcome = Uncancelled::new(&self.work, flow).await;
        outcome.flatten().map_err(|error| wire(&extensions).refuse(&error))
    }

    /// The same for a flow of a caller with an access token.
    async fn run_as<C, T, R, F>(
        &self,
        request: Request<T>,
        flow: impl FnOnce(Input<T>, C) -> F + Send + 'static,
    ) -> Result<Response<R>, Status>
    where
        C: Authenticated,
        T: Send + 'static,
        R: Send + 'static,
        F: Future<Output = Result<Response<R>, Error>> + Send + 'static,
    {
        // Put there by the layer that guards every method that is not public.
        let claims = request.extensions().get::<Arc<Claims>>().cloned();
        let authenticated = async move |input: Input<T>| {
            let claims = claims.ok_or(Error::Unauthorized)?;
            let caller = C::authenticate(&input.ctx, &input.call, claims).await?;
            flow(input, caller).await
        };
        self.run(request, authenticated).await
    }
}

fn wire(extensions: &http::Extensions) -> Wire {
    extensions.get::<Wire>().cloned().unwrap_or_default()
}

fn caller(access: &Access) -> String {
    if access.public {
        return "anyone".to_owned();
    }
    let mut caller = match access.callers {
        Callers::People => "signed in",
        Callers::Services => "services",
        Callers::Any => "signed in, or services",
    }
    .to_owned();
    if !access.scopes.is_empty() {
        caller.push_str(&format!(" with `{}`", access.scopes.join("`, `")));
    }
    if !access.roles.is_empty() {
        caller.push_str(&format!(" as one of `{}`", access.roles.join("`, `")));
    }
    caller
}

/// The page docs/access.md: who may call what, from the options in the proto.
pub fn policy_page() -> Result<String, PolicyError> {
    let mut page = "<!-- Made by the tests from the access options in proto/; do not edit. -->

# Who may call what

`strict`: the session is looked up on each call, so that one that has ended is refused
at once, whatever its access token says. `signature`: a token that was taken back is refused
as soon as this server knows of it. Services have tokens of their own
(`TokenService/IssueServiceToken`), or a certificate that is worth one
([operations.md](operations.md#services)).

| RPC | caller | freshness |
|---|---|---|
"
    .to_owned();
    for (path, access) in PolicySet::from_descriptors(DESCRIPTORS, &SERVICES)?.iter() {
        let caller = caller(access);
        let freshness = if access.public { String::new() } else { format!("{:?}", access.freshness).to_lowercase() };
        page.push_str(&format!("| `{}` | {caller} | {freshness} |\n", path.trim_start_matches('/')));
    }
    Ok(page)
}
