//! AuthService.

use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{
    Api, Input, encode,
    fields::{self, Fields, flat},
    password_reset,
};
use crate::{
    crypto::RefreshToken,
    domain::{ClientId, Code, Email, Name, Password},
    error::Error,
    flows::{check_password, login, logout, refresh, signup},
    proto::sekisho::v1::{self as pb, auth_service_server::AuthService},
};

type Answer<T> = Result<Response<T>, Error>;

const CODE_SENT: &str = "If the address can be signed up, a code is on its way.";

#[tonic::async_trait]
impl AuthService for Api {
    async fn send_signup_code(
        &self,
        request: Request<pb::SendSignupCodeRequest>,
    ) -> Result<Response<pb::SendSignupCodeResponse>, Status> {
        self.run(request, send_signup_code).await
    }

    async fn resend_signup_code(
        &self,
        request: Request<pb::ResendSignupCodeRequest>,
    ) -> Result<Response<pb::ResendSignupCodeResponse>, Status> {
        self.run(request, resend_signup_code).await
    }

    async fn verify_signup_code(
        &self,
        request: Request<pb::VerifySignupCodeRequest>,
    ) -> Result<Response<pb::VerifySignupCodeResponse>, Status> {
        self.run(request, verify_signup_code).await
    }

    async fn check_password(
        &self,
        request: Request<pb::CheckPasswordRequest>,
    ) -> Result<Response<pb::CheckPasswordResponse>, Status> {
        self.run(request, check_password).await
    }

    async fn login(&self, request: Request<pb::LoginRequest>) -> Result<Response<pb::LoginResponse>, Status> {
        self.run(request, log_in).await
    }

    async fn refresh_token(
        &self,
        request: Request<pb::RefreshTokenRequest>,
    ) -> Result<Response<pb::RefreshTokenResponse>, Status> {
        self.run(request, refresh_token).await
    }

    async fn send_password_reset_code(
        &self,
        request: Request<pb::SendPasswordResetCodeRequest>,
    ) -> Result<Response<pb::SendPasswordResetCodeResponse>, Status> {
        self.run(request, password_reset::send).await
    }

    async fn verify_password_reset_code(
        &self,
        request: Request<pb::VerifyPasswordResetCodeRequest>,
    ) -> Result<Response<pb::VerifyPasswordResetCodeResponse>, Status> {
        self.run(request, password_reset::verify).await
    }

    async fn complete_password_reset(
        &self,
        request: Request<pb::CompletePasswordResetRequest>,
    ) -> Result<Response<pb::CompletePasswordResetResponse>, Status> {
        self.run(request, password_reset::complete).await
    }

    async fn logout(&self, request: Request<pb::LogoutRequest>) -> Result<Response<pb::LogoutResponse>, Status> {
        self.run(request, log_out).await
    }
}

async fn send_signup_code(input: Input<pb::SendSignupCodeRequest>) -> Answer<pb::SendSignupCodeResponse> {
    let mut fields = Fields::default();
    let email = fields.read("email", Email::parse(&input.message.email));
    let password =
        fields.read_all("password", input.ctx.rules.passwords.choose(&input.message.password, email.as_ref()));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (email, password, client_id) = fields.finish(email.zip(password).zip(client_id).map(flat))?;
    let life = signup::send(&input.ctx, &input.call, &email, &password, &client_id).await?;
    Ok(Response::new(pb::SendSignupCodeResponse {
        message: CODE_SENT.to_owned(),
        email: email.as_str().to_owned(),
        expires_in: encode::seconds(life),
    }))
}

async fn resend_signup_code(input: Input<pb::ResendSignupCodeRequest>) -> Answer<pb::ResendSignupCodeResponse> {
    let mut fields = Fields::default();
    let email = fields.read("email", Email::parse(&input.message.email));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (email, client_id) = fields.finish(email.zip(client_id))?;
    let life = signup::resend(&input.ctx, &input.call, &email, &client_id).await?;
    Ok(Response::new(pb::ResendSignupCodeResponse {
        message: CODE_SENT.to_owned(),
        email: email.as_str().to_owned(),
        expires_in: encode::seconds(life),
    }))
}

async fn verify_signup_code(input: Input<pb::VerifySignupCodeRequest>) -> Answer<pb::VerifySignupCodeResponse> {
    let mut fields = Fields::default();
    let email = fields.read("email", Email::parse(&input.message.email));
    let code = fields.read("code", Code::parse(&input.message.code));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (email, code, client_id) = fields.finish(email.zip(code).zip(client_id).map(flat))?;
    let signup::Completed { account, signed_in } =
        signup::verify(&input.ctx, &input.call, &email, &code, &client_id).await?;
    Ok(encode::created(pb::VerifySignupCodeResponse {
        message: "Welcome.".to_owned(),
        expires_in: encode::expires_in(&signed_in.tokens),
        refresh_token: signed_in.tokens.refresh_token.expose(),
        access_token: signed_in.tokens.access_token,
        token_type: encode::TOKEN_TYPE.to_owned(),
        user: Some(encode::user(&account)),
    }))
}

async fn check_password(input: Input<pb::CheckPasswordRequest>) -> Answer<pb::CheckPasswordResponse> {
    let mut fields = Fields::default();
    let email = fields.read_optional("email", input.message.email.as_deref(), Email::parse);
    fields.finish(Some(()))?;
    let password = Zeroizing::new(input.message.password);
    let judged = check_password::check(&input.ctx, &input.call, password, email.as_ref()).await?;
    Ok(Response::new(encode::judged(&judged, input.call.locale.unwrap_or_default())))
}

async fn log_in(input: Input<pb::LoginRequest>) -> Answer<pb::LoginResponse> {
    let message = &input.message;
    let mut fields = Fields::default();
    let email = fields.read("email", Email::parse(&message.email));
    let password = fields.read("password", Password::parse(&message.password));
    let client_id = fields.read("client_id", ClientId::parse(&message.client_id));
    let device = fields.read_optional("device_name", message.device_name.as_deref(), Name::parse);
    let (email, password, client_id) = fields.finish(email.zip(password).zip(client_id).map(flat))?;
    let device = device.filter(|name| !name.as_str().is_empty());
    let login::LoggedIn { account, signed_in } =
        login::login(&input.ctx, &input.call, &email, &password, &client_id, device).await?;
    Ok(Response::new(pb::LoginResponse {
        message: "Signed in.".to_owned(),
        expires_in: encode::expires_in(&signed_in.tokens),
        refresh_token: signed_in.tokens.refresh_token.expose(),
        access_token: signed_in.tokens.access_token,
        token_type: encode::TOKEN_TYPE.to_owned(),
        user: Some(encode::user(&account)),
        evicted_session: signed_in.evicted.first().map(encode::evicted),
    }))
}

async fn refresh_token(input: Input<pb::RefreshTokenRequest>) -> Answer<pb::RefreshTokenResponse> {
    let mut fields = Fields::default();
    let token = fields.read("refresh_token", fields::token(&input.message.refresh_token, RefreshToken::parse));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (token, client_id) = fields.finish(token.zip(client_id))?;
    let tokens = refresh::refresh(&input.ctx, &input.call, token, &client_id).await?;
    Ok(Response::new(pb::RefreshTokenResponse {
        expires_in: encode::expires_in(&tokens),
        refresh_token: tokens.refresh_token.expose(),
        access_token: tokens.access_token,
        token_type: encode::TOKEN_TYPE.to_owned(),
    }))
}

async fn log_out(input: Input<pb::LogoutRequest>) -> Answer<pb::LogoutResponse> {
    let mut fields = Fields::default();
    let token = fields.read("refresh_token", fields::token(&input.message.refresh_token, RefreshToken::parse));
    let client_id = fields.read("client_id", ClientId::parse(&input.message.client_id));
    let (token, client_id) = fields.finish(token.zip(client_id))?;
    logout::logout(&input.ctx, &input.call, token, &client_id).await?;
    Ok(Response::new(pb::LogoutResponse { message: "Signed out.".to_owned() }))
}
