//! What refreshes come to, and which limits calls run into.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use sekisho::domain::{Limit, RefreshOutcome};
use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG, other_code},
    app::PASSWORD,
    scrape::Scrape,
};

const CLIENT: &str = "laptop";

/// Those that are not 0, by the value of a label.
fn counts(scrape: &Scrape, name: &str, label: &str) -> BTreeMap<String, f64> {
    let of = scrape.samples.iter().filter(|sample| sample.name == name && sample.value > 0.0);
    of.map(|sample| (sample.labels[label].clone(), sample.value)).collect()
}

async fn outcomes(app: &TestApp) -> BTreeMap<String, f64> {
    counts(&app.scrape().await, "sekisho_refreshes_total", "outcome")
}

async fn hits(app: &TestApp) -> BTreeMap<String, f64> {
    counts(&app.scrape().await, "sekisho_limits_hit_total", "limit")
}

fn once<const N: usize>(words: [&str; N]) -> BTreeMap<String, f64> {
    words.into_iter().map(|word| (word.to_owned(), 1.0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_happened_yet_is_there_at_0() {
    let app = TestApp::start().await;
    let scrape = app.scrape().await;
    for outcome in RefreshOutcome::ALL {
        let series = format!("sekisho_refreshes_total{{outcome=\"{}\"}}", outcome.as_str());
        assert_eq!(scrape.get(&series), Some(0.0), "{series}");
    }
    for limit in Limit::ALL {
        let series = format!("sekisho_limits_hit_total{{limit=\"{}\"}}", limit.as_str());
        assert_eq!(scrape.get(&series), Some(0.0), "{series}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_case_of_the_rotation_is_counted() {
    let app = TestApp::start().await;
    let first = app.ada().await.refresh;
    let mut wanted = once(["rotated"]);
    let second = app.refreshed(&first, CLIENT).await;
    assert_eq!(outcomes(&app).await, wanted);

    app.refreshed(&first, CLIENT).await;
    wanted.insert("repeated".to_owned(), 1.0);
    assert_eq!(outcomes(&app).await, wanted);

    app.advance(31);
    app.refreshed(&first, CLIENT).await;
    wanted.insert("late_retry".to_owned(), 1.0);
    assert_eq!(outcomes(&app).await, wanted);

    app.refresh(&second, CLIENT).await.refused(401, "refresh_token_reused");
    wanted.insert("reused".to_owned(), 1.0);
    assert_eq!(outcomes(&app).await, wanted);

    app.refresh(&second, CLIENT).await.refused(401, "refresh_token_invalid");
    wanted.insert("ended".to_owned(), 1.0);
    assert_eq!(outcomes(&app).await, wanted);

    app.refresh("nonsense", CLIENT).await.refused(401, "refresh_token_invalid");
    wanted.insert("invalid".to_owned(), 1.0);
    assert_eq!(outcomes(&app).await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_other_end_of_a_refresh_is_counted() {
    let app = TestApp::start().await;
    let signed_up = app.ada().await;
    app.refresh(&signed_up.refresh, "thief").await.refused(401, "client_id_mismatch");
    assert_eq!(outcomes(&app).await, once(["client_mismatch"]));

    let idle = app.ada_on("phone").await;
    app.advance(30 * 86_400);
    app.refresh(&idle.refresh, "phone").await.refused(401, "refresh_token_expired");
    assert_eq!(outcomes(&app).await, once(["client_mismatch", "expired"]));

    let signed_out = app.ada_on("tablet").await;
    app.log_out(&signed_out.refresh, "tablet").await;
    app.refresh(&signed_out.refresh, "tablet").await.refused(401, "refresh_token_invalid");
    assert_eq!(outcomes(&app).await, once(["client_mismatch", "expired", "ended"]));

    let evicted = app.ada_on("watch").await;
    app.evict_and_die(&evicted).await;
    app.refresh(&evicted.refresh, "watch").await.refused(401, "refresh_token_invalid");
    assert_eq!(app.metric("sekisho_refreshes_total{outcome=\"ended\"}").await, 2.0);
}

/// Forged to the last letter, a token is none of ours; what fails before a token is looked
/// at is no refresh.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_is_not_counted_as_one() {
    let app = TestApp::start().await;
    app.ada().await;
    app.refresh("", CLIENT).await.breaks("refresh_token", "REQUIRED");
    app.profile("nonsense").await.refused(401, "access_token_invalid");
    assert_eq!(outcomes(&app).await, BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_logins_are_told_apart() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_LOGIN", "2/300")]).await;
    app.ada().await;
    for _ in 0..2 {
        app.try_login(ADA, WRONG, "thief").await.refused(401, "invalid_credentials");
    }
    assert_eq!(hits(&app).await, BTreeMap::new());
    app.try_login(ADA, WRONG, "thief").await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["login_account"]));
    for _ in 0..2 {
        app.try_login(ADA, WRONG, CLIENT).await.refused(401, "invalid_credentials");
    }
    app.try_login(ADA, WRONG, CLIENT).await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["login_account", "login_known_client"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wider_limits_are_told_apart() {
    let settings =
        [("SEKISHO_LIMIT_LOGIN", "1/300"), ("SEKISHO_LIMIT_GUESS_NETWORK", "2/300"), ("SEKISHO_LIMIT_CLIENT", "1/300")];
    let app = TestApp::with(&settings).await;
    let guess = async |person: &str, client: &str| app.try_login(&format!("{person}@example.com"), WRONG, client).await;
    guess("one", "a").await.refused(401, "invalid_credentials");
    guess("two", "a").await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["guess_client"]));
    guess("two", "b").await.refused(401, "invalid_credentials");
    guess("three", "c").await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["guess_client", "guess_network"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_codes_are_told_apart() {
    let settings = [
        ("SEKISHO_LIMIT_CODE", "1/300"),
        ("SEKISHO_LIMIT_CODE_NETWORK", "4/300"),
        ("SEKISHO_LIMIT_CLIENT", "2/300"),
        ("SEKISHO_LIMIT_MAIL", "3/300"),
    ];
    let app = TestApp::with(&settings).await;
    app.ada().await;
    let reset = async |person: &str, client: &str| app.send_reset(&format!("{person}@example.com"), client).await;
    assert_eq!(reset("ada", CLIENT).await.status, 200);
    reset("ada", CLIENT).await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["code_known_client"]));
    reset("one", CLIENT).await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["code_known_client", "code_client"]));
    assert_eq!(reset("one", "a").await.status, 200);
    reset("one", "a").await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["code_known_client", "code_client", "code_address"]));
    reset("two", "b").await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["code_known_client", "code_client", "code_address", "code_all"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_wants_too_many_codes_is_told_apart() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "1/300"), ("SEKISHO_LIMIT_CODE_NETWORK", "1/300")]).await;
    assert_eq!(app.send_reset("one@example.com", "a").await.status, 200);
    app.send_reset("two@example.com", "b").await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["code_network"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_guesses_at_an_address_are_told_apart() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    for number in 0..5 {
        let client = format!("client-{number}");
        let code = app.reset_code(ADA, &client).await;
        for _ in 0..5 {
            app.verify_reset(ADA, &other_code(&code), &client).await;
        }
    }
    assert_eq!(hits(&app).await.keys().collect::<Vec<_>>(), ["code_guess_address"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_account_has_limits_of_its_own() {
    let app = TestApp::start().await;
    for _ in 0..20 {
        app.ask_service_token("orders", "wrong", None).await.unwrap_err();
    }
    assert_eq!(hits(&app).await, BTreeMap::new());
    app.ask_service_token("orders", "wrong", None).await.unwrap_err();
    assert_eq!(hits(&app).await, once(["service_secret"]));
    let check = async || app.post("/api/v1/auth/password/check", json!({"password": PASSWORD})).await;
    // A few at once: Redis forgets a budget that is hardly drawn on by its own clock.
    for _ in 0..10 {
        for answer in join_all((0..12).map(|_| check())).await {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
    check().await.refused(429, "rate_limit_exceeded");
    assert_eq!(hits(&app).await, once(["service_secret", "password_check"]));
}
