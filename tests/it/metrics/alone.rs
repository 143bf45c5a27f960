//! One server, whatever its stores.

mod calls;
mod document;
mod feed;
mod flows;
mod keys;
mod mail;
mod passwords;
mod process;
mod sessions;
