//! The contract of [`sekisho::storage::Accounts`].

use sekisho::{
    domain::{
        Account, EventKind, Locale, Name,
        account::{AccountState, StoredPassword},
    },
    storage::{
        Stores,
        accounts::{AccountChange, Changed, Consequences, Creation, NewPassword, ProfileChange},
    },
};

use super::{
    data::{MICRO, NOW, account, audit_kinds, email, event, password, user_id},
    race::{CALLERS, count, race},
};

async fn create(stores: &Stores, account: &Account) -> Creation {
    stores.accounts.create(account, &event(EventKind::SignupCompleted)).await.unwrap()
}

async fn stored(stores: &Stores, n: u128) -> Account {
    stores.accounts.by_id(user_id(n)).await.unwrap().unwrap()
}

fn renamed(name: &str) -> ProfileChange {
    ProfileChange { display_name: Some(Name::parse(name).unwrap()), locale: None }
}

fn spoken_to(locale: Locale) -> ProfileChange {
    ProfileChange { display_name: None, locale: Some(locale) }
}

pub async fn a_new_account_is_found_whole_by_address_and_by_id(stores: Stores) {
    let plain = Account {
        email_verified: false,
        display_name: Name::default(),
        locale: Locale::En,
        roles: Vec::new(),
        state: AccountState::Active,
        ..account(2)
    };
    for account in [account(1), plain] {
        assert_eq!(create(&stores, &account).await, Creation::Created);
        assert_eq!(stores.accounts.by_email(&account.email).await.unwrap(), Some(account.clone()));
        assert_eq!(stores.accounts.by_id(account.id).await.unwrap(), Some(account));
    }
}

pub async fn nobody_is_found_who_is_not_there(stores: Stores) {
    create(&stores, &account(1)).await;
    assert_eq!(stores.accounts.by_email(&email(2)).await.unwrap(), None);
    assert_eq!(stores.accounts.by_id(user_id(2)).await.unwrap(), None);
}

pub async fn a_new_account_comes_with_its_event(stores: Stores) {
    create(&stores, &account(1)).await;
    assert_eq!(audit_kinds(&stores).await, ["signup_completed"]);
}

pub async fn a_taken_address_changes_nothing(stores: Stores) {
    create(&stores, &account(1)).await;
    let second = Account { email: email(1), password: password("second"), ..account(2) };
    assert_eq!(create(&stores, &second).await, Creation::EmailTaken);
    assert_eq!(stores.accounts.by_email(&email(1)).await.unwrap(), Some(account(1)));
    assert_eq!(stores.accounts.by_id(user_id(2)).await.unwrap(), None);
    assert_eq!(audit_kinds(&stores).await.len(), 1);
}

pub async fn of_many_accounts_of_one_address_one_is_made(stores: Stores) {
    let answers = race(|n| {
        let stores = stores.clone();
        let mine = Account { email: email(1), ..account(n as u128 + 1) };
        async move { create(&stores, &mine).await }
    })
    .await;
    assert_eq!(count(&answers, &Creation::Created), 1);
    assert_eq!(count(&answers, &Creation::EmailTaken), CALLERS - 1);
    assert_eq!(audit_kinds(&stores).await.len(), 1);
}

pub async fn a_profile_change_changes_what_it_names(stores: Stores) {
    create(&stores, &account(1)).await;
    create(&stores, &account(2)).await;
    let mut wanted = account(1);
    wanted.display_name = Name::parse("Grace").unwrap();
    for (change, locale) in [
        (renamed("Grace"), Locale::Ja),
        (spoken_to(Locale::En), Locale::En),
        (ProfileChange::default(), Locale::En),
        (ProfileChange { locale: Some(Locale::Ja), ..renamed("Grace") }, Locale::Ja),
    ] {
        wanted.locale = locale;
        let answer = stores.accounts.update_profile(user_id(1), &change, &event(EventKind::ProfileUpdated)).await;
        assert_eq!(answer.unwrap(), Some(wanted.clone()), "{change:?}");
        assert_eq!(stored(&stores, 1).await, wanted, "{change:?}");
    }
    assert_eq!(stored(&stores, 2).await, account(2));
}

pub async fn a_name_can_be_taken_away(stores: Stores) {
    create(&stores, &account(1)).await;
    stores.accounts.update_profile(user_id(1), &renamed(""), &event(EventKind::ProfileUpdated)).await.unwrap();
    assert_eq!(stored(&stores, 1).await, Account { display_name: Name::default(), ..account(1) });
}

pub async fn a_profile_change_comes_with_its_event(stores: Stores) {
    create(&stores, &account(1)).await;
    stores.accounts.update_profile(user_id(1), &renamed("Grace"), &event(EventKind::ProfileUpdated)).await.unwrap();
    assert_eq!(audit_kinds(&stores).await, ["signup_completed", "profile_updated"]);
}

pub async fn nobodys_profile_is_not_changed(stores: Stores) {
    create(&stores, &account(1)).await;
    let answer = stores.accounts.update_profile(user_id(2), &renamed("Grace"), &event(EventKind::ProfileUpdated)).await;
    assert_eq!(answer.unwrap(), None);
    assert_eq!(stored(&stores, 1).await, account(1));
    assert_eq!(audit_kinds(&stores).await, ["signup_completed"]);
}

pub async fn no_profile_change_undoes_another(stores: Stores) {
    create(&stores, &account(1)).await;
    race(|n| {
        let stores = stores.clone();
        let change = if n % 2 == 0 { renamed("Grace") } else { spoken_to(Locale::En) };
        async move {
            stores.accounts.update_profile(user_id(1), &change, &event(EventKind::ProfileUpdated)).await.unwrap()
        }
    })
    .await;
    let wanted = Account { display_name: Name::parse("Grace").unwrap(), locale: Locale::En, ..account(1) };
    assert_eq!(stored(&stores, 1).await, wanted);
}

pub async fn a_password_is_replaced(stores: Stores) {
    create(&stores, &account(1)).await;
    create(&stores, &account(2)).await;
    let new = StoredPassword { scheme: "bcrypt+hmac:2".into(), ..password("second") };
    assert!(stores.accounts.replace_password(user_id(1), &password("first"), &new).await.unwrap());
    // Two passwords print alike if their schemes do: compare, do not print.
    assert!(stored(&stores, 1).await == Account { password: new, ..account(1) });
    assert!(stored(&stores, 2).await == account(2));
}

pub async fn a_password_that_has_changed_is_not_replaced(stores: Stores) {
    create(&stores, &account(1)).await;
    let other_scheme = StoredPassword { scheme: "bcrypt".into(), ..password("first") };
    for stale in [password("other"), other_scheme] {
        assert!(!stores.accounts.replace_password(user_id(1), &stale, &password("second")).await.unwrap());
        assert!(stored(&stores, 1).await == account(1));
    }
}

pub async fn nobodys_password_is_not_replaced(stores: Stores) {
    create(&stores, &account(1)).await;
    assert!(!stores.accounts.replace_password(user_id(2), &password("first"), &password("second")).await.unwrap());
    assert!(stored(&stores, 1).await == account(1));
}

pub async fn of_many_new_passwords_one_is_put(stores: Stores) {
    create(&stores, &account(1)).await;
    let answers = race(|n| {
        let stores = stores.clone();
        async move {
            let new = password(&n.to_string());
            let put = stores.accounts.replace_password(user_id(1), &password("first"), &new).await.unwrap();
            put.then_some(new)
        }
    })
    .await;
    let winners: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert!(stored(&stores, 1).await.password == winners[0]);
}

async fn change(stores: &Stores, n: u128, to: &str, keep: u32) -> bool {
    let account = stored(stores, n).await;
    let at = account.password_changed_at + MICRO;
    let new = AccountChange::Password(NewPassword { stored: password(to), at, keep });
    let with = Consequences { events: vec![event(EventKind::PasswordChanged)], ..Consequences::default() };
    matches!(stores.accounts.change(&account, &new, &with).await.unwrap(), Changed::Done(_))
}

async fn former(stores: &Stores, n: u128, limit: u32) -> Vec<String> {
    let former = stores.accounts.former_passwords(user_id(n), limit).await.unwrap();
    assert!(former.iter().all(|stored| stored.scheme == password("").scheme));
    former.into_iter().map(|stored| stored.hash.trim_start_matches("$2b$04$").to_owned()).collect()
}

pub async fn a_changed_password_is_kept_among_the_former_with_its_event(stores: Stores) {
    create(&stores, &account(1)).await;
    create(&stores, &account(2)).await;
    assert!(former(&stores, 1, 24).await.is_empty());
    assert!(change(&stores, 1, "second", 24).await);
    let password_changed_at = account(1).password_changed_at + MICRO;
    assert!(stored(&stores, 1).await == Account { password: password("second"), password_changed_at, ..account(1) });
    assert_eq!(former(&stores, 1, 24).await, ["first"]);
    assert!(stored(&stores, 2).await == account(2));
    assert!(former(&stores, 2, 24).await.is_empty());
    assert_eq!(audit_kinds(&stores).await, ["signup_completed", "signup_completed", "password_changed"]);
}

pub async fn the_latest_former_passwords_come_first_and_the_oldest_go(stores: Stores) {
    create(&stores, &account(1)).await;
    create(&stores, &account(2)).await;
    assert!(change(&stores, 2, "other", 3).await);
    for to in ["2", "3", "4", "5"] {
        assert!(change(&stores, 1, to, 3).await);
    }
    assert_eq!(former(&stores, 1, 24).await, ["4", "3", "2"]);
    assert_eq!(former(&stores, 1, 2).await, ["4", "3"]);
    assert!(former(&stores, 1, 0).await.is_empty());
    assert!(change(&stores, 1, "6", 1).await);
    assert_eq!(former(&stores, 1, 24).await, ["5"]);
    assert_eq!(former(&stores, 2, 24).await, ["first"]);
}

pub async fn where_none_is_to_be_kept_all_are_forgotten(stores: Stores) {
    create(&stores, &account(1)).await;
    assert!(change(&stores, 1, "second", 2).await);
    assert!(change(&stores, 1, "third", 0).await);
    assert!(former(&stores, 1, 24).await.is_empty());
}

pub async fn a_password_that_is_stored_otherwise_is_no_former_one(stores: Stores) {
    create(&stores, &account(1)).await;
    assert!(stores.accounts.replace_password(user_id(1), &password("first"), &password("again")).await.unwrap());
    assert!(former(&stores, 1, 24).await.is_empty());
}

pub async fn of_many_changes_one_is_made_and_remembered(stores: Stores) {
    create(&stores, &account(1)).await;
    let answers = race(|n| {
        let stores = stores.clone();
        async move {
            let new = NewPassword { stored: password(&n.to_string()), at: NOW, keep: 24 };
            stores.accounts.change(&account(1), &AccountChange::Password(new), &Consequences::default()).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Changed::Conflict), CALLERS - 1);
    assert_eq!(former(&stores, 1, 24).await, ["first"]);
}
