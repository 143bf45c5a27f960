//! `sekisho dev` and `sekisho serve`.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use super::{Failure, open_files, read_to_serve, runtime};
use crate::{
    app::{App, World},
    config::{Config, Mode, Source},
    entropy::{Entropy, SystemEntropy},
    telemetry,
};

const DATA: &str = ".sekisho";
/// For what runs on threads of its own when all else has ended.
const LAST: Duration = Duration::from_secs(2);

pub(super) fn dev(mut source: Source) -> Result<(), Failure> {
    let data = Path::new(DATA);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    if !source.is_set("SEKISHO_SECRET") {
        source.set_default("SEKISHO_SECRET", &kept_secret(data)?);
    }
    serve(&read_to_serve(Mode::Dev, &source)?)
}

pub(super) fn serve(config: &Config) -> Result<(), Failure> {
    let mut config = config.clone();
    config.transport.max_connections = open_files::room_for(config.transport.max_connections);
    let runtime = runtime()?;
    let ended = runtime.block_on(until_a_signal(&config));
    // What is still read from a disk that does not answer is not waited for.
    runtime.shutdown_timeout(LAST);
    ended
}

async fn until_a_signal(config: &Config) -> Result<(), Failure> {
    let mut signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let app = tokio::select! {
        started = App::start(config, World::default()) => started?,
        () = received(&mut signals) => {
            tracing::info!("stopped before it was ready");
            return Ok(());
        }
    };
    announce(&app)?;
    received(&mut signals).await;
    tracing::info!("stopping; a second signal stops at once");
    tokio::select! {
        () = app.stop() => Ok(()),
        () = received(&mut signals) => {
            telemetry::finish();
            std::process::exit(130)
        }
    }
}

async fn received([terminate, interrupt]: &mut [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// The first and only line on stdout, for whoever started us.
fn announce(app: &App) -> std::io::Result<()> {
    let mut ready = json!({"event": "ready", "listen": app.listen.to_string(), "ops": app.ops_listen.to_string()});
    if let Some(authz) = app.authz_listen {
        ready["authz"] = authz.to_string().into();
    }
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{ready}")?;
    stdout.flush()
}

/// The secret of this checkout; made at the first start, readable by its owner.
fn kept_secret(data: &Path) -> Result<Zeroizing<String>, Failure> {
    let file = data.join("secret");
    if let Ok(text) = fs::read_to_string(&file) {
        return Ok(Zeroizing::new(text.trim().to_owned()));
    }
    let entropy: &dyn Entropy = &SystemEntropy;
    let secret = Zeroizing::new(BASE64.encode(Zeroizing::new(entropy.bytes::<32>())));
    let mut created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
    writeln!(created, "{}", *secret)?;
    created.sync_all()?;
    Ok(secret)
}
