//! One test per hostile input. Unless a test says otherwise, the token is
//! properly signed by a key of the set, so nothing but the named fault is wrong.
//!
//! The numbers are those of the project's list of hostile inputs, wherever in this
//! crate a test stands; the answer is the reason in `ErrorInfo`.
//!
//! | input | tests | answer |
//! |---|---|---|
//! | 1 no credential | `h1_` in `layer` | `UNAUTHORIZED`, bare challenge |
//! | 2, 3, 4, 6 the header | in `bearer`, `layer`, `envelope` | `ACCESS_TOKEN_INVALID`, `UNAUTHORIZED` |
//! | 5 size | `h5_` in `envelope` | `ACCESS_TOKEN_INVALID` (`too_large`) |
//! | 7 headers that name a caller | `h7_` in `http_answers`, `layer` | stripped and counted |
//! | 8 tricks with the path | `h8_` in `layer`, `policy`, `routes` | `PERMISSION_DENIED` |
//! | 10 to 13 the envelope | `h10_` to `h13_` in `envelope` | `ACCESS_TOKEN_INVALID` (`malformed`) |
//! | 14, 15 repeated members | `h14_` in `header`, `h15_` in `envelope` | (`duplicate_member`) |
//! | 16 complexity | `h16_` in `envelope`, `claims` | (`too_complex`) |
//! | 17 to 21 `alg` | `h17_` to `h21_` in `header`, `keys` | (`algorithm`), or the key is refused |
//! | 22 to 24 signatures | `h22_` to `h24_` in `signature`, `keys` | (`signature`), or the key is refused |
//! | 25 to 28 other headers | `h25_` to `h28_` in `header` | (`critical`, `unsupported_header`) |
//! | 29, 30, 32, 34 `kid` | in `header` | (`key`; `malformed` over 128 bytes; `signature` under another key) |
//! | 33 a key taken back | `h33_` in `cache` | (`key`), for tokens seen before too |
//! | 35 key sets | `h35_` in `keys` | the set is refused whole |
//! | 37, 38 `typ` | `h37_h38_` in `header` | (`type`) |
//! | 39 to 49 claims | `h39_` to `h49_` in `claims` | one cause each; `ACCESS_TOKEN_EXPIRED` |
//! | 50, 52 scope, role, kind of caller | in `layer`, `policy` | `PERMISSION_DENIED` |
//! | 51 an old proof | `h51_` in `layer` | `STEP_UP_REQUIRED` |
//! | 55, 56 `cnf` | `h55_h56_` in `claims` | (`bound`) |
//! | 63, 64 revoked | in `freshness` | `SESSION_REVOKED` |
//! | 65 in the middle of a stream | in `streams` | `SESSION_REVOKED`, `ACCESS_TOKEN_EXPIRED` in the trailers |
//! | 66 stale knowledge | in `freshness` | `STORE_UNAVAILABLE` |
//! | 68 ends and floods | in `revocations` | cut; counts as stale, drops nothing |
//! | 70 damage without a plan | `h70_` in `mangled` | `ACCESS_TOKEN_INVALID`, no panic |
//!
//! Not here: 9 (no method takes a token as optional: `h9_` shows that a public one
//! looks at none), 53, 54 (no claim of a tenant or an actor), 57 to 62 (a token that
//! is bound is refused, 55), 31, 36, 67, 69 (matters of whoever brings keys and
//! revocations).

mod claims;
mod envelope;
mod header;
mod mangled;
mod signature;

use sekisho_interceptor::{Cause, Claims, Refusal};

use crate::support::{Issuer, NOW, verifier};

/// What the verifier answers to a token of `issuer`.
fn answer(issuer: &Issuer, token: &str) -> Result<Claims, Refusal> {
    verifier().verify(token, &issuer.keys(), NOW)
}

fn invalid(cause: Cause) -> Result<Claims, Refusal> {
    Err(Refusal::Invalid(cause))
}
