//! The audit log: every outcome, and nothing that is secret.

mod chain;
mod commands;
mod late_commits;
mod once;
mod retention;
mod rotation;
pub mod tour;
mod two_servers;

use sekisho::{
    audit::{
        Broken, Fault, Sealer,
        verify::{self, Verified},
    },
    domain::EventKind,
};

use crate::support::{
    TestApp,
    acts::{ADA, WRONG},
    app::PASSWORD,
};

impl TestApp {
    /// Seals what was written up to now.
    pub async fn seal(&self) -> Result<u64, Fault> {
        Sealer::of(&self.app.ctx).round().await
    }

    /// Looks whether the log is what was sealed.
    pub async fn verify(&self) -> Result<Verified, Fault> {
        let ctx = &self.app.ctx;
        verify::verify(&*ctx.stores.audit_chain, &ctx.secrets, None).await.map(|verified| verified.expect("a chain"))
    }

    /// What is wrong with it.
    pub async fn broken(&self) -> Broken {
        match self.verify().await {
            Err(Fault::Broken(broken)) => broken,
            other => panic!("{other:?}"),
        }
    }
}

/// The first needs a store that forgot its last writes (see `flows::refresh`), the
/// second another policy; the others are commands (see `commands`), or take a certificate
/// (see `identities`).
const ELSEWHERE: [EventKind; 11] = [
    EventKind::RefreshRecovered,
    EventKind::LoginSessionLimit,
    EventKind::ServiceCreated,
    EventKind::ServiceDisabled,
    EventKind::ServiceRotated,
    EventKind::ServiceIdentityAdded,
    EventKind::ServiceIdentityRemoved,
    EventKind::ServiceCertificateAccepted,
    EventKind::ServiceCertificateUnknown,
    EventKind::ServiceCertificateMismatch,
    EventKind::AdminTokenIssued,
];

/// R72.
#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_is_counted_and_all_but_routine_is_written() {
    let app = tour::app().await;
    tour::take(&app).await;
    let (written, metrics) = (app.audit_kinds().await, app.scrape().await);
    for kind in EventKind::ALL.iter().filter(|kind| !ELSEWHERE.contains(kind)) {
        let word = kind.as_str();
        let count = metrics.get(&format!("sekisho_events_total{{kind=\"{word}\"}}"));
        assert!(count > Some(0.0), "{word} was not counted");
        assert_eq!(written.iter().any(|kind| kind == word), !kind.is_routine(), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_over_the_limit_is_written() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "1"), ("SEKISHO_MAX_SESSIONS_POLICY", "refuse")]).await;
    let ada = app.ada().await;
    app.try_login(ADA, PASSWORD, "phone").await.refused(400, "session_limit_reached");
    let last = app.audit().await.pop().unwrap();
    assert_eq!((last.kind.as_str(), last.client_id.as_deref()), ("login_session_limit", Some("phone")));
    assert_eq!(last.user_id.unwrap().to_string(), ada.user_id());
}

/// R72.
#[tokio::test(flavor = "multi_thread")]
async fn rows_name_the_person_the_session_and_the_call() {
    let app = tour::app().await;
    let ada = tour::take(&app).await.user_id();
    let rows = app.audit().await;
    for (kind, with_session) in [
        ("signup_completed", false),
        ("signup_address_taken", false),
        ("login_succeeded", true),
        ("login_wrong_password", false),
        ("login_disabled", false),
        ("session_evicted", true),
        ("refresh_late_retry", true),
        ("refresh_reused", true),
        ("refresh_client_mismatch", true),
        ("logged_out", true),
        ("logged_out_lost", true),
        ("logout_client_mismatch", true),
        ("profile_updated", true),
        ("session_revoked", true),
        ("sessions_revoked", false),
    ] {
        let row = rows.iter().find(|row| row.kind == kind).unwrap_or_else(|| panic!("no {kind}"));
        assert_eq!(row.user_id.map(|id| id.to_string()), Some(ada.clone()), "{kind}");
        assert!(row.session_id.is_some() || !with_session, "{kind} names no session");
        assert_eq!(row.address.as_deref(), Some("127.0.0.1"), "{kind}");
        assert!(!row.request_id.is_empty(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_found_by_the_request_id_that_the_caller_saw() {
    let app = TestApp::start().await;
    app.ada().await;
    app.post_as("order-7", "/api/v1/auth/login", crate::support::acts::login_body("phone")).await;
    let rows = app.audit().await;
    let row = rows.iter().find(|row| row.request_id == "order-7").unwrap();
    assert_eq!((row.kind.as_str(), row.at), ("login_succeeded", app.app.ctx.now()));
}

/// R26, R40.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_ever_written_down() {
    let app = tour::app().await;
    let secrets = tour::secrets(&app, &tour::take(&app).await).await;
    let rows = app.table_text("audit_events").await;
    assert!(rows.contains("login_succeeded"));
    for private in [ADA, "bob@example.com", "example.com", &hex::encode(ADA)] {
        assert!(!rows.to_lowercase().contains(private), "{private}");
    }
    let bytes = app.dump().await;
    assert!(tour::contains(&bytes, b"login_succeeded"));
    for secret in secrets.iter().map(String::as_str).chain([PASSWORD, WRONG]) {
        assert!(!tour::contains(&bytes, secret.as_bytes()), "{secret}");
        assert!(!tour::contains(&bytes, hex::encode(secret).as_bytes()), "{secret}");
    }
}
