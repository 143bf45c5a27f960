//! Policies, read from the descriptor set of `tests/proto/orders.proto`.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{fs, path::Path, time::Duration};

use prost::{Message, encoding::decode_varint};
use prost_types::FileDescriptorSet;
use sekisho_interceptor::{Access, Freshness, PolicyError, PolicySet};

/// As the compiler writes it, imports included.
pub(crate) fn descriptors() -> Vec<u8> {
    let root = env!("CARGO_MANIFEST_DIR");
    protox::Compiler::new([format!("{root}/proto"), format!("{root}/tests/proto")])
        .unwrap()
        .include_imports(true)
        .open_file("orders.proto")
        .unwrap()
        .encode_file_descriptor_set()
}

fn read(service: &str) -> Result<PolicySet, PolicyError> {
    PolicySet::from_descriptors(&descriptors(), &[service])
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_options_are_read_and_ordered_by_path() {
    let policy = read("shop.v1.Orders").unwrap();
    let seen: Vec<(&str, &Access)> = policy.iter().collect();
    let cancel = Access {
        scopes: owned(&["orders:read", "orders:write"]),
        roles: owned(&["buyer", "clerk"]),
        max_auth_age: Some(Duration::from_secs(300)),
        freshness: Freshness::Strict,
        ..Access::default()
    };
    assert_eq!(
        seen,
        [
            ("/shop.v1.Orders/Browse", &Access { public: true, ..Access::default() }),
            ("/shop.v1.Orders/Cancel", &cancel),
            ("/shop.v1.Orders/List", &Access { scopes: owned(&["orders:read"]), ..Access::default() }),
            ("/shop.v1.Orders/Refund", &Access { roles: owned(&["clerk"]), ..Access::default() }),
        ]
    );
}

#[test]
fn every_method_without_the_option_is_named() {
    let Err(PolicyError::Undeclared(paths)) = read("shop.v1.Forgotten") else {
        panic!("undeclared methods were accepted");
    };
    assert_eq!(paths, ["/shop.v1.Forgotten/Second", "/shop.v1.Forgotten/First"]);
}

#[test]
fn options_lost_on_the_way_are_missed() {
    // prost's own types drop extensions: the usual way to lose every policy.
    let typed = FileDescriptorSet::decode(descriptors().as_slice()).unwrap();
    let seen = PolicySet::from_descriptors(&typed.encode_to_vec(), &["shop.v1.Orders"]);
    let Err(PolicyError::Undeclared(paths)) = seen else {
        panic!("undeclared methods were accepted");
    };
    assert_eq!(paths.len(), 4);
}

#[test]
fn options_that_cannot_be_meant() {
    for (service, expected) in [
        ("Contradictory", "public, and yet restricted"),
        ("Ageless", "a time that is not a positive number of whole seconds"),
        ("Nameless", "an empty scope or role"),
    ] {
        let Err(PolicyError::Option { path, fault }) = read(&format!("shop.v1.{service}")) else {
            panic!("{service} was accepted");
        };
        assert_eq!((path, fault), (format!("/shop.v1.{service}/Call"), expected));
    }
}

/// Compiles a service against an `access.proto` that has one restriction more.
fn newer_descriptors() -> Vec<u8> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("newer");
    fs::create_dir_all(root.join("sekisho/v1")).unwrap();
    let ours = include_str!("../../proto/sekisho/v1/access.proto");
    let theirs = ours.replacen("message Access {", "message Access { bool tomorrow = 100;", 1);
    fs::write(root.join("sekisho/v1/access.proto"), theirs).unwrap();
    let service = r#"syntax = "proto3"; package shop.v1; import "sekisho/v1/access.proto";
        message Empty {}
        service Newer { rpc Call(Empty) returns (Empty) {
            option (sekisho.v1.access) = { tomorrow: true };
        } }"#;
    fs::write(root.join("newer.proto"), service).unwrap();
    protox::Compiler::new([root])
        .unwrap()
        .include_imports(true)
        .open_file("newer.proto")
        .unwrap()
        .encode_file_descriptor_set()
}

/// Where the last file of a descriptor set begins.
fn last_file(mut set: &[u8]) -> usize {
    let whole = set.len();
    loop {
        let begin = whole - set.len();
        set = &set[1..];
        let length = usize::try_from(decode_varint(&mut set).unwrap()).unwrap();
        if length == set.len() {
            return begin;
        }
        set = &set[length..];
    }
}

#[test]
fn a_restriction_of_a_newer_version_is_not_dropped() {
    let newer = newer_descriptors();
    // The same service, beside the access.proto of this version.
    let ours = descriptors();
    let mixed = [&ours[..last_file(&ours)], &newer[last_file(&newer)..]].concat();
    for set in [newer, mixed] {
        let seen = PolicySet::from_descriptors(&set, &["shop.v1.Newer"]);
        let Err(PolicyError::Option { path, fault }) = seen else {
            panic!("an unknown restriction was dropped");
        };
        assert_eq!(path, "/shop.v1.Newer/Call");
        assert_eq!(fault, "a field that this version does not know");
    }
}

#[test]
fn unknown_services_are_named() {
    let seen = PolicySet::from_descriptors(&descriptors(), &["a.B", "shop.v1.Orders", "c.D"]);
    let Err(PolicyError::UnknownServices(names)) = seen else {
        panic!("unknown services were accepted");
    };
    assert_eq!(names, ["a.B", "c.D"]);
}

#[test]
fn bytes_that_are_no_descriptor_set() {
    let seen = PolicySet::from_descriptors(b"\xff\xff", &[]);
    assert!(matches!(seen, Err(PolicyError::Descriptors(_))), "{seen:?}");
}

#[test]
fn h8_a_path_is_matched_byte_for_byte() {
    let policy = read("shop.v1.Orders").unwrap();
    assert!(policy.get("/shop.v1.Orders/List").is_some());
    for path in [
        "//shop.v1.Orders/List",
        "/shop.v1.Orders//List",
        "/shop.v1.Orders/List/",
        "/shop.v1.orders/List",
        "/shop.v1.Orders/list",
        "/shop.v1.Orders/%4cist",
        "/shop.v1.Orders/../shop.v1.Orders/List",
        "shop.v1.Orders/List",
        "/shop.v1.Orders/Unlisted",
        "/",
        "",
    ] {
        assert_eq!(policy.get(path), None, "{path}");
    }
}

#[test]
fn a_declared_method_keeps_its_policy() {
    let policy = read("shop.v1.Orders").unwrap().allow_public("shop.v1.Orders");
    assert_eq!(policy.get("/shop.v1.Orders/List").map(|access| access.public), Some(false));
}
