//! The contract of [`sekisho::storage::Sessions`]: how sessions begin, are found
//! and end. Limits and rotation have files of their own.

use sekisho::{
    domain::{
        Name, Revocation, Session, Timestamp, TokenId,
        revocation::{RevocationReason, Target},
        session::{Chain, Subject},
    },
    storage::{
        Stores,
        sessions::{Opening, Rotation, SessionLimit},
    },
};

use super::{
    attempt::Attempt,
    data::{IDLE, MICRO, NOW, after, email, ip, session, session_begun, session_id, user_id},
};

/// Opens sessions without a limit, each when it begins.
pub async fn open(stores: &Stores, sessions: &[Session]) {
    for session in sessions {
        let opening = stores.sessions.open(session, SessionLimit::Unlimited, session.created_at).await.unwrap();
        assert_eq!(opening, Opening::Opened(Vec::new()));
    }
}

/// The session as the store has it.
pub async fn get(stores: &Stores, session: &Session, now: Timestamp) -> Option<Session> {
    stores.sessions.get(session.user_id, session.id, now).await.unwrap()
}

async fn list(stores: &Stores, person: u128, now: Timestamp) -> Vec<Session> {
    stores.sessions.list(user_id(person), now).await.unwrap()
}

/// Whether not even an expired record is left.
async fn is_gone(stores: &Stores, session: &Session) -> bool {
    Attempt::of(session, session.chain.generation).at(session.ends_at).make(stores).await == Rotation::Unknown
}

pub async fn an_open_session_is_got_whole(stores: Stores) {
    let full = session(1, 1);
    let bare = Session {
        device: Name::default(),
        address: None,
        amr: Vec::new(),
        subject: Subject { email_verified: false, roles: Vec::new(), ..full.subject.clone() },
        ..session(2, 2)
    };
    let on_six = Session { address: Some(ip("2001:db8::1")), ..session(1, 3) };
    let all = [full, bare, on_six];
    open(&stores, &all).await;
    for session in all {
        assert_eq!(get(&stores, &session, NOW).await, Some(session));
    }
}

pub async fn a_session_is_found_by_its_own_person_only(stores: Stores) {
    open(&stores, &[session(1, 1)]).await;
    assert_eq!(stores.sessions.get(user_id(2), session_id(1), NOW).await.unwrap(), None);
    assert_eq!(stores.sessions.get(user_id(1), session_id(2), NOW).await.unwrap(), None);
}

pub async fn a_session_is_live_until_it_expires(stores: Stores) {
    let mine = session(1, 1);
    open(&stores, std::slice::from_ref(&mine)).await;
    let last = NOW + (IDLE - MICRO);
    assert_eq!(get(&stores, &mine, last).await, Some(mine.clone()));
    assert_eq!(list(&stores, 1, last).await, std::slice::from_ref(&mine));
    assert_eq!(get(&stores, &mine, mine.expires_at).await, None);
    assert_eq!(list(&stores, 1, mine.expires_at).await, []);
}

pub async fn a_list_is_of_one_person_and_by_last_use(stores: Stores) {
    let used = |n, seconds| Session { chain: Chain::start(after(seconds)), ..session(1, n) };
    let (second, first, third) = (used(1, 20), used(2, 30), used(3, 10));
    open(&stores, &[second.clone(), first.clone(), third.clone(), session(2, 4)]).await;
    assert_eq!(list(&stores, 1, after(40)).await, [first, second, third]);
    assert_eq!(list(&stores, 3, after(40)).await, []);
}

pub async fn the_subject_of_the_last_login_is_that_of_all(stores: Stores) {
    let (first, others) = (session(1, 1), session(2, 3));
    let promoted = Subject { roles: vec!["owner".into()], ..first.subject.clone() };
    let second = Session { subject: promoted.clone(), ..session(1, 2) };
    open(&stores, &[first.clone(), second.clone(), others.clone()]).await;
    let first = Session { subject: promoted, ..first };
    assert_eq!(list(&stores, 1, NOW).await, [first.clone(), second]);
    assert_eq!(get(&stores, &others, NOW).await, Some(others));
    let Rotation::Judged(_, refreshed) = Attempt::of(&first, 1).make(&stores).await else { panic!("not exchanged") };
    assert_eq!(refreshed.subject, first.subject);
}

pub async fn a_subject_can_be_set_for_all_sessions_at_once(stores: Stores) {
    let (one, two, others) = (session(1, 1), session(1, 2), session(2, 3));
    open(&stores, &[one.clone(), two.clone(), others.clone()]).await;
    let moved = Subject { email: email(7), roles: Vec::new(), ..one.subject.clone() };
    stores.sessions.set_subject(user_id(1), &moved).await.unwrap();
    for mine in [&one, &two] {
        assert_eq!(get(&stores, mine, NOW).await.unwrap().subject, moved);
    }
    assert_eq!(get(&stores, &others, NOW).await, Some(others));
    stores.sessions.set_subject(user_id(9), &moved).await.unwrap();
    assert_eq!(list(&stores, 9, NOW).await, []);
}

pub async fn a_new_proof_is_kept_while_the_session_lives(stores: Stores) {
    let (mine, other) = (session(1, 1), session(1, 2));
    open(&stores, &[mine.clone(), other.clone()]).await;
    let proven = Session { auth_time: after(60), amr: vec!["pwd".into(), "otp".into(), "hwk".into()], ..mine.clone() };
    assert!(stores.sessions.set_proof(&proven, after(60)).await.unwrap());
    assert_eq!(get(&stores, &mine, NOW).await, Some(proven.clone()));
    assert_eq!(get(&stores, &other, NOW).await, Some(other));
    assert!(!stores.sessions.set_proof(&proven, mine.expires_at).await.unwrap());
    let Rotation::OtherClient(_) = Attempt::of(&mine, 1).by("thief").at(after(61)).make(&stores).await else {
        panic!("another answer")
    };
    assert!(!stores.sessions.set_proof(&proven, after(61)).await.unwrap(), "of a condemned one");
    stores.sessions.end(mine.user_id, mine.id).await.unwrap();
    assert!(!stores.sessions.set_proof(&proven, after(61)).await.unwrap());
    assert_eq!(get(&stores, &mine, after(61)).await, None);
}

pub async fn an_ended_session_is_gone(stores: Stores) {
    let (mine, other) = (session(1, 1), session(1, 2));
    open(&stores, &[mine.clone(), other.clone()]).await;
    assert!(stores.sessions.end(mine.user_id, mine.id).await.unwrap());
    assert_eq!(get(&stores, &mine, NOW).await, None);
    assert_eq!(list(&stores, 1, NOW).await, [other]);
    assert!(is_gone(&stores, &mine).await);
    assert!(!stores.sessions.end(mine.user_id, mine.id).await.unwrap());
}

pub async fn nobody_ends_another_persons_session(stores: Stores) {
    let mine = session(1, 1);
    open(&stores, std::slice::from_ref(&mine)).await;
    assert!(!stores.sessions.end(user_id(2), mine.id).await.unwrap());
    assert!(!stores.sessions.end(mine.user_id, session_id(2)).await.unwrap());
    assert_eq!(get(&stores, &mine, NOW).await, Some(mine));
}

pub async fn all_that_began_until_then_end(stores: Stores) {
    let (early, late) = (session_begun(1, 1, 0), session_begun(1, 2, 10));
    let later = Session { created_at: after(10) + MICRO, ..session_begun(1, 3, 10) };
    let others = session(2, 4);
    open(&stores, &[early.clone(), late.clone(), later.clone(), others.clone()]).await;
    assert_eq!(stores.sessions.end_until(user_id(1), after(10)).await.unwrap(), 2);
    assert!(is_gone(&stores, &early).await && is_gone(&stores, &late).await);
    assert_eq!(list(&stores, 1, after(10)).await, [later]);
    assert_eq!(list(&stores, 2, after(10)).await, [others]);
    assert_eq!(stores.sessions.end_until(user_id(1), after(10)).await.unwrap(), 0);
}

pub async fn many_lines_of_the_journal_end_what_each_says(stores: Stores) {
    let line = |person, target, not_before| Revocation {
        user_id: user_id(person),
        target,
        not_before,
        reason: RevocationReason::Revoked,
        expires_at: after(1_000),
    };
    let (early, late) = (session_begun(1, 1, 0), session_begun(1, 2, 10));
    let later = Session { created_at: after(10) + MICRO, ..session_begun(1, 3, 10) };
    let (one, another, others) = (session(2, 4), session(2, 5), session(3, 6));
    let all = [&early, &late, &later, &one, &another, &others].map(Clone::clone);
    open(&stores, &all).await;
    let lines = [
        line(1, Target::User, after(10)),
        line(2, Target::Session(one.id), NOW),
        line(3, Target::Session(another.id), NOW),
        line(3, Target::Token(TokenId(another.id.0)), NOW),
        line(4, Target::User, after(1_000)),
    ];
    assert_eq!(stores.sessions.end_all(&lines).await.unwrap(), 3);
    assert!(is_gone(&stores, &early).await && is_gone(&stores, &late).await && is_gone(&stores, &one).await);
    assert_eq!(list(&stores, 1, after(10)).await, [later]);
    assert_eq!(list(&stores, 2, NOW).await, [another]);
    assert_eq!(list(&stores, 3, NOW).await, [others]);
    assert_eq!(stores.sessions.end_all(&lines).await.unwrap(), 0);
    assert_eq!(stores.sessions.end_all(&[]).await.unwrap(), 0);
}

pub async fn of_those_that_end_the_live_ones_are_counted(stores: Stores) {
    let (expired, live) = (session_begun(1, 1, 0), session_begun(1, 2, 10));
    open(&stores, &[expired.clone(), live]).await;
    assert_eq!(stores.sessions.end_until(user_id(1), expired.expires_at).await.unwrap(), 1);
    assert!(is_gone(&stores, &expired).await);
}

pub async fn a_sweep_takes_what_expired_before_up_to_a_limit(stores: Stores) {
    let before = NOW + IDLE + MICRO;
    let old = [1, 2, 3].map(|n| session(n, n));
    let young = Session { expires_at: before + MICRO, ..session(1, 4) };
    open(&stores, &old).await;
    open(&stores, std::slice::from_ref(&young)).await;
    let sweep = |before| {
        let sessions = stores.sessions.clone();
        async move { sessions.sweep(before, 2).await.unwrap() }
    };
    assert_eq!(sweep(NOW + (IDLE - MICRO)).await, 0, "none has expired before that");
    assert_eq!((sweep(before).await, sweep(before).await, sweep(before).await), (2, 1, 0));
    for session in old {
        assert!(is_gone(&stores, &session).await);
    }
    assert_eq!(get(&stores, &young, before).await, Some(young));
}
