use std::sync::LazyLock;

use axum::body::Body;
use http::{Request, Uri};
use proptest::{collection::vec, prelude::*};
use tokio::runtime::{Builder, Runtime};

use super::Library;

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().expect("runtime"));

fn status(request: Request<Body>) -> u16 {
    RUNTIME.block_on(LIBRARY.send(request)).status
}

fn post(body: impl Into<Body>) -> u16 {
    let request = Request::post("/v1/books").header("content-type", "application/json").body(body.into());
    status(request.expect("request"))
}

/// JSON that often names fields of the message.
fn json() -> impl Strategy<Value = String> {
    let name = "(name|subtitle|author|tags|counts|genre|pages|publishedAt|published_at|isbn|box|extra|weight|editors|cover|born|teacher|x)";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?[0-9]{1,20}(\\.[0-9]{1,3})?(e[0-9]{1,3})?",
        "\"[a-z0-9=/+:.TZ-]{0,30}\"",
        "\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,10})?(Z|[+-][0-9]{2}:[0-9]{2})\"",
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            vec((name, inner), 0..8).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_answered(body in vec(any::<u8>(), 0..300)) {
        prop_assert!(post(body) < 500);
    }

    #[test]
    fn any_json_is_answered(body in json()) {
        prop_assert!(post(body) < 500);
    }

    #[test]
    fn any_path_is_answered(bytes in "[/v1bokshelfi.:%0-9a-f{}*~+-]{0,60}") {
        if let Ok(uri) = format!("/v1/{bytes}").parse::<Uri>() {
            prop_assert!(status(Request::get(uri).body(Body::empty()).expect("request")) < 500);
        }
    }

    #[test]
    fn any_query_is_answered(
        pairs in vec(("(page|page\\.size|tags|since|fields|limit|box|labels|author\\.born|[a-z.%0-9]{0,9})", "[!-~]{0,30}"), 0..6)
    ) {
        let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if let Ok(uri) = format!("/v1/books?{}", pairs.join("&")).parse::<Uri>() {
            prop_assert!(status(Request::get(uri).body(Body::empty()).expect("request")) < 500);
        }
    }

    #[test]
    fn any_raw_target_is_answered(bytes in vec(any::<u8>(), 0..80)) {
        if let Ok(uri) = Uri::from_maybe_shared([b"/v1/books/".to_vec(), bytes].concat()) {
            prop_assert!(status(Request::get(uri).body(Body::empty()).expect("request")) < 500);
        }
    }
}
