//! `sekisho config`.

use clap::Subcommand;

use super::{Failure, read};
use crate::config::{Mode, Source, print};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check the settings of `serve`, and list every fault.
    Check,
    /// Print the settings that `serve` would use; secrets are not shown.
    Print,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) fn run(command: &Command, source: &Source) -> Result<(), Failure> {
    match command {
        Command::Check => {
            read(Mode::Serve, source)?;
            println!("the configuration is valid");
        }
        Command::Print => print!("{}", print(Mode::Serve, source)),
    }
    Ok(())
}
