//! docs/security.md: no requirement is missing, and what it names as a proof is there.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use super::assert_part_current;

const PAGE: &str = "docs/security.md";
/// In the order of the summary.
const VERDICTS: [&str; 5] = ["met", "operator", "not met", "not yet", "n/a"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn page() -> String {
    fs::read_to_string(root().join(PAGE)).unwrap()
}

/// Id and level of what level 2 asks for, the levels below included.
fn requirements() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("asvs-5.0.0.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap()).filter(|(_, level)| *level <= "2").collect()
}

struct Row {
    id: String,
    level: String,
    verdict: String,
    how: String,
    proof: String,
}

/// The lines of all tables that begin with an id.
fn rows(page: &str) -> Vec<Row> {
    let lines = page.lines().filter(|line| line.starts_with("| V"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, level, asked, verdict, how, proof] = cells[..] else { panic!("not six cells: {line}") };
        assert!(!asked.is_empty(), "{line}");
        let [id, level, verdict, how, proof] = [id, level, verdict, how, proof].map(str::to_owned);
        Row { id, level, verdict, how, proof }
    };
    lines.map(row).collect()
}

/// What stands in code spans as `path::name`.
fn proofs(text: &str) -> Vec<(&str, &str)> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter_map(|span| span.split_once("::")).filter(|(path, _)| path.contains('/')).collect()
}

/// A function in Rust, Go and Python, the title of a test in TypeScript.
fn has_test(text: &str, path: &str, name: &str) -> bool {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("rs") => text.contains(&format!("fn {name}(")) || text.contains(&format!("fn {name}<")),
        Some("py") => text.contains(&format!("def {name}(")),
        Some("go") => text.contains(&format!("func {name}(")),
        _ => text.contains(&format!("('{name}'")),
    }
}

#[test]
fn every_test_that_the_page_of_security_names_exists() {
    let page = page();
    let named = proofs(&page);
    assert!(named.len() > 100, "{}", named.len());
    let is_there =
        |path: &str, name: &str| fs::read_to_string(root().join(path)).is_ok_and(|text| has_test(&text, path, name));
    let missing: Vec<_> = named.into_iter().filter(|(path, name)| !is_there(path, name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_requirement_of_asvs_level_2_has_one_row() {
    let page = page();
    let rows = rows(&page);
    let found: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.level.as_str())).collect();
    let wanted = requirements();
    let missing: Vec<_> = wanted.iter().filter(|one| !found.contains(one)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    assert_eq!(found, wanted, "one is there twice, or not in its place");
}

#[test]
fn every_verdict_has_its_reason() {
    for Row { id, verdict, how, proof, .. } in rows(&page()) {
        assert!(VERDICTS.contains(&verdict.as_str()), "{id}: {verdict}");
        assert!(!how.is_empty(), "{id} does not say how, or why not");
        let is_shown = !proofs(&proof).is_empty() || proof.contains("](");
        assert!(verdict != "met" || is_shown, "{id} names neither a test nor a page");
    }
}

#[test]
fn the_summary_of_asvs_is_current() {
    let mut counts = BTreeMap::<(usize, String), usize>::new();
    for Row { level, verdict, .. } in rows(&page()) {
        let place = VERDICTS.iter().position(|known| *known == verdict).unwrap();
        *counts.entry((place, level)).or_default() += 1;
    }
    let mut table = String::from("| verdict | level 1 | level 2 |\n|---|---|---|\n");
    for (place, verdict) in VERDICTS.iter().enumerate() {
        let of = |level: &str| counts.get(&(place, level.to_owned())).copied().unwrap_or_default();
        writeln!(table, "| {verdict} | {} | {} |", of("1"), of("2")).unwrap();
    }
    assert_part_current(PAGE, "summary", &table);
}

/// The anchors of a page, as GitHub makes them of its headings.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
    headings.map(|text| text.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn the_page_of_security_links_to_what_is_there() {
    let page = page();
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_there = |target: &str| {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { root().join(PAGE) } else { root().join("docs").join(file) };
        let has =
            |anchor: &str| fs::read_to_string(&path).is_ok_and(|text| anchors(&text).iter().any(|it| it == anchor));
        path.exists() && (anchor.is_empty() || has(anchor))
    };
    let dead: Vec<_> = targets.filter(|target| !target.starts_with("https://") && !is_there(target)).collect();
    assert!(dead.is_empty(), "{dead:?}");
}
