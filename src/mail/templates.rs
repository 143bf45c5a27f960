//! What the mails say, in every language, as text and as HTML.
//!
//! The texts are in `templates/mail/LANGUAGE.{txt,html}` and one file per message in
//! `templates/mail/LANGUAGE/`; the compiler checks them.

mod account;
mod readable;

use std::net::IpAddr;

use askama::Template;

use self::readable::{minute, one_line};
use super::Mail;
use crate::domain::{Notice, NoticeKind, locale::Locale, notice::AccountNews};

/// What a mail tells its reader.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// The code that proves the mailbox of a new account.
    SignupCode {
        /// Six digits.
        code: String,
        /// How long the code lives.
        minutes: u32,
    },
    /// The code that lets its reader choose another password.
    ResetCode {
        /// Six digits.
        code: String,
        /// How long the code lives.
        minutes: u32,
    },
    /// The code that proves the mailbox that an account is to move to.
    EmailChangeCode {
        /// Six digits.
        code: String,
        /// How long the code lives.
        minutes: u32,
    },
    /// Somebody tried to sign up with an address that has an account.
    AlreadyRegistered,
    /// A spent refresh token came back: the session may be stolen, and has ended.
    SessionEnded {
        /// When, in RFC 3339.
        at: String,
        /// The device of the session, as it named itself: hostile until escaped.
        device: String,
        /// The IP address that the token came back from.
        address: String,
    },
    /// Something of the account changed, or was tried.
    Account {
        /// What.
        what: AccountNews,
        /// When, in RFC 3339.
        at: String,
        /// The device that did it, as it named itself: hostile until escaped.
        device: String,
        /// Its IP address.
        address: String,
    },
}

impl From<&Notice> for Message {
    fn from(notice: &Notice) -> Self {
        let at = notice.at.to_string();
        let text = |address: &Option<IpAddr>| address.map(|address| address.to_string()).unwrap_or_default();
        match &notice.kind {
            NoticeKind::SessionEnded { device, address } => {
                Self::SessionEnded { at, device: device.as_str().to_owned(), address: text(address) }
            }
            NoticeKind::Account { what, device, address } => {
                Self::Account { what: *what, at, device: device.as_str().to_owned(), address: text(address) }
            }
        }
    }
}

/// Writes a mail to `to`, which is not checked here but by the mailer.
pub fn compose(to: &str, message: &Message, locale: Locale) -> Mail {
    let message = &shown(message);
    let (text, html) = match locale {
        Locale::En => (EnText { message }.to_string(), EnHtml { message }.to_string()),
        Locale::Ja => (JaText { message }.to_string(), JaHtml { message }.to_string()),
    };
    Mail {
        to: to.to_owned(),
        subject: subject(message, locale).to_owned(),
        text,
        html,
        code: code(message).map(str::to_owned),
    }
}

fn subject(message: &Message, locale: Locale) -> &'static str {
    let (english, japanese) = match message {
        Message::SignupCode { .. } => ("Your Sekisho verification code", "【Sekisho】認証コードのお知らせ"),
        Message::ResetCode { .. } => {
            ("Your Sekisho password reset code", "【Sekisho】パスワード再設定コードのお知らせ")
        }
        Message::EmailChangeCode { .. } => {
            ("Confirm your new Sekisho e-mail address", "【Sekisho】新しいメールアドレスの確認")
        }
        Message::Account { what, .. } => return account::subject(what, locale),
        Message::AlreadyRegistered => {
            ("You already have a Sekisho account", "【Sekisho】アカウントはすでに登録されています")
        }
        Message::SessionEnded { .. } => {
            ("Security alert: a Sekisho session was ended", "【Sekisho】重要：セッションを終了しました")
        }
    };
    match locale {
        Locale::En => english,
        Locale::Ja => japanese,
    }
}

fn code(message: &Message) -> Option<&str> {
    match message {
        Message::SignupCode { code, .. } | Message::ResetCode { code, .. } | Message::EmailChangeCode { code, .. } => {
            Some(code)
        }
        Message::AlreadyRegistered | Message::SessionEnded { .. } | Message::Account { .. } => None,
    }
}

/// The message with strangers' words made harmless and times made readable.
fn shown(message: &Message) -> Message {
    match message {
        Message::SessionEnded { at, device, address } => {
            Message::SessionEnded { at: minute(at), device: one_line(device), address: one_line(address) }
        }
        Message::Account { what, at, device, address } => {
            Message::Account { what: *what, at: minute(at), device: one_line(device), address: one_line(address) }
        }
        other => other.clone(),
    }
}

#[derive(Template)]
#[template(path = "mail/en.txt")]
struct EnText<'a> {
    message: &'a Message,
}

#[derive(Template)]
#[template(path = "mail/en.html")]
struct EnHtml<'a> {
    message: &'a Message,
}

#[derive(Template)]
#[template(path = "mail/ja.txt")]
struct JaText<'a> {
    message: &'a Message,
}

#[derive(Template)]
#[template(path = "mail/ja.html")]
struct JaHtml<'a> {
    message: &'a Message,
}

#[cfg(test)]
mod tests;
