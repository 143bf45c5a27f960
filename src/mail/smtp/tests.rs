use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;
use crate::mail::Cause;

/// Where a scripted server departs from taking every mail.
#[derive(Clone, Copy)]
enum Fault {
    /// Replies this to RCPT.
    Rcpt(&'static str),
    /// Never replies to DATA on the first connection.
    SilentOnce,
    /// Does not take the password on the first connection.
    PasswordOnce,
}

/// The lines that a server read, each after its connection's number.
type Lines = mpsc::UnboundedReceiver<String>;

/// A server on a free port.
async fn server(fault: Fault) -> (u16, Lines) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (lines, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 1.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, number, fault, lines.clone()));
        }
    });
    (port, seen)
}

async fn serve(stream: TcpStream, number: usize, fault: Fault, lines: mpsc::UnboundedSender<String>) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await.unwrap();
    let mut in_data = false;
    while let Ok(Some(line)) = reader.next_line().await {
        lines.send(format!("{number} {line}")).unwrap();
        in_data = in_data && line != ".";
        let reply = match (line.get(..4).unwrap_or_default(), fault) {
            _ if in_data => continue,
            ("RCPT", Fault::Rcpt(reply)) => reply,
            ("DATA", Fault::SilentOnce) if number == 1 => continue,
            ("EHLO", Fault::PasswordOnce) => "250 AUTH PLAIN",
            ("AUTH", Fault::PasswordOnce) if number == 1 => "535 not that one",
            ("AUTH", _) => "235 welcome",
            ("DATA", _) => {
                in_data = true;
                "354 go on"
            }
            _ => "250 fine",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_password_that_is_not_taken_is_no_fault_of_the_mail() {
    let (port, _lines) = server(Fault::PasswordOnce).await;
    let smtp = client_of(&format!("smtp://user:old@127.0.0.1:{port}"), DELIVERY_TIME_OUT);
    let refused = smtp.deliver(&mail("taro@example.com")).await;
    assert_eq!(refused, Err(MailError::Transient(Cause::Reply(535))));
    assert_eq!(smtp.deliver(&mail("taro@example.com")).await, Ok(()));
}

fn client(port: u16, time_out: Duration) -> Smtp {
    client_of(&format!("smtp://127.0.0.1:{port}"), time_out)
}

fn client_of(url: &str, time_out: Duration) -> Smtp {
    Smtp::with_time_out(url, "no-reply@example.com", time_out).unwrap()
}

fn mail(to: &str) -> Mail {
    Mail { to: to.into(), subject: "Hello".into(), text: "text".into(), html: "html".into(), code: None }
}

#[tokio::test]
async fn a_refused_connection_is_transient() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let answer = client(port, DELIVERY_TIME_OUT).deliver(&mail("taro@example.com")).await;
    assert_eq!(answer, Err(MailError::Transient(Cause::Connection)));
}

#[tokio::test]
async fn the_reply_decides_and_its_text_is_dropped() {
    for (reply, wanted) in [
        ("451 <taro@example.com> greylisted", MailError::Transient(Cause::Reply(451))),
        ("550 <taro@example.com> unknown", MailError::Permanent(Cause::Reply(550))),
        ("530 <taro@example.com> sign in first", MailError::Transient(Cause::Reply(530))),
        ("554 <taro@example.com> not from you", MailError::Transient(Cause::Reply(554))),
        ("553 <taro@example.com> not a sender of yours", MailError::Transient(Cause::Reply(553))),
        ("550 5.1.1 <taro@example.com> unknown", MailError::Permanent(Cause::Reply(550))),
        ("550 5.2.1 <taro@example.com> takes nothing", MailError::Permanent(Cause::Reply(550))),
        ("554 5.1.3 <taro@example.com> no address", MailError::Permanent(Cause::Reply(554))),
        ("550 5.4.1 <taro@example.com> access denied", MailError::Permanent(Cause::Reply(550))),
        ("550 5.1.0 your address is rejected", MailError::Transient(Cause::Reply(550))),
        ("550 5.2.2 <taro@example.com> is full", MailError::Transient(Cause::Reply(550))),
        ("550 5.4.5 the day has had enough of you", MailError::Transient(Cause::Reply(550))),
        ("550 5.7.26 you are not who you say", MailError::Transient(Cause::Reply(550))),
        ("550 5.1.8 your domain does not exist", MailError::Transient(Cause::Reply(550))),
        ("450 4.1.1 <taro@example.com> not now", MailError::Transient(Cause::Reply(450))),
    ] {
        let (port, _lines) = server(Fault::Rcpt(reply)).await;
        let smtp = client(port, DELIVERY_TIME_OUT);
        let error = smtp.deliver(&mail("taro@example.com")).await.unwrap_err();
        assert_eq!(error, wanted);
        assert!(!format!("{error} {error:?}").contains("taro"), "{error}");
    }
}

#[tokio::test]
async fn after_a_time_out_the_next_mail_takes_another_connection() {
    let (port, lines) = server(Fault::SilentOnce).await;
    let smtp = client(port, Duration::from_secs(3));
    let first = smtp.deliver(&mail("first@example.com")).await;
    assert_eq!(first, Err(MailError::Transient(Cause::TimedOut)));

    assert_eq!(smtp.deliver(&mail("second@example.com")).await, Ok(()));
    assert_eq!(recipients(lines), APART);
}

#[tokio::test]
async fn after_a_delivery_was_cut_off_the_next_mail_takes_another_connection() {
    let (port, mut lines) = server(Fault::SilentOnce).await;
    let smtp = client(port, DELIVERY_TIME_OUT);
    let first = mail("first@example.com");
    let mut before = Vec::new();
    let asked = async {
        while before.last().is_none_or(|line| line != "1 DATA") {
            before.push(lines.recv().await.unwrap());
        }
    };
    tokio::select! {
        answer = smtp.deliver(&first) => panic!("it is never answered: {answer:?}"),
        () = asked => (),
    }

    // A connection goes back to its pool in the background.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(smtp.deliver(&mail("second@example.com")).await, Ok(()));
    assert_eq!([only_recipients(before), recipients(lines)].concat(), APART);
}

const APART: [&str; 2] = ["1 RCPT TO:<first@example.com>", "2 RCPT TO:<second@example.com>"];

fn recipients(mut lines: Lines) -> Vec<String> {
    only_recipients(std::iter::from_fn(|| lines.try_recv().ok()))
}

fn only_recipients(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    lines.into_iter().filter(|line| line.contains(" RCPT ")).collect()
}

#[test]
fn neither_errors_nor_debug_show_the_settings() {
    let good = Smtp::from_url("smtp://user:hunter2@localhost", "no-reply@example.com").unwrap();
    assert_eq!(format!("{good:?}"), "Smtp");
    for (url, from) in [
        ("smtp://user:hunter2@localhost:port", "no-reply@example.com"),
        ("smtp://user:hunter2@localhost?tls=hunter2", "no-reply@example.com"),
        ("smtp://user:hunter2@localhost", "hunter2"),
    ] {
        let error = Smtp::from_url(url, from).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}
