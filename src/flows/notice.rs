//! What a person is told of the account.

use super::Call;
use crate::domain::{Account, Notice, NoticeKind, Timestamp, notice::AccountNews};

/// To the account's mailbox: what happened, when, and from where.
pub fn of(call: &Call, account: &Account, what: AccountNews, now: Timestamp) -> Notice {
    let kind = NoticeKind::Account { what, device: call.user_agent.device(), address: call.origin.address };
    Notice { at: now, to: account.email.clone(), locale: account.locale, kind }
}
