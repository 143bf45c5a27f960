//! `sekisho keys`.

use clap::Subcommand;

use super::{Failure, runtime};
use crate::{
    app::{self, World},
    config::Config,
    crypto::keyring::{PUBLISHED_AHEAD, Stage},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List them: id, algorithm, stage, when it signs from.
    List,
    /// Add the key that signs next. Running servers publish it within a minute,
    /// and sign with it from ten minutes on.
    Rotate,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(command: &Command, config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = crate::stores::open_sql(config, &std::sync::Arc::default()).await?;
        let keyring = app::keyring(config, &World::default(), &store)?;
        match command {
            Command::List => {
                for (key, stage) in keyring.list().await? {
                    println!("{}  {}  {:<9}  signs from {}", key.kid, key.alg, word(stage), key.active_at);
                }
            }
            Command::Rotate => match keyring.rotate().await? {
                Some(key) => println!("{} signs from {}", key.kid, key.active_at),
                None => {
                    let minutes = PUBLISHED_AHEAD.as_secs() / 60;
                    return Err(format!("a key is waiting already; it signs within {minutes} minutes").into());
                }
            },
        }
        store.close().await;
        Ok(())
    })
}

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Published => "published",
        Stage::Active => "active",
        Stage::Retiring => "retiring",
        Stage::Retired => "retired",
    }
}
