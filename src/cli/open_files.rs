//! How many files, and with them connections, the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For stores, logs, the operations listener and what else is not a connection.
const OTHERS: u64 = 1024;

/// Raises the limit as far as this user may, and returns how many of so many
/// connections there is room for.
pub(super) fn room_for(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files was not raised");
            limit.current
        }
    };
    let Some(files) = current else { return connections };
    // Half of a limit that is too low for all is still for connections.
    let room = usize::try_from(files.saturating_sub(OTHERS).max(files / 2)).unwrap_or(usize::MAX);
    if room < connections {
        tracing::warn!(room, connections, "fewer connections than SEKISHO_MAX_CONNECTIONS: too few files may be open");
    }
    room.min(connections)
}
