//! A rolling restart: each replica is stopped by a signal and started again.

use super::Scene;
use crate::support::{pair::on_shared_stacks, stack::Stack};

on_shared_stacks! { nobody_notices_a_rolling_restart }

/// F23.
async fn nobody_notices_a_rolling_restart(stack: Stack) {
    let mut scene = Scene::on(stack, &[]).await;
    scene
        .meanwhile(async |replicas, progress| {
            for _ in 0..2 {
                replicas.roll(progress).await;
            }
        })
        .await;
}
