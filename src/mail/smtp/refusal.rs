//! Whether a mail that was not taken may be taken later.

use std::{error::Error as _, io, iter};

use lettre::transport::smtp;

use crate::mail::{Cause, MailError};

/// Without a better word, these are about the recipient (RFC 5321, section 4.2.3; RFC 7504). 553
/// is more often about the sender.
const ABOUT_RECIPIENT: [u16; 3] = [550, 551, 556];

/// The reply decides; of its text nothing is kept but that. What is about us, such as a password
/// or a reputation, is mended for all mails, and so is a refused connection.
pub(super) fn mail_error(error: &smtp::Error) -> MailError {
    let cause = if let Some(code) = error.status() {
        Cause::Reply(code.into())
    } else if error.is_timeout() {
        Cause::TimedOut
    } else if error.is_tls() || is_of_handshake(error) {
        Cause::Tls
    } else if error.is_client() || error.is_response() {
        Cause::Unsupported
    } else {
        Cause::Connection
    };
    match cause {
        Cause::Reply(code) if error.is_permanent() && is_about_recipient(code, &text(error)) => {
            MailError::Permanent(cause)
        }
        _ => MailError::Transient(cause),
    }
}

fn text(error: &smtp::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

fn is_about_recipient(code: u16, text: &str) -> bool {
    match enhanced(text) {
        // RFC 3463, section 3.2: the address. 7 and 8 are the sender's, and 0 may be.
        Some([5, 1, detail]) => !matches!(detail, 0 | 7 | 8),
        // So Exchange Online says that there is no such recipient.
        Some([5, 4, 1]) => code == 550,
        // Section 3.3: a mailbox that takes nothing. One that is full may take something later.
        Some([5, 2, detail]) => detail == 1,
        Some(_) => false,
        None => ABOUT_RECIPIENT.contains(&code),
    }
}

/// The status code that the text of a reply begins with (RFC 2034).
fn enhanced(text: &str) -> Option<[u16; 3]> {
    let parts: Option<Vec<u16>> = text.split_whitespace().next()?.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

/// To lettre a handshake that failed is a connection that failed.
fn is_of_handshake(error: &smtp::Error) -> bool {
    let mut causes = iter::successors(error.source(), |&cause| cause.source());
    causes.any(|cause| {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.is_some_and(|inner| inner.is::<rustls::Error>())
    })
}
