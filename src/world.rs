//! What the service takes from outside of itself.

use std::sync::Arc;

use crate::{
    clock::{Clock, SystemClock},
    entropy::{Entropy, SystemEntropy},
};

/// Time and randomness, which tests put others in the place of.
#[derive(Clone)]
pub struct World {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for World {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}
