//! One rotation after the other, while people refresh at two servers and a sibling
//! verifies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use sekisho::clock::Clock;
use sekisho_interceptor::{KeySource, RevocationSource, Trust, Verifier};
use tokio::task::JoinSet;

use super::{AHEAD, SKEW, kid};
use crate::support::{
    TestApp, eventually,
    feed::DEV_SECRET,
    pair::{on_shared_stacks, pair},
    stack::Stack,
};

const PEOPLE: usize = 4;
const CLIENT: &str = "laptop";
/// Who signs in after each rotation; a person has only so many sessions.
const VISITOR: &str = "visitor@example.com";
/// Acts between two moves of the clock.
const ACTS: usize = 12;

struct Scene {
    servers: [Arc<TestApp>; 2],
    sibling: Trust,
    acts: AtomicUsize,
    is_over: AtomicBool,
}

impl Scene {
    async fn on(stack: Stack, algorithm: &str) -> Arc<Self> {
        let settings = [
            ("SEKISHO_JWT_ALG", algorithm),
            // Whoever is slow meets several moves of the clock.
            ("SEKISHO_ACCESS_TTL", "3600"),
            ("SEKISHO_LIMIT_LOGIN", "100000/300"),
        ];
        let servers = pair(stack, &settings).await;
        let clock = servers[0].clock.clone();
        let sibling =
            Trust::at(servers[1].base()).client("dev", DEV_SECRET).clock(Arc::new(move || clock.now().seconds()));
        let sibling = sibling.start().unwrap();
        sibling.ready(Duration::from_secs(60)).await.unwrap();
        Arc::new(Self { servers, sibling, acts: AtomicUsize::new(0), is_over: AtomicBool::new(false) })
    }

    fn now(&self) -> i64 {
        self.servers[0].app.ctx.now().seconds()
    }

    /// The token is good at a server that did not issue it, and at the sibling.
    async fn lets_in(&self, access: &str, turn: usize) {
        assert_eq!(self.servers[(turn + 1) % 2].profile(access).await.status, 200);
        let verifier = Verifier::new("http://localhost:8080", "sekisho-dev");
        let claims = verifier.verify(access, &self.sibling.keys(), self.now()).unwrap();
        assert!(!self.sibling.strikes(&claims));
        self.acts.fetch_add(1, Ordering::SeqCst);
    }

    async fn refresh_until_it_is_over(&self, mut token: String) {
        for turn in 0.. {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let answer = self.servers[turn % 2].refresh(&token, CLIENT).await;
            token = answer.refresh_token();
            self.lets_in(answer.body["access_token"].as_str().unwrap(), turn).await;
        }
    }

    async fn acts(&self) {
        let goal = self.acts.load(Ordering::SeqCst) + ACTS;
        eventually(async || self.acts.load(Ordering::SeqCst) >= goal).await;
    }

    /// What ten minutes bring: every server looks at the keys, and siblings are told.
    async fn rotate(&self) {
        let new = self.servers[0].app.ctx.keyring.rotate().await.unwrap().expect("none is waiting").kid;
        for server in &self.servers {
            server.app.ctx.keyring.reload().await.unwrap();
            server.app.ctx.keyring.prune().await.unwrap();
        }
        eventually(async || self.sibling.keys().get(&new).is_some()).await;
        self.acts().await;
        self.servers[0].advance(AHEAD);
        let signed_in = self.servers[1].login(VISITOR, CLIENT).await;
        assert_eq!(kid(&signed_in.access), new);
        self.lets_in(&signed_in.access, 0).await;
        self.acts().await;
    }
}

on_shared_stacks! { no_good_token_is_refused }

/// R57.
async fn no_good_token_is_refused(stack: Stack) {
    for (algorithm, rotations) in [("EdDSA", 12), ("ES256", 12), ("RS256", 12)] {
        let scene = Scene::on(stack, algorithm).await;
        let mut people = JoinSet::new();
        for number in 0..PEOPLE {
            let token = scene.servers[0].sign_up(&format!("p{number}@example.com"), CLIENT).await.refresh;
            let scene = scene.clone();
            people.spawn(async move { scene.refresh_until_it_is_over(token).await });
        }
        let first = scene.servers[0].sign_up(VISITOR, CLIENT).await.access;
        for _ in 0..rotations {
            scene.rotate().await;
        }
        scene.is_over.store(true, Ordering::SeqCst);
        while let Some(person) = people.join_next().await {
            person.unwrap();
        }
        // As many as lived at once, however many there were.
        let kept = scene.servers[0].app.ctx.keyring.list().await.unwrap().len();
        assert!(u64::try_from(kept).unwrap() <= (3_600 + SKEW).div_ceil(AHEAD) + 2, "{kept} keys");
        assert!(scene.sibling.keys().get(&kid(&first)).is_none(), "a key that signs no more is still trusted");
    }
}
