//! What a build script is told of policies.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::path::Path;

use sekisho_interceptor::{PolicyError, policy_build, proto_dir};

fn descriptors(folder: &Path, file: &str) -> Vec<u8> {
    let mut compiler = protox::Compiler::new([folder, &proto_dir()]).unwrap();
    compiler.include_imports(true).open_file(file).unwrap();
    compiler.encode_file_descriptor_set()
}

fn orders() -> Vec<u8> {
    descriptors(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto"), "orders.proto")
}

#[test]
fn the_table_says_who_may_call_what() {
    let table = policy_build::check(&orders(), &["shop.v1.Orders"]).unwrap().to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines[0], "| RPC | caller | freshness |");
    assert!(lines.contains(&"| `shop.v1.Orders/Browse` | anyone |  |"), "{table}");
    assert!(
        lines.contains(&"| `shop.v1.Orders/List` | people with `orders:read` | stream; served after 30 s |"),
        "{table}"
    );
    let cancel = "| `shop.v1.Orders/Cancel` | people with `orders:read` and `orders:write` in the role `buyer` or `clerk`, \
                  proven within 300 s | strict |";
    assert!(lines.contains(&cancel), "{table}");
}

#[test]
fn a_package_means_all_its_services_and_each_bare_method_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = r#"
        syntax = "proto3";
        package bank.v1;
        import "sekisho/v1/access.proto";
        message M {}
        service Accounts {
          rpc Open(M) returns (M) { option (sekisho.v1.access) = {}; }
          rpc Close(M) returns (M);
        }
        service Transfers { rpc Send(M) returns (M); }
        service Rates {
          option (sekisho.v1.default_access) = { public: true };
          rpc Get(M) returns (M);
        }"#;
    std::fs::write(folder.path().join("bank.proto"), source).unwrap();
    let Err(PolicyError::Undeclared(paths)) =
        policy_build::check(&descriptors(folder.path(), "bank.proto"), &["bank.v1"])
    else {
        panic!("a method without a policy was passed over");
    };
    assert_eq!(paths, ["/bank.v1.Accounts/Close", "/bank.v1.Transfers/Send"]);
}

#[test]
fn a_name_that_is_nothing_is_refused() {
    let Err(PolicyError::UnknownServices(names)) = policy_build::check(&orders(), &["shop.v1.Orders", "shop.v2"])
    else {
        panic!("an unknown name was passed over");
    };
    assert_eq!(names, ["shop.v2"]);
}

#[test]
fn what_siblings_import_is_in_the_crate() {
    assert!(proto_dir().join("sekisho/v1/access.proto").is_file());
}
