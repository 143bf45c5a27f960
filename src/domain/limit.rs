//! The limits, by name.

use super::words::words;

words! {
    /// A limit that calls can run into; its rate and its budgets are elsewhere.
    Limit {
        /// Passwords presented for an account by clients that it does not know.
        LoginAccount = "login_account",
        /// The same by one client that it knows.
        LoginKnownClient = "login_known_client",
        /// Codes presented for an address.
        CodeGuessAddress = "code_guess_address",
        /// Passwords and codes presented from a network.
        GuessNetwork = "guess_network",
        /// Passwords and codes presented by a client.
        GuessClient = "guess_client",
        /// Codes mailed to an address at the wish of clients that it does not know.
        CodeAddress = "code_address",
        /// The same at the wish of one client that it knows.
        CodeKnownClient = "code_known_client",
        /// Codes mailed at the wish of a network.
        CodeNetwork = "code_network",
        /// Codes mailed at the wish of a client.
        CodeClient = "code_client",
        /// Codes mailed at all.
        CodeAll = "code_all",
        /// Secrets presented for a service from a network.
        ServiceSecret = "service_secret",
        /// Calls with a certificate that is no service's.
        ServiceCertificate = "service_certificate",
        /// Passwords judged for a network before they are chosen.
        PasswordCheck = "password_check",
        /// Subscribers of the feed at once.
        FeedSubscribers = "feed_subscribers",
    }
}
