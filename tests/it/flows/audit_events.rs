//! Reading the audit log over the surfaces.

use sekisho::{domain::EventKind, proto::sekisho::v1 as pb};
use serde_json::{Value, json};
use tonic::Code;

use crate::support::{
    Answer, TestApp,
    acts::{ADA, WRONG},
    app::{SignedIn, with_bearer},
    feed::reason,
};

const BOB: &str = "bob@example.com";
const PATH: &str = "/api/v1/audit/events";

async fn get(app: &TestApp, access: &str, query: &str) -> Answer {
    app.call("GET", &format!("{PATH}?{query}"), access, None).await
}

async fn events(app: &TestApp, access: &str, query: &str) -> Vec<Value> {
    let answer = get(app, access, query).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["events"].as_array().unwrap().clone()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// Ada, who has had some trouble, and Bob.
async fn people(app: &TestApp) -> (SignedIn, SignedIn) {
    let ada = app.ada().await;
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
    app.send_code(ADA, WRONG, "phone").await;
    let bob = app.sign_up(BOB, "tablet").await;
    app.ada_on("phone").await;
    (ada, bob)
}

async fn service(app: &TestApp, scope: &str) -> String {
    let secret = app.service("auditor", scope).await;
    app.ask_service_token("auditor", &secret, None).await.unwrap().access_token
}

/// R70. Not that somebody tried to sign up with the address, nor anything of Bob's.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_what_concerns_the_own_account() {
    let app = TestApp::start().await;
    let (ada, bob) = people(&app).await;
    let own = events(&app, &ada.access, "").await;
    assert_eq!(kinds(&own), ["login_succeeded", "login_wrong_password", "login_succeeded", "signup_completed"]);
    for event in &own {
        assert_eq!(event["user_id"], ada.user_id());
        assert_eq!(event["ip_address"], "127.0.0.1");
        assert!(!event["request_id"].as_str().unwrap().is_empty());
        assert!(event["at"].as_str().unwrap().starts_with("2027-01-15T08:00:0"));
    }
    assert_eq!(own[0]["client_id"], "phone");
    let theirs = events(&app, &bob.access, "").await;
    assert!(!theirs.is_empty() && theirs.iter().all(|event| event["user_id"] == bob.user_id()), "{theirs:?}");
    assert_eq!(kinds(&events(&app, &ada.access, "kind=login_wrong_password").await), ["login_wrong_password"]);
    assert_eq!(events(&app, &ada.access, "kind=signup_address_taken").await, Vec::<Value>::new());
    for kind in EventKind::ALL.iter().filter(|kind| !kind.is_shown_to_its_person()) {
        assert!(!kinds(&own).contains(&kind.as_str()));
    }
}

/// R70.
#[tokio::test(flavor = "multi_thread")]
async fn another_persons_events_are_refused_and_strangers_and_other_services_are() {
    let app = TestApp::start().await;
    let (ada, bob) = people(&app).await;
    let query = |id: String| format!("user_id={id}");
    get(&app, &ada.access, &query(bob.user_id())).await.refused(403, "permission_denied");
    assert_eq!(get(&app, &ada.access, &query(ada.user_id())).await.status, 200);
    crate::support::http::send(app.request("GET", PATH)).await.refused(401, "unauthorized");
    let other = service(&app, "revocations:read audit:reader").await;
    get(&app, &other, "").await.refused(403, "permission_denied");
    app.log_out(&ada.refresh, "laptop").await;
    get(&app, &ada.access, "").await.refused(401, "session_revoked");
    let status = app.audit_events().await.list_events(pb::ListEventsRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status)), (Code::Unauthenticated, "UNAUTHORIZED".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_the_scope_reads_everything_by_any_filter() {
    let app = TestApp::start().await;
    let (ada, bob) = people(&app).await;
    let access = service(&app, "audit:read").await;
    let all = events(&app, &access, "page_size=100").await;
    let written: Vec<String> = app.audit_kinds().await.into_iter().rev().collect();
    assert_eq!(kinds(&all), written);
    assert!(all.iter().all(|event| !event.to_string().contains('@')), "no address of anybody");
    let of_bob = events(&app, &access, &format!("user_id={}", bob.user_id())).await;
    assert!(!of_bob.is_empty() && of_bob.iter().all(|event| event["user_id"] == bob.user_id()));
    let taken = events(&app, &access, "kind=signup_address_taken").await;
    assert_eq!((kinds(&taken), &taken[0]["user_id"]), (vec!["signup_address_taken"], &json!(ada.user_id())));
    for (query, number) in [
        (
            "from=2027-01-15T08:00:01Z",
            all.iter().filter(|event| event["at"].as_str() >= Some("2027-01-15T08:00:01Z")).count(),
        ),
        ("to=2027-01-15T08:00:00Z", 0),
        ("from=2027-01-15T08:00:00Z&to=2027-01-15T08:00:02Z", all.len()),
        ("from=2028-01-15T08:00:00Z", 0),
    ] {
        assert_eq!(events(&app, &access, query).await.len(), number, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_all_of_it_once_and_in_order() {
    let app = TestApp::start().await;
    people(&app).await;
    let access = service(&app, "audit:read").await;
    let all = events(&app, &access, "page_size=100").await;
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let page = get(&app, &access, &format!("page_size=2&page_token={token}")).await.body;
        let events = page["events"].as_array().unwrap();
        assert!(events.len() <= 2);
        paged.extend(events.clone());
        token = page["next_page_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
        // What is written meanwhile comes before the pages that are still to come.
        app.try_login(ADA, WRONG, "phone").await;
    }
    assert_eq!(paged, all);
}

/// A call reads so many events, and no more, whatever there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_where_a_page_found_nothing() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let event = sekisho::domain::Event::new(app.app.ctx.now(), EventKind::LoginUnknown, &Default::default());
    app.app.ctx.stores.audit.record(&vec![event; 5_100]).await.unwrap();
    let access = service(&app, "audit:read").await;
    let first = get(&app, &access, "kind=signup_completed").await.body;
    assert_eq!(first["events"], json!([]));
    let token = first["next_page_token"].as_str().unwrap();
    let second = get(&app, &access, &format!("kind=signup_completed&page_token={token}")).await.body;
    assert_eq!((second["events"].as_array().unwrap().len(), &second["next_page_token"]), (1, &json!("")));
    assert_eq!(
        kinds(&events(&app, &ada.access, "kind=signup_completed").await),
        ["signup_completed"],
        "others do not count"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_breaks_a_rule_is_named() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    for (query, field, why) in [
        ("page_size=101", "page_size", "UNSUPPORTED"),
        ("page_size=-1", "page_size", "WRONG_TYPE"),
        ("page_token=x", "page_token", "MALFORMED"),
        ("page_token=AAAA", "page_token", "MALFORMED"),
        ("user_id=x", "user_id", "MALFORMED"),
        ("user_id=", "user_id", "MALFORMED"),
        ("kind=nothing", "kind", "UNSUPPORTED"),
        ("from=yesterday", "from", "MALFORMED"),
        ("to=2027-01-15", "to", "MALFORMED"),
        ("offset=1", "offset", "UNKNOWN_FIELD"),
    ] {
        get(&app, &access, query).await.breaks(field, why);
    }
    get(&app, &access, &format!("page_token={}", "A".repeat(65))).await.breaks("page_token", "TOO_LONG");
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let request = pb::ListEventsRequest { from: time(i64::MAX), to: time(i64::MIN), ..Default::default() };
    let status = app.audit_events().await.list_events(with_bearer(request, &access)).await.unwrap_err();
    let details = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
    assert_eq!(details.field_violations.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), ["from", "to"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_surface_says_the_same() {
    let app = TestApp::start().await;
    let (ada, _) = people(&app).await;
    let over_rest = events(&app, &ada.access, "page_size=1").await;
    let request = pb::ListEventsRequest { page_size: 1, ..Default::default() };
    let over_grpc = app.audit_events().await.list_events(with_bearer(request, &ada.access)).await.unwrap().into_inner();
    let [event] = &over_grpc.events[..] else { panic!("{over_grpc:?}") };
    assert_eq!((&json!(event.id), &json!(event.kind)), (&over_rest[0]["id"], &over_rest[0]["kind"]));
    assert_eq!(
        (&json!(event.session_id), &json!(event.client_id)),
        (&over_rest[0]["session_id"], &over_rest[0]["client_id"])
    );
    assert_eq!(
        (&json!(event.ip_address), &json!(event.request_id)),
        (&over_rest[0]["ip_address"], &over_rest[0]["request_id"])
    );
    assert!(!over_grpc.next_page_token.is_empty());
}
