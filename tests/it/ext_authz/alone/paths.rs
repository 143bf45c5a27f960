//! Paths that a proxy, this service and the sibling might read differently.

use super::super::proxy::{Asked, Bench};

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_can_be_read_in_two_ways_is_nobodys() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    for path in [
        "",
        "*",
        "orders/7",
        "//orders/7",
        "/orders//7",
        "/orders/7/",
        "/orders/./7",
        "/welcome/../orders/7",
        "/orders/%37",
        "/orders/7%2f..",
        "/%6frders/7",
        "/orders\\7",
        "/orders/7;v=1",
        "/orders/7#x",
        "/ORDERS/7",
        "/orders/\u{e9}",
        "/orders/7\t",
        "/orders/7 ",
        "http://greeter.example.com/orders/7",
        "/grpc.health.v1.Health/..%2f..%2forders",
        "/grpc.health.v1.Health/..",
        "/grpc.health.v1.Health/Che%63k",
        "/grpc.health.v1.Health/",
        "/greeter.v1.GreeterService/Greet/",
        "/greeter.v1.GreeterService//Greet",
        "/Greeter.v1.GreeterService/Greet",
    ] {
        let verdict = bench.ask(Asked::get(path).bearer(&ada)).await;
        assert_eq!(verdict.refused(), (403, "permission_denied".to_owned()), "{path:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_query_is_no_matter() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    for query in ["?", "?a=b", "?/../../x", "?%2f%2e%2e", "?a#b", "??", "?\u{e9}"] {
        let path = format!("/orders/7{query}");
        assert!(bench.ask(Asked::get(&path).bearer(&ada)).await.is_allowed(), "{path}");
    }
}
