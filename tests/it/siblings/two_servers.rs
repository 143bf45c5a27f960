//! Beside two servers that share their stores: one sibling follows each. What ends
//! at the first server is refused by both siblings, and nothing else is.

use sekisho::proto::sekisho::v1::{RevokeTokenRequest, token_service_client::TokenServiceClient};
use serde_json::json;

use super::{
    ADA, change_password, delete_account, dev_settings, log_out, log_out_everywhere, reset_password, sign_in,
    sign_in_with,
};
use crate::support::{
    account::NEW_PASSWORD, app::SECRET, pair::on_shared_stacks, process::Service, sibling::Sibling, stack::Stack,
};

const ROOM: [(&str, &str); 3] =
    [("SEKISHO_MAX_SESSIONS", "3"), ("SEKISHO_LIMIT_LOGIN", "100000/300"), ("SEKISHO_SECRET", SECRET)];

struct Scene {
    servers: [Service; 2],
    siblings: [Sibling; 2],
    /// Of a session that nothing here ends, but what ends all.
    stays: String,
    _folders: [tempfile::TempDir; 3],
}

impl Scene {
    async fn on(stack: Stack) -> Self {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let mut settings = [dev_settings(), stack.settings(folders[2].path()).await].concat();
        settings.extend(ROOM.map(|(name, value)| (name, value.to_owned())));
        let first = Service::start(folders[0].path(), &["dev"], &settings).await;
        let second = Service::start(folders[1].path(), &["dev"], &settings).await;
        let siblings =
            [Sibling::beside(&first, folders[0].path()).await, Sibling::beside(&second, folders[1].path()).await];
        first.sign_up(ADA, "phone").await;
        let mut scene = Self { servers: [first, second], siblings, stays: String::new(), _folders: folders };
        // Makes the session of the sign-up the oldest.
        [scene.stays, _] = scene.sign_in("laptop").await;
        scene
    }

    /// At the second server; both siblings let the token in.
    async fn sign_in(&self, client_id: &str) -> [String; 2] {
        let tokens = sign_in(&self.servers[1], client_id).await;
        self.is_let_in(&tokens[0]).await;
        tokens
    }

    async fn is_let_in(&self, access: &str) {
        for sibling in &self.siblings {
            sibling.lets_in(access).await;
        }
    }

    async fn is_refused(&self, access: &str) {
        for sibling in &self.siblings {
            sibling.refuses(access).await;
        }
    }

    async fn only_is_refused(&self, access: &str) {
        self.is_refused(access).await;
        self.is_let_in(&self.stays).await;
    }

    async fn refresh(&self, refresh: &str, client_id: &str) -> (u16, serde_json::Value) {
        let body = json!({"refresh_token": refresh, "client_id": client_id});
        self.servers[0].try_post("/api/v1/auth/refresh", &body).await.unwrap()
    }

    async fn refreshed(&self, refresh: &str, client_id: &str) -> [String; 2] {
        let (status, body) = self.refresh(refresh, client_id).await;
        assert_eq!(status, 200, "{body}");
        ["access_token", "refresh_token"].map(|name| body[name].as_str().unwrap().to_owned())
    }
}

/// R43.
async fn a_logout(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, refresh] = scene.sign_in("tablet").await;
    log_out(&scene.servers[0], &refresh, "tablet").await;
    scene.only_is_refused(&access).await;
}

async fn a_logout_everywhere(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, _] = scene.sign_in("tablet").await;
    log_out_everywhere(&scene.servers[0], &access).await;
    scene.is_refused(&access).await;
    scene.is_refused(&scene.stays).await;
    scene.sign_in("tablet").await;
}

/// Three are allowed: the sign-up's goes first, then the next oldest.
async fn an_eviction(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [oldest, _] = scene.sign_in("tablet").await;
    scene.sign_in("watch").await;
    let [newest, _] = sign_in(&scene.servers[0], "desktop").await;
    scene.is_refused(&scene.stays).await;
    scene.is_let_in(&oldest).await;
    scene.is_let_in(&newest).await;
}

async fn a_refresh_token_that_comes_back(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, spent] = scene.sign_in("tablet").await;
    let [_, next] = scene.refreshed(&spent, "tablet").await;
    let [latest, _] = scene.refreshed(&next, "tablet").await;
    let (status, body) = scene.refresh(&spent, "tablet").await;
    assert_eq!((status, body["error"].as_str()), (401, Some("refresh_token_reused")));
    scene.only_is_refused(&latest).await;
    scene.only_is_refused(&access).await;
}

/// R48.
async fn a_token_of_another_client(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, refresh] = scene.sign_in("tablet").await;
    let (status, body) = scene.refresh(&refresh, "thief").await;
    assert_eq!((status, body["error"].as_str()), (401, Some("client_id_mismatch")));
    scene.only_is_refused(&access).await;
}

/// The session lives on.
async fn one_access_token(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, refresh] = scene.sign_in("tablet").await;
    let mut tokens = TokenServiceClient::connect(scene.servers[0].base()).await.unwrap();
    tokens.revoke_token(RevokeTokenRequest { token: access.clone() }).await.unwrap();
    scene.only_is_refused(&access).await;
    let [next, _] = scene.refreshed(&refresh, "tablet").await;
    scene.is_let_in(&next).await;
}

/// R29. The session that changes it lives on.
async fn a_password_change(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, _] = scene.sign_in("tablet").await;
    change_password(&scene.servers[0], &scene.stays).await;
    scene.only_is_refused(&access).await;
}

/// R29. All sessions end, and who signs in with the new password is let in.
async fn a_password_reset(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, _] = scene.sign_in("tablet").await;
    reset_password(&scene.servers[0], "tablet", NEW_PASSWORD).await;
    scene.is_refused(&access).await;
    scene.is_refused(&scene.stays).await;
    let [next, _] = sign_in_with(&scene.servers[1], NEW_PASSWORD, "tablet").await;
    scene.is_let_in(&next).await;
}

/// R44, R56. Who signs up at the address again is somebody else.
async fn an_account_deletion(stack: Stack) {
    let scene = Scene::on(stack).await;
    let [access, _] = scene.sign_in("tablet").await;
    delete_account(&scene.servers[0], &scene.stays).await;
    scene.is_refused(&access).await;
    scene.is_refused(&scene.stays).await;
    scene.servers[1].sign_up(ADA, "phone").await;
    scene.sign_in("tablet").await;
    scene.is_refused(&access).await;
}

on_shared_stacks! {
    a_logout
    a_logout_everywhere
    an_eviction
    a_refresh_token_that_comes_back
    a_token_of_another_client
    a_password_change
    a_password_reset
    an_account_deletion
    one_access_token
}
