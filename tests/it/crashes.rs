//! kill -9 in the middle of refreshes, logouts and password resets, of a service
//! ([`service`]), of one of two ([`pair`]) and of a store ([`store`]): what was
//! acknowledged stays, a token has one successor, an account one password, and nobody
//! is stuck.
//!
//! The short form runs with the other tests; for a long one set
//! `SEKISHO_TEST_KILLS` to a number of kills for each test.

mod client;
mod pair;
mod password;
mod service;
mod store;
mod work;

use std::path::Path;

use crate::support::{process::dev_settings, stack::Stack};

/// How often to kill.
fn kills() -> usize {
    let kills = std::env::vars().find(|(name, _)| name == "SEKISHO_TEST_KILLS");
    kills.map_or(3, |(_, number)| number.parse().expect("a number"))
}

/// The settings of a process on the stores that belong to a folder.
async fn settings(stack: Stack, folder: &Path) -> Vec<(&'static str, String)> {
    let mut settings = dev_settings();
    settings.extend(stack.settings(folder).await);
    settings.extend([
        ("SEKISHO_SECRET", crate::support::app::SECRET.to_owned()),
        // However slow the machine is, a retry is one.
        ("SEKISHO_REFRESH_GRACE", "300".to_owned()),
        // A login that fails for lack of a store may count as a failed one.
        ("SEKISHO_LIMIT_LOGIN", "100000/300".to_owned()),
        // Each reset takes a code.
        ("SEKISHO_LIMIT_CODE", "100000/300".to_owned()),
        ("SEKISHO_LIMIT_CLIENT", "100000/300".to_owned()),
        ("SEKISHO_LIMIT_MAIL", "100000/60".to_owned()),
        ("SEKISHO_MAX_SESSIONS", "0".to_owned()),
    ]);
    settings
}
