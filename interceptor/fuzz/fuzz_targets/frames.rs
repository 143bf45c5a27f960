//! Bytes that a feed could send.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sekisho_interceptor::fuzzing::frames(bytes));
