//! UserService.

use tonic::{Request, Response, Status};

use super::{
    Api, Input, encode,
    fields::{self, Fields},
};
use crate::{
    crypto::admin_token::AdminToken,
    domain::{Code, Email, Locale, Name, Password},
    error::{Error, Rule},
    flows::{account, caller::Caller, claim_admin, email_change, password_change, profile},
    proto::sekisho::v1::{self as pb, user_service_server::UserService},
    storage::accounts::ProfileChange,
};

type Answer<T> = Result<Response<T>, Error>;

#[tonic::async_trait]
impl UserService for Api {
    async fn get_profile(
        &self,
        request: Request<pb::GetProfileRequest>,
    ) -> Result<Response<pb::GetProfileResponse>, Status> {
        self.run_as(request, get_profile).await
    }

    async fn update_profile(
        &self,
        request: Request<pb::UpdateProfileRequest>,
    ) -> Result<Response<pb::UpdateProfileResponse>, Status> {
        self.run_as(request, update_profile).await
    }

    async fn change_password(
        &self,
        request: Request<pb::ChangePasswordRequest>,
    ) -> Result<Response<pb::ChangePasswordResponse>, Status> {
        self.run_as(request, change_password).await
    }

    async fn send_email_change_code(
        &self,
        request: Request<pb::SendEmailChangeCodeRequest>,
    ) -> Result<Response<pb::SendEmailChangeCodeResponse>, Status> {
        self.run_as(request, send_email_change_code).await
    }

    async fn verify_email_change_code(
        &self,
        request: Request<pb::VerifyEmailChangeCodeRequest>,
    ) -> Result<Response<pb::VerifyEmailChangeCodeResponse>, Status> {
        self.run_as(request, verify_email_change_code).await
    }

    async fn claim_admin(
        &self,
        request: Request<pb::ClaimAdminRequest>,
    ) -> Result<Response<pb::ClaimAdminResponse>, Status> {
        self.run_as(request, claim_admin).await
    }

    async fn delete_account(
        &self,
        request: Request<pb::DeleteAccountRequest>,
    ) -> Result<Response<pb::DeleteAccountResponse>, Status> {
        self.run_as(request, delete_account).await
    }
}

async fn get_profile(input: Input<pb::GetProfileRequest>, caller: Caller) -> Answer<pb::GetProfileResponse> {
    let account = profile::get(&input.ctx, &input.call, &caller).await?;
    Ok(Response::new(pb::GetProfileResponse { user: Some(encode::user(&account)) }))
}

async fn update_profile(input: Input<pb::UpdateProfileRequest>, caller: Caller) -> Answer<pb::UpdateProfileResponse> {
    let message = &input.message;
    let mut fields = Fields::default();
    let display_name = fields.read_optional("display_name", message.display_name.as_deref(), Name::parse);
    let locale =
        fields.read_optional("locale", message.locale.as_deref(), |tag| Locale::parse(tag).ok_or(Rule::Unsupported));
    let change = fields.finish(Some(ProfileChange { display_name, locale }))?;
    let account = profile::update(&input.ctx, &input.call, &caller, &change).await?;
    Ok(Response::new(pb::UpdateProfileResponse { user: Some(encode::user(&account)) }))
}

async fn change_password(
    input: Input<pb::ChangePasswordRequest>,
    caller: Caller,
) -> Answer<pb::ChangePasswordResponse> {
    let message = &input.message;
    let mut fields = Fields::default();
    let current = fields.read("current_password", Password::parse(&message.current_password));
    let new = fields.read("new_password", Password::parse(&message.new_password));
    let (current, new) = fields.finish(current.zip(new))?;
    password_change::change(&input.ctx, &input.call, &caller, &current, &new).await?;
    let message = "The password was changed. Other sessions have ended.".to_owned();
    Ok(Response::new(pb::ChangePasswordResponse { message }))
}

async fn send_email_change_code(
    input: Input<pb::SendEmailChangeCodeRequest>,
    caller: Caller,
) -> Answer<pb::SendEmailChangeCodeResponse> {
    let mut fields = Fields::default();
    let new_email = fields.read("new_email", Email::parse(&input.message.new_email));
    let password = fields.read_optional("password", input.message.password.as_deref(), Password::parse);
    let new_email = fields.finish(new_email)?;
    let life = email_change::send(&input.ctx, &input.call, &caller, &new_email, password.as_ref()).await?;
    let message = "If the address can be used, a code is on its way.".to_owned();
    Ok(Response::new(pb::SendEmailChangeCodeResponse { message, expires_in: encode::seconds(life) }))
}

async fn verify_email_change_code(
    input: Input<pb::VerifyEmailChangeCodeRequest>,
    caller: Caller,
) -> Answer<pb::VerifyEmailChangeCodeResponse> {
    let mut fields = Fields::default();
    let code = fields.read("code", Code::parse(&input.message.code));
    let code = fields.finish(code)?;
    let account = email_change::verify(&input.ctx, &input.call, &caller, &code).await?;
    let message = "The address was changed.".to_owned();
    Ok(Response::new(pb::VerifyEmailChangeCodeResponse { message, user: Some(encode::user(&account)) }))
}

async fn claim_admin(input: Input<pb::ClaimAdminRequest>, caller: Caller) -> Answer<pb::ClaimAdminResponse> {
    let mut fields = Fields::default();
    let token = fields.read("token", fields::token(&input.message.token, AdminToken::parse));
    let token = fields.finish(token)?;
    let account = claim_admin::claim(&input.ctx, &input.call, &caller, token).await?;
    let message = "The account is an administrator's now.".to_owned();
    Ok(Response::new(pb::ClaimAdminResponse { message, user: Some(encode::user(&account)) }))
}

async fn delete_account(input: Input<pb::DeleteAccountRequest>, caller: Caller) -> Answer<pb::DeleteAccountResponse> {
    let mut fields = Fields::default();
    let password = fields.read_optional("password", input.message.password.as_deref(), Password::parse);
    fields.finish(Some(()))?;
    account::delete(&input.ctx, &input.call, &caller, password.as_ref()).await?;
    Ok(Response::new(pb::DeleteAccountResponse { message: "The account was deleted.".to_owned() }))
}
