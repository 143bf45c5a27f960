//! The ways in, and what each answers.

use std::collections::BTreeMap;

use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use reqwest::RequestBuilder;

use crate::{
    bad_input::{
        schema::{Route, routes},
        wire::{frame, refusal, status},
    },
    support::{TestApp, http::send},
};

/// Why somebody is not let in; with any other answer he was.
const REFUSALS: [&str; 5] =
    ["UNAUTHORIZED", "ACCESS_TOKEN_INVALID", "ACCESS_TOKEN_EXPIRED", "SESSION_REVOKED", "PERMISSION_DENIED"];

/// A way to an RPC.
pub enum Surface {
    Grpc,
    GrpcWeb,
    Rest(Route),
}

impl Surface {
    /// With each route of its own.
    pub fn all_of(rpc: &MethodDescriptor) -> Vec<Self> {
        let routes = routes().into_iter().filter(|route| route.rpc == path(rpc));
        [Self::Grpc, Self::GrpcWeb].into_iter().chain(routes.map(Self::Rest)).collect()
    }

    pub fn name(&self) -> String {
        match self {
            Self::Grpc => "gRPC".to_owned(),
            Self::GrpcWeb => "gRPC-Web".to_owned(),
            Self::Rest(route) => format!("{} {}", route.verb, route.path),
        }
    }
}

fn path(rpc: &MethodDescriptor) -> String {
    format!("/{}/{}", rpc.parent_service().full_name(), rpc.name())
}

/// Asks on every surface.
pub struct Asker<'a> {
    app: &'a TestApp,
    http2: reqwest::Client,
}

type Objects = BTreeMap<&'static str, String>;

impl<'a> Asker<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, http2: reqwest::Client::builder().http2_prior_knowledge().build().unwrap() }
    }

    /// Why a call is refused; `None` if it is let in. Of a stream the beginning counts.
    ///
    /// # Panics
    ///
    /// On a failure without a reason: nobody was there to let anybody in.
    pub async fn refusal(
        &self,
        rpc: &MethodDescriptor,
        surface: &Surface,
        token: Option<&str>,
        objects: &Objects,
    ) -> Option<String> {
        let request = match surface {
            Surface::Grpc => {
                let request = self.http2.post(format!("{}{}", self.app.base(), path(rpc))).header("te", "trailers");
                request.header("content-type", "application/grpc").body(message(rpc, objects))
            }
            Surface::GrpcWeb => {
                let request = self.app.request("POST", &path(rpc));
                request.header("content-type", "application/grpc-web+proto").body(message(rpc, objects))
            }
            Surface::Rest(route) => self.rest(route, objects),
        };
        let request = token.into_iter().fold(request, RequestBuilder::bearer_auth);
        let reason = match surface {
            Surface::Rest(_) => {
                let answer = send(request).await;
                let reason = answer.body["error"].as_str().map(str::to_uppercase);
                assert!(reason.is_some() || answer.status < 300, "{answer:?}");
                reason
            }
            Surface::Grpc | Surface::GrpcWeb => {
                let status = status(request.send().await.unwrap().headers());
                let (code, reason) = refusal(&status);
                assert!(code == tonic::Code::Ok || !reason.is_empty(), "{}: {status:?}", rpc.full_name());
                Some(reason)
            }
        };
        reason.filter(|reason| REFUSALS.contains(&reason.as_str()))
    }

    fn rest(&self, route: &Route, objects: &Objects) -> RequestBuilder {
        let mut at = route.path.clone();
        let mut rest: Vec<(&str, &String)> = Vec::new();
        for (name, value) in objects.iter().filter(|(name, _)| route.input.get_field_by_name(name).is_some()) {
            let variable = format!("{{{name}}}");
            if at.contains(&variable) {
                at = at.replace(&variable, value);
            } else {
                rest.push((name, value));
            }
        }
        if route.has_body {
            let body: BTreeMap<_, _> = rest.into_iter().collect();
            return self.app.request(route.verb, &at).json(&body);
        }
        let query: Vec<String> = rest.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let parted = if query.is_empty() { "" } else { "?" };
        self.app.request(route.verb, &format!("{at}{parted}{}", query.join("&")))
    }
}

/// With the objects that it has fields for; all else is left out.
fn message(rpc: &MethodDescriptor, objects: &Objects) -> Vec<u8> {
    let mut message = DynamicMessage::new(rpc.input());
    for (name, value) in objects {
        // A message without the field is none of these.
        let _ = message.try_set_field_by_name(name, Value::String(value.clone()));
    }
    frame(0, &message.encode_to_vec())
}
