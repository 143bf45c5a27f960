//! The last step of every way to sign in: a session and its tokens.

use std::time::Duration;

use super::{
    Call, revoke,
    tokens::{self, TokenPair},
};
use crate::{
    ctx::Ctx,
    domain::{
        Account, ClientId, EventKind, Name, Notice, NoticeKind, Session, SessionId, Timestamp,
        account::AccountState,
        notice::AccountNews,
        revocation::RevocationReason,
        session::{Chain, Salt, Subject},
    },
    error::Error,
    storage::sessions::Opening,
};

/// Ends of all sessions that may fall into one login.
const ATTEMPTS: usize = 3;

/// Somebody whose identity was proven just now.
pub struct Proven<'a> {
    /// Whose.
    pub account: &'a Account,
    /// On which client.
    pub client_id: &'a ClientId,
    /// How the session is called in lists.
    pub device: Name,
    /// How identity was proven (RFC 8176).
    pub amr: Vec<String>,
    /// Whether the person has signed in on it before.
    pub acquaintance: Acquaintance,
}

/// Whether a person has signed in on a client before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// It is remembered.
    Known,
    /// It is not: the person is told.
    New,
    /// It is the client of the sign-up, of which there is nothing to tell.
    First,
}

/// What signing in gives.
pub struct SignedIn {
    /// The tokens.
    pub tokens: TokenPair,
    /// The sessions that ended for it.
    pub evicted: Vec<Session>,
}

/// Opens a session, ends what is too much, and writes both down. `outcome` is
/// the event of the way that was taken; `None` if it is written already.
pub async fn complete(
    ctx: &Ctx,
    call: &Call,
    proven: Proven<'_>,
    outcome: Option<EventKind>,
    now: Timestamp,
) -> Result<SignedIn, Error> {
    let Some((session, evicted)) = open(ctx, call, &proven, now).await? else {
        let event = call.event(now, EventKind::LoginSessionLimit);
        ctx.audit(event.user(proven.account.id).client(proven.client_id)).await?;
        return Err(Error::SessionLimitReached);
    };
    write_down(ctx, call, &proven, &evicted, now).await?;
    if let Some(outcome) = outcome {
        let event = call.event(now, outcome).user(session.user_id).client(&session.client_id);
        ctx.audit(event.session(session.id)).await?;
    }
    remember(ctx, call, &proven, &session, now).await?;
    Ok(SignedIn { tokens: tokens::issue(ctx, &session, now)?, evicted })
}

/// Before the tokens are out: a thief must not be able to sign in unseen.
async fn remember(ctx: &Ctx, call: &Call, proven: &Proven<'_>, session: &Session, now: Timestamp) -> Result<(), Error> {
    let notice = match proven.acquaintance {
        Acquaintance::Known => return Ok(()),
        Acquaintance::First => None,
        Acquaintance::New => {
            let (what, device, address) = (AccountNews::NewDevice, session.device.clone(), call.origin.address);
            let kind = NoticeKind::Account { what, device, address };
            Some(Notice { at: now, to: proven.account.email.clone(), locale: proven.account.locale, kind })
        }
    };
    let accounts = &ctx.stores.accounts;
    if accounts.remember(session.user_id, proven.client_id, now, notice.as_ref()).await? && notice.is_some() {
        ctx.notices.notify_one();
    }
    Ok(())
}

/// What had to end. Once: whoever presents a token of it meanwhile writes it down too.
async fn write_down(
    ctx: &Ctx,
    call: &Call,
    proven: &Proven<'_>,
    evicted: &[Session],
    now: Timestamp,
) -> Result<(), Error> {
    for old in evicted {
        let event = call.event(now, EventKind::SessionEvicted).user(old.user_id).client(proven.client_id);
        let revocation = revoke::revocation(ctx, old, RevocationReason::Evicted, now);
        revoke::end(ctx, revocation, event.session(old.id), None).await?;
    }
    Ok(())
}

/// The new session and those that ended for it; `None` where there is no room.
///
/// Hashing takes a while, and the end of all sessions may fall into it. Then
/// this one begins after that end: begun before, it would be struck by it later.
async fn open(
    ctx: &Ctx,
    call: &Call,
    proven: &Proven<'_>,
    now: Timestamp,
) -> Result<Option<(Session, Vec<Session>)>, Error> {
    let (mut begun, mut not_before, mut ended) = (now, proven.account.not_before, Vec::new());
    for _ in 0..ATTEMPTS {
        begun = begun.max(not_before + Duration::from_micros(1));
        let session = new_session(ctx, call, proven, begun, not_before);
        let Opening::Opened(evicted) = ctx.stores.sessions.open(&session, ctx.rules.sessions.limit, now).await? else {
            return Ok(None);
        };
        ended.extend(evicted);
        let account = ctx.stores.accounts.by_id(session.user_id).await?;
        if let Some(account) = account.as_ref().filter(|account| is_as_proven(account, proven.account))
            && account.not_before < begun
        {
            return Ok(Some((session, ended)));
        }
        ctx.stores.sessions.end(session.user_id, session.id).await?;
        not_before = match still_good(account, proven.account) {
            Ok(account) => account.not_before,
            Err(refused) => {
                write_down(ctx, call, proven, &ended, now).await?;
                return Err(refused);
            }
        };
    }
    Err(Error::Overloaded)
}

/// Whether what was proven is still what has to be proven.
fn is_as_proven(account: &Account, proven: &Account) -> bool {
    account.password_changed_at == proven.password_changed_at && account.state == AccountState::Active
}

/// The account, unless it was deleted, disabled or given another password while this
/// proof was checked.
fn still_good(account: Option<Account>, proven: &Account) -> Result<Account, Error> {
    let account = account.ok_or(Error::InvalidCredentials)?;
    match account.state {
        AccountState::Disabled => Err(Error::AccountDisabled),
        AccountState::Active if is_as_proven(&account, proven) => Ok(account),
        AccountState::Active => Err(Error::InvalidCredentials),
    }
}

fn new_session(ctx: &Ctx, call: &Call, proven: &Proven<'_>, now: Timestamp, not_before: Timestamp) -> Session {
    let account = proven.account;
    let rules = &ctx.rules.sessions;
    Session {
        id: SessionId::random(&*ctx.entropy),
        user_id: account.id,
        client_id: proven.client_id.clone(),
        salt: Salt(ctx.entropy.bytes()),
        chain: Chain::start(now),
        created_at: now,
        expires_at: (now + rules.idle).min(now + rules.max_age),
        ends_at: now + rules.max_age,
        device: proven.device.clone(),
        address: call.origin.address,
        auth_time: now,
        amr: proven.amr.clone(),
        subject: Subject {
            email: account.email.clone(),
            email_verified: account.email_verified,
            roles: account.roles.clone(),
            issued_after: not_before,
        },
    }
}
