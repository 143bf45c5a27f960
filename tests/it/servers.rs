//! The servers that other tests use, and what can be done to them.

use std::time::Duration;

use fred::{prelude::*, rustls};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::time::timeout;

use crate::support::{
    eventually,
    servers::{Owned, redis_cluster_url},
};

/// Long enough for any server that answers at all.
const SOON: Duration = Duration::from_millis(300);

async fn connect(config: Config) -> Result<Client, Error> {
    let client = Builder::from_config(config).build()?;
    client.init().await?;
    Ok(client)
}

async fn client_of(url: &str) -> Client {
    connect(Config::from_url(url).unwrap()).await.unwrap()
}

async fn put(client: &Client, key: &str, value: &str) {
    client.set::<(), _, _>(key, value, None, None, false).await.unwrap();
}

async fn got(client: &Client, key: &str) -> Option<String> {
    client.get(key).await.unwrap()
}

#[tokio::test]
async fn a_cluster_takes_keys_of_every_node() {
    let client = client_of(&redis_cluster_url().await).await;
    for number in 0..100 {
        put(&client, &format!("number-{number}"), &number.to_string()).await;
    }
    for number in 0..100 {
        assert_eq!(got(&client, &format!("number-{number}")).await, Some(number.to_string()));
    }
}

#[tokio::test]
async fn redis_with_tls_takes_its_user_only() {
    let (redis, authority) = Owned::redis_tls().await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut config = Config::from_url(&redis.url).unwrap();
    config.tls = Some(TlsConnector::from(tls).into());
    let user = connect(config.clone()).await.unwrap();
    put(&user, "name", "Ada").await;

    config.password = Some("another".into());
    assert_eq!(connect(config.clone()).await.unwrap_err().kind(), &ErrorKind::Auth);
    config.tls = Config::from_url(&redis.url).unwrap().tls;
    connect(config).await.expect_err("nobody knows the authority");
}

#[tokio::test]
async fn a_killed_redis_comes_back_with_what_it_had() {
    let redis = Owned::start("redis", &["--appendfsync", "always"]).await;
    put(&client_of(&redis.url).await, "name", "Ada").await;
    redis.kill("redis").await;
    connect(Config::from_url(&redis.url).unwrap()).await.expect_err("nobody listens");
    redis.start_again("redis").await;
    assert_eq!(got(&client_of(&redis.url).await, "name").await.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_frozen_redis_says_nothing_until_it_is_thawed() {
    let redis = Owned::start("redis", &["--maxmemory", "4mb"]).await;
    let client = client_of(&redis.url).await;
    redis.freeze("redis").await;
    timeout(SOON, client.ping::<()>(None)).await.expect_err("an answer");
    redis.thaw("redis").await;
    client.ping::<()>(None).await.unwrap();
    assert_eq!(redis.redis_cli("redis", &["CONFIG", "GET", "maxmemory"]).await, "maxmemory\n4194304");
}

#[tokio::test]
async fn when_the_primary_dies_the_sentinels_make_another() {
    let redis = Owned::start("redis-sentinel", &[]).await;
    let client = client_of(&redis.url).await;
    put(&client, "name", "Ada").await;
    assert_eq!(redis.redis_cli("primary", &["WAIT", "2", "5000"]).await, "2");
    let address = async || redis.redis_cli("sentinel1", &["SENTINEL", "get-master-addr-by-name", "sekisho"]).await;
    let old = address().await;
    assert_eq!(old, format!("127.0.0.1\n{}", redis.port("primary").await));

    redis.kill("primary").await;

    eventually(async || address().await != old).await;
    // Each sentinel learns of it in its own time.
    eventually(async || match connect(Config::from_url(&redis.url).unwrap()).await {
        Ok(client) => got(&client, "name").await.as_deref() == Some("Ada"),
        Err(_) => false,
    })
    .await;
}

#[tokio::test]
async fn a_killed_postgres_comes_back_with_what_was_committed() {
    let postgres = Owned::start("postgres", &["-c", "fsync=on"]).await;
    let mut connection = PgConnection::connect(&postgres.url).await.unwrap();
    connection.execute("CREATE TABLE people (name text)").await.unwrap();
    connection.execute("INSERT INTO people VALUES ('Ada')").await.unwrap();

    postgres.kill("postgres").await;
    connection.execute("SELECT 1").await.expect_err("all of its processes are dead");
    postgres.start_again("postgres").await;

    let mut connection = PgConnection::connect(&postgres.url).await.unwrap();
    let row = connection.fetch_one("SELECT name, current_setting('fsync') FROM people").await.unwrap();
    assert_eq!((row.get(0), row.get(1)), ("Ada", "on"));
    postgres.freeze("postgres").await;
    timeout(SOON, connection.execute("SELECT 1")).await.expect_err("an answer");
    postgres.thaw("postgres").await;
    PgConnection::connect(&postgres.url).await.unwrap();
}
