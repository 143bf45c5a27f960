//! Sign-up: a password is set aside, a code proves the mailbox, and only then
//! is there an account. Whoever asks first gains nothing: what was set before
//! the proof on another client is void with it.
//!
//! A taken address is answered like a free one. Its pending code is a decoy
//! that no guess matches, so that resending and guessing look alike too.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Call,
    code::{self, Place, Presented},
    limit::{Budget, Side},
    sign_in::{self, Acquaintance, Proven, SignedIn},
};
use crate::{
    ctx::Ctx,
    domain::{
        Account, ClientId, Code, Email, EventKind, Locale, Name, Password, Purpose, Timestamp, UserId,
        account::{AccountState, StoredPassword},
    },
    error::Error,
    mail::{Mail, templates::Message},
    storage::{
        accounts::Creation,
        codes::{Guess, Replacement},
    },
};

/// What waits for the code. Without a password it is a decoy.
#[derive(Serialize, Deserialize)]
struct Pending {
    password: Option<(String, String)>,
    locale: Option<String>,
}

/// The account, and the first sign-in to it.
pub struct Completed {
    /// The new account.
    pub account: Account,
    /// Its first session.
    pub signed_in: SignedIn,
}

/// Sets a password aside and mails a code; its life.
pub async fn send(
    ctx: &Ctx,
    call: &Call,
    email: &Email,
    password: &Password,
    client_id: &ClientId,
) -> Result<Duration, Error> {
    let (now, life) = (ctx.now(), ctx.rules.codes.ttl);
    ctx.stores.codes.ready().await?;
    let place = Place::of(ctx, Purpose::Signup, email, client_id);
    let mailbox = place.mailbox();
    Budget::code(ctx, call, &mailbox, client_id, Side::Strangers).take(ctx, call, now).await?;
    let account = ctx.stores.accounts.by_email(email).await?;
    // For a taken address as well: the time must not tell.
    let stored = ctx.passwords.hash(password).await?;
    let code = Code::random(&*ctx.entropy);

    let event = |kind| call.event(now, kind).client(client_id).mailbox(mailbox);
    if let Some(account) = account {
        ctx.audit(event(EventKind::SignupAddressTaken).user(account.id)).await?;
        if ctx.rules.codes.disclose_taken {
            return Err(Error::EmailAlreadyExists);
        }
        let decoy = Pending { password: None, locale: None };
        place.put(Presented::Decoy(&code, ctx.entropy.bytes()), &decoy, life, now).await?;
        code::submit(ctx, taken_mail(email, Some(&account)))?;
        return Ok(life);
    }
    let locale = call.locale.map(|locale| locale.tag().to_owned());
    let pending = Pending { password: Some((stored.scheme, stored.hash)), locale };
    place.put(Presented::Code(&code), &pending, life, now).await?;
    ctx.audit(event(EventKind::SignupCodeSent)).await?;
    code::submit(ctx, code_mail(ctx, call, email, &code))?;
    Ok(life)
}

/// Mails another code in the place of the one that is pending; its life.
pub async fn resend(ctx: &Ctx, call: &Call, email: &Email, client_id: &ClientId) -> Result<Duration, Error> {
    let now = ctx.now();
    let place = Place::of(ctx, Purpose::Signup, email, client_id);
    let mailbox = place.mailbox();
    Budget::code(ctx, call, &mailbox, client_id, Side::Strangers).take(ctx, call, now).await?;
    let account = ctx.stores.accounts.by_email(email).await?;

    // Each is made in both cases: the time must not tell.
    let code = Code::random(&*ctx.entropy);
    let decoy = ctx.entropy.bytes();
    let (news, taken) = (code_mail(ctx, call, email, &code), taken_mail(email, account.as_ref()));
    let (set, mail) = match account {
        Some(_) => (Presented::Decoy(&code, decoy), taken),
        None => (Presented::Code(&code), news),
    };
    let replacement = place.replace(set, now).await?;
    let event = |kind| call.event(now, kind).client(client_id).mailbox(mailbox);
    match replacement {
        Replacement::Missing => {
            ctx.audit(event(EventKind::SignupNotPending)).await?;
            Err(Error::SessionNotFound)
        }
        Replacement::OtherClient => {
            ctx.audit(event(EventKind::SignupClientMismatch)).await?;
            Err(Error::ClientIdMismatch)
        }
        Replacement::Replaced(_) => {
            ctx.audit(event(EventKind::SignupCodeResent)).await?;
            code::submit(ctx, mail)?;
            Ok(ctx.rules.codes.ttl)
        }
    }
}

/// Takes a code, makes the account and signs in.
pub async fn verify(
    ctx: &Ctx,
    call: &Call,
    email: &Email,
    code: &Code,
    client_id: &ClientId,
) -> Result<Completed, Error> {
    let now = ctx.now();
    ctx.stores.sessions.ready().await?;
    let place = Place::of(ctx, Purpose::Signup, email, client_id);
    let mailbox = place.mailbox();
    let guesses = Budget::guess(ctx, call, &mailbox, client_id);
    guesses.take(ctx, call, now).await?;
    code::database_answers(ctx, client_id).await?;

    let guess = place.guess(Presented::Code(code), ctx.rules.codes.attempts, now).await?;
    if !matches!(guess, Guess::Wrong(_)) {
        guesses.give_back(ctx).await?;
    }
    let event = |kind| call.event(now, kind).client(client_id).mailbox(mailbox);
    let payload = match guess {
        Guess::Right(payload) => payload,
        Guess::Wrong(attempts_left) => {
            ctx.audit(event(EventKind::SignupCodeWrong)).await?;
            return Err(Error::InvalidCode { attempts_left });
        }
        Guess::Missing => {
            ctx.audit(event(EventKind::SignupNotPending)).await?;
            return Err(Error::SessionNotFound);
        }
        Guess::OtherClient => {
            ctx.audit(event(EventKind::SignupClientMismatch)).await?;
            return Err(Error::ClientIdMismatch);
        }
    };
    let Some(account) = new_account(ctx, email, &payload, now)? else {
        // The account that the address had was deleted meanwhile: there is no password.
        ctx.audit(event(EventKind::SignupNotPending)).await?;
        return Err(Error::SessionNotFound);
    };
    let completed = event(EventKind::SignupCompleted).user(account.id);
    if ctx.stores.accounts.create(&account, &completed).await? == Creation::EmailTaken {
        // Another client proved the mailbox first: this sign-up is void.
        ctx.audit(event(EventKind::SignupNotPending)).await?;
        return Err(Error::SessionNotFound);
    }
    ctx.note(&completed);
    let (amr, acquaintance) = (vec!["otp".to_owned()], Acquaintance::First);
    let proven = Proven { account: &account, client_id, device: call.user_agent.device(), amr, acquaintance };
    let signed_in = sign_in::complete(ctx, call, proven, Some(EventKind::LoginSucceeded), now).await?;
    Ok(Completed { account, signed_in })
}

fn code_mail(ctx: &Ctx, call: &Call, email: &Email, code: &Code) -> Mail {
    let message = Message::SignupCode { code: code.expose().to_owned(), minutes: code::minutes(ctx) };
    code::compose(email, &message, call.locale.unwrap_or_default())
}

/// To the owner of an account that somebody tried to make again.
fn taken_mail(email: &Email, account: Option<&Account>) -> Mail {
    code::compose(email, &Message::AlreadyRegistered, account.map(|account| account.locale).unwrap_or_default())
}

/// `None`: of a decoy.
fn new_account(ctx: &Ctx, email: &Email, payload: &[u8], now: Timestamp) -> Result<Option<Account>, Error> {
    let pending: Pending = code::payload(payload)?;
    let Some((scheme, hash)) = pending.password else { return Ok(None) };
    Ok(Some(Account {
        id: UserId::random(&*ctx.entropy),
        email: email.clone(),
        email_verified: true,
        password: StoredPassword { scheme, hash },
        password_changed_at: now,
        display_name: Name::default(),
        locale: pending.locale.as_deref().and_then(Locale::parse).unwrap_or_default(),
        roles: Vec::new(),
        state: AccountState::Active,
        not_before: Timestamp::default(),
        created_at: now,
    }))
}
