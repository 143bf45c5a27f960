//! The OpenAPI document: that it is served, and that the surface does what it says.

use serde_json::Value;
use tokio::process::Command;

use crate::support::{TestApp, http::send};

/// Whoever asks all of this may not be kept out.
const ROOM: [(&str, &str); 2] = [("SEKISHO_LIMIT_LOGIN", "100000/1"), ("SEKISHO_LIMIT_CODE", "100000/1")];
/// After these there is no session any more.
const LAST: &str = "RevokeAllSessions|DeleteAccount|ChangePassword";
const ADMINISTRATORS: &str = "AdminService|AuditService";

async fn schemathesis(app: &TestApp, token: &str, filter: [&str; 2]) {
    let mut command = Command::new("tests/schemathesis.sh");
    command.arg(app.base()).arg(token).args(filter).args(["--max-examples", "20"]);
    let run = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().await.unwrap();
    let (told, errors) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{told}\n{errors}");
    let tested = told.lines().find_map(|line| line.trim().strip_prefix("Tested: ")).and_then(|n| n.parse::<u32>().ok());
    assert!(tested.is_some_and(|operations| operations > 1), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_a_person_is_one_that_the_document_knows() {
    let app = TestApp::with(&ROOM).await;
    let ada = app.ada().await;
    schemathesis(&app, &ada.access, ["--exclude-operation-id-regex", LAST]).await;
    let ada = app.ada_on("tablet").await;
    schemathesis(&app, &ada.access, ["--include-operation-id-regex", LAST]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_an_administrator_is_one_that_the_document_knows() {
    let app = TestApp::with(&ROOM).await;
    let secret = app.service("back-office", "accounts:admin audit:read").await;
    let token = app.ask_service_token("back-office", &secret, None).await.unwrap().access_token;
    schemathesis(&app, &token, ["--include-operation-id-regex", ADMINISTRATORS]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_to_anyone() {
    let app = TestApp::start().await;
    let answer = send(app.request("GET", "/openapi.json")).await;
    let wanted: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
    assert!(answer.status == 200 && answer.body == wanted, "not that of docs/openapi.json");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
    let head = send(app.request("HEAD", "/openapi.json")).await;
    assert_eq!((head.status, &head.text[..]), (200, ""));
    assert_eq!(head.headers["content-length"], answer.text.len().to_string());
    let refused = send(app.request("POST", "/openapi.json")).await;
    refused.refused(405, "method_not_allowed");
    assert_eq!(refused.headers["allow"], "GET, HEAD");
}
