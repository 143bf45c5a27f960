//! A metric for each word of a closed set.

use prometheus_client::metrics::family::Family;

use super::catalog::{Catalog, Row};

type Labels = [(&'static str, &'static str); 1];

/// Each is there from the start, for what begins at 1 has not risen as far as Prometheus
/// can see; and is found by its place, without a lock.
pub(super) struct ByWord<M> {
    each: Vec<(&'static str, M)>,
    family: Family<Labels, M>,
    label: &'static str,
}

impl<M: Clone + Default> ByWord<M> {
    pub(super) fn new(label: &'static str, words: impl IntoIterator<Item = &'static str>) -> Self {
        let family = Family::default();
        let each = words.into_iter().map(|word| (word, family.get_or_create_owned(&[(label, word)]))).collect();
        Self { each, family, label }
    }

    /// That of the word at a place.
    pub(super) fn at(&self, place: usize) -> &M {
        &self.each[place].1
    }

    /// That of a word; a word of no place is a defect that costs one series.
    pub(super) fn of(&self, word: &'static str) -> M {
        let known = self.each.iter().find(|(known, _)| *known == word).map(|(_, metric)| metric.clone());
        known.unwrap_or_else(|| self.family.get_or_create_owned(&[(self.label, word)]))
    }
}

impl<M: Clone + Default> ByWord<M>
where
    Family<Labels, M>: prometheus_client::registry::Metric + Clone,
{
    pub(super) fn register(&self, catalog: &mut Catalog, row: Row) {
        catalog.add(row.words(self.label, self.each.iter().map(|(word, _)| *word)), &self.family);
    }
}
