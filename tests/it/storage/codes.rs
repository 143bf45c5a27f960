//! The contract of [`sekisho::storage::Codes`].

use std::time::Duration;

use sekisho::{
    domain::{Purpose, Timestamp},
    storage::{
        Stores,
        codes::{CodeKey, Guess, PendingCode, Replacement},
    },
};

use super::{
    data::{MICRO, NOW, after, client},
    race::{CALLERS, count, race},
};

const RIGHT: [u8; 32] = [1; 32];
const WRONG: [u8; 32] = [2; 32];
const MAX_ATTEMPTS: u32 = 5;
/// How long a code of [`pending`] lives, in seconds.
const LIFE: u64 = 900;

fn key(mailbox: u8, client_id: &str) -> CodeKey {
    CodeKey { purpose: Purpose::Signup, mailbox: [mailbox; 32], client_id: client(client_id) }
}

fn web() -> CodeKey {
    key(1, "web")
}

/// A code that [`RIGHT`] is the right guess of.
fn pending(payload: &str) -> PendingCode {
    PendingCode { digest: RIGHT, payload: payload.into(), expires_at: after(LIFE) }
}

fn right(payload: &str) -> Guess {
    Guess::Right(payload.into())
}

async fn put(stores: &Stores, key: &CodeKey, payload: &str) {
    stores.codes.put(key, &pending(payload), NOW).await.unwrap();
}

async fn guess(stores: &Stores, key: &CodeKey, digest: [u8; 32]) -> Guess {
    guess_at(stores, key, digest, NOW).await
}

async fn guess_at(stores: &Stores, key: &CodeKey, digest: [u8; 32], now: Timestamp) -> Guess {
    stores.codes.guess(key, digest, MAX_ATTEMPTS, now).await.unwrap()
}

async fn replace(stores: &Stores, key: &CodeKey, digest: [u8; 32], now: Timestamp) -> Replacement {
    stores.codes.replace(key, digest, after(2 * LIFE), now).await.unwrap()
}

async fn exhaust(stores: &Stores, key: &CodeKey) {
    for left in (0..MAX_ATTEMPTS).rev() {
        assert_eq!(guess(stores, key, WRONG).await, Guess::Wrong(left));
    }
}

pub async fn a_right_guess_consumes_the_code(stores: Stores) {
    put(&stores, &web(), "payload").await;
    assert_eq!(guess(&stores, &web(), RIGHT).await, right("payload"));
    assert_eq!(guess(&stores, &web(), RIGHT).await, Guess::Missing);
    assert_eq!(replace(&stores, &web(), RIGHT, NOW).await, Replacement::Missing);
}

pub async fn a_payload_is_any_bytes(stores: Stores) {
    for payload in [vec![], (0..=255).collect::<Vec<u8>>()] {
        let code = PendingCode { payload: payload.clone(), ..pending("") };
        stores.codes.put(&web(), &code, NOW).await.unwrap();
        assert_eq!(guess(&stores, &web(), RIGHT).await, Guess::Right(payload));
    }
}

pub async fn the_last_guess_may_be_right(stores: Stores) {
    put(&stores, &web(), "payload").await;
    for left in (1..MAX_ATTEMPTS).rev() {
        assert_eq!(guess(&stores, &web(), WRONG).await, Guess::Wrong(left));
    }
    assert_eq!(guess(&stores, &web(), RIGHT).await, right("payload"));
}

pub async fn when_no_guess_is_left_the_code_is_void(stores: Stores) {
    put(&stores, &web(), "payload").await;
    exhaust(&stores, &web()).await;
    assert_eq!(guess(&stores, &web(), RIGHT).await, Guess::Missing);
    assert_eq!(replace(&stores, &web(), RIGHT, NOW).await, Replacement::Missing);
}

pub async fn a_code_after_a_void_one_has_every_guess(stores: Stores) {
    put(&stores, &web(), "first").await;
    exhaust(&stores, &web()).await;
    put(&stores, &web(), "second").await;
    assert_eq!(guess(&stores, &web(), WRONG).await, Guess::Wrong(MAX_ATTEMPTS - 1));
    assert_eq!(guess(&stores, &web(), RIGHT).await, right("second"));
}

pub async fn where_none_is_pending_none_is_found(stores: Stores) {
    put(&stores, &web(), "payload").await;
    assert_eq!(guess(&stores, &key(2, "web"), RIGHT).await, Guess::Missing);
    assert_eq!(replace(&stores, &key(2, "web"), RIGHT, NOW).await, Replacement::Missing);
}

/// R23.
pub async fn a_code_is_void_from_its_end(stores: Stores) {
    let before_the_end = NOW + (Duration::from_secs(LIFE) - MICRO);
    put(&stores, &web(), "payload").await;
    assert_eq!(guess_at(&stores, &web(), RIGHT, after(LIFE)).await, Guess::Missing);
    assert_eq!(replace(&stores, &web(), RIGHT, after(LIFE)).await, Replacement::Missing);
    assert_eq!(guess_at(&stores, &web(), RIGHT, before_the_end).await, right("payload"));
}

/// R25.
pub async fn another_put_sets_everything_but_the_guesses(stores: Stores) {
    put(&stores, &web(), "first").await;
    guess(&stores, &web(), WRONG).await;
    let second = PendingCode { digest: [3; 32], payload: "second".into(), expires_at: after(2 * LIFE) };
    stores.codes.put(&web(), &second, NOW).await.unwrap();
    assert_eq!(guess_at(&stores, &web(), RIGHT, after(LIFE)).await, Guess::Wrong(MAX_ATTEMPTS - 2));
    assert_eq!(guess_at(&stores, &web(), [3; 32], after(LIFE)).await, right("second"));
}

pub async fn a_code_after_an_expired_one_has_every_guess(stores: Stores) {
    put(&stores, &web(), "first").await;
    guess(&stores, &web(), WRONG).await;
    let second = PendingCode { expires_at: after(2 * LIFE), ..pending("second") };
    stores.codes.put(&web(), &second, after(LIFE)).await.unwrap();
    assert_eq!(guess_at(&stores, &web(), WRONG, after(LIFE)).await, Guess::Wrong(MAX_ATTEMPTS - 1));
}

pub async fn a_replacement_sets_digest_and_end_and_nothing_else(stores: Stores) {
    put(&stores, &web(), "payload").await;
    guess(&stores, &web(), WRONG).await;
    assert_eq!(replace(&stores, &web(), [3; 32], NOW).await, Replacement::Replaced("payload".into()));
    assert_eq!(guess_at(&stores, &web(), RIGHT, after(LIFE)).await, Guess::Wrong(MAX_ATTEMPTS - 2));
    assert_eq!(guess_at(&stores, &web(), [3; 32], after(LIFE)).await, right("payload"));
}

pub async fn a_code_is_worth_nothing_to_another_client(stores: Stores) {
    put(&stores, &web(), "payload").await;
    for _ in 0..=MAX_ATTEMPTS {
        assert_eq!(guess(&stores, &key(1, "phone"), RIGHT).await, Guess::OtherClient);
    }
    assert_eq!(replace(&stores, &key(1, "phone"), WRONG, NOW).await, Replacement::OtherClient);
    assert_eq!(guess(&stores, &web(), WRONG).await, Guess::Wrong(MAX_ATTEMPTS - 1), "others cost it no guess");
    assert_eq!(guess(&stores, &web(), RIGHT).await, right("payload"));
}

pub async fn an_expired_code_of_another_client_is_none(stores: Stores) {
    put(&stores, &web(), "payload").await;
    assert_eq!(guess_at(&stores, &key(1, "phone"), RIGHT, after(LIFE)).await, Guess::Missing);
    assert_eq!(replace(&stores, &key(1, "phone"), RIGHT, after(LIFE)).await, Replacement::Missing);
}

pub async fn each_client_has_its_own_code(stores: Stores) {
    let phone = key(1, "phone");
    put(&stores, &web(), "web").await;
    put(&stores, &phone, "phone").await;
    exhaust(&stores, &phone).await;
    assert_eq!(guess(&stores, &web(), RIGHT).await, right("web"));
    put(&stores, &phone, "phone").await;
    assert_eq!(guess(&stores, &phone, RIGHT).await, right("phone"));
}

pub async fn a_sweep_takes_what_has_expired_up_to_a_limit(stores: Stores) {
    for mailbox in 1..=3 {
        put(&stores, &key(mailbox, "web"), "old").await;
    }
    let young = PendingCode { expires_at: after(LIFE) + MICRO, ..pending("young") };
    stores.codes.put(&key(4, "web"), &young, NOW).await.unwrap();
    let sweep = |now| {
        let codes = stores.codes.clone();
        async move { codes.sweep(now, 2).await.unwrap() }
    };
    assert_eq!(sweep(NOW).await, 0);
    assert_eq!((sweep(after(LIFE)).await, sweep(after(LIFE)).await, sweep(after(LIFE)).await), (2, 1, 0));
    assert_eq!(guess_at(&stores, &key(4, "web"), RIGHT, after(LIFE)).await, right("young"));
}

/// R21, X07.
pub async fn of_many_right_guesses_one_is_right(stores: Stores) {
    put(&stores, &web(), "payload").await;
    let answers = race(|_| {
        let stores = stores.clone();
        async move { guess(&stores, &web(), RIGHT).await }
    })
    .await;
    assert_eq!(count(&answers, &right("payload")), 1);
    assert_eq!(count(&answers, &Guess::Missing), CALLERS - 1);
}

/// R24, X06.
pub async fn of_many_wrong_guesses_as_many_count_as_are_allowed(stores: Stores) {
    put(&stores, &web(), "payload").await;
    let answers = race(|_| {
        let stores = stores.clone();
        async move { guess(&stores, &web(), WRONG).await }
    })
    .await;
    for left in 0..MAX_ATTEMPTS {
        assert_eq!(count(&answers, &Guess::Wrong(left)), 1, "{answers:?}");
    }
    assert_eq!(count(&answers, &Guess::Missing), CALLERS - MAX_ATTEMPTS as usize);
    assert_eq!(guess(&stores, &web(), RIGHT).await, Guess::Missing);
}
