//! Lines for machines.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::telemetry::traces;

/// The line of another format, one JSON object, with the trace that it belongs to. JSON
/// lets some control characters stand as they are, which a terminal may obey: none does here.
pub(super) struct Line<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Line<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let object = line.trim_end();
        match (object.strip_suffix('}'), traces::current()) {
            (Some(open), Some((trace, span))) => {
                escaped(open, &mut to)?;
                writeln!(to, ",\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}")
            }
            _ => {
                escaped(object, &mut to)?;
                to.write_char('\n')
            }
        }
    }
}

/// Control characters only stand in strings, where `\u` may stand for them.
fn escaped(text: &str, to: &mut Writer<'_>) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(is_obeyed) {
        let (before, after) = rest.split_at(at);
        let mut after = after.chars();
        to.write_str(before)?;
        write!(to, "\\u{:04x}", after.next().map_or(0, u32::from))?;
        rest = after.as_str();
    }
    to.write_str(rest)
}

/// All of the basic plane: four digits are enough.
pub(super) fn is_obeyed(char: char) -> bool {
    // Ends of lines of Unicode, and what turns the direction of a text around (CVE-2021-42574).
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
