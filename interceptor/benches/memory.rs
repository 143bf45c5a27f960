//! What the crate keeps. `cargo bench -p sekisho-interceptor --bench memory`.
//!
//! Read `max alloc`: of `set_filled` over the entries, and of the forged tokens
//! whether it grows with their number.

#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to report")]

mod data;

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use data::{ed25519, filled, layer, request};
use divan::{AllocProfiler, Bencher, black_box};
use tower::{Layer, Service, service_fn};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(args = [10_000, 250_000, 1_000_000], sample_count = 1, sample_size = 1)]
fn set_filled(bencher: Bencher<'_, '_>, entries: usize) {
    bencher.bench_local(|| black_box(filled(entries)));
}

/// Each with another payload, under a key that exists.
#[divan::bench(args = [1_000, 30_000, 1_000_000], sample_count = 1, sample_size = 1)]
fn forged_tokens(bencher: Bencher<'_, '_>, tokens: usize) {
    let (keys, good) = ed25519();
    let mut service = layer(keys, 0).layer(service_fn(|_: http::Request<()>| async {
        Ok::<_, Infallible>(http::Response::new(tonic::body::Body::empty()))
    }));
    let (header, signature) =
        (good.split('.').next().expect("a header"), good.rsplit('.').next().expect("a signature"));
    bencher.bench_local(|| {
        for n in 0..tokens {
            let request = request(&format!("{header}.{}.{signature}", data::b64(n.to_be_bytes())));
            let polled = pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok(response)) = polled else { panic!("no answer") };
            assert!(response.headers().contains_key("grpc-status"), "let in");
        }
    });
}
