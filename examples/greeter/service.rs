//! The service itself, which never sees a caller that the layer did not let in.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use sekisho_interceptor::Claims;
use tonic::{Request, Response, Status};

use self::proto::{
    FarewellRequest, FarewellResponse, GreetRequest, GreetResponse, WatchRequest, WatchResponse, WelcomeRequest,
    WelcomeResponse,
    greeter_service_server::{GreeterService, GreeterServiceServer},
};

#[expect(
    clippy::too_many_lines,
    unreachable_pub,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/greeter/greeter.v1.rs"));
}

pub(crate) fn server() -> GreeterServiceServer<Greeter> {
    GreeterServiceServer::new(Greeter)
}

pub(crate) struct Greeter;

/// Whom the layer let in.
fn name<T>(request: &Request<T>) -> Result<String, Status> {
    let claims = request.extensions().get::<Arc<Claims>>();
    let person = claims.and_then(|claims| claims.person.as_ref()).ok_or_else(|| Status::internal("no layer"))?;
    Ok(person.email.clone())
}

#[tonic::async_trait]
impl GreeterService for Greeter {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn welcome(&self, _: Request<WelcomeRequest>) -> Result<Response<WelcomeResponse>, Status> {
        Ok(Response::new(WelcomeResponse { message: "Welcome.".to_owned() }))
    }

    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        Ok(Response::new(GreetResponse { message: format!("Hello, {}.", name(&request)?) }))
    }

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let message = format!("Still here, {}?", name(&request)?);
        let ticks = tokio::time::interval(Duration::from_secs(1));
        let greetings = stream::unfold((ticks, message), |(mut ticks, message)| async move {
            ticks.tick().await;
            Some((Ok(WatchResponse { message: message.clone() }), (ticks, message)))
        });
        Ok(Response::new(Box::pin(greetings)))
    }

    async fn farewell(&self, request: Request<FarewellRequest>) -> Result<Response<FarewellResponse>, Status> {
        Ok(Response::new(FarewellResponse { message: format!("Goodbye, {}.", name(&request)?) }))
    }
}
