//! The page docs/errors.md, and the same for programs.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};

use super::{DOMAIN, Reason, Rule, text};
use crate::domain::Locale;

/// The table of reasons and of field rules.
pub fn markdown() -> String {
    let mut page = format!(
        "<!-- Made by the tests from src/error; do not edit. -->

# Errors

A refusal over gRPC is a status with `google.rpc.ErrorInfo` (domain `{DOMAIN}`, the
reason in upper case), `RequestInfo`, `LocalizedMessage` in the language of
`accept-language` (`en`, `ja`), and `RetryInfo` or `BadRequest` where they apply.
Over REST it is

```json
{{\"error\": \"<reason in lower case>\", \"message\": \"…\", \"details\": {{}}, \"request_id\": \"…\"}}
```

with `Retry-After`, `WWW-Authenticate` (RFC 6750) and `Allow` where due. Reasons are
stable; messages are for people and may change.

| reason | gRPC | HTTP | when | message |
|---|---|---|---|---|
"
    );
    for reason in Reason::all() {
        let message = text::message(reason, Locale::En);
        row(
            &mut page,
            &[
                &code(reason.as_str()),
                &format!("{:?}", reason.code()),
                &reason.http().to_string(),
                reason.meaning(),
                message,
            ],
        );
    }
    page.push_str(
        "
## Rules of fields

`VALIDATION_ERROR` names each field with the rule that it breaks: over gRPC in
`BadRequest.field_violations`, over REST in `details.fields`
(`{\"field\", \"reason\", \"message\"}`).

| rule | message |
|---|---|
",
    );
    for rule in Rule::ALL {
        row(&mut page, &[&code(rule.reason()), &rule.message(Locale::En)]);
    }
    page
}

/// Rules that a REST surface finds broken by itself, before a call is made.
const OF_REST: [Rule; 5] = [Rule::Malformed, Rule::UnknownField, Rule::Repeated, Rule::WrongType, Rule::InvalidJson];

/// What a REST surface outside of this program has to know to refuse in the same words:
/// deploy/grpc-gateway/refusal/words.json.
pub fn words() -> String {
    let reasons: BTreeMap<_, _> = Reason::all()
        .map(|reason| {
            let messages = in_every_language(|locale| text::message(reason, locale).to_owned());
            (reason.as_str(), json!({"http": reason.http(), "messages": messages}))
        })
        .collect();
    let rules: BTreeMap<_, _> =
        OF_REST.into_iter().map(|rule| (rule.reason(), in_every_language(|locale| rule.message(locale)))).collect();
    format!("{:#}\n", json!({"domain": DOMAIN, "reasons": reasons, "rules": rules}))
}

fn in_every_language(message: impl Fn(Locale) -> String) -> Value {
    Locale::ALL.into_iter().map(|locale| (locale.tag().to_owned(), Value::String(message(locale)))).collect()
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn row(page: &mut String, cells: &[&str]) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}
