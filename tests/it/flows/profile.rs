//! The profile.

use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp,
    acts::ADA,
    app::{PASSWORD, with_bearer},
};

const PATH: &str = "/api/v1/user/profile";

async fn put(app: &TestApp, access: &str, body: Value) -> Answer {
    app.call("PUT", PATH, access, Some(body)).await
}

fn name_and_locale(answer: &Answer) -> [&str; 2] {
    assert_eq!(answer.status, 200, "{answer:?}");
    ["display_name", "locale"].map(|name| answer.body["user"][name].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_keeps_its_value() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    for (change, wanted) in [
        (json!({}), ["", "en"]),
        (json!({"display_name": "Ada"}), ["Ada", "en"]),
        (json!({"locale": "ja"}), ["Ada", "ja"]),
        (json!({"display_name": " 山田 太郎 "}), ["山田 太郎", "ja"]),
        (json!({"display_name": "", "locale": "en"}), ["", "en"]),
    ] {
        assert_eq!(name_and_locale(&put(&app, &access, change.clone()).await), wanted, "{change}");
        assert_eq!(name_and_locale(&app.profile(&access).await), wanted, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_has_its_rules() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    assert_eq!(put(&app, &access, json!({"display_name": "山".repeat(100)})).await.status, 200);
    for (field, value, rule) in [
        ("display_name", json!("山".repeat(101)), "TOO_LONG"),
        ("display_name", json!("a\nb"), "CONTROL_CHARACTER"),
        ("display_name", json!("a\u{202e}b"), "CONTROL_CHARACTER"),
        ("display_name", json!(7), "WRONG_TYPE"),
        ("locale", json!("fr"), "UNSUPPORTED"),
        ("locale", json!("JA"), "UNSUPPORTED"),
        ("email", json!("eve@example.com"), "UNKNOWN_FIELD"),
        ("roles", json!(["admin"]), "UNKNOWN_FIELD"),
    ] {
        put(&app, &access, json!({field: value})).await.breaks(field, rule);
    }
}

/// R70. Whatever of an account is not the person's to write is a field of no request.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_what_is_not_theirs() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    let before = app.profile(&access).await.body["user"].clone();
    for field in before.as_object().unwrap().keys().filter(|field| !["display_name", "locale"].contains(&&***field)) {
        put(&app, &access, json!({field: before[field]})).await.breaks(field, "UNKNOWN_FIELD");
    }
    assert_eq!(app.profile(&access).await.body["user"], before);
}

/// R68. What means something to SQL or to Redis is kept as it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn words_of_a_query_are_words() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    for name in
        ["'); DROP TABLE accounts; --", "\" OR \"\" = \"", "$1 ?1 :id {0}", "*2 $8 FLUSHALL", "%' UNION SELECT 1"]
    {
        assert_eq!(name_and_locale(&put(&app, &access, json!({"display_name": name})).await), [name, "en"]);
        assert_eq!(name_and_locale(&app.profile(&access).await), [name, "en"]);
        let body = json!({"email": ADA, "password": PASSWORD, "client_id": "phone", "device_name": name});
        let answer = app.post("/api/v1/auth/login", body).await;
        let listed = app.listed(answer.body["access_token"].as_str().unwrap()).await;
        assert!(listed.iter().any(|session| session["device"] == name), "{name}: {listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_rule_is_named_and_nothing_is_changed() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    let answer = put(&app, &access, json!({"display_name": "a\0", "locale": "fr"})).await;
    answer.refused(400, "validation_error");
    let fields: Vec<String> = answer.fields().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["display_name", "locale"]);
    put(&app, &access, json!({"display_name": "Ada", "locale": "fr"})).await.breaks("locale", "UNSUPPORTED");
    assert_eq!(name_and_locale(&app.profile(&access).await), ["", "en"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_a_restart() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    put(&app, &access, json!({"display_name": "Ada", "locale": "ja"})).await;
    let app = app.restart(&[]).await;
    assert_eq!(name_and_locale(&app.profile(&access).await), ["Ada", "ja"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_tells_unset_from_empty_too() {
    use sekisho::proto::sekisho::v1::UpdateProfileRequest;
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    let mut users = app.users().await;
    for (display_name, wanted) in [(Some("Ada"), "Ada"), (None, "Ada"), (Some(""), "")] {
        let request = UpdateProfileRequest { display_name: display_name.map(str::to_owned), locale: None };
        let answer = users.update_profile(with_bearer(request, &access)).await.unwrap();
        assert_eq!(answer.into_inner().user.unwrap().display_name, wanted);
    }
}

/// The people's own language is what mails are written in when they do not ask.
#[tokio::test(flavor = "multi_thread")]
async fn the_locale_is_the_language_of_notices() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    put(&app, &ada.access, json!({"locale": "ja"})).await;
    let second = app.refreshed(&ada.refresh, "laptop").await;
    app.refreshed(&second, "laptop").await;
    app.refresh(&ada.refresh, "laptop").await.refused(401, "refresh_token_reused");
    let notice = &app.mails_after("ada@example.com", 2).await[0];
    assert_eq!(notice["subject"], "【Sekisho】重要：セッションを終了しました");
}
