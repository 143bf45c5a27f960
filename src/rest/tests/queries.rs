use serde_json::json;

use super::Library;

#[tokio::test]
async fn parameters_become_fields() {
    let library = Library::new();
    for (query, message) in [
        ("", json!({})),
        ("&&", json!({})),
        ("page.size=5&page.token=a%2Bb+c", json!({"page": {"size": 5, "token": "a+b c"}})),
        ("tags=a&tags=b&tags=", json!({"tags": ["a", "b", ""]})),
        ("genre=GENRE_NOVEL", json!({"genre": "GENRE_NOVEL"})),
        ("genre=1", json!({"genre": "GENRE_NOVEL"})),
        ("since=2026-01-02T03:04:05Z", json!({"since": "2026-01-02T03:04:05Z"})),
        ("since=2026-01-02T03:04:05.123456789-01:00", json!({"since": "2026-01-02T04:04:05.123456789Z"})),
        ("fields=name,inPrint", json!({"fields": "name,inPrint"})),
        ("in_print=false", json!({"in_print": false})),
        ("inPrint=true", json!({"in_print": true})),
        ("limit=3", json!({"limit": 3})),
        ("box=", json!({"box": ""})),
        ("author.teacher.teacher.born=9", json!({"author": {"teacher": {"teacher": {"born": 9}}}})),
    ] {
        let answer = library.call("GET", &format!("/v1/books?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(library.seen().expect("call").message, message, "{query}");
    }
}

#[tokio::test]
async fn faults_are_named() {
    let library = Library::new();
    let deep = format!("author.{}born=1", "teacher.".repeat(15));
    for (query, faults) in [
        ("nme=1&x", vec!["nme UNKNOWN_FIELD", "x UNKNOWN_FIELD"]),
        ("page.size=1&page.size=1", vec!["page.size REPEATED"]),
        ("inPrint=true&in_print=true", vec!["in_print REPEATED"]),
        ("shelf=a&box=b", vec!["box REPEATED"]),
        ("shelf=a&donor.name=b", vec!["donor.name REPEATED"]),
        ("donor.name=b&shelf=a", vec!["shelf REPEATED"]),
        ("page.size=x&in_print=1", vec!["page.size WRONG_TYPE", "in_print WRONG_TYPE"]),
        ("genre=NOVEL", vec!["genre UNSUPPORTED"]),
        ("since=now", vec!["since MALFORMED"]),
        ("since=2026-01-02T03:04:60Z", vec!["since MALFORMED"]),
        ("since=2026-01-02T03:04:05.1234567891Z", vec!["since MALFORMED"]),
        ("since.seconds=1&limit.value=1", vec!["since.seconds UNKNOWN_FIELD", "limit.value UNKNOWN_FIELD"]),
        ("page=1", vec!["page WRONG_TYPE"]),
        ("labels=a", vec!["labels UNKNOWN_FIELD"]),
        ("tags.x=1", vec!["tags.x UNKNOWN_FIELD"]),
        ("tags=%ff&%ff=1", vec!["tags MALFORMED", "query MALFORMED"]),
        ("=1", vec!["query UNKNOWN_FIELD"]),
        (&deep, vec!["author.teacher.teacher.teacher.teacher.teacher.teacher.teacher.t UNKNOWN_FIELD"]),
    ] {
        let answer = library.call("GET", &format!("/v1/books?{query}")).await;
        assert_eq!((answer.status, answer.faults()), (400, faults.into_iter().map(str::to_owned).collect()), "{query}");
    }
}

#[tokio::test]
async fn what_path_or_body_bind_is_no_parameter() {
    let library = Library::new();
    assert_eq!(library.call("GET", "/v1/books/7?name=8").await.faults(), ["name UNKNOWN_FIELD"]);
    assert_eq!(library.post("/v1/books?name=8", "{}").await.faults(), ["name UNKNOWN_FIELD"]);
    let answer = library.post("/v1/shelves/3/books?book.name=a&shelf=4", "{}").await;
    assert_eq!(answer.faults(), ["book.name UNKNOWN_FIELD", "shelf UNKNOWN_FIELD"]);
}
