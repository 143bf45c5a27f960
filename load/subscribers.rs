//! Many who follow the feed of one server, and note when each line comes.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sekisho::proto::sekisho::v1::{
    IssueServiceTokenRequest, WatchRevocationsRequest, WatchRevocationsResponse, revocation::Target,
    token_service_client::TokenServiceClient, watch_revocations_response::Frame,
};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tonic::{Request, Streaming, transport::Channel};

use crate::{Outcome, signed_in::connect};

/// The server allows 200 streams on a connection.
const STREAMS: usize = 100;
/// What has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// The sessions that will end, each by its number.
pub(crate) type Numbers = Arc<HashMap<Vec<u8>, usize>>;

/// What came to one of them.
pub(crate) struct Received {
    /// When, for each number, since the start.
    pub(crate) at: Vec<Option<Duration>>,
    /// In how many frames, heartbeats and keys among them.
    pub(crate) frames: u64,
}

/// Those who follow, each with a stream of its own.
pub(crate) struct Subscribers {
    streams: Vec<Streaming<WatchRevocationsResponse>>,
}

impl Subscribers {
    /// So many, who have all that there was.
    pub(crate) async fn follow(server: &str, client_id: &str, secret: &str, number: usize) -> Outcome<Self> {
        let (mut channel, mut streams) = (connect(server).await?, Vec::with_capacity(number));
        let token = service_token(channel.clone(), client_id, secret).await?;
        for at in 0..number {
            if at % STREAMS == 0 {
                channel = connect(server).await?;
            }
            let request = WatchRevocationsRequest { cursor: None, subscriber: "load".to_owned() };
            let mut request = Request::new(request);
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
            let mut stream = TokenServiceClient::new(channel.clone()).watch_revocations(request).await?.into_inner();
            snapshot(&mut stream).await?;
            streams.push(stream);
        }
        Ok(Self { streams })
    }

    /// Notes what comes, until all has come to each or nothing more will.
    pub(crate) fn receive(self, numbers: &Numbers, start: Instant, until: Instant) -> JoinSet<Outcome<Received>> {
        let mut receiving = JoinSet::new();
        for stream in self.streams {
            receiving.spawn(receive(stream, numbers.clone(), start, until + PATIENCE));
        }
        receiving
    }
}

async fn service_token(channel: Channel, client_id: &str, secret: &str) -> Outcome<String> {
    let request =
        IssueServiceTokenRequest { client_id: client_id.to_owned(), client_secret: secret.to_owned(), scope: None };
    Ok(TokenServiceClient::new(channel).issue_service_token(request).await?.into_inner().access_token)
}

/// Takes frames up to the last of the snapshot.
async fn snapshot(stream: &mut Streaming<WatchRevocationsResponse>) -> Outcome<()> {
    loop {
        match stream.message().await?.and_then(|message| message.frame) {
            Some(Frame::Snapshot(chunk)) if chunk.total.is_some() => return Ok(()),
            Some(_) => {}
            None => return Err("a stream has ended".into()),
        }
    }
}

async fn receive(
    mut stream: Streaming<WatchRevocationsResponse>,
    numbers: Numbers,
    start: Instant,
    deadline: Instant,
) -> Outcome<Received> {
    let mut received = Received { at: vec![None; numbers.len()], frames: 0 };
    let mut missing = numbers.len();
    while missing > 0 {
        let Ok(message) = timeout_at(deadline, stream.message()).await else { break };
        let frame = message?.and_then(|message| message.frame).ok_or("a stream has ended")?;
        received.frames += 1;
        let Frame::Delta(delta) = frame else { continue };
        let now = start.elapsed();
        for revocation in delta.revocations {
            let Some(Target::SessionId(id)) = revocation.target else { continue };
            let at = numbers.get(&id).map(|number| &mut received.at[*number]);
            if let Some(at @ None) = at {
                *at = Some(now);
                missing -= 1;
            }
        }
    }
    Ok(received)
}
