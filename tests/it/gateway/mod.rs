//! The same requests to the REST surface and through deploy/grpc-gateway: every route, and
//! all that may be wrong with a request. The answers are equal, or the difference is in the
//! list ([`differences`]) that its README.md shows. Without Go this is left out.

mod bodies;
mod browsers;
mod callers;
mod case;
mod differences;
mod headers;
mod life;
mod paths;
mod program;
mod queries;
mod reply;
mod routes;
mod side;
mod stubs;

use self::{case::Case, side::Pair};
use crate::documents::assert_part_current;

/// The gateway's word is taken for who calls.
const BEHIND: (&str, &str) = ("SEKISHO_TRUSTED_PROXIES", "127.0.0.1/32");

/// Sends each to both sides, and names those whose answers are not as they should be.
async fn compare(pair: &mut Pair, cases: impl IntoIterator<Item = Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        wrong.extend(pair.compare(&case).await);
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    compare(&mut pair, paths::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_as_a_whole() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    compare(&mut pair, bodies::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    pair.sign_up("ada@example.com").await;
    compare(&mut pair, queries::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    pair.sign_up("ada@example.com").await;
    compare(&mut pair, headers::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins() {
    let settings = [("SEKISHO_ALLOWED_ORIGINS", browsers::ORIGINS)];
    let Some(mut pair) = Pair::start(&settings).await else { return };
    compare(&mut pair, browsers::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_mode_is_not_passed() {
    let Some(mut pair) = Pair::start(&[("SEKISHO_REFRESH_COOKIE", "true")]).await else { return };
    pair.sign_up("ada@example.com").await;
    compare(&mut pair, browsers::with_cookies()).await;
}

#[test]
fn the_list_of_differences_is_current() {
    assert_part_current("deploy/grpc-gateway/README.md", "differences", &differences::table());
}

/// Each route with an account of its own: some end it.
#[tokio::test(flavor = "multi_thread")]
async fn every_route() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    for (number, route) in crate::bad_input::schema::routes().iter().enumerate() {
        pair.sign_up(&format!("ada{number}@example.com")).await;
        pair.serve(&format!("office{number}")).await;
        pair.advance(routes::STALE);
        compare(&mut pair, routes::cases(route)).await;
    }
}
