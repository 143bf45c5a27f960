//! Tokens that were verified before.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest;
use quick_cache::{Weighter, sync::Cache};

use crate::{
    claims::Claims,
    keys::{KeySet, VerifyingKey},
};

/// How much a layer remembers of the tokens that it verified.
///
/// ```
/// use sekisho_interceptor::TokenCacheSize;
///
/// let small = TokenCacheSize { max_entries: 1_000, max_bytes: 4 << 20 };
/// assert!(small.max_bytes < TokenCacheSize::default().max_bytes);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCacheSize {
    /// Tokens; 0 remembers none.
    pub max_entries: usize,
    /// Bytes, of the tokens' claims and what is kept beside.
    pub max_bytes: usize,
}

impl TokenCacheSize {
    /// Every token is verified each time.
    pub const NONE: Self = Self { max_entries: 0, max_bytes: 0 };
}

impl Default for TokenCacheSize {
    /// 10,000 tokens, 32 MiB.
    fn default() -> Self {
        Self { max_entries: 10_000, max_bytes: 32 << 20 }
    }
}

/// By SHA-256 of the signature, beside the bytes it was made over: a token gets the
/// claims that it holds itself, whatever meets whatever. The cache holds no token that
/// could be stolen from it, and no signature is compared byte by byte.
#[derive(Clone)]
pub(crate) struct TokenCache(Option<Arc<Tokens>>);

type Tokens = Cache<[u8; 32], Arc<Verified>, Weight>;

/// Claims, and the key that vouched for them.
pub(crate) struct Verified {
    pub(crate) claims: Arc<Claims>,
    signing_input: Box<str>,
    kid: String,
    key: [u8; 32],
    bytes: usize,
}

#[derive(Clone)]
struct Weight {
    least: u64,
}

impl Weighter<[u8; 32], Arc<Verified>> for Weight {
    // Both limits in one: each entry weighs at least its share of the bytes.
    fn weight(&self, _: &[u8; 32], verified: &Arc<Verified>) -> u64 {
        (verified.bytes as u64).max(self.least)
    }
}

/// What an entry takes besides the texts of its claims.
const OVERHEAD: usize = 640;

impl TokenCache {
    pub(crate) fn new(size: TokenCacheSize) -> Self {
        if size.max_entries == 0 || size.max_bytes == 0 {
            return Self(None);
        }
        let capacity = size.max_bytes as u64;
        let least = capacity.div_ceil(size.max_entries as u64);
        Self(Some(Arc::new(Cache::with_weighter(size.max_entries, capacity, Weight { least }))))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Found only while the key that vouched is still in the set.
    pub(crate) fn get(&self, id: &TokenId<'_>, keys: &KeySet) -> Option<Arc<Verified>> {
        let verified = self.0.as_ref()?.get(&id.signature)?;
        let trusted = keys.get(&verified.kid).is_some_and(|key| key.identity() == verified.key);
        (trusted && *verified.signing_input == *id.signing_input).then_some(verified)
    }

    pub(crate) fn put(&self, id: &TokenId<'_>, claims: &Arc<Claims>, key: &VerifyingKey) {
        if let Some(cache) = &self.0 {
            let verified = Verified {
                claims: Arc::clone(claims),
                signing_input: id.signing_input.into(),
                kid: key.kid().to_owned(),
                key: key.identity(),
                // Once as it is, and once as the texts of the claims.
                bytes: 2 * id.signing_input.len() + OVERHEAD,
            };
            cache.insert(id.signature, Arc::new(verified));
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |cache| cache.len())
    }
}

/// A token, as the cache knows it.
pub(crate) struct TokenId<'a> {
    signing_input: &'a str,
    signature: [u8; 32],
}

impl<'a> TokenId<'a> {
    pub(crate) fn of(token: &'a str) -> Self {
        let (signing_input, encoded) = token.rsplit_once('.').unwrap_or((token, ""));
        let mut signature = [0; 32];
        signature.copy_from_slice(digest::digest(&digest::SHA256, encoded.as_bytes()).as_ref());
        Self { signing_input, signature }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("len", &self.0.as_ref().map(|cache| cache.len())).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::tests::claims;

    fn key(secret: u8) -> VerifyingKey {
        VerifyingKey::hs256("k1", &[secret; 32]).unwrap()
    }

    fn keys(secret: u8) -> KeySet {
        KeySet::new([key(secret)]).unwrap()
    }

    fn filled(size: TokenCacheSize, tokens: usize, length: usize) -> TokenCache {
        let cache = TokenCache::new(size);
        for n in 0..tokens {
            let token = format!("{n:0>length$}.{n}");
            cache.put(&TokenId::of(&token), &Arc::new(claims()), &key(1));
        }
        cache
    }

    #[test]
    fn a_token_is_found_under_its_key_only() {
        let cache = filled(TokenCacheSize::default(), 1, 8);
        let seen = |token: &str, keys: &KeySet| cache.get(&TokenId::of(token), keys).map(|found| found.claims.jti);
        assert_eq!(seen("00000000.0", &keys(1)), Some(claims().jti));
        assert_eq!(seen("00000000.0", &keys(2)), None, "another key of that kid");
        assert_eq!(seen("00000000.0", &KeySet::default()), None, "a key that is gone");
        for other in ["00000000.1", "00000001.0", "00000000", ".0", "00000000.0.0"] {
            assert_eq!(seen(other, &keys(1)), None, "{other}");
        }
    }

    #[test]
    fn both_limits_hold() {
        let few = TokenCacheSize { max_entries: 100, max_bytes: 1 << 20 };
        let len = filled(few, 1_000, 10).len();
        assert!((50..=100).contains(&len), "{len} of 100 entries");
        let small = TokenCacheSize { max_entries: 1_000, max_bytes: 100_000 };
        let len = filled(small, 1_000, 1_000).len();
        assert!((20..=100_000 / (2 * 1_000 + OVERHEAD)).contains(&len), "{len} entries in 100,000 bytes");
    }

    #[test]
    fn none_remembers_nothing() {
        assert_eq!(filled(TokenCacheSize::NONE, 10, 10).len(), 0);
    }
}
