//! Reading a request: every field that breaks a rule is named, not the first.

use crate::error::{Error, Rule, Violation};

/// The violations found so far.
#[derive(Default)]
pub(super) struct Fields(Vec<Violation>);

impl Fields {
    /// Keeps what is valid, and notes what is not.
    pub(super) fn read<T>(&mut self, field: &'static str, value: Result<T, Rule>) -> Option<T> {
        value.map_err(|rule| self.0.push(Violation::new(field, rule))).ok()
    }

    /// The same where several rules may be broken at once.
    pub(super) fn read_all<T>(&mut self, field: &'static str, value: Result<T, Vec<Rule>>) -> Option<T> {
        let violations = |rules: Vec<Rule>| rules.into_iter().map(|rule| Violation::new(field, rule));
        value.map_err(|rules| self.0.extend(violations(rules))).ok()
    }

    /// The same for a field that may be left out.
    pub(super) fn read_optional<T>(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, Rule>,
    ) -> Option<T> {
        text.and_then(|text| self.read(field, parse(text)))
    }

    /// Everything, if nothing is wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::Validation(self.0)),
        }
    }
}

/// Three fields as one.
pub(super) fn flat<A, B, C>(((a, b), c): ((A, B), C)) -> (A, B, C) {
    (a, b, c)
}

/// A token of ours: a text of at most so many bytes, or it is not looked at. `None`: it
/// is none.
pub(super) fn token<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Rule> {
    const MAX_LENGTH: usize = 256;
    match text.len() {
        0 => Err(Rule::Required),
        1..=MAX_LENGTH => Ok(parse(text)),
        _ => Err(Rule::TooLong(MAX_LENGTH)),
    }
}
