//! TokenService.

use serde_json::Value;
use tonic::{Request, Response, Status, metadata::MetadataValue};

use super::{Api, Input, encode, feed::Watch, fields::Fields, wire};
use crate::{
    crypto::{keyring::CACHE_SECONDS, service_secret::ServiceSecret},
    domain::{
        Name, Timestamp,
        service::{Scopes, ServiceName},
    },
    error::{Error, Rule},
    feed::Place,
    flows::{
        caller::ServiceCaller,
        follow,
        introspect::{self, ActiveToken},
        revoke_token,
        service_token::{self, ServiceToken},
    },
    proto::sekisho::v1::{self as pb, token_service_server::TokenService},
    server::Closing,
};

/// Of an access token, in bytes: longer ones the verifier does not look at.
const MAX_TOKEN: usize = 8_192;
/// Of a service's secret, in characters.
const MAX_SECRET: usize = 128;
/// Of the name of a subscriber or an epoch, in characters.
const MAX_NAME: usize = 64;

type Answer<T> = Result<Response<T>, Error>;

#[tonic::async_trait]
impl TokenService for Api {
    async fn get_keys(&self, request: Request<pb::GetKeysRequest>) -> Result<Response<pb::GetKeysResponse>, Status> {
        self.run(request, get_keys).await
    }

    type WatchRevocationsStream = Watch;

    async fn watch_revocations(
        &self,
        request: Request<pb::WatchRevocationsRequest>,
    ) -> Result<Response<Watch>, Status> {
        let wire = wire(request.extensions());
        let closing = request.extensions().get::<Closing>().cloned();
        let subscription = self.run_as(request, watch_revocations).await?;
        Ok(subscription.map(|subscription| Watch::new(subscription, closing, wire)))
    }

    async fn introspect(
        &self,
        request: Request<pb::IntrospectRequest>,
    ) -> Result<Response<pb::IntrospectResponse>, Status> {
        self.run_as(request, introspect).await
    }

    async fn revoke_token(
        &self,
        request: Request<pb::RevokeTokenRequest>,
    ) -> Result<Response<pb::RevokeTokenResponse>, Status> {
        self.run(request, revoke_token).await
    }

    async fn issue_service_token(
        &self,
        request: Request<pb::IssueServiceTokenRequest>,
    ) -> Result<Response<pb::IssueServiceTokenResponse>, Status> {
        self.run(request, issue_service_token).await
    }
}

async fn get_keys(input: Input<pb::GetKeysRequest>) -> Result<Response<pb::GetKeysResponse>, Error> {
    let keys = input.ctx.keyring.public_jwks().iter().map(json_web_key).collect();
    let mut response = Response::new(pb::GetKeysResponse { keys });
    let cache = format!("public, max-age={CACHE_SECONDS}");
    let cache = MetadataValue::try_from(cache).map_err(Error::internal)?;
    response.metadata_mut().insert("cache-control", cache);
    Ok(response)
}

pub(super) fn json_web_key(jwk: &Value) -> pb::JsonWebKey {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
    pb::JsonWebKey {
        kty: member("kty").unwrap_or_default(),
        r#use: member("use").unwrap_or_default(),
        kid: member("kid").unwrap_or_default(),
        alg: member("alg").unwrap_or_default(),
        crv: member("crv"),
        x: member("x"),
        y: member("y"),
        n: member("n"),
        e: member("e"),
    }
}

async fn watch_revocations(
    input: Input<pb::WatchRevocationsRequest>,
    caller: ServiceCaller,
) -> Answer<crate::feed::Subscription> {
    let mut fields = Fields::default();
    let subscriber = fields.read("subscriber", subscriber(&input.message.subscriber));
    let cursor = input.message.cursor.map(|cursor| fields.read("cursor.epoch", place(cursor)));
    let subscriber = fields.finish(subscriber)?;
    let subscription = follow::follow(&input.ctx, &input.call, caller, cursor.flatten(), &subscriber).await?;
    Ok(Response::new(subscription))
}

fn subscriber(text: &str) -> Result<Name, Rule> {
    at_most(text, MAX_NAME)?;
    Name::parse(text)
}

fn place(cursor: pb::RevocationCursor) -> Result<Place, Rule> {
    at_most(&cursor.epoch, MAX_NAME)?;
    // What is beyond every journal is beyond this one.
    Ok(Place { epoch: cursor.epoch, sequence: i64::try_from(cursor.sequence).unwrap_or(i64::MAX) })
}

async fn introspect(input: Input<pb::IntrospectRequest>, caller: ServiceCaller) -> Answer<pb::IntrospectResponse> {
    let token = access_token(&input.message.token)?;
    let token = introspect::introspect(&input.ctx, &input.call, &caller, &token).await?;
    Ok(Response::new(token.map_or_else(pb::IntrospectResponse::default, active)))
}

/// RFC 7662, section 2.2.
fn active(ActiveToken { claims, roles }: ActiveToken) -> pb::IntrospectResponse {
    let time = |seconds| Some(Timestamp::from_seconds(seconds).to_proto());
    pb::IntrospectResponse {
        active: true,
        scope: claims.scope,
        client_id: Some(claims.client_id),
        token_type: Some(encode::TOKEN_TYPE.to_owned()),
        exp: time(claims.exp),
        iat: time(claims.iat),
        nbf: time(claims.nbf),
        sub: Some(claims.sub.to_string()),
        aud: claims.aud,
        iss: Some(claims.iss),
        jti: Some(claims.jti.to_string()),
        sid: claims.person.map(|person| person.sid.to_string()),
        roles,
    }
}

async fn revoke_token(input: Input<pb::RevokeTokenRequest>) -> Answer<pb::RevokeTokenResponse> {
    let token = access_token(&input.message.token)?;
    revoke_token::revoke(&input.ctx, &input.call, &token).await?;
    Ok(Response::new(pb::RevokeTokenResponse { message: "The token is not valid any more.".to_owned() }))
}

fn access_token(text: &str) -> Result<String, Error> {
    required(text, MAX_TOKEN).map_err(|rule| Error::invalid("token", rule))?;
    Ok(text.to_owned())
}

async fn issue_service_token(input: Input<pb::IssueServiceTokenRequest>) -> Answer<pb::IssueServiceTokenResponse> {
    let message = &input.message;
    if message.client_secret.is_empty() && input.call.certificate.is_some() {
        return issue_by_certificate(&input).await;
    }
    let mut fields = Fields::default();
    let name = fields.read("client_id", ServiceName::parse(&message.client_id));
    let secret = fields.read("client_secret", required(&message.client_secret, MAX_SECRET));
    let scopes = fields.read_optional("scope", message.scope.as_deref(), Scopes::parse);
    let (name, ()) = fields.finish(name.zip(secret))?;
    let secret = ServiceSecret::presented(&message.client_secret);
    let token = service_token::issue(&input.ctx, &input.call, &name, &secret, scopes).await?;
    Ok(issued(token))
}

/// Nothing but the certificate of the connection says who calls.
async fn issue_by_certificate(input: &Input<pb::IssueServiceTokenRequest>) -> Answer<pb::IssueServiceTokenResponse> {
    let message = &input.message;
    let mut fields = Fields::default();
    let named = Some(message.client_id.as_str()).filter(|name| !name.is_empty());
    let name = fields.read_optional("client_id", named, ServiceName::parse);
    let scopes = fields.read_optional("scope", message.scope.as_deref(), Scopes::parse);
    fields.finish(Some(()))?;
    let token = service_token::issue_by_certificate(&input.ctx, &input.call, name.as_ref(), scopes).await?;
    Ok(issued(token))
}

fn issued(token: ServiceToken) -> Response<pb::IssueServiceTokenResponse> {
    Response::new(pb::IssueServiceTokenResponse {
        access_token: token.access_token,
        token_type: encode::TOKEN_TYPE.to_owned(),
        expires_in: encode::seconds(token.expires_in),
        scope: token.scopes.to_string(),
    })
}

fn required(text: &str, most: usize) -> Result<(), Rule> {
    if text.is_empty() { Err(Rule::Required) } else { at_most(text, most) }
}

fn at_most(text: &str, most: usize) -> Result<(), Rule> {
    if text.chars().count() > most { Err(Rule::TooLong(most)) } else { Ok(()) }
}
