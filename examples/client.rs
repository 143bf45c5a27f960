//! The life of an account over gRPC: sign up, look, refresh, sign out.
//!
//! With `sekisho dev` running: `cargo run --example client`

#![expect(clippy::print_stdout, reason = "it talks to a person")]

use std::error::Error;

use sekisho::proto::sekisho::v1::{
    GetProfileRequest, LogoutRequest, RefreshTokenRequest, SendSignupCodeRequest, VerifySignupCodeRequest,
    auth_service_client::AuthServiceClient, user_service_client::UserServiceClient,
};
use tonic::{Request, transport::Channel};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let service = arguments.next().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let operations = arguments.next().unwrap_or_else(|| "http://127.0.0.1:9090".to_owned());
    let email = format!("grace-{}@example.com", std::process::id());
    let client_id = "example".to_owned();

    let channel = Channel::from_shared(service)?.connect().await?;
    let mut auth = AuthServiceClient::new(channel.clone());
    let mut users = UserServiceClient::new(channel);

    let password = "correct horse battery staple".to_owned();
    let request = SendSignupCodeRequest { email: email.clone(), password, client_id: client_id.clone() };
    println!("{}", auth.send_signup_code(request).await?.into_inner().message);

    let code = code(&operations, &email).await?;
    let request = VerifySignupCodeRequest { email, code, client_id: client_id.clone() };
    let signed_in = auth.verify_signup_code(request).await?.into_inner();
    println!("signed up; the access token lives for {} s", signed_in.expires_in);

    let mut request = Request::new(GetProfileRequest {});
    let bearer = format!("Bearer {}", signed_in.access_token);
    request.metadata_mut().insert("authorization", bearer.parse()?);
    let user = users.get_profile(request).await?.into_inner().user.ok_or("no user")?;
    println!("signed in as {} ({})", user.email, user.id);

    let request = RefreshTokenRequest { refresh_token: signed_in.refresh_token, client_id: client_id.clone() };
    let refreshed = auth.refresh_token(request).await?.into_inner();
    println!("refreshed; the next refresh token begins with {}…", &refreshed.refresh_token[..8]);

    let request = LogoutRequest { refresh_token: refreshed.refresh_token.clone(), client_id: client_id.clone() };
    println!("{}", auth.logout(request).await?.into_inner().message);
    let request = RefreshTokenRequest { refresh_token: refreshed.refresh_token, client_id };
    let refusal = auth.refresh_token(request).await.err().ok_or("the session lives on")?;
    println!("and after that: {}", refusal.message());
    Ok(())
}

/// The code from the mailbox of `sekisho dev`, once the mail is there.
async fn code(operations: &str, email: &str) -> Outcome<String> {
    loop {
        let mails: serde_json::Value =
            reqwest::get(format!("{operations}/dev/mailbox?to={email}")).await?.json().await?;
        if let Some(code) = mails[0]["code"].as_str() {
            return Ok(code.to_owned());
        }
    }
}
