//! A SQLite file is for one process.

use crate::support::{
    TestApp,
    process::{Service, dev_settings, run, serve_settings},
};

#[tokio::test]
async fn one_process_at_a_time_serves_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    run(folder.path(), &["migrate"], &settings).await;
    let first = Service::start(folder.path(), &["serve"], &settings).await;
    let second = run(folder.path(), &["serve"], &settings).await;
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("another process serves from"), "{}", second.stderr);
    assert!(second.stderr.contains("sekisho.db; a SQLite file is for one"), "{}", second.stderr);

    // Commands that look and go may do so meanwhile.
    for command in [&["migrate"][..], &["keys", "list"], &["keys", "rotate"]] {
        let ended = run(folder.path(), command, &settings).await;
        assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.stderr);
    }
    // Nothing is left of one that was killed.
    first.kill().await;
    let third = Service::start(folder.path(), &["serve"], &settings).await;
    third.is_ready().await;
}

#[tokio::test]
async fn dev_takes_the_same_lock_by_whatever_name() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    std::os::unix::fs::symlink(folder.path().join(".sekisho/sekisho.db"), folder.path().join("link.db")).unwrap();
    let mut settings = dev_settings();
    settings.push(("SEKISHO_DATABASE_URL", "sqlite://link.db".into()));
    let second = run(folder.path(), &["dev"], &settings).await;
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("another process serves from"), "{}", second.stderr);
    dev.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_has_stopped_leaves_its_file() {
    let (data, clock) = TestApp::start().await.stop().await;
    TestApp::open(&data, &clock, &[]).await.expect("a second start");
}
