//! Whatever is sent, the fault is never ours.

use std::collections::BTreeMap;

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::Code;

use super::{schema, start, wire::Frames};

/// Each is sent to every route.
const CASES: u32 = 48;

/// JSON that often has the members of a request.
fn json() -> impl Strategy<Value = Value> {
    let name = "(email|password|client_id|clientId|code|refresh_token|device_name|display_name|locale|keep_current|x)";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z]{1,8}@[a-z]{1,8}\\.(com|example)".prop_map(Value::from),
        "[0-9]{6}".prop_map(Value::from),
        "skr_[A-Za-z0-9_-]{103}".prop_map(Value::from),
        "\\PC{8,64}".prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6).prop_map(object),
        ]
    });
    proptest::collection::btree_map(name, nested, 0..10).prop_map(object)
}

fn object(members: BTreeMap<String, Value>) -> Value {
    members.into_iter().collect()
}

/// Bytes that are often the fields of a message.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let field = (1u8..6, vec(any::<u8>(), 0..40)).prop_map(|(number, text)| {
        let length = u8::try_from(text.len()).unwrap();
        [&[number << 3 | 2, length], &text[..]].concat()
    });
    prop_oneof![
        vec(any::<u8>(), 0..200),
        vec(field, 0..6).prop_map(|fields| fields.concat()),
        vec((1u8..6, "[ -~]{0,40}"), 0..6).prop_map(|fields| {
            let texts = fields.iter().map(|(number, text)| {
                [&[number << 3 | 2, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
            });
            texts.collect::<Vec<_>>().concat()
        }),
    ]
}

/// R68.
#[test]
fn any_body_is_answered() {
    let runtime = Runtime::new().unwrap();
    let (app, access) = runtime.block_on(start());
    let bodies = prop_oneof![json().prop_map(|json| json.to_string().into_bytes()), vec(any::<u8>(), 0..200)];
    let routes = schema::with_body();
    let property = |body: Vec<u8>| {
        for route in &routes {
            let request = app.request(route.verb, &route.path).bearer_auth(&access).body(body.clone());
            let sent = runtime.block_on(request.header("content-type", "application/json").send());
            let status = sent.unwrap().status().as_u16();
            prop_assert!(status < 500, "{status} at {}", route.path);
        }
        Ok(())
    };
    TestRunner::new(Config::with_cases(CASES)).run(&bodies, property).unwrap();
}

/// R68.
#[test]
fn any_message_is_answered() {
    let runtime = Runtime::new().unwrap();
    let (app, access) = runtime.block_on(start());
    let frames = runtime.block_on(Frames::new(&app, &access));
    let rpcs = schema::rpcs();
    let property = |message: Vec<u8>| {
        for route in &rpcs {
            let status = runtime.block_on(frames.message(&route.rpc, &message));
            prop_assert!(!matches!(status.code(), Code::Unknown | Code::Internal), "{}: {status:?}", route.rpc);
        }
        Ok(())
    };
    TestRunner::new(Config::with_cases(CASES)).run(&message(), property).unwrap();
}
