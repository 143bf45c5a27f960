//! The keys on disk, for a start while the issuer is away.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};

use crate::strict_json::{self, Limits};

const MAX_BYTES: u64 = 1024 * 1024;
/// How far the clock may have been ahead when the file was written.
const SKEW: i64 = 300;

/// What [`write`] wrote, and how old it is at `now`. `None`: there is nothing of use.
pub(crate) fn read(path: &Path, now: i64) -> Option<(Value, Duration)> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    let file = strict_json::parse(&bytes, Limits::TOKEN).ok()?;
    let saved_at = file.get("saved_at")?.as_i64()?;
    let jwks = file.get("jwks")?.clone();
    let age = now.checked_sub(saved_at).filter(|age| *age >= -SKEW)?;
    Some((jwks, Duration::from_secs(u64::try_from(age).unwrap_or(0))))
}

/// Replaces the file at once, readable by its owner alone: whoever could write to it
/// could sign.
pub(crate) fn write(path: &Path, jwks: &Value, now: i64) -> io::Result<()> {
    let text = json!({ "saved_at": now, "jwks": jwks }).to_string();
    let beside = beside(path);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}
