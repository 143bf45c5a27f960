//! `sekisho descriptors`.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
};

use super::Failure;
use crate::proto::DESCRIPTORS;

/// Writes the descriptor set (`google.protobuf.FileDescriptorSet`, with all
/// imports) of this release to a file, or to stdout.
pub(super) fn run(file: Option<&Path>) -> Result<(), Failure> {
    let Some(file) = file else {
        let mut stdout = std::io::stdout().lock();
        if stdout.is_terminal() {
            return Err("they are bytes: name a file, or redirect the output into one".into());
        }
        stdout.write_all(DESCRIPTORS)?;
        return Ok(stdout.flush()?);
    };
    fs::write(file, DESCRIPTORS).map_err(|error| format!("{}: {}", file.display(), error.kind()).into())
}
