//! `AuthService`.

use std::sync::Arc;

use sekisho::{
    domain::Purpose,
    proto::sekisho::v1::{
        CheckPasswordRequest, CompletePasswordResetRequest, LoginRequest, LogoutRequest, ResendSignupCodeRequest,
        SendPasswordResetCodeRequest, SendSignupCodeRequest, VerifyPasswordResetCodeRequest, VerifySignupCodeRequest,
        auth_service_client::AuthServiceClient,
    },
};
use serde_json::json;
use tonic::{Request, transport::Channel};

use super::{
    Bench, Call, Job,
    bench::{CODE, NEW_PASSWORD, password},
    call, job,
};
use crate::Outcome;

const CLIENT: &str = "phone";

pub(super) const JOBS: &[Job] = &[
    job!(hashes "AuthService/SendSignupCode", send_signup),
    job!("AuthService/ResendSignupCode", resend_signup),
    job!("AuthService/VerifySignupCode", verify_signup),
    job!("AuthService/CheckPassword", check_password),
    job!(hashes "AuthService/Login", login),
    job!("AuthService/RefreshToken", refresh),
    job!("AuthService/Logout", logout),
    job!("AuthService/SendPasswordResetCode", send_reset),
    job!("AuthService/VerifyPasswordResetCode", verify_reset),
    job!(hashes "AuthService/CompletePasswordReset", complete_reset),
];

fn client(bench: &Bench, caller: usize) -> AuthServiceClient<Channel> {
    AuthServiceClient::new(bench.channel(caller))
}

fn newcomer(bench: &Bench) -> String {
    format!("newcomer-{}@example.com", bench.number())
}

async fn send_signup(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let request = SendSignupCodeRequest { email: newcomer(&bench), password: password(), client_id: CLIENT.to_owned() };
    let mut client = client(&bench, caller);
    Ok(call(async move { client.send_signup_code(request).await }))
}

/// Somebody whose sign-up waits for a code.
async fn pending(bench: &Bench) -> Outcome<String> {
    let email = newcomer(bench);
    let stored = (&bench.password.scheme, &bench.password.hash);
    bench.code(Purpose::Signup, &email, CLIENT, json!({"password": stored, "locale": null})).await?;
    Ok(email)
}

async fn resend_signup(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let request = ResendSignupCodeRequest { email: pending(&bench).await?, client_id: CLIENT.to_owned() };
    let mut client = client(&bench, caller);
    Ok(call(async move { client.resend_signup_code(request).await }))
}

async fn verify_signup(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let (email, code) = (pending(&bench).await?, CODE.to_owned());
    let request = VerifySignupCodeRequest { email, code, client_id: CLIENT.to_owned() };
    let mut client = client(&bench, caller);
    Ok(call(async move { client.verify_signup_code(request).await }))
}

async fn check_password(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let message = CheckPasswordRequest { email: Some(newcomer(&bench)), password: password() };
    let mut request = Request::new(message);
    // A network may ask only so often: each call is of another one.
    let [.., a, b, c] = bench.number().to_be_bytes();
    request.metadata_mut().insert("x-forwarded-for", format!("10.{a}.{b}.{c}").parse()?);
    let mut client = client(&bench, caller);
    Ok(call(async move { client.check_password(request).await }))
}

async fn login(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let email = bench.resident(caller).await?.email;
    let request = LoginRequest { email, password: password(), client_id: CLIENT.to_owned(), device_name: None };
    let mut client = client(&bench, caller);
    Ok(call(async move { client.login(request).await }))
}

async fn refresh(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let signed_in = bench.resident(caller).await?.signed_in;
    Ok(Box::pin(async move { signed_in.lock().await.refresh().await.map(drop) }))
}

async fn logout(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let signed_in = bench.another_session(caller).await?;
    let request = LogoutRequest { refresh_token: signed_in.token()?, client_id: signed_in.client_id() };
    let mut client = client(&bench, caller);
    Ok(call(async move { client.logout(request).await }))
}

async fn send_reset(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let email = bench.resident(caller).await?.email;
    let request = SendPasswordResetCodeRequest { email, client_id: CLIENT.to_owned() };
    let mut client = client(&bench, caller);
    Ok(call(async move { client.send_password_reset_code(request).await }))
}

/// Somebody whose wish for another password waits for a code.
async fn proving(bench: &Bench, caller: usize) -> Outcome<VerifyPasswordResetCodeRequest> {
    let person = bench.person(caller).await?;
    let wish = json!({"user_id": person.user_id.0});
    bench.code(Purpose::PasswordReset, &person.email, CLIENT, wish).await?;
    Ok(VerifyPasswordResetCodeRequest { email: person.email, code: CODE.to_owned(), client_id: CLIENT.to_owned() })
}

async fn verify_reset(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let request = proving(&bench, caller).await?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.verify_password_reset_code(request).await }))
}

async fn complete_reset(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let proving = proving(&bench, caller).await?;
    let mut client = client(&bench, caller);
    let reset_token = client.verify_password_reset_code(proving).await?.into_inner().reset_token;
    let request = CompletePasswordResetRequest {
        reset_token,
        new_password: NEW_PASSWORD.to_owned(),
        client_id: CLIENT.to_owned(),
    };
    Ok(call(async move { client.complete_password_reset(request).await }))
}
