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
    SET_SUBJECT = "sessions.set_subject", ["sessions", "set_subject"];
    SET_PROOF = "sessions.set_proof", ["sessions", "set_proof"];
    PUT_CODE = "codes.put", ["codes", "put_code"];
    REPLACE_CODE = "codes.replace", ["codes", "replace_code"];
    GUESS_CODE = "codes.guess", ["codes", "guess_code"];
    TAKE = "limits.take", ["take"];
    GIVE_BACK = "limits.give_back", ["give_back"];
    PUBLISH = "revocations.publish", ["publish"];
    COUNT = "sessions.count", ["sessions", "count"];
    PROBE = "probe", ["probe"];
}

/// The scripts that let somebody in, or say that somebody may be, under the mark of
/// a [fence](super::fence).
pub(super) struct Fenced {
    pub(super) mark: String,
    pub(super) rotate: Script,
    pub(super) open: Script,
    pub(super) get: Script,
    pub(super) list: Script,
    pub(super) applied: Script,
}

impl Fenced {
    /// A server knows scripts whoever loaded them: the scope tells deployments
    /// apart. With the first line they are refused by a replica even if they only
    /// read, and by a server that is full only if they write.
    pub(super) fn under(scope: &str, mark: String) -> Self {
        let fenced =
            |name, flags, text: &str| Script::new(name, format!("#!lua{flags}\n{text}-- fence: {scope} {mark}\n"));
        let reads = " flags=allow-oom";
        Self {
            rotate: fenced("sessions.rotate", "", script!("sessions", "rotate")),
            open: fenced("sessions.open", "", script!("sessions", "open")),
            get: fenced("sessions.get", reads, script!("sessions", "get")),
            list: fenced("sessions.list", reads, script!("sessions", "list")),
            applied: fenced("journal.applied", "", script!("applied")),
            mark,
        }
    }

    pub(super) fn all(&self) -> [&Script; 5] {
        [&self.rotate, &self.open, &self.get, &self.list, &self.applied]
    }
}

/// For names and keys, where no mark matters.
pub(super) static UNMARKED: LazyLock<Fenced> = LazyLock::new(|| Fenced::under("", String::new()));
