//! Access tokens that are taken back by themselves, and asked about.

use sekisho::domain::{
    Event, EventKind, Origin, Revocation, SessionId, TokenId, UserId,
    revocation::{RevocationReason, Target},
};
use serde_json::json;
use tonic::Code;

use crate::support::{
    TestApp,
    acts::claims,
    app::with_bearer,
    feed::{DEV_SECRET, reason},
};
use sekisho::proto::sekisho::v1 as pb;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_taken_back_and_its_session_lives_on() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let told = app.revoke_token(&ada.access).await.unwrap();
    app.profile(&ada.access).await.refused(401, "session_revoked");
    let refreshed = app.refresh(&ada.refresh, "laptop").await;
    let access = refreshed.body["access_token"].as_str().unwrap();
    assert_eq!(app.profile(access).await.status, 200);

    let journal = app.journal().await;
    let [line] = &journal[..] else { panic!("{journal:?}") };
    let Target::Token(id) = line.target else { panic!("{line:?}") };
    assert_eq!(id.to_string(), ada.claims()["jti"].as_str().unwrap());
    assert_eq!(line.expires_at.seconds(), ada.claims()["exp"].as_i64().unwrap() + 60);
    let row = app.audit().await.pop().unwrap();
    assert_eq!((row.kind.as_str(), row.session_id), ("token_revoked", session(&ada).map(|id| id.0)));

    // Again, unknown, expired: the same answer, and nothing written.
    let expired = access.to_owned();
    let foreign = TestApp::start().await.ada().await.access;
    assert_eq!(app.revoke_token(&ada.access).await.unwrap(), told);
    app.advance(1_000);
    for token in [ada.access.as_str(), &expired, &foreign, "nonsense", &ada.refresh] {
        assert_eq!(app.revoke_token(token).await.unwrap(), told);
    }
    assert_eq!(app.audit_kinds().await.iter().filter(|kind| *kind == "token_revoked").count(), 1);
}

fn session(signed_in: &crate::support::app::SignedIn) -> Option<SessionId> {
    SessionId::parse(&signed_in.session_id())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_another_server_took_back_a_moment_ago_is_refused_once_this_one_says_so() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.app.ctx.follower.catch_up().await.unwrap();
    let now = app.app.ctx.now();
    let line = Revocation {
        user_id: UserId(ada.claims()["sub"].as_str().unwrap().parse().unwrap()),
        target: Target::Token(TokenId(ada.claims()["jti"].as_str().unwrap().parse().unwrap())),
        not_before: now,
        reason: RevocationReason::Revoked,
        expires_at: now + std::time::Duration::from_secs(900),
    };
    let event = Event::new(now, EventKind::TokenRevoked, &Origin::default());
    assert!(app.app.ctx.stores.journal.append_once(&line, &event, None).await.unwrap().1);
    app.revoke_token(&ada.access).await.unwrap();
    app.profile(&ada.access).await.refused(401, "session_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_taken_back_stays_so_after_a_restart() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.revoke_token(&ada.access).await.unwrap();
    let app = app.restart(&[]).await;
    app.profile(&ada.access).await.refused(401, "session_revoked");
    assert!(!app.introspect(&ada.access).await.active);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_required_and_has_its_bounds() {
    let app = TestApp::start().await;
    for (token, why) in [(String::new(), "REQUIRED"), ("a".repeat(8_193), "TOO_LONG")] {
        for status in [app.revoke_token(&token).await.unwrap_err(), app.try_introspect(&token).await.unwrap_err()] {
            let details = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
            let violation = &details.field_violations[0];
            assert_eq!((violation.field.as_str(), violation.reason.as_str()), ("token", why));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_token_is_active_as_long_as_it_would_be_taken() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.sql(r"UPDATE accounts SET display_name = 'x'").await;
    let told = app.introspect(&ada.access).await;
    let said = claims(&ada.access);
    assert!(told.active);
    assert_eq!((told.sub.as_deref(), told.sid.as_deref()), (said["sub"].as_str(), said["sid"].as_str()));
    assert_eq!((told.jti.as_deref(), told.iss.as_deref()), (said["jti"].as_str(), said["iss"].as_str()));
    assert_eq!((told.client_id.as_deref(), told.token_type.as_deref()), (Some("laptop"), Some("Bearer")));
    assert_eq!((told.scope, told.aud), (None, vec![said["aud"].as_str().unwrap().to_owned()]));
    let seconds = [told.exp, told.iat, told.nbf].map(|time| json!(time.unwrap().seconds));
    assert_eq!(seconds, [said["exp"].clone(), said["iat"].clone(), said["nbf"].clone()]);

    app.log_out(&ada.refresh, "laptop").await;
    assert_eq!(app.introspect(&ada.access).await, pb::IntrospectResponse::default());
    let phone = app.ada_on("phone").await;
    app.call("POST", "/api/v1/auth/logout-all", &phone.access, Some(json!({}))).await;
    assert_eq!(app.introspect(&phone.access).await, pb::IntrospectResponse::default());
    let tablet = app.ada_on("tablet").await;
    assert!(app.introspect(&tablet.access).await.active);
    app.advance(1_000);
    assert_eq!(app.introspect(&tablet.access).await, pb::IntrospectResponse::default());
    let disabled = app.ada_on("phone").await;
    app.sql("UPDATE accounts SET disabled = TRUE").await;
    assert_eq!(app.introspect(&disabled.access).await, pb::IntrospectResponse::default());
    let foreign = TestApp::start().await.ada().await.access;
    for token in ["nonsense", &foreign, &disabled.refresh] {
        assert_eq!(app.introspect(token).await, pb::IntrospectResponse::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_are_those_of_now() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let set_roles = match crate::support::stack::Stack::chosen() {
        crate::support::stack::Stack::Sqlite => r#"UPDATE accounts SET roles = '["clerk"]'"#,
        _ => "UPDATE accounts SET roles = ARRAY['clerk']",
    };
    app.sql(set_roles).await;
    assert_eq!(claims(&ada.access)["roles"], json!([]));
    assert_eq!(app.introspect(&ada.access).await.roles, ["clerk"]);
}

/// R44.
#[tokio::test(flavor = "multi_thread")]
async fn a_services_token_is_active_until_its_account_is_disabled() {
    let app = TestApp::start().await;
    let secret = app.service("orders", "orders:read").await;
    let token = app.ask_service_token("orders", &secret, None).await.unwrap().access_token;
    let told = app.introspect(&token).await;
    assert_eq!((told.active, told.scope.as_deref(), told.sid), (true, Some("orders:read"), None));
    assert!(app.introspect(&app.service_token().await).await.active, "that of development");
    app.sql("UPDATE service_accounts SET disabled = TRUE").await;
    assert_eq!(app.introspect(&token).await, pb::IntrospectResponse::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_services_without_the_scope_may_not_ask() {
    let app = TestApp::start().await;
    let ada = app.ada().await.access;
    let narrowed = app.ask_service_token("dev", DEV_SECRET, Some("revocations:read")).await.unwrap().access_token;
    for access in [&ada, &narrowed] {
        let request = with_bearer(pb::IntrospectRequest { token: ada.clone() }, access);
        let status = app.tokens().await.introspect(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    }
    let request = pb::IntrospectRequest { token: ada.clone() };
    assert_eq!(reason(&app.tokens().await.introspect(request).await.unwrap_err()), "UNAUTHORIZED");
}
