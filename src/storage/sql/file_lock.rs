//! One process at a time serves from a SQLite file.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
};

use super::Location;

/// Held for as long as a process serves from a SQLite file; the kernel takes it
/// back from one that is killed. Commands that look and go do without.
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock, or says who cannot serve. A server is for many: it needs
    /// none.
    pub fn take(location: &Location) -> io::Result<Option<Self>> {
        let Location::Sqlite(file) = location else { return Ok(None) };
        // However the file is called, its lock is one. Not the file itself:
        // closing that would take SQLite's own locks from it.
        let mut path = OsString::from(fs::canonicalize(file).unwrap_or_else(|_| file.clone()));
        path.push(".lock");
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { _file: lock })),
            Err(TryLockError::WouldBlock) => {
                let problem = format!("another process serves from {}; a SQLite file is for one", file.display());
                Err(io::Error::new(io::ErrorKind::WouldBlock, problem))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
