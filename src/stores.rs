//! Putting the stores together: SQL for what lasts, and for what is volatile the
//! same SQL or Redis.

use std::{sync::Arc, time::Duration};

use tower::BoxError;

use crate::{
    config::{Config, Mode},
    ctx::Ctx,
    jobs,
    storage::{
        Probe, Stores,
        local_limits::WithLocalLimits,
        redis::{RedisNeeds, RedisStore},
        sql::SqlStore,
    },
    telemetry::Metrics,
    world::World,
};

/// Clocks that differ, and a revocation that is news for a while longer than it
/// matters.
const STREAM_SLACK: Duration = Duration::from_secs(60);

/// The stores of a service that runs.
pub struct OpenStores {
    /// What lasts.
    pub sql: Arc<SqlStore>,
    /// What is volatile, where it is not in SQL.
    pub redis: Option<Arc<RedisStore>>,
}

impl OpenStores {
    /// Opens SQL, and starts to connect to Redis if there is one.
    pub async fn open(config: &Config, world: &World, metrics: &Arc<Metrics>) -> Result<Self, BoxError> {
        let sql = open_sql(config, metrics).await?;
        let redis = config.redis.as_ref().map(|options| {
            let needs = RedisNeeds {
                journal: sql.clone(),
                fence: sql.clone(),
                clock: world.clock.clone(),
                entropy: world.entropy.clone(),
                metrics: metrics.clone(),
                stream_kept: config.tokens.access_ttl + STREAM_SLACK,
            };
            RedisStore::start(options, needs).map(Arc::new)
        });
        Ok(Self { sql, redis: redis.transpose()? })
    }

    /// Applies what the journal says to the sessions, as after a crash between
    /// the two. Done before the first refresh is served: where Redis is away, by
    /// the first that finds it back.
    pub async fn mend(&self, ctx: &Ctx) -> Result<(), BoxError> {
        let Some(redis) = &self.redis else {
            jobs::reapply_revocations(ctx).await?;
            return Ok(());
        };
        match redis.mend().await {
            Ok(applied) => tracing::info!(applied, "the journal was applied to Redis"),
            Err(error) => tracing::error!(%error, "Redis is away; the service starts without it"),
        }
        Ok(())
    }

    /// Which store is for what.
    pub fn by_purpose(&self) -> Stores {
        let stores = self.sql.stores();
        match &self.redis {
            None => stores,
            Some(redis) => Stores {
                sessions: redis.clone(),
                codes: redis.clone(),
                limits: Arc::new(WithLocalLimits::over(redis.clone())),
                revocations: redis.clone(),
                ..stores
            },
        }
    }

    /// Which have to answer.
    pub fn probes(&self) -> Vec<Arc<dyn Probe>> {
        let sql: Arc<dyn Probe> = self.sql.clone();
        let redis = self.redis.clone().map(|redis| redis as Arc<dyn Probe>);
        std::iter::once(sql).chain(redis).collect()
    }

    /// Ends every connection.
    pub async fn close(&self) {
        if let Some(redis) = &self.redis {
            redis.close().await;
        }
        self.sql.close().await;
    }
}

/// The database of a configuration. In development it is migrated; otherwise a
/// migration that is missing is an error that names it.
pub async fn open_sql(config: &Config, metrics: &Arc<Metrics>) -> Result<Arc<SqlStore>, BoxError> {
    let store = SqlStore::open(&config.database, metrics.clone()).await?;
    let mut pending = store.pending_migrations().await?;
    // Not else: whoever serves need not be allowed to make tables.
    if config.mode == Mode::Dev && !pending.is_empty() {
        store.migrate().await?;
        pending = store.pending_migrations().await?;
    }
    if !pending.is_empty() {
        return Err(format!("the database lacks {}: run `sekisho migrate`", pending.join(", ")).into());
    }
    Ok(Arc::new(store))
}
