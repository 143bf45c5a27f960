//! On every stack.

mod checks;
mod headers;
mod listener;
mod paths;
mod strict;
