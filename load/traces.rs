//! What traces cost a refresh: without a collector, with one that is sent each hundredth
//! call, and with one that is sent all of them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use crate::{
    Outcome, refresh,
    servers::Servers,
    stack::{PREFIX, Stack},
    targets::{self, BARE, ON_REDIS},
};

const SOME: &str = "one call in a hundred traced";
const ALL: &str = "each call traced";

/// Measures, and prints.
pub(crate) async fn measure(rounds: u32, seconds: Duration) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let log = |name: &str| folder.path().join(name);
    let (postgres, redis) = (Servers::start("postgres", &["-c", "fsync=on"])?, Servers::start("redis", &[])?);
    let stack = Stack::on(&postgres.url).and(&redis.url, PREFIX);
    let (some, all) = (Collector::start().await?, Collector::start().await?);
    let mut targets = vec![
        targets::sekisho(ON_REDIS, &stack, &log("none.log"), 0).await?,
        targets::sekisho(SOME, &some.of(&stack, "0.01"), &log("some.log"), 1_000).await?,
        targets::sekisho(ALL, &all.of(&stack, "1"), &log("all.log"), 2_000).await?,
        targets::bare(&redis, &stack.open().await?, 3_000).await?,
    ];
    for _ in 0..rounds {
        for target in &mut targets {
            target.measure(seconds).await?;
        }
    }
    refresh::print_table(&targets);
    println!();
    for (collector, target) in [(some, &targets[1]), (all, &targets[2])] {
        let lost = target.metric("sekisho_trace_spans_lost_total").await?;
        println!("{}: {} spans came, {lost} were lost", target.name, collector.spans()?);
    }
    println!();
    for (one, other) in [(ON_REDIS, BARE), (SOME, ON_REDIS), (SOME, BARE), (ALL, ON_REDIS), (ALL, BARE)] {
        println!("{one} / {other}: {}", refresh::ratios(&targets, one, other).ok_or("no target")?);
    }
    Ok(())
}

/// A collector that counts what it is sent.
struct Collector {
    url: String,
    spans: Arc<AtomicUsize>,
}

struct Counter(Arc<AtomicUsize>);

#[tonic::async_trait]
impl TraceService for Counter {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = &request.get_ref().resource_spans;
        let spans = resources.iter().flat_map(|resource| &resource.scope_spans).map(|scope| scope.spans.len());
        self.0.fetch_add(spans.sum(), Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (url, spans) = (format!("http://{}", listener.local_addr()?), Arc::<AtomicUsize>::default());
        let service = TraceServiceServer::new(Counter(spans.clone()));
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)));
        Ok(Self { url, spans })
    }

    /// The same stack with a share of its traces for this one.
    fn of(&self, stack: &Stack, share: &str) -> Stack {
        let stack = stack.clone().with("OTEL_EXPORTER_OTLP_ENDPOINT", &self.url);
        stack.with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio").with("OTEL_TRACES_SAMPLER_ARG", share)
    }

    /// How many have come.
    fn spans(&self) -> Outcome<usize> {
        match self.spans.load(Ordering::Relaxed) {
            0 => Err("no span came".into()),
            spans => Ok(spans),
        }
    }
}
