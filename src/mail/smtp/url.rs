//! The server's URL, read more strictly than lettre does.

use lettre::{
    AsyncSmtpTransport, Tokio1Executor,
    transport::smtp::{self, AsyncSmtpTransportBuilder},
};

/// What is wrong with the settings; never quotes them, as the URL has the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpConfigError {
    /// The URL is not one of a mail server.
    #[error("not a URL like smtps://user:pass@host:port or smtp://host:port?tls=required")]
    Url,
    /// Something other than a known `tls` follows the question mark.
    #[error("after the question mark only tls=required or tls=opportunistic, with smtps:// only tls=required")]
    Query,
    /// The URL has a user and no password, or characters in them that need encoding.
    #[error("user and password go together, with special characters percent-encoded")]
    Credentials,
    /// The system's trusted certificates cannot be read.
    #[error("the trusted certificates of the system cannot be loaded")]
    Certificates,
    /// The sender is not a mailbox.
    #[error("the sender is not an address like no-reply@example.com or Name <no-reply@example.com>")]
    From,
}

/// The transport that a URL asks for.
pub(super) fn builder(url: &str) -> Result<AsyncSmtpTransportBuilder, SmtpConfigError> {
    let (scheme, rest) = url.split_once("://").ok_or(SmtpConfigError::Url)?;
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    check_place(place)?;
    check_query(scheme, query)?;
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| config_error(&error))
}

/// Refuses what lettre would drop in silence: a user without a password, and whatever
/// follows a `#`.
fn check_place(place: &str) -> Result<(), SmtpConfigError> {
    let authority = place.split('/').next().unwrap_or_default();
    let half = authority.rsplit_once('@').is_some_and(|(user, _)| !user.contains(':'));
    if half || place.contains('#') { Err(SmtpConfigError::Credentials) } else { Ok(()) }
}

/// Refuses what lettre would ignore, as a misspelt `tls` would mean no TLS.
fn check_query(scheme: &str, query: Option<&str>) -> Result<(), SmtpConfigError> {
    match (scheme, query) {
        ("smtp" | "smtps", None | Some("tls=required")) | ("smtp", Some("tls=opportunistic")) => Ok(()),
        ("smtp" | "smtps", Some(_)) => Err(SmtpConfigError::Query),
        _ => Err(SmtpConfigError::Url),
    }
}

fn config_error(error: &smtp::Error) -> SmtpConfigError {
    if error.is_tls() { SmtpConfigError::Certificates } else { SmtpConfigError::Url }
}

#[cfg(test)]
mod tests {
    use super::{SmtpConfigError::*, *};

    #[test]
    fn the_documented_urls_are_taken() {
        for url in [
            "smtp://localhost",
            "smtp://127.0.0.1:1025",
            "smtp://[::1]:1025",
            "smtp://user:p%40ss@mail.example.com:587?tls=required",
            "smtp://user:pass@mail.example.com/ehlo.example.com?tls=opportunistic",
            "smtps://user%40example.com:pass@mail.example.com",
            "smtps://mail.example.com?tls=required",
        ] {
            assert!(builder(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_would_be_misread_is_refused() {
        for (url, wanted) in [
            ("", Url),
            ("mail.example.com:25", Url),
            ("http://mail.example.com", Url),
            ("SMTPS://mail.example.com", Url),
            ("smtp://", Url),
            ("smtp://host:port", Url),
            ("smtp://host?tls=require", Query),
            ("smtp://host?TLS=required", Query),
            ("smtp://host?tls=none", Query),
            ("smtp://host?timeout=3&tls=required", Query),
            ("smtps://host?tls=opportunistic", Query),
            ("smtp://user@host", Credentials),
            ("smtp://user:12#34@host", Credentials),
            ("smtp://host#?tls=required", Credentials),
            ("smtp://user:a?b@host", Query),
        ] {
            assert_eq!(builder(url).err(), Some(wanted), "{url}");
        }
    }
}
