//! Sign-up: the mailbox is proven by a code, and nobody learns who has an account.

use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp,
    acts::{ADA, WRONG, other_code},
    app::PASSWORD,
};

mod codes;

const SEND: &str = "/api/v1/auth/signup/send-code";
const RESEND: &str = "/api/v1/auth/signup/resend-code";
const VERIFY: &str = "/api/v1/auth/signup/verify-code";

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_mailbox_is_an_account() {
    let app = TestApp::start().await;
    let sent = app.send_code(ADA, PASSWORD, "laptop").await;
    assert_eq!((sent.status, &sent.body["email"], &sent.body["expires_in"]), (200, &json!(ADA), &json!(900)));
    let code = app.newest_code(ADA, 1).await;

    let answer = app.verify_code(ADA, &code, "laptop").await;

    assert_eq!(answer.status, 201);
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let user = &answer.body["user"];
    assert_eq!((&user["email"], &user["is_verified"], &user["roles"]), (&json!(ADA), &json!(true), &json!([])));
    assert_eq!(user["created_at"], "2027-01-15T08:00:00Z");
    app.login(ADA, "phone").await;
}

/// One request id, so that nothing else may differ either.
async fn bytes(app: &TestApp, path: &str, body: Value) -> (u16, String) {
    let Answer { status, text, .. } = app.post_as("same", path, body).await;
    (status, text)
}

/// R14.
#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_answers_like_a_free_one() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let send = json!({"email": ADA, "password": PASSWORD, "client_id": "laptop"});
    let resend = json!({"email": ADA, "client_id": "laptop"});
    let free = [bytes(&app, SEND, send.clone()).await, bytes(&app, RESEND, resend.clone()).await];
    let code = app.newest_code(ADA, 2).await;
    let wrong = json!({"email": ADA, "code": other_code(&code), "client_id": "laptop"});
    let free_guess = bytes(&app, VERIFY, wrong.clone()).await;
    assert_eq!(app.verify_code(ADA, &code, "laptop").await.status, 201);

    let taken = [bytes(&app, SEND, send).await, bytes(&app, RESEND, resend).await];
    let taken_guess = bytes(&app, VERIFY, wrong).await;

    assert_eq!(taken, free);
    assert_eq!(taken_guess, free_guess);
}

/// R14.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_mails_tell_a_taken_address() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    app.send_code(ADA, WRONG, "stranger").await;
    app.resend_code(ADA, "stranger").await;

    let mails = app.mails_after(ADA, 3).await;

    assert_eq!(mails[2]["subject"], "Your Sekisho verification code");
    for mail in &mails[..2] {
        assert_eq!(mail["subject"], "You already have a Sekisho account");
        assert_eq!(mail["code"], Value::Null);
    }
    app.login(ADA, "phone").await;
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_told_where_disclosure_is_on() {
    let app = TestApp::with(&[("SEKISHO_SIGNUP_DISCLOSE_TAKEN", "true")]).await;
    app.ada().await;
    app.send_code(ADA, PASSWORD, "stranger").await.refused(409, "email_already_exists");
}

/// R31. A stranger waits on the owner's mailbox with his own password; the owner's
/// proof is not his.
#[tokio::test(flavor = "multi_thread")]
async fn a_squatters_password_is_worth_nothing() {
    let app = TestApp::start().await;
    app.send_code(ADA, WRONG, "squatter").await;
    let squatters = app.newest_code(ADA, 1).await;
    app.send_code(ADA, PASSWORD, "laptop").await;
    let owners = app.newest_code(ADA, 2).await;
    assert_eq!(app.verify_code(ADA, &owners, "laptop").await.status, 201);

    app.try_login(ADA, WRONG, "squatter").await.refused(401, "invalid_credentials");
    app.verify_code(ADA, &squatters, "squatter").await.refused(400, "session_not_found");
    app.try_login(ADA, WRONG, "squatter").await.refused(401, "invalid_credentials");
    app.login(ADA, "laptop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_one_address_are_one_account() {
    let app = TestApp::start().await;
    for (spelling, canonical, third) in [
        ("Ada@Example.COM", "ada@example.com", "ADA@example.com"),
        ("taro@bücher.example", "taro@xn--bcher-kva.example", "TARO@BÜCHER.example"),
    ] {
        app.send_code(spelling, PASSWORD, "laptop").await;
        let code = app.newest_code(canonical, 1).await;
        let answer = app.verify_code(third, &code, "laptop").await;
        assert_eq!((answer.status, &answer.body["user"]["email"]), (201, &json!(canonical)));
        let login = app.login(third, "phone").await;
        assert_eq!(login.body["user"]["id"], answer.body["user"]["id"]);
        app.send_code(third, PASSWORD, "phone").await;
        assert_eq!(app.mails_after(canonical, 2).await[0]["code"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn japanese_callers_are_written_to_in_japanese() {
    let app = TestApp::start().await;
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": "laptop"});
    assert_eq!(app.post_in("ja-JP,en;q=0.5", SEND, body).await.status, 200);
    let mail = &app.mails_after(ADA, 1).await[0];
    assert_eq!(mail["subject"], "【Sekisho】認証コードのお知らせ");
    assert!(mail["text"].as_str().unwrap().contains(mail["code"].as_str().unwrap()));

    let wrong = json!({"email": ADA, "code": other_code(mail["code"].as_str().unwrap()), "client_id": "laptop"});
    let answer = app.post_in("ja", VERIFY, wrong).await;
    answer.refused(400, "invalid_code");
    assert_eq!(answer.body["message"], "認証コードが正しくありません。");
}

/// R01, R05, R06.
#[tokio::test(flavor = "multi_thread")]
async fn poor_passwords_are_refused_by_name() {
    let app = TestApp::start().await;
    for (password, rule) in [
        ("", "REQUIRED"),
        ("gh7wkxq", "TOO_SHORT"),
        (&"a".repeat(257), "TOO_LONG"),
        ("correct\u{0}horse", "CONTROL_CHARACTER"),
        ("password", "COMMON_PASSWORD"),
        ("ada@example.com", "GUESSABLE_PASSWORD"),
    ] {
        app.send_code(ADA, password, "laptop").await.breaks("password", rule);
    }
    assert!(app.mails(ADA).await.is_empty());
}
