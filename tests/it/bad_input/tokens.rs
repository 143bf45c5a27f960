//! Tokens that are broken, borrowed or forged. None of it may cost the session
//! whose tokens they were made of.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{EncodingKey, Header};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{ADA, start};
use crate::support::{TestApp, app::SignedIn, http::send};

const PROFILE: &str = "/api/v1/user/profile";

fn profile(app: &TestApp) -> RequestBuilder {
    app.request("GET", PROFILE)
}

/// That the session still refreshes, and nobody was taken for a thief.
async fn is_intact(app: &TestApp, session: &SignedIn, client_id: &str) {
    let refreshed = app.refresh(&session.refresh, client_id).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let kinds = app.audit_kinds().await;
    assert!(kinds.iter().all(|kind| kind != "refresh_reused" && kind != "refresh_client_mismatch"), "{kinds:?}");
}

/// R40.
#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_that_are_broken() {
    let (app, _) = start().await;
    let session = app.login(ADA, "phone").await;
    let token = &session.refresh;
    app.refresh("", "phone").await.refused(400, "validation_error");
    for length in 1..token.len() {
        app.refresh(&token[..length], "phone").await.refused(401, "refresh_token_invalid");
    }
    for at in 0..token.len() {
        let flipped = if token[at..].starts_with('A') { "B" } else { "A" };
        let broken = format!("{}{flipped}{}", &token[..at], &token[at + 1..]);
        app.refresh(&broken, "phone").await.refused(401, "refresh_token_invalid");
    }
    for broken in
        [format!("{token}A"), format!(" {token}"), format!("{token}="), token.to_uppercase(), token[4..].to_owned()]
    {
        app.refresh(&broken, "phone").await.refused(401, "refresh_token_invalid");
    }
    is_intact(&app, &session, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_of_two_sessions() {
    let (app, _) = start().await;
    let (phone, tablet) = (app.login(ADA, "shared").await, app.login(ADA, "shared").await);
    for at in 4..phone.refresh.len() {
        let spliced = format!("{}{}", &phone.refresh[..at], &tablet.refresh[at..]);
        if spliced != phone.refresh && spliced != tablet.refresh {
            app.refresh(&spliced, "shared").await.refused(401, "refresh_token_invalid");
        }
    }
    is_intact(&app, &phone, "shared").await;
    is_intact(&app, &tablet, "shared").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_kind_of_token_in_the_place_of_the_other() {
    let (app, _) = start().await;
    let session = app.login(ADA, "phone").await;
    let refreshed = app.refresh(&session.access, "phone").await;
    refreshed.refused(400, "validation_error");
    assert_eq!(refreshed.fields(), [("refresh_token".to_owned(), "TOO_LONG".to_owned())]);
    app.refresh(&session.access[..200], "phone").await.refused(401, "refresh_token_invalid");
    app.call("GET", PROFILE, &session.refresh, None).await.refused(401, "access_token_invalid");
    is_intact(&app, &session, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bearers_of_every_form() {
    let (app, access) = start().await;
    let forms = [
        (format!("Bearer {access}"), 200, Value::Null),
        (format!("bearer {access}"), 200, Value::Null),
        (format!("BEARER {access}"), 200, Value::Null),
        (format!("Basic {access}"), 401, json!("unauthorized")),
        (access.clone(), 401, json!("unauthorized")),
        (format!("Bearer{access}"), 401, json!("unauthorized")),
        (format!("Token {access}"), 401, json!("unauthorized")),
        (String::new(), 401, json!("unauthorized")),
        ("Bearer".to_owned(), 401, json!("access_token_invalid")),
        (format!("Bearer  {access}"), 401, json!("access_token_invalid")),
        (format!("Bearer\t{access}"), 401, json!("access_token_invalid")),
        (format!("Bearer {access}, Bearer {access}"), 401, json!("access_token_invalid")),
        (format!("Bearer {access} x"), 401, json!("access_token_invalid")),
        (format!("Bearer \"{access}\""), 401, json!("access_token_invalid")),
        (format!("Bearer {access}="), 401, json!("access_token_invalid")),
    ];
    for (form, status, error) in forms {
        let answer = send(profile(&app).header("authorization", &form)).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &error), "{form}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{form}");
    }
    send(profile(&app).bearer_auth(&access).bearer_auth(&access)).await.refused(401, "access_token_invalid");
    send(profile(&app)).await.refused(401, "unauthorized");
    send(profile(&app).header("cookie", format!("access_token={access}"))).await.refused(401, "unauthorized");
    let in_query = app.request("GET", &format!("{PROFILE}?access_token={access}"));
    send(in_query).await.refused(400, "validation_error");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_that_are_broken() {
    let (app, access) = start().await;
    let invalid = async |token: &str| app.call("GET", PROFILE, token, None).await.refused(401, "access_token_invalid");
    for length in (1..access.len()).step_by(10) {
        invalid(&access[..length]).await;
    }
    for at in (0..access.len()).step_by(10) {
        let flipped = if access[at..].starts_with('A') { "B" } else { "A" };
        invalid(&format!("{}{flipped}{}", &access[..at], &access[at + 1..])).await;
    }
    for token in [format!("{access}."), format!("{access}.{access}"), "..".to_owned(), "a".repeat(10_000)] {
        invalid(&token).await;
    }
    assert_eq!(app.call("GET", PROFILE, &access, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_that_are_too_old() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    app.advance(904);
    assert_eq!(app.call("GET", PROFILE, &access, None).await.status, 200, "within the leeway");
    app.advance(1);
    app.call("GET", PROFILE, &access, None).await.refused(401, "access_token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_of_another_service() {
    let (app, _) = start().await;
    let session = app.login(ADA, "phone").await;
    let (_elsewhere, foreign) = start().await;
    app.call("GET", PROFILE, &foreign, None).await.refused(401, "access_token_invalid");

    let (mut data, mut clock) = app.stop().await;
    for setting in [("SEKISHO_ISSUER", "http://localhost:8081"), ("SEKISHO_AUDIENCE", "sekisho-dev2")] {
        let other = TestApp::at(data, clock, &[setting]).await;
        other.call("GET", PROFILE, &session.access, None).await.refused(401, "access_token_invalid");
        (data, clock) = other.stop().await;
    }
    let app = TestApp::at(data, clock, &[]).await;
    assert_eq!(app.call("GET", PROFILE, &session.access, None).await.status, 200, "the key is the same");
    is_intact(&app, &session, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_that_are_forged() {
    let (app, access) = start().await;
    let [header, claims, signature]: [&str; 3] = access.split('.').collect::<Vec<_>>().try_into().unwrap();
    let kid = decoded(header)["kid"].clone();
    let jwks = send(app.request("GET", "/.well-known/jwks.json")).await.body;
    let public = BASE64.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();

    let mut admin = decoded(claims);
    admin["roles"] = json!(["admin"]);
    let headers = [
        json!({"alg": "none", "typ": "at+jwt", "kid": kid}),
        json!({"alg": "None", "typ": "at+jwt"}),
        json!({"alg": "EdDSA", "typ": "JWT", "kid": kid}),
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "../../dev/null"}),
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid, "jwk": jwks["keys"][0]}),
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid, "crit": []}),
    ];
    let mut forged = vec![format!("{header}.{}.{signature}", encoded(&admin)), hs256(&kid, &public, &admin)];
    for header in &headers {
        let unsigned = format!("{}.{}.", encoded(header), encoded(&admin));
        forged.extend([
            format!("{unsigned}{signature}"),
            format!("{}.{claims}.{signature}", encoded(header)),
            unsigned,
        ]);
    }
    for token in forged {
        app.call("GET", PROFILE, &token, None).await.refused(401, "access_token_invalid");
    }
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    BASE64.encode(part.to_string())
}

/// Signed with what everybody knows: the public key, as if it were a secret.
fn hs256(kid: &Value, public: &[u8], claims: &Value) -> String {
    let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
    header.typ = Some("at+jwt".to_owned());
    header.kid = kid.as_str().map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(public)).unwrap()
}
