//! The three steps of a password reset.

use tonic::Response;

use super::{
    Input, encode,
    fields::{self, Fields, flat},
};
use crate::{
    crypto::ResetToken,
    domain::{ClientId, Code, Email, Password},
    error::Error,
    flows::password_reset,
    proto::sekisho::v1 as pb,
};

type Answer<T> = Result<Response<T>, Error>;

const CODE_SENT: &str = "If the address has an account, a code is on its way.";

pub(super) async fn send(input: Input<pb::SendPasswordResetCodeRequest>) -> Answer<pb::SendPasswordResetCodeResponse> {
    let mut fields = Fields::default();
    let email = fields.read("email", Email::parse(&input.message.email));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (email, client_id) = fields.finish(email.zip(client_id))?;
    let life = password_reset::send(&input.ctx, &input.call, &email, &client_id).await?;
    let (message, expires_in) = (CODE_SENT.to_owned(), encode::seconds(life));
    Ok(Response::new(pb::SendPasswordResetCodeResponse { message, expires_in }))
}

pub(super) async fn verify(
    input: Input<pb::VerifyPasswordResetCodeRequest>,
) -> Answer<pb::VerifyPasswordResetCodeResponse> {
    let mut fields = Fields::default();
    let email = fields.read("email", Email::parse(&input.message.email));
    let code = fields.read("code", Code::parse(&input.message.code));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (email, code, client_id) = fields.finish(email.zip(code).zip(client_id).map(flat))?;
    let token = password_reset::verify(&input.ctx, &input.call, &email, &code, &client_id).await?;
    Ok(Response::new(pb::VerifyPasswordResetCodeResponse {
        reset_token: token.expose(),
        expires_in: encode::seconds(password_reset::TOKEN_LIFE),
    }))
}

pub(super) async fn complete(
    input: Input<pb::CompletePasswordResetRequest>,
) -> Answer<pb::CompletePasswordResetResponse> {
    let mut fields = Fields::default();
    let token = fields.read("reset_token", fields::token(&input.message.reset_token, ResetToken::parse));
    let password = fields.read("new_password", Password::parse(&input.message.new_password));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (token, password, client_id) = fields.finish(token.zip(password).zip(client_id).map(flat))?;
    password_reset::complete(&input.ctx, &input.call, token, &password, &client_id).await?;
    let message = "The password was changed. Please sign in.".to_owned();
    Ok(Response::new(pb::CompletePasswordResetResponse { message }))
}
