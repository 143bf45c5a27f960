//! The password that was chosen, from then on.

use tokio::join;

use super::*;
use crate::{bad_input::schema, support::acts::WRONG};

/// R03, R04. All of it counts, also what bcrypt would cut off, in any spelling that is the
/// same in NFKC.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_password_counts_in_whatever_spelling() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_LOGIN", "100/300")]).await;
    let long = "many long words ".repeat(5);
    let spelt = |end: &str| format!("{long}{end}");
    let chosen = spelt("\u{c5}ngström \u{fb01}nds \u{ff15} gates");
    assert_eq!(app.send_code(ADA, &chosen, "laptop").await.status, 200);
    let code = app.newest_code(ADA, 1).await;
    assert_eq!(app.verify_code(ADA, &code, "laptop").await.status, 201);
    for same in [&chosen, &spelt("A\u{30a}ngstro\u{308}m finds 5 gates"), &spelt("\u{212b}ngström finds 5 gates")] {
        app.login_with(ADA, same, "phone").await;
    }
    for other in [
        &long[..72],
        long.trim_end(),
        &spelt("Angstrom finds 5 gates"),
        &spelt("\u{c5}ngström finds 5 gate"),
        &spelt("\u{c5}ngström finds 5 gates "),
        &chosen.to_lowercase(),
        &chosen.replacen("many", "Many", 1),
    ] {
        app.try_login(ADA, other, "phone").await.refused(401, "invalid_credentials");
    }
}

/// R07. Nor is there a place for a hint.
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_expire() {
    let app = TestApp::start().await;
    app.ada().await;
    app.advance(10 * 365 * 86_400);
    app.login(ADA, "laptop").await;
    for field in schema::rpcs().iter().flat_map(schema::Route::texts) {
        assert!(!["hint", "question"].iter().any(|word| field.name().contains(word)), "{field:?}");
    }
}

/// R09. Of two logins at once one stores it, and none afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_login_stores_it_at_the_cost_of_now() {
    let app = TestApp::start().await;
    app.ada().await;
    let app = app.restart(&[("SEKISHO_BCRYPT_COST", "5")]).await;
    let before = app.table_text("accounts").await;
    assert!(before.contains("$04$"), "{before}");
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
    assert_eq!(app.table_text("accounts").await, before);

    join!(app.login(ADA, "phone"), app.login(ADA, "tablet"));
    let after = app.table_text("accounts").await;
    assert!(after.contains("$05$") && !after.contains("$04$"), "{after}");
    app.login(ADA, "phone").await;
    assert_eq!(app.table_text("accounts").await, after);
}
