//! What the flows with a mailed code have in common.

use std::time::Duration;

use crate::{
    ctx::Ctx,
    domain::{Account, ClientId, Code, Email, Locale, Purpose, Timestamp, UserId},
    error::Error,
    mail::{
        Mail,
        templates::{self, Message},
    },
    storage::codes::{CodeKey, PendingCode},
};

/// Whether an account knows a client; of no account it is false, after the same work.
pub async fn knows(ctx: &Ctx, account: Option<&Account>, client_id: &ClientId) -> Result<bool, Error> {
    let nobody = UserId(uuid::Uuid::nil());
    Ok(ctx.stores.accounts.knows(account.map_or(nobody, |account| account.id), client_id).await?)
}

/// That the database answers: a code must not be spent where what it is for cannot be
/// done. It asks about nobody, for a look at the account of an address takes longer if
/// there is one.
pub async fn database_answers(ctx: &Ctx, client_id: &ClientId) -> Result<(), Error> {
    knows(ctx, None, client_id).await.map(drop)
}

/// Where the code of an address waits.
pub fn key(ctx: &Ctx, purpose: Purpose, email: &Email, client_id: &ClientId) -> CodeKey {
    CodeKey { purpose, mailbox: ctx.secrets.mailbox_digest(email), client_id: client_id.clone() }
}

/// What stands for a code in the store.
pub fn digest(ctx: &Ctx, purpose: Purpose, email: &Email, client_id: &ClientId, code: &Code) -> [u8; 32] {
    ctx.secrets.code_digest(purpose, email, client_id.as_str(), code)
}

/// Sets the code of a key, with what the flow wants back; void in `life`.
pub async fn put(
    ctx: &Ctx,
    key: &CodeKey,
    digest: [u8; 32],
    payload: &impl serde::Serialize,
    life: Duration,
    now: Timestamp,
) -> Result<(), Error> {
    let payload = serde_json::to_vec(payload).map_err(Error::internal)?;
    let code = PendingCode { digest, payload, expires_at: now + life };
    Ok(ctx.stores.codes.put(key, &code, now).await?)
}

/// What [`put`] was given.
pub fn payload<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(payload).map_err(Error::internal)
}

/// The life of a code in whole minutes, for mails.
pub fn minutes(ctx: &Ctx) -> u32 {
    u32::try_from(ctx.rules.codes.ttl.as_secs() / 60).unwrap_or(u32::MAX)
}

/// A mail to an address.
pub fn compose(email: &Email, message: &Message, locale: Locale) -> Mail {
    templates::compose(email.as_str(), message, locale)
}

/// Mails from memory: a code is never written down.
pub fn submit(ctx: &Ctx, mail: Mail) -> Result<(), Error> {
    ctx.mail.submit(mail).map_err(|_| Error::Overloaded)
}

/// Both in one.
pub fn mail(ctx: &Ctx, email: &Email, message: &Message, locale: Locale) -> Result<(), Error> {
    submit(ctx, compose(email, message, locale))
}
