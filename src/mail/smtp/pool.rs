//! Connections to the server, and what keeps a bad one from being used again.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, transport::smtp::AsyncSmtpTransportBuilder};
use tokio::time::timeout;

use super::refusal::mail_error;
use crate::mail::{Cause, MailError};

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// For the TCP connection to be made.
const CONNECT_TIME_OUT: Duration = Duration::from_secs(10);

/// For a whole delivery, as lettre waits for replies without end. A server that scans a
/// mail before it replies is slow too; cutting it short would send the mail twice.
pub(super) const DELIVERY_TIME_OUT: Duration = Duration::from_secs(30);

/// For saying good-bye to a server that has just been too slow.
const SHUTDOWN_TIME_OUT: Duration = Duration::from_secs(1);

/// lettre's pool of connections, replaced after a time-out.
///
/// lettre takes back the connection of a delivery that is cut off in the middle of a
/// command, and gives it to the next mail, whose commands the server may then read as the
/// body of the last one. So a delivery is a task of its own, which no caller can cut off,
/// and one that takes too long has its pool shut down before it lets go of its connection.
pub(super) struct Pool {
    builder: AsyncSmtpTransportBuilder,
    time_out: Duration,
    transport: RwLock<Option<Transport>>,
}

impl Pool {
    /// An empty pool; `time_out` limits each delivery.
    pub(super) fn new(builder: AsyncSmtpTransportBuilder, time_out: Duration) -> Self {
        let builder = builder.timeout(Some(CONNECT_TIME_OUT));
        Self { builder, time_out, transport: RwLock::default() }
    }

    /// Sends to the end, even where the caller stops waiting.
    pub(super) async fn send(self: Arc<Self>, message: Message) -> Result<(), MailError> {
        let sent = tokio::spawn(async move { self.send_in_time(message).await }).await;
        // The task ends early only with the runtime.
        sent.unwrap_or(Err(MailError::Transient(Cause::Connection)))
    }

    async fn send_in_time(&self, message: Message) -> Result<(), MailError> {
        let transport = self.transport();
        let mut sending = transport.send(message);
        match timeout(self.time_out, &mut sending).await {
            Ok(reply) => reply.map(drop).map_err(|error| mail_error(&error)),
            Err(_) => {
                self.retire(&transport).await;
                // Only now may the connection go back to its pool.
                drop(sending);
                Err(MailError::Transient(Cause::TimedOut))
            }
        }
    }

    /// The transport, made on first use since it needs a runtime.
    fn transport(&self) -> Transport {
        let slot = self.transport.read();
        if let Some(transport) = &*slot.unwrap_or_else(PoisonError::into_inner) {
            return transport.clone();
        }
        let mut slot = self.transport.write().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert_with(|| self.builder.clone().build()).clone()
    }

    /// Shuts a transport down; it closes its connections as they come back. Deliveries on
    /// them go on, and the next one starts a new transport.
    async fn retire(&self, transport: &Transport) {
        self.transport.write().unwrap_or_else(PoisonError::into_inner).take();
        // The transport is marked before its first wait, so running out of time is no harm.
        let _ = timeout(SHUTDOWN_TIME_OUT, transport.shutdown()).await;
    }
}
