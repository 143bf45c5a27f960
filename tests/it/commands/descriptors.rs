//! The descriptor set that a proxy is given.

use prost_reflect::DescriptorPool;

use crate::support::process::{command, run};

#[tokio::test]
async fn descriptors_say_the_routes_and_stand_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Without a setting: a job that makes the file has none.
    let printed = command(folder.path(), &["descriptors"], &[]).output().await.unwrap();
    assert!(printed.status.success());
    let pool = DescriptorPool::decode(&printed.stdout[..]).expect("a set that lacks no import");

    let login = pool.get_service_by_name("sekisho.v1.AuthService").expect("a service");
    let login = login.methods().find(|method| method.name() == "Login").expect("an RPC");
    let options = login.options();
    let http = pool.get_extension_by_name("google.api.http").expect("the option of a route");
    let rule = options.get_extension(&http);
    let rule = rule.as_message().expect("a rule");
    assert_eq!(rule.get_field_by_name("post").expect("a route").as_str(), Some("/api/v1/auth/login"));

    let named = run(folder.path(), &["descriptors", "sekisho.binpb"], &[]).await;
    assert_eq!((named.code, named.stdout.as_str()), (Some(0), ""), "{}", named.stderr);
    assert_eq!(std::fs::read(folder.path().join("sekisho.binpb")).unwrap(), printed.stdout);

    let nowhere = run(folder.path(), &["descriptors", "no/such/folder"], &[]).await;
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains("no/such/folder: "), "{}", nowhere.stderr);
}
