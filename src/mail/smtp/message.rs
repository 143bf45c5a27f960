//! A mail in the format of internet messages (RFC 5322).

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use crate::mail::{Cause, Mail, MailError};

/// The message, with the text and the HTML as alternatives.
pub(super) fn build(from: &Mailbox, mail: &Mail) -> Result<Message, MailError> {
    let to: Address = mail.to.parse().map_err(|_| MailError::Permanent(Cause::Address))?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject.clone())
        .message_id(None)
        .raw_header(auto_submitted())
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|_| MailError::Permanent(Cause::Format))
}

/// Asks out-of-office robots for silence (RFC 3834).
fn auto_submitted() -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(name, "auto-generated".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str, subject: &str) -> Mail {
        Mail { to: to.into(), subject: subject.into(), text: "text\n".into(), html: "<p>html".into(), code: None }
    }

    fn built(mail: &Mail) -> Result<String, MailError> {
        let from = "Sekisho <no-reply@example.com>".parse().unwrap();
        build(&from, mail).map(|message| String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn the_headers_that_a_mail_needs_are_there() {
        let message = built(&mail("taro@example.com", "Hello")).unwrap();
        for header in ["Message-ID: <", "Date: ", "From: Sekisho <no-reply@example.com>", "Auto-Submitted: "] {
            assert!(message.lines().any(|line| line.starts_with(header)), "{header} in {message}");
        }
    }

    #[test]
    fn an_address_cannot_bring_headers_or_commands_along() {
        for to in [
            "",
            "taro",
            "taro@example.com\r\nBcc: all@example.com",
            "taro@example.com\nBcc: all@example.com",
            "taro\r\n@example.com",
            "\"taro\r\nRCPT TO:<all@example.com>\"@example.com",
            "taro@example.com> RCPT TO:<all@example.com",
            "taro@example.com, all@example.com",
            "Taro <taro@example.com>",
            "taro@example.com\0",
        ] {
            let refused = built(&mail(to, "Hello"));
            assert_eq!(refused, Err(MailError::Permanent(Cause::Address)), "{to:?}");
        }
    }

    /// R73.
    #[test]
    fn a_subject_cannot_bring_headers_along() {
        let message = built(&mail("taro@example.com", "Hello\r\nBcc: all@example.com")).unwrap();
        assert!(!message.lines().any(|line| line.starts_with("Bcc")), "{message}");
    }
}
