//! AdminService.

use tonic::{Request, Response, Status};

use super::{Api, Input, encode, fields::Fields};
use crate::{
    domain::{ClientId, Email, SessionId, UserId, account::AccountState, roles},
    error::{Error, Rule},
    flows::{admin, caller::ServiceCaller},
    proto::sekisho::v1::{self as pb, admin_service_server::AdminService},
};

type Answer<T> = Result<Response<T>, Error>;

#[tonic::async_trait]
impl AdminService for Api {
    async fn find_user(&self, request: Request<pb::FindUserRequest>) -> Result<Response<pb::FindUserResponse>, Status> {
        self.run_as(request, find_user).await
    }

    async fn disable_user(
        &self,
        request: Request<pb::DisableUserRequest>,
    ) -> Result<Response<pb::DisableUserResponse>, Status> {
        self.run_as(request, disable_user).await
    }

    async fn enable_user(
        &self,
        request: Request<pb::EnableUserRequest>,
    ) -> Result<Response<pb::EnableUserResponse>, Status> {
        self.run_as(request, enable_user).await
    }

    async fn end_user_sessions(
        &self,
        request: Request<pb::EndUserSessionsRequest>,
    ) -> Result<Response<pb::EndUserSessionsResponse>, Status> {
        self.run_as(request, end_user_sessions).await
    }

    async fn set_user_roles(
        &self,
        request: Request<pb::SetUserRolesRequest>,
    ) -> Result<Response<pb::SetUserRolesResponse>, Status> {
        self.run_as(request, set_user_roles).await
    }

    async fn start_password_reset(
        &self,
        request: Request<pb::StartPasswordResetRequest>,
    ) -> Result<Response<pb::StartPasswordResetResponse>, Status> {
        self.run_as(request, start_password_reset).await
    }
}

fn user_id(text: &str) -> Result<UserId, Rule> {
    let missing = if text.is_empty() { Rule::Required } else { Rule::Malformed };
    UserId::parse(text).ok_or(missing)
}

/// The one field of most requests.
fn only_user_id(text: &str) -> Result<UserId, Error> {
    let mut fields = Fields::default();
    let id = fields.read("user_id", user_id(text));
    fields.finish(id)
}

async fn find_user(input: Input<pb::FindUserRequest>, caller: ServiceCaller) -> Answer<pb::FindUserResponse> {
    let mut fields = Fields::default();
    let id = fields.read_optional("user_id", input.message.user_id.as_deref(), user_id);
    let email = fields.read_optional("email", input.message.email.as_deref(), Email::parse);
    fields.finish(Some(()))?;
    let found = admin::find(&input.ctx, &input.call, &caller, id, email.as_ref()).await?;
    let nobodys = SessionId(uuid::Uuid::nil());
    let user = pb::ManagedUser {
        user: Some(encode::user(&found.account)),
        disabled: found.account.state == AccountState::Disabled,
        sessions: found.sessions.iter().map(|session| encode::session(session, nobodys)).collect(),
    };
    Ok(Response::new(pb::FindUserResponse { user: Some(user) }))
}

async fn disable_user(input: Input<pb::DisableUserRequest>, caller: ServiceCaller) -> Answer<pb::DisableUserResponse> {
    let id = only_user_id(&input.message.user_id)?;
    admin::set_state(&input.ctx, &input.call, &caller, id, AccountState::Disabled).await?;
    Ok(Response::new(pb::DisableUserResponse { message: "The account is disabled.".to_owned() }))
}

async fn enable_user(input: Input<pb::EnableUserRequest>, caller: ServiceCaller) -> Answer<pb::EnableUserResponse> {
    let id = only_user_id(&input.message.user_id)?;
    admin::set_state(&input.ctx, &input.call, &caller, id, AccountState::Active).await?;
    Ok(Response::new(pb::EnableUserResponse { message: "The account is enabled.".to_owned() }))
}

async fn end_user_sessions(
    input: Input<pb::EndUserSessionsRequest>,
    caller: ServiceCaller,
) -> Answer<pb::EndUserSessionsResponse> {
    let id = only_user_id(&input.message.user_id)?;
    let ended = admin::end_sessions(&input.ctx, &input.call, &caller, id).await?;
    Ok(Response::new(pb::EndUserSessionsResponse {
        message: "The sessions have ended.".to_owned(),
        revoked_count: u32::try_from(ended).unwrap_or(u32::MAX),
    }))
}

async fn set_user_roles(
    input: Input<pb::SetUserRolesRequest>,
    caller: ServiceCaller,
) -> Answer<pb::SetUserRolesResponse> {
    let mut fields = Fields::default();
    let id = fields.read("user_id", user_id(&input.message.user_id));
    let roles = fields.read("roles", roles::parse(&input.message.roles));
    let (id, roles) = fields.finish(id.zip(roles))?;
    let account = admin::set_roles(&input.ctx, &input.call, &caller, id, &roles).await?;
    Ok(Response::new(pb::SetUserRolesResponse { user: Some(encode::user(&account)) }))
}

async fn start_password_reset(
    input: Input<pb::StartPasswordResetRequest>,
    caller: ServiceCaller,
) -> Answer<pb::StartPasswordResetResponse> {
    let mut fields = Fields::default();
    let id = fields.read("user_id", user_id(&input.message.user_id));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (id, client_id) = fields.finish(id.zip(client_id))?;
    let life = admin::start_reset(&input.ctx, &input.call, &caller, id, &client_id).await?;
    let message = "A code is on its way to the person.".to_owned();
    Ok(Response::new(pb::StartPasswordResetResponse { message, expires_in: encode::seconds(life) }))
}
