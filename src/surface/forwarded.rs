//! Who called, as far as proxies tell it: `x-forwarded-for`, and `forwarded`
//! (RFC 7239) where there is none of those.
//!
//! Each proxy adds the address that called it at the right. So the list is read
//! from there, and a word is believed only if a proxy that we know has said it.
//! What stands left of the first stranger is the stranger's own invention.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the first from the right that is no proxy of ours.
/// Where a proxy names none that can be read, it is the proxy's own.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, is_proxy: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut known = peer;
    for hop in hops(headers) {
        match hop {
            Some(address) if is_proxy(known) => known = address,
            _ => break,
        }
    }
    known
}

/// The hops, the last first; `None` for one that is no address.
///
/// Only one of the headers is read, for of two a proxy may have passed on one that
/// it did not look at. It is the one that nearly every proxy writes.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let (name, read): (_, fn(&str) -> Option<IpAddr>) = if headers.contains_key(&X_FORWARDED_FOR) {
        (X_FORWARDED_FOR, node)
    } else {
        (header::FORWARDED, forwarded_for)
    };
    let lines = headers.get_all(name).iter().rev().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let mut hops = Vec::new();
    for line in lines {
        hops.extend(from_end(&line, b',').filter(|element| !element.is_empty()).map(read));
    }
    hops
}

/// The address in an element such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut nodes = from_end(element, b';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    });
    let (Some(value), None) = (nodes.next(), nodes.next()) else { return None };
    match value.strip_prefix('"') {
        Some(quoted) => node(quoted.strip_suffix('"')?),
        None => node(value),
    }
}

/// An address, in brackets or not, with a port or not. `unknown` and hidden names
/// (RFC 7239, section 6.3) are none.
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return is_whole.then(|| ipv6(host))?;
    }
    match text.split_once(':') {
        Some((_, more)) if more.contains(':') => ipv6(text),
        Some((host, port)) if is_port(port) => host.parse().ok().map(IpAddr::V4),
        Some(_) => None,
        None => text.parse().ok().map(IpAddr::V4),
    }
}

/// A zone says on which of the proxy's own links it is, and nothing to us.
fn ipv6(text: &str) -> Option<IpAddr> {
    let address = text.split_once('%').map_or(text, |(address, _zone)| address);
    address.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical())
}

fn is_port(text: &str) -> bool {
    let is_hidden = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    text.parse::<u16>().is_ok() || text.strip_prefix('_').is_some_and(is_hidden)
}

/// The parts of a list, the last first, without the space around them. From the
/// end, for an open quote that a stranger wrote must not swallow what a proxy
/// added after it.
fn from_end(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = last_unquoted(text.as_bytes(), separator);
        rest = at.map(|at| &text[..at]);
        Some(text[at.map_or(0, |at| at + 1)..].trim())
    })
}

fn last_unquoted(text: &[u8], separator: u8) -> Option<usize> {
    let mut is_quoted = false;
    text.iter().enumerate().rev().find_map(|(at, byte)| {
        match byte {
            b'"' if is_quoted && is_escaped(&text[..at]) => {}
            b'"' => is_quoted = !is_quoted,
            byte if *byte == separator && !is_quoted => return Some(at),
            _ => {}
        }
        None
    })
}

fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests;
