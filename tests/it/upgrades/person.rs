//! One person with one session at a time, and all that they were told.

use sekisho::proto::sekisho::v1::{
    ChangePasswordRequest, CompletePasswordResetRequest, LoginRequest, LogoutRequest, RefreshTokenRequest,
    SendPasswordResetCodeRequest, SendSignupCodeRequest, VerifyPasswordResetCodeRequest, VerifySignupCodeRequest,
    auth_service_client::AuthServiceClient, user_service_client::UserServiceClient,
};
use tonic::{Status, transport::Channel};

use super::{Caller, life::Town};
use crate::support::{app::PASSWORD, feed::reason, mail_server::Mailboxes};

const CLIENT: &str = "laptop";
/// Of the mails with a code.
const TO_SIGN_UP: &str = "verification code";
const TO_RESET: &str = "reset code";

/// What a sign-in gave.
struct Tokens {
    access: String,
    refresh: String,
}

/// See the module.
pub struct Person {
    email: String,
    passwords: Vec<String>,
    session: Option<Tokens>,
    ended: Vec<Tokens>,
    resets: usize,
}

impl Person {
    /// Asks for a code to sign up with.
    pub async fn begin(caller: &Caller, email: String) -> Self {
        let request =
            SendSignupCodeRequest { email: email.clone(), password: PASSWORD.to_owned(), client_id: CLIENT.to_owned() };
        let send =
            |channel: Channel, request| async move { AuthServiceClient::new(channel).send_signup_code(request).await };
        done(&email, caller.ask("", request, send).await);
        Self { email, passwords: vec![PASSWORD.to_owned()], session: None, ended: Vec::new(), resets: 0 }
    }

    /// Presents the code that came.
    pub async fn finish(&mut self, caller: &Caller, post: &Mailboxes) {
        let code = post.nth(&self.email, TO_SIGN_UP, 1).await.code();
        let request = VerifySignupCodeRequest { email: self.email.clone(), code, client_id: CLIENT.to_owned() };
        let send = |channel: Channel, request| async move {
            AuthServiceClient::new(channel).verify_signup_code(request).await
        };
        let answer = done(&self.email, caller.ask("", request, send).await);
        self.session = Some(Tokens { access: answer.access_token, refresh: answer.refresh_token });
    }

    /// Signs in with the password of now; the session before goes on, unnoticed.
    pub async fn log_in(&mut self, caller: &Caller) {
        let tokens = done(&self.email, self.try_password(caller, self.password()).await);
        self.session = Some(tokens);
    }

    async fn try_password(&self, caller: &Caller, password: &str) -> Result<Tokens, Status> {
        let request = LoginRequest {
            email: self.email.clone(),
            password: password.to_owned(),
            client_id: CLIENT.to_owned(),
            device_name: None,
        };
        let send = |channel: Channel, request| async move { AuthServiceClient::new(channel).login(request).await };
        let answer = caller.ask("", request, send).await?;
        Ok(Tokens { access: answer.access_token, refresh: answer.refresh_token })
    }

    /// Exchanges the refresh token.
    pub async fn refresh(&mut self, caller: &Caller) {
        let answer = done(&self.email, try_refresh(caller, &self.tokens().refresh).await);
        self.session = Some(answer);
    }

    /// Signs out.
    pub async fn log_out(&mut self, caller: &Caller) {
        let request = LogoutRequest { refresh_token: self.tokens().refresh.clone(), client_id: CLIENT.to_owned() };
        let send = |channel: Channel, request| async move { AuthServiceClient::new(channel).logout(request).await };
        done(&self.email, caller.ask("", request, send).await);
        self.ended.extend(self.session.take());
    }

    /// Chooses another password; the session goes on.
    pub async fn change_password(&mut self, caller: &Caller) {
        let new = self.another_password();
        let request = ChangePasswordRequest { current_password: self.password().to_owned(), new_password: new.clone() };
        let send =
            |channel: Channel, request| async move { UserServiceClient::new(channel).change_password(request).await };
        done(&self.email, caller.ask(&self.tokens().access, request, send).await);
        self.passwords.push(new);
    }

    /// Asks for a code to choose a password with.
    pub async fn begin_reset(&mut self, caller: &Caller) {
        let request = SendPasswordResetCodeRequest { email: self.email.clone(), client_id: CLIENT.to_owned() };
        let send = |channel: Channel, request| async move {
            AuthServiceClient::new(channel).send_password_reset_code(request).await
        };
        done(&self.email, caller.ask("", request, send).await);
        self.resets += 1;
    }

    /// Exchanges the code that came for a token.
    pub async fn prove_reset(&self, caller: &Caller, post: &Mailboxes) -> String {
        let code = post.nth(&self.email, TO_RESET, self.resets).await.code();
        let request = VerifyPasswordResetCodeRequest { email: self.email.clone(), code, client_id: CLIENT.to_owned() };
        let send = |channel: Channel, request| async move {
            AuthServiceClient::new(channel).verify_password_reset_code(request).await
        };
        done(&self.email, caller.ask("", request, send).await).reset_token
    }

    /// Chooses a password with the token: all sessions end.
    pub async fn finish_reset(&mut self, caller: &Caller, reset_token: String) {
        let new = self.another_password();
        let request =
            CompletePasswordResetRequest { reset_token, new_password: new.clone(), client_id: CLIENT.to_owned() };
        let send = |channel: Channel, request| async move {
            AuthServiceClient::new(channel).complete_password_reset(request).await
        };
        done(&self.email, caller.ask("", request, send).await);
        self.passwords.push(new);
        self.ended.extend(self.session.take());
    }

    /// That every answer holds: the last password is right and the one before is not, the
    /// session goes on, and those that ended do not come back, here or at siblings.
    pub async fn was_told_the_truth(&mut self, town: &Town) {
        self.stays_out(&town.caller).await;
        for ended in &self.ended {
            town.sibling.refuses(&ended.access).await;
        }
        if self.session.is_some() {
            self.refresh(&town.caller).await;
            self.is_let_in(town);
        }
        if let [.., spent, _] = &self.passwords[..] {
            let refused = self.try_password(&town.caller, spent).await.map(drop).unwrap_err();
            assert_eq!(reason(&refused), "INVALID_CREDENTIALS", "{}: {refused:?}", self.email);
        }
        self.log_in(&town.caller).await;
        self.is_let_in(town);
    }

    /// That no session that ended comes back.
    pub async fn stays_out(&self, caller: &Caller) {
        for ended in &self.ended {
            let refused = try_refresh(caller, &ended.refresh).await.map(drop).unwrap_err();
            assert_eq!(reason(&refused), "REFRESH_TOKEN_INVALID", "{}: {refused:?}", self.email);
        }
    }

    /// That siblings take the access token of now.
    pub fn is_let_in(&self, town: &Town) {
        town.sibling.lets_in(self.access());
    }

    /// That siblings take none of the session that ended last.
    pub async fn is_out(&self, town: &Town) {
        town.sibling.refuses(&self.ended.last().expect("a session that ended").access).await;
    }

    /// That the session which was taken from the store is worth nothing.
    pub async fn is_signed_out_of_what_was_restored(&mut self, caller: &Caller) {
        self.ended.extend(self.session.take());
        self.stays_out(caller).await;
    }

    /// That the password is none, and that nobody is told more.
    pub async fn is_unknown(&self, caller: &Caller) {
        let refused = self.try_password(caller, self.password()).await.map(drop).unwrap_err();
        assert_eq!(reason(&refused), "INVALID_CREDENTIALS", "{}: {refused:?}", self.email);
    }

    /// The one before is the password again.
    pub fn forgets_the_last_password(&mut self) {
        self.passwords.pop();
    }

    /// The access token of now.
    pub fn access(&self) -> &str {
        &self.tokens().access
    }

    fn tokens(&self) -> &Tokens {
        self.session.as_ref().unwrap_or_else(|| panic!("{} is signed in", self.email))
    }

    fn password(&self) -> &str {
        self.passwords.last().expect("a password")
    }

    fn another_password(&self) -> String {
        format!("correct horse number {}", self.passwords.len())
    }
}

async fn try_refresh(caller: &Caller, refresh: &str) -> Result<Tokens, Status> {
    let request = RefreshTokenRequest { refresh_token: refresh.to_owned(), client_id: CLIENT.to_owned() };
    let send = |channel: Channel, request| async move { AuthServiceClient::new(channel).refresh_token(request).await };
    let answer = caller.ask("", request, send).await?;
    Ok(Tokens { access: answer.access_token, refresh: answer.refresh_token })
}

#[track_caller]
fn done<R>(who: &str, answer: Result<R, Status>) -> R {
    answer.unwrap_or_else(|status| panic!("{who}: {status:?}"))
}
