use super::*;

const HOSTILE: &str = "<img src=x onerror=alert(1)> & \"Tarō's\"\r\n\r\nCall 0120";

fn every_message() -> Vec<Message> {
    let (at, address) = ("2026-01-02T03:04:05Z".to_owned(), "2001:db8::1".to_owned());
    let account = |what| Message::Account { what, at: at.clone(), device: HOSTILE.into(), address: address.clone() };
    let rest = AccountNews::ALL.map(account);
    [
        Message::ResetCode { code: "048213".into(), minutes: 15 },
        Message::EmailChangeCode { code: "048213".into(), minutes: 15 },
        Message::SignupCode { code: "048213".into(), minutes: 15 },
        Message::AlreadyRegistered,
        Message::SessionEnded { at: at.clone(), device: HOSTILE.into(), address: address.clone() },
    ]
    .into_iter()
    .chain(rest)
    .collect()
}

fn signup(minutes: u32, locale: Locale) -> Mail {
    compose("taro@example.com", &Message::SignupCode { code: "048213".into(), minutes }, locale)
}

fn ended(device: &str, locale: Locale) -> Mail {
    let message =
        Message::SessionEnded { at: "2026-01-02T03:04:05Z".into(), device: device.into(), address: "192.0.2.7".into() };
    compose("taro@example.com", &message, locale)
}

fn assert_contains(part: &str, words: &[&str]) {
    for word in words {
        assert!(part.contains(word), "{word:?} is not in {part}");
    }
}

#[test]
fn a_code_mail_says_code_lifetime_and_what_to_do_with_a_stray_one() {
    for (locale, words) in [
        (Locale::En, ["048213", "15 minutes", "ignore this mail"]),
        (Locale::Ja, ["048213", "15 分", "このメールを破棄してください"]),
    ] {
        let mail = signup(15, locale);
        assert_eq!(mail.to, "taro@example.com");
        assert_eq!(mail.code.as_deref(), Some("048213"));
        assert_contains(&mail.text, &words);
        assert_contains(&mail.html, &words);
    }
}

#[test]
fn one_minute_is_singular() {
    assert_contains(&signup(1, Locale::En).text, &["expires in 1 minute."]);
}

#[test]
fn a_subject_is_one_line_in_the_readers_language_without_the_code() {
    for message in every_message() {
        let [english, japanese] = Locale::ALL.map(|locale| compose("taro@example.com", &message, locale).subject);
        assert!(english.is_ascii(), "{english}");
        assert!(japanese.starts_with("【Sekisho】"), "{japanese}");
        for subject in [english, japanese] {
            assert!(!subject.contains("048213") && !subject.contains(['\r', '\n']), "{subject}");
        }
    }
}

#[test]
fn only_a_code_mail_has_a_code() {
    for message in every_message() {
        let mail = compose("a@example.com", &message, Locale::En);
        assert_eq!(mail.code.as_deref(), mail.text.contains("048213").then_some("048213"), "{}", mail.subject);
    }
}

#[test]
fn the_html_is_escaped_and_the_text_is_not() {
    for locale in Locale::ALL {
        let mail = ended(HOSTILE, locale);
        assert_contains(&mail.html, &["&#60;img src=x onerror=alert(1)&#62; &#38; &#34;Tarō&#39;s&#34; Call 0120"]);
        assert!(!mail.html.contains("<img"), "{}", mail.html);
        assert_contains(&mail.text, &["<img src=x onerror=alert(1)> & \"Tarō's\" Call 0120\n"]);
    }
}

#[test]
fn an_ended_session_is_described() {
    for (locale, unknown) in [(Locale::En, "unknown"), (Locale::Ja, "不明")] {
        let mail = ended("", locale);
        for part in [&mail.text, &mail.html] {
            assert_contains(part, &["2026-01-02 03:04 UTC", "192.0.2.7", unknown]);
        }
    }
}

#[test]
fn news_of_an_account_say_what_when_from_where_and_how_to_react() {
    for what in AccountNews::ALL {
        for locale in Locale::ALL {
            let address = "192.0.2.7".to_owned();
            let message =
                Message::Account { what, at: "2026-01-02T03:04:05Z".into(), device: "laptop".into(), address };
            let mail = compose("taro@example.com", &message, locale);
            let wanted = [
                account::happened(&what, locale),
                "2026-01-02 03:04 UTC",
                "laptop",
                "192.0.2.7",
                account::advice(&what, locale),
            ];
            assert_contains(&mail.text, &wanted);
            assert_contains(&mail.html, &wanted);
        }
    }
}

#[test]
fn html_is_a_document_that_names_its_language() {
    for message in every_message() {
        for locale in Locale::ALL {
            let html = compose("a@example.com", &message, locale).html;
            let start = format!("<!doctype html>\n<html lang=\"{}\">", locale.tag());
            assert!(html.starts_with(&start), "{html}");
            assert!(html.trim_end().ends_with("</html>"), "{html}");
        }
    }
}

#[test]
fn the_text_of_a_code_mail_in_full() {
    assert_eq!(
        signup(15, Locale::En).text,
        "Welcome to Sekisho.\n\
         \n\
         Your verification code is:\n\
         \n    048213\n\
         \n\
         Enter it to confirm your e-mail address. The code expires in 15 minutes. \
         Do not give it to anyone; we will never ask you for it.\n\
         \n\
         If you did not ask for this code, please ignore this mail. \
         No account is opened without the code.\n\
         \n-- \n\
         This mail was sent automatically by Sekisho."
    );
}
