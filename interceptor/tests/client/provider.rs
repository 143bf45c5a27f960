//! A service that has its token by other means.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::sync::Arc;

use sekisho_interceptor::{Ended, ProvidedToken, TokenProvider, Trust, testing::TestIssuer};
use tonic::Code;

use crate::support::{PATIENCE, World, disconnected};

struct Own(Arc<TestIssuer>, &'static str);

impl TokenProvider for Own {
    fn token(&self) -> ProvidedToken {
        let token = self.0.service("own").scope(self.1).sign();
        Box::pin(async move { Ok(token) })
    }
}

fn trust(world: &World, scope: &'static str) -> Trust {
    world.builder().token_provider(Arc::new(Own(Arc::clone(&world.issuer), scope))).start().unwrap()
}

#[tokio::test]
async fn a_token_that_is_provided_opens_the_feed() {
    let world = World::new().await;
    trust(&world, "revocations:read").ready(PATIENCE).await.unwrap();
    assert_eq!(world.heard(|_| true).await.tokens, 0);
}

#[tokio::test]
async fn a_token_without_the_scope_does_not() {
    let world = World::new().await;
    let trust = trust(&world, "tokens:introspect");
    world.seen.until(disconnected(Ended::Status(Code::PermissionDenied))).await;
    drop(trust);
}
