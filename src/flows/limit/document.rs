//! The page docs/limits.md.

use super::{
    super::{check_password::CHECKS, service_token::FAILURES},
    GUESSES, growing,
};
use crate::{config::LimitRules, domain::Limit, feed::MAX_SUBSCRIBERS, storage::limits::Rate};

/// The table of all limits, with the rates that are set.
pub fn markdown(rules: &LimitRules) -> String {
    let tiers = |rates: [(&'static str, Rate); 3]| {
        let [day, hour, first] = rates.map(|(_, rate)| said(rate));
        format!("{first}, then {hour}, then {day}")
    };
    let login = tiers(growing(rules.login, 4, 12));
    let code = tiers(growing(rules.code, 2, 5));
    let guesses = "Failed logins and wrong codes";
    let rows = [
        (
            "Failed logins, and wrong passwords of somebody signed in",
            "account, by clients that it does not know",
            login.clone(),
            "`SEKISHO_LIMIT_LOGIN`, ×4 in 12 times as long, ×12 in 288 times",
            Some(Limit::LoginAccount),
        ),
        (
            "",
            "account and client, where the person has signed in on it before",
            login,
            "the same",
            Some(Limit::LoginKnownClient),
        ),
        ("Wrong codes", "code", "see `SEKISHO_CODE_ATTEMPTS`".to_owned(), "`SEKISHO_CODE_ATTEMPTS`", None),
        ("", "address", said(GUESSES), "", Some(Limit::CodeGuessAddress)),
        (guesses, "network", said(rules.guess_network), "`SEKISHO_LIMIT_GUESS_NETWORK`", Some(Limit::GuessNetwork)),
        ("", "`client_id`", said(rules.client), "`SEKISHO_LIMIT_CLIENT`", Some(Limit::GuessClient)),
        (
            "Mailed codes",
            "address",
            code.clone(),
            "`SEKISHO_LIMIT_CODE`, ×2 in 12 times as long, ×5 in 288 times",
            Some(Limit::CodeAddress),
        ),
        (
            "",
            "address and client, where the person has signed in on it before",
            code,
            "the same",
            Some(Limit::CodeKnownClient),
        ),
        ("", "network", said(rules.code_network), "`SEKISHO_LIMIT_CODE_NETWORK`", Some(Limit::CodeNetwork)),
        ("", "`client_id`", said(rules.client), "`SEKISHO_LIMIT_CLIENT`", Some(Limit::CodeClient)),
        ("", "the whole service", said(rules.mail), "`SEKISHO_LIMIT_MAIL`", Some(Limit::CodeAll)),
        ("Wrong secrets of services", "service and network", said(FAILURES), "", Some(Limit::ServiceSecret)),
        (
            "Calls with a certificate of no service",
            "its name and network",
            said(FAILURES),
            "",
            Some(Limit::ServiceCertificate),
        ),
        ("Passwords judged before they are chosen", "network", said(CHECKS), "", Some(Limit::PasswordCheck)),
        ("Subscribers of the feed", "server", format!("{MAX_SUBSCRIBERS} at once"), "", Some(Limit::FeedSubscribers)),
    ];
    let mut page = HEAD.to_owned();
    for (what, of, rate, setting, limit) in rows {
        let name = limit.map(|limit| format!("`{}`", limit.as_str())).unwrap_or_default();
        page.push_str(&format!("| {what} | {of} | {rate} | {setting} | {name} |\n"));
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

What is over a limit is counted by its name in `sekisho_limits_hit_total`.

| what | counted for each | rate | setting | name |
|---|---|---|---|---|
";

fn said(rate: Rate) -> String {
    format!("{} in {} s", rate.count, rate.per.as_secs())
}
