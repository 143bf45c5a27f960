//! What `/metrics` says.

use std::collections::{BTreeMap, BTreeSet};

use super::TestApp;

/// One line of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name, with its suffix.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Scrape {
    /// The type of each family, by its name.
    pub kinds: BTreeMap<String, String>,
    /// In order.
    pub samples: Vec<Sample>,
}

impl Scrape {
    /// Reads the text strictly: OpenMetrics 1.0, section "ABNF", as far as we use it.
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        let mut units = BTreeSet::new();
        let body = text.strip_suffix("# EOF\n").expect("an end");
        for line in body.lines() {
            match line.strip_prefix("# ").map(|line| line.splitn(3, ' ').collect::<Vec<_>>()).as_deref() {
                Some(["TYPE", name, kind]) => {
                    let before = scrape.kinds.insert((*name).to_owned(), (*kind).to_owned());
                    assert_eq!(before, None, "{name} comes twice");
                }
                Some(["UNIT", name, unit]) => {
                    assert!(name.ends_with(&format!("_{unit}")), "{line}");
                    units.insert((*name).to_owned());
                }
                Some(["HELP", _, help]) => assert!(help.ends_with('.'), "{line}"),
                None => {
                    let sample = sample(line);
                    let known = |suffix| {
                        let family = sample.name.strip_suffix(suffix)?;
                        scrape.kinds.get(family).map(String::as_str)
                    };
                    let fits = known("_total") == Some("counter")
                        || known("") == Some("gauge")
                        || ["_bucket", "_sum", "_count"].iter().any(|suffix| known(suffix) == Some("histogram"));
                    assert!(fits, "{line} is of no family");
                    scrape.samples.push(sample);
                }
                _ => panic!("{line}"),
            }
        }
        assert!(!units.is_empty());
        scrape
    }

    /// The value of a series, written as in the text.
    pub fn get(&self, series: &str) -> Option<f64> {
        let Sample { name, labels, .. } = sample(&format!("{series} 0"));
        self.samples.iter().find(|sample| (&sample.name, &sample.labels) == (&name, &labels)).map(|it| it.value)
    }

    /// The sum of all samples of a name that have these labels among theirs.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|it| it == value))
        };
        self.samples.iter().filter(has).map(|sample| sample.value).sum()
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let inner = labels.strip_suffix('}').expect(line);
    let mut read = BTreeMap::new();
    // No value of ours has a comma or a quote in it.
    for label in inner.split(',').filter(|label| !label.is_empty()) {
        let (label, value) = label.split_once('=').expect(line);
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect(line);
        assert!(!value.contains(['"', '\\']), "{line}");
        assert_eq!(read.insert(label.to_owned(), value.to_owned()), None, "{line}");
    }
    Sample { name: name.to_owned(), labels: read, value: value.parse().expect(line) }
}

impl TestApp {
    /// The metrics.
    pub async fn scrape(&self) -> Scrape {
        Scrape::parse(&self.ops_text("/metrics").await)
    }

    /// One of them; 0 if it is not there.
    pub async fn metric(&self, series: &str) -> f64 {
        self.scrape().await.get(series).unwrap_or_default()
    }
}
