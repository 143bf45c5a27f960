//! Lines for people.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

use super::json::is_obeyed;
use crate::telemetry::traces;

/// The message, then `name=value`. A value is quoted unless it is one plain word, so that
/// none looks like a field of its own.
pub(super) struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, mut to: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { to: &mut to, is_empty: true, done: Ok(()) };
        fields.record(&mut line);
        if let Some((trace, _)) = traces::current() {
            line.add("trace_id", &trace.to_string());
        }
        line.done
    }
}

struct Line<'a, 'writer> {
    to: &'a mut Writer<'writer>,
    is_empty: bool,
    done: fmt::Result,
}

impl Line<'_, '_> {
    fn add(&mut self, name: &str, text: &str) {
        let space = if std::mem::take(&mut self.is_empty) { "" } else { " " };
        let written = match name {
            "message" => write!(self.to, "{space}{}", Escaped(text)),
            _ if is_plain(text) => write!(self.to, "{space}{name}={text}"),
            _ => write!(self.to, "{space}{name}=\"{}\"", Escaped(&text.replace('\\', "\\\\").replace('"', "\\\""))),
        };
        self.done = self.done.and(written);
    }
}

impl Visit for Line<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field.name(), &format!("{value:?}"));
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || "-_.:/+@%,".contains(char))
}

/// A text of which no character is obeyed by a terminal.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| {
            if is_obeyed(char) { write!(f, "{}", char.escape_default()) } else { f.write_char(char) }
        })
    }
}
