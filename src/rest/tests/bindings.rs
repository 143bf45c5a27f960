use prost_reflect::DescriptorPool;

use super::pool;
use crate::rest::{BindingError, Transcoder};

fn error(find: &str, put: &str) -> BindingError {
    let pool = pool(|proto| {
        assert!(proto.contains(find), "{find}");
        proto.replacen(find, put, 1)
    });
    Transcoder::new(pool, ()).expect_err("accepted")
}

#[test]
fn wrong_bindings_are_refused_by_the_name_of_the_rpc() {
    for (find, put, wanted) in [
        ("{name=**}", "{nme=**}", "test.v1.Library.GetFile: no field \"nme\" that could be bound"),
        ("{book.name}", "{book}", "test.v1.Library.TagBook: no field \"book\" that could be bound"),
        ("{book.name}", "{tags}", "test.v1.Library.TagBook: no field \"tags\" that could be bound"),
        ("body: \"book\"", "body: \"bok\"", "test.v1.Library.CreateBook: no field \"bok\" that could be bound"),
        (
            "response_body: \"books\"",
            "response_body: \"x\"",
            "test.v1.Library.ListBooks: no field \"x\" that could be bound",
        ),
        ("/v1/books/featured", "v1", "test.v1.Library.GetFeatured: template \"v1\": it does not start with '/'"),
        (
            "(stream Book);",
            "(stream Book) { option (google.api.http) = { get: \"/w\" }; }",
            "test.v1.Library.Watch: streaming has no REST form",
        ),
        (
            "delete: \"/v1/books/{name}\"",
            "get: \"/v1/books/{name=*}\"",
            "test.v1.Library.DeleteBook: the same route as test.v1.Library.GetBook",
        ),
        ("get: \"/v1/books/featured\"", "get: \"/v1/f\" body: \"*\"", "test.v1.Library.GetFeatured: a GET with a body"),
        ("get: \"/v1/books/featured\"", "body: \"\"", "test.v1.Library.GetFeatured: a binding without a path"),
        ("\"PROBE\"", "\"*\"", "test.v1.Library.Probe: a custom pattern that is not one HTTP method"),
    ] {
        assert_eq!(error(find, put).to_string(), wanted);
    }
}

#[test]
fn the_service_itself_can_be_served() {
    let descriptors = include_bytes!(concat!(env!("OUT_DIR"), "/sekisho.binpb"));
    let pool = DescriptorPool::decode(&descriptors[..]).expect("pool");
    Transcoder::new(pool, ()).expect("bindings");
}

#[test]
fn descriptors_without_the_option_make_no_routes() {
    Transcoder::new(DescriptorPool::new(), ()).expect("bindings");
}
