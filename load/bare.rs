//! The least that a refresh over gRPC can be: the script of a rotation and one
//! EdDSA signature. No MAC, no policy, no journal, no metrics, no log.

use std::{convert::Infallible, pin::Pin, sync::Arc, task};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use fred::{
    clients::Client,
    prelude::{Builder, ClientLike, LuaInterface},
    types::{Value, config::Config},
};
use sekisho::{
    clock::{Clock, SystemClock},
    crypto::RefreshToken,
    proto::sekisho::v1::{RefreshTokenRequest, RefreshTokenResponse},
};
use sekisho_interceptor::{Claims, Person};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
    transport::server::{Server, TcpIncoming},
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::{
    Outcome,
    limit::{Presented, ROTATE},
    stack::PREFIX,
};

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The handler, and what it needs.
#[derive(Clone)]
struct Bare(Arc<State>);

struct State {
    redis: Client,
    script: String,
    key: Ed25519KeyPair,
}

/// Serves until it is ended.
#[expect(clippy::print_stdout, reason = "the ready line, for whoever started it")]
pub(crate) async fn serve(redis: &str) -> Outcome<()> {
    let redis = Builder::from_config(Config::from_url(redis)?).build()?;
    redis.init().await?;
    let script = redis.script_load(ROTATE).await?;
    let bare = Bare(Arc::new(State { redis, script, key: Ed25519KeyPair::generate()? }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", serde_json::json!({"listen": listener.local_addr()?.to_string()}));
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Ok(Server::builder().add_service(bare).serve_with_incoming(incoming).await?)
}

impl State {
    async fn refresh(&self, request: RefreshTokenRequest) -> Outcome<RefreshTokenResponse> {
        let token = RefreshToken::parse(&request.refresh_token).ok_or("no token")?;
        let now = SystemClock.now();
        let presented = Presented {
            session: token.session_id(),
            gate: token.gate(),
            generation: &token.generation().to_be_bytes(),
            client_id: &request.client_id,
            now,
            grace: 30_000_000,
            address: &[127, 0, 0, 1],
        };
        let key = [PREFIX.as_bytes(), b"s:", token.user_id().0.as_bytes()].concat();
        let answer: Vec<Value> =
            self.redis.evalsha(self.script.as_str(), key.as_slice(), presented.arguments()?).await?;
        if answer.first().and_then(Value::as_bytes) != Some(b"rotated") {
            return Err("not rotated".into());
        }
        Ok(RefreshTokenResponse {
            access_token: self.sign(&claims(request.client_id, now.seconds()))?,
            refresh_token: request.refresh_token,
            token_type: "Bearer".to_owned(),
            expires_in: 900,
        })
    }

    fn sign(&self, claims: &Claims) -> Outcome<String> {
        let header = r#"{"typ":"at+jwt","alg":"EdDSA","kid":"yZ7sP0Qm3uC1xV5bN8kL2jH4gF6dS9aE0wR7tY3iO1p"}"#;
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(serde_json::to_vec(claims)?));
        let signature = self.key.sign(signed.as_bytes());
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
    }
}

/// As large as those of the service.
fn claims(client_id: String, now: i64) -> Claims {
    Claims {
        iss: "https://auth.example.com".into(),
        sub: Uuid::from_u128(1),
        aud: vec!["example".into()],
        exp: now + 900,
        iat: now,
        nbf: now,
        jti: Uuid::from_u128(2),
        client_id,
        scope: None,
        person: Some(Person {
            sid: Uuid::from_u128(3),
            email: "p000000000@example.com".into(),
            email_verified: true,
            roles: vec!["member".into()],
            auth_time: now,
            amr: vec!["pwd".into()],
        }),
    }
}

impl UnaryService<RefreshTokenRequest> for Bare {
    type Response = RefreshTokenResponse;
    type Future = Later<Result<Response<RefreshTokenResponse>, Status>>;

    fn call(&mut self, request: Request<RefreshTokenRequest>) -> Self::Future {
        let state = self.0.clone();
        Box::pin(async move {
            let answer = state.refresh(request.into_inner()).await;
            answer.map(Response::new).map_err(|error| Status::internal(error.to_string()))
        })
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "sekisho.v1.AuthService";
}

impl tower::Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Later<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(bare, request).await) })
    }
}
