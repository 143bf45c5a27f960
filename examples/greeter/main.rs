//! A service that lets in whom Sekisho signed in, and nobody a moment longer.
//!
//! With `sekisho dev` running:
//! `cargo run --example greeter -- --auth http://127.0.0.1:8080 --listen 127.0.0.1:50052`

mod service;

use std::{error::Error, io::Write, net::SocketAddr, sync::Arc, time::Duration};

use clap::Parser;
use sekisho_interceptor::{AuthLayer, PolicySet, Trust, Verifier, system_clock};
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/greeter/greeter.binpb"));

#[derive(Parser)]
struct Options {
    /// Where Sekisho is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    auth: String,
    /// Where to serve.
    #[arg(long, default_value = "127.0.0.1:50052")]
    listen: SocketAddr,
    /// Whose tokens are taken.
    #[arg(long, env = "SEKISHO_ISSUER", default_value = "http://localhost:8080")]
    issuer: String,
    /// For whom they have to be.
    #[arg(long, env = "SEKISHO_AUDIENCE", default_value = "sekisho-dev")]
    audience: String,
    /// The account of this service; that of `sekisho dev` unless set.
    #[arg(long, env = "SEKISHO_CLIENT_ID", default_value = "dev")]
    client_id: String,
    /// Its secret.
    #[arg(long, env = "SEKISHO_CLIENT_SECRET", hide_env_values = true, default_value = "sekisho-development-only")]
    client_secret: String,
    /// How long a call waits for what Sekisho says of its token, in milliseconds.
    #[arg(long, default_value_t = 250)]
    introspection_budget: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();

    // Follows keys and revocations from here on; waits for the first of them.
    let budget = Duration::from_millis(options.introspection_budget);
    let trust = Trust::at(options.auth).client(options.client_id, options.client_secret).introspection_budget(budget);
    let trust = Arc::new(trust.start()?);
    trust.ready(Duration::from_secs(30)).await?;

    // What greeter.proto says. A method that says nothing is an error.
    let policy = PolicySet::from_descriptors(DESCRIPTORS, &["greeter.v1.GreeterService"])?;
    let verifier = Verifier::new(options.issuer, options.audience);
    let auth = AuthLayer::new(verifier, trust.clone(), Arc::new(policy), system_clock())
        .revocations(trust.clone())
        .introspect_with(trust)
        .introspection_budget(budget);

    let listener = TcpListener::bind(options.listen).await?;
    let ready = serde_json::json!({ "event": "ready", "listen": listener.local_addr()?.to_string() });
    writeln!(std::io::stdout(), "{ready}")?;
    let server = Server::builder().layer(auth).add_service(service::server());
    Ok(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))).await?)
}
