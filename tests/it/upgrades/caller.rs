//! A client of gRPC that takes the replicas in turn, and sends again what was
//! `UNAVAILABLE`, or was not answered for want of a connection.

use std::{
    error::Error,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::time::sleep;
use tonic::{
    Code, Request, Response, Status,
    transport::{Channel, Endpoint},
};

const ATTEMPTS: usize = 40;
/// Before the same is sent again.
const PAUSE: Duration = Duration::from_millis(20);

/// See the module.
pub struct Caller {
    channels: Vec<Channel>,
    turn: AtomicUsize,
}

impl Caller {
    /// Of these replicas.
    pub fn of(endpoints: &[Endpoint]) -> Self {
        Self { channels: endpoints.iter().map(Endpoint::connect_lazy).collect(), turn: AtomicUsize::new(0) }
    }

    fn next(&self) -> Channel {
        self.channels[self.turn.fetch_add(1, Ordering::Relaxed) % self.channels.len()].clone()
    }

    /// Sends a request, with an access token unless that is empty.
    pub async fn ask<T, R, F>(
        &self,
        access: &str,
        request: T,
        send: impl Fn(Channel, Request<T>) -> F,
    ) -> Result<R, Status>
    where
        T: Clone,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let mut attempts = 1;
        loop {
            let mut sent = Request::new(request.clone());
            if !access.is_empty() {
                sent.metadata_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
            }
            match send(self.next(), sent).await {
                Err(status) if may_be_sent_again(&status) && attempts < ATTEMPTS => sleep(PAUSE).await,
                answer => return answer.map(Response::into_inner),
            }
            attempts += 1;
        }
    }
}

/// tonic has codes of its own, and not `UNAVAILABLE`, for a connection that ends under a call.
fn may_be_sent_again(status: &Status) -> bool {
    let of_connection = status.source().is_some_and(|cause| cause.is::<tonic::transport::Error>());
    status.code() == Code::Unavailable || of_connection
}
