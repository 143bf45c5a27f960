//! [`Codes`] on Redis.

use async_trait::async_trait;

use super::{
    RedisStore, Result,
    answer::Answer,
    link::corrupt,
    micros, raw,
    script::{GUESS_CODE, PUT_CODE, REPLACE_CODE},
};
use crate::{
    domain::Timestamp,
    storage::codes::{CodeKey, Codes, Guess, PendingCode, Replacement},
};

impl RedisStore {
    fn mailbox(&self, key: &CodeKey) -> Vec<u8> {
        self.link.key("c:", &[key.purpose.as_str().as_bytes(), b":", &key.mailbox].concat())
    }
}

#[async_trait]
impl Codes for RedisStore {
    async fn ready(&self) -> Result<()> {
        self.ping().await
    }

    async fn put(&self, key: &CodeKey, code: &PendingCode, now: Timestamp) -> Result<()> {
        let args = vec![
            key.client_id.as_str().into(),
            raw(&code.digest),
            raw(&code.payload),
            micros(code.expires_at),
            micros(now),
        ];
        self.run(&PUT_CODE, &self.mailbox(key), args).await.map(drop)
    }

    async fn replace(
        &self,
        key: &CodeKey,
        digest: [u8; 32],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Replacement> {
        let args = vec![key.client_id.as_str().into(), raw(&digest), micros(expires_at), micros(now)];
        let mut answer = Answer::read(self.run(&REPLACE_CODE, &self.mailbox(key), args).await?)?;
        match answer.word()?.as_str() {
            "replaced" => Ok(Replacement::Replaced(answer.bytes()?)),
            "other_client" => Ok(Replacement::OtherClient),
            "missing" => Ok(Replacement::Missing),
            _ => Err(corrupt("a replacement")),
        }
    }

    async fn guess(&self, key: &CodeKey, digest: [u8; 32], max_attempts: u32, now: Timestamp) -> Result<Guess> {
        let args = vec![key.client_id.as_str().into(), raw(&digest), max_attempts.to_string().into(), micros(now)];
        let mut answer = Answer::read(self.run(&GUESS_CODE, &self.mailbox(key), args).await?)?;
        match answer.word()?.as_str() {
            "right" => Ok(Guess::Right(answer.bytes()?)),
            "wrong" => Ok(Guess::Wrong(answer.number()?)),
            "other_client" => Ok(Guess::OtherClient),
            "missing" => Ok(Guess::Missing),
            _ => Err(corrupt("a guess")),
        }
    }
}
