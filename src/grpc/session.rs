//! SessionService.

use tonic::{Request, Response, Status};

use super::{Api, Input, encode, fields::Fields};
use crate::{
    domain::{Password, SessionId},
    error::{Error, Rule},
    flows::{caller::Caller, sessions, step_up},
    proto::sekisho::v1::{self as pb, session_service_server::SessionService},
};

type Answer<T> = Result<Response<T>, Error>;

#[tonic::async_trait]
impl SessionService for Api {
    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        self.run_as(request, list_sessions).await
    }

    async fn reauthenticate(
        &self,
        request: Request<pb::ReauthenticateRequest>,
    ) -> Result<Response<pb::ReauthenticateResponse>, Status> {
        self.run_as(request, reauthenticate).await
    }

    async fn revoke_session(
        &self,
        request: Request<pb::RevokeSessionRequest>,
    ) -> Result<Response<pb::RevokeSessionResponse>, Status> {
        self.run_as(request, revoke_session).await
    }

    async fn revoke_all_sessions(
        &self,
        request: Request<pb::RevokeAllSessionsRequest>,
    ) -> Result<Response<pb::RevokeAllSessionsResponse>, Status> {
        self.run_as(request, revoke_all_sessions).await
    }
}

async fn list_sessions(input: Input<pb::ListSessionsRequest>, caller: Caller) -> Answer<pb::ListSessionsResponse> {
    let sessions = sessions::list(&input.ctx, &input.call, &caller).await?;
    let sessions = sessions.iter().map(|session| encode::session(session, caller.session.id)).collect();
    Ok(Response::new(pb::ListSessionsResponse { sessions }))
}

async fn reauthenticate(input: Input<pb::ReauthenticateRequest>, caller: Caller) -> Answer<pb::ReauthenticateResponse> {
    let mut fields = Fields::default();
    let password = fields.read("password", Password::parse(&input.message.password));
    let password = fields.finish(password)?;
    let tokens = step_up::reauthenticate(&input.ctx, &input.call, &caller, &password).await?;
    Ok(Response::new(pb::ReauthenticateResponse {
        expires_in: encode::expires_in(&tokens),
        refresh_token: tokens.refresh_token.expose(),
        access_token: tokens.access_token,
        token_type: encode::TOKEN_TYPE.to_owned(),
    }))
}

async fn revoke_session(input: Input<pb::RevokeSessionRequest>, caller: Caller) -> Answer<pb::RevokeSessionResponse> {
    let mut fields = Fields::default();
    let text = &input.message.session_id;
    let missing = if text.is_empty() { Rule::Required } else { Rule::Malformed };
    let id = fields.read("session_id", SessionId::parse(text).ok_or(missing));
    let id = fields.finish(id)?;
    sessions::revoke(&input.ctx, &input.call, &caller, id).await?;
    Ok(Response::new(pb::RevokeSessionResponse { message: "The session has ended.".to_owned() }))
}

async fn revoke_all_sessions(
    input: Input<pb::RevokeAllSessionsRequest>,
    caller: Caller,
) -> Answer<pb::RevokeAllSessionsResponse> {
    let keep_current = input.message.keep_current.unwrap_or(false);
    let ended = sessions::revoke_all(&input.ctx, &input.call, &caller, keep_current).await?;
    Ok(Response::new(pb::RevokeAllSessionsResponse {
        message: "The sessions have ended.".to_owned(),
        revoked_count: u32::try_from(ended).unwrap_or(u32::MAX),
    }))
}
