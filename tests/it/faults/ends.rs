//! Sessions that are to end while a store is broken.

use serde_json::json;

use super::broken::{self, Broken};
use crate::support::{
    Answer, TestApp,
    account::NEW_PASSWORD,
    app::{PASSWORD, SignedIn},
    eventually,
    proxy::Mode,
};

/// Each way to end them.
const WAYS: [&str; 5] = ["logout", "one", "all", "password", "account"];

async fn end(app: &TestApp, way: &str, person: &SignedIn) -> Answer {
    let SignedIn { access, refresh, .. } = person;
    match way {
        "logout" => app.log_out(refresh, "laptop").await,
        "one" => app.call("DELETE", &format!("/api/v1/auth/sessions/{}", person.session_id()), access, None).await,
        "all" => app.call("POST", "/api/v1/auth/logout-all", access, Some(json!({}))).await,
        "password" => app.change_password(access, PASSWORD, NEW_PASSWORD).await,
        _ => app.delete_account(access, None).await,
    }
}

async fn is_acknowledged_when_it_is_so(Broken { app, proxy }: Broken) {
    let mut people = Vec::new();
    for way in WAYS {
        let email = format!("{way}@example.com");
        people.push((way, app.sign_up(&email, "laptop").await, app.login(&email, "phone").await));
    }

    proxy.set(Mode::Refuse).await;
    for (way, laptop, _) in &people {
        let answer = end(&app, way, laptop).await;
        assert_eq!(answer.body["error"], "store_unavailable", "{way}: {answer:?}");
    }

    proxy.set(Mode::Pass).await;
    for (way, laptop, phone) in &people {
        eventually(async || end(&app, way, laptop).await.status == 200).await;
        // Whoever changes the password stays.
        let (ended, client_id) = if *way == "password" { (phone, "phone") } else { (laptop, "laptop") };
        app.ended(ended, client_id).await;
    }
}

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_no_end_is_acknowledged() {
    is_acknowledged_when_it_is_so(broken::postgres().await).await;
}

/// R49. The sessions are at hand, and the journal is not.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_journal_no_end_is_acknowledged() {
    is_acknowledged_when_it_is_so(broken::postgres_beside_redis().await).await;
}

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_no_end_is_acknowledged() {
    is_acknowledged_when_it_is_so(broken::redis().await).await;
}
