//! The three segments and the JSON in them.

use sekisho_interceptor::{Cause, MAX_TOKEN_BYTES};
use serde_json::json;

use super::{answer, invalid};
use crate::support::{Issuer, b64, claims, payload_with};

#[test]
fn a_good_token_of_each_algorithm_is_accepted() {
    for issuer in Issuer::each() {
        assert_eq!(answer(&issuer, &issuer.good()), Ok(claims()), "{}", issuer.alg());
    }
}

#[test]
fn h5_over_8_kib() {
    let issuer = Issuer::ed25519();
    let token = issuer.payload(payload_with("pad", Some("x".repeat(MAX_TOKEN_BYTES).into())));
    assert_eq!(answer(&issuer, &token), invalid(Cause::TooLarge));
}

#[test]
fn h6_control_and_non_ascii_bytes() {
    let issuer = Issuer::ed25519();
    for byte in ["\0", "\n", "\x7f", " ", "\u{e9}", "\u{200b}"] {
        for token in [format!("{byte}{}", issuer.good()), format!("{}{byte}", issuer.good())] {
            assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed), "{byte:?}");
        }
    }
}

#[test]
fn h10_one_two_four_and_five_segments() {
    let issuer = Issuer::ed25519();
    let good = issuer.good();
    let parts: Vec<&str> = good.split('.').collect();
    let five = [parts[0], "AQI", "AQI", parts[1], parts[2]].join(".");
    for token in [parts[0], &parts[..2].join("."), &format!("{good}.AQI"), &five] {
        assert_eq!(answer(&issuer, token), invalid(Cause::Malformed), "{token}");
    }
    let four_signed = issuer.over(&format!("{}.{}.e30", parts[0], parts[1]));
    assert_eq!(answer(&issuer, &four_signed), invalid(Cause::Malformed));
}

#[test]
fn h10_json_serialisation() {
    let issuer = Issuer::ed25519();
    let good = issuer.good();
    let parts: Vec<&str> = good.split('.').collect();
    let json = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    assert_eq!(answer(&issuer, &json.to_string()), invalid(Cause::Malformed));
}

#[test]
fn h11_an_empty_header_payload_or_signature() {
    let issuer = Issuer::ed25519();
    let good = issuer.good();
    let parts: Vec<&str> = good.split('.').collect();
    let no_header = issuer.over(&format!(".{}", parts[1]));
    let no_payload = issuer.over(&format!("{}.", parts[0]));
    let no_signature = format!("{}.{}.", parts[0], parts[1]);
    for token in [no_header, no_payload, no_signature, "..".to_owned(), String::new()] {
        assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed), "{token}");
    }
}

#[test]
fn h12_padded_base64url() {
    let issuer = Issuer::ed25519();
    assert_eq!(answer(&issuer, &format!("{}==", issuer.good())), invalid(Cause::Malformed));
    let padded = issuer.over(&format!("{}.e30=", b64(issuer.header().to_string())));
    assert_eq!(answer(&issuer, &padded), invalid(Cause::Malformed));
}

#[test]
fn h12_the_other_base64_alphabet() {
    let issuer = Issuer::ed25519();
    for segment in ["ab+d", "ab/d"] {
        let token = issuer.over(&format!("{}.{segment}", b64(issuer.header().to_string())));
        assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed), "{segment}");
    }
}

#[test]
fn h12_trailing_bits_that_are_not_zero() {
    let issuer = Issuer::ed25519();
    // 64 bytes leave four spare bits in the last of 86 characters.
    let mut token = issuer.good();
    let last = token.pop();
    let spare = match last {
        Some('A') => 'B',
        Some('Q') => 'R',
        Some('g') => 'h',
        Some('w') => 'x',
        other => panic!("not a canonical last character: {other:?}"),
    };
    token.push(spare);
    assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed));
}

#[test]
fn h13_a_byte_order_mark() {
    let issuer = Issuer::ed25519();
    let payload = issuer.payload(format!("\u{feff}{}", payload_with("x", None)));
    let header = issuer.token(format!("\u{feff}{}", issuer.header()), payload_with("x", None));
    for token in [payload, header] {
        assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed));
    }
}

#[test]
fn h13_invalid_utf8() {
    let issuer = Issuer::ed25519();
    let mut payload = payload_with("x", Some("y".into())).into_bytes();
    payload.iter_mut().filter(|byte| **byte == b'y').for_each(|byte| *byte = 0xff);
    assert_eq!(answer(&issuer, &issuer.payload(payload)), invalid(Cause::Malformed));
}

#[test]
fn h13_bytes_after_the_object() {
    let issuer = Issuer::ed25519();
    for tail in ["{}", "\0", ",", "x"] {
        let token = issuer.payload(format!("{}{tail}", payload_with("x", None)));
        assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed), "{tail:?}");
    }
}

#[test]
fn h13_a_top_level_that_is_no_object() {
    let issuer = Issuer::ed25519();
    for json in ["[]", "null", "\"{}\"", "0"] {
        assert_eq!(answer(&issuer, &issuer.payload(json)), invalid(Cause::Malformed), "{json}");
        let token = issuer.token(json, payload_with("x", None));
        assert_eq!(answer(&issuer, &token), invalid(Cause::Malformed), "{json}");
    }
}

#[test]
fn h15_a_repeated_claim() {
    let issuer = Issuer::ed25519();
    for extra in [
        r#""scope":"admin""#,
        r#""exp":1"#,
        r#""\u0073ub":"00000000-0000-0000-0000-000000000001""#,
        r#""deep":{"a":1,"a":1}"#,
    ] {
        let json = payload_with("x", None).replacen('{', &format!("{{{extra},"), 1);
        let token = issuer.payload(json);
        assert_eq!(answer(&issuer, &token), invalid(Cause::DuplicateMember), "{extra}");
    }
}

#[test]
fn h16_too_deep_too_many_too_long() {
    let issuer = Issuer::ed25519();
    let deep: serde_json::Value = (0..16).fold(json!(0), |inner, _| json!([inner]));
    let many: serde_json::Map<_, _> = (0..129).map(|n| (n.to_string(), json!(0))).collect();
    let long = json!({ "n".repeat(129): 0 });
    for value in [deep, many.into(), long] {
        let token = issuer.payload(payload_with("x", Some(value)));
        assert_eq!(answer(&issuer, &token), invalid(Cause::TooComplex));
    }
}
