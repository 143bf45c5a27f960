//! The file of policies: what is wrong with it, and what becomes of a new one.

use std::path::Path;

use sekisho::{
    config::{Config, Mode, Source},
    ext_authz::ExtAuthz,
};

use super::proxy::{Asked, Bench, POLICY, policy_folder};
use crate::support::{
    app::SECRET,
    eventually,
    process::{dev_settings, run},
};

fn faults(file: &Path) -> Vec<String> {
    let source = Source::from_pairs([
        ("SEKISHO_SECRET", SECRET),
        ("SEKISHO_DATABASE_URL", "sqlite://unused.db"),
        ("SEKISHO_AUTHZ_LISTEN", "127.0.0.1:0"),
        ("SEKISHO_AUTHZ_POLICY", file.to_str().unwrap()),
    ]);
    let faults = Config::read(Mode::Dev, &source).err().unwrap_or_default();
    assert!(faults.iter().all(|fault| fault.name == "SEKISHO_AUTHZ_POLICY"), "{faults:?}");
    faults.into_iter().map(|fault| fault.problem).collect()
}

fn faults_of(policy: &str) -> Vec<String> {
    faults(&policy_folder(policy).path().join("policy.toml"))
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let found = faults_of(
        r#"
        [[policy]]
        name = "Orders"
        hosts = ["https://orders", "stock"]
        services = ["shop.v1"]
        [[policy.route]]
        method = "GET"
        path = "/orders/"
        access = {}
        [[policy.route]]
        method = "GET"
        path = "/a"
        access = { scope = ["a"] }
        [[policy.route]]
        method = "GET"
        path = "/b"
        access = { public = true, roles = ["a"] }
        [[policy.route]]
        method = "GET"
        path = "/c"
        [[policy]]
        name = "stock"
        hosts = ["stock", "STOCK"]
        descriptors = "missing.binpb"
        services = ["shop.v1"]
        [[policy]]
        name = "stock"
        descriptors = "greeter.binpb"
        [[policy]]
        name = "greeter"
        descriptors = "greeter.binpb"
        services = ["greeter.v2"]
        [[policy]]
        nmae = "a"
        "#,
    );
    for wanted in [
        "policy Orders: name: 1 to 64 characters out of a-z 0-9 . _ -",
        "policy Orders: hosts: \"https://orders\" is neither",
        "policy Orders: services: there are no descriptors",
        "policy Orders: route GET /orders/: an empty, dotted or encoded segment",
        "policy Orders: route GET /a: unknown field `scope`",
        "policy Orders: route GET /b: public, and yet restricted",
        "policy Orders: route GET /c: missing field `access`",
        "policy stock: descriptors: cannot be read: ",
        "policy stock: there are two of that name",
        "policy stock: the host stock is named twice",
        "policy stock: services: which of the descriptors",
        "policy greeter: descriptors: not in the descriptor set: greeter.v2",
        "policy 5: unknown field `nmae`",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(wanted)), "{wanted} in {found:#?}");
    }
    assert_eq!(found.iter().filter(|fault| fault.contains("named twice")).count(), 2, "{found:#?}");
}

#[test]
fn what_is_no_policy_is_none() {
    assert_eq!(faults_of(POLICY), Vec::<String>::new());
    assert_eq!(faults_of(""), ["holds no [[policy]]"]);
    assert!(
        faults_of("[policy]\nname = \"a\"\n")[0].starts_with("line 1: "),
        "{:?}",
        faults_of("[policy]\nname = \"a\"\n")
    );
    assert!(faults_of("\n\n[[policy]\n")[0].starts_with("line 3: "));
    assert!(faults_of("polices = []\n")[0].contains("unknown field `polices`"));
    assert!(faults(Path::new("/nonexistent/policy.toml"))[0].starts_with("cannot be read: "));
}

/// A method that its proto says nothing of is a fault here, as it is in a build.
#[test]
fn a_method_without_an_option_is_named() {
    let folder = policy_folder(
        "[[policy]]\nname = \"health\"\ndescriptors = \"health.binpb\"\nservices = [\"grpc.health.v1.Health\"]\n",
    );
    std::fs::write(folder.path().join("health.binpb"), tonic_health::pb::FILE_DESCRIPTOR_SET).unwrap();
    let found = faults(&folder.path().join("policy.toml"));
    let wanted = "policy health: descriptors: no (sekisho.v1.access) option on: /grpc.health.v1.Health/Check";
    assert!(found[0].starts_with(wanted), "{found:?}");
}

#[tokio::test]
async fn a_service_with_a_bad_policy_does_not_start() {
    let folder = policy_folder("[[policy]]\nname = \"A\"\n[[policy]]\nname = \"B\"\n");
    let mut settings = dev_settings();
    settings.push(("SEKISHO_AUTHZ_LISTEN", "127.0.0.1:0".to_owned()));
    let ended = run(folder.path(), &["dev"], &settings).await;
    assert_eq!(ended.code, Some(78));
    assert!(ended.stderr.contains("SEKISHO_AUTHZ_POLICY: is required with SEKISHO_AUTHZ_LISTEN"), "{}", ended.stderr);
    settings.push(("SEKISHO_AUTHZ_POLICY", "policy.toml".to_owned()));
    let ended = run(folder.path(), &["dev"], &settings).await;
    assert_eq!(ended.code, Some(78));
    for policy in ["policy A: ", "policy B: "] {
        assert!(ended.stderr.contains(&format!("SEKISHO_AUTHZ_POLICY: {policy}")), "{}", ended.stderr);
    }
    settings.retain(|(name, _)| *name != "SEKISHO_AUTHZ_LISTEN");
    let ended = run(folder.path(), &["dev"], &settings).await;
    assert!(ended.stderr.contains("SEKISHO_AUTHZ_LISTEN: is required with SEKISHO_AUTHZ_POLICY"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_policy_is_taken_and_a_bad_one_changes_nothing() {
    let bench = Bench::start().await;
    let authz = bench.app.app.ext_authz.clone().unwrap();
    let asked = || Asked::get("/orders/7");
    settle(&authz);
    assert_eq!(bench.ask(asked()).await.refused().0, 401);

    bench.write(&POLICY.replacen("access = {}", "access = { public = true }", 1));
    settle(&authz);
    assert!(bench.ask(asked()).await.is_allowed());

    bench.write(&POLICY.replacen("access = {}", "access = { pubic = true }", 1));
    settle(&authz);
    settle(&authz);
    assert!(bench.ask(asked()).await.is_allowed());

    bench.write(POLICY);
    settle(&authz);
    assert_eq!(bench.ask(asked()).await.refused().0, 401);
    let metrics = bench.app.ops_text("/metrics").await;
    for line in ["{outcome=\"loaded\"} 2\n", "{outcome=\"kept\"} 1\n"] {
        assert!(metrics.contains(&format!("sekisho_authz_policy_reloads_total{line}")), "{line} in {metrics}");
    }
}

/// Looks until what is there counts. The process looks by itself as well, now and then.
fn settle(authz: &ExtAuthz) {
    for _ in 0..2 {
        authz.reload();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_finds_a_new_policy_by_itself() {
    let bench = Bench::start().await;
    bench.write(&POLICY.replacen("access = {}", "access = { public = true }", 1));
    eventually(async || bench.ask(Asked::get("/orders/7")).await.is_allowed()).await;
}

/// A route that would not hold is a fault: RPCs go before routes.
#[test]
fn a_route_with_the_path_of_an_rpc_is_named() {
    let policy = |more: &str, route: &str| {
        let route = format!("[[policy.route]]\nmethod = \"DELETE\"\npath = \"{route}\"\naccess = {{}}\n");
        faults_of(&format!("[[policy]]\nname = \"a\"\n{more}\n{route}"))
    };
    let declared = "descriptors = \"greeter.binpb\"\nservices = [\"greeter.v1\"]";
    for (more, route) in [
        ("public_services = [\"offers\"]", "/offers/{id}"),
        ("public_services = [\"offers\"]", "/offers/7"),
        (declared, "/greeter.v1.GreeterService/Welcome"),
        (declared, "/greeter.v1.GreeterService/{method}"),
    ] {
        let found = policy(more, route);
        assert_eq!(found.len(), 1, "{route}: {found:?}");
        assert!(found[0].contains(&format!("route DELETE {route}: its path is an RPC's")), "{found:?}");
    }
    for (more, route) in [
        ("public_services = [\"offers\"]", "/offers"),
        ("public_services = [\"offers\"]", "/offers/7/lines"),
        (declared, "/greeter.v1.GreeterService/Other"),
        (declared, "/greeter/{id}"),
    ] {
        assert_eq!(policy(more, route), Vec::<String>::new(), "{route}");
    }
}

/// Descriptors are another file, and the same policy.
#[tokio::test(flavor = "multi_thread")]
async fn new_descriptors_are_taken_too() {
    let bench = Bench::start().await;
    let authz = bench.app.app.ext_authz.clone().unwrap();
    let file = bench.folder.path().join("greeter.binpb");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, &good[..good.len() / 2]).unwrap();
    settle(&authz);
    assert!(bench.ask(Asked::get("/greeter.v1.GreeterService/Welcome")).await.is_allowed());
    std::fs::write(&file, &good).unwrap();
    settle(&authz);
}
