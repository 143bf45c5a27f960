//! What is asked of a password that is chosen.

use sekisho::{
    domain::{Email, Password},
    error::{Error, Rule},
    flows::new_password,
    storage::accounts::{AccountChange, Changed, Consequences},
};
use serde_json::json;
use tonic_types::StatusExt;

use crate::support::{TestApp, acts::ADA, app::PASSWORD};

mod check;
mod stored;

const SEND: &str = "/api/v1/auth/signup/send-code";
/// Rules that are off unless they are asked for.
const STRICT: [(&str, &str); 2] = [("SEKISHO_PASSWORD_MIN_LENGTH", "12"), ("SEKISHO_PASSWORD_CLASSES", "3")];

fn broken(reasons: &[&str]) -> Vec<(String, String)> {
    reasons.iter().map(|reason| ("password".to_owned(), (*reason).to_owned())).collect()
}

/// R01.
#[tokio::test(flavor = "multi_thread")]
async fn every_rule_that_is_broken_is_named_at_once() {
    let app = TestApp::with(&STRICT).await;
    let answer = app.send_code("dragon@example.com", "dragon1", "laptop").await;
    answer.refused(400, "validation_error");
    let all = ["TOO_SHORT", "CHARACTER_CLASSES", "COMMON_PASSWORD", "GUESSABLE_PASSWORD"];
    assert_eq!(answer.fields(), broken(&all));

    let request = sekisho::proto::sekisho::v1::SendSignupCodeRequest {
        email: "dragon@example.com".into(),
        password: "dragon1".into(),
        client_id: String::new(),
    };
    let status = app.auth().await.send_signup_code(request).await.unwrap_err();
    let named = status.get_details_bad_request().unwrap().field_violations;
    let reasons: Vec<_> = named.iter().map(|violation| violation.reason.as_str()).collect();
    assert_eq!(reasons, [&all[..], &["REQUIRED"]].concat());
    assert_eq!(named[1].field, "password");
    assert_eq!(named[1].description, "Use at least 3 of these: lower case, upper case, digits, other characters.");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_is_told_in_the_callers_language() {
    let app = TestApp::with(&STRICT).await;
    let body = json!({"email": "dragon@example.com", "password": "dragon1", "client_id": "laptop"});
    let answer = app.post_in("ja", SEND, body).await;
    let messages: Vec<_> =
        answer.body["details"]["fields"].as_array().unwrap().iter().map(|field| &field["message"]).collect();
    assert_eq!(
        messages,
        [
            "12文字以上で入力してください。",
            "英小文字、英大文字、数字、その他の文字のうち3種類以上を使用してください。",
            "推測されやすい、または漏えいが確認されているパスワードです。",
            "メールアドレスやサービス名を基にしたパスワードは使用できません。",
        ]
    );
}

/// R01, R07.
#[tokio::test(flavor = "multi_thread")]
async fn by_default_eight_characters_of_any_class_will_do() {
    let app = TestApp::start().await;
    for (number, password) in
        ["ghwkxqzp", "onlyfifteenlett", "合言葉は山と川だ", &"🦀".repeat(64)].into_iter().enumerate()
    {
        let answer = app.send_code(&format!("person{number}@example.org"), password, "laptop").await;
        assert_eq!(answer.status, 200, "{password}: {answer:?}");
    }
}

/// How often a hash was made so far.
async fn hashed(app: &TestApp) -> u32 {
    let metrics = app.ops_text("/metrics").await;
    let count = metrics.lines().find_map(|line| line.strip_prefix("sekisho_hash_wait_seconds_count "));
    count.unwrap().parse().unwrap()
}

/// R02.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_is_refused_before_it_is_hashed() {
    let app = TestApp::start().await;
    let before = hashed(&app).await;
    for password in ["a".repeat(257), "あ".repeat(257), "🦀".repeat(10_000), "correct\0horse battery".into()] {
        assert_eq!(app.send_code(ADA, &password, "laptop").await.status, 400);
        assert_eq!(app.try_login(ADA, &password, "laptop").await.status, 400);
    }
    assert_eq!(hashed(&app).await, before);
    assert_eq!(app.send_code(ADA, &"あ".repeat(256), "laptop").await.status, 200);
    assert_eq!(hashed(&app).await, before + 1);
}

/// A flow that changes passwords, without what is around it.
async fn change(app: &TestApp, text: &str) -> Result<(), Error> {
    let ctx = &app.app.ctx;
    let account = ctx.stores.accounts.by_email(&Email::parse(ADA).unwrap()).await.unwrap().unwrap();
    let new = new_password::hash(ctx, "new_password", &Password::parse(text).unwrap(), &account, ctx.now()).await?;
    let changed = ctx.stores.accounts.change(&account, &AccountChange::Password(new), &Consequences::default()).await;
    assert_eq!(changed.unwrap(), Changed::Done(Vec::new()));
    app.advance(1);
    Ok(())
}

#[track_caller]
fn refused(answer: &Result<(), Error>, rule: Rule) {
    match answer {
        Err(Error::Validation(broken)) => {
            assert_eq!(broken.iter().map(|v| (v.field.as_str(), v.rule)).collect::<Vec<_>>(), [("new_password", rule)]);
        }
        other => panic!("{other:?}"),
    }
}

const NEXT: [&str; 4] = ["first horse of four", "second horse of four", "third horse of four", "fourth horse of four"];

#[tokio::test(flavor = "multi_thread")]
async fn the_last_passwords_are_not_taken_again() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_HISTORY", "3")]).await;
    app.ada().await;
    refused(&change(&app, PASSWORD).await, Rule::ReusedPassword);
    change(&app, NEXT[0]).await.unwrap();
    change(&app, NEXT[1]).await.unwrap();
    for used in [PASSWORD, NEXT[0], NEXT[1]] {
        refused(&change(&app, used).await, Rule::ReusedPassword);
    }
    change(&app, NEXT[2]).await.unwrap();
    // Of the last three it is none.
    change(&app, PASSWORD).await.unwrap();
    app.login(ADA, "phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_password_costs_a_hash_and_a_broken_rule_none() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_HISTORY", "24")]).await;
    app.ada().await;
    for (former, next) in (0..).zip(NEXT) {
        let before = hashed(&app).await;
        refused(&change(&app, "password").await, Rule::CommonPassword);
        assert_eq!(hashed(&app).await, before);
        change(&app, next).await.unwrap();
        // The present one, those before it, and the new one.
        assert_eq!(hashed(&app).await, before + 1 + former + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_one_is_the_present_password() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_HISTORY", "1")]).await;
    app.ada().await;
    refused(&change(&app, PASSWORD).await, Rule::ReusedPassword);
    change(&app, NEXT[0]).await.unwrap();
    change(&app, PASSWORD).await.unwrap();
    assert_eq!(app.table_text("password_history").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_history_any_password_is_taken_again_and_none_is_kept() {
    let app = TestApp::start().await;
    app.ada().await;
    change(&app, PASSWORD).await.unwrap();
    change(&app, NEXT[0]).await.unwrap();
    change(&app, PASSWORD).await.unwrap();
    assert_eq!(app.table_text("password_history").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn former_passwords_are_known_under_another_secret_and_cost() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_HISTORY", "5")]).await;
    app.ada().await;
    change(&app, NEXT[0]).await.unwrap();
    let new_secret = [
        ("SEKISHO_SECRET", "bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQtMDI="),
        ("SEKISHO_SECRET_PREVIOUS", crate::support::app::SECRET),
        ("SEKISHO_BCRYPT_COST", "5"),
        ("SEKISHO_PASSWORD_HISTORY", "5"),
    ];
    let app = app.restart(&new_secret).await;
    // A login stores the present one anew, which makes no former one of it.
    assert_eq!(app.try_login(ADA, NEXT[0], "phone").await.status, 200);
    change(&app, NEXT[1]).await.unwrap();
    for used in [PASSWORD, NEXT[0], NEXT[1]] {
        refused(&change(&app, used).await, Rule::ReusedPassword);
    }
    assert_eq!(app.table_text("password_history").await.matches("bcrypt+hmac:").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_another_rule_is_not_held_against_the_former_ones() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_HISTORY", "24")]).await;
    app.ada().await;
    refused(&change(&app, "password").await, Rule::CommonPassword);
    refused(&change(&app, "ada@example.com").await, Rule::GuessablePassword);
    refused(&change(&app, "kW8#vQ").await, Rule::TooShort(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn former_passwords_go_with_the_account() {
    let app = TestApp::with(&[("SEKISHO_PASSWORD_HISTORY", "5")]).await;
    app.ada().await;
    change(&app, NEXT[0]).await.unwrap();
    assert_ne!(app.table_text("password_history").await, "");
    app.sql("DELETE FROM accounts").await;
    assert_eq!(app.table_text("password_history").await, "");
}
