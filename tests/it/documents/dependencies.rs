//! What is built in, by the lock files.

use std::{fs, path::Path};

use serde_json::Value;

/// Other implementations of what aws-lc-rs does, and what RUSTSEC-2023-0071 is about.
const UNWANTED: [&str; 4] = ["openssl", "openssl-sys", "native-tls", "rsa"];

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// R75. A crate is one of this workspace, or one of crates.io whose content is known: no
/// other place can put its own in (dependency confusion).
#[test]
fn every_crate_is_ours_or_of_crates_io_by_its_checksum() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    assert!(packages.len() > 100);
    let mut ours = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        match package.get("source") {
            None => ours.push(name),
            Some(source) => {
                assert_eq!(source.as_str(), Some("registry+https://github.com/rust-lang/crates.io-index"), "{name}");
                assert!(package.get("checksum").is_some(), "{name}");
            }
        }
        assert!(!UNWANTED.contains(&name), "{name}");
    }
    assert_eq!(ours, ["sekisho", "sekisho-interceptor"]);
}

/// R75. The same for npm.
#[test]
fn every_package_of_npm_is_known_by_its_content() {
    for file in ["clients/web/package-lock.json", "examples/web/package-lock.json"] {
        let lock: Value = serde_json::from_str(&read(file)).unwrap();
        for (name, package) in lock["packages"].as_object().unwrap() {
            let is_ours = name.is_empty() || package["link"] == true || !name.contains("node_modules/");
            assert!(is_ours || package["integrity"].is_string(), "{file}: {name}");
        }
    }
}
