//! What strangers send that nobody meant to receive: each has its documented
//! refusal, and none is a fault of ours.

mod cases;
mod clock;
mod fields;
mod grpc;
mod json;
mod process;
mod properties;
mod routes;
pub mod schema;
mod strangers;
mod tokens;
pub mod wire;

use crate::support::TestApp;

/// Limits that no number of bad requests reaches: these tests are of the input.
pub const NO_LIMITS: [(&str, &str); 2] = [("SEKISHO_LIMIT_LOGIN", "100000/1"), ("SEKISHO_LIMIT_CODE", "100000/1")];

/// The person whose account is tried.
const ADA: &str = "ada@example.com";

/// A service, and the access token of somebody signed in to it.
async fn start() -> (TestApp, String) {
    let app = TestApp::with(&NO_LIMITS).await;
    let access = app.sign_up(ADA, "laptop").await.access;
    // Nothing sensitive is done on a proof as old as this one.
    app.advance(301);
    (app, access)
}
