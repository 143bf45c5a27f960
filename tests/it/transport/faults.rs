//! Settings of TLS that are wrong: `serve` says all that is wrong with them, and ends.

use rcgen::date_time_ymd;
use tempfile::tempdir;

use super::authority::{Authority, Files};
use crate::support::process::{Service, binary, dev_settings, run, serve_settings};

/// The settings of `serve` without those of TLS, and with these.
fn settings(more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut settings = serve_settings(std::path::Path::new("/nowhere"));
    settings.retain(|(name, _)| !name.starts_with("SEKISHO_TLS"));
    settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    settings
}

/// The faults that `serve` names.
async fn faults(more: &[(&'static str, &str)]) -> Vec<String> {
    let folder = tempdir().unwrap();
    let ended = run(folder.path(), &["serve"], &settings(more)).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(78), ""), "{}", ended.stderr);
    let faults = ended.stderr.lines().filter_map(|line| line.trim().strip_prefix("SEKISHO_"));
    faults.map(str::to_owned).collect()
}

#[tokio::test]
async fn without_a_certificate_somebody_else_must_speak_tls() {
    for more in [&[][..], &[("SEKISHO_TLS_TERMINATED", "false")]] {
        let found = faults(more).await;
        assert!(found.len() == 1 && found[0].starts_with("TLS_TERMINATED: must be true"), "{found:?}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    assert_eq!(faults(&[("SEKISHO_TLS_CERT", "a")]).await, ["TLS_KEY: is required with SEKISHO_TLS_CERT"]);
    assert_eq!(faults(&[("SEKISHO_TLS_KEY", "a")]).await, ["TLS_CERT: is required with SEKISHO_TLS_KEY"]);
    let terminated = [("SEKISHO_TLS_TERMINATED", "true"), ("SEKISHO_TLS_CLIENT_CA", "a")];
    assert_eq!(faults(&terminated).await, ["TLS_CERT: is required with SEKISHO_TLS_CLIENT_CA"]);
}

#[tokio::test]
async fn each_file_that_is_wrong_is_named_at_once() {
    let files = Files::of(&Authority::new("ours").issue(&["localhost"]));
    let path = |name: &str| files.path(name).display().to_string();
    let (certificate, key, nothing) = (path("tls.crt"), path("tls.key"), path("nothing"));
    let garbage = files.write("garbage", "-----BEGIN CERTIFICATE-----\nhunter2\n").display().to_string();
    let all = |certificate: &str, key: &str, ca: &str| {
        [("SEKISHO_TLS_CERT", certificate), ("SEKISHO_TLS_KEY", key), ("SEKISHO_TLS_CLIENT_CA", ca)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    for (settings, wanted) in [
        (
            all(&nothing, &nothing, &nothing),
            [
                "TLS_CERT: cannot be read: entity not found",
                "TLS_KEY: cannot be read: entity not found",
                "TLS_CLIENT_CA: cannot be read: entity not found",
            ],
        ),
        (
            all(&key, &certificate, &key),
            [
                "TLS_CERT: holds no certificate",
                "TLS_KEY: holds no private key in PEM, or an encrypted one",
                "TLS_CLIENT_CA: holds no certificate",
            ],
        ),
        (
            all(&garbage, &garbage, &garbage),
            [
                "TLS_CERT: is not PEM",
                "TLS_KEY: holds no private key in PEM, or an encrypted one",
                "TLS_CLIENT_CA: is not PEM",
            ],
        ),
    ] {
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(faults(&settings).await, wanted);
    }
}

async fn faults_of(certificate: &str, key: &str) -> Vec<String> {
    let files = Files::of(&Authority::new("ours").issue(&["localhost"]));
    let paths = [files.write("tls.crt", certificate), files.write("tls.key", key)];
    let [certificate, key] = paths.map(|path| path.display().to_string());
    faults(&[("SEKISHO_TLS_CERT", &certificate), ("SEKISHO_TLS_KEY", &key)]).await
}

#[tokio::test]
async fn the_key_of_another_certificate_and_one_out_of_its_time_are_named() {
    let ours = Authority::new("ours");
    let (one, other) = (ours.issue(&["localhost"]), ours.issue(&["localhost"]));
    let found = faults_of(&one.certificate, &other.key).await;
    assert_eq!(found, ["TLS_KEY: is not the key of the certificate"]);

    let expired = ours.issue_with(&["localhost"], |params| params.not_after = date_time_ymd(2001, 1, 1));
    let found = faults_of(&expired.certificate, &other.key).await;
    assert_eq!(found, ["TLS_CERT: has expired", "TLS_KEY: is not the key of the certificate"]);
    let early = ours.issue_with(&["localhost"], |params| params.not_before = date_time_ymd(3001, 1, 1));
    assert_eq!(faults_of(&early.certificate, &early.key).await, ["TLS_CERT: is not valid yet"]);
}

#[tokio::test]
async fn fewer_open_files_than_connections_are_told_of() {
    let folder = tempdir().unwrap();
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", "ulimit -n 512; exec \"$0\" \"$@\"", binary(), "dev"]);
    let service = Service::spawn(command, folder.path(), &dev_settings()).await;
    service.signal(rustix::process::Signal::TERM);
    let log = service.ended().await.stderr;
    assert!(log.contains("fewer connections than SEKISHO_MAX_CONNECTIONS") && log.contains("256"), "{log}");
}
