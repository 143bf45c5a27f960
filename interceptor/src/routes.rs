//! Routes that no descriptor declares: a method and a pattern of segments.

use http::Method;

use crate::policy::Access;

#[derive(Clone, Debug)]
pub(crate) struct Route {
    method: String,
    /// `None` takes any one segment.
    segments: Vec<Option<String>>,
    access: Access,
}

/// Ordered so that of two that match, the one that is literal earlier comes first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes(Vec<Route>);

impl Routes {
    pub(crate) fn add(&mut self, method: &str, pattern: &str, access: Access) -> Result<(), &'static str> {
        if Method::from_bytes(method.as_bytes()).is_err() {
            return Err("not an HTTP method");
        }
        let segments = split(pattern).ok_or("not an absolute path")?;
        let segments = segments.map(segment).collect::<Result<Vec<_>, _>>()?;
        let route = Route { method: method.to_owned(), segments, access };
        if self.0.iter().any(|other| other.method == route.method && other.order() == route.order()) {
            return Err("declared twice");
        }
        let place = self.0.partition_point(|other| other.order() < route.order());
        self.0.insert(place, route);
        Ok(())
    }

    pub(crate) fn get(&self, method: &Method, path: &str) -> Option<&Access> {
        if self.0.is_empty() {
            return None;
        }
        let of_method = || self.0.iter().filter(|route| route.method == method.as_str());
        let found = of_method().find(|route| route.matches(path))?;
        let is_dodged = of_method().any(|other| found.could_be(other, path));
        (!is_dodged).then_some(&found.access)
    }
}

impl Route {
    fn order(&self) -> Vec<(bool, &str)> {
        self.segments.iter().map(|segment| (segment.is_none(), segment.as_deref().unwrap_or_default())).collect()
    }

    fn matches(&self, path: &str) -> bool {
        let Some(mut given) = split(path) else { return false };
        let own = self.segments.iter().all(|segment| match (segment, given.next()) {
            (Some(literal), Some(given)) => literal == given,
            (None, Some(given)) => is_plain(given),
            (_, None) => false,
        });
        own && given.next().is_none()
    }
}

impl Route {
    /// Whether a router that looks at no case, or at no ending (`.json`), would have the
    /// path be the other's, which is literal where this one is not.
    fn could_be(&self, other: &Self, path: &str) -> bool {
        let Some(given) = split(path) else { return false };
        let mut dodges = false;
        let loose = self.segments.iter().zip(&other.segments).zip(given).all(|((own, other), given)| {
            let Some(literal) = other else { return true };
            dodges |= own.is_none() && literal != given;
            literal == given || (own.is_none() && is_loosely(literal, given))
        });
        loose && dodges && self.segments.len() == other.segments.len()
    }
}

fn is_loosely(literal: &str, given: &str) -> bool {
    let stem = given.split('.').next().unwrap_or_default();
    literal.eq_ignore_ascii_case(given) || literal.eq_ignore_ascii_case(stem)
}

fn split(path: &str) -> Option<impl Iterator<Item = &str>> {
    let rest = path.strip_prefix('/')?;
    // The root alone has no segment; elsewhere an empty one is a segment, and matches nothing.
    Some(rest.split('/').skip(usize::from(rest.is_empty())))
}

fn segment(text: &str) -> Result<Option<String>, &'static str> {
    match text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        Some(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty() => Ok(None),
        Some(_) => Err("a parameter that is not one whole segment"),
        None if text.contains(['{', '}', '*']) => Err("a parameter that is not one whole segment"),
        None if is_plain(text) => Ok(Some(text.to_owned())),
        None => Err("an empty, dotted or encoded segment"),
    }
}

// What a router may decode or resolve could mean another route to it than to us.
fn is_plain(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.bytes().any(|byte| matches!(byte, b'%' | b'\\' | b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(declared: &[(&str, &str, &str)]) -> Result<Routes, &'static str> {
        let mut routes = Routes::default();
        for (method, pattern, role) in declared {
            routes.add(method, pattern, Access { roles: vec![(*role).to_owned()], ..Access::default() })?;
        }
        Ok(routes)
    }

    fn role(routes: &Routes, method: &str, path: &str) -> Option<String> {
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        routes.get(&method, path).map(|access| access.roles.concat())
    }

    #[test]
    fn a_route_is_matched_segment_by_segment() -> Result<(), &'static str> {
        let declared = [
            ("GET", "/orders/{id}", "any"),
            ("GET", "/orders/mine", "own"),
            ("PUT", "/orders/{id}", "put"),
            ("GET", "/", "root"),
        ];
        let routes = routes(&declared)?;
        let seen = |method, path| role(&routes, method, path);
        assert_eq!(seen("GET", "/orders/7").as_deref(), Some("any"));
        assert_eq!(seen("GET", "/orders/mine").as_deref(), Some("own"), "a literal goes first");
        assert_eq!(seen("PUT", "/orders/mine").as_deref(), Some("put"));
        assert_eq!(seen("GET", "/").as_deref(), Some("root"));
        for (method, path) in [("DELETE", "/orders/7"), ("get", "/orders/7"), ("HEAD", "/orders/7")] {
            assert_eq!(seen(method, path), None, "{method} {path}");
        }
        Ok(())
    }

    #[test]
    fn a_literal_route_is_not_dodged_by_case_or_ending() -> Result<(), &'static str> {
        let declared = [
            ("GET", "/orders/{id}", "any"),
            ("GET", "/orders/export", "admin"),
            ("GET", "/orders/{id}/lines", "any"),
            ("GET", "/orders/export/lines", "admin"),
            ("POST", "/orders/mine", "own"),
        ];
        let routes = routes(&declared)?;
        for path in ["/orders/EXPORT", "/orders/export.json", "/orders/Export.CSV", "/orders/eXport/lines"] {
            assert_eq!(role(&routes, "GET", path), None, "{path}");
        }
        for path in ["/orders/7", "/orders/7.json", "/orders/exports", "/orders/MINE", "/orders/7/lines"] {
            assert_eq!(role(&routes, "GET", path).as_deref(), Some("any"), "{path}");
        }
        for path in ["/orders/export", "/orders/export/lines"] {
            assert_eq!(role(&routes, "GET", path).as_deref(), Some("admin"), "{path}");
        }
        Ok(())
    }

    #[test]
    fn h8_what_a_router_might_read_otherwise_matches_nothing() -> Result<(), &'static str> {
        let routes = routes(&[("GET", "/orders/{id}", "any"), ("GET", "/orders/{id}/lines", "any")])?;
        for path in [
            "",
            "orders/7",
            "/orders",
            "/orders/",
            "//orders/7",
            "/orders//7",
            "/orders/7/",
            "/orders/7/x",
            "/Orders/7",
            "/orders/%37",
            "/%6frders/7",
            "/orders/..",
            "/orders/.",
            "/orders/7;x",
            "/orders/7%2flines",
            "/orders/a\\b",
            "/orders//lines",
            "/orders/../lines",
        ] {
            assert_eq!(role(&routes, "GET", path), None, "{path}");
        }
        Ok(())
    }

    #[test]
    fn patterns_that_cannot_be_meant_are_refused() {
        for pattern in ["", "orders", "/orders/", "//x", "/a{id}", "/{}", "/{*rest}", "/a/*", "/{a}{b}", "/%41", "/.."]
        {
            assert!(routes(&[("GET", pattern, "x")]).is_err(), "{pattern}");
        }
        assert!(routes(&[("GE T", "/x", "x")]).is_err());
        assert_eq!(routes(&[("GET", "/{a}", "x"), ("GET", "/{b}", "y")]).err(), Some("declared twice"));
    }
}
