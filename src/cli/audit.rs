//! `sekisho audit`.

mod text;

use std::{
    io::{BufWriter, Write},
    sync::Arc,
};

use clap::{Args, Subcommand, ValueEnum};

use super::{Failure, runtime};
use crate::{
    app::{self, World},
    audit::{
        line, report,
        search::{self, Export, Filter},
        verify,
    },
    config::Config,
    crypto::Secrets,
    domain::{Email, EventKind, Timestamp, UserId},
    storage::{Accounts, audit_chain::Point, sql::SqlStore},
    stores,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print the latest events for people, newest first.
    List {
        #[command(flatten)]
        filters: Filters,
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Print events as JSON, one on each line, oldest first; docs/audit.md says what
    /// stands in a line.
    Export(Filters),
    /// Look whether the log is what was sealed. Names the first event that is not, and
    /// then exits with 1.
    Verify {
        /// A link that was noted elsewhere, as this command prints it; it has to be in
        /// the chain.
        #[arg(long, value_name = "LINK:HASH", value_parser = noted)]
        noted: Option<Point>,
    },
    /// Print a day in numbers.
    Report {
        /// In UTC; today unless given.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        day: Option<Timestamp>,
        /// How.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// Which events; all of them unless some are asked for.
#[derive(Args)]
pub(super) struct Filters {
    /// At or after this time, such as 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// About this account: its id, or the address of a person.
    #[arg(long, value_name = "UUID|EMAIL")]
    user: Option<String>,
    /// Of this kind; may be repeated.
    #[arg(long, value_parser = kind)]
    kind: Vec<EventKind>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(command: &Command, config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = stores::open_sql(config, &Arc::default()).await?;
        let reader = Reader { store: &store, secrets: app::secrets(config)? };
        let done = match command {
            Command::List { filters, limit } => reader.list(filters, *limit).await,
            Command::Export(filters) => reader.export(filters).await,
            Command::Verify { noted } => reader.verify(noted.as_ref()).await,
            Command::Report { day, format } => reader.report(*day, *format).await,
        };
        store.close().await;
        done
    })
}

struct Reader<'a> {
    store: &'a SqlStore,
    secrets: Secrets,
}

impl Reader<'_> {
    async fn list(&self, filters: &Filters, limit: usize) -> Result<(), Failure> {
        let filter = self.filter(filters).await?;
        let mut out = std::io::stdout().lock();
        let (mut before, mut left) = (None, limit);
        while left > 0 {
            let page = search::page(self.store, &filter, before, left).await?;
            left -= page.rows.len();
            for row in &page.rows {
                writeln!(out, "{}", text::event(row))?;
            }
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn export(&self, filters: &Filters) -> Result<(), Failure> {
        let mut export = Export::new(self.store, self.filter(filters).await?);
        let mut out = BufWriter::new(std::io::stdout().lock());
        while let Some(rows) = export.next().await? {
            for row in &rows {
                writeln!(out, "{}", line::line(row)?)?;
            }
        }
        Ok(out.flush()?)
    }

    async fn verify(&self, noted: Option<&Point>) -> Result<(), Failure> {
        let verified = verify::verify(self.store, &self.secrets, noted).await?;
        let Some(verified) = verified else { return Err("no event was sealed yet".into()) };
        write!(std::io::stdout().lock(), "{}", text::verified(&verified, noted))?;
        Ok(())
    }

    async fn report(&self, day: Option<Timestamp>, format: Format) -> Result<(), Failure> {
        let today = || Timestamp::from_seconds(World::default().clock.now().seconds().div_euclid(86_400) * 86_400);
        let report = report::of_day(self.store, day.unwrap_or_else(today)).await?;
        let mut out = std::io::stdout().lock();
        match format {
            Format::Json => writeln!(out, "{}", line::json(&report)?)?,
            Format::Text => write!(out, "{}", text::report(&report))?,
        }
        Ok(())
    }

    async fn filter(&self, filters: &Filters) -> Result<Filter, Failure> {
        let kinds = filters.kind.clone();
        let mut filter = Filter { user_id: None, mailbox: None, kinds, from: filters.from, to: filters.to };
        let Some(user) = &filters.user else { return Ok(filter) };
        if let Some(id) = UserId::parse(user) {
            filter.user_id = Some(id.0);
        } else {
            let email = Email::parse(user).map_err(|_| "--user is neither a UUID nor an e-mail address")?;
            filter.user_id = self.store.by_email(&email).await?.map(|account| account.id.0);
            filter.mailbox = Some(self.secrets.mailbox_digest(&email));
        }
        Ok(filter)
    }
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("not a time of RFC 3339, such as 2026-01-31T00:00:00Z")
}

fn day(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(&format!("{text}T00:00:00Z")).ok_or("not a day, such as 2026-01-31")
}

fn kind(word: &str) -> Result<EventKind, String> {
    EventKind::parse(word).ok_or_else(|| {
        let words: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("one of: {}", words.join(", "))
    })
}

fn noted(text: &str) -> Result<Point, &'static str> {
    let point = || {
        let (number, hash) = text.split_once(':')?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).ok()?;
        Some(Point { number: number.parse().ok()?, hash: bytes })
    };
    point().ok_or("not a link and its hash, as `sekisho audit verify` prints them")
}
