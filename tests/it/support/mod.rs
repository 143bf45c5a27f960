//! What the tests share.

pub mod acts;
pub mod app;
pub mod eventually;
pub mod http;
pub mod process;
pub mod proxy;
pub mod servers;

pub use app::TestApp;
pub use eventually::eventually;
pub use http::Answer;
