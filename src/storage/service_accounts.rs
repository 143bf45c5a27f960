//! Services that ask for tokens of their own.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    Event, ServiceAccount,
    service::{ServiceId, ServiceName, StoredSecret},
};

/// The table of services.
#[async_trait]
pub trait ServiceAccounts: Send + Sync {
    /// Adds an account, and the event with it. `false`: the name is taken, and
    /// nothing is added.
    async fn create(&self, account: &ServiceAccount, event: &Event) -> Result<bool>;

    /// The account of a name.
    async fn by_name(&self, name: &ServiceName) -> Result<Option<ServiceAccount>>;

    /// Every account, by name.
    async fn list(&self) -> Result<Vec<ServiceAccount>>;

    /// Ends an account for good.
    async fn disable(&self, id: ServiceId) -> Result<()>;

    /// Gives an account another secret, and adds the event with it.
    async fn rotate(&self, id: ServiceId, secret: &StoredSecret, event: &Event) -> Result<()>;

    /// Stores the same secret in another way; nothing happens if it is another by
    /// now.
    async fn rekey(&self, id: ServiceId, old: &StoredSecret, new: &StoredSecret) -> Result<()>;
}
