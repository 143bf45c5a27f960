//! The codes of a sign-up: how often, for whom and for how long.

use super::*;

/// R24.
#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_guess_costs_one_attempt() {
    let app = TestApp::start().await;
    let code = app.code(ADA, "laptop").await;
    for left in ["4", "3", "2", "1", "0"] {
        let answer = app.verify_code(ADA, &other_code(&code), "laptop").await;
        answer.refused(400, "invalid_code");
        assert_eq!(answer.body["details"], json!({"attempts_left": left}));
    }
    app.verify_code(ADA, &code, "laptop").await.refused(400, "session_not_found");
}

/// R25.
#[tokio::test(flavor = "multi_thread")]
async fn resending_voids_the_code_but_not_the_guesses() {
    let app = TestApp::start().await;
    let first = app.code(ADA, "laptop").await;
    app.verify_code(ADA, &other_code(&first), "laptop").await.refused(400, "invalid_code");
    assert_eq!(app.resend_code(ADA, "laptop").await.status, 200);
    let second = app.newest_code(ADA, 2).await;

    let guess = if first == second { other_code(&second) } else { first };
    let answer = app.verify_code(ADA, &guess, "laptop").await;

    assert_eq!(answer.body["details"]["attempts_left"], "3");
    assert_eq!(app.verify_code(ADA, &second, "laptop").await.status, 201);
}

/// R25. Else a thousand resends were a thousand times five guesses.
#[tokio::test(flavor = "multi_thread")]
async fn resending_does_not_revive_a_spent_budget() {
    let app = TestApp::start().await;
    let code = app.code(ADA, "laptop").await;
    for _ in 0..5 {
        app.verify_code(ADA, &other_code(&code), "laptop").await.refused(400, "invalid_code");
    }
    app.resend_code(ADA, "laptop").await.refused(400, "session_not_found");
}

/// R21.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_serves_the_client_that_asked() {
    let app = TestApp::start().await;
    let code = app.code(ADA, "laptop").await;
    app.verify_code(ADA, &code, "phone").await.refused(401, "client_id_mismatch");
    app.resend_code(ADA, "phone").await.refused(401, "client_id_mismatch");
    assert_eq!(app.verify_code(ADA, &code, "laptop").await.status, 201);
}

/// R21.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_serves_one_address_once_and_nothing_else() {
    let app = TestApp::start().await;
    let code = app.code(ADA, "laptop").await;
    app.verify_code("bob@example.com", &code, "laptop").await.refused(400, "session_not_found");
    app.try_login(ADA, &code, "laptop").await.refused(401, "invalid_credentials");
    app.try_login(ADA, PASSWORD, "laptop").await.refused(401, "invalid_credentials");
    assert_eq!(app.verify_code(ADA, &code, "laptop").await.status, 201);
    app.verify_code(ADA, &code, "laptop").await.refused(400, "session_not_found");
    app.try_login(ADA, &code, "laptop").await.refused(401, "invalid_credentials");
}

/// R23.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_to_the_second() {
    let app = TestApp::start().await;
    let code = app.code(ADA, "laptop").await;
    app.advance(899);
    assert_eq!(app.verify_code(ADA, &code, "laptop").await.status, 201);

    let code = app.code("bob@example.com", "laptop").await;
    app.advance(900);
    app.verify_code("bob@example.com", &code, "laptop").await.refused(400, "session_not_found");
    app.resend_code("bob@example.com", "laptop").await.refused(400, "session_not_found");
}

/// R20.
#[tokio::test(flavor = "multi_thread")]
async fn mails_to_an_address_are_limited() {
    let app = TestApp::start().await;
    for taken in [false, true] {
        assert_eq!(app.send_code(ADA, PASSWORD, "laptop").await.status, 200);
        assert_eq!(app.send_code("ADA@example.com", PASSWORD, "phone").await.status, 200);
        assert_eq!(app.resend_code(ADA, "laptop").await.status, 200);
        app.send_code(ADA, PASSWORD, "tablet").await.limited_for(100);
        app.resend_code(ADA, "laptop").await.limited_for(100);
        app.advance(99);
        app.resend_code(ADA, "laptop").await.limited_for(1);
        app.advance(1);
        assert_eq!(app.resend_code(ADA, "laptop").await.status, 200);
        let mails = app.mails_after(ADA, if taken { 8 } else { 4 }).await;
        if !taken {
            let code = mails[0]["code"].as_str().unwrap();
            assert_eq!(app.verify_code(ADA, code, "laptop").await.status, 201);
            app.advance(86_400);
        }
    }
}

/// R22. A tenth of all codes begin with one: hardly ever do three hundred not.
#[tokio::test(flavor = "multi_thread")]
async fn a_zero_in_front_is_a_digit_like_others() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "1000/300")]).await;
    let mut code = app.code(ADA, "laptop").await;
    for resent in 0..300 {
        if code.starts_with('0') {
            break;
        }
        assert_eq!(app.resend_code(ADA, "laptop").await.status, 200);
        code = app.newest_code(ADA, resent + 2).await;
    }
    let without = code.strip_prefix('0').expect("a zero");
    app.verify_code(ADA, without, "laptop").await.breaks("code", "MALFORMED");
    assert_eq!(app.verify_code(ADA, &code, "laptop").await.status, 201);
}
