//! Commands.

mod audit;
mod config;
mod descriptors;
mod keys;
mod open_files;
mod serve;
mod service;
mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    config::{Config, EXIT_CODE, Fault, Mode, Source},
    storage::sql::SqlStore,
    telemetry,
};

/// Signs people in over gRPC, gRPC-Web and REST.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// A TOML file with settings; the environment wins.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve on this machine, with nothing to configure: data in ./.sekisho,
    /// mails printed and kept in a mailbox.
    Dev,
    /// Serve as configured.
    Serve,
    /// Bring the database up to date.
    Migrate,
    /// The keys that sign access tokens.
    #[command(subcommand)]
    Keys(keys::Command),
    /// The services that have tokens of their own.
    #[command(subcommand)]
    Service(service::Command),
    /// The accounts of people.
    #[command(subcommand)]
    User(user::Command),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// The settings.
    #[command(subcommand)]
    Config(config::Command),
    /// Write the descriptor set of the API, which a proxy that transcodes wants.
    Descriptors {
        /// Where to; stdout without it.
        file: Option<PathBuf>,
    },
}

/// A command that did not do its work.
enum Failure {
    /// The settings are wrong.
    Config(Vec<Fault>),
    /// Anything else.
    Other(tower::BoxError),
}

impl<E: Into<tower::BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // One provider in the process; a second install is a test's.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outcome = run(&cli);
    telemetry::finish();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let source = Source::load(cli.config.as_deref());
    match &cli.command {
        Command::Dev => serve::dev(source),
        Command::Serve => serve::serve(&read_to_serve(Mode::Serve, &source)?),
        Command::Migrate => migrate(&read(Mode::Serve, &source)?),
        Command::Keys(command) => keys::run(command, &read(Mode::Serve, &source)?),
        Command::Service(command) => service::run(command, &read(Mode::Serve, &source)?),
        Command::User(command) => user::run(command, &read(Mode::Serve, &source)?),
        Command::Audit(command) => audit::run(command, &read(Mode::Serve, &source)?),
        Command::Config(command) => config::run(command, &source),
        Command::Descriptors { file } => descriptors::run(file.as_deref()),
    }
}

fn read(mode: Mode, source: &Source) -> Result<Config, Failure> {
    let config = Config::read(mode, source).map_err(Failure::Config)?;
    telemetry::start(&config.log, config.log_format, None)?;
    Ok(config)
}

/// The same for a service, which has traces.
fn read_to_serve(mode: Mode, source: &Source) -> Result<Config, Failure> {
    let config = Config::read(mode, source).map_err(Failure::Config)?;
    telemetry::start(&config.log, config.log_format, config.traces.as_ref())?;
    Ok(config)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn migrate(config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = SqlStore::open(&config.database, std::sync::Arc::default()).await?;
        let pending = store.pending_migrations().await?;
        store.migrate().await?;
        store.close().await;
        match pending.as_slice() {
            [] => println!("the database is up to date"),
            names => println!("migrated: {}", names.join(", ")),
        }
        Ok(())
    })
}

#[expect(clippy::print_stderr, reason = "logging may not have started")]
fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Config(faults) => {
            eprintln!("sekisho: the configuration has {} fault(s):", faults.len());
            for fault in faults {
                eprintln!("  {fault}");
            }
            ExitCode::from(EXIT_CODE)
        }
        Failure::Other(error) => {
            eprintln!("sekisho: {error}");
            ExitCode::FAILURE
        }
    }
}
