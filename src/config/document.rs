//! Settings for people: docs/config.md, and `sekisho config print`.

use std::fmt::Write;

use super::{Mode, SETTINGS, Setting, Source};

const HEAD: &str = "<!-- Made by the tests from src/config/settings.rs; do not edit. -->

# Settings

Set them in the environment, or under the same names in a TOML file
(`sekisho --config FILE …`); the environment wins. Every fault is reported at
once, and the process exits with code 78. `sekisho config check` checks without
starting, `sekisho config print` shows what is in force.

| setting | default | in `sekisho dev` | meaning |
|---|---|---|---|
";

/// The page docs/config.md.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for setting in SETTINGS {
        let default = match setting.default {
            Some(value) => code(value),
            None if setting.required => "required".to_owned(),
            None => "unset".to_owned(),
        };
        let dev = setting.dev_default.map_or_else(String::new, code);
        // Writing to a string does not fail.
        let _ = writeln!(page, "| `{}` | {default} | {dev} | {} |", setting.name, setting.meaning);
    }
    page
}

fn code(value: &str) -> String {
    if value.is_empty() { "empty".to_owned() } else { format!("`{value}`") }
}

/// What is in force, as TOML; secrets are not shown.
pub fn print(mode: Mode, source: &Source) -> String {
    SETTINGS.iter().fold(String::new(), |mut text, setting| {
        let _ = writeln!(text, "{}", line(setting, mode, source));
        text
    })
}

fn line(setting: &Setting, mode: Mode, source: &Source) -> String {
    match source.value(setting, mode) {
        None => format!("# {} is not set", setting.name),
        Some(_) if setting.secret => format!("# {} is set", setting.name),
        Some(value) => format!("{} = {}", setting.name, toml::Value::from(value)),
    }
}
