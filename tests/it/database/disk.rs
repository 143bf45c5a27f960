//! A disk that takes no more.

use reqwest::Method;
use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    app::PASSWORD,
    eventually, http,
    process::{Service, binary, dev_settings},
};

const ADA: &str = "ada@example.com";

/// From now on no file of the process grows, or all may again. The kernel then
/// refuses writes as it does on a full disk.
fn limit_files(service: &Service, limit: Option<u64>) {
    prlimit(Some(service.id()), Resource::Fsize, Rlimit { current: limit, maximum: None }).unwrap();
}

async fn login(service: &Service) -> http::Answer {
    service.post("/api/v1/auth/login", json!({"email": ADA, "password": PASSWORD, "client_id": "phone"})).await
}

async fn profile(service: &Service, access: &str) -> http::Answer {
    http::send(service.request(Method::GET, "/api/v1/user/profile").bearer_auth(access)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_written_and_all_else_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    // Without this the signal that comes with the refusal would end the process.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", binary(), "dev"]);
    let service = Service::spawn(command, folder.path(), &dev_settings()).await;
    let refresh = service.sign_up(ADA, "laptop").await;
    let signed_in = login(&service).await;
    let access = signed_in.body["access_token"].as_str().unwrap();

    for _ in 0..2 {
        limit_files(&service, Some(1));
        for _ in 0..3 {
            login(&service).await.refused(503, "store_unavailable");
            let body = json!({"refresh_token": refresh, "client_id": "laptop"});
            service.post("/api/v1/auth/logout", body).await.refused(503, "store_unavailable");
            assert_eq!(profile(&service, access).await.status, 200, "reads go on");
        }
        // What was found just before is told for a second.
        eventually(async || service.ops("/readyz").await.status() == 503).await;
        let ready = service.ops("/readyz").await;
        assert_eq!(ready.json::<Value>().await.unwrap()["stores"]["sql"], "unavailable");

        limit_files(&service, None);
        assert_eq!(login(&service).await.status, 200, "it heals");
    }
    let body = json!({"refresh_token": refresh, "client_id": "laptop"});
    assert_eq!(service.post("/api/v1/auth/logout", body).await.status, 200, "no session was lost");
    service.kill().await;
}
