//! R75. The chain verifies while the secret is being replaced, and after.

use sekisho::audit::{Broken, Fault};

use crate::support::{TestApp, app::SECRET};

const NEW: &str = "bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQtMDI=";
const OTHER: &str = "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC1vdGhlci0wMDM=";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sealed_under_an_older_secret_still_verifies() {
    let app = TestApp::start().await;
    app.ada().await;
    app.seal().await.unwrap();
    let before = app.verify().await.unwrap();

    let app = app.restart(&[("SEKISHO_SECRET", NEW), ("SEKISHO_SECRET_PREVIOUS", SECRET)]).await;
    // Nothing has happened since; the ends of the chain are signed anew for all that.
    app.seal().await.unwrap();
    assert_eq!(app.verify().await.unwrap(), before);

    let app = app.restart(&[("SEKISHO_SECRET", NEW)]).await;
    let after = app.verify().await.unwrap();
    assert!(after.events == before.events && after.unchecked_seals > 0, "{after:?}");
    app.send_code("bob@example.com", crate::support::app::PASSWORD, "laptop").await;
    app.seal().await.unwrap();
    assert_eq!(app.verify().await.unwrap().events, before.events + 1);

    app.sql("UPDATE audit_events SET client_id = 'x' WHERE seq = (SELECT seq FROM audit_links WHERE number = 1)").await;
    assert!(matches!(app.broken().await, Broken::EventChanged { number: 1, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_secret_that_knows_nothing_of_it_the_chain_is_not_gone_on_with() {
    let app = TestApp::start().await;
    app.send_code("bob@example.com", crate::support::app::PASSWORD, "laptop").await;
    app.seal().await.unwrap();
    // The keys that sign tokens could not be opened either.
    app.sql("DELETE FROM signing_keys").await;
    let app = app.restart(&[("SEKISHO_SECRET", OTHER)]).await;
    assert!(matches!(app.seal().await.unwrap_err(), Fault::Broken(Broken::UnknownKey)));
    assert_eq!(app.broken().await, Broken::UnknownKey);
}
