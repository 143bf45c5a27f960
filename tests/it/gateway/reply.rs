//! An answer as it came, and what of it has to be equal.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Headers of the connection, and of the spaces in a JSON text.
const FRAMING: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];
/// What is made anew each time, by its name in JSON.
const VOLATILE: [&str; 9] =
    ["access_token", "id", "kid", "refresh_token", "request_id", "reset_token", "session_id", "user_id", "x"];
const REQUEST_ID: &str = "x-request-id";

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: String,
}

impl Reply {
    /// The answer to a request that is sent as it stands.
    pub async fn to(address: SocketAddr, request: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Who refuses a request may not read all of it.
        let _ = stream.write_all(request).await;
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..read]);
        }
        Self::read(&String::from_utf8_lossy(&answer))
    }

    /// The answer to a request of an HTTP library.
    pub async fn of(response: reqwest::Response) -> Self {
        let mut headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in response.headers() {
            headers.entry(name.to_string()).or_default().push(value.to_str().unwrap().to_owned());
        }
        Self { status: response.status().as_u16(), headers, body: response.text().await.unwrap() }
    }

    fn read(answer: &str) -> Self {
        let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
        let mut headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            headers.entry(name.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
        }
        Self { status, headers, body: body.to_owned() }
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// What has to be equal on both sides. A refusal is compared byte for byte; of a
    /// success the spaces may differ.
    pub fn essence(&self) -> (u16, BTreeMap<String, Vec<String>>, String) {
        let mut headers = self.headers.clone();
        headers.retain(|name, _| !FRAMING.contains(&name.as_str()));
        let id = self.made_id();
        if let Some(id) = &id {
            headers.insert(REQUEST_ID.to_owned(), vec![masked(REQUEST_ID, id)]);
        }
        let mut json = self.json();
        let body = if json.is_null() || !json["error"].is_null() {
            id.map_or_else(|| self.body.clone(), |id| self.body.replace(&id, "<made>"))
        } else {
            mask(&mut json);
            json.to_string()
        };
        (self.status, headers, body)
    }

    /// The id of the call, where the caller has not given it.
    fn made_id(&self) -> Option<String> {
        let id = self.headers.get(REQUEST_ID)?.first()?;
        uuid::Uuid::parse_str(id).ok().map(|_| id.clone())
    }
}

fn mask(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if VOLATILE.contains(&name.as_str()) => *text = masked(name, text),
                    value => mask(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        // JSON has one kind of number: 0.0 is 0.
        Value::Number(number) => *json = number.as_f64().into(),
        _ => {}
    }
}

/// That there is one, and how long it is.
fn masked(name: &str, text: &str) -> String {
    format!("<{name} of {}>", text.len())
}
