//! What stands between a browser or a proxy and the service.

mod browser;
mod cookies;
mod cors;
mod example_app;
mod forgery;
mod headers;
mod limits;
mod proxies;

/// HTTP/1.1 and HTTP/2.
pub fn clients() -> [(&'static str, reqwest::Client); 2] {
    let client = |builder: reqwest::ClientBuilder| builder.build().unwrap();
    let http_2 = client(reqwest::Client::builder().http2_prior_knowledge());
    [("HTTP/1.1", client(reqwest::Client::builder().http1_only())), ("HTTP/2", http_2)]
}
