//! Refreshes per second: the service on each of its stores, the bare handler, the
//! textbook design and Redis alone, one after the other in each round.

use std::time::Duration;

use crate::{
    Outcome, count,
    figures::Figures,
    servers::Servers,
    targets::{self, ALONE, BARE, CALLERS, ON_REDIS, TEXTBOOK, Target},
};

/// Measures, and prints.
pub(crate) async fn measure(rounds: u32, seconds: Duration) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    // Commits reach the disk, as on SQLite.
    let postgres = Servers::start("postgres", &["-c", "fsync=on"])?;
    let redis = Servers::start("redis", &[])?;
    let mut targets = targets::start(folder.path(), &postgres, &redis).await?;
    for _ in 0..rounds {
        for target in &mut targets {
            target.measure(seconds).await?;
        }
    }
    print(&targets);
    let target = targets.iter_mut().find(|target| target.name == ON_REDIS).ok_or("no target")?;
    count::measure(target.callers_mut()?, &postgres.url, &redis.url).await
}

fn print(targets: &[Target]) {
    print_table(targets);
    println!("\n{ALONE} sends one command again and again, which it has to be given beforehand:");
    println!("a late retry of one session, which reads and writes what a rotation does.\n");
    for (other, goal) in [(BARE, ", goal 0.85"), (TEXTBOOK, ", goal 10"), (ALONE, "")] {
        if let Some(ratios) = ratios(targets, ON_REDIS, other) {
            println!("{ON_REDIS} / {other}: {ratios}{goal}");
        }
    }
}

/// Prints a line for each target.
pub(crate) fn print_table(targets: &[Target]) {
    println!("Refreshes per second and their latency, medians of the rounds. The callers, the");
    println!("services and their stores share the cores of this machine: read the ratios. cpu is");
    println!("the time of a core that a call takes in the service's own process.\n");
    let heads = CALLERS.map(|callers| format!("{:>33}", format!("{callers} callers")));
    println!("{:<30} {}", "", heads.join("   "));
    let heads = CALLERS.map(|_| format!("{:>7} {:>8} {:>8} {:>7}", "per s", "p50 ms", "p99 ms", "cpu µs"));
    println!("{:<30} {}", "", heads.join("   "));
    for target in targets {
        let columns: Vec<String> = target.medians().map(columns).collect();
        println!("{:<30} {}", target.name, columns.join("   "));
    }
}

fn columns(Figures { per_second, p50, p99, cpu }: Figures) -> String {
    let cpu = if cpu > 0.0 { format!("{cpu:.0}") } else { "-".to_owned() };
    format!("{per_second:>7.0} {p50:>8.2} {p99:>8.2} {cpu:>7}")
}

/// Calls per second of one target over those of another, at each number of callers.
pub(crate) fn ratios(targets: &[Target], one: &str, other: &str) -> Option<String> {
    let find = |name| targets.iter().find(|target| target.name == name);
    let pairs = find(one)?.medians().zip(find(other)?.medians());
    let ratios = pairs.map(|(this, that)| format!("{:.2} ×", this.per_second / that.per_second));
    Some(ratios.zip(CALLERS).map(|(ratio, callers)| format!("{ratio} at {callers}")).collect::<Vec<_>>().join(", "))
}
