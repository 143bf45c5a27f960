//! Two servers of one deployment.

use sekisho::jobs;

use crate::support::{
    TestApp,
    acts::ADA,
    pair::{on_shared_stacks, pair},
    stack::Stack,
};

/// As long as a count is good for.
const LATER: u64 = 300;

/// One more count, by whichever comes first.
async fn counts(app: &TestApp) {
    app.advance(LATER);
    while !jobs::count_sessions(&app.app.ctx).await.unwrap() {
        app.advance(LATER);
    }
}

/// Whether it was to count, and what it tells.
async fn looks(app: &TestApp) -> (bool, Option<f64>) {
    let is_mine = jobs::count_sessions(&app.app.ctx).await.unwrap();
    (is_mine, app.scrape().await.get("sekisho_sessions"))
}

/// A count is not made again before it is due, by whomever.
async fn one_of_two_counts_for_both(stack: Stack) {
    let [one, other] = pair(stack, &[]).await;
    one.ada().await;
    counts(&one).await;
    assert_eq!(looks(&other).await, (false, Some(1.0)));
    one.login(ADA, "phone").await;
    for app in [&one, &other, &one] {
        assert_eq!(looks(app).await, (false, Some(1.0)), "not due");
    }
    counts(&other).await;
    assert_eq!(looks(&one).await, (false, Some(2.0)));
}

on_shared_stacks! {
    one_of_two_counts_for_both
}
