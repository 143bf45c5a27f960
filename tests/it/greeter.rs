//! The example of a sibling service, as processes of their own beside `sekisho dev`.

use std::path::Path;

use serde_json::json;
use tokio::process::Command;
use tonic::{Code, Request, Status, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use crate::support::{
    app::PASSWORD,
    eventually::eventually,
    process::{Service, binary, dev_settings},
};

const ADA: &str = "ada@example.com";
const CLIENT: &str = "laptop";

/// `GreetRequest`, and what of the answer matters here: nothing.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Empty {}

struct Sibling {
    channel: Channel,
    _process: Service,
}

impl Sibling {
    async fn beside(sekisho: &Service, folder: &Path) -> Self {
        let mut command = Command::new(Path::new(binary()).with_file_name("examples/greeter"));
        command.args(["--auth", &sekisho.base(), "--listen", "127.0.0.1:0"]);
        let process = Service::spawn(command, folder, &[]).await;
        let channel = Channel::from_shared(process.base()).unwrap().connect().await.unwrap();
        Self { channel, _process: process }
    }

    async fn call(&self, method: &'static str, access: Option<&str>) -> Result<(), Status> {
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let mut request = Request::new(Empty {});
        if let Some(access) = access {
            request.metadata_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
        }
        let path = http::uri::PathAndQuery::from_static(method);
        client.unary(request, path, ProstCodec::<Empty, Empty>::default()).await.map(drop)
    }

    /// Refuses, in the end, for that session has ended.
    async fn refuses(&self, access: &str) {
        eventually(async || self.call(GREET, Some(access)).await.is_err()).await;
        for method in [GREET, FAREWELL] {
            let refused = self.call(method, Some(access)).await.unwrap_err();
            assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
            assert_eq!(refused.get_details_error_info().unwrap().reason, "SESSION_REVOKED");
        }
    }
}

const WELCOME: &str = "/greeter.v1.GreeterService/Welcome";
const GREET: &str = "/greeter.v1.GreeterService/Greet";
const FAREWELL: &str = "/greeter.v1.GreeterService/Farewell";

/// Access and refresh token of one more sign-in of Ada's.
async fn sign_in(sekisho: &Service) -> [String; 2] {
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": CLIENT});
    let answer = sekisho.post("/api/v1/auth/login", body).await;
    ["access_token", "refresh_token"].map(|name| answer.body[name].as_str().expect("tokens").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_let_in_who_is_signed_in_and_refuse_who_no_longer_is() {
    let folder = tempfile::tempdir().unwrap();
    let sekisho = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let (first, second) =
        (Sibling::beside(&sekisho, folder.path()).await, Sibling::beside(&sekisho, folder.path()).await);
    sekisho.sign_up(ADA, CLIENT).await;
    let [out, its_refresh] = sign_in(&sekisho).await;
    let [stays, _] = sign_in(&sekisho).await;

    for sibling in [&first, &second] {
        sibling.call(WELCOME, None).await.unwrap();
        assert_eq!(sibling.call(GREET, None).await.unwrap_err().code(), Code::Unauthenticated);
        for access in [&out, &stays] {
            sibling.call(GREET, Some(access)).await.unwrap();
            sibling.call(FAREWELL, Some(access)).await.unwrap();
        }
    }

    let body = json!({"refresh_token": its_refresh, "client_id": CLIENT});
    assert_eq!(sekisho.post("/api/v1/auth/logout", body).await.status, 200);
    for sibling in [&first, &second] {
        sibling.refuses(&out).await;
        sibling.call(GREET, Some(&stays)).await.unwrap();
    }

    let everywhere =
        sekisho.request(http::Method::POST, "/api/v1/auth/logout-all").bearer_auth(&stays).json(&json!({}));
    assert_eq!(everywhere.send().await.unwrap().status(), 200);
    for sibling in [&first, &second] {
        sibling.refuses(&stays).await;
    }
}
