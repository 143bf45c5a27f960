//! The scripts, each atomic on one key, and called by the hash of its text.

use std::sync::LazyLock;

use fred::util::sha1_hash;

/// A script's text and the hash that it is called by.
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) text: String,
    pub(super) sha: String,
}

impl Script {
    fn new(name: &'static str, text: String) -> Self {
        let sha = sha1_hash(&text);
        Self { name, text, sha }
    }
}

macro_rules! script {
    ($($part:literal),+) => {
        concat!($(include_str!(concat!("scripts/", $part, ".lua"))),+)
    };
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $operation:literal, [$($part:literal),+];)+) => {
        $($(#[$doc])* pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new($operation, script!($($part),+).to_owned()));)+
    };
}

scripts! {
    END = "sessions.end", ["sessions", "end"];
    END_UNTIL = "sessions.end_until", ["sessions", "end_until"];
    PUT_CODE = "codes.put", ["codes", "put_code"];
    REPLACE_CODE = "codes.replace", ["codes", "replace_code"];
    GUESS_CODE = "codes.guess", ["codes", "guess_code"];
    TAKE = "limits.take", ["take"];
    GIVE_BACK = "limits.give_back", ["give_back"];
    PUBLISH = "revocations.publish", ["publish"];
    MARK = "journal.mark", ["mark"];
    PROBE = "probe", ["probe"];
}

/// The scripts that let somebody in, under the mark of a [fence](super::fence).
pub(super) struct Fenced {
    pub(super) mark: String,
    pub(super) rotate: Script,
    pub(super) open: Script,
    pub(super) get: Script,
    pub(super) list: Script,
}

impl Fenced {
    pub(super) fn under(mark: String) -> Self {
        let fenced = |name, text: &str| Script::new(name, format!("{text}-- fence: {mark}\n"));
        Self {
            rotate: fenced("sessions.rotate", script!("sessions", "rotate")),
            open: fenced("sessions.open", script!("sessions", "open")),
            get: fenced("sessions.get", script!("sessions", "get")),
            list: fenced("sessions.list", script!("sessions", "list")),
            mark,
        }
    }

    pub(super) fn all(&self) -> [&Script; 4] {
        [&self.rotate, &self.open, &self.get, &self.list]
    }
}

/// For names and keys, where no mark matters.
pub(super) static UNMARKED: LazyLock<Fenced> = LazyLock::new(|| Fenced::under(String::new()));
