//! Who may call what of which sibling, from a file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use sekisho_interceptor::{Access, PolicySet, policy_build};
use serde::Deserialize;

const MAX_NAME: usize = 64;

/// The policy of one sibling.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What a route of the proxy may choose it by.
    pub name: String,
    /// What it is called by its callers, in small letters; `*` is whatever is nobody
    /// else's name.
    pub hosts: Vec<String>,
    /// Who may call what.
    pub access: PolicySet,
    /// Whether the sibling sees the access token.
    pub forwards_token: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    hosts: Vec<String>,
    descriptors: Option<PathBuf>,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    public_services: Vec<String>,
    #[serde(default = "yes")]
    forward_token: bool,
    // Each is read by itself, so that every fault is found.
    #[serde(default)]
    route: Vec<toml::Value>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    method: String,
    path: String,
    access: Access,
}

/// What stands for the contents of all files.
pub(super) type Fingerprint = [u8; 32];

/// The file, and those that it names.
pub(super) struct Contents {
    policies: Result<Vec<toml::Value>, String>,
    descriptors: BTreeMap<PathBuf, Result<Vec<u8>, io::ErrorKind>>,
    fingerprint: Fingerprint,
}

impl Contents {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).map_err(|error| error.kind());
        let mut digest = Context::new(&SHA256);
        add(&mut digest, text.as_ref().map(|text| text.as_bytes()).map_err(|kind| *kind));
        let policies = text.map_err(unreadable).and_then(|text| tables(&text));
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut descriptors = BTreeMap::new();
        for named in policies.iter().flatten().filter_map(|policy| policy.get("descriptors")?.as_str()) {
            let bytes = fs::read(folder.join(named)).map_err(|error| error.kind());
            add(&mut digest, bytes.as_deref().map_err(|kind| *kind));
            descriptors.insert(PathBuf::from(named), bytes);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.finish().as_ref());
        Self { policies, descriptors, fingerprint }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// # Errors
    ///
    /// All that is wrong.
    pub(super) fn policies(&self) -> Result<Vec<Policy>, Vec<String>> {
        let written = self.policies.as_ref().map_err(|fault| vec![fault.clone()])?;
        let (mut policies, mut faults) = (Vec::new(), Vec::new());
        for (number, value) in written.iter().enumerate() {
            let name = value.get("name").and_then(toml::Value::as_str);
            let title = name.map_or_else(|| format!("policy {}", number + 1), |name| format!("policy {name}"));
            match value.clone().try_into::<Written>() {
                Ok(written) => {
                    let mut found = Vec::new();
                    policies.push(self.policy(written, &mut found));
                    faults.extend(found.into_iter().map(|fault| format!("{title}: {fault}")));
                }
                Err(error) => faults.push(format!("{title}: {}", one_line(&error))),
            }
        }
        faults.extend(meant_twice(&policies));
        if policies.is_empty() && faults.is_empty() {
            faults.push("holds no [[policy]]".to_owned());
        }
        if faults.is_empty() { Ok(policies) } else { Err(faults) }
    }

    fn policy(&self, written: Written, faults: &mut Vec<String>) -> Policy {
        if !is_name(&written.name) {
            faults.push(format!("name: 1 to {MAX_NAME} characters out of a-z 0-9 . _ -"));
        }
        let mut access = self.declared(&written, faults);
        for service in &written.public_services {
            access = access.allow_public(service.clone());
        }
        for (number, route) in written.route.into_iter().enumerate() {
            match read_route(number, route) {
                Ok(Route { method, path, .. }) if is_decided(&access, &written.public_services, &path) => {
                    faults.push(format!("route {method} {path}: its path is an RPC's, and that is decided already"));
                }
                Ok(Route { method, path, access: who }) => match access.clone().route(&method, &path, who) {
                    Ok(more) => access = more,
                    Err(error) => faults.push(format!("route {error}")),
                },
                Err(fault) => faults.push(fault),
            }
        }
        let hosts: Vec<String> = written.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        faults.extend(hosts.iter().filter(|host| !is_host(host)).map(|host| {
            format!("hosts: {host:?} is neither a name or an address without scheme, port and path, nor *")
        }));
        Policy { name: written.name, hosts, access, forwards_token: written.forward_token }
    }

    fn declared(&self, written: &Written, faults: &mut Vec<String>) -> PolicySet {
        let Some(file) = &written.descriptors else {
            if !written.services.is_empty() {
                faults.push("services: there are no descriptors that could declare them".to_owned());
            }
            return PolicySet::default();
        };
        if written.services.is_empty() {
            faults.push("services: which of the descriptors, by full name or by package".to_owned());
        }
        let bytes = match self.descriptors.get(file) {
            Some(Ok(bytes)) => bytes,
            Some(Err(kind)) => {
                faults.push(format!("descriptors: {}", unreadable(*kind)));
                return PolicySet::default();
            }
            None => return PolicySet::default(),
        };
        let names: Vec<&str> = written.services.iter().map(String::as_str).collect();
        match policy_build::check(bytes, &names) {
            Ok(table) => table.policies().clone(),
            Err(error) => {
                faults.push(format!("descriptors: {error}"));
                PolicySet::default()
            }
        }
    }
}

fn add(digest: &mut Context, content: Result<&[u8], io::ErrorKind>) {
    match content {
        Ok(bytes) => {
            digest.update(&(bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        Err(kind) => digest.update(format!("{kind:?}").as_bytes()),
    }
}

fn unreadable(kind: io::ErrorKind) -> String {
    format!("cannot be read: {kind}")
}

/// The policies, each still to be read.
fn tables(text: &str) -> Result<Vec<toml::Value>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        policy: Vec<toml::Value>,
    }
    let file = toml::from_str::<File>(text).map_err(|error| {
        let line =
            error.span().map_or(0, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
        format!("line {line}: {}", one_line(&error))
    })?;
    Ok(file.policy)
}

fn read_route(number: usize, value: toml::Value) -> Result<Route, String> {
    let text = |key| value.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let title = match (text("method"), text("path")) {
        ("", _) | (_, "") => format!("route {}", number + 1),
        (method, path) => format!("route {method} {path}"),
    };
    value.try_into::<Route>().map_err(|error| format!("{title}: {}", one_line(&error)))
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().collect::<Vec<_>>().join("; ")
}

/// Whether the path can be that of an RPC, which goes before any route: the route would not
/// hold there.
fn is_decided(access: &PolicySet, public_services: &[String], path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or_default().split('/');
    let (Some(service), Some(method), None) = (segments.next(), segments.next(), segments.next()) else {
        return false;
    };
    let declared = |rpc: &str| {
        rpc.strip_prefix('/')
            .and_then(|rpc| rpc.split_once('/'))
            .is_some_and(|(its, name)| its == service && (name == method || method.starts_with('{')))
    };
    public_services.iter().any(|public| public == service) || access.iter().any(|(rpc, _)| declared(rpc))
}

/// Names and hosts that two policies have.
fn meant_twice(policies: &[Policy]) -> Vec<String> {
    let (mut names, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    let mut faults = Vec::new();
    for policy in policies {
        if !names.insert(&policy.name) {
            faults.push(format!("policy {}: there are two of that name", policy.name));
        }
        let again = policy.hosts.iter().filter(|host| !hosts.insert(*host));
        faults.extend(again.map(|host| format!("policy {}: the host {host} is named twice", policy.name)));
    }
    faults
}

fn is_name(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(is_legal)
}

fn is_host(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_v6 = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    text == "*" || is_v6 || (!text.is_empty() && text.bytes().all(is_name))
}
