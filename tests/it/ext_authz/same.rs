//! The verdicts are those of the interceptor itself, by the same policy.

use std::{convert::Infallible, sync::Arc, time::Duration};

use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use sekisho::{
    ext_authz::policies, flows::own_token, proto::ext_authz::envoy::service::auth::v3::check_response::HttpResponse,
};
use sekisho_interceptor::{AuthLayer, Claims, Introspection, Introspector, PolicySet, RevocationSource};
use tokio::{runtime::Runtime, sync::watch};
use tower::{Layer, ServiceExt, service_fn};

use super::proxy::{Asked, Bench};
use crate::support::TestApp;

const CASES: u32 = 4_000;

/// Whoever signed in here first was signed out since.
struct Known {
    gone: uuid::Uuid,
    changes: watch::Sender<u64>,
}

impl RevocationSource for Known {
    fn strikes(&self, claims: &Claims) -> bool {
        claims.person.as_ref().is_some_and(|person| person.sid == self.gone)
    }

    fn staleness(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// As the record has it.
struct Record;

impl Introspector for Record {
    fn introspect(&self, _token: &str) -> Introspection {
        Box::pin(async { Ok(true) })
    }
}

fn layer(app: &TestApp, policy: &PolicySet, gone: uuid::Uuid) -> AuthLayer {
    let clock = app.clock.clone();
    let clock = Arc::new(move || sekisho::clock::Clock::now(&clock).seconds());
    let verifier = own_token::verifier(&app.app.ctx.rules);
    AuthLayer::new(verifier, app.app.ctx.keyring.clone(), Arc::new(policy.clone()), clock)
        .revocations(Arc::new(Known { gone, changes: watch::Sender::new(0) }))
        .introspect_with(Arc::new(Record))
}

/// What an interceptor would answer; `None`: no server would have got such a request.
async fn by_interceptor(layer: &AuthLayer, asked: &Asked) -> Option<bool> {
    let mut request = http::Request::builder().method(asked.method.as_str()).uri(asked.path.as_str());
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let inner = service_fn(async |_: http::Request<()>| {
        Ok::<_, Infallible>(http::Response::builder().header("x-inner", "1").body(String::new()).unwrap())
    });
    let Ok(response) = layer.layer(inner).oneshot(request.body(()).ok()?).await;
    Some(response.headers().contains_key("x-inner"))
}

fn path() -> impl Strategy<Value = String> {
    let known = [
        "/welcome",
        "/orders/7",
        "/payouts",
        "/stock",
        "/",
        "/grpc.health.v1.Health/Check",
        "/greeter.v1.GreeterService/Welcome",
        "/greeter.v1.GreeterService/Greet",
        "/greeter.v1.GreeterService/Farewell",
    ];
    let piece = select(vec![
        "/",
        "//",
        ".",
        "..",
        "%2f",
        "%2e",
        "%",
        "\\",
        ";",
        "?",
        "#",
        "orders",
        "7",
        "welcome",
        "stock",
        "*",
        "{id}",
        "Health",
        "grpc.health.v1.Health",
        "greeter.v1.GreeterService",
        "Greet",
        "é",
        "a",
        "A",
        "@",
        ":",
        " ",
    ]);
    let mended = (select(known.to_vec()), piece.clone(), any::<prop::sample::Index>()).prop_map(|(path, piece, at)| {
        let at = at.index(path.len() + 1);
        format!("{}{piece}{}", &path[..at], &path[at..])
    });
    prop_oneof![
        3 => select(known.to_vec()).prop_map(str::to_owned),
        3 => mended,
        2 => prop::collection::vec(piece, 1..8).prop_map(|pieces| format!("/{}", pieces.concat())),
        1 => "[ -~]{0,20}",
    ]
}

/// A request, and whether it names the policy of the sibling.
fn asked(credentials: Vec<String>) -> impl Strategy<Value = Asked> {
    let method = select(vec!["GET", "POST", "DELETE", "HEAD", "get", "OPTIONS", "CONNECT"]);
    let headers = prop::collection::vec(select(vec!["x-sekisho-subject", "x-forwarded-user", "content-type"]), 0..3);
    (method, path(), select(credentials), headers).prop_map(|(method, path, credential, headers)| {
        let mut asked = Asked::new(method, &path);
        for name in headers {
            asked = asked.header(name, "application/grpc");
        }
        if credential.is_empty() { asked } else { asked.header("authorization", &credential) }
    })
}

#[test]
fn nobody_is_let_in_whom_the_interceptor_refuses() {
    let runtime = Runtime::new().unwrap();
    let bench = runtime.block_on(Bench::start());
    let (gone, ada, service) = runtime.block_on(async {
        let gone = bench.app.ada().await;
        let ada = bench.app.ada_on("phone").await;
        bench.app.log_out(&gone.refresh, "laptop").await;
        let check = || Asked::get("/orders/7").bearer(&gone.access);
        crate::support::eventually(async || !bench.ask(check()).await.is_allowed()).await;
        (gone, ada, bench.app.service_token().await)
    });
    let file = bench.folder.path().join("policy.toml");
    let greeter = policies(&file).unwrap().into_iter().find(|policy| policy.name == "greeter").unwrap();
    let layer = layer(&bench.app, &greeter.access, gone.session_id().parse().unwrap());
    let bearer = |token: &str| format!("Bearer {token}");
    let mut forged = ada.access.clone();
    forged.truncate(forged.len() - 4);
    let credentials = vec![
        String::new(),
        bearer(&ada.access),
        bearer(&ada.access),
        bearer(&service),
        bearer(&gone.access),
        bearer(&forged),
        format!("{0},{0}", bearer(&ada.access)),
        "Basic dTpw".to_owned(),
    ];
    let authz = bench.app.app.ext_authz.clone().unwrap();
    let (allowed, differ) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let property = |asked: Asked| {
        let ours = runtime.block_on(authz.decide(asked.clone().check()));
        let ours = matches!(ours.http_response, Some(HttpResponse::OkResponse(_)));
        let theirs = runtime.block_on(by_interceptor(&layer, &asked));
        prop_assert!(!ours || theirs != Some(false), "{} {:?}: {theirs:?}", asked.method, asked.path);
        allowed.set(allowed.get() + u32::from(ours));
        differ.set(differ.get() + u32::from(theirs == Some(true) && !ours));
        Ok(())
    };
    TestRunner::new(Config::with_cases(CASES)).run(&asked(credentials), property).unwrap();
    // It would hold if nobody was ever let in.
    assert!(allowed.get() > CASES / 20, "{} of {CASES}", allowed.get());
    assert!(differ.get() < CASES / 20, "{} of {CASES}", differ.get());
}
