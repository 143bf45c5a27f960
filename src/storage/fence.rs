//! The mark under which a volatile store is known to hold what the journal says.
//!
//! A store that may have lost writes is let in again only under a new mark, so
//! that nothing which happened under the old one, on whichever server, counts.

use async_trait::async_trait;

use super::Result;

/// Where the mark is kept: with the journal.
#[async_trait]
pub trait Fence: Send + Sync {
    /// The mark.
    async fn mark(&self) -> Result<String>;

    /// Puts `new` in the place of `old`. `false`: it was another by now.
    async fn replace_mark(&self, old: &str, new: &str) -> Result<bool>;
}
