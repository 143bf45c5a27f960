//! The table of kinds in docs/audit.md.

use std::fmt::Write;

use crate::domain::EventKind;

/// Every kind: its word, what it means, where it is found.
pub fn kinds() -> String {
    let mut table = "| kind | what happened | row | shown to its person |\n|---|---|---|---|\n".to_owned();
    for kind in EventKind::ALL {
        let row = if kind.is_routine() { "no" } else { "yes" };
        let shown = if kind.is_shown_to_its_person() { "yes" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(table, "| `{}` | {} | {row} | {shown} |", kind.as_str(), kind.meaning());
    }
    table
}
