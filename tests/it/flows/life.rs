//! The life of an account, from sign-up to logout, over REST and over gRPC.

use sekisho::proto::sekisho::v1 as pb;
use serde_json::json;

use crate::support::{
    TestApp,
    app::{PASSWORD, with_bearer},
    servers::postgres_database,
};

#[tokio::test(flavor = "multi_thread")]
async fn over_rest() {
    live(TestApp::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_rest_on_postgresql() {
    let database = postgres_database().await;
    live(TestApp::with(&[("SEKISHO_DATABASE_URL", &database)]).await).await;
}

async fn live(app: TestApp) {
    let signed_up = app.sign_up("ada@example.com", "laptop").await;
    assert_eq!(signed_up.body["user"]["email"], "ada@example.com");
    let profile = app.call("GET", "/api/v1/user/profile", &signed_up.access, None).await;
    assert_eq!((profile.status, &profile.body["user"]["is_verified"]), (200, &json!(true)));

    let phone = app.login("ada@example.com", "phone").await;
    let refreshed = app.refresh(&phone.refresh, "phone").await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let sessions = app.call("GET", "/api/v1/auth/sessions", &phone.access, None).await;
    assert_eq!(sessions.body["sessions"].as_array().unwrap().len(), 2);

    let logout = json!({"refresh_token": refreshed.body["refresh_token"], "client_id": "phone"});
    assert_eq!(app.post("/api/v1/auth/logout", logout).await.status, 200);
    app.call("GET", "/api/v1/user/profile", &phone.access, None).await.refused(401, "session_revoked");
    let refresh = refreshed.body["refresh_token"].as_str().unwrap();
    app.refresh(refresh, "phone").await.refused(401, "refresh_token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_grpc() {
    let app = TestApp::start().await;
    let (email, client_id) = ("ada@example.com".to_owned(), "laptop".to_owned());
    let mut auth = app.auth().await;
    let request =
        pb::SendSignupCodeRequest { email: email.clone(), password: PASSWORD.to_owned(), client_id: client_id.clone() };
    assert_eq!(auth.send_signup_code(request).await.unwrap().into_inner().expires_in, 900);
    let code = app.mails_after(&email, 1).await[0]["code"].as_str().unwrap().to_owned();
    let request = pb::VerifySignupCodeRequest { email, code, client_id: client_id.clone() };
    let answer = auth.verify_signup_code(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-http-code").unwrap(), "201");
    let signed_up = answer.into_inner();

    let mut users = app.users().await;
    let request = with_bearer(pb::GetProfileRequest {}, &signed_up.access_token);
    let profile = users.get_profile(request).await.unwrap().into_inner().user.unwrap();
    assert_eq!(Some(profile), signed_up.user);

    let request = pb::RefreshTokenRequest { refresh_token: signed_up.refresh_token, client_id: client_id.clone() };
    let refreshed = auth.refresh_token(request).await.unwrap().into_inner();
    let request = pb::LogoutRequest { refresh_token: refreshed.refresh_token.clone(), client_id: client_id.clone() };
    auth.logout(request).await.unwrap();
    let request = pb::RefreshTokenRequest { refresh_token: refreshed.refresh_token, client_id };
    assert_eq!(auth.refresh_token(request).await.unwrap_err().code(), tonic::Code::Unauthenticated);
}
