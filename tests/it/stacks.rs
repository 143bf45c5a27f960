//! Everything that goes through the surfaces, once more on each production stack:
//! this binary runs itself.

use tokio::process::Command;

use crate::support::stack::Stack;

/// What does not choose its stores by itself.
const SUITES: [&str; 15] = [
    "audit::",
    "bad_input::",
    "crashes::service::",
    "errors::",
    "ext_authz::alone::",
    "feed::alone::",
    "flows::",
    "identities::alone::",
    "keys::",
    "metrics::alone::",
    "monitoring::",
    "races::alone::",
    "races::hang_up::",
    "surfaces::",
    "web::",
];

/// What has a name as one of these in it, and chooses its stores by itself.
const OTHERS: [&str; 2] = ["keys::under_load::", "upgrades::"];

async fn run_on(stack: Stack) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(SUITES).args(OTHERS.iter().flat_map(|name| ["--skip", name]));
    command.env(Stack::VARIABLE, stack.word()).kill_on_drop(true);
    let run = command.output().await.unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{output}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(!output.contains("running 0 tests"), "{output}");
}

/// With tables that belong to another role. A role that owns them may do more, and is what
/// the tests have that choose PostgreSQL by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_on_postgresql_as_the_role_that_serves() {
    run_on(Stack::PostgresRoles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_suite_passes_on_postgresql_and_redis() {
    run_on(Stack::PostgresAndRedis).await;
}
