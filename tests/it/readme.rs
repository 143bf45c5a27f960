//! The README's session, run as it stands there but for the ports.

use std::process::Command;

use serde_json::Value;

use crate::support::process::{Service, dev_settings};

const README: &str = include_str!("../../README.md");

fn session() -> &'static str {
    let (_, rest) = README.split_once("<!-- session -->\n```sh\n").expect("a session");
    rest.split_once("\n```").expect("its end").0
}

/// What the README says that the session prints.
fn printed() -> Vec<Value> {
    let (_, rest) = README.split_once("It prints, with other ids and times:\n\n```json\n").expect("an output");
    let (text, _) = rest.split_once("\n```").expect("its end");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A value without what differs from run to run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match name.as_str() {
                "id" | "request_id" | "device" => (name.clone(), Value::Null),
                _ if name.ends_with("_at") => (name.clone(), Value::Null),
                _ => (name.clone(), shape(value)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_prints_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let script = session()
        .replace("127.0.0.1:8080", service.ready["listen"].as_str().unwrap())
        .replace("127.0.0.1:9090", service.ready["ops"].as_str().unwrap());
    let output = tokio::task::spawn_blocking(move || Command::new("bash").arg("-ec").arg(script).output().unwrap());
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let answers: Vec<Value> = answers.map(|answer| shape(&answer.unwrap())).collect();
    assert_eq!(answers, printed().iter().map(shape).collect::<Vec<_>>());
}
