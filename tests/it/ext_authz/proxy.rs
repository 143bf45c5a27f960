//! What stands in front of a sibling, and asks.

use std::{collections::HashMap, fs, path::Path};

use protox::Compiler;
use sekisho::proto::ext_authz::envoy::service::auth::v3::{
    AttributeContext, CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
    attribute_context::{HttpRequest, Request},
    authorization_client::AuthorizationClient,
    check_response::HttpResponse,
};
use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::support::TestApp;

/// Two siblings: one with a proto, one without.
pub const POLICY: &str = r#"
[[policy]]
name = "greeter"
hosts = ["greeter.example.com", "greeter"]
descriptors = "greeter.binpb"
services = ["greeter.v1"]
public_services = ["grpc.health.v1.Health"]

[[policy.route]]
method = "GET"
path = "/welcome"
access = { public = true }

[[policy.route]]
method = "GET"
path = "/orders/{id}"
access = {}

[[policy.route]]
method = "DELETE"
path = "/orders/{id}"
access = { roles = ["admin"] }

[[policy.route]]
method = "POST"
path = "/payouts"
access = { max_auth_age = 300 }

[[policy.route]]
method = "GET"
path = "/payouts"
access = { freshness = "strict" }

[[policy.route]]
method = "GET"
path = "/stock"
access = { callers = "services", scopes = ["revocations:read"] }

[[policy]]
name = "other"
hosts = ["*"]
forward_token = false

[[policy.route]]
method = "GET"
path = "/"
access = { callers = "any" }

[[policy.route]]
method = "GET"
path = "/welcome"
access = { public = true }
"#;

/// The descriptors of `examples/greeter`.
pub fn greeter() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = Compiler::new([root.join("examples/greeter"), root.join("interceptor/proto")]).unwrap();
    compiler.include_imports(true).open_file("greeter.proto").unwrap();
    compiler.encode_file_descriptor_set()
}

/// A folder with that policy.
pub fn policy_folder(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("greeter.binpb"), greeter()).unwrap();
    fs::write(folder.path().join("policy.toml"), policy).unwrap();
    folder
}

/// A service that a proxy asks.
pub struct Bench {
    pub app: TestApp,
    pub client: AuthorizationClient<Channel>,
    pub folder: TempDir,
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = policy_folder(POLICY);
        let file = folder.path().join("policy.toml");
        let mut all = vec![("SEKISHO_AUTHZ_LISTEN", "127.0.0.1:0"), ("SEKISHO_AUTHZ_POLICY", file.to_str().unwrap())];
        all.extend(settings);
        let app = TestApp::with(&all).await;
        let client = AuthorizationClient::connect(format!("http://{}", app.app.authz_listen.unwrap())).await.unwrap();
        Self { app, client, folder }
    }

    pub async fn ask(&self, asked: Asked) -> Verdict {
        self.ask_raw(asked.check()).await
    }

    pub async fn ask_raw(&self, check: CheckRequest) -> Verdict {
        Verdict::of(self.client.clone().check(check).await.unwrap().into_inner())
    }

    /// Writes another policy in the place of the one that is there.
    pub fn write(&self, policy: &str) {
        fs::write(self.folder.path().join("policy.toml"), policy).unwrap();
    }
}

/// A request that is held back.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub host: String,
    pub headers: HashMap<String, String>,
    pub context: HashMap<String, String>,
}

impl Asked {
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            host: "greeter.example.com".to_owned(),
            headers: HashMap::new(),
            context: HashMap::new(),
        }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A call of gRPC.
    pub fn rpc(path: &str) -> Self {
        Self::new("POST", path).header("content-type", "application/grpc").header("te", "trailers")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn bearer(self, access: &str) -> Self {
        self.header("authorization", &format!("Bearer {access}"))
    }

    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// As a route of the proxy says.
    pub fn by_policy(mut self, name: &str) -> Self {
        self.context.insert("sekisho-policy".to_owned(), name.to_owned());
        self
    }

    pub fn check(self) -> CheckRequest {
        let mut headers = self.headers;
        // As Envoy sends them.
        for (name, value) in [(":method", &self.method), (":path", &self.path), (":authority", &self.host)] {
            headers.insert(name.to_owned(), value.clone());
        }
        let http = HttpRequest {
            method: self.method,
            path: self.path,
            host: self.host,
            headers,
            scheme: "https".to_owned(),
            protocol: "HTTP/2".to_owned(),
            ..HttpRequest::default()
        };
        let request = Request { http: Some(http), ..Request::default() };
        let attributes = AttributeContext {
            request: Some(request),
            context_extensions: self.context,
            ..AttributeContext::default()
        };
        CheckRequest { attributes: Some(attributes) }
    }
}

/// What the proxy is to do.
#[derive(Debug)]
pub enum Verdict {
    Allowed(OkHttpResponse),
    Denied { code: i32, denied: DeniedHttpResponse },
}

impl Verdict {
    fn of(response: CheckResponse) -> Self {
        let code = response.status.map_or(0, |status| status.code);
        match response.http_response {
            Some(HttpResponse::OkResponse(ok)) if code == 0 => Self::Allowed(ok),
            Some(HttpResponse::DeniedResponse(denied)) if code != 0 => Self::Denied { code, denied },
            other => panic!("neither: {code} {other:?}"),
        }
    }

    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    #[track_caller]
    pub fn allowed(self) -> OkHttpResponse {
        match self {
            Self::Allowed(ok) => ok,
            Self::Denied { code, denied } => panic!("denied: {code} {denied:?}"),
        }
    }

    /// The HTTP status and the word of the reason.
    #[track_caller]
    pub fn refused(&self) -> (i32, String) {
        let Self::Denied { denied, .. } = self else { panic!("{self:?}") };
        let body: Value = serde_json::from_str(&denied.body).unwrap();
        (denied.status.unwrap().code, body["error"].as_str().unwrap().to_owned())
    }

    /// A header that the caller is sent.
    pub fn told(&self, name: &str) -> Option<String> {
        let Self::Denied { denied, .. } = self else { panic!("{self:?}") };
        let named = denied.headers.iter().filter_map(|option| option.header.as_ref());
        named.into_iter().find(|header| header.key == name).map(|header| header.value.clone())
    }
}

/// The headers that the sibling is sent besides.
pub fn set(ok: &OkHttpResponse) -> HashMap<String, String> {
    let headers = ok.headers.iter().filter_map(|option| option.header.clone());
    headers.map(|header| (header.key, header.value)).collect()
}
