//! UserService.

use tonic::{Request, Response, Status};

use super::{Api, Input, encode, fields::Fields};
use crate::{
    domain::{Locale, Name},
    error::{Error, Rule},
    flows::{caller::Caller, profile},
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
        self.run_as_caller(request, get_profile).await
    }

    async fn update_profile(
        &self,
        request: Request<pb::UpdateProfileRequest>,
    ) -> Result<Response<pb::UpdateProfileResponse>, Status> {
        self.run_as_caller(request, update_profile).await
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
