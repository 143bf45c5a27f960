//! The issuer's side of `TokenService`, as far as siblings see it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{mpsc, watch};
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};
use tonic::{Code, Request, Response, Status};

use crate::{
    bearer::bearer_token,
    claims::Claims,
    proto::{
        GetKeysRequest, GetKeysResponse, IntrospectRequest, IntrospectResponse, IssueServiceTokenRequest,
        IssueServiceTokenResponse, RevokeTokenRequest, RevokeTokenResponse, WatchRevocationsRequest,
        WatchRevocationsResponse, token_service_server::TokenService,
    },
    refusal::Refusal,
    revocations::Entry,
    testing::script::{Heard, Script},
    verify::Verifier,
};

/// The account that the fake feed knows.
pub(crate) const CLIENT_ID: &str = "test";
pub(crate) const SECRET: &str = "sks_for-tests-only";
const SCOPES: &str = "revocations:read tokens:introspect";
const AUDIENCE: &str = "sekisho";

#[derive(Clone)]
pub(crate) struct FakeServer {
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) heard: watch::Sender<Heard>,
}

impl FakeServer {
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, script: &Script) {
        self.heard.send_replace(script.heard);
    }

    fn caller(&self, request: &http::HeaderMap, scope: &str) -> Result<Claims, Status> {
        let token = bearer_token(request).map_err(|refusal| refusal.status())?;
        let claims = self.verify(token).map_err(|refusal| refusal.status())?;
        if claims.person.is_none() && claims.has_scope(scope) { Ok(claims) } else { Err(Refusal::Denied.status()) }
    }

    fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        let issuer = Arc::clone(&self.script().issuer);
        Verifier::new(issuer.name(), AUDIENCE).verify(token, &issuer.keys(), issuer.now())
    }

    fn is_struck(&self, claims: &Claims) -> bool {
        let sid = claims.person.as_ref().map(|person| person.sid);
        self.script().journal.iter().any(|(_, entry)| match *entry {
            Entry::Token { jti, .. } => jti == claims.jti,
            Entry::Session { sid: struck, .. } => Some(struck) == sid,
            Entry::User { sub, not_before, .. } => sub == claims.sub && claims.iat <= not_before,
        })
    }
}

#[tonic::async_trait]
impl TokenService for FakeServer {
    type WatchRevocationsStream = Pin<Box<dyn Stream<Item = Result<WatchRevocationsResponse, Status>> + Send>>;

    async fn get_keys(&self, _: Request<GetKeysRequest>) -> Result<Response<GetKeysResponse>, Status> {
        let mut script = self.script();
        script.heard.keys += 1;
        self.tell(&script);
        Ok(Response::new(script.keys()))
    }

    async fn watch_revocations(
        &self,
        request: Request<WatchRevocationsRequest>,
    ) -> Result<Response<Self::WatchRevocationsStream>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.caller(metadata.as_ref(), "revocations:read")?;
        let mut script = self.script();
        if !script.permitted {
            return Err(Refusal::Denied.status());
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let opening = if script.paused { Vec::new() } else { script.opening(request.cursor.as_ref()) };
        for frame in opening {
            let answer = WatchRevocationsResponse { frame: Some(frame) };
            sender.send(Ok(answer)).map_err(|_| Status::internal("nobody listens"))?;
        }
        script.subscribers.push(sender);
        self.tell(&script);
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(receiver))))
    }

    async fn introspect(&self, request: Request<IntrospectRequest>) -> Result<Response<IntrospectResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.caller(metadata.as_ref(), "tokens:introspect")?;
        let stuck = {
            let mut script = self.script();
            script.heard.introspections += 1;
            self.tell(&script);
            script.stuck
        };
        if stuck {
            std::future::pending::<()>().await;
        }
        // The audience of a sibling's token is not ours: only the signature counts here.
        let active = self.claims_for_anyone(&request.token).is_some_and(|claims| !self.is_struck(&claims));
        Ok(Response::new(IntrospectResponse { active, ..IntrospectResponse::default() }))
    }

    async fn revoke_token(
        &self,
        request: Request<RevokeTokenRequest>,
    ) -> Result<Response<RevokeTokenResponse>, Status> {
        if let Some(claims) = self.claims_for_anyone(&request.get_ref().token) {
            let mut script = self.script();
            let frame = script.append(&[Entry::Token { jti: claims.jti, expires_at: claims.exp }]);
            script.send(&frame);
        }
        Ok(Response::new(RevokeTokenResponse { message: "Revoked.".to_owned() }))
    }

    async fn issue_service_token(
        &self,
        request: Request<IssueServiceTokenRequest>,
    ) -> Result<Response<IssueServiceTokenResponse>, Status> {
        let request = request.into_inner();
        if request.client_id != CLIENT_ID || request.client_secret != SECRET {
            return Err(Status::new(Code::Unauthenticated, "wrong client or secret"));
        }
        let mut script = self.script();
        script.heard.tokens += 1;
        self.tell(&script);
        let life = script.token_seconds;
        let token = script.issuer.service(CLIENT_ID).audience(AUDIENCE).scope(SCOPES).ttl(life.into());
        Ok(Response::new(IssueServiceTokenResponse {
            access_token: token.sign(),
            token_type: "Bearer".to_owned(),
            expires_in: life,
            scope: SCOPES.to_owned(),
        }))
    }
}

impl FakeServer {
    fn claims_for_anyone(&self, token: &str) -> Option<Claims> {
        let audience = crate::testing::token::audience(token)?;
        let issuer = Arc::clone(&self.script().issuer);
        Verifier::new(issuer.name(), audience).verify(token, &issuer.keys(), issuer.now()).ok()
    }
}
