//! Every metric there is, with what its page says of it. There is no other way to
//! `/metrics`, so none can be missing from the page.

use prometheus_client::{
    encoding::{
        EncodeMetric,
        text::{encode_eof, encode_registry},
    },
    registry::{Metric, Registry, Unit},
};

/// What the name of each metric of ours begins with.
const PREFIX: &str = "sekisho";

/// Which values a label may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// These.
    Words(Vec<&'static str>),
    /// Any that looks like this, as Markdown, and is of the service's own making.
    Like(&'static str),
}

/// A metric as its page describes it.
#[derive(Clone, Debug)]
pub struct Described {
    /// As its samples are called; those of a histogram have another suffix each.
    pub name: String,
    /// In the words of OpenMetrics.
    pub kind: String,
    /// What its value counts; empty: things.
    pub unit: String,
    /// Its labels, by name.
    pub labels: Vec<(&'static str, Values)>,
    /// What it says.
    pub meaning: &'static str,
    /// What it is good for.
    pub good_for: &'static str,
}

/// A metric that is to be registered.
pub(super) struct Row {
    name: &'static str,
    unit: Option<Unit>,
    labels: Vec<(&'static str, Values)>,
    meaning: &'static str,
    good_for: &'static str,
}

impl Row {
    /// By its name without prefix, unit and suffix. The meaning is its help, too.
    pub(super) fn new(name: &'static str, meaning: &'static str, good_for: &'static str) -> Self {
        Self { name, unit: None, labels: Vec::new(), meaning, good_for }
    }

    /// In seconds.
    pub(super) fn seconds(self) -> Self {
        Self { unit: Some(Unit::Seconds), ..self }
    }

    /// In bytes.
    pub(super) fn bytes(self) -> Self {
        Self { unit: Some(Unit::Bytes), ..self }
    }

    /// With a label.
    pub(super) fn label(mut self, name: &'static str, values: Values) -> Self {
        self.labels.push((name, values));
        self
    }

    /// With a label of these values.
    pub(super) fn words(self, name: &'static str, words: impl IntoIterator<Item = &'static str>) -> Self {
        self.label(name, Values::Words(words.into_iter().collect()))
    }

    fn described(&self, prefix: &str, kind: &str) -> Described {
        let unit = self.unit.as_ref().map(Unit::as_str).unwrap_or_default();
        let suffix = if kind == "counter" { "total" } else { "" };
        let parts = [prefix, self.name, unit, suffix].into_iter().filter(|part| !part.is_empty());
        Described {
            name: parts.collect::<Vec<_>>().join("_"),
            kind: kind.to_owned(),
            unit: unit.to_owned(),
            labels: self.labels.clone(),
            meaning: self.meaning,
            good_for: self.good_for,
        }
    }
}

/// See the module.
pub(super) struct Catalog {
    ours: Registry,
    /// Metrics whose names are the same for every process.
    standard: Registry,
    sections: Vec<(&'static str, Vec<Described>)>,
}

impl Catalog {
    pub(super) fn new() -> Self {
        Self { ours: Registry::with_prefix(PREFIX), standard: Registry::default(), sections: Vec::new() }
    }

    /// What follows stands under this heading.
    pub(super) fn section(&mut self, heading: &'static str) {
        self.sections.push((heading, Vec::new()));
    }

    /// Adds a metric of ours.
    pub(super) fn add<M: Metric + Clone>(&mut self, row: Row, metric: &M) {
        self.describe(row.described(PREFIX, EncodeMetric::metric_type(metric).as_str()));
        Self::register(&mut self.ours, row, metric);
    }

    /// Adds one that every process has under the same name.
    pub(super) fn add_standard<M: Metric + Clone>(&mut self, row: Row, metric: &M) {
        self.describe(row.described("", EncodeMetric::metric_type(metric).as_str()));
        Self::register(&mut self.standard, row, metric);
    }

    fn describe(&mut self, metric: Described) {
        if let Some((_, metrics)) = self.sections.last_mut() {
            metrics.push(metric);
        }
    }

    fn register<M: Metric + Clone>(registry: &mut Registry, row: Row, metric: &M) {
        match row.unit {
            Some(unit) => registry.register_with_unit(row.name, row.meaning, unit, metric.clone()),
            None => registry.register(row.name, row.meaning, metric.clone()),
        }
    }

    /// All of them, under their headings.
    pub(super) fn sections(&self) -> &[(&'static str, Vec<Described>)] {
        &self.sections
    }

    /// Their values as text.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode_registry(&mut text, &self.ours)
            .and_then(|()| encode_registry(&mut text, &self.standard))
            .and_then(|()| encode_eof(&mut text));
        text
    }
}
