//! What `sekisho audit` prints for people. Whatever comes out of a row is escaped: it
//! may have been put there to be seen on a terminal.

use std::fmt::Write;

use crate::{
    audit::{report::Report, verify::Verified},
    storage::{audit::AuditRow, audit_chain::Point},
};

/// One line.
pub(super) fn event(row: &AuditRow) -> String {
    let fields = [
        ("user", row.user_id.map(|id| id.to_string())),
        ("session", row.session_id.map(|id| id.to_string())),
        ("client", row.client_id.clone()),
        ("from", row.address.clone()),
        ("request", Some(row.request_id.clone())),
    ];
    let mut line = format!("{}  {}  {:<24}", row.seq, row.at.with_micros(), row.kind.escape_default().to_string());
    for (name, value) in fields {
        let Some(value) = value else { continue };
        // Writing to a string does not fail.
        let _ = write!(line, "  {name}={}", value.escape_default());
    }
    line
}

/// What was found, where nothing is wrong.
pub(super) fn verified(verified: &Verified, noted: Option<&Point>) -> String {
    let chain = &verified.chain;
    let mut text = format!("{} events are what was sealed", verified.events);
    let mut line = |line: std::fmt::Arguments<'_>| _ = write!(text, "\n{line}");
    line(format_args!("the chain began at {} and ends at", chain.begun_at));
    line(format_args!("{}:{}", chain.last.number, hex::encode(chain.last.hash)));
    if chain.removed.number > 0 {
        line(format_args!("{} events before them were removed for their age", chain.removed.number));
    }
    if verified.unsealed > 0 {
        line(format_args!("{} events are not sealed yet", verified.unsealed));
    }
    if verified.late > 0 {
        line(format_args!("{} events were sealed more than a minute after they say that they happened", verified.late));
    }
    if verified.unchecked_seals > 0 {
        line(format_args!(
            "{} seals are under secrets that are gone; the end covers what they did",
            verified.unchecked_seals
        ));
    }
    if let Some(noted) = noted {
        let found = if verified.is_noted_there { "is in the chain" } else { "was removed for its age" };
        line(format_args!("the link that was noted, {}, {found}", noted.number));
    }
    text.push('\n');
    text
}

/// A day in numbers.
pub(super) fn report(report: &Report) -> String {
    let numbers = [
        ("events", report.events),
        ("sign-ups", report.sign_ups),
        ("logins", report.logins),
        ("failed logins", report.failed_logins),
        ("password resets", report.password_resets),
        ("refresh tokens reused", report.refresh_tokens_reused),
        ("sessions evicted", report.sessions_evicted),
    ];
    let mut text = format!("{} (UTC)\n", report.day);
    let mut line = |line: std::fmt::Arguments<'_>| _ = writeln!(text, "{line}");
    for (name, number) in numbers {
        line(format_args!("{number:>10}  {name}"));
    }
    line(format_args!("by kind"));
    for (kind, number) in &report.kinds {
        line(format_args!("{number:>10}  {}", kind.escape_default()));
    }
    line(format_args!("by network: failed logins, events"));
    for network in &report.networks {
        line(format_args!("{:>10} {:>10}  {}", network.failed_logins, network.events, network.network));
    }
    text
}
