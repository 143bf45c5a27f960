//! The stream of revocations.

use sekisho::{
    domain::Revocation,
    storage::{
        Stores,
        revocations::{Cursor, Numbered},
    },
};

use super::{
    data::{NOW, after},
    journal::{of_session, of_token, of_user},
};

/// Takes back as flows do: the journal first.
async fn publish(stores: &Stores, revocations: &[Revocation]) -> Vec<Numbered> {
    let numbers = stores.journal.append(revocations, &[], &[]).await.unwrap();
    let lines: Vec<_> = numbers.into_iter().zip(revocations.iter().cloned()).collect();
    stores.revocations.publish(&lines).await.unwrap();
    lines
}

async fn read(stores: &Stores, cursor: Option<&Cursor>, limit: u32) -> (Vec<Numbered>, Option<Cursor>) {
    let news = stores.revocations.after(cursor, NOW, limit).await.unwrap();
    let last = news.last().map(|(cursor, _)| cursor.clone());
    (news.into_iter().map(|(_, line)| line).collect(), last)
}

pub async fn what_is_published_is_read_in_order_and_whole(stores: Stores) {
    assert_eq!(read(&stores, None, 10).await, (Vec::new(), None));
    let first = publish(&stores, &[of_session(2), of_user(3, NOW)]).await;
    let second = publish(&stores, &[of_session(5), of_token(6)]).await;
    assert_eq!(read(&stores, None, 10).await.0, [first, second].concat());
}

pub async fn a_reader_goes_on_after_its_place_up_to_a_limit(stores: Stores) {
    let lines = publish(&stores, &[of_session(1), of_session(2), of_session(3)]).await;
    let (first, place) = read(&stores, None, 2).await;
    assert_eq!(first, lines[..2]);
    let (rest, place) = read(&stores, place.as_ref(), 2).await;
    assert_eq!(rest, lines[2..]);
    assert_eq!(read(&stores, place.as_ref(), 2).await.0, []);
    let late = publish(&stores, &[of_user(1, NOW)]).await;
    assert_eq!(read(&stores, place.as_ref(), 2).await.0, late);
}

pub async fn what_has_expired_is_no_news(stores: Stores) {
    let old = Revocation { expires_at: NOW, ..of_session(1) };
    let young = Revocation { expires_at: after(1), ..of_session(2) };
    let lines = publish(&stores, &[old, young]).await;
    assert_eq!(read(&stores, None, 10).await.0, lines[1..]);
}

pub async fn nothing_published_is_nothing_read(stores: Stores) {
    publish(&stores, &[]).await;
    assert_eq!(read(&stores, None, 10).await, (Vec::new(), None));
}
