//! Access tokens of our own, whoever presents them.

use sekisho_interceptor::{Claims, Verifier};

use crate::{
    ctx::{Ctx, Rules},
    domain::Timestamp,
};

/// Between our clock and a caller's, in seconds.
pub const LEEWAY_SECONDS: u8 = 5;

/// What checks them.
pub fn verifier(rules: &Rules) -> Verifier {
    Verifier::new(&rules.issuer, &rules.audience).leeway_seconds(LEEWAY_SECONDS)
}

/// What a token says that is ours and has not expired. Whether it was taken back
/// is another question.
pub fn read(ctx: &Ctx, token: &str, now: Timestamp) -> Option<Claims> {
    use sekisho_interceptor::KeySource;
    verifier(&ctx.rules).verify(token, &ctx.keyring.keys(), now.seconds()).ok()
}
