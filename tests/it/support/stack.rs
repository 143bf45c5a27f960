//! The stores that the suite runs on: SQLite, or what `SEKISHO_TEST_STACK` says.

use std::path::Path;

use super::{
    roles::{as_role, postgres_database_with_roles},
    servers::{postgres_database, redis_prefix, redis_url},
};

/// Which stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// A file.
    Sqlite,
    /// PostgreSQL for everything.
    Postgres,
    /// The same, as the role that may do what serving takes, and nothing else.
    PostgresRoles,
    /// PostgreSQL for what lasts, Redis for what is volatile.
    PostgresAndRedis,
}

impl Stack {
    /// The variable that chooses.
    pub const VARIABLE: &str = "SEKISHO_TEST_STACK";

    /// The word that chooses this one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::PostgresRoles => "postgres+roles",
            Self::PostgresAndRedis => "postgres+redis",
        }
    }

    /// The chosen one.
    pub fn chosen() -> Self {
        let word = std::env::vars().find(|(name, _)| name == Self::VARIABLE).map(|(_, word)| word);
        let stacks = [Self::Sqlite, Self::Postgres, Self::PostgresRoles, Self::PostgresAndRedis];
        let chosen = word.map(|word| stacks.into_iter().find(|stack| stack.word() == word).expect("a stack"));
        chosen.unwrap_or(Self::Sqlite)
    }

    /// The settings of stores that belong to a folder: at each start the same.
    pub async fn settings(self, data: &Path) -> Vec<(&'static str, String)> {
        let file = data.join(FILE);
        if let Ok(kept) = std::fs::read_to_string(&file) {
            let kept: Vec<(String, String)> = serde_json::from_str(&kept).unwrap();
            return NAMES.into_iter().zip(kept).map(|(name, (_, value))| (name, value)).collect();
        }
        let settings = self.new_settings(data).await;
        std::fs::write(file, serde_json::to_string(&settings).unwrap()).unwrap();
        settings
    }

    /// Makes the stores of one folder those of another as well.
    pub async fn share(self, folder: &Path, other: &Path) {
        self.settings(folder).await;
        if folder != other {
            std::fs::copy(folder.join(FILE), other.join(FILE)).unwrap();
        }
    }

    async fn new_settings(self, data: &Path) -> Vec<(&'static str, String)> {
        let database = match self {
            Self::Sqlite => format!("sqlite://{}", data.join("sekisho.db").display()),
            Self::Postgres | Self::PostgresAndRedis => postgres_database().await,
            Self::PostgresRoles => as_role(&postgres_database_with_roles().await, "sekisho_serve"),
        };
        let mut values = vec![database];
        if self == Self::PostgresAndRedis {
            // A machine that is busy with tests is slower than any deadline.
            values.extend([redis_url().await, redis_prefix(), "10000".to_owned()]);
        }
        NAMES.into_iter().zip(values).collect()
    }
}

/// Where a folder says which stores belong to it.
const FILE: &str = "stores.json";
const NAMES: [&str; 4] = ["SEKISHO_DATABASE_URL", "SEKISHO_REDIS_URL", "SEKISHO_REDIS_PREFIX", "SEKISHO_REDIS_TIMEOUT"];
