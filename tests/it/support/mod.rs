//! What the tests share.

pub mod app;
pub mod http;

pub use app::TestApp;
pub use http::Answer;
