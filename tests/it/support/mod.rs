//! What the tests share.

pub mod acts;
pub mod app;
pub mod http;
pub mod postgres;
pub mod process;
pub mod servers;

pub use app::TestApp;
pub use http::Answer;
