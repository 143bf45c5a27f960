//! Pages that are made from the code, and rules of the repository.

mod dependencies;
mod security;

use std::{fs, path::Path};

use sekisho::config::{Config, Mode, Source};

use crate::support::app::SECRET;

/// Compares a page with what it should be. A difference is mended on the spot
/// and fails the test: commit the page.
fn assert_current(page: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    if fs::read_to_string(&path).ok().as_deref() != Some(wanted) {
        fs::write(&path, wanted).unwrap();
        panic!("{page} was out of date; it is mended: commit it");
    }
}

#[test]
fn the_page_of_errors_is_current() {
    assert_current("docs/errors.md", &sekisho::error::document::markdown());
}

#[test]
fn the_words_of_the_gateway_are_current() {
    assert_current("deploy/grpc-gateway/refusal/words.json", &sekisho::error::document::words());
}

#[test]
fn the_page_of_settings_is_current() {
    assert_current("docs/config.md", &sekisho::config::markdown());
}

#[test]
fn the_page_of_metrics_is_current() {
    assert_current("docs/metrics.md", &sekisho::telemetry::document::markdown());
}

/// R11.
#[test]
fn the_page_of_limits_is_current() {
    let source = Source::from_pairs([("SEKISHO_SECRET", SECRET), ("SEKISHO_DATABASE_URL", "sqlite://unused.db")]);
    let config = Config::read(Mode::Dev, &source).unwrap();
    assert_current("docs/limits.md", &sekisho::flows::limit::markdown(&config.limits));
}

#[test]
fn the_table_of_who_may_call_what_is_current() {
    assert_current("docs/access.md", &sekisho::grpc::policy_page().unwrap());
}

#[test]
fn the_openapi_document_is_current() {
    let document = sekisho::rest::openapi::document().unwrap();
    assert_current("docs/openapi.json", &format!("{document:#}\n"));
}

/// The same for what stands between two marks in a page.
pub fn assert_part_current(page: &str, mark: &str, wanted: &str) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let (begin, end) = (format!("<!-- {mark}: made by the tests -->\n"), format!("<!-- end of {mark} -->"));
    let (before, rest) = text.split_once(&begin).expect("the first mark");
    let (_, after) = rest.split_once(&end).expect("the second mark");
    assert_current(page, &format!("{before}{begin}{wanted}{end}{after}"));
}

#[test]
fn the_table_of_kinds_of_events_is_current() {
    assert_part_current("docs/audit.md", "kinds", &sekisho::audit::document::kinds());
}

fn files(folder: &Path, ending: &str, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

#[test]
fn files_are_small_and_say_what_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["src", "interceptor/src"] {
        files(&root.join(folder), ".rs", &mut sources);
    }
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines < 400, "{} has {lines} lines", path.display());
        let is_test = path.to_string_lossy().contains("tests");
        let has_doc = text.starts_with("//!") || text.starts_with("#![doc");
        assert!(
            has_doc || is_test || path.starts_with(root.join("interceptor")),
            "{} has no module doc",
            path.display()
        );
    }
}
