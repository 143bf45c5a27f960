//! The faults of one request, and how they are named.

use std::fmt;

use crate::error::{Error, Rule, Violation};

/// More would make the answer larger than the request.
const MAX_FAULTS: usize = 16;
const MAX_NAME: usize = 64;

/// A place in a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// All of it: `body` or `query`. Not part of the names below it.
    Whole(&'static str),
    /// A field, or a key of a map.
    Member(&'a Self, &'a str),
    /// An element of a list.
    Item(&'a Self, usize),
}

impl<'a> Place<'a> {
    /// A place below this one whose name the caller made up: this one itself,
    /// where the name is not safe to show.
    pub(super) fn named(&'a self, name: &'a str) -> Self {
        printable(name).map_or(*self, |name| Self::Member(self, name))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(name) => f.write_str(name),
            Self::Member(Self::Whole(_), name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What is wrong with a request; the first sixteen.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Violation>);

impl Faults {
    /// Notes that a field breaks a rule.
    pub(super) fn add(&mut self, field: impl fmt::Display, rule: Rule) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(Violation::new(field.to_string(), rule));
        }
    }

    /// The refusal, if anything is wrong.
    pub(super) fn into_result(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Validation(self.0)) }
    }
}

/// The start of a name that is safe to show anywhere.
fn printable(name: &str) -> Option<&str> {
    let safe = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    safe.then(|| &name[..name.len().min(MAX_NAME)])
}

#[cfg(test)]
mod tests {
    use super::{Faults, Place};
    use crate::error::{Error, Rule};

    #[test]
    fn places_read_like_paths() {
        let body = Place::Whole("body");
        let books = Place::Member(&body, "books");
        let second = Place::Item(&books, 1);
        assert_eq!(body.to_string(), "body");
        assert_eq!(Place::Member(&second, "title").to_string(), "books[1].title");
    }

    #[test]
    fn names_are_bounded_and_printable() {
        let mut faults = Faults::default();
        let body = Place::Whole("body");
        for name in ["plain", "with space", "\u{202e}x", "", &"x".repeat(100)] {
            faults.add(body.named(name), Rule::UnknownField);
        }
        let Err(Error::Validation(found)) = faults.into_result() else { panic!("no fault") };
        let names: Vec<&str> = found.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(names, ["plain", "body", "body", "body", &"x".repeat(64)]);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut faults = Faults::default();
        for _ in 0..100 {
            faults.add("a", Rule::Repeated);
        }
        let Err(Error::Validation(found)) = faults.into_result() else { panic!("no fault") };
        assert_eq!(found.len(), super::MAX_FAULTS);
    }
}
