//! The page docs/limits.md.

use super::{GUESSES, growing};
use crate::{config::LimitRules, storage::limits::Rate};

/// The table of all limits, with the rates that are set.
pub fn markdown(rules: &LimitRules) -> String {
    let tiers = |rates: [(&'static str, Rate); 3]| {
        let [day, hour, first] = rates.map(|(_, rate)| said(rate));
        format!("{first}, then {hour}, then {day}")
    };
    let login = tiers(growing(rules.login, 4, 12));
    let code = tiers(growing(rules.code, 2, 5));
    let rows = [
        (
            "Failed logins, and wrong passwords of somebody signed in",
            "account, by clients that it does not know",
            login.clone(),
            "`SEKISHO_LIMIT_LOGIN`, ×4 in 12 times as long, ×12 in 288 times",
        ),
        ("", "account and client, where the person has signed in on it before", login, "the same"),
        ("Wrong codes", "code", "see `SEKISHO_CODE_ATTEMPTS`".to_owned(), "`SEKISHO_CODE_ATTEMPTS`"),
        ("", "address", said(GUESSES), ""),
        ("Failed logins and wrong codes", "network", said(rules.guess_network), "`SEKISHO_LIMIT_GUESS_NETWORK`"),
        ("", "`client_id`", said(rules.client), "`SEKISHO_LIMIT_CLIENT`"),
        ("Mailed codes", "address", code.clone(), "`SEKISHO_LIMIT_CODE`, ×2 in 12 times as long, ×5 in 288 times"),
        ("", "address and client, where the person has signed in on it before", code, "the same"),
        ("", "network", said(rules.code_network), "`SEKISHO_LIMIT_CODE_NETWORK`"),
        ("", "`client_id`", said(rules.client), "`SEKISHO_LIMIT_CLIENT`"),
        ("", "the whole service", said(rules.mail), "`SEKISHO_LIMIT_MAIL`"),
    ];
    let mut page = HEAD.to_owned();
    for (what, of, rate, setting) in rows {
        page.push_str(&format!("| {what} | {of} | {rate} | {setting} |\n"));
    }
    page
}

const HEAD: &str = "<!-- Made by the tests from src/flows/limit; do not edit. -->

# Limits

On every surface alike, and always on. What is over a limit is answered with
`RATE_LIMIT_EXCEEDED` and the time after which a call may succeed (`RetryInfo`,
`Retry-After`); which limit it was is not told. A budget allows a number of calls at once and
grows back evenly (the generic cell rate algorithm): 5 in 300 s is five at once, and one more
each minute. Where there are three, whoever goes on waits longer and longer; nobody is locked
out for good.

Logins and codes are counted before they are looked at, so that many at once are no more than
many in a row; what was right is given back. A network is an IPv4 address or an IPv6 /64. An
account is one whatever the spelling of its address, and whether or not it exists.

Budgets are kept in the volatile store. While that is away each process keeps its own, of the
same size: a limit never opens. Passwords are hashed on a bounded queue
(`sekisho_hash_queue`), which answers `OVERLOADED` when it is full.

| what | counted for each | rate | setting |
|---|---|---|---|
";

fn said(rate: Rate) -> String {
    format!("{} in {} s", rate.count, rate.per.as_secs())
}
