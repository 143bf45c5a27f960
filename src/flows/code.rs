//! What the flows with a mailed code have in common.

use std::{hint::black_box, time::Duration};

use crate::{
    crypto::{ResetToken, secrets::CodeKeys},
    ctx::Ctx,
    domain::{Account, ClientId, Code, Email, Locale, Purpose, Timestamp, UserId},
    error::Error,
    mail::{
        Mail,
        templates::{self, Message},
    },
    storage::codes::{CodeKey, Guess, PendingCode, Replacement},
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

/// Where the code of an address waits: under the current secret and, while that is being
/// replaced, under the one before, which other servers may still use.
pub struct Place<'a> {
    ctx: &'a Ctx,
    purpose: Purpose,
    email: &'a Email,
    client_id: &'a ClientId,
}

impl<'a> Place<'a> {
    /// Of a purpose, an address and a client.
    pub fn of(ctx: &'a Ctx, purpose: Purpose, email: &'a Email, client_id: &'a ClientId) -> Self {
        Self { ctx, purpose, email, client_id }
    }

    /// What stands for the address in limits and events.
    pub fn mailbox(&self) -> [u8; 32] {
        self.ctx.secrets.mailbox_digest(self.email)
    }

    fn keys(&self) -> impl Iterator<Item = (CodeKeys<'_>, CodeKey)> {
        self.ctx.secrets.code_keys().map(|keys| {
            let mailbox = keys.mailbox(self.email);
            (keys, CodeKey { purpose: self.purpose, mailbox, client_id: self.client_id.clone() })
        })
    }

    fn digest(&self, keys: &CodeKeys<'_>, presented: &Presented<'_>) -> [u8; 32] {
        match presented {
            Presented::Code(code) => self.code_digest(keys, code),
            Presented::Token(token) => token.digest(keys, self.email, self.client_id),
            Presented::Decoy(code, digest) => {
                black_box(self.code_digest(keys, code));
                *digest
            }
        }
    }

    fn code_digest(&self, keys: &CodeKeys<'_>, code: &Code) -> [u8; 32] {
        keys.code(self.purpose, self.email, self.client_id.as_str(), code)
    }

    /// Sets the code, with what the flow wants back; void in `life`. One that waits under the
    /// other secret is void.
    pub async fn put(
        &self,
        code: Presented<'_>,
        payload: &impl serde::Serialize,
        life: Duration,
        now: Timestamp,
    ) -> Result<(), Error> {
        let payload = serde_json::to_vec(payload).map_err(Error::internal)?;
        let codes = &self.ctx.stores.codes;
        let mut places = self.keys();
        if let Some((keys, key)) = places.next() {
            let code = PendingCode { digest: self.digest(&keys, &code), payload, expires_at: now + life };
            codes.put(&key, &code, now).await?;
        }
        for (_, key) in places {
            codes.replace(&key, self.ctx.entropy.bytes(), now, now).await?;
        }
        Ok(())
    }

    /// Sets another code in the place of the one that waits.
    pub async fn replace(&self, code: Presented<'_>, now: Timestamp) -> Result<Replacement, Error> {
        let (mut answer, expires_at) = (Replacement::Missing, now + self.ctx.rules.codes.ttl);
        for (keys, key) in self.keys() {
            match self.ctx.stores.codes.replace(&key, self.digest(&keys, &code), expires_at, now).await? {
                Replacement::Missing => {}
                Replacement::OtherClient => answer = Replacement::OtherClient,
                replaced @ Replacement::Replaced(_) => return Ok(replaced),
            }
        }
        Ok(answer)
    }

    /// Counts a guess, and only then compares it; see [`Codes::guess`](crate::storage::Codes::guess).
    pub async fn guess(&self, code: Presented<'_>, max_attempts: u32, now: Timestamp) -> Result<Guess, Error> {
        let mut answer = Guess::Missing;
        for (keys, key) in self.keys() {
            match self.ctx.stores.codes.guess(&key, self.digest(&keys, &code), max_attempts, now).await? {
                Guess::Missing => {}
                Guess::OtherClient => answer = Guess::OtherClient,
                judged @ (Guess::Right(_) | Guess::Wrong(_)) => return Ok(judged),
            }
        }
        Ok(answer)
    }
}

/// What stands in a place, or is held against it.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// A mailed code.
    Code(&'a Code),
    /// A reset token.
    Token(&'a ResetToken),
    /// What nothing matches, after the work that the code would have been.
    Decoy(&'a Code, [u8; 32]),
}

/// What [`Place::put`] was given.
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

/// As [`submit`], for an address that gets no mail.
pub fn submit_nothing(ctx: &Ctx) -> Result<(), Error> {
    ctx.mail.submit_nothing().map_err(|_| Error::Overloaded)
}
