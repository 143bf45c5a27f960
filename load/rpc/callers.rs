//! Rounds: callers whose calls were made ready before the time is taken.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{Bench, Call, Job};
use crate::{Outcome, figures::Figures};

/// One round, as fast as it goes or at a rate in calls per second.
pub(super) async fn round(
    bench: &Arc<Bench>,
    job: &Job,
    callers: usize,
    calls: usize,
    rate: Option<f64>,
) -> Outcome<Figures> {
    let mut ready = Vec::new();
    for caller in 0..callers {
        let mut its = Vec::with_capacity(calls);
        for _ in 0..calls {
            let call = (job.ready)(bench.clone(), caller).await;
            its.push(call.map_err(|error| format!("{}, before the call: {error}", job.name))?);
        }
        ready.push(its);
    }
    let apart = rate.map(|rate| Duration::from_secs_f64(number(callers) / rate));
    let (cpu, start) = (bench.cpu()?, Instant::now());
    let mut running = JoinSet::new();
    for (caller, calls) in ready.into_iter().enumerate() {
        let offset = apart.map_or(Duration::ZERO, |apart| apart.mul_f64(number(caller) / number(callers)));
        running.spawn(call(calls, start + offset, apart));
    }
    let mut latencies = Vec::new();
    while let Some(done) = running.join_next().await {
        latencies.extend(done?.map_err(|error| format!("{}: {error}", job.name))?);
    }
    let (measured, taken) = (start.elapsed(), bench.cpu()? - cpu);
    let made = number(latencies.len());
    let mut figures = Figures::of(latencies, measured);
    figures.cpu = taken.as_secs_f64() * 1e6 / made;
    Ok(figures)
}

/// One after the other; with a time apart, none earlier than it is due. Whoever falls behind
/// has waited since then: the wait is in the figure.
async fn call(calls: Vec<Call>, start: Instant, apart: Option<Duration>) -> Outcome<Vec<Duration>> {
    let (mut latencies, mut due) = (Vec::with_capacity(calls.len()), start);
    for call in calls {
        let begin = match apart {
            None => Instant::now(),
            Some(apart) => {
                sleep_until(due).await;
                let begin = due;
                due += apart;
                begin
            }
        };
        call.await?;
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

#[expect(clippy::cast_precision_loss, reason = "numbers to be read")]
fn number(count: usize) -> f64 {
    count as f64
}
