//! The rules of Prometheus and the dashboard of Grafana in `deploy/monitoring`, beside what
//! a server tells and what is written for whoever is woken. Whether Prometheus takes them
//! and alerts come when they should is tested by `tests/monitoring.sh`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use sekisho::domain::EventKind;
use serde_json::Value;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG},
    eventually,
    stack::Stack,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The texts of the files of a folder in `deploy/monitoring`, by name.
fn texts(folder: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(root().join("deploy/monitoring").join(folder)).unwrap();
    let text = |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path));
    let texts: BTreeMap<_, _> =
        files.map(|file| text(file.unwrap().path())).map(|(name, t)| (name, t.unwrap())).collect();
    assert!(!texts.is_empty(), "{folder}");
    texts
}

fn all(folder: &str) -> String {
    texts(folder).into_values().collect()
}

/// The values of a key of a YAML file that is written as ours are, one on a line.
fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let values =
        text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key)?.strip_prefix(": "));
    values.map(|value| value.trim_matches('\'')).collect()
}

/// Names of metrics and of recording rules.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c| !is_part(c)).filter(|word| !word.ends_with(':'));
    words
        .filter(|word| word.starts_with("sekisho_") || word.starts_with("process_") || word.contains(":sekisho_"))
        .collect()
}

/// The names of the series that a server may have, by the types that it declares.
fn declared(metrics: &str) -> BTreeSet<String> {
    let endings = |kind: &str| match kind {
        "counter" => vec!["_total"],
        "histogram" => vec!["_bucket", "_count", "_sum"],
        "info" => vec!["_info"],
        _ => vec![""],
    };
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types.flat_map(|(name, kind)| endings(kind).into_iter().map(move |ending| format!("{name}{ending}"))).collect()
}

/// The words that a label is compared with, but for patterns.
fn words<'a>(text: &'a str, metric: &str, label: &str) -> BTreeSet<&'a str> {
    let selectors = text.split(metric).skip(1).filter_map(|rest| rest.strip_prefix('{')?.split_once('}'));
    let compared = selectors.flat_map(|(selector, _)| selector.split(", ").collect::<Vec<_>>());
    let compared = compared.filter_map(|term| term.strip_prefix(label)?.trim_start_matches(['=', '~', '!']).into());
    let words = compared.flat_map(|value: &str| value.trim_matches(['"', '\'', '\\']).split('|'));
    words
        .filter(|word| word.bytes().all(|c| c.is_ascii_alphanumeric() || b"_./".contains(&c)) && !word.contains(".+"))
        .collect()
}

/// What a server does not tell of on the stores that this runs on.
fn told_elsewhere() -> &'static [&'static str] {
    match Stack::chosen() {
        // A file has no clock of its own.
        Stack::Sqlite => &["sekisho_redis_setting_wrong", "sekisho_store_clock_skew_seconds"],
        Stack::Postgres | Stack::PostgresRoles => &["sekisho_redis_setting_wrong"],
        Stack::PostgresAndRedis => &[],
    }
}

async fn metrics_after_a_tour() -> String {
    let app = TestApp::start().await;
    if Stack::chosen() == Stack::PostgresAndRedis {
        eventually(async || app.ops_text("/metrics").await.contains("sekisho_redis_setting_wrong")).await;
    }
    let ada = app.ada().await;
    app.refresh(&ada.refresh, "laptop").await;
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
    app.ops_text("/readyz").await;
    app.ops_text("/metrics").await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_for_is_told() {
    let metrics = metrics_after_a_tour().await;
    let mut known = declared(&metrics);
    let rules = all("rules");
    known.extend(values(&rules, "record").into_iter().map(str::to_owned));
    let asked = [rules, all("grafana")].concat();
    let asked = names(&asked);
    assert!(asked.len() > 50, "{asked:?}");
    let is_unknown = |name: &&str| !known.contains(*name) && !told_elsewhere().contains(name);
    let unknown: Vec<&str> = asked.into_iter().filter(is_unknown).collect();
    assert!(unknown.is_empty(), "no server tells of {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_have_the_values_that_are_asked_for() {
    let metrics = metrics_after_a_tour().await;
    let asked = [all("rules"), all("grafana")].concat();
    let kinds = words(&asked, "sekisho_events_total", "kind");
    assert!(kinds.contains("login_unknown"), "{kinds:?}");
    for kind in kinds {
        assert!(EventKind::parse(kind).is_some(), "{kind} is no kind of event");
    }
    let outcomes = words(&asked, "sekisho_refreshes_total", "outcome");
    assert!(outcomes.contains("reused"), "{outcomes:?}");
    for outcome in outcomes {
        assert!(metrics.contains(&format!("sekisho_refreshes_total{{outcome=\"{outcome}\"}}")), "{outcome}");
    }
    let limits = words(&asked, "sekisho_limits_hit_total", "limit");
    assert!(!limits.is_empty());
    for limit in limits {
        assert!(metrics.contains(&format!("sekisho_limits_hit_total{{limit=\"{limit}\"}}")), "{limit}");
    }
    for metric in ["job_method:sekisho_calls:rate5m", "job_method:sekisho_call_duration_seconds:p99_5m"] {
        for method in words(&asked, metric, "method") {
            assert!(metrics.contains(&format!("sekisho_calls_total{{method=\"{method}\"")), "{method}");
        }
    }
}

#[test]
fn every_alert_is_tested_where_it_comes_and_where_it_does_not() {
    for (file, rules) in texts("rules") {
        let alerts = values(&rules, "alert");
        if alerts.is_empty() {
            continue;
        }
        let tests = texts("tests").remove(&file).unwrap_or_else(|| panic!("no test of {file}"));
        let cases: Vec<&str> = tests.split("- eval_time:").skip(1).collect();
        for alert in alerts {
            let is_about = |case: &&&str| values(case, "alertname") == [alert];
            let (silent, loud): (Vec<&str>, Vec<&str>) =
                cases.iter().filter(is_about).partition(|case| case.contains("exp_alerts: []"));
            assert!(!silent.is_empty() && !loud.is_empty(), "{alert}");
            assert!(loud.iter().all(|case| case.contains("exp_labels")), "{alert}");
        }
    }
}

#[test]
fn every_alert_leads_to_its_page() {
    let mut told = BTreeSet::new();
    for (file, rules) in texts("rules") {
        for rule in rules.split("- alert: ").skip(1) {
            let alert = rule.lines().next().unwrap();
            let [url] = values(rule, "runbook_url")[..] else { panic!("{alert} leads nowhere") };
            let (page, place) = url.split_once('#').unwrap();
            let text = fs::read_to_string(root().join(page)).unwrap_or_else(|_| panic!("{page} of {alert}"));
            assert!(text.lines().any(|line| line == format!("## {alert}")), "{alert} in {page}");
            assert_eq!(place, alert.to_lowercase());
            assert!(["page", "ticket"].contains(&values(rule, "severity")[0]), "{alert}");
            assert_eq!(page, format!("docs/runbooks/{}", file.replace(".yaml", ".md")));
            assert!(told.insert(alert.to_owned()), "{alert} twice");
        }
    }
    let pages = fs::read_dir(root().join("docs/runbooks")).unwrap();
    let pages: String = pages.map(|page| fs::read_to_string(page.unwrap().path()).unwrap()).collect();
    let headings = pages.lines().filter_map(|line| line.strip_prefix("## Sekisho"));
    let headings: BTreeSet<String> = headings.map(|name| format!("Sekisho{name}")).collect();
    assert_eq!(headings, told);
}

#[test]
fn the_index_of_runbooks_is_whole() {
    let index = fs::read_to_string(root().join("docs/runbooks/README.md")).unwrap();
    for rule in all("rules").split("- alert: ").skip(1) {
        let (alert, severity) = (rule.lines().next().unwrap(), values(rule, "severity")[0]);
        let page = values(rule, "runbook_url")[0].strip_prefix("docs/runbooks/").unwrap().to_owned();
        let summary = values(rule, "summary")[0];
        let line = format!("| [{alert}]({page}) | {severity} | {summary} |");
        assert!(index.lines().any(|found| found == line), "{line}");
    }
    assert_eq!(index.matches("](").count(), values(&all("rules"), "alert").len());
}

/// What stands in quotes outside of code.
#[test]
fn runbooks_name_panels_that_there_are() {
    let text = fs::read_to_string(root().join("deploy/monitoring/grafana/sekisho.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let titles: Vec<&str> =
        dashboard["panels"].as_array().unwrap().iter().filter_map(|panel| panel["title"].as_str()).collect();
    let mut named = 0;
    for page in fs::read_dir(root().join("docs/runbooks")).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap().replace("```", "`").replace('\n', " ");
        let prose: String = text.split('`').step_by(2).collect();
        for title in prose.split('"').skip(1).step_by(2) {
            assert!(titles.contains(&title), "there is no panel {title:?}");
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}

#[test]
fn panels_say_what_they_show_and_choose_no_source_by_themselves() {
    let text = fs::read_to_string(root().join("deploy/monitoring/grafana/sekisho.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<i64> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let shown = panels.iter().filter(|panel| panel["type"] != "row");
    for panel in shown {
        let title = &panel["title"];
        assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            let query = target["expr"].as_str().unwrap();
            let series = query.matches("sekisho_").count() + query.matches("process_").count();
            assert_eq!(query.matches("{job=~\"$job\", instance=~\"$instance\"").count(), series, "{title}");
        }
    }
    let variables: Vec<&str> =
        dashboard["templating"]["list"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(variables, ["datasource", "job", "instance"]);
}
