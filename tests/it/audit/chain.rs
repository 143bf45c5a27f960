//! R75. Whoever can write to the database changes the log behind the service's back,
//! and is found out.

use sekisho::{
    audit::{Broken, Fault, Sealer, chain},
    storage::audit_chain::LinkedRow,
};

use crate::support::{TestApp, acts::ADA, stack::Stack};

/// Ten events, sealed five and five.
async fn sealed() -> TestApp {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "0")]).await;
    app.ada().await;
    for _ in 0..2 {
        app.ada_on("phone").await;
    }
    seal(&app, 5).await;
    for _ in 0..5 {
        app.ada_on("tablet").await;
    }
    seal(&app, 10).await;
    app
}

async fn seal(app: &TestApp, events: u64) {
    app.seal().await.unwrap();
    let verified = app.verify().await.unwrap();
    assert_eq!((verified.events, verified.unsealed, verified.late, verified.unchecked_seals), (events, 0, 0, 0));
}

async fn links(app: &TestApp) -> Vec<LinkedRow> {
    app.app.ctx.stores.audit_chain.links(0, 100).await.unwrap()
}

/// Whether a fault names a link and its event.
#[track_caller]
fn names(broken: &Broken, links: &[LinkedRow], wanted: i64) {
    let seq = links.iter().find(|linked| linked.link.point.number == wanted).unwrap().link.seq;
    match broken {
        Broken::EventGone { number, seq: event } | Broken::EventChanged { number, seq: event } => {
            assert_eq!((*number, *event), (wanted, seq));
        }
        other => panic!("{other}"),
    }
}

/// R75.
#[tokio::test(flavor = "multi_thread")]
async fn any_column_that_is_edited_is_found_and_its_event_named() {
    let app = sealed().await;
    let links = links(&app).await;
    for (edit, undo) in [
        ("request_id = request_id || 'x'", "request_id = substr(request_id, 1, length(request_id) - 1)"),
        ("kind = 'login_unknown'", "kind = 'login_succeeded'"),
        ("client_id = 'tablet'", "client_id = 'laptop'"),
        ("address = NULL", "address = '127.0.0.1'"),
        ("user_id = session_id", "user_id = (SELECT id FROM accounts)"),
    ] {
        let update = |change| format!("UPDATE audit_events SET {change} WHERE seq = {}", links[2].link.seq).leak();
        app.sql(update(edit)).await;
        let broken = app.broken().await;
        assert!(matches!(broken, Broken::EventChanged { .. }), "{edit}: {broken}");
        names(&broken, &links, 3);
        app.sql(update(undo)).await;
        app.verify().await.unwrap();
    }
}

/// R75.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_deleted_is_named() {
    let app = sealed().await;
    let links = links(&app).await;
    app.sql("DELETE FROM audit_events WHERE seq = (SELECT seq FROM audit_links WHERE number = 4)").await;
    let broken = app.broken().await;
    assert!(matches!(broken, Broken::EventGone { .. }), "{broken}");
    names(&broken, &links, 4);
    app.sql("DELETE FROM audit_links WHERE number = 4").await;
    assert_eq!(app.broken().await, Broken::LinkGone { number: 4 });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_event_that_is_deleted_is_named() {
    let app = sealed().await;
    app.sql("DELETE FROM audit_events WHERE seq = (SELECT seq FROM audit_links WHERE number = 1)").await;
    app.sql("DELETE FROM audit_links WHERE number = 1").await;
    assert_eq!(app.broken().await, Broken::LinkGone { number: 1 });
}

/// R75.
#[tokio::test(flavor = "multi_thread")]
async fn events_in_another_order_are_found() {
    let app = sealed().await;
    app.sql("UPDATE audit_links SET number = -number WHERE number IN (2, 3)").await;
    app.sql("UPDATE audit_links SET number = 5 + number WHERE number IN (-2, -3)").await;
    names(&app.broken().await, &links(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_put_in_among_others_is_named() {
    let app = sealed().await;
    app.sql(match Stack::chosen() {
        Stack::Sqlite => "INSERT INTO audit_events (seq, at, kind, request_id) VALUES (-5, 0, 'logged_out', 'x')",
        Stack::Postgres | Stack::PostgresRoles | Stack::PostgresAndRedis => {
            "INSERT INTO audit_events (seq, at, kind, request_id) OVERRIDING SYSTEM VALUE \
             VALUES (-5, now(), 'logged_out', 'x')"
        }
    })
    .await;
    assert_eq!(app.broken().await, Broken::PutIn { seq: -5 });
    app.seal().await.unwrap();
    assert_eq!(app.broken().await, Broken::PutIn { seq: -5 }, "it is not sealed for that");
}

const CUT: [&str; 3] = [
    "DELETE FROM audit_events WHERE seq IN (SELECT seq FROM audit_links WHERE number > 5)",
    "DELETE FROM audit_links WHERE number > 5",
    "DELETE FROM audit_seals WHERE number > 5",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_events_that_are_deleted_are_missed() {
    let app = sealed().await;
    for statement in CUT {
        app.sql(statement).await;
    }
    assert_eq!(app.broken().await, Broken::CutShort { number: 6, last: 10 });
}

/// An older seal is no end of the chain, even where everything fits it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_seal_does_not_pass_for_the_end() {
    let app = sealed().await;
    for statement in CUT {
        app.sql(statement).await;
    }
    app.sql(
        "UPDATE audit_chain SET last = 5, last_hash = (SELECT hash FROM audit_links WHERE number = 5), \
         mac = (SELECT mac FROM audit_seals WHERE number = 5)",
    )
    .await;
    assert_eq!(app.broken().await, Broken::EndsChanged);
    let refused = app.seal().await.unwrap_err();
    assert!(matches!(refused, Fault::Broken(Broken::EndsChanged)), "nothing is sealed on top of it: {refused}");
}

/// With links that fit a changed event: only who has the key can make the seals, too.
#[tokio::test(flavor = "multi_thread")]
async fn links_that_are_made_anew_do_not_fit_their_seals() {
    let app = sealed().await;
    app.sql("UPDATE audit_events SET client_id = 'x' WHERE seq = (SELECT seq FROM audit_links WHERE number = 7)").await;
    let decode = if Stack::chosen() == Stack::Sqlite { "unhex('HASH')" } else { "decode('HASH', 'hex')" };
    let mut before = chain::START;
    for linked in links(&app).await {
        before = chain::link(&before, linked.row.as_ref().unwrap()).point;
        let hash = decode.replace("HASH", &hex::encode(before.hash));
        app.sql(format!("UPDATE audit_links SET hash = {hash} WHERE number = {}", before.number).leak()).await;
    }
    let Broken::MadeAnew { first, last } = app.broken().await else { panic!("another fault") };
    assert!((first..=last).contains(&7) && last - first < 5, "{first} to {last}");
    app.sql("DELETE FROM audit_seals").await;
    assert_eq!(app.broken().await, Broken::MadeAnew { first: 1, last: 10 });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_the_chain_cannot_be_moved() {
    for change in ["removed = 3", "last = 11", "settled = 0 - 10", "seen = 100", "horizon = 7", "begun_at = begun_at"] {
        let app = sealed().await;
        app.sql(format!("UPDATE audit_chain SET {change}").leak()).await;
        let verified = app.verify().await;
        assert_eq!(verified.is_ok(), change.starts_with("begun_at"), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_ends_is_not_begun_anew() {
    let app = sealed().await;
    let sealer = Sealer::of(&app.app.ctx);
    sealer.round().await.unwrap();
    app.sql("DELETE FROM audit_chain").await;
    assert_eq!(app.broken().await, Broken::EndsChanged);
    assert!(matches!(app.seal().await.unwrap_err(), Fault::Broken(Broken::EndsChanged)));
    app.sql("DELETE FROM audit_seals").await;
    app.sql("DELETE FROM audit_links").await;
    let gone_back = sealer.round().await.unwrap_err();
    assert!(matches!(gone_back, Fault::Broken(Broken::WentBack { last: _, known: 10 })), "{gone_back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_noted_is_looked_for() {
    let app = sealed().await;
    let ctx = &app.app.ctx;
    let verify =
        async |noted| sekisho::audit::verify::verify(&*ctx.stores.audit_chain, &ctx.secrets, Some(&noted)).await;
    let noted = links(&app).await[4].link.point;
    assert!(verify(noted).await.unwrap().unwrap().is_noted_there);
    let mut other = noted;
    other.hash[0] ^= 1;
    assert!(matches!(verify(other).await.unwrap_err(), Fault::Broken(Broken::NotAsNoted { number: 5 })));
    other.number = 11;
    let beyond = verify(other).await.unwrap_err();
    assert!(matches!(beyond, Fault::Broken(Broken::WentBack { last: 10, known: 11 })), "{beyond}");
}

/// What was there before there was a chain, or while nothing sealed it, is told apart.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_sealed_late_are_counted() {
    let app = sealed().await;
    let mut event = sekisho::domain::Event::new(
        app.app.ctx.now(),
        sekisho::domain::EventKind::LoggedOut,
        &sekisho::domain::Origin::default(),
    );
    event.at = event.at - std::time::Duration::from_secs(3_600);
    app.app.ctx.stores.audit.record(&[event]).await.unwrap();
    app.seal().await.unwrap();
    assert_eq!(app.verify().await.unwrap().late, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_say_how_it_stands() {
    let app = sealed().await;
    let metrics = app.ops_text("/metrics").await;
    assert!(metrics.contains("sekisho_audit_link 10"), "{metrics}");
    assert!(metrics.contains("sekisho_audit_chain_broken 0"), "{metrics}");
    let sealer = Sealer::of(&app.app.ctx);
    sealer.round().await.unwrap();
    app.sql("UPDATE audit_chain SET last = 9").await;
    app.advance(60);
    sealer.round().await.unwrap_err();
    // The service looks by itself as well, and may have found it whole a little before.
    let unsealed = app.metric("sekisho_audit_unsealed_seconds").await;
    assert!((60.0..120.0).contains(&unsealed), "while nobody can know: {unsealed}");
    assert!(app.ops_text("/metrics").await.contains("sekisho_audit_chain_broken 1"));
    app.try_login(ADA, crate::support::app::PASSWORD, "phone").await;
    assert_eq!(app.audit_kinds().await.len(), 11, "events are written all the same");
}
