//! The real binary as a process of its own.

use std::{path::Path, process::Stdio};

use reqwest::{Method, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

use super::{
    eventually,
    http::{self, Answer},
};

/// The settings of `serve`, on a SQLite file in `data`.
pub fn serve_settings(data: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("SEKISHO_LISTEN", "127.0.0.1:0".into()),
        ("SEKISHO_OPS_LISTEN", "127.0.0.1:0".into()),
        ("SEKISHO_DATABASE_URL", format!("sqlite://{}", data.join("sekisho.db").display())),
        // A busy machine is no fault.
        ("SEKISHO_DATABASE_TIMEOUT", "10000".into()),
        ("SEKISHO_HEADER_TIMEOUT", "600".into()),
        ("SEKISHO_SECRET", super::app::SECRET.into()),
        ("SEKISHO_ISSUER", "https://auth.example.com".into()),
        ("SEKISHO_AUDIENCE", "example".into()),
        // The port of discard: nobody listens.
        ("SEKISHO_SMTP_URL", "smtp://127.0.0.1:9".into()),
        ("SEKISHO_MAIL_FROM", "no-reply@example.com".into()),
        ("SEKISHO_TLS_TERMINATED", "true".into()),
        ("SEKISHO_BCRYPT_COST", "10".into()),
    ]
}

/// The settings of `dev` that a test needs.
pub fn dev_settings() -> Vec<(&'static str, String)> {
    vec![
        ("SEKISHO_LISTEN", "127.0.0.1:0".into()),
        ("SEKISHO_OPS_LISTEN", "127.0.0.1:0".into()),
        ("SEKISHO_DATABASE_TIMEOUT", "10000".into()),
        ("SEKISHO_HEADER_TIMEOUT", "600".into()),
        ("SEKISHO_BCRYPT_COST", "4".into()),
    ]
}

/// Where the binary is.
pub const fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_sekisho")
}

/// The command, in a folder and with these settings only.
pub fn command(folder: &Path, arguments: &[&str], settings: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments);
    alone(command, folder, settings)
}

fn alone(mut command: Command, folder: &Path, settings: &[(&'static str, String)]) -> Command {
    command.env_clear().envs(settings.iter().cloned()).current_dir(folder).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a command ended.
pub struct Ended {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

/// Runs a command to its end.
pub async fn run(folder: &Path, arguments: &[&str], settings: &[(&'static str, String)]) -> Ended {
    run_binary(binary(), folder, arguments, settings).await
}

/// The same of another binary.
pub async fn run_binary(binary: &str, folder: &Path, arguments: &[&str], settings: &[(&'static str, String)]) -> Ended {
    let mut command = Command::new(binary);
    command.args(arguments);
    let output = alone(command, folder, settings).output().await.unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A service that is ready.
pub struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: JoinHandle<String>,
    /// The first line that it printed.
    pub ready: Value,
    client: reqwest::Client,
}

impl Service {
    /// Starts it and waits for the ready line.
    pub async fn start(folder: &Path, arguments: &[&str], settings: &[(&'static str, String)]) -> Self {
        Self::spawn(command(folder, arguments, settings), folder, settings).await
    }

    /// The same by another command, which becomes it.
    pub async fn spawn(command: Command, folder: &Path, settings: &[(&'static str, String)]) -> Self {
        let mut child = alone(command, folder, settings).spawn().unwrap();
        // Read all the time: a full pipe would stop the service.
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let ready = serde_json::from_str(&line).expect("a ready line");
        Self { child, stdout, log, ready, client: reqwest::Client::new() }
    }

    /// `http://` and the public address.
    pub fn base(&self) -> String {
        format!("http://{}", self.ready["listen"].as_str().unwrap())
    }

    /// A request to the public listener, to be sent or changed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base()))
    }

    /// Gets a page of the operations listener.
    pub async fn ops(&self, path: &str) -> reqwest::Response {
        let url = format!("http://{}{path}", self.ready["ops"].as_str().unwrap());
        self.client.get(url).send().await.unwrap()
    }

    /// Waits until probes say that it is ready, which on a busy machine is not at once.
    pub async fn is_ready(&self) {
        eventually(async || self.ops("/readyz").await.status() == 200).await;
    }

    /// Posts JSON; an error if the connection breaks.
    pub async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<(u16, Value)> {
        let answer = self.request(Method::POST, path).json(body).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await?))
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        http::send(self.request(Method::POST, path).json(&body)).await
    }

    /// Makes an account, and returns its first refresh token.
    pub async fn sign_up(&self, email: &str, client_id: &str) -> String {
        let password = super::app::PASSWORD;
        let body = json!({"email": email, "password": password, "client_id": client_id});
        let answer = self.post("/api/v1/auth/signup/send-code", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let code = self.try_mailed_code(email).await.unwrap().expect("a mailbox that can be looked at");
        let body = json!({"email": email, "code": code, "client_id": client_id});
        let answer = self.post("/api/v1/auth/signup/verify-code", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["refresh_token"].as_str().unwrap().to_owned()
    }

    /// The newest code that it mailed to an address; notices have none. Nothing while a store
    /// is away.
    async fn try_mailed_code(&self, email: &str) -> reqwest::Result<Option<String>> {
        let url = format!("http://{}/dev/mailbox?to={email}", self.ready["ops"].as_str().unwrap());
        let answer = self.client.get(url).send().await?;
        if answer.status() == 503 {
            return Ok(None);
        }
        let mails: Vec<Value> = answer.json().await?;
        let code = mails.iter().find_map(|mail| mail["code"].as_str());
        Ok(Some(code.expect("a code").to_owned()))
    }

    /// Resets a password, from the code to the end: the last answer, which is the
    /// first refusal if there is one.
    pub async fn try_reset(&self, email: &str, password: &str, client_id: &str) -> reqwest::Result<(u16, Value)> {
        let path = |step| format!("/api/v1/auth/password-reset/{step}");
        let body = json!({"email": email, "client_id": client_id});
        let answer = self.try_post(&path("send-code"), &body).await?;
        if answer.0 != 200 {
            return Ok(answer);
        }
        let Some(code) = self.try_mailed_code(email).await? else {
            return Ok((503, json!({"error": "store_unavailable"})));
        };
        let body = json!({"email": email, "code": code, "client_id": client_id});
        let answer = self.try_post(&path("verify-code"), &body).await?;
        if answer.0 != 200 {
            return Ok(answer);
        }
        let token = &answer.1["reset_token"];
        let body = json!({"reset_token": token, "new_password": password, "client_id": client_id});
        self.try_post(&path("complete"), &body).await
    }

    /// Its number.
    pub fn id(&self) -> Pid {
        let id = self.child.id().expect("a running process");
        Pid::from_raw(id.cast_signed()).unwrap()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).unwrap();
    }

    /// Kills it as a power cut would, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        // Connections that are kept open would be waited for.
        drop(self.client);
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).await.unwrap();
        let stderr = self.log.await.unwrap();
        Ended { code: self.child.wait().await.unwrap().code(), stdout, stderr }
    }
}
