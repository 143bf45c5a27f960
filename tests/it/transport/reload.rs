//! A certificate that is replaced while the service runs.

use rcgen::date_time_ymd;
use rustix::process::Signal;
use sekisho::tls::Reload;

use super::{
    authority::{Authority, Files},
    client::{Client, HOST},
};
use crate::support::{
    TestApp, eventually,
    process::{Service, dev_settings},
};

const KEYS: &str = "/.well-known/jwks.json";

struct Bench {
    app: TestApp,
    files: Files,
    old: Authority,
    new: Authority,
}

impl Bench {
    async fn start() -> Self {
        let (old, new) = (Authority::new("old"), Authority::new("new"));
        let files = Files::of(&old.issue(&[HOST]));
        let settings = files.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self { app: TestApp::with(&settings).await, files, old, new }
    }

    fn reload(&self) -> Reload {
        self.app.app.tls.as_ref().unwrap().reload()
    }

    async fn is_served_under(&self, authority: &Authority) -> bool {
        Client::of(authority).get(self.app.app.listen, KEYS).await.is_ok()
    }

    async fn reloads(&self, outcome: &str) -> bool {
        self.app.ops_text("/metrics").await.contains(&format!("sekisho_tls_reloads_total{{outcome=\"{outcome}\"}} "))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_connections_are_made_with_it_and_old_ones_go_on() {
    let bench = Bench::start().await;
    let before = Client::of(&bench.old).connect(bench.app.app.listen).await.unwrap();
    bench.files.put(&bench.new.issue(&[HOST]));
    bench.reload();
    assert!(bench.is_served_under(&bench.new).await);
    assert!(!bench.is_served_under(&bench.old).await);
    let answer = super::client::get(before, KEYS).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(bench.reloads("loaded").await);
    assert_eq!(bench.reload(), Reload::Unchanged);
}

/// It is taken note of once, however often it is looked at, and the service goes on as it was.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_used_is_not_taken() {
    type Break = fn(&Bench);
    let broken: [(&str, Break); 5] = [
        ("no certificate", |bench| drop(bench.files.write("tls.crt", "none"))),
        ("half written", |bench| {
            let whole = bench.new.issue(&[HOST]).certificate;
            bench.files.write("tls.crt", &whole[..whole.len() / 2]);
        }),
        ("the key of another", |bench| drop(bench.files.write("tls.key", &bench.new.issue(&[HOST]).key))),
        ("gone", |bench| std::fs::remove_file(bench.files.path("tls.key")).unwrap()),
        ("expired", |bench| {
            bench.files.put(&bench.new.issue_with(&[HOST], |params| params.not_after = date_time_ymd(2027, 1, 1)));
        }),
    ];
    for (what, breaks) in broken {
        let bench = Bench::start().await;
        breaks(&bench);
        // The job of the service may look at it first, also half way.
        assert_ne!(bench.reload(), Reload::Loaded, "{what}");
        assert_eq!(bench.reload(), Reload::Unchanged, "{what}");
        assert!(bench.reloads("kept").await, "{what}");
        assert!(bench.is_served_under(&bench.old).await, "{what}");
        bench.files.put(&bench.new.issue(&[HOST]));
        bench.reload();
        assert!(bench.is_served_under(&bench.new).await, "{what}");
    }
}

/// As soon as it begins, without another look at by anybody.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_begins_later_is_taken_then() {
    let bench = Bench::start().await;
    let begins = bench.app.app.ctx.now().seconds() + 60;
    let later = bench.new.issue_with(&[HOST], |params| {
        params.not_before = time::OffsetDateTime::from_unix_timestamp(begins).unwrap();
    });
    bench.files.put(&later);
    bench.reload();
    assert_eq!(bench.reload(), Reload::Unchanged);
    assert!(bench.is_served_under(&bench.old).await);
    assert!(bench.reloads("kept").await);
    bench.app.advance(61);
    bench.reload();
    // To a client, whose clock is another one, it has not begun yet.
    assert!(!bench.is_served_under(&bench.old).await);
    assert!(bench.reloads("loaded").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_finds_it_by_itself() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let files = Files::of(&old.issue(&[HOST]));
    let folder = tempfile::tempdir().unwrap();
    let settings = [dev_settings(), files.settings().to_vec()].concat();
    let service = Service::start(folder.path(), &["dev"], &settings).await;
    let address = service.ready["listen"].as_str().unwrap().parse().unwrap();
    assert!(Client::of(&old).get(address, KEYS).await.is_ok());
    files.put(&new.issue(&[HOST]));
    eventually(async || Client::of(&new).get(address, KEYS).await.is_ok()).await;
    service.signal(Signal::TERM);
    let ended = service.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("new certificate"), "{}", ended.stderr);
}
