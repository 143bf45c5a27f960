//! `SessionService`.

use std::sync::Arc;

use sekisho::proto::sekisho::v1::{
    ListSessionsRequest, ReauthenticateRequest, RevokeAllSessionsRequest, RevokeSessionRequest,
    session_service_client::SessionServiceClient,
};
use tonic::transport::Channel;

use super::{
    Bench, Call, Job,
    bench::{password, with_bearer},
    call, job,
};
use crate::Outcome;

pub(super) const JOBS: &[Job] = &[
    job!("SessionService/ListSessions", list),
    job!("SessionService/RevokeSession", revoke),
    job!("SessionService/RevokeAllSessions", revoke_all),
    job!(hashes "SessionService/Reauthenticate", reauthenticate),
];

fn client(bench: &Bench, caller: usize) -> SessionServiceClient<Channel> {
    SessionServiceClient::new(bench.channel(caller))
}

async fn list(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.person(caller).await?.access().await?;
    let request = with_bearer(ListSessionsRequest {}, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.list_sessions(request).await }))
}

async fn revoke(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.resident(caller).await?.access().await?;
    let session_id = bench.another_session(caller).await?.session.id.to_string();
    let request = with_bearer(RevokeSessionRequest { session_id }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.revoke_session(request).await }))
}

async fn revoke_all(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.person(caller).await?.access().await?;
    let request = with_bearer(RevokeAllSessionsRequest { keep_current: None }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.revoke_all_sessions(request).await }))
}

async fn reauthenticate(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.person(caller).await?.access().await?;
    let request = with_bearer(ReauthenticateRequest { password: password() }, &access)?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.reauthenticate(request).await }))
}
