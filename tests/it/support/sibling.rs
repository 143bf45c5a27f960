//! The example of a sibling service, as a process of its own.

use std::path::Path;

use tokio::process::Command;
use tonic::{Code, Request, Status, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use super::{
    eventually,
    process::{Service, binary},
};

/// Open to everybody.
pub const WELCOME: &str = "/greeter.v1.GreeterService/Welcome";
/// By what the sibling was told.
pub const GREET: &str = "/greeter.v1.GreeterService/Greet";
/// By what the issuer says when it is asked.
pub const FAREWELL: &str = "/greeter.v1.GreeterService/Farewell";

/// `GreetRequest`, and what of the answer matters here: nothing.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Empty {}

/// One sibling.
pub struct Sibling {
    channel: Channel,
    _process: Service,
}

impl Sibling {
    /// Starts one that follows a server in development.
    pub async fn beside(sekisho: &Service, folder: &Path) -> Self {
        let mut command = Command::new(Path::new(binary()).with_file_name("examples/greeter"));
        command.args(["--auth", &sekisho.base(), "--listen", "127.0.0.1:0"]);
        // A busy machine is no fault.
        command.args(["--introspection-budget", "60000"]);
        let process = Service::spawn(command, folder, &[]).await;
        let channel = Channel::from_shared(process.base()).unwrap().connect().await.unwrap();
        Self { channel, _process: process }
    }

    /// Calls one of its methods.
    pub async fn call(&self, method: &'static str, access: Option<&str>) -> Result<(), Status> {
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let mut request = Request::new(Empty {});
        if let Some(access) = access {
            request.metadata_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
        }
        let path = http::uri::PathAndQuery::from_static(method);
        client.unary(request, path, ProstCodec::<Empty, Empty>::default()).await.map(drop)
    }

    /// Lets that token in, whichever way it decides.
    pub async fn lets_in(&self, access: &str) {
        for method in [GREET, FAREWELL] {
            self.call(method, Some(access)).await.unwrap();
        }
    }

    /// Refuses it, in the end, for it was taken back.
    pub async fn refuses(&self, access: &str) {
        eventually(async || self.call(GREET, Some(access)).await.is_err()).await;
        for method in [GREET, FAREWELL] {
            let refused = self.call(method, Some(access)).await.unwrap_err();
            assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
            assert_eq!(refused.get_details_error_info().unwrap().reason, "SESSION_REVOKED");
        }
    }
}
