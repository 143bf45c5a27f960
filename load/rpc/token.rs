//! `TokenService`.

use std::sync::Arc;

use sekisho::proto::sekisho::v1::{
    GetKeysRequest, IntrospectRequest, IssueServiceTokenRequest, RevokeTokenRequest,
    token_service_client::TokenServiceClient,
};
use tonic::transport::Channel;

use super::{Bench, Call, Job, bench::with_bearer, call, job};
use crate::Outcome;

pub(super) const JOBS: &[Job] = &[
    job!("TokenService/GetKeys", keys),
    job!("TokenService/IssueServiceToken", issue),
    job!("TokenService/Introspect", introspect),
    job!("TokenService/RevokeToken", revoke),
];

fn client(bench: &Bench, caller: usize) -> TokenServiceClient<Channel> {
    TokenServiceClient::new(bench.channel(caller))
}

async fn keys(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let mut client = client(&bench, caller);
    Ok(call(async move { client.get_keys(GetKeysRequest {}).await }))
}

fn wish(bench: &Bench) -> IssueServiceTokenRequest {
    let (client_id, client_secret) = bench.service();
    IssueServiceTokenRequest { client_id, client_secret, scope: None }
}

async fn issue(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let (mut client, request) = (client(&bench, caller), wish(&bench));
    Ok(call(async move { client.issue_service_token(request).await }))
}

/// An access token of the service.
pub(super) async fn of_service(bench: &Bench, caller: usize) -> Outcome<String> {
    Ok(client(bench, caller).issue_service_token(wish(bench)).await?.into_inner().access_token)
}

async fn introspect(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let (mut client, service) = (client(&bench, caller), of_service(&bench, caller).await?);
    let token = bench.resident(caller).await?.access().await?;
    let request = with_bearer(IntrospectRequest { token }, &service)?;
    Ok(call(async move { client.introspect(request).await }))
}

async fn revoke(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let token = bench.resident(caller).await?.access().await?;
    let mut client = client(&bench, caller);
    Ok(call(async move { client.revoke_token(RevokeTokenRequest { token }).await }))
}
