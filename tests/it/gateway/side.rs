//! Two services of their own that know the same, one of them behind the gateway.

use std::{collections::BTreeMap, net::SocketAddr};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    BEHIND,
    case::Case,
    program::{self, Gateway},
    reply::Reply,
};
use crate::{bad_input::NO_LIMITS, support::TestApp};

/// A service, and where it is asked.
pub struct Side {
    pub app: TestApp,
    address: SocketAddr,
    /// What `<name>` stands for in a request.
    pub known: BTreeMap<&'static str, String>,
}

/// The same on both sides. The clock of each stands until it is moved.
pub struct Pair {
    pub direct: Side,
    pub gateway: Side,
    _program: Gateway,
}

impl Pair {
    /// `None` where there is no Go, which is said.
    pub async fn start(settings: &[(&str, &str)]) -> Option<Self> {
        Self::trusting(settings, &[]).await
    }

    /// With settings of the direct side alone.
    pub async fn trusting(settings: &[(&str, &str)], of_direct: &[(&str, &str)]) -> Option<Self> {
        if !program::can_be_built() {
            return None;
        }
        let direct = TestApp::with(&[&NO_LIMITS, settings, of_direct].concat()).await;
        let behind = TestApp::with(&[&NO_LIMITS, settings, &[BEHIND]].concat()).await;
        let program = Gateway::before(&behind.base(), settings).await;
        Some(Self {
            direct: Side { address: direct.app.listen, app: direct, known: BTreeMap::new() },
            gateway: Side { address: program.address, app: behind, known: BTreeMap::new() },
            _program: program,
        })
    }

    pub fn sides(&mut self) -> [&mut Side; 2] {
        [&mut self.direct, &mut self.gateway]
    }

    /// Makes an account on each side, by its own REST surface.
    pub async fn sign_up(&mut self, email: &str) {
        for side in self.sides() {
            let person = side.app.sign_up(email, "laptop").await;
            let (session, user) = (person.session_id(), person.user_id());
            side.known.extend([("access", person.access), ("refresh", person.refresh)]);
            side.known.extend([("session_id", session), ("user_id", user), ("email", email.to_owned())]);
        }
    }

    /// Makes an account of a service on each side, which may do everything.
    pub async fn serve(&mut self, name: &str) {
        for side in self.sides() {
            let secret = side.app.service(name, "accounts:admin audit:read").await;
            let token = side.app.ask_service_token(name, &secret, None).await.unwrap();
            side.known.insert("service", token.access_token);
        }
    }

    pub fn advance(&self, seconds: u64) {
        self.direct.app.advance(seconds);
        self.gateway.app.advance(seconds);
    }

    /// What is wrong with the answers to a request: that they differ, or that they do not
    /// as they should.
    pub async fn compare(&self, case: &Case) -> Option<String> {
        let (direct, gateway) = (self.direct.send(case).await.essence(), self.gateway.send(case).await.essence());
        let (is_equal, statuses) = (direct == gateway, (direct.0, gateway.0));
        let (is_known, expected) = match case.difference {
            None => (is_equal, "equal"),
            Some(difference) => (!is_equal && difference.statuses.contains(&statuses), difference.what),
        };
        let shown = || format!("{}\n  not {expected}:\n  {direct:?}\n  {gateway:?}", case.name());
        (!is_known).then(shown)
    }
}

impl Side {
    pub async fn send(&self, case: &Case) -> Reply {
        Reply::to(self.address, &case.bytes(&self.known)).await
    }

    /// A request to be changed and sent.
    pub fn request(&self, client: &reqwest::Client, method: &str, path: &str) -> reqwest::RequestBuilder {
        client.request(method.parse().unwrap(), format!("http://{}{path}", self.address))
    }

    /// Sends a request and does not wait for the answer.
    pub async fn call_and_hang_up(&self, request: &[u8]) {
        TcpStream::connect(self.address).await.unwrap().write_all(request).await.unwrap();
    }
}
