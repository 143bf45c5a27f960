//! Opening a SQLite file.

use std::{io, path::Path, time::Duration};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Pools, Result, StoreError, unavailable};

/// How long a write waits for its turn before the store counts as down.
pub(super) const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// File systems on which the locks of another machine are not seen, or memory
/// is not shared, by what statfs(2) calls them.
const NETWORK: [(u32, &str); 11] = [
    (0x6969, "NFS"),
    (0xFF53_4D42, "SMB/CIFS"),
    (0xFE53_4D42, "SMB/CIFS"),
    (0x517B, "SMB/CIFS"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
    (0x0BD0_0BD0, "Lustre"),
    (0x0116_1970, "GFS2"),
    (0x7461_636F, "OCFS2"),
];

pub(super) async fn open(file: &Path) -> Result<Pools> {
    keep_private(file).and_then(|()| refuse_network(file)).map_err(|error| StoreError::Unavailable(error.into()))?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(BUSY);
    let writer = pool(1).min_connections(1).connect_with(options.clone()).await.map_err(unavailable)?;
    let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(unavailable)?;
    Ok(Pools::Sqlite { writer, readers })
}

/// Makes the file, if it is not there, readable by its owner only; SQLite gives
/// the files beside it the same mode.
fn keep_private(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop)
}

/// Two machines that write one file destroy it.
fn refuse_network(file: &Path) -> io::Result<()> {
    match network(rustix::fs::statfs(file)?.f_type) {
        None => Ok(()),
        Some(name) => {
            let problem = format!("{} is on a network file system ({name}), which SQLite cannot share", file.display());
            Err(io::Error::new(io::ErrorKind::Unsupported, problem))
        }
    }
}

/// The name of a network file system.
fn network(kind: rustix::fs::FsWord) -> Option<&'static str> {
    NETWORK.iter().find(|(number, _)| rustix::fs::FsWord::from(*number) == kind).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_this_machine_are_taken_and_those_of_a_network_are_known_by_name() {
        refuse_network(tempfile::NamedTempFile::new().unwrap().path()).unwrap();
        // As linux/magic.h has them.
        for (kind, name) in [(0x6969, "NFS"), (0xFF53_4D42, "SMB/CIFS"), (0x0102_1997, "9p"), (0x6573_5546, "FUSE")] {
            assert_eq!(network(kind), Some(name));
        }
        for local in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1] {
            assert_eq!(network(local), None, "ext4, XFS, Btrfs, tmpfs, overlay and ZFS are local");
        }
    }
}
