//! Another address: a code proves the new mailbox, and the old one is told, before and
//! after.
//!
//! An address that has an account is answered like one that is free: its pending code is
//! a decoy that no guess matches, and its owner is told by mail.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Call,
    caller::Caller,
    code::{self, Place, Presented},
    limit::{Budget, Side},
    notice, step_up,
};
use crate::{
    ctx::Ctx,
    domain::{Account, Code, Email, EventKind, Notice, Password, Purpose, notice::AccountNews, session::Subject},
    error::{Error, Rule},
    mail::templates::Message,
    storage::{
        accounts::{AccountChange, Changed, Consequences},
        codes::Guess,
    },
};

/// What waits for the code. An account that is deleted leaves its address, and what is
/// pending there, to the next one.
#[derive(Serialize, Deserialize)]
struct Pending {
    user_id: Option<Uuid>,
    new_email: String,
}

/// Mails a code to the new address; its life.
pub async fn send(
    ctx: &Ctx,
    call: &Call,
    caller: &Caller,
    new_email: &Email,
    password: Option<&Password>,
) -> Result<Duration, Error> {
    let (now, client_id) = (caller.now, &caller.session.client_id);
    ctx.stores.codes.ready().await?;
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
    if account.email == *new_email {
        return Err(Error::invalid("new_email", Rule::Unchanged));
    }
    step_up::prove(ctx, call, caller, &account, password).await?;
    let mailbox = ctx.secrets.mailbox_digest(new_email);
    Budget::code(ctx, call, &mailbox, client_id, Side::Known).take(ctx, call, now).await?;
    let other = ctx.stores.accounts.by_email(new_email).await?;

    let code = Code::random(&*ctx.entropy);
    let decoy = ctx.entropy.bytes();
    let set = if other.is_some() { Presented::Decoy(&code, decoy) } else { Presented::Code(&code) };
    let pending = Pending { user_id: Some(account.id.0), new_email: new_email.as_str().to_owned() };
    let place = Place::of(ctx, Purpose::EmailChange, &account.email, client_id);
    place.put(set, &pending, ctx.rules.codes.ttl, now).await?;
    let kind = if other.is_some() { EventKind::EmailChangeTaken } else { EventKind::EmailChangeCodeSent };
    let event = call.event(now, kind).user(account.id).session(caller.session.id).client(client_id).mailbox(mailbox);
    let told = notice::of(call, &account, AccountNews::EmailChangeRequested, now);
    ctx.stores.journal.append(&[], std::slice::from_ref(&event), &[told]).await?;
    ctx.notices.notify_one();
    ctx.note(&event);
    match other {
        Some(other) => code::submit(ctx, code::compose(new_email, &Message::AlreadyRegistered, other.locale))?,
        None => {
            let message = Message::EmailChangeCode { code: code.expose().to_owned(), minutes: code::minutes(ctx) };
            code::submit(ctx, code::compose(new_email, &message, account.locale))?;
        }
    }
    Ok(ctx.rules.codes.ttl)
}

/// Takes the code, and moves the account.
pub async fn verify(ctx: &Ctx, call: &Call, caller: &Caller, code: &Code) -> Result<Account, Error> {
    let (now, client_id) = (caller.now, &caller.session.client_id);
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
    let place = Place::of(ctx, Purpose::EmailChange, &account.email, client_id);
    let guesses = Budget::guess(ctx, call, &place.mailbox(), client_id);
    guesses.take(ctx, call, now).await?;

    let guess = place.guess(Presented::Code(code), ctx.rules.codes.attempts, now).await?;
    if !matches!(guess, Guess::Wrong(_)) {
        guesses.give_back(ctx).await?;
    }
    let event = |kind| call.event(now, kind).user(account.id).session(caller.session.id).client(client_id);
    let payload = match guess {
        Guess::Right(payload) => payload,
        Guess::Wrong(attempts_left) => {
            ctx.audit(event(EventKind::EmailChangeCodeWrong)).await?;
            return Err(Error::InvalidCode { attempts_left });
        }
        // Pending for another of the person's clients is not pending here.
        Guess::Missing | Guess::OtherClient => {
            ctx.audit(event(EventKind::EmailChangeNotPending)).await?;
            return Err(Error::SessionNotFound);
        }
    };
    let pending: Pending = code::payload(&payload)?;
    if pending.user_id != Some(account.id.0) {
        ctx.audit(event(EventKind::EmailChangeNotPending)).await?;
        return Err(Error::SessionNotFound);
    }
    let new_email = Email::stored(&pending.new_email).map_err(|_| Error::internal("a pending address"))?;
    let moved = Account { email: new_email.clone(), email_verified: true, ..account.clone() };
    let with = Consequences {
        events: vec![event(EventKind::EmailChanged).mailbox(ctx.secrets.mailbox_digest(&new_email))],
        notices: [&account, &moved].map(|mailbox| told(call, mailbox, caller)).into(),
        ..Consequences::default()
    };
    match ctx.stores.accounts.change(&account, &AccountChange::Email(new_email), &with).await? {
        Changed::Done(_) => {}
        // Somebody else proved that mailbox first, or changed this account.
        Changed::EmailTaken | Changed::Conflict => {
            ctx.audit(event(EventKind::EmailChangeNotPending)).await?;
            return Err(Error::SessionNotFound);
        }
    }
    ctx.notices.notify_one();
    with.events.iter().for_each(|event| ctx.note(event));
    // The roles of the account, which may be newer than the session's.
    let subject = Subject {
        email: moved.email.clone(),
        email_verified: true,
        roles: moved.roles.clone(),
        ..caller.session.subject.clone()
    };
    ctx.stores.sessions.set_subject(account.id, &subject).await?;
    Ok(moved)
}

fn told(call: &Call, mailbox: &Account, caller: &Caller) -> Notice {
    notice::of(call, mailbox, AccountNews::EmailChanged, caller.now)
}
