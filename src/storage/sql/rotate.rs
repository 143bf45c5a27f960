//! The rotation of a refresh token as one SQL transaction.

use super::{
    Result, SqlStore,
    engine::{Alone, Tx, sql},
    session_row::{ONE, session, signed},
};
use crate::{
    domain::{Session, SessionId, Timestamp, UserId, rotation::Verdict},
    storage::sessions::{Presentation, Rotation, RotationRules},
};

const ADVANCE: &str = "UPDATE sessions SET generation = $3, parent = $4, rotated_at = $5, last_used_at = $6, \
     expires_at = $7, address = $8 WHERE user_id = $1 AND id = $2";

pub(super) async fn rotate(
    store: &SqlStore,
    user_id: UserId,
    id: SessionId,
    presented: &Presentation<'_>,
    rules: RotationRules,
    now: Timestamp,
) -> Result<Rotation> {
    // Neither the salt nor a forgery ever changes its mind: what is not genuine
    // must not queue for the one writer.
    let row = sql(ONE).bind(user_id.0).bind(id.0).read_one(&store.pools).await?;
    let session_then = row.as_ref().map(session).transpose()?;
    if !session_then.is_some_and(|session| presented.gate.is_of(&session.salt, presented.generation)) {
        return Ok(Rotation::Unknown);
    }
    let mut tx = store.pools.begin(Alone::With(user_id.0.as_bytes())).await?;
    let row = sql(ONE).bind(user_id.0).bind(id.0).one(&mut tx).await?;
    let Some(mut session) = row.as_ref().map(session).transpose()? else { return Ok(Rotation::Unknown) };
    if session.chain.is_evicted() {
        return Ok(Rotation::Evicted(session));
    }
    if session.client_id != *presented.client_id {
        if rules.end_on_client_mismatch {
            advance(&mut tx, &session.condemned(now)).await?;
            tx.commit().await?;
        }
        return Ok(Rotation::OtherClient(session));
    }
    if session.expires_at <= now && !session.chain.is_condemned() {
        return Ok(Rotation::Expired);
    }
    let verdict = session.chain.judge(presented.generation, now, rules.grace);
    match verdict {
        Verdict::Replayed(_) => return Ok(Rotation::Judged(verdict, session)),
        Verdict::Reused => advance(&mut tx, &session.condemned(now)).await?,
        Verdict::Rotated(chain) | Verdict::LateRetry(chain) | Verdict::Recovered(chain) => {
            session.chain = chain;
            session.expires_at = session.ends_at.min(now + rules.idle);
            session.address = presented.address.or(session.address);
            advance(&mut tx, &session).await?;
        }
    }
    tx.commit().await?;
    Ok(Rotation::Judged(verdict, session))
}

pub(super) async fn advance(tx: &mut Tx, session: &Session) -> Result<()> {
    let query = sql(ADVANCE)
        .bind(session.user_id.0)
        .bind(session.id.0)
        .bind(signed(session.chain.generation))
        .bind(signed(session.chain.parent))
        .bind(session.chain.rotated_at)
        .bind(session.last_used_at())
        .bind(session.expires_at)
        .bind(session.address.map(|address| address.to_string()));
    query.run(tx).await?;
    Ok(())
}
