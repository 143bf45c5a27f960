//! `UserService`.

use std::sync::Arc;

use sekisho::{
    domain::Purpose,
    proto::sekisho::v1::{
        ChangePasswordRequest, DeleteAccountRequest, GetProfileRequest, SendEmailChangeCodeRequest,
        UpdateProfileRequest, VerifyEmailChangeCodeRequest, user_service_client::UserServiceClient,
    },
};
use serde_json::json;
use tonic::transport::Channel;

use super::{
    Bench, Call, Job,
    bench::{CODE, NEW_PASSWORD, password, with_bearer},
    call, job,
};
use crate::Outcome;

pub(super) const JOBS: &[Job] = &[
    job!("UserService/GetProfile", profile),
    job!("UserService/UpdateProfile", update),
    job!(hashes "UserService/ChangePassword", change_password),
    job!(hashes "UserService/SendEmailChangeCode", send_email_change),
    job!("UserService/VerifyEmailChangeCode", verify_email_change),
    job!(hashes "UserService/DeleteAccount", delete),
];

fn client(bench: &Bench, caller: usize) -> UserServiceClient<Channel> {
    UserServiceClient::new(bench.channel(caller))
}

async fn profile(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.resident(caller).await?.access().await?;
    let request = with_bearer(GetProfileRequest {}, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.get_profile(request).await }))
}

async fn update(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.resident(caller).await?.access().await?;
    let name = format!("Ada {}", bench.number());
    let request = with_bearer(UpdateProfileRequest { display_name: Some(name), locale: None }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.update_profile(request).await }))
}

async fn change_password(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.person(caller).await?.access().await?;
    let change = ChangePasswordRequest { current_password: password(), new_password: NEW_PASSWORD.to_owned() };
    let request = with_bearer(change, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.change_password(request).await }))
}

async fn send_email_change(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.person(caller).await?.access().await?;
    let new_email = format!("elsewhere-{}@example.com", bench.number());
    let request = with_bearer(SendEmailChangeCodeRequest { new_email, password: Some(password()) }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.send_email_change_code(request).await }))
}

async fn verify_email_change(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let person = bench.person(caller).await?;
    let (access, client_id) = (person.access().await?, person.signed_in.lock().await.client_id());
    let new_email = format!("moved-{}@example.com", bench.number());
    let wish = json!({"user_id": person.user_id.0, "new_email": new_email});
    bench.code(Purpose::EmailChange, &person.email, &client_id, wish).await?;
    let request = with_bearer(VerifyEmailChangeCodeRequest { code: CODE.to_owned() }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.verify_email_change_code(request).await }))
}

async fn delete(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.person(caller).await?.access().await?;
    let request = with_bearer(DeleteAccountRequest { password: Some(password()) }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.delete_account(request).await }))
}
