use proptest::prelude::*;

use super::*;

const PROXIES: [&str; 3] = ["10.0.0.1", "10.0.0.2", "2001:db8:ffff::1"];

/// The client of a call by the first proxy with these header lines.
fn client_of(lines: &[(&'static str, &str)]) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.as_bytes().try_into().unwrap());
    }
    let proxies = PROXIES.map(|proxy| proxy.parse::<IpAddr>().unwrap());
    client(proxies[0], &headers, |address| proxies.contains(&address)).to_string()
}

fn by_list(list: &str) -> String {
    client_of(&[("x-forwarded-for", list)])
}

fn by_standard(list: &str) -> String {
    client_of(&[("forwarded", list)])
}

/// R66.
#[test]
fn the_first_stranger_from_the_right_is_the_client() {
    for (list, wanted) in [
        ("192.0.2.7", "192.0.2.7"),
        ("198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.2, 192.0.2.7", "192.0.2.7"),
        ("198.51.100.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("192.0.2.7,10.0.0.2,2001:db8:ffff::1,10.0.0.1", "192.0.2.7"),
        ("10.0.0.2", "10.0.0.2"),
        ("2001:db8:ffff::1, 10.0.0.2", "2001:db8:ffff::1"),
        ("", "10.0.0.1"),
        (" , ,, ", "10.0.0.1"),
        ("192.0.2.7,, ,", "192.0.2.7"),
    ] {
        assert_eq!(by_list(list), wanted, "{list}");
    }
}

/// R66.
#[test]
fn addresses_are_read_in_every_form_that_proxies_write() {
    for (form, wanted) in [
        ("192.0.2.7:4711", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("fe80::7%eth0", "fe80::7"),
        ("[fe80::7%25eth0]:4711", "fe80::7"),
        ("\t192.0.2.7\t", "192.0.2.7"),
    ] {
        assert_eq!(by_list(form), wanted, "{form}");
        assert_eq!(by_standard(&format!("for=\"{}\"", form.trim())), wanted, "{form}");
    }
}

/// R66. What a known proxy cannot name stops the walk where it is.
#[test]
fn what_is_no_address_is_not_passed_over() {
    for junk in [
        "unknown",
        "_hidden",
        "localhost",
        "192.0.2",
        "192.0.2.256",
        "0300.0.2.7",
        "3221225991",
        "0xc0000207",
        "192.0.2.7:",
        "192.0.2.7:x",
        "192.0.2.7:70000",
        "192.0.2.7 192.0.2.8",
        "192.0.2.7/32",
        "192.0.2.7%eth0",
        "[192.0.2.7]",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]x",
        "[2001:db8::7]:x",
        "2001:db8:::7",
        "[]",
        ":",
        "::ffff:192.0.2.7:80",
        "'192.0.2.7'",
        "<script>",
        "山",
    ] {
        assert_eq!(by_list(junk), "10.0.0.1", "{junk}");
        assert_eq!(by_list(&format!("198.51.100.1, {junk}, 10.0.0.2")), "10.0.0.2", "{junk}");
        assert_eq!(by_list(&format!("{junk}, 192.0.2.7")), "192.0.2.7", "{junk}");
        assert_eq!(by_standard(&format!("for=198.51.100.1, for=\"{junk}\", for=10.0.0.2")), "10.0.0.2", "{junk}");
    }
}

/// R66. RFC 7239, section 4.
#[test]
fn the_standard_header_is_read() {
    for (list, wanted) in [
        ("for=192.0.2.7", "192.0.2.7"),
        ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
        ("proto=https; FOR=192.0.2.7", "192.0.2.7"),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
        ("for=192.0.2.43,for=198.51.100.17;by=\"_x, for=203.0.113.1\", for=10.0.0.2", "198.51.100.17"),
        ("for=\"192.0.2.7:_port\"", "192.0.2.7"),
        ("for=192.0.2.7;host=\"a\\\", for=203.0.113.1\"", "192.0.2.7"),
        ("proto=https", "10.0.0.1"),
        ("for=192.0.2.7;for=192.0.2.8", "10.0.0.1"),
        ("for=", "10.0.0.1"),
        ("for", "10.0.0.1"),
        ("192.0.2.7", "10.0.0.1"),
        ("for=\"192.0.2.7", "10.0.0.1"),
    ] {
        assert_eq!(by_standard(list), wanted, "{list}");
    }
}

/// R66. A proxy writes behind what it was sent.
#[test]
fn nothing_that_a_stranger_sends_hides_what_a_proxy_adds() {
    for sent in ["for=\"192.0.2.1", "\"", "for=\"\\", "\\\"", ";;;", "for=\"192.0.2.1\" \"", "é", ",", "for=10.0.0.2"]
    {
        assert_eq!(by_standard(&format!("{sent}, for=192.0.2.7")), "192.0.2.7", "{sent}");
        assert_eq!(by_list(&format!("{sent}, 192.0.2.7")), "192.0.2.7", "{sent}");
    }
}

/// R66.
#[test]
fn lines_are_one_list() {
    let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "192.0.2.7, 10.0.0.2")];
    assert_eq!(client_of(&lines), "192.0.2.7");
    let lines = [("forwarded", "for=192.0.2.7"), ("forwarded", "for=10.0.0.2"), ("forwarded", "")];
    assert_eq!(client_of(&lines), "192.0.2.7");
}

/// R66. A proxy that writes the one passes the other on as it came.
#[test]
fn of_two_headers_one_is_read() {
    let spoofed = [("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "192.0.2.7")];
    assert_eq!(client_of(&spoofed), "192.0.2.7");
    let spoofed = [("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "unknown")];
    assert_eq!(client_of(&spoofed), "10.0.0.1");
}

proptest! {
    /// R66. Whatever comes with it, a caller that is no proxy is who calls.
    #[test]
    fn strangers_are_not_believed(list: String, forwarded: String) {
        let mut headers = HeaderMap::new();
        for (name, text) in [("x-forwarded-for", list), ("forwarded", forwarded)] {
            if let Ok(value) = http::HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        let peer = IpAddr::from([192, 0, 2, 7]);
        prop_assert_eq!(client(peer, &headers, |_| false), peer);
    }

    /// R66. Whatever a stranger sends, a proxy's own word stands.
    #[test]
    fn what_a_proxy_adds_is_what_counts(sent in "[ -~]{0,40}") {
        prop_assert_eq!(by_list(&format!("{sent}, 192.0.2.7")), "192.0.2.7");
        prop_assert_eq!(by_standard(&format!("{sent}, for=192.0.2.7;proto=https")), "192.0.2.7");
    }
}
