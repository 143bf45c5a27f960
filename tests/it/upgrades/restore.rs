//! What `docs/operations/restore.md` says to do after a loss, done.

use std::path::Path;

use tokio::process::Command;

use super::{Scene, person::Person, replicas::Replicas};
use crate::support::{
    mail_server::MailServer,
    pair::on_shared_stacks,
    process::binary,
    servers::{execute, postgres_database, postgres_server, postgres_tools},
    stack::Stack,
};

const NEW: &str = "bmV3LS1zZWNyZXQtbmV3LS1zZWNyZXQtbmV3LS0wMDI=";

on_shared_stacks! {
    a_database_that_was_lost_is_restored
    a_key_that_leaked_signs_for_nobody
    a_secret_that_leaked_with_a_dump_is_worth_nothing
}

/// A service on a database of its own, and where that is.
async fn scene(stack: Stack) -> (Scene, String) {
    let (post, smtp) = MailServer::start().into_mailboxes();
    let database = postgres_database().await;
    let settings = vec![("SEKISHO_SMTP_URL", smtp), ("SEKISHO_DATABASE_URL", database.clone())];
    let replicas = Replicas::start(stack, settings).await;
    (Scene::around(replicas, post, Vec::new()).await, database)
}

async fn start_all(replicas: &mut Replicas) {
    for which in 0..3 {
        replicas.run(which, binary(), &[]).await;
    }
}

async fn stop_all(replicas: &mut Replicas) {
    for which in 0..3 {
        replicas.stop(which).await;
    }
}

async fn signed_up(scene: &Scene, name: &str) -> Person {
    let mut person = Person::begin(&scene.town.caller, format!("{name}@example.com")).await;
    person.finish(&scene.town.caller, &scene.town.post).await;
    person
}

/// One of PostgreSQL's own commands.
async fn tool(name: &str, arguments: &[&str]) {
    let output = Command::new(postgres_tools().await.join(name)).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn psql(database: &str, statement: &str) {
    tool("psql", &["-v", "ON_ERROR_STOP=1", "-qc", statement, database]).await;
}

/// Deletes the keys of the prefix, as the page says, and one that would fall apart in a shell.
async fn empty_redis(replicas: &Replicas) {
    let (Some(url), Some(prefix)) = (replicas.setting("SEKISHO_REDIS_URL"), replicas.setting("SEKISHO_REDIS_PREFIX"))
    else {
        return;
    };
    let (client, pattern) = (format!("redis-cli -u {url}"), format!("--scan --pattern '{prefix}*'"));
    let awkward = format!(r#"SET "{prefix}a b\n\r\x00\xff'\"\\" 1"#);
    assert_eq!(shell(&format!("printf '%s\n' {} | {client}", quoted(&awkward))).await.trim(), "OK");
    shell(&format!("{client} --no-raw {pattern} | sed 's/^/DEL /' | {client}")).await;
    assert_eq!(shell(&format!("{client} {pattern} | wc -l")).await.trim(), "0");
}

async fn shell(line: &str) -> String {
    let output = Command::new("sh").args(["-ec", line]).output().await.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

async fn a_database_that_was_lost_is_restored(stack: Stack) {
    let (mut scene, database) = scene(stack).await;
    let (mut ada, mut bob) = (signed_up(&scene, "ada").await, signed_up(&scene, "bob").await);
    let folder = tempfile::tempdir().unwrap();
    let dump = path(&folder.path().join("dump"));
    tool("pg_dump", &["--format=custom", "--file", &dump, &database]).await;
    ada.log_out(&scene.town.caller).await;
    bob.change_password(&scene.town.caller).await;
    let carl = signed_up(&scene, "carl").await;

    stop_all(&mut scene.replicas).await;
    let noted = scene.replicas.command(&["audit", "verify"]).await;
    let noted = noted.split_whitespace().find(|word| word.len() > 64 && word.contains(':')).expect(&noted).to_owned();
    let name = database.rsplit('/').next().unwrap();
    for statement in [format!("DROP DATABASE {name}"), format!("CREATE DATABASE {name}")] {
        execute(postgres_server().await, statement).await;
    }
    tool("pg_restore", &["--dbname", &database, &dump]).await;
    psql(&database, "DELETE FROM sessions").await;
    psql(&database, "DELETE FROM signing_keys").await;
    empty_redis(&scene.replicas).await;
    scene.replicas.command(&["migrate"]).await;
    start_all(&mut scene.replicas).await;

    let caller = &scene.town.caller;
    ada.stays_out(caller).await;
    ada.log_in(caller).await;
    scene.town.sibling.learns(ada.access()).await;
    bob.is_signed_out_of_what_was_restored(caller).await;
    bob.forgets_the_last_password();
    bob.log_in(caller).await;
    carl.is_unknown(caller).await;
    scene.replicas.command(&["audit", "verify"]).await;
    let missing = scene.replicas.fails(&["audit", "verify", "--noted", &noted]).await;
    assert!(!missing.is_empty());
}

async fn a_key_that_leaked_signs_for_nobody(stack: Stack) {
    let (mut scene, database) = scene(stack).await;
    let mut ada = signed_up(&scene, "ada").await;
    let forged = ada.access().to_owned();
    scene.town.sibling.lets_in(&forged);

    psql(&database, "DELETE FROM signing_keys").await;
    stop_all(&mut scene.replicas).await;
    start_all(&mut scene.replicas).await;

    ada.refresh(&scene.town.caller).await;
    scene.town.sibling.learns(ada.access()).await;
    assert!(!scene.town.sibling.verifies(&forged));
}

async fn a_secret_that_leaked_with_a_dump_is_worth_nothing(stack: Stack) {
    let (mut scene, database) = scene(stack).await;
    let mut ada = signed_up(&scene, "ada").await;
    stop_all(&mut scene.replicas).await;
    for table in ["sessions", "signing_keys", "codes", "audit_chain", "audit_seals", "audit_links", "audit_events"] {
        psql(&database, &format!("DELETE FROM {table}")).await;
    }
    empty_redis(&scene.replicas).await;
    scene.replicas.set([("SEKISHO_SECRET", NEW.to_owned())]);
    start_all(&mut scene.replicas).await;

    let caller = &scene.town.caller;
    ada.is_signed_out_of_what_was_restored(caller).await;
    ada.is_unknown(caller).await;
    ada.begin_reset(caller).await;
    let token = ada.prove_reset(caller, &scene.town.post).await;
    ada.finish_reset(caller, token).await;
    ada.log_in(caller).await;
    let renewed = scene.replicas.command(&["service", "rotate", "sibling"]).await;
    super::Sibling::beside(&scene.replicas.endpoints(), "sibling", &renewed).await.learns(ada.access()).await;
    stop_all(&mut scene.replicas).await;
    scene.replicas.command(&["audit", "verify"]).await;
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
