//! What the tests share.

pub mod account;
pub mod acts;
pub mod admin;
pub mod app;
pub mod cost;
pub mod dump;
pub mod eventually;
pub mod feed;
pub mod http;
pub mod mail_server;
pub mod pair;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod roles;
pub mod scrape;
pub mod servers;
pub mod sibling;
pub mod stack;

pub use app::TestApp;
pub use eventually::eventually;
pub use http::Answer;
