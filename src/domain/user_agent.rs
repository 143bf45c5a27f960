//! What a caller says it is.

use woothee::parser::{Parser, WootheeResult};

use super::{Name, name};

/// The header as far as it is kept, in bytes: beyond it browsers say nothing of
/// themselves.
const MAX_LENGTH: usize = 512;

/// A `user-agent` header (RFC 9110, section 10.1.5); empty if there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// Keeps what is legal of a header.
    pub fn salvage(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(MAX_LENGTH)];
        Self(text.chars().filter(|c| !name::is_forbidden(*c)).collect())
    }

    /// A name for a list of devices: "Firefox on Windows" of a browser, else what
    /// the program says of itself, cut to the length of a name.
    pub fn device(&self) -> Name {
        let browser = Parser::new().parse(&self.0).and_then(|agent| browser(&agent));
        Name::salvage(&browser.unwrap_or_else(|| self.0.clone()))
    }
}

/// Other categories are crawlers, libraries, and telephones before browsers.
fn browser(agent: &WootheeResult<'_>) -> Option<String> {
    let is_browser = matches!(agent.category, "pc" | "smartphone" | "appliance");
    let is_known = agent.name != "UNKNOWN" && agent.os != "UNKNOWN";
    (is_browser && is_known).then(|| format!("{} on {}", agent.name, system(agent.os)))
}

/// Without a version: browsers have stopped telling a true one.
fn system(os: &str) -> &str {
    match os {
        "Mac OSX" => "macOS",
        "ChromeOS" => "Chrome OS",
        "Windows Phone OS" => "Windows Phone",
        os if os.starts_with("Windows") => "Windows",
        os => os,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn browsers_are_named_with_their_system() {
        for (header, device) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Windows"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0",
                "Opera on Windows",
            ),
            ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "Chrome on macOS",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
                "Firefox on macOS",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
            ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "Chrome on Chrome OS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
                "Safari on iPad",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 14_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15",
                "Firefox on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Firefox on Android"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
                "SamsungBrowser on Android",
            ),
        ] {
            assert_eq!(UserAgent::salvage(header).device().as_str(), device, "{header}");
        }
    }

    #[test]
    fn whatever_else_stays_as_it_is() {
        for header in [
            "",
            "grpc-java-okhttp/1.6",
            "grpc-go/1.64.0",
            "grpc-node-js/1.10.9",
            "grpc-python/1.64.1 grpc-c/41.0.0 (linux; chttp2)",
            "tonic/0.14.9",
            "grpc-web-javascript/0.1",
            "curl/8.7.1",
            "okhttp/4.12.0",
            "Dart/3.4 (dart:io)",
            "MyApp/42 CFNetwork/1496.0.7 Darwin/23.5.0",
            "python-requests/2.32.3",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "山's toaster",
        ] {
            assert_eq!(UserAgent::salvage(header).device().as_str(), header);
        }
        let long = format!("toaster/{}", "1".repeat(5_000));
        assert_eq!(UserAgent::salvage(&long).device().as_str(), &long[..name::MAX_LENGTH]);
        assert_eq!(
            UserAgent::salvage("toaster\r\nset-cookie: a=b\u{202E}").device().as_str(),
            "toasterset-cookie: a=b"
        );
    }

    proptest! {
        #[test]
        fn any_header_has_a_name(header in "\\PC{0,600}|Mozilla/5.0 \\([ -~]{0,80}\\)[ -~]{0,200}") {
            let device = UserAgent::salvage(&header).device();
            prop_assert!(device.as_str().chars().count() <= name::MAX_LENGTH);
        }
    }
}
