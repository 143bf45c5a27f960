//! Many lines of the journal at once, as at a start: each by itself would be a transaction.

use serde_json::{Value, json};

use super::{
    Result, SqlStore,
    engine::{Alone, Pools, Query, sql},
};
use crate::domain::{Revocation, revocation::Target};

fn of_sessions(pools: &Pools) -> Query {
    sql(match pools {
        Pools::Sqlite { .. } => {
            "DELETE FROM sessions WHERE (user_id, id) IN (SELECT unhex(json_extract(value, '$.user')), \
             unhex(json_extract(value, '$.session')) FROM json_each($1))"
        }
        Pools::Postgres(_) => {
            "DELETE FROM sessions USING jsonb_to_recordset($1) AS line (\"user\" UUID, session UUID) \
             WHERE sessions.user_id = line.\"user\" AND sessions.id = line.session"
        }
    })
}

fn of_people(pools: &Pools) -> Query {
    sql(match pools {
        // Left to itself SQLite may look through all sessions for each line.
        Pools::Sqlite { .. } => {
            "DELETE FROM sessions WHERE (user_id, id) IN (SELECT sessions.user_id, sessions.id \
             FROM json_each($1) AS line CROSS JOIN sessions \
             WHERE sessions.user_id = unhex(json_extract(line.value, '$.user')) \
             AND sessions.created_at <= json_extract(line.value, '$.until'))"
        }
        Pools::Postgres(_) => {
            "DELETE FROM sessions USING jsonb_to_recordset($1) AS line (\"user\" UUID, until BIGINT) \
             WHERE sessions.user_id = line.\"user\" \
             AND sessions.created_at <= TIMESTAMPTZ 'epoch' + line.until * INTERVAL '1 microsecond'"
        }
    })
}

impl SqlStore {
    /// See [`Sessions::end_all`](crate::storage::Sessions::end_all).
    pub(super) async fn end_all_of(&self, lines: &[Revocation]) -> Result<u64> {
        let (mut sessions, mut people) = (Vec::new(), Vec::new());
        for line in lines {
            let user = line.user_id.0.simple().to_string();
            match line.target {
                Target::Token(_) => {}
                Target::Session(id) => sessions.push(json!({"user": user, "session": id.0.simple().to_string()})),
                Target::User => people.push(json!({"user": user, "until": line.not_before.micros()})),
            }
        }
        self.timed("sessions.end_all", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let ended = of_sessions(&self.pools).bind(Value::from(sessions)).run(&mut tx).await?
                + of_people(&self.pools).bind(Value::from(people)).run(&mut tx).await?;
            tx.commit().await?;
            Ok(ended)
        })
        .await
    }
}
