//! TokenService.

use serde_json::Value;
use tonic::{Request, Response, Status, metadata::MetadataValue};

use super::{Api, Input};
use crate::{
    crypto::keyring::CACHE_SECONDS,
    error::Error,
    proto::sekisho::v1::{self as pb, token_service_server::TokenService},
};

#[tonic::async_trait]
impl TokenService for Api {
    async fn get_keys(&self, request: Request<pb::GetKeysRequest>) -> Result<Response<pb::GetKeysResponse>, Status> {
        self.run(request, get_keys).await
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

fn json_web_key(jwk: &Value) -> pb::JsonWebKey {
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
