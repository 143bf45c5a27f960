//! What the sibling is told of the caller, and what no caller can tell it.

use sekisho::proto::ext_authz::envoy::config::core::v3::{
    HeaderMap, HeaderValue, header_value_option::HeaderAppendAction,
};

use serde_json::json;

use super::super::proxy::{Asked, Bench, set};
use crate::support::acts::claims;

const OURS: [&str; 8] = [
    "x-sekisho-auth-time",
    "x-sekisho-caller",
    "x-sekisho-client",
    "x-sekisho-expires",
    "x-sekisho-roles",
    "x-sekisho-scopes",
    "x-sekisho-session",
    "x-sekisho-subject",
];

/// By which a caller could have a framework take the request for another one.
const OVERRIDES: [&str; 5] =
    ["x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"];

fn sorted(lists: &[&[&str]]) -> Vec<String> {
    let mut all: Vec<String> = lists.concat().into_iter().map(str::to_owned).collect();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sibling_is_told_who_calls() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await;
    let token = claims(&ada.access);
    let text = |name: &str| token[name].as_str().unwrap().to_owned();
    let ok = bench.ask(Asked::get("/orders/7").bearer(&ada.access)).await.allowed();
    let told = set(&ok);
    assert_eq!(told["x-sekisho-caller"], "person");
    assert_eq!(told["x-sekisho-subject"], text("sub"));
    assert_eq!(told["x-sekisho-session"], text("sid"));
    assert_eq!(told["x-sekisho-client"], "laptop");
    assert_eq!(told["x-sekisho-auth-time"], token["auth_time"].to_string());
    assert_eq!(told["x-sekisho-expires"], token["exp"].to_string());
    let overwrite = i32::from(HeaderAppendAction::OverwriteIfExistsOrAdd);
    assert!(ok.headers.iter().all(|option| option.append_action == overwrite));
    let nothing_to_say = ["x-sekisho-roles", "x-sekisho-scopes"];
    assert_eq!(ok.headers_to_remove, sorted(&[&OVERRIDES, &nothing_to_say]));
    assert!(!format!("{ok:?}").contains("ada@example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_service_it_is_told_the_scopes() {
    let bench = Bench::start().await;
    let secret = bench.app.service("orders", "revocations:read orders:read").await;
    let access = bench.app.ask_service_token("orders", &secret, None).await.unwrap().access_token;
    let ok = bench.ask(Asked::get("/stock").bearer(&access)).await.allowed();
    let told = set(&ok);
    assert_eq!((told["x-sekisho-caller"].as_str(), told["x-sekisho-client"].as_str()), ("service", "orders"));
    assert_eq!(told["x-sekisho-scopes"], "revocations:read orders:read");
    let nothing_to_say = ["x-sekisho-auth-time", "x-sekisho-roles", "x-sekisho-session"];
    assert_eq!(ok.headers_to_remove, sorted(&[&OVERRIDES, &nothing_to_say]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_person_it_is_told_the_roles() {
    let bench = Bench::start().await;
    let (ada, token) = (bench.app.ada().await, bench.app.administrator().await);
    bench.app.administer(&token, &ada.user_id(), "roles", json!({"roles": ["reader", "admin"]})).await;
    let access = bench.app.ada_on("laptop").await.access;
    let ok = bench.ask(Asked::get("/orders/7").bearer(&access)).await.allowed();
    assert_eq!(set(&ok)["x-sekisho-roles"], "admin,reader");
}

/// To CGI and what came after it a dash and an underscore are one.
#[tokio::test(flavor = "multi_thread")]
async fn underscores_are_dashes() {
    let bench = Bench::start().await;
    let forged = ["X_Sekisho_Roles", "x-forwarded_user", "remote_user", "x_sekisho-subject", "X_HTTP_Method-Override"];
    let asked = forged.iter().fold(Asked::get("/welcome"), |asked, name| asked.header(name, "admin"));
    let removed = bench.ask(asked).await.allowed().headers_to_remove;
    for name in forged {
        assert!(removed.contains(&name.to_ascii_lowercase()), "{name} in {removed:?}");
    }
}

/// Also where nobody has to sign in: the sibling must not take a stranger's word.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_names_himself_is_not_believed() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    let forged = |asked: Asked| {
        asked
            .header("x-sekisho-subject", "somebody")
            .header("x-sekisho-roles", "admin")
            .header("x-sekisho-anything", "x")
            .header("x-forwarded-user", "root")
            .header("x-forwarded-client-cert", "By=spiffe://a")
            .header("x-remote-user", "root")
            .header("x-harmless", "stays")
    };
    let public = bench.ask(forged(Asked::get("/welcome")).bearer(&ada)).await.allowed();
    assert!(public.headers.is_empty(), "a token that is sent is not looked at: {public:?}");
    let others = ["x-forwarded-client-cert", "x-forwarded-user", "x-remote-user", "x-sekisho-anything"];
    assert_eq!(public.headers_to_remove, sorted(&[&OURS, &others, &OVERRIDES]));

    let guarded = bench.ask(forged(Asked::get("/orders/7")).bearer(&ada)).await.allowed();
    assert_ne!(set(&guarded)["x-sekisho-subject"], "somebody");
    let removed = &guarded.headers_to_remove;
    for name in others.iter().chain(&["x-sekisho-roles", "x-sekisho-scopes"]) {
        assert!(removed.contains(&(*name).to_owned()), "{name} in {removed:?}");
    }
    for name in ["x-sekisho-subject", "x-harmless", "authorization"] {
        assert!(!removed.contains(&name.to_owned()), "{name} in {removed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_that_is_to_see_no_token_sees_none() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    for path in ["/", "/welcome"] {
        let ok = bench.ask(Asked::get(path).by_policy("other").bearer(&ada)).await.allowed();
        assert!(ok.headers_to_remove.contains(&"authorization".to_owned()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_credential_is_looked_for_and_in_one_place() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    let bearer = format!("Bearer {ada}");
    for (value, reason) in [
        (format!("{bearer},{bearer}"), "access_token_invalid"),
        (format!("{bearer}, Basic dTpw"), "access_token_invalid"),
        (format!("Basic dTpw,{bearer}"), "access_token_invalid"),
        (format!("Bearer  {ada}"), "access_token_invalid"),
        ("Bearer".to_owned(), "access_token_invalid"),
        (format!("DPoP {ada}"), "unauthorized"),
        (ada.clone(), "unauthorized"),
    ] {
        let refused = bench.ask(Asked::get("/orders/7").header("authorization", &value)).await;
        assert_eq!(refused.refused(), (401, reason.to_owned()));
    }
    for name in ["cookie", "x-forwarded-access-token", "proxy-authorization"] {
        let refused = bench.ask(Asked::get("/orders/7").header(name, &bearer)).await;
        assert_eq!(refused.refused(), (401, "unauthorized".to_owned()), "{name}");
    }
    let in_query = bench.ask(Asked::get(&format!("/orders/7?access_token={ada}"))).await;
    assert_eq!(in_query.refused(), (401, "unauthorized".to_owned()));
    let two_cases = Asked::get("/orders/7").bearer(&ada).header("Authorization", &bearer);
    assert_eq!(bench.ask(two_cases).await.refused(), (401, "access_token_invalid".to_owned()));
}

/// With `encode_raw_headers` Envoy sends each header as it came.
#[tokio::test(flavor = "multi_thread")]
async fn headers_one_by_one_are_read_as_well() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    let raw = |pairs: &[(&str, &str)]| {
        let mut check = Asked::get("/orders/7").check();
        let http = check.attributes.as_mut().unwrap().request.as_mut().unwrap().http.as_mut().unwrap();
        http.headers.clear();
        let header = |(name, value): &(&str, &str)| HeaderValue {
            key: (*name).to_owned(),
            raw_value: value.as_bytes().to_vec(),
            ..HeaderValue::default()
        };
        http.header_map = Some(HeaderMap { headers: pairs.iter().map(header).collect() });
        check
    };
    let bearer = format!("Bearer {ada}");
    let one =
        bench.ask_raw(raw(&[(":path", "/orders/7"), ("authorization", &bearer), ("x-remote-user", "root")])).await;
    assert!(one.allowed().headers_to_remove.contains(&"x-remote-user".to_owned()));
    let two = bench.ask_raw(raw(&[("authorization", &bearer), ("authorization", &bearer)])).await;
    assert_eq!(two.refused(), (401, "access_token_invalid".to_owned()));
    assert_eq!(bench.ask_raw(raw(&[])).await.refused(), (401, "unauthorized".to_owned()));
}
