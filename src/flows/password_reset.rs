//! Password reset in three steps: a code proves the mailbox, the code is exchanged for
//! a token, the token chooses a password. Nothing of the account changes before that.
//!
//! An address without an account is answered like one with an account. Its pending code
//! is a decoy that no guess matches.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Call,
    code::{self, Place, Presented},
    limit::{Budget, Side},
    new_password, notice, revoke,
};
use crate::{
    crypto::ResetToken,
    ctx::Ctx,
    domain::{
        Account, ClientId, Code, Email, Event, EventKind, Password, Purpose, Timestamp, UserId, account::AccountState,
        notice::AccountNews, revocation::RevocationReason,
    },
    error::Error,
    mail::templates::Message,
    storage::{
        accounts::{AccountChange, Changed, Consequences},
        codes::Guess,
    },
};

/// Of a reset token. Whoever has it is about to type a password.
pub const TOKEN_LIFE: Duration = Duration::from_secs(600);
/// It cannot be guessed, so this bounds nothing but work.
const TOKEN_ATTEMPTS: u32 = 5;

/// What waits for the code or the token. A decoy names nobody that there is.
#[derive(Serialize, Deserialize)]
struct Pending {
    user_id: Uuid,
}

/// Mails a code; its life.
pub async fn send(ctx: &Ctx, call: &Call, email: &Email, client_id: &ClientId) -> Result<Duration, Error> {
    let now = ctx.now();
    ctx.stores.codes.ready().await?;
    let place = Place::of(ctx, Purpose::PasswordReset, email, client_id);
    let mailbox = place.mailbox();
    let account = ctx.stores.accounts.by_email(email).await?;
    let is_known = code::knows(ctx, account.as_ref(), client_id).await?;
    Budget::code(ctx, call, &mailbox, client_id, Side::of(is_known)).take(ctx, call, now).await?;

    let code = Code::random(&*ctx.entropy);
    // Each is made in both cases: the time must not tell.
    let decoy = ctx.entropy.bytes();
    let set = if account.is_some() { Presented::Code(&code) } else { Presented::Decoy(&code, decoy) };
    let person = account.as_ref().map_or_else(|| UserId::random(&*ctx.entropy), |account| account.id);
    let pending = Pending { user_id: person.0 };
    place.put(set, &pending, ctx.rules.codes.ttl, now).await?;
    let message = Message::ResetCode { code: code.expose().to_owned(), minutes: code::minutes(ctx) };
    let mail = code::compose(email, &message, account.as_ref().map(|account| account.locale).unwrap_or_default());
    let event = |kind| call.event(now, kind).client(client_id).mailbox(mailbox);
    match account {
        Some(account) => {
            ctx.audit(event(EventKind::ResetCodeSent).user(account.id)).await?;
            code::submit(ctx, mail)?;
        }
        None => {
            ctx.audit(event(EventKind::ResetUnknown)).await?;
            code::submit_nothing(ctx)?;
        }
    }
    Ok(ctx.rules.codes.ttl)
}

/// Exchanges a code for a token.
pub async fn verify(
    ctx: &Ctx,
    call: &Call,
    email: &Email,
    code: &Code,
    client_id: &ClientId,
) -> Result<ResetToken, Error> {
    let now = ctx.now();
    let place = Place::of(ctx, Purpose::PasswordReset, email, client_id);
    let mailbox = place.mailbox();
    let guesses = Budget::guess(ctx, call, &mailbox, client_id);
    guesses.take(ctx, call, now).await?;
    code::database_answers(ctx, client_id).await?;

    let guess = place.guess(Presented::Code(code), ctx.rules.codes.attempts, now).await?;
    if !matches!(guess, Guess::Wrong(_)) {
        guesses.give_back(ctx).await?;
    }
    let event = |kind| call.event(now, kind).client(client_id).mailbox(mailbox);
    let payload = right(ctx, guess, event, EventKind::ResetCodeWrong).await?;
    let pending: Pending = code::payload(&payload)?;
    let account = ctx.stores.accounts.by_email(email).await?;
    let Some(account) = account.filter(|account| account.id.0 == pending.user_id) else {
        // Deleted, or moved to another mailbox, since the code was mailed.
        ctx.audit(event(EventKind::ResetNotPending)).await?;
        return Err(Error::SessionNotFound);
    };
    if account.state == AccountState::Disabled {
        ctx.audit(event(EventKind::ResetDisabled).user(account.id)).await?;
        return Err(Error::AccountDisabled);
    }
    let token = ResetToken::issue(&ctx.secrets, account.id, &*ctx.entropy)
        .ok_or_else(|| Error::internal("no key for reset tokens"))?;
    let its_place = Place::of(ctx, Purpose::ResetToken, email, client_id);
    its_place.put(Presented::Token(&token), &pending, TOKEN_LIFE, now).await?;
    ctx.audit(event(EventKind::ResetCodeRight).user(account.id)).await?;
    Ok(token)
}

/// Chooses a password, and ends every session. `None` is a text that is no token at
/// all, which is as good as one that we did not make.
pub async fn complete(
    ctx: &Ctx,
    call: &Call,
    token: Option<ResetToken>,
    password: &Password,
    client_id: &ClientId,
) -> Result<(), Error> {
    let now = ctx.now();
    let event = |kind| call.event(now, kind).client(client_id);
    let token = token.filter(|token| token.is_ours(&ctx.secrets));
    let account = match &token {
        Some(token) => ctx.stores.accounts.by_id(token.user_id()).await?,
        None => None,
    };
    let Some((token, account)) = token.zip(account) else {
        ctx.audit(event(EventKind::ResetNotPending)).await?;
        return Err(Error::SessionNotFound);
    };
    ctx.stores.sessions.ready().await?;
    // Before the token is spent: a server that is busy must not cost anybody a code.
    let new = new_password::hash(ctx, "new_password", password, &account, now).await?;

    let place = Place::of(ctx, Purpose::ResetToken, &account.email, client_id);
    let mailbox = place.mailbox();
    let guess = place.guess(Presented::Token(&token), TOKEN_ATTEMPTS, now).await?;
    let event = |kind| event(kind).user(account.id).mailbox(mailbox);
    if let Guess::Wrong(_) = guess {
        ctx.audit(event(EventKind::ResetNotPending)).await?;
        return Err(Error::SessionNotFound);
    }
    right(ctx, guess, event, EventKind::ResetNotPending).await?;
    let changed = change(ctx, call, &account, AccountChange::Reset(new), event(EventKind::PasswordReset), now);
    if changed.await? { Ok(()) } else { Err(Error::SessionNotFound) }
}

/// Whether nobody else changed the account meanwhile.
async fn change(
    ctx: &Ctx,
    call: &Call,
    account: &Account,
    change: AccountChange,
    event: Event,
    now: Timestamp,
) -> Result<bool, Error> {
    let reason = RevocationReason::PasswordReset;
    let with = Consequences {
        revocations: revoke::everything(ctx, account.id, reason, now).await?,
        events: vec![event],
        notices: vec![notice::of(call, account, AccountNews::PasswordReset, now)],
    };
    let Changed::Done(numbers) = ctx.stores.accounts.change(account, &change, &with).await? else { return Ok(false) };
    revoke::follow_up(ctx, &with, numbers).await?;
    revoke::stragglers(ctx, call, account.id, None, reason).await?;
    Ok(true)
}

/// The payload of a right guess; otherwise the refusal, written down.
async fn right(
    ctx: &Ctx,
    guess: Guess,
    event: impl Fn(EventKind) -> Event,
    wrong: EventKind,
) -> Result<Vec<u8>, Error> {
    match guess {
        Guess::Right(payload) => Ok(payload),
        Guess::Wrong(attempts_left) => {
            ctx.audit(event(wrong)).await?;
            Err(Error::InvalidCode { attempts_left })
        }
        Guess::Missing => {
            ctx.audit(event(EventKind::ResetNotPending)).await?;
            Err(Error::SessionNotFound)
        }
        Guess::OtherClient => {
            ctx.audit(event(EventKind::ResetClientMismatch)).await?;
            Err(Error::ClientIdMismatch)
        }
    }
}
