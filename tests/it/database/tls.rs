//! TLS to PostgreSQL.

use std::{path::Path, process::Command};

use sqlx::{Executor, Row};

use crate::support::{
    TestApp,
    postgres::Postgres,
    servers::{connect, postgres_tools},
};

/// A certificate for `localhost` of an authority, and another authority.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let command = format!("req -x509 -days 2 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 {arguments}");
        let made = Command::new("openssl").args(command.split(' ')).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    openssl("-keyout ca.key -out ca.pem -subj /CN=authority");
    openssl("-keyout other.key -out other.pem -subj /CN=other");
    let server = "-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE";
    openssl(&format!("-CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN=localhost {server}"));
}

/// R65.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_server_of_the_right_authority_is_spoken_to() {
    // Where PostgreSQL is, openssl is.
    postgres_tools().await;
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let copy = |to: &Path| {
        for file in ["server.key", "server.pem"] {
            std::fs::copy(folder.path().join(file), to.join(file)).unwrap();
        }
    };
    let settings = ["ssl=on", "ssl_cert_file=../server.pem", "ssl_key_file=../server.key"];
    let server = Postgres::start(&settings, copy).await;
    let open = async |host: &str, authority: &str| {
        let root = folder.path().join(authority);
        let url = format!("{}?sslmode=verify-full&sslrootcert={}", server.url(), root.display());
        TestApp::open(&folder, &Default::default(), &[("SEKISHO_DATABASE_URL", &url.replace("127.0.0.1", host))]).await
    };

    let app = open("localhost", "ca.pem").await.expect("the right server");
    let connections = "SELECT bool_and(ssl) FROM pg_stat_ssl NATURAL JOIN pg_stat_activity \
         WHERE application_name = 'sekisho'";
    let is_private: bool = connect(&server.url()).await.fetch_one(connections).await.unwrap().get(0);
    assert!(is_private);
    app.stop().await;

    for (host, authority) in [("localhost", "other.pem"), ("127.0.0.1", "ca.pem")] {
        let refusal = open(host, authority).await.err().expect("no start").to_string();
        assert!(refusal.contains("certificate"), "{refusal}");
    }
}
