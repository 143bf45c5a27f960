//! `AdminService`, and what a person reads of `AuditService`.

use std::sync::Arc;

use sekisho::proto::sekisho::v1::{
    DisableUserRequest, EnableUserRequest, EndUserSessionsRequest, FindUserRequest, ListEventsRequest,
    SetUserRolesRequest, StartPasswordResetRequest, admin_service_client::AdminServiceClient,
    audit_service_client::AuditServiceClient,
};
use tonic::{Request, transport::Channel};

use super::{Bench, Call, Job, bench::with_bearer, call, job, token::of_service};
use crate::Outcome;

pub(super) const JOBS: &[Job] = &[
    job!("AdminService/FindUser", find),
    job!("AdminService/DisableUser", disable),
    job!("AdminService/EnableUser", enable),
    job!("AdminService/EndUserSessions", end_sessions),
    job!("AdminService/SetUserRoles", set_roles),
    job!("AdminService/StartPasswordReset", start_reset),
    job!("AuditService/ListEvents", list_events),
];

type Admin = AdminServiceClient<Channel>;

/// What asks about somebody with a session, whom nobody else asks about.
async fn about<T>(bench: &Bench, caller: usize, message: impl FnOnce(String) -> T) -> Outcome<(Admin, Request<T>)> {
    let person = bench.person(caller).await?;
    let access = of_service(bench, caller).await?;
    let request = with_bearer(message(person.user_id.to_string()), &access)?;
    Ok((AdminServiceClient::new(bench.channel(caller)), request))
}

async fn find(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let message = |user_id| FindUserRequest { user_id: Some(user_id), email: None };
    let (mut client, request) = about(&bench, caller, message).await?;
    Ok(call(async move { client.find_user(request).await }))
}

async fn disable(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let (mut client, request) = about(&bench, caller, |user_id| DisableUserRequest { user_id }).await?;
    Ok(call(async move { client.disable_user(request).await }))
}

async fn enable(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let (mut client, request) = about(&bench, caller, |user_id| EnableUserRequest { user_id }).await?;
    let disable = DisableUserRequest { user_id: request.get_ref().user_id.clone() };
    client.disable_user(with_bearer(disable, &of_service(&bench, caller).await?)?).await?;
    Ok(call(async move { client.enable_user(request).await }))
}

async fn end_sessions(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let (mut client, request) = about(&bench, caller, |user_id| EndUserSessionsRequest { user_id }).await?;
    Ok(call(async move { client.end_user_sessions(request).await }))
}

async fn set_roles(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let message = |user_id| SetUserRolesRequest { user_id, roles: vec!["editor".to_owned()] };
    let (mut client, request) = about(&bench, caller, message).await?;
    Ok(call(async move { client.set_user_roles(request).await }))
}

async fn start_reset(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let message = |user_id| StartPasswordResetRequest { user_id, client_id: "desk".to_owned() };
    let (mut client, request) = about(&bench, caller, message).await?;
    Ok(call(async move { client.start_password_reset(request).await }))
}

async fn list_events(bench: Arc<Bench>, caller: usize) -> Outcome<Call> {
    let access = bench.resident(caller).await?.access().await?;
    let request = with_bearer(ListEventsRequest { page_size: 20, ..ListEventsRequest::default() }, &access)?;
    let mut client = AuditServiceClient::new(bench.channel(caller));
    Ok(call(async move { client.list_events(request).await }))
}
