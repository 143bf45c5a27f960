use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What the log writes when somebody sends `text`, wherever a text may stand.
fn logged(format: LogFormat, text: &str) -> String {
    let written = Written::default();
    let to = written.clone();
    let subscriber = tracing_subscriber::registry().with(lines(format, false, move || to.clone()));
    tracing::subscriber::with_default(subscriber, || {
        tracing::warn!(request_id = text, error = %text, debug = ?text, number = 7, "{text}");
    });
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn in_json(text: &str) {
    let line = logged(LogFormat::Json, text);
    assert_eq!(line.chars().filter(|char| json::is_obeyed(*char)).collect::<String>(), "\n", "{line:?}");
    let line: Value = serde_json::from_str(&line).unwrap();
    let fields = line.as_object().unwrap();
    let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["debug", "error", "level", "message", "number", "request_id", "target", "timestamp"]);
    assert_eq!((&line["level"], &line["number"]), (&"WARN".into(), &7.into()));
    for name in ["request_id", "error", "message"] {
        assert_eq!(line[name], text, "{name}");
    }
}

/// A reader of `name=value`, `name="quoted \" value"`.
fn fields_of(mut rest: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while let Some((name, value)) = rest.split_once('=') {
        let (value, after) = match value.strip_prefix('"') {
            None => value.split_once(' ').unwrap_or((value, "")),
            Some(quoted) => {
                let mut is_escaped = false;
                let end = quoted.find(|char| {
                    let is_end = char == '"' && !is_escaped;
                    is_escaped = char == '\\' && !is_escaped;
                    is_end
                });
                let (value, after) = quoted.split_at(end.expect("a closing quote"));
                (value, after[1..].strip_prefix(' ').unwrap_or(""))
            }
        };
        fields.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    assert_eq!(rest, "");
    fields
}

fn in_pretty(text: &str) {
    // The message is ours; what is put into it must not be a line.
    let line = logged(LogFormat::Pretty, text);
    assert_eq!(line.chars().filter(|char| json::is_obeyed(*char)).collect::<String>(), "\n", "{line:?}");
    // A message of nothing but a caller's text does not happen: fields are looked for behind it.
    let at = line.rfind("request_id=").filter(|_| !text.contains("request_id="));
    if let Some(at) = at {
        let fields = fields_of(line[at..].trim_end_matches('\n'));
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["request_id", "error", "debug", "number"], "{line:?}");
        assert_eq!(fields[3].1, "7");
    }
}

/// What forgers try.
const FORGERIES: &[&str] = &[
    "a\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
    "a\r\n2026-01-01T00:00:00Z  WARN forged",
    "a\",\"level\":\"ERROR",
    "a\\",
    "a\" admin=true",
    "a admin=true",
    "\u{1b}[2J\u{1b}[31mred",
    "\u{9b}2J",
    "\u{7f}\u{0}\u{8}\u{8}\u{8}",
    "\u{2028}forged",
    "\u{202e}backwards",
    "",
];

/// R73.
#[test]
fn no_forgery_makes_a_line_or_a_field() {
    for text in FORGERIES {
        in_json(text);
        in_pretty(text);
    }
}

proptest! {
    /// R73.
    #[test]
    fn no_text_makes_a_line_or_a_field(text in "(?s).{0,64}") {
        in_json(&text);
        in_pretty(&text);
    }

    /// R73. The same of characters that mean something.
    #[test]
    fn no_text_of_meaning_makes_a_line_or_a_field(text in "[\\x00-\\x20\\x7f-\\u{9f}\"\\\\=,:{}a\\u{2028}\\u{202e}]{0,24}") {
        in_json(&text);
        in_pretty(&text);
    }
}
