//! An event as a line of JSON: the format of `sekisho audit export`.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;
use uuid::Uuid;

use crate::storage::audit::AuditRow;

/// What stands in a line; members are only ever added.
#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    at: String,
    kind: &'a str,
    user_id: Option<Uuid>,
    session_id: Option<Uuid>,
    client_id: Option<&'a str>,
    mailbox: Option<String>,
    ip_address: Option<&'a str>,
    request_id: &'a str,
}

/// One object on one line, without the end of the line. Nothing but printable ASCII:
/// whatever a field holds, it neither ends the line nor moves a terminal's cursor nor
/// turns the direction of its text.
pub fn line(row: &AuditRow) -> serde_json::Result<String> {
    json(&Line {
        id: row.seq,
        at: row.at.with_micros(),
        kind: &row.kind,
        user_id: row.user_id,
        session_id: row.session_id,
        client_id: row.client_id.as_deref(),
        mailbox: row.mailbox.as_ref().map(hex::encode),
        ip_address: row.address.as_deref(),
        request_id: &row.request_id,
    })
}

/// JSON in printable ASCII.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Vec::with_capacity(256);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Ascii))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

struct Ascii;

impl Formatter for Ascii {
    /// Of a string, what JSON does not ask to be escaped.
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    /// R73.
    #[test]
    fn nothing_in_a_field_leaves_its_string() {
        let hostile = "\r\n{\"id\":1}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{2028}\u{7f}\0\"\\ 山𝄞";
        let row = AuditRow {
            seq: 1,
            at: Timestamp::from_micros(1_800_000_000_000_001),
            kind: hostile.into(),
            user_id: None,
            session_id: None,
            client_id: Some(hostile.into()),
            mailbox: Some(vec![0, 255]),
            address: Some(hostile.into()),
            request_id: hostile.into(),
        };
        let line = line(&row).unwrap();
        assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
        assert!(line.contains(r#"\r\n{\"id\":1}\u001b[2J\u009b31m\u202e\u2066\u2028\u007f\u0000"#), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        for member in ["kind", "client_id", "ip_address", "request_id"] {
            assert_eq!(read[member], hostile, "{member}");
        }
        assert_eq!((&read["at"], &read["mailbox"]), (&"2027-01-15T08:00:00.000001Z".into(), &"00ff".into()));
    }
}
