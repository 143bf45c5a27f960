//! The data, past the service: changed behind its back, or read whole.

use fred::{
    prelude::{Builder, ClientLike, Config, HashesInterface, KeysInterface, StreamsInterface},
    types::{Key, Value, streams::XReadValue},
};
use sqlx::{AssertSqlSafe, PgPool, Row, SqlitePool, sqlite::SqliteConnectOptions};

use super::{app::TestApp, roles::as_role, stack::Stack};

enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl TestApp {
    /// Changes the database.
    pub async fn sql(&self, statement: &'static str) {
        match self.database().await {
            Database::Sqlite(pool) => sqlx::query(statement).execute(&pool).await.map(drop),
            Database::Postgres(pool) => sqlx::query(statement).execute(&pool).await.map(drop),
        }
        .unwrap();
    }

    /// Every row of a table as text, blobs in hexadecimal.
    pub async fn table_text(&self, table: &str) -> String {
        match self.database().await {
            Database::Sqlite(pool) => {
                let columns =
                    format!("SELECT group_concat('quote('||name||')', '||') FROM pragma_table_info('{table}')");
                let columns: String = sqlx::query_scalar(AssertSqlSafe(columns)).fetch_one(&pool).await.unwrap();
                let rows = sqlx::query(AssertSqlSafe(format!("SELECT {columns} FROM {table}")));
                rows.fetch_all(&pool).await.unwrap().iter().map(|row| row.get::<String, _>(0)).collect()
            }
            Database::Postgres(pool) => {
                let rows = sqlx::query(AssertSqlSafe(format!("SELECT rows::text FROM {table} rows")));
                rows.fetch_all(&pool).await.unwrap().iter().map(|row| row.get::<String, _>(0)).collect()
            }
        }
    }

    /// All that the stores hold.
    pub async fn dump(&self) -> Vec<u8> {
        let mut dump = Vec::new();
        let tables = match self.database().await {
            Database::Sqlite(pool) => {
                let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
                sqlx::query_scalar::<_, String>(names).fetch_all(&pool).await
            }
            Database::Postgres(pool) => {
                let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
                sqlx::query_scalar::<_, String>(names).fetch_all(&pool).await
            }
        };
        for table in tables.unwrap() {
            dump.extend(self.table_text(&table).await.into_bytes());
        }
        for file in std::fs::read_dir(self.data.path()).unwrap() {
            dump.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        if Stack::chosen() == Stack::PostgresAndRedis {
            dump.extend(self.redis_dump().await);
        }
        dump
    }

    async fn redis_dump(&self) -> Vec<u8> {
        let config = Config::from_url(&self.setting("SEKISHO_REDIS_URL").await).unwrap();
        let redis = Builder::from_config(config).build().unwrap();
        redis.init().await.unwrap();
        let pattern = format!("{}*", self.setting("SEKISHO_REDIS_PREFIX").await);
        let (_, keys): (String, Vec<Key>) = redis.scan_page("0", pattern, Some(1_000_000), None).await.unwrap();
        assert!(!keys.is_empty());
        let mut dump = Vec::new();
        for key in keys {
            dump.extend(key.as_bytes());
            let values: Vec<Vec<u8>> = match redis.r#type::<String, _>(&key).await.unwrap().as_str() {
                "hash" => redis.hgetall(&key).await.unwrap(),
                "string" => vec![redis.get(&key).await.unwrap()],
                _ => {
                    let entries: Vec<XReadValue<String, String, Value>> =
                        redis.xrange_values(&key, "-", "+", None).await.unwrap();
                    vec![format!("{entries:?}").into_bytes()]
                }
            };
            dump.extend(values.concat());
        }
        redis.quit().await.unwrap();
        dump
    }

    async fn setting(&self, wanted: &str) -> String {
        let settings = Stack::chosen().settings(self.data.path()).await;
        settings.into_iter().find(|(name, _)| *name == wanted).unwrap().1
    }

    async fn database(&self) -> Database {
        let url = self.setting("SEKISHO_DATABASE_URL").await;
        match url.strip_prefix("sqlite://") {
            Some(file) => {
                let options = SqliteConnectOptions::new().filename(file);
                Database::Sqlite(SqlitePool::connect_with(options).await.unwrap())
            }
            // Whoever it serves as: this is behind its back.
            None => Database::Postgres(PgPool::connect(&as_role(&url, "postgres")).await.unwrap()),
        }
    }
}
