//! Path templates of `google.api.http`: which paths they fit, and what their
//! variables say.

mod parse;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A parsed template.
#[derive(Debug)]
pub(super) struct Template {
    shape: Shape,
    variables: Vec<Variable>,
}

/// What of a path a template fits. Smaller means more specific.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    no_verb: bool,
    segments: Vec<Segment>,
    verb: Option<String>,
}

/// In order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    /// `*`
    One,
    /// `**`, only at the end.
    Rest,
}

#[derive(Debug)]
struct Variable {
    field: String,
    first: usize,
    len: usize,
}

impl Template {
    /// What decides whether two templates are the same route, and which goes first.
    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The field paths of the variables, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|variable| variable.field.as_str())
    }

    /// Whether the raw segments of a path are of this template.
    pub(super) fn fits(&self, parts: &[&str]) -> bool {
        self.without_verb(parts).is_some_and(|parts| self.shape.fits(&parts))
    }

    /// The decoded values of the variables, in order; `None` for one that is not
    /// UTF-8. Only for parts that fit.
    pub(super) fn values(&self, parts: &[&str]) -> Vec<Option<String>> {
        let parts = self.without_verb(parts).unwrap_or_default();
        self.variables.iter().map(|variable| self.value(variable, &parts)).collect()
    }

    fn value(&self, variable: &Variable, parts: &[&str]) -> Option<String> {
        let segments = &self.shape.segments[variable.first..][..variable.len];
        if matches!(segments, [Segment::One | Segment::Literal(_)]) {
            return decode(parts[variable.first]);
        }
        let end = match segments.last() {
            Some(Segment::Rest) => parts.len(),
            _ => variable.first + variable.len,
        };
        // Here a slash separates segments, so one that is data stays encoded.
        let decoded: Option<Vec<String>> =
            parts[variable.first..end].iter().map(|part| Some(decode(part)?.replace('/', "%2F"))).collect();
        Some(decoded?.join("/"))
    }

    fn without_verb<'a, 'p>(&self, parts: &'a [&'p str]) -> Option<Cow<'a, [&'p str]>> {
        let Some(verb) = &self.shape.verb else {
            return Some(Cow::Borrowed(parts));
        };
        let (last, before) = parts.split_last()?;
        let last = last.strip_suffix(verb.as_str())?.strip_suffix(':')?;
        (!last.is_empty()).then(|| Cow::Owned([before, &[last]].concat()))
    }
}

impl Shape {
    fn fits(&self, parts: &[&str]) -> bool {
        let open = self.segments.last() == Some(&Segment::Rest);
        let fixed = self.segments.len() - usize::from(open);
        let long_enough = if open { parts.len() >= fixed } else { parts.len() == fixed };
        long_enough && self.segments[..fixed].iter().zip(parts).all(|(segment, part)| segment.fits(part))
    }
}

impl Segment {
    /// Literals are compared undecoded: what a proxy in front has matched by its
    /// rules is then the same as what is matched here.
    fn fits(&self, part: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == part,
            Self::One | Self::Rest => !part.is_empty(),
        }
    }
}

/// Percent-decodes; `None` where the bytes are not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::Template;

    fn values(template: &str, path: &str) -> Option<Vec<Option<String>>> {
        let template = Template::parse(template).expect("template");
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        template.fits(&parts).then(|| template.values(&parts))
    }

    #[test]
    fn paths_bind_the_variables() {
        for (template, path, wanted) in [
            ("/v1/books", "/v1/books", Some(vec![])),
            ("/v1/books", "/v1/Books", None),
            ("/v1/books", "/v1/%62ooks", None),
            ("/v1/books", "/v1/books/", None),
            ("/v1/{id}", "/v1/7", Some(vec!["7"])),
            ("/v1/{id}", "/v1/", None),
            ("/v1/{id}", "/v1/a%2Fb%20c", Some(vec!["a/b c"])),
            ("/v1/{id}", "/v1/a:go", Some(vec!["a:go"])),
            ("/v1/{id}:go", "/v1/a:go", Some(vec!["a"])),
            ("/v1/{id}:go", "/v1/:go", None),
            ("/v1/{id}:go", "/v1/a", None),
            ("/v1/{name=shelves/*}/books", "/v1/shelves/3/books", Some(vec!["shelves/3"])),
            ("/v1/{name=shelves/*}", "/v1/shelves/a%2Fb", Some(vec!["shelves/a%2Fb"])),
            ("/v1/{name=me}", "/v1/me", Some(vec!["me"])),
            ("/v1/{a.b}/{c}", "/v1/1/2", Some(vec!["1", "2"])),
            ("/v1/{rest=**}", "/v1/a/b", Some(vec!["a/b"])),
            ("/v1/{rest=**}", "/v1", Some(vec![""])),
            ("/v1/{rest=a/**}:go", "/v1/a/b/c:go", Some(vec!["a/b/c"])),
            ("/v1/{rest=a/**}:go", "/v1/a/b/:go", None),
        ] {
            let wanted = wanted.map(|wanted| wanted.into_iter().map(|value| Some(value.to_owned())).collect());
            assert_eq!(values(template, path), wanted, "{template} {path}");
        }
    }

    #[test]
    fn a_value_that_is_not_utf8_is_told_apart() {
        assert_eq!(values("/v1/{id}", "/v1/%ff"), Some(vec![None]));
        assert_eq!(values("/v1/{id=**}", "/v1/a/%ff"), Some(vec![None]));
    }

    #[test]
    fn literals_go_before_variables_and_verbs_before_all() {
        let ordered = ["/v1/{a}:go", "/v1/a/b", "/v1/a/{b}", "/v1/{a}/b", "/v1/{a=**}"];
        let shapes: Vec<_> = ordered.iter().map(|text| Template::parse(text).expect("template")).collect();
        assert!(shapes.windows(2).all(|pair| pair[0].shape() < pair[1].shape()));
    }
}
