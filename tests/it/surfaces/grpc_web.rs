//! gRPC-Web, framed by hand: flag, length, payload; the last frame is trailers.

use base64::{Engine, engine::general_purpose::STANDARD};
use prost::Message;
use reqwest::{RequestBuilder, header::HeaderMap};

use crate::support::TestApp;

#[derive(Clone, Copy)]
pub enum Encoding {
    Binary,
    Text,
}

const TRAILERS: u8 = 0x80;

pub struct Reply {
    pub headers: HeaderMap,
    message: Vec<u8>,
    trailers: String,
}

impl Reply {
    pub fn message<T: Message + Default>(&self) -> T {
        T::decode(self.message.as_slice()).unwrap()
    }

    pub fn trailer(&self, name: &str) -> Option<&str> {
        self.trailers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

pub async fn call(app: &TestApp, encoding: Encoding, method: &str, message: &impl Message) -> Reply {
    call_with(app, encoding, method, message, &[]).await
}

/// The same with headers.
pub async fn call_with(
    app: &TestApp,
    encoding: Encoding,
    method: &str,
    message: &impl Message,
    headers: &[(&str, &str)],
) -> Reply {
    let request = app.request("POST", &format!("/{method}"));
    ask(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)), encoding, message).await
}

/// Sends a message by a request that says where to.
pub async fn ask(request: RequestBuilder, encoding: Encoding, message: &impl Message) -> Reply {
    let framed = frame(&message.encode_to_vec());
    let (content_type, body) = match encoding {
        Encoding::Binary => ("application/grpc-web+proto", framed),
        Encoding::Text => ("application/grpc-web-text", STANDARD.encode(framed).into_bytes()),
    };
    let request = request.header("content-type", content_type);
    let response = request.header("accept", content_type).header("x-grpc-web", "1").body(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    let status = headers.get("grpc-status").map(|status| status.to_str().unwrap().to_owned());
    let bytes = response.bytes().await.unwrap();
    let mut reply = unframe(match encoding {
        Encoding::Binary => bytes.to_vec(),
        Encoding::Text => decode(&bytes),
    });
    reply.headers = headers;
    // An answer of trailers only has them among its headers.
    reply.trailers.extend(status.map(|status| format!("grpc-status:{status}\r\n")));
    reply
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0], &length[..], payload].concat()
}

fn unframe(bytes: Vec<u8>) -> Reply {
    let mut reply = Reply { headers: HeaderMap::new(), message: Vec::new(), trailers: String::new() };
    let mut rest = bytes.as_slice();
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let (payload, next) = after.split_at(usize::try_from(length).unwrap());
        if head[0] & TRAILERS == 0 {
            reply.message.extend_from_slice(payload);
        } else {
            reply.trailers.push_str(std::str::from_utf8(payload).unwrap());
        }
        rest = next;
    }
    assert!(rest.is_empty(), "a frame is cut off");
    reply
}

/// Each part of the stream is padded by itself.
fn decode(text: &[u8]) -> Vec<u8> {
    assert_eq!(text.len() % 4, 0);
    text.chunks(4).flat_map(|quantum| STANDARD.decode(quantum).unwrap()).collect()
}
