//! What passwords cost is changed, and what the stores ask for, in the steps of
//! `docs/operations/rotation.md`.

use sqlx::{ConnectOptions, Row, postgres::PgConnectOptions};

use super::Scene;
use crate::{
    redis::users::{SERVERS, give_users, observe},
    support::{
        pair::on_shared_stacks,
        roles::{as_role, new_database_with_roles},
        servers::{Owned, connect, execute},
        stack::Stack,
    },
};

on_shared_stacks! { nobody_notices_another_cost }

/// The first column of a row.
async fn ask<T>(url: &str, question: &'static str) -> T
where
    T: for<'a> sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let row = sqlx::query(question).fetch_one(&mut connect(url).await).await.unwrap();
    row.get(0)
}

/// Whoever signed in since has a hash of the new cost.
async fn nobody_notices_another_cost(stack: Stack) {
    let mut scene = Scene::on(stack, &[]).await;
    scene
        .meanwhile(async |replicas, progress| {
            replicas.set([("SEKISHO_BCRYPT_COST", "11".to_owned())]);
            replicas.roll(progress).await;
        })
        .await;
    let database = scene.replicas.setting("SEKISHO_DATABASE_URL").unwrap();
    let costs: Vec<String> =
        ask(database, "SELECT array_agg(DISTINCT substr(password_hash, 5, 2)) FROM accounts").await;
    assert_eq!(costs, ["11"]);
}

/// A server on which roles have passwords: its database, for each of two roles.
async fn guarded(postgres: &Owned) -> [String; 2] {
    let database = new_database_with_roles(&postgres.url).await;
    for statement in [
        "ALTER ROLE sekisho_serve PASSWORD 'one'",
        "CREATE ROLE sekisho_serve_b LOGIN IN ROLE sekisho_serve PASSWORD 'two'",
    ] {
        execute(&postgres.url, statement.to_owned()).await;
    }
    let file: String = ask(&postgres.url, "SHOW hba_file").await;
    let rules = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("host all sekisho_serve,sekisho_serve_b all scram-sha-256\n{rules}")).unwrap();
    execute(&postgres.url, "SELECT pg_reload_conf()".to_owned()).await;
    ["sekisho_serve:one", "sekisho_serve_b:two"].map(|role| as_role(&database, role))
}

/// PostgreSQL has two roles, and Redis two passwords for its user.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_other_passwords_of_the_stores() {
    let (postgres, redis) = (Owned::start("postgres", &[]).await, Owned::start("redis", &[]).await);
    let [database, other_database] = guarded(&postgres).await;
    give_users(&redis, "redis", SERVERS).await;
    let with = |password: &str| redis.url.replacen("//", &format!("//sekisho:{password}@"), 1);
    let settings = [
        ("SEKISHO_DATABASE_URL", database.clone()),
        ("SEKISHO_REDIS_URL", with("PASSWORD")),
        ("SEKISHO_REDIS_PREFIX", "sekisho:".to_owned()),
    ];
    let mut scene = Scene::on(Stack::PostgresAndRedis, &settings).await;
    let mut people = scene
        .meanwhile(async |replicas, progress| {
            progress.acts(20).await;
            assert_eq!(observe(&redis, "redis", &["ACL", "SETUSER", "sekisho", ">other"]).await, "OK");
            replicas.set([("SEKISHO_DATABASE_URL", other_database.clone()), ("SEKISHO_REDIS_URL", with("other"))]);
            replicas.roll(progress).await;
            execute(&postgres.url, "ALTER ROLE sekisho_serve NOLOGIN".to_owned()).await;
            assert_eq!(observe(&redis, "redis", &["ACL", "SETUSER", "sekisho", "<PASSWORD"]).await, "OK");
            replicas.roll(progress).await;
        })
        .await;
    for person in &mut people {
        person.was_told_the_truth(&scene.town).await;
    }
    let refused = database.parse::<PgConnectOptions>().unwrap().connect().await.unwrap_err();
    assert!(refused.to_string().contains("not permitted to log in"), "{refused}");
    let refused = redis.redis_cli("redis", &["--user", "sekisho", "--pass", "PASSWORD", "PING"]).await;
    assert!(refused.contains("WRONGPASS") || refused.contains("NOAUTH"), "{refused}");
}
