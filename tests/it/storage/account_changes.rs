//! The contract of changes of an account, and of the clients that it remembers.

use sekisho::{
    domain::{
        Account, EventKind, Revocation,
        account::AccountState,
        revocation::{RevocationReason, Target},
    },
    storage::{
        Stores,
        accounts::{AccountChange, Changed, Consequences, Creation, KNOWN_CLIENTS, NewPassword},
    },
};

use super::{
    data::{NOW, account, after, audit_kinds, client, email, event, notice, password, user_id},
    race::{CALLERS, count, race},
};

async fn create(stores: &Stores, n: u128) -> Account {
    let account = account(n);
    let created = stores.accounts.create(&account, &event(EventKind::SignupCompleted)).await.unwrap();
    assert_eq!(created, Creation::Created);
    account
}

fn everything_of(n: u128) -> Revocation {
    Revocation {
        user_id: user_id(n),
        target: Target::User,
        not_before: NOW,
        reason: RevocationReason::PasswordReset,
        expires_at: after(100),
    }
}

fn consequences(n: u128) -> Consequences {
    Consequences {
        revocations: vec![everything_of(n)],
        events: vec![event(EventKind::PasswordReset)],
        notices: vec![notice(n)],
    }
}

fn new(text: &str, seconds: u64) -> NewPassword {
    NewPassword { stored: password(text), at: after(seconds), keep: 0 }
}

/// How many lines, events and notices there are.
async fn written(stores: &Stores) -> (usize, usize, u64) {
    let lines = stores.journal.live(0, NOW, 100).await.unwrap().len();
    (lines, audit_kinds(stores).await.len(), stores.outbox.backlog(NOW).await.unwrap().all)
}

async fn change(stores: &Stores, account: &Account, change: AccountChange) -> Changed {
    stores.accounts.change(account, &change, &Consequences::default()).await.unwrap()
}

async fn stored(stores: &Stores, account: &Account) -> Option<Account> {
    stores.accounts.by_id(account.id).await.unwrap()
}

pub async fn a_change_comes_with_all_that_belongs_to_it(stores: Stores) {
    let ada = create(&stores, 1).await;
    let reset = AccountChange::Reset(new("second", 5));
    let Changed::Done(numbers) = stores.accounts.change(&ada, &reset, &consequences(1)).await.unwrap() else {
        panic!("not done")
    };
    let lines = stores.journal.live(0, NOW, 100).await.unwrap();
    assert_eq!(lines, [(numbers[0], everything_of(1))]);
    assert_eq!(written(&stores).await, (1, 2, 1));
    let changed =
        Account { password: password("second"), password_changed_at: after(5), not_before: NOW, ..ada.clone() };
    assert_eq!(stored(&stores, &ada).await, Some(changed));
}

pub async fn each_kind_of_change_changes_what_it_says(stores: Stores) {
    let mut ada = create(&stores, 1).await;
    let others = create(&stores, 2).await;
    for (wish, wanted) in [
        (AccountChange::State(AccountState::Active), Account { state: AccountState::Active, ..ada.clone() }),
        (AccountChange::Roles(vec!["reader".into()]), Account { roles: vec!["reader".into()], ..ada.clone() }),
        (AccountChange::Email(email(7)), Account { email: email(7), ..ada.clone() }),
        (
            AccountChange::Password(new("third", 9)),
            Account { password: password("third"), password_changed_at: after(9), ..ada.clone() },
        ),
    ] {
        // Each on top of those before.
        let wanted = Account {
            state: if matches!(wish, AccountChange::State(_)) { wanted.state } else { ada.state },
            roles: if matches!(wish, AccountChange::Roles(_)) { wanted.roles } else { ada.roles.clone() },
            email: if matches!(wish, AccountChange::Email(_)) { wanted.email } else { ada.email.clone() },
            ..wanted
        };
        assert_eq!(change(&stores, &ada, wish).await, Changed::Done(Vec::new()));
        assert_eq!(stored(&stores, &ada).await, Some(wanted.clone()));
        ada = wanted;
    }
    assert_eq!(change(&stores, &ada, AccountChange::Deletion).await, Changed::Done(Vec::new()));
    assert_eq!(stored(&stores, &ada).await, None);
    assert_eq!(stored(&stores, &others).await, Some(others));
}

pub async fn who_read_what_is_another_by_now_changes_nothing(stores: Stores) {
    let ada = create(&stores, 1).await;
    let renewed = password("stored anew");
    assert!(stores.accounts.replace_password(ada.id, &ada.password, &renewed).await.unwrap());
    let second = AccountChange::Password(new("second", 5));
    assert_eq!(change(&stores, &ada, second).await, Changed::Done(Vec::new()), "to store anew changes nothing");

    let before = (stored(&stores, &ada).await, written(&stores).await);
    for wish in [
        AccountChange::Password(new("third", 6)),
        AccountChange::Reset(new("third", 6)),
        AccountChange::Email(email(7)),
        AccountChange::State(AccountState::Active),
        AccountChange::Roles(Vec::new()),
        AccountChange::Deletion,
    ] {
        assert_eq!(stores.accounts.change(&ada, &wish, &consequences(1)).await.unwrap(), Changed::Conflict, "{wish:?}");
    }
    let nobody = account(9);
    assert_eq!(change(&stores, &nobody, AccountChange::Deletion).await, Changed::Conflict);
    assert_eq!((stored(&stores, &ada).await, written(&stores).await), before);
}

pub async fn an_address_has_one_account_whoever_moves(stores: Stores) {
    let (ada, bob) = (create(&stores, 1).await, create(&stores, 2).await);
    let wish = AccountChange::Email(bob.email.clone());
    assert_eq!(stores.accounts.change(&ada, &wish, &consequences(1)).await.unwrap(), Changed::EmailTaken);
    assert_eq!(written(&stores).await, (0, 2, 0));
    assert_eq!(change(&stores, &bob, AccountChange::Deletion).await, Changed::Done(Vec::new()));
    assert_eq!(change(&stores, &ada, wish).await, Changed::Done(Vec::new()));
    assert_eq!(stores.accounts.by_email(&bob.email).await.unwrap().map(|account| account.id), Some(ada.id));
}

pub async fn of_many_changes_of_one_password_one_is_made(stores: Stores) {
    let ada = create(&stores, 1).await;
    let answers = race(|n| {
        let (stores, ada) = (stores.clone(), ada.clone());
        async move {
            let wish = AccountChange::Password(new(&format!("number {n}"), n as u64));
            matches!(stores.accounts.change(&ada, &wish, &consequences(1)).await.unwrap(), Changed::Done(_))
        }
    })
    .await;
    assert_eq!(count(&answers, &true), 1);
    assert_eq!(written(&stores).await, (1, 2, 1));
}

pub async fn of_many_that_move_to_one_address_one_does(stores: Stores) {
    let mut people = Vec::new();
    for n in 1..=CALLERS as u128 {
        people.push(create(&stores, n).await);
    }
    let answers = race(|n| {
        let (stores, mover) = (stores.clone(), people[n].clone());
        async move { change(&stores, &mover, AccountChange::Email(email(1_000))).await }
    })
    .await;
    assert_eq!(count(&answers, &Changed::Done(Vec::new())), 1);
    assert_eq!(count(&answers, &Changed::EmailTaken), CALLERS - 1);
}

pub async fn a_client_is_known_once_it_is_remembered(stores: Stores) {
    let ada = create(&stores, 1).await;
    create(&stores, 2).await;
    let accounts = &stores.accounts;
    assert!(!accounts.knows(ada.id, &client("web")).await.unwrap());
    assert!(accounts.remember(ada.id, &client("web"), NOW, Some(&notice(1))).await.unwrap());
    assert!(!accounts.remember(ada.id, &client("web"), NOW, Some(&notice(1))).await.unwrap());
    assert!(accounts.knows(ada.id, &client("web")).await.unwrap());
    assert!(!accounts.knows(ada.id, &client("ios")).await.unwrap());
    assert!(!accounts.knows(user_id(2), &client("web")).await.unwrap());
    assert_eq!(written(&stores).await, (0, 2, 1));

    assert!(!accounts.remember(user_id(9), &client("web"), NOW, Some(&notice(1))).await.unwrap(), "of nobody");
    assert!(!accounts.knows(user_id(9), &client("web")).await.unwrap());
    assert_eq!(written(&stores).await, (0, 2, 1));
}

pub async fn the_client_that_came_first_is_forgotten_first(stores: Stores) {
    let ada = create(&stores, 1).await;
    for n in 0..=KNOWN_CLIENTS {
        assert!(stores.accounts.remember(ada.id, &client(&format!("c-{n}")), after(n.into()), None).await.unwrap());
    }
    for (n, wanted) in [(0, false), (1, true), (KNOWN_CLIENTS, true)] {
        assert_eq!(stores.accounts.knows(ada.id, &client(&format!("c-{n}"))).await.unwrap(), wanted, "{n}");
    }
}

pub async fn a_reset_forgets_every_client_and_a_change_none(stores: Stores) {
    let ada = create(&stores, 1).await;
    stores.accounts.remember(ada.id, &client("web"), NOW, None).await.unwrap();
    change(&stores, &ada, AccountChange::Password(new("second", 5))).await;
    assert!(stores.accounts.knows(ada.id, &client("web")).await.unwrap());
    let ada = stored(&stores, &ada).await.unwrap();
    change(&stores, &ada, AccountChange::Reset(new("third", 6))).await;
    assert!(!stores.accounts.knows(ada.id, &client("web")).await.unwrap());
}
