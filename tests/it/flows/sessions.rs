//! The list of sessions, and their end from it.

use sekisho::domain::revocation::Target;
use serde_json::{Value, json};

use crate::support::{TestApp, acts::ADA, app::SignedIn};

const PATH: &str = "/api/v1/auth/sessions";
const ROUTES: [&str; 2] = ["/api/v1/auth/logout-all", "/api/v1/auth/sessions/logout-all"];

async fn revoke(app: &TestApp, access: &str, id: &str) -> crate::support::Answer {
    app.call("DELETE", &format!("{PATH}/{id}"), access, None).await
}

fn ids(sessions: &[Value]) -> Vec<&str> {
    sessions.iter().map(|session| session["id"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_used_is_listed_first() {
    let app = TestApp::start().await;
    let [laptop, phone, tablet] = three(&app).await;
    app.sign_up("bob@example.com", "laptop").await;
    app.advance(60);
    app.refreshed(&phone.refresh, "phone").await;

    let sessions = app.listed(&tablet.access).await;

    assert_eq!(ids(&sessions), [phone.session_id(), tablet.session_id(), laptop.session_id()]);
    let current: Vec<bool> = sessions.iter().map(|session| session["current"] == true).collect();
    assert_eq!(current, [false, true, false]);
    let first = &sessions[0];
    assert_eq!((&first["client_id"], &first["ip_address"]), (&json!("phone"), &json!("127.0.0.1")));
    let times = ["created_at", "last_used_at", "expires_at"].map(|name| first[name].as_str().unwrap());
    assert_eq!(times, ["2027-01-15T08:00:01Z", "2027-01-15T08:01:02Z", "2027-02-14T08:01:02Z"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_session_is_not_listed() {
    let app = TestApp::with(&[("SEKISHO_REFRESH_TTL", "60")]).await;
    app.ada().await;
    app.advance(60);
    let phone = app.login(ADA, "phone").await;
    assert_eq!(ids(&app.listed(&phone.access).await), [phone.session_id()]);
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn one_can_be_ended_from_another_or_from_itself() {
    let app = TestApp::start().await;
    let [laptop, phone, tablet] = three(&app).await;
    for (ended, client_id) in [(&phone, "phone"), (&laptop, "laptop")] {
        assert_eq!(revoke(&app, &laptop.access, &ended.session_id()).await.status, 200);
        app.ended(ended, client_id).await;
    }
    assert_eq!(ids(&app.listed(&tablet.access).await), [tablet.session_id()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_listed_and_ended_over_grpc_too() {
    use crate::support::app::with_bearer;
    use sekisho::proto::sekisho::v1::{ListSessionsRequest, RevokeSessionRequest};
    let app = TestApp::start().await;
    let [laptop, phone, _] = three(&app).await;
    let mut client = app.sessions().await;
    let session_id = phone.session_id();
    client.revoke_session(with_bearer(RevokeSessionRequest { session_id }, &laptop.access)).await.unwrap();
    let listed = client.list_sessions(with_bearer(ListSessionsRequest {}, &laptop.access)).await.unwrap();
    let over_grpc: Vec<String> = listed.into_inner().sessions.into_iter().map(|session| session.id).collect();
    assert_eq!(over_grpc, ids(&app.listed(&laptop.access).await));
    app.ended(&phone, "phone").await;
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn another_persons_session_is_as_unknown_as_none() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let bob = app.sign_up("bob@example.com", "laptop").await;
    let unknown = "018f5e2a-0000-7000-8000-000000000000";
    for id in [bob.session_id().as_str(), unknown] {
        revoke(&app, &ada.access, id).await.refused(404, "not_found");
    }
    assert_eq!(app.profile(&bob.access).await.status, 200);
    assert_eq!(app.refresh(&bob.refresh, "laptop").await.status, 200);
    assert!(app.journal().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_an_id_is_malformed() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    for id in ["1", "nonsense", "018f5e2a000070008000000000000000", "%7B018f5e2a-0000-7000-8000-000000000000%7D"] {
        revoke(&app, &ada.access, id).await.breaks("session_id", "MALFORMED");
    }
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn all_can_be_ended_over_either_route() {
    for route in ROUTES {
        let app = TestApp::start().await;
        let [laptop, phone, tablet] = three(&app).await;
        let bob = app.sign_up("bob@example.com", "laptop").await;
        let answer = app.call("POST", route, &phone.access, Some(json!({}))).await;
        assert_eq!((answer.status, &answer.body["revoked_count"]), (200, &json!(3)));
        for (ended, client_id) in [(&laptop, "laptop"), (&phone, "phone"), (&tablet, "tablet")] {
            app.ended(ended, client_id).await;
        }
        assert_eq!(app.profile(&bob.access).await.status, 200);
    }
}

/// R45.
#[tokio::test(flavor = "multi_thread")]
async fn all_others_can_be_ended_over_either_route() {
    for route in ROUTES {
        let app = TestApp::start().await;
        let [laptop, phone, tablet] = three(&app).await;
        for left in [2, 0] {
            let answer = app.call("POST", route, &phone.access, Some(json!({"keep_current": true}))).await;
            assert_eq!((answer.status, &answer.body["revoked_count"]), (200, &json!(left)));
        }
        app.ended(&laptop, "laptop").await;
        app.ended(&tablet, "tablet").await;
        assert_eq!(app.profile(&phone.access).await.status, 200);
        assert_eq!(app.refresh(&phone.refresh, "phone").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_the_second_of_a_revocation_is_not_struck_by_it() {
    let app = TestApp::start().await;
    let before = app.ada().await;
    app.call("POST", ROUTES[0], &before.access, Some(json!({}))).await;
    let not_before = user_wide(&app).await;
    assert!(issued_at(&before) <= not_before);
    let after = app.login(ADA, "laptop").await;
    assert!(issued_at(&after) > not_before, "born revoked");
    assert_eq!(app.profile(&after.access).await.status, 200);
    app.profile(&before.access).await.refused(401, "session_revoked");
    let refreshed = app.refresh(&after.refresh, "laptop").await;
    assert_eq!(app.profile(refreshed.body["access_token"].as_str().unwrap()).await.status, 200);
}

/// Siblings see tokens and journal only, in whole seconds: what was issued at or
/// before `not_before` is dead.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_revocation_in_the_same_second_strikes_too() {
    let app = TestApp::start().await;
    let first = app.ada().await;
    app.call("POST", ROUTES[0], &first.access, Some(json!({}))).await;
    let second = app.login(ADA, "laptop").await;
    let answer = app.call("POST", ROUTES[0], &second.access, Some(json!({}))).await;
    assert_eq!(answer.body["revoked_count"], 1);
    assert!(issued_at(&second) <= user_wide(&app).await, "a revoked token outlives its revocation");
}

async fn user_wide(app: &TestApp) -> i64 {
    let journal = app.journal().await;
    let user_wide = journal.iter().filter(|revocation| revocation.target == Target::User);
    user_wide.map(|revocation| revocation.not_before.seconds()).max().unwrap()
}

fn issued_at(signed_in: &SignedIn) -> i64 {
    signed_in.claims()["iat"].as_i64().unwrap()
}

/// Ada on her laptop, phone and tablet, a second apart.
async fn three(app: &TestApp) -> [SignedIn; 3] {
    [app.ada().await, app.ada_on("phone").await, app.ada_on("tablet").await]
}
