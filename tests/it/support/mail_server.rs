//! A real mail server, in whatever mood a test wants it.

mod mailboxes;

use std::{
    io,
    net::{IpAddr, TcpListener},
    path::Path,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use mail_parser::MessageParser;
use mailin_embedded::{Handler, Response, Server, SslConfig, response};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

pub use mailboxes::Mailboxes;

/// Each keeps its connections open, and one of them takes a thread.
const THREADS: u32 = 32;

/// One mail as it came over the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The message, without dot-stuffing.
    pub message: Vec<u8>,
}

impl Received {
    /// The subject, decoded.
    pub fn subject(&self) -> String {
        MessageParser::default().parse(&self.message).unwrap().subject().expect("a subject").to_owned()
    }

    /// The code in the text.
    pub fn code(&self) -> String {
        let message = MessageParser::default().parse(&self.message).unwrap();
        let text = message.body_text(0).unwrap();
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        text.lines().map(str::trim).find(is_code).expect("a code").to_owned()
    }
}

/// What a server does with a recipient that it is asked to take.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    /// Takes it.
    Take,
    /// Says nothing until the mood changes.
    Hold,
    /// Refuses it with this reply.
    Refuse(u16),
}

/// A mail server on a port of this host, for as long as the process lives.
pub struct MailServer {
    /// What `SEKISHO_SMTP_URL` is set to.
    pub url: String,
    temper: Arc<(Mutex<Mood>, Condvar)>,
    asked: UnboundedReceiver<String>,
    received: UnboundedReceiver<Received>,
}

impl MailServer {
    /// Starts a server that takes every mail, on a free port.
    pub fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Starts a server that takes every mail.
    pub fn on(listener: TcpListener) -> Self {
        Self::with(listener, SslConfig::None)
    }

    /// The same with STARTTLS, by the paths of a certificate and its key.
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        let text = |path: &Path| path.display().to_string();
        let tls = SslConfig::SelfSigned { cert_path: text(certificate), key_path: text(key) };
        Self::with(TcpListener::bind("127.0.0.1:0").unwrap(), tls)
    }

    fn with(listener: TcpListener, tls: SslConfig) -> Self {
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let temper = Arc::new((Mutex::new(Mood::Take), Condvar::new()));
        let (asks, asked) = unbounded_channel();
        let (sender, received) = unbounded_channel();
        let session = Session { temper: temper.clone(), asks, sender, mail: Received::default() };
        let mut server = Server::new(session);
        server.with_name("mx.example.com").with_num_threads(THREADS).with_ssl(tls).unwrap();
        server.with_tcp_listener(listener);
        thread::spawn(move || server.serve().unwrap());
        Self { url, temper, asked, received }
    }

    /// Changes what it does from now on.
    pub fn set(&self, mood: Mood) {
        *self.temper.0.lock().unwrap() = mood;
        self.temper.1.notify_all();
    }

    /// Sorts the mails by recipient, from now on; and where the server is.
    pub fn into_mailboxes(self) -> (Arc<Mailboxes>, String) {
        (Mailboxes::fill(self.received), self.url)
    }

    /// The next mail, in the order of arrival.
    pub async fn next(&mut self) -> Received {
        next(&mut self.received).await
    }

    /// The next recipient that it is asked to take, whatever it does then.
    pub async fn next_asked(&mut self) -> String {
        next(&mut self.asked).await
    }

    /// That it was asked for no recipient more than was looked at.
    #[track_caller]
    pub fn assert_asked_no_more(&mut self) {
        assert!(self.asked.try_recv().is_err(), "another attempt");
    }
}

async fn next<T>(channel: &mut UnboundedReceiver<T>) -> T {
    timeout(Duration::from_secs(60), channel.recv()).await.expect("nothing within 60 s").unwrap()
}

#[derive(Clone)]
struct Session {
    temper: Arc<(Mutex<Mood>, Condvar)>,
    asks: UnboundedSender<String>,
    sender: UnboundedSender<Received>,
    mail: Received,
}

impl Handler for Session {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.mail = Received { from: from.to_owned(), ..Received::default() };
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        // Nobody looks any more where the test has ended.
        let _ = self.asks.send(to.to_owned());
        let (mood, changed) = &*self.temper;
        match *changed.wait_while(mood.lock().unwrap(), |mood| *mood == Mood::Hold).unwrap() {
            Mood::Refuse(code) => Response::custom(code, "Not now, ada@example.com".to_owned()),
            Mood::Take | Mood::Hold => {
                self.mail.to.push(to.to_owned());
                response::OK
            }
        }
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.mail.message.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let _ = self.sender.send(self.mail.clone());
        response::OK
    }
}
