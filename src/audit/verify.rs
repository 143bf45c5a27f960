//! Looking whether the log is what was sealed.

use std::time::Duration;

use super::{Broken, Fault, chain};
use crate::{
    crypto::{Secrets, secrets::MacCheck},
    domain::Timestamp,
    storage::{
        AuditChain,
        audit_chain::{Chain, LinkedRow, Point},
    },
};

const PAGE: u32 = 500;
/// An event that was sealed so long after the time that it says was not written then,
/// or no server was there to seal it.
const LATE: Duration = Duration::from_secs(60);

/// What was found, where nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The chain.
    pub chain: Chain,
    /// How many events are in it.
    pub events: u64,
    /// How many are not in it yet.
    pub unsealed: u64,
    /// How many were sealed more than a minute after they say that they were written.
    pub late: u64,
    /// Whether the link that was noted is there, as it was noted.
    pub is_noted_there: bool,
    /// Seals under secrets that are not known any more. The end of the chain covers what
    /// they were over.
    pub unchecked_seals: u64,
}

/// Walks the whole chain, from its old end. `noted`: a link that is known from elsewhere.
/// `None`: no chain was begun.
pub async fn verify(
    store: &dyn AuditChain,
    secrets: &Secrets,
    noted: Option<&Point>,
) -> Result<Option<Verified>, Fault> {
    loop {
        let Some((chain, mac)) = store.chain().await? else {
            let links = store.links(i64::MIN, 1).await?;
            return if links.is_empty() { Ok(None) } else { Err(Broken::EndsChanged.into()) };
        };
        chain::check(secrets, &chain, &mac)?;
        match walk(store, secrets, &chain, noted).await {
            // A server that runs may have removed what this one was about to read.
            Err(Fault::Broken(broken)) if !is_current(store, &chain).await? => {
                tracing::debug!(%broken, "the old end has moved; once more");
            }
            done => return done.map(Some),
        }
    }
}

async fn is_current(store: &dyn AuditChain, chain: &Chain) -> Result<bool, Fault> {
    Ok(store.chain().await?.is_some_and(|(now, _)| now.removed == chain.removed))
}

async fn walk(
    store: &dyn AuditChain,
    secrets: &Secrets,
    chain: &Chain,
    noted: Option<&Point>,
) -> Result<Verified, Fault> {
    if let Some(noted) = noted.filter(|noted| noted.number > chain.last.number) {
        return Err(Broken::WentBack { last: chain.last.number, known: noted.number }.into());
    }
    let mut walk = Walk::from(secrets, noted, chain.removed)?;
    while walk.at.number < chain.last.number {
        let page = store.links(walk.at.number, PAGE).await?;
        if page.is_empty() {
            return Err(Broken::CutShort { number: walk.at.number + 1, last: chain.last.number }.into());
        }
        for next in page.iter().filter(|next| next.link.point.number <= chain.last.number) {
            walk.step(next)?;
        }
        if page.iter().all(|next| next.link.point.number > chain.last.number) {
            return Err(Broken::CutShort { number: walk.at.number + 1, last: chain.last.number }.into());
        }
    }
    if walk.at != chain.last {
        return Err(Broken::MadeAnew { first: walk.good + 1, last: chain.last.number }.into());
    }
    nothing_beyond(store, chain).await?;
    let unsealed = unsealed(store, chain).await?;
    let events = (chain.last.number - chain.removed.number).unsigned_abs();
    Ok(Verified {
        chain: *chain,
        events,
        unsealed,
        late: walk.late,
        is_noted_there: walk.is_noted_there,
        unchecked_seals: walk.unchecked_seals,
    })
}

/// A place on the way along the chain.
struct Walk<'a> {
    secrets: &'a Secrets,
    noted: Option<&'a Point>,
    at: Point,
    /// Up to here seals have shown that links are those that were made.
    good: i64,
    /// When the events since the last seal say that they were written.
    undated: Vec<Timestamp>,
    late: u64,
    is_noted_there: bool,
    unchecked_seals: u64,
}

impl<'a> Walk<'a> {
    fn from(secrets: &'a Secrets, noted: Option<&'a Point>, at: Point) -> Result<Self, Broken> {
        let (good, undated) = (at.number, Vec::new());
        let mut walk = Self { secrets, noted, at, good, undated, late: 0, is_noted_there: false, unchecked_seals: 0 };
        walk.compare()?;
        Ok(walk)
    }

    fn compare(&mut self) -> Result<(), Broken> {
        match self.noted.filter(|noted| noted.number == self.at.number) {
            Some(noted) if *noted != self.at => Err(Broken::NotAsNoted { number: noted.number }),
            noted => {
                self.is_noted_there |= noted.is_some();
                Ok(())
            }
        }
    }

    fn step(&mut self, next: &LinkedRow) -> Result<(), Broken> {
        self.at = chain::follow(&self.at, next)?;
        self.compare()?;
        self.undated.extend(next.row.as_ref().map(|row| row.at));
        let Some(seal) = &next.seal else { return Ok(()) };
        match chain::check_seal(self.secrets, &self.at, seal) {
            MacCheck::Wrong => return Err(Broken::MadeAnew { first: self.good + 1, last: self.at.number }),
            MacCheck::Right => self.good = self.at.number,
            MacCheck::UnknownKey => self.unchecked_seals += 1,
        }
        self.late += self.undated.drain(..).filter(|at| seal.at.since(*at) > LATE).count() as u64;
        Ok(())
    }
}

/// A server that runs adds links; then the chain ends later by now.
async fn nothing_beyond(store: &dyn AuditChain, chain: &Chain) -> Result<(), Fault> {
    let Some(next) = store.links(chain.last.number, 1).await?.into_iter().next() else { return Ok(()) };
    let ends_at = store.chain().await?.map_or(0, |(now, _)| now.last.number);
    let number = next.link.point.number;
    if number > ends_at { Err(Broken::Beyond { number }.into()) } else { Ok(()) }
}

/// How many events have no link yet; none of them may be among those that have one.
async fn unsealed(store: &dyn AuditChain, chain: &Chain) -> Result<u64, Fault> {
    let (mut after, mut unsealed) = (i64::MIN, 0);
    loop {
        let page = store.sealed(after, PAGE * 10).await?;
        let Some((last, _)) = page.last() else { return Ok(unsealed) };
        after = *last;
        for (seq, _) in page.iter().filter(|(_, is_sealed)| !is_sealed) {
            if *seq <= chain.settled {
                return Err(Broken::PutIn { seq: *seq }.into());
            }
            unsealed += 1;
        }
    }
}
