//! The surface over a proto of its own and a recording upstream.

mod answers;
mod bindings;
mod bodies;
mod cookies;
mod library;
mod properties;
mod queries;
mod routes;

use library::{Library, pool};
