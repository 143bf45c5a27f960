//! Sign-up: a password is set aside, a code proves the mailbox, and only then
//! is there an account. Whoever asks first gains nothing: what was set before
//! the proof on another client is void with it.
//!
//! A taken address is answered like a free one. Its pending code is a decoy
//! that no guess matches, so that resending and guessing look alike too.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Call, code,
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
    mail::templates::Message,
    storage::{
        accounts::Creation,
        codes::{CodeKey, Guess, Replacement},
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
    let now = ctx.now();
    ctx.stores.codes.ready().await?;
    let key = code_key(ctx, email, client_id);
    Budget::code(ctx, call, &key.mailbox, client_id, Side::Strangers).take(ctx, call, now).await?;
    let account = ctx.stores.accounts.by_email(email).await?;
    // For a taken address as well: the time must not tell.
    let stored = ctx.passwords.hash(password).await?;

    let event = |kind| call.event(now, kind).client(client_id).mailbox(key.mailbox);
    if let Some(account) = account {
        ctx.audit(event(EventKind::SignupAddressTaken).user(account.id)).await?;
        if ctx.rules.codes.disclose_taken {
            return Err(Error::EmailAlreadyExists);
        }
        let decoy = Pending { password: None, locale: None };
        put(ctx, &key, ctx.entropy.bytes(), &decoy, now).await?;
        return mail(ctx, email, &Message::AlreadyRegistered, account.locale);
    }
    let code = Code::random(&*ctx.entropy);
    let digest = ctx.secrets.code_digest(Purpose::Signup, email, client_id.as_str(), &code);
    let locale = call.locale.map(|locale| locale.tag().to_owned());
    let pending = Pending { password: Some((stored.scheme, stored.hash)), locale };
    put(ctx, &key, digest, &pending, now).await?;
    ctx.audit(event(EventKind::SignupCodeSent)).await?;
    mail(ctx, email, &code_mail(ctx, &code), call.locale.unwrap_or_default())
}

/// Mails another code in the place of the one that is pending; its life.
pub async fn resend(ctx: &Ctx, call: &Call, email: &Email, client_id: &ClientId) -> Result<Duration, Error> {
    let now = ctx.now();
    let key = code_key(ctx, email, client_id);
    Budget::code(ctx, call, &key.mailbox, client_id, Side::Strangers).take(ctx, call, now).await?;
    let account = ctx.stores.accounts.by_email(email).await?;

    let code = Code::random(&*ctx.entropy);
    let digest = match account {
        Some(_) => ctx.entropy.bytes(),
        None => ctx.secrets.code_digest(Purpose::Signup, email, client_id.as_str(), &code),
    };
    let replacement = ctx.stores.codes.replace(&key, digest, now + ctx.rules.codes.ttl, now).await?;
    let event = |kind| call.event(now, kind).client(client_id).mailbox(key.mailbox);
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
            match account {
                Some(account) => mail(ctx, email, &Message::AlreadyRegistered, account.locale),
                None => mail(ctx, email, &code_mail(ctx, &code), call.locale.unwrap_or_default()),
            }
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
    let key = code_key(ctx, email, client_id);
    let guesses = Budget::guess(ctx, call, &key.mailbox, client_id);
    guesses.take(ctx, call, now).await?;
    code::database_answers(ctx, client_id).await?;
    let digest = ctx.secrets.code_digest(Purpose::Signup, email, client_id.as_str(), code);

    let guess = ctx.stores.codes.guess(&key, digest, ctx.rules.codes.attempts, now).await?;
    if !matches!(guess, Guess::Wrong(_)) {
        guesses.give_back(ctx).await?;
    }
    let event = |kind| call.event(now, kind).client(client_id).mailbox(key.mailbox);
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

fn code_key(ctx: &Ctx, email: &Email, client_id: &ClientId) -> CodeKey {
    code::key(ctx, Purpose::Signup, email, client_id)
}

async fn put(ctx: &Ctx, key: &CodeKey, digest: [u8; 32], pending: &Pending, now: Timestamp) -> Result<(), Error> {
    code::put(ctx, key, digest, pending, ctx.rules.codes.ttl, now).await
}

fn code_mail(ctx: &Ctx, code: &Code) -> Message {
    Message::SignupCode { code: code.expose().to_owned(), minutes: code::minutes(ctx) }
}

fn mail(ctx: &Ctx, email: &Email, message: &Message, locale: Locale) -> Result<Duration, Error> {
    code::mail(ctx, email, message, locale).map(|()| ctx.rules.codes.ttl)
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
