//! What a connection may cost, and for how long.

use std::time::Duration;

use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};

/// Bounds of a listener, and of each of its connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time; one more is closed as soon as it is made.
    pub connections: usize,
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For the first bytes of a connection, and over HTTP/1.1 from the end of a
    /// request to the end of the headers of the next.
    pub headers: Duration,
    /// A connection without a call for that long is closed; it may take twice as long.
    pub idle: Duration,
    /// A connection so old takes no more calls, give or take a tenth, so that those
    /// that were made together do not end together.
    pub age: Option<Duration>,
    /// For calls in flight on a connection that takes no more.
    pub grace: Duration,
    /// Over HTTP/2, how often the client is asked whether it is still there.
    pub ping_every: Duration,
    /// For its answer.
    pub ping_answer: Duration,
    /// Calls at a time on a connection of HTTP/2.
    pub streams: u32,
    /// Of all headers of a request over HTTP/2, in bytes.
    pub header_list: u32,
    /// The same over HTTP/1.1, with all else that is read ahead.
    pub http1_buffer: usize,
    /// Streams of HTTP/2 that a client resets before they are looked at (CVE-2023-44487).
    pub pending_resets: usize,
    /// Streams that a client has us reset by what it sends (CVE-2025-8671).
    pub provoked_resets: usize,
    /// Calls that a client may give up before it is answered: one more closes the
    /// connection, if they are more than half of all.
    pub abandoned: u32,
    /// What a client may send ahead of what is read, in bytes: in a stream of HTTP/2,
    /// and in a connection.
    pub windows: [u32; 2],
    /// Of messages that are not whole yet, in bytes: of a connection, and of all together.
    pub unread: [usize; 2],
    /// Calls that wait for the rest of their message, beyond which a connection may have few.
    pub waiting: usize,
    /// What is kept of a message, in bytes.
    pub message: usize,
    /// What of it takes no room, in bytes.
    pub small: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 30_000,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(300),
            age: None,
            grace: Duration::from_secs(30),
            ping_every: Duration::from_secs(30),
            ping_answer: Duration::from_secs(10),
            streams: 200,
            header_list: 16 * 1024,
            http1_buffer: 64 * 1024,
            pending_resets: 20,
            provoked_resets: 100,
            abandoned: 200,
            windows: [64 * 1024, 256 * 1024],
            unread: [1024 * 1024, 64 * 1024 * 1024],
            waiting: 4 * 1024,
            message: 64 * 1024,
            small: 4 * 1024,
        }
    }
}

impl Limits {
    /// The half that hyper keeps.
    pub(super) fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.headers).max_buf_size(self.http1_buffer);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(self.ping_every)
            .keep_alive_timeout(self.ping_answer)
            .max_concurrent_streams(self.streams)
            .max_header_list_size(self.header_list)
            .max_pending_accept_reset_streams(self.pending_resets)
            .max_local_error_reset_streams(self.provoked_resets)
            .initial_stream_window_size(self.windows[0])
            .initial_connection_window_size(self.windows[1]);
        builder
    }
}
