//! Reading settings, and keeping all that is wrong with them.

use std::{collections::BTreeMap, fmt, path::Path};

use super::{Mode, SETTINGS, Setting};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The variable, or the file.
    pub name: String,
    /// What is wrong with it; never its value.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.problem)
    }
}

/// What was set, and the faults in how it was set.
#[derive(Clone, Default)]
pub struct Source {
    values: BTreeMap<String, String>,
    faults: Vec<Fault>,
}

impl Source {
    /// From given pairs.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let values = pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Self { values, faults: Vec::new() }
    }

    /// From a file, if one is given, and the environment over it.
    ///
    /// An unknown key in the file is a fault. In the environment it is not: in
    /// Kubernetes a service named `sekisho` puts variables of that prefix there.
    pub fn load(file: Option<&Path>) -> Self {
        let mut source = Self::default();
        if let Some(path) = file {
            source.read_file(path);
        }
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| is_known(name)) else { continue };
            match value.into_string() {
                Ok(value) => _ = source.values.insert(name.to_owned(), value),
                Err(_) => source.fault(name, "is not UTF-8"),
            }
        }
        source
    }

    fn read_file(&mut self, path: &Path) {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.fault(&name, &format!("cannot be read: {}", error.kind())),
        };
        match text.parse::<toml::Table>() {
            // The parser's own message quotes the line, which may be a secret.
            Err(error) => {
                let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
                self.fault(&name, &format!("is not TOML (line {line})"));
            }
            Ok(table) => table.into_iter().for_each(|(key, value)| self.file_value(&name, key, value)),
        }
    }

    fn file_value(&mut self, file: &str, key: String, value: toml::Value) {
        if !is_known(&key) {
            return self.fault(&key, &format!("is not a setting, but stands in {file}"));
        }
        match value {
            toml::Value::String(text) => _ = self.values.insert(key, text),
            toml::Value::Integer(number) => _ = self.values.insert(key, number.to_string()),
            toml::Value::Boolean(flag) => _ = self.values.insert(key, flag.to_string()),
            _ => self.fault(&key, "must be a text, a whole number or a boolean"),
        }
    }

    fn fault(&mut self, name: &str, problem: &str) {
        self.faults.push(Fault { name: name.to_owned(), problem: problem.to_owned() });
    }

    /// The text of a setting, set or by default. An empty one counts as unset.
    pub fn value(&self, setting: &Setting, mode: Mode) -> Option<&str> {
        let set = self.values.get(setting.name).map(|text| text.trim()).filter(|text| !text.is_empty());
        set.or(setting.default_in(mode))
    }

    /// Sets what is not set.
    pub fn set_default(&mut self, name: &str, value: &str) {
        self.values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// Whether a setting was given.
    pub fn is_set(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|text| !text.trim().is_empty())
    }
}

fn is_known(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name == name)
}

/// Reads settings one by one, and remembers every fault.
pub(super) struct Reader<'a> {
    mode: Mode,
    source: &'a Source,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(mode: Mode, source: &'a Source) -> Self {
        Self { mode, source, faults: source.faults.clone() }
    }

    /// The value of a setting that may be unset. The outer `None` is a fault.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        match self.source.value(setting, self.mode).map(parse) {
            None => Some(None),
            Some(Ok(value)) => Some(Some(value)),
            Some(Err(problem)) => {
                self.fault(name, problem);
                None
            }
        }
    }

    /// The value of a setting that must have one. `None` is a fault.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.optional(name, parse)?;
        if value.is_none() {
            self.fault(name, "is required");
        }
        value
    }

    pub(super) fn fault(&mut self, name: &str, problem: impl Into<String>) {
        self.faults.push(Fault { name: name.to_owned(), problem: problem.into() });
    }
}
