//! Those who guess a code that was mailed to somebody else: half of them over REST, half
//! over gRPC, all at the same moment.

use std::sync::Arc;

use sekisho::proto::sekisho::v1::{
    VerifyPasswordResetCodeRequest, VerifySignupCodeRequest, auth_service_client::AuthServiceClient,
};
use serde_json::{Value, json};
use tokio::{sync::Barrier, task::JoinSet};
use tonic::transport::Channel;

use crate::{
    Outcome,
    answer::{Answer, DONE},
    servers::Service,
    signed_in::connect,
};

/// Of gRPC. A connection carries no more than 200 calls at a time.
const CONNECTIONS: u64 = 16;
const CLIENT: &str = "laptop";
/// Of codes.
const CODES: u64 = 1_000_000;

/// What a code is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    SignUp,
    Reset,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Reset => "reset",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::SignUp => "signup",
            Self::Reset => "password-reset",
        }
    }
}

/// The connections of those who guess, and the mailbox, which they do not see.
pub(crate) struct Guessers {
    service: Service,
    /// A connection of HTTP/1.1 for each call at a time.
    rest: reqwest::Client,
    grpc: Vec<AuthServiceClient<Channel>>,
}

impl Guessers {
    pub(crate) async fn at(service: Service) -> Outcome<Self> {
        let mut grpc = Vec::new();
        for _ in 0..CONNECTIONS {
            grpc.push(AuthServiceClient::new(connect(&service.url).await?));
        }
        Ok(Self { service, rest: reqwest::Client::builder().http1_only().build()?, grpc })
    }

    async fn post(&self, purpose: Purpose, act: &str, body: &Value) -> Outcome<Answer> {
        let url = format!("{}/api/v1/auth/{}/{act}", self.service.url, purpose.path());
        Answer::over_rest(self.rest.post(url).json(body)).await
    }

    /// Has a code mailed, and reads the mail.
    pub(crate) async fn begin(&self, purpose: Purpose, email: &str) -> Outcome<String> {
        let mut body = json!({"email": email, "client_id": CLIENT});
        if let Purpose::SignUp = purpose {
            body["password"] = json!(crate::accounts::PASSWORD);
        }
        let answer = self.post(purpose, "send-code", &body).await?;
        if answer.reason != DONE {
            return Err(format!("no code was sent: {}", answer.reason).into());
        }
        self.mailed(email).await
    }

    /// Has another code mailed in the place of the one that waits.
    pub(crate) async fn send_another(&self, purpose: Purpose, email: &str) -> Outcome<Answer> {
        let act = match purpose {
            Purpose::SignUp => "resend-code",
            Purpose::Reset => "send-code",
        };
        self.post(purpose, act, &json!({"email": email, "client_id": CLIENT})).await
    }

    /// The newest code.
    pub(crate) async fn mailed(&self, email: &str) -> Outcome<String> {
        let mails: Value =
            self.rest.get(format!("{}/dev/mailbox?to={email}", self.service.ops)).send().await?.json().await?;
        Ok(mails[0]["code"].as_str().ok_or("no code in the mail")?.to_owned())
    }

    /// Presents a code.
    pub(crate) async fn present(&self, purpose: Purpose, email: &str, code: &str) -> Outcome<Answer> {
        self.post(purpose, "verify-code", &json!({"email": email, "code": code, "client_id": CLIENT})).await
    }

    /// Presents so many codes at the same moment, none of them the right one.
    pub(crate) async fn guess(self: &Arc<Self>, guessed: Guessed<'_>, guesses: u64) -> Outcome<Vec<Answer>> {
        let barrier = Arc::new(Barrier::new(usize::try_from(guesses)?));
        let mut guessing = JoinSet::new();
        for (number, grpc) in (0..guesses).zip(self.grpc.iter().cycle()) {
            let (this, grpc, barrier) = (self.clone(), grpc.clone(), barrier.clone());
            let (purpose, email, code) = (guessed.purpose, guessed.email.to_owned(), guessed.wrong(number)?);
            guessing.spawn(async move {
                barrier.wait().await;
                if number % 2 == 0 {
                    this.present(purpose, &email, &code).await
                } else {
                    present_over_grpc(grpc, purpose, email, code).await
                }
            });
        }
        let mut answers = Vec::new();
        while let Some(done) = guessing.join_next().await {
            answers.push(done??);
        }
        Ok(answers)
    }
}

async fn present_over_grpc(
    mut client: AuthServiceClient<Channel>,
    purpose: Purpose,
    email: String,
    code: String,
) -> Outcome<Answer> {
    let client_id = CLIENT.to_owned();
    match purpose {
        Purpose::SignUp => {
            let request = VerifySignupCodeRequest { email, code, client_id };
            Answer::over_grpc(client.verify_signup_code(request).await)
        }
        Purpose::Reset => {
            let request = VerifyPasswordResetCodeRequest { email, code, client_id };
            Answer::over_grpc(client.verify_password_reset_code(request).await)
        }
    }
}

/// What is guessed.
#[derive(Clone, Copy)]
pub(crate) struct Guessed<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) email: &'a str,
    pub(crate) right: &'a str,
}

impl Guessed<'_> {
    /// A code that is not the right one; another for each number.
    pub(crate) fn wrong(&self, number: u64) -> Outcome<String> {
        let right: u64 = self.right.parse()?;
        Ok(format!("{:06}", (right + 1 + number % (CODES - 1)) % CODES))
    }
}
