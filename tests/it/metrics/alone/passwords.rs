//! Passwords that nobody has the time to hash.

use futures_util::future::join_all;

use crate::support::{TestApp, acts::WRONG};

/// More than wait for each core of any machine that tests run on.
const AT_ONCE: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_room_is_counted() {
    let limits = [("SEKISHO_LIMIT_GUESS_NETWORK", "100000/300"), ("SEKISHO_LIMIT_CLIENT", "100000/300")];
    let app = TestApp::with(&[&limits[..], &[("SEKISHO_BCRYPT_COST", "11")]].concat()).await;
    assert_eq!(app.metric("sekisho_hash_rejected_total").await, 0.0);
    let threads = std::thread::available_parallelism().unwrap().get();
    let emails: Vec<String> = (0..AT_ONCE * threads).map(|number| format!("person-{number}@example.com")).collect();
    let answers = join_all(emails.iter().map(|email| app.try_login(email, WRONG, "laptop"))).await;
    let of = |status| answers.iter().filter(|answer| answer.status == status).collect::<Vec<_>>();
    let (refused, hashed) = (of(503), of(401));
    refused.iter().for_each(|answer| answer.refused(503, "overloaded"));
    assert!(!refused.is_empty() && !hashed.is_empty());
    assert_eq!(refused.len() + hashed.len(), answers.len(), "{answers:?}");
    let scrape = app.scrape().await;
    assert_eq!(scrape.get("sekisho_hash_rejected_total"), Some(refused.len() as f64));
    assert_eq!(scrape.get("sekisho_hash_wait_seconds_count"), Some(hashed.len() as f64));
}
