//! What the comments of the proto say, in a form of their own: CONTRIBUTING.md has the
//! rules.

use prost_reflect::{FileDescriptor, MethodDescriptor, ServiceDescriptor};
use serde_json::{Map, Value as Json, json};

use crate::error::Reason;

/// The comment before what is at `path` in a file; paragraphs are kept, lines are not.
pub(super) fn of(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let text = location.map_or("", |location| location.leading_comments());
    let paragraphs: Vec<String> = text.split("\n\n").map(unwrapped).collect();
    paragraphs.join("\n\n")
}

fn unwrapped(paragraph: &str) -> String {
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is said of an RPC.
pub(super) struct OfRpc {
    /// What it does, the first sentence by itself.
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) reasons: Vec<Reason>,
    /// The HTTP status of a success.
    pub(super) success: u16,
}

impl OfRpc {
    pub(super) fn read(rpc: &MethodDescriptor) -> Self {
        let text = of(&rpc.parent_file(), rpc.path());
        let (told, reasons) = text.split_once("Reasons: ").unwrap_or((&text, ""));
        let (does, who) = told.split_once("Who: ").unwrap_or((told, ""));
        let summary = does.split_inclusive(". ").next().unwrap_or(does).trim().trim_end_matches('.').to_owned();
        let description = match who.trim() {
            "" => does.trim().to_owned(),
            who => format!("{}\n\nWho may call it: {who}", does.trim()),
        };
        let mut all = named_reasons(reasons);
        all.extend(named_reasons(&of_service(rpc.parent_service())));
        Self { summary, description, reasons: all, success: success(does) }
    }
}

/// What is said of a service.
pub(super) fn of_service(service: &ServiceDescriptor) -> String {
    of(&service.parent_file(), service.path())
}

fn named_reasons(text: &str) -> Vec<Reason> {
    let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    words.filter_map(Reason::parse).collect()
}

fn success(text: &str) -> u16 {
    let told = text.split_once("Over REST: ").and_then(|(_, rest)| rest.get(..3));
    told.and_then(|status| status.parse().ok()).unwrap_or(200)
}

/// The rules of JSON Schema that a field's comment tells of.
pub(super) fn rules(text: &str) -> Map<String, Json> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut rules = Map::new();
    for window in words.windows(4) {
        let counts = window[3].starts_with("character") || window[3].starts_with("code");
        match (window[0], window[1], window[2].parse::<u32>()) {
            (at, "most", Ok(most)) if at.eq_ignore_ascii_case("at") && counts => {
                rules.insert("maxLength".to_owned(), json!(most));
            }
            (least, "to", Ok(most)) if counts => {
                rules.extend(least.parse::<u32>().map(|least| ("minLength".to_owned(), json!(least))));
                rules.insert("maxLength".to_owned(), json!(most));
            }
            _ => {}
        }
    }
    if let Some((_, out_of)) = text.split_once(" out of ") {
        rules.insert("pattern".to_owned(), json!(pattern(out_of)));
    }
    if text.starts_with("E-mail address") {
        rules.insert("format".to_owned(), json!("email"));
    }
    if text.starts_with("UUID") {
        rules.insert("format".to_owned(), json!("uuid"));
    }
    if text.starts_with("Six digits") {
        rules.insert("pattern".to_owned(), json!("^[0-9]{6}$"));
    }
    rules
}

/// Of `A-Z 0-9 . -` and the like: characters and ranges of them, up to the sentence's end.
fn pattern(text: &str) -> String {
    let mut class = String::new();
    for word in text.split(' ') {
        let (characters, is_last) = match word.strip_suffix(['.', ';']) {
            Some(characters) if !characters.is_empty() => (characters, true),
            _ => (word, false),
        };
        // Within a class these have a meaning of their own.
        let is_special = matches!(characters, "-" | "]" | "\\" | "^");
        class.push_str(if is_special { "\\" } else { "" });
        class.push_str(characters);
        if is_last {
            break;
        }
    }
    format!("^[{class}]+$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        let read = |text| Json::from(rules(text));
        assert_eq!(read("At most 254 characters."), json!({"maxLength": 254}));
        assert_eq!(
            read("8 to 256 code points after NFKC; not the current one."),
            json!({"minLength": 8, "maxLength": 256})
        );
        assert_eq!(read("UUID; never given to anyone else."), json!({"format": "uuid"}));
        assert_eq!(read("E-mail address; at most 254 characters."), json!({"maxLength": 254, "format": "email"}));
        assert_eq!(
            read("1 to 128 characters out of A-Z a-z 0-9 . _ ~ : -; the same as at login."),
            json!({"minLength": 1, "maxLength": 128, "pattern": r"^[A-Za-z0-9._~:\-]+$"}),
        );
        assert_eq!(read("Six digits."), json!({"pattern": "^[0-9]{6}$"}));
        assert_eq!(read("Whether the mailbox was proven to be the person's."), json!({}));
    }

    #[test]
    fn reasons_are_those_that_exist() {
        let reasons = named_reasons("VALIDATION_ERROR, NOT_FOUND (also for UUIDs). JSON");
        assert_eq!(reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(), ["VALIDATION_ERROR", "NOT_FOUND"]);
    }
}
