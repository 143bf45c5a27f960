//! The grammar of templates, as in `google/api/http.proto`.

use super::{Segment, Shape, Template, Variable};

impl Template {
    /// Parses `/v1/{name=shelves/*}/books:archive` and the like; the error says
    /// what is wrong with it.
    pub(in crate::rest) fn parse(text: &str) -> Result<Self, &'static str> {
        let path = text.strip_prefix('/').ok_or("it does not start with '/'")?;
        let (path, verb) = split_verb(path);
        let mut template = Self {
            shape: Shape { no_verb: verb.is_none(), segments: Vec::new(), verb: verb.map(str::to_owned) },
            variables: Vec::new(),
        };
        let mut rest = Some(path);
        while let Some(path) = rest {
            rest = template.push_next(path)?;
        }
        match template.shape.segments.split_last() {
            Some((_, before)) if before.contains(&Segment::Rest) => Err("'**' is not its last segment"),
            _ => Ok(template),
        }
    }

    /// Takes one segment or variable off `path` and returns what follows its slash.
    fn push_next<'t>(&mut self, path: &'t str) -> Result<Option<&'t str>, &'static str> {
        let Some(inner) = path.strip_prefix('{') else {
            let (segment, rest) = split_slash(path);
            self.shape.segments.push(Segment::parse(segment)?);
            return Ok(rest);
        };
        let (variable, rest) = inner.split_once('}').ok_or("'}' is missing")?;
        let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        let first = self.shape.segments.len();
        for segment in pattern.split('/') {
            self.shape.segments.push(Segment::parse(segment)?);
        }
        let len = self.shape.segments.len() - first;
        self.variables.push(Variable { field: field.to_owned(), first, len });
        match rest.strip_prefix('/') {
            Some(rest) => Ok(Some(rest)),
            None if rest.is_empty() => Ok(None),
            None => Err("a variable is not a whole segment"),
        }
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "*" => Ok(Self::One),
            "**" => Ok(Self::Rest),
            "" => Err("it has an empty segment"),
            _ if text.bytes().any(|byte| b"{}*=%?#".contains(&byte)) => Err("a literal holds a reserved character"),
            _ => Ok(Self::Literal(text.to_owned())),
        }
    }
}

fn split_slash(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(segment, rest)| (segment, Some(rest)))
}

/// Splits `:verb` off the end; a colon in a variable or an earlier segment is none.
fn split_verb(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once(':') {
        Some((path, verb)) if !verb.contains(['/', '}']) => (path, Some(verb)),
        _ => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn wrong_templates_are_refused() {
        for text in ["", "v1", "/", "/a//b", "/{a", "/{a}b", "/a{b}", "/**/a", "/{a=**}/b", "/{a=}", "/a*", "/{a={b}}"]
        {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
