//! The page docs/errors.md.

use std::fmt::Write;

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

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn row(page: &mut String, cells: &[&str]) {
    // Writing to a string does not fail.
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}
