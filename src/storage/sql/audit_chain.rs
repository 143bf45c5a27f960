//! [`AuditChain`] on SQL.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Result, SqlStore,
    audit::audit_row,
    engine::{Alone, Pools, Query, sql},
    row::{Row, corrupt},
};
use crate::{
    crypto::secrets::Mac,
    storage::audit_chain::{AuditChain, Chain, Link, LinkedRow, Point, Seal, Unsealed},
};

const CHAIN: &str = "SELECT begun_at, removed, removed_hash, last, last_hash, settled, seen, horizon, key_id, mac \
     FROM audit_chain";
const BEGIN: &str = "INSERT INTO audit_chain (id, begun_at, removed, removed_hash, last, last_hash, settled, seen, \
     horizon, key_id, mac) VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
const REPLACE: &str = "UPDATE audit_chain SET begun_at = $1, removed = $2, removed_hash = $3, last = $4, \
     last_hash = $5, settled = $6, seen = $7, horizon = $8, key_id = $9, mac = $10 WHERE mac = $11";
const ADD_SEAL: &str = "INSERT INTO audit_seals (number, sealed_at, key_id, mac) VALUES ($1, $2, $3, $4)";
const SHORTEN: [&str; 3] = [
    "DELETE FROM audit_events WHERE seq IN (SELECT seq FROM audit_links WHERE number <= $1)",
    "DELETE FROM audit_links WHERE number <= $1",
    "DELETE FROM audit_seals WHERE number <= $1",
];
const LINKS: &str = "SELECT links.number, links.seq, links.hash, seals.sealed_at, seals.key_id, seals.mac, events.at, \
     events.kind, events.user_id, events.session_id, events.client_id, events.mailbox, events.address, \
     events.request_id FROM audit_links AS links LEFT JOIN audit_events AS events ON events.seq = links.seq \
     LEFT JOIN audit_seals AS seals ON seals.number = links.number \
     WHERE links.number > $1 ORDER BY links.number LIMIT $2";
const SEALED: &str = "SELECT events.seq, links.number FROM audit_events AS events \
     LEFT JOIN audit_links AS links ON links.seq = events.seq WHERE events.seq > $1 ORDER BY events.seq LIMIT $2";

/// Looked through at a time: while a transaction is open for long, all that was sealed since
/// it began is looked through again and again, and no statement may take too long for that.
const WINDOW: u32 = 4_096;

// One row at least, also where no event is unsealed.
macro_rules! unsealed {
    ($oldest_open:literal, $next_transaction:literal) => {
        concat!(
            "WITH page AS (SELECT seq, at, kind, user_id, session_id, client_id, mailbox, address, request_id \
             FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $3) SELECT event.*, looked.number, looked.last, ",
            $oldest_open,
            " AS oldest_open, ",
            $next_transaction,
            " AS next_transaction FROM (SELECT COUNT(*) AS number, MAX(seq) AS last FROM page) AS looked \
             LEFT JOIN (SELECT * FROM page WHERE NOT EXISTS \
             (SELECT 1 FROM audit_links WHERE audit_links.seq = page.seq) ORDER BY seq LIMIT $2) AS event ON TRUE \
             ORDER BY event.seq"
        )
    };
}

/// PostgreSQL gives numbers out before it commits, so that a lower number may come to
/// be seen after a higher one. SQLite has one writer at a time.
fn unsealed(pools: &Pools) -> Query {
    sql(match pools {
        Pools::Sqlite { .. } => unsealed!("0", "0"),
        Pools::Postgres(_) => unsealed!(
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
            "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        ),
    })
}

/// Many rows in one statement: each by itself would be a round trip.
fn add_links(pools: &Pools) -> Query {
    sql(match pools {
        Pools::Sqlite { .. } => {
            "INSERT INTO audit_links (number, seq, hash) SELECT json_extract(value, '$.number'), \
             json_extract(value, '$.seq'), unhex(json_extract(value, '$.hash')) FROM json_each($1)"
        }
        Pools::Postgres(_) => {
            "INSERT INTO audit_links (number, seq, hash) SELECT number, seq, decode(hash, 'hex') \
             FROM jsonb_to_recordset($1) AS links (number BIGINT, seq BIGINT, hash TEXT)"
        }
    })
}

fn bind(query: Query, (chain, mac): (&Chain, &Mac)) -> Query {
    query
        .bind(chain.begun_at)
        .bind(chain.removed.number)
        .bind(&chain.removed.hash[..])
        .bind(chain.last.number)
        .bind(&chain.last.hash[..])
        .bind(chain.settled)
        .bind(chain.seen)
        .bind(chain.horizon)
        .bind(&mac.key_id[..])
        .bind(&mac.tag[..])
}

fn mac(row: &Row) -> Result<Mac> {
    Ok(Mac { key_id: row.bytes("key_id")?, tag: row.bytes("mac")? })
}

fn seal(row: &Row) -> Result<Seal> {
    Ok(Seal { at: row.get("sealed_at")?, mac: mac(row)? })
}

fn chain(row: &Row) -> Result<(Chain, Mac)> {
    let chain = Chain {
        begun_at: row.get("begun_at")?,
        removed: Point { number: row.get("removed")?, hash: row.bytes("removed_hash")? },
        last: Point { number: row.get("last")?, hash: row.bytes("last_hash")? },
        settled: row.get("settled")?,
        seen: row.get("seen")?,
        horizon: row.get("horizon")?,
    };
    Ok((chain, mac(row)?))
}

fn linked_row(row: &Row) -> Result<LinkedRow> {
    let point = Point { number: row.get("number")?, hash: row.bytes("hash")? };
    let is_there = row.get::<Option<String>>("kind")?.is_some();
    let is_sealed = row.get::<Option<Vec<u8>>>("mac")?.is_some();
    Ok(LinkedRow {
        link: Link { point, seq: row.get("seq")? },
        row: is_there.then(|| audit_row(row)).transpose()?,
        seal: is_sealed.then(|| seal(row)).transpose()?,
    })
}

fn json(link: &Link) -> Value {
    json!({"number": link.point.number, "seq": link.seq, "hash": hex::encode(link.point.hash)})
}

impl SqlStore {
    /// Of several looks the first one says which transactions were open, and the last one
    /// which may come: whatever was there in between is between the two.
    async fn unsealed_in_windows(&self, after: i64, limit: u32, size: u32) -> Result<Unsealed> {
        let (mut found, mut next) = self.unsealed_window(after, limit, size).await?;
        while let Some(after) = next {
            let missing = limit.saturating_sub(u32::try_from(found.rows.len()).unwrap_or(limit));
            if missing == 0 {
                break;
            }
            let (more, then) = self.unsealed_window(after, missing, size).await?;
            found.rows.extend(more.rows);
            found.next_transaction = more.next_transaction;
            next = then;
        }
        Ok(found)
    }

    /// Those of a window, and where the next one begins.
    async fn unsealed_window(&self, after: i64, limit: u32, size: u32) -> Result<(Unsealed, Option<i64>)> {
        self.timed("audit_chain.unsealed", async {
            let query = unsealed(&self.pools).bind(after).bind(limit).bind(size);
            let rows = query.read_all(&self.pools).await?;
            let looked = rows.first().ok_or_else(|| corrupt("number"))?;
            let is_full = looked.number::<u32>("number")? == size;
            let mut unsealed = Unsealed {
                oldest_open: looked.get("oldest_open")?,
                next_transaction: looked.get("next_transaction")?,
                rows: Vec::new(),
            };
            for row in &rows {
                if row.get::<Option<i64>>("seq")?.is_some() {
                    unsealed.rows.push(audit_row(row)?);
                }
            }
            Ok((unsealed, if is_full { looked.get("last")? } else { None }))
        })
        .await
    }
}

#[async_trait]
impl AuditChain for SqlStore {
    async fn chain(&self) -> Result<Option<(Chain, Mac)>> {
        self.timed("audit_chain.read", async {
            sql(CHAIN).read_one(&self.pools).await?.as_ref().map(chain).transpose()
        })
        .await
    }

    async fn begin(&self, chain: &Chain, mac: &Mac) -> Result<bool> {
        self.timed("audit_chain.begin", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let begun = bind(sql(BEGIN), (chain, mac)).run(&mut tx).await?;
            tx.commit().await?;
            Ok(begun == 1)
        })
        .await
    }

    async fn unsealed(&self, after: i64, limit: u32) -> Result<Unsealed> {
        self.unsealed_in_windows(after, limit, WINDOW).await
    }

    async fn extend(&self, from: &Mac, to: (&Chain, &Mac), links: &[Link], seal: Option<&Seal>) -> Result<bool> {
        self.timed("audit_chain.extend", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            if bind(sql(REPLACE), to).bind(&from.tag[..]).run(&mut tx).await? == 0 {
                return Ok(false);
            }
            let links: Vec<Value> = links.iter().map(json).collect();
            add_links(&self.pools).bind(Value::from(links)).run(&mut tx).await?;
            if let Some(seal) = seal {
                let add = sql(ADD_SEAL).bind(to.0.last.number).bind(seal.at);
                add.bind(&seal.mac.key_id[..]).bind(&seal.mac.tag[..]).run(&mut tx).await?;
            }
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn shorten(&self, from: &Mac, to: (&Chain, &Mac)) -> Result<bool> {
        self.timed("audit_chain.shorten", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            if bind(sql(REPLACE), to).bind(&from.tag[..]).run(&mut tx).await? == 0 {
                return Ok(false);
            }
            for statement in SHORTEN {
                sql(statement).bind(to.0.removed.number).run(&mut tx).await?;
            }
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn links(&self, after: i64, limit: u32) -> Result<Vec<LinkedRow>> {
        self.timed("audit_chain.links", async {
            let rows = sql(LINKS).bind(after).bind(limit).read_all(&self.pools).await?;
            rows.iter().map(linked_row).collect()
        })
        .await
    }

    async fn sealed(&self, after: i64, limit: u32) -> Result<Vec<(i64, bool)>> {
        self.timed("audit_chain.sealed", async {
            let rows = sql(SEALED).bind(after).bind(limit).read_all(&self.pools).await?;
            rows.iter().map(|row| Ok((row.get("seq")?, row.get::<Option<i64>>("number")?.is_some()))).collect()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::{Event, EventKind, Origin, Timestamp},
        storage::{Journal, sql::Location},
    };

    #[tokio::test]
    async fn windows_are_looked_through_until_there_are_enough() {
        let data = tempfile::tempdir().unwrap();
        let store = SqlStore::open(&Location::Sqlite(data.path().join("sekisho.db")), Arc::default()).await.unwrap();
        store.migrate().await.unwrap();
        let event = Event::new(Timestamp::default(), EventKind::LoggedOut, &Origin::default());
        store.append(&[], &vec![event; 10], &[]).await.unwrap();
        let mut tx = store.pools.begin(Alone::Nothing).await.unwrap();
        let link = |seq: i64| json(&Link { point: Point { number: seq, hash: [0; 32] }, seq });
        let sealed = Value::from([1, 2, 3, 4, 5, 6, 8].map(link).to_vec());
        add_links(&store.pools).bind(sealed).run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        for size in [1, 2, 3, 5, 9, 10, 11] {
            for limit in 1..=4_u32 {
                let found = store.unsealed_in_windows(0, limit, size).await.unwrap();
                let found: Vec<i64> = found.rows.iter().map(|row| row.seq).collect();
                assert_eq!(found, [7, 9, 10][..limit.min(3) as usize], "{limit} by windows of {size}");
            }
        }
        assert!(store.unsealed_in_windows(10, 1, 5).await.unwrap().rows.is_empty());
    }
}
