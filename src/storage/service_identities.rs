//! Which certificates are those of which services.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Event, ServiceAccount, SpiffeId, service::ServiceId};

/// The table of their names.
#[async_trait]
pub trait ServiceIdentities: Send + Sync {
    /// The service whose certificates have this name.
    async fn owner(&self, id: &SpiffeId) -> Result<Option<ServiceAccount>>;

    /// Makes it the name of a service, at the time of the event and with it. `false`:
    /// it is one already, of this service or another, and nothing is added.
    async fn add(&self, service: ServiceId, id: &SpiffeId, event: &Event) -> Result<bool>;

    /// Takes it from a service, with an event. `false`: the service has no such name, and
    /// nothing is written.
    async fn remove(&self, service: ServiceId, id: &SpiffeId, event: &Event) -> Result<bool>;

    /// Every name, in order, with its service.
    async fn identities(&self) -> Result<Vec<(ServiceId, SpiffeId)>>;
}
