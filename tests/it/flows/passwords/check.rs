//! What a sign-up form is told while a password is typed.

use futures_util::future::join_all;
use sekisho::proto::sekisho::v1::CheckPasswordRequest;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, acts::ADA, app::PASSWORD};

const CHECK: &str = "/api/v1/auth/password/check";

async fn check(app: &TestApp, email: Option<&str>, password: &str) -> Answer {
    let answer = app.post(CHECK, json!({"email": email, "password": password})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn reasons(answer: &Answer) -> Vec<&str> {
    let violations = answer.body["violations"].as_array().unwrap();
    assert_eq!(answer.body["acceptable"], violations.is_empty(), "{answer:?}");
    violations.iter().map(|violation| violation["reason"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_password_is_acceptable_and_strong() {
    let app = TestApp::start().await;
    let answer = check(&app, Some(ADA), PASSWORD).await;
    assert!(reasons(&answer).is_empty());
    assert_eq!((&answer.body["score"], &answer.body["suggestions"]), (&json!(4), &json!([])));
    assert!(answer.body["guesses_log10"].as_f64().unwrap() > 10.0, "{answer:?}");
    assert_eq!(answer.body.get("warning"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_password_is_the_answer() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_CLASSES", "2")]).await;
    for (password, wanted) in [
        ("", &["REQUIRED"][..]),
        ("dragon1", &["TOO_SHORT", "COMMON_PASSWORD"]),
        ("password", &["CHARACTER_CLASSES", "COMMON_PASSWORD"]),
        ("ada@example.com", &["GUESSABLE_PASSWORD"]),
        (&"aB".repeat(129), &["TOO_LONG"]),
        ("correct\0horse", &["CONTROL_CHARACTER"]),
        (&"\u{1}".repeat(257), &["TOO_LONG", "CONTROL_CHARACTER"]),
    ] {
        assert_eq!(reasons(&check(&app, Some(ADA), password).await), wanted, "{password:?}");
    }
}

/// R06.
#[tokio::test(flavor = "multi_thread")]
async fn variants_of_the_address_and_of_our_names_are_refused() {
    let app = TestApp::with(&[("SEKISHO_ISSUER", "https://login.hakone-shop.example")]).await;
    for password in [
        "lovelace",
        "LOVELACE",
        "L0vel@ce",
        "lovelace1815",
        "1815Lovelace!",
        "ada.lovelace",
        "AdaLovelace99",
        "analytical",
        "an@lyt1cal-engine",
        "engine.analytical",
        "Sekisho!",
        "S3k1sh0-2031",
        "hakone.shop",
        "H@k0ne2031",
    ] {
        let answer = check(&app, Some("ada.lovelace@analytical-engine.example"), password).await;
        assert!(reasons(&answer).contains(&"GUESSABLE_PASSWORD"), "{password}: {answer:?}");
    }
    let answer = check(&app, Some("ada.lovelace@analytical-engine.example"), "the engine that lovelace wrote of").await;
    assert!(reasons(&answer).is_empty(), "{answer:?}");
    assert!(!reasons(&check(&app, None, "an@lyt1cal-engine").await).contains(&"GUESSABLE_PASSWORD"));
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_is_in_the_callers_language() {
    let app = TestApp::start().await;
    let body = json!({"password": "p@ssw0rd"});
    let english = app.post(CHECK, body.clone()).await.body;
    assert_eq!(english["warning"], "This is similar to a commonly used password.");
    assert!(
        english["suggestions"]
            .as_array()
            .unwrap()
            .contains(&json!("Add another word or two. Uncommon words are better."))
    );
    let japanese = app.post_in("ja", CHECK, body).await.body;
    assert_eq!(japanese["warning"], "よく使われるパスワードに似ています。");
    assert_eq!(japanese["violations"][0]["message"], "推測されやすい、または漏えいが確認されているパスワードです。");
    assert_eq!((&english["score"], &english["guesses_log10"]), (&japanese["score"], &japanese["guesses_log10"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_says_the_same() {
    let app = TestApp::start().await;
    let request = CheckPasswordRequest { email: None, password: "password".into() };
    let answer = app.auth().await.check_password(request).await.unwrap().into_inner();
    assert!(!answer.acceptable);
    assert_eq!(answer.violations[0].reason, "COMMON_PASSWORD");
    assert_eq!((answer.score, answer.warning.as_deref()), (0, Some("This is a top-10 common password.")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_is_refused() {
    let app = TestApp::start().await;
    for (email, reason) in [("ada@", "MALFORMED"), ("", "REQUIRED")] {
        app.post(CHECK, json!({"email": email, "password": PASSWORD})).await.breaks("email", reason);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_kept() {
    let app = TestApp::start().await;
    check(&app, Some(ADA), "a-word-to-look-for").await;
    assert!(app.audit_kinds().await.is_empty());
    let dump = app.dump().await;
    for trace in ["a-word-to-look-for", "ada@example"] {
        assert!(!dump.windows(trace.len()).any(|window| window == trace.as_bytes()), "{trace}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_may_ask_two_times_a_second() {
    let app = TestApp::start().await;
    // A few at once: Redis forgets a budget that is hardly drawn on by its own clock.
    for _ in 0..10 {
        join_all((0..12).map(|_| check(&app, None, "password"))).await;
    }
    let body: Value = json!({"password": PASSWORD});
    app.post(CHECK, body.clone()).await.limited_for(1);
    assert!(app.audit_kinds().await.is_empty());
    app.advance(1);
    assert_eq!(app.post(CHECK, body).await.status, 200);
}

/// The call of docs/passwords.md, and its answer there.
#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_the_documents_is_true() {
    let page = include_str!("../../../../docs/passwords.md");
    let example = page.split_once("/auth/password/check -H").unwrap().1;
    let sent = example.split('\'').nth(3).unwrap();
    let answer = example.lines().find(|line| line.starts_with('{')).unwrap();
    let app = TestApp::start().await;
    let told = app.post(CHECK, serde_json::from_str(sent).unwrap()).await;
    assert_eq!(told.text, answer);
}
