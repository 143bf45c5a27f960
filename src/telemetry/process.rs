//! Metrics of the process, under the names that all processes use, and of what it tells of itself.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use super::{
    by_word::ByWord,
    catalog::{Catalog, Row},
};

/// See the module.
pub(super) struct Process {
    log_lines_lost: Counter,
    trace_spans_lost: Counter,
    #[cfg(target_os = "linux")]
    usage: Usage,
}

impl Process {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        catalog.section("The process");
        let (log_lines_lost, trace_spans_lost) = (Counter::default(), Counter::default());
        let build_info = ByWord::<Gauge>::new("version", [version]);
        let lost = "Lines of the log that nobody took in time";
        catalog.add(Row::new("log_lines_lost", lost, "A log that is not whole"), &log_lines_lost);
        let lost = "Spans of traces that the collector was not sent, or did not take";
        catalog.add(Row::new("trace_spans_lost", lost, "Traces that are not whole"), &trace_spans_lost);
        let row = Row::new("build_info", "1, with the version", "Which release runs where");
        build_info.register(catalog, row);
        build_info.at(0).set(1);
        Self {
            log_lines_lost,
            trace_spans_lost,
            #[cfg(target_os = "linux")]
            usage: Usage::register(catalog),
        }
    }

    /// Brings them up to date.
    pub(super) fn look(&self) {
        self.log_lines_lost.inc_by(super::logs::lost().saturating_sub(self.log_lines_lost.get()));
        self.trace_spans_lost.inc_by(super::traces::lost().saturating_sub(self.trace_spans_lost.get()));
        #[cfg(target_os = "linux")]
        if let Err(error) = self.usage.look() {
            tracing::debug!(%error, "what the process uses is not known");
        }
    }
}

#[cfg(target_os = "linux")]
struct Usage {
    cpu: Counter<f64, AtomicU64>,
    start: Gauge<f64, AtomicU64>,
    memory: Gauge<u64, AtomicU64>,
    open_files: Gauge<u64, AtomicU64>,
    max_files: Gauge<f64, AtomicU64>,
}

#[cfg(target_os = "linux")]
impl Usage {
    fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            cpu: Counter::default(),
            start: Gauge::default(),
            memory: Gauge::default(),
            open_files: Gauge::default(),
            max_files: Gauge::default(),
        };
        let row = Row::new("process_cpu", "Time that the process has computed", "Its load: 1 a second is one core");
        catalog.add_standard(row.seconds(), &this.cpu);
        let row = Row::new("process_start_time", "When the process began, since the epoch", "Restarts");
        catalog.add_standard(row.seconds(), &this.start);
        let row = Row::new("process_resident_memory", "Memory that the process takes", "Its size");
        catalog.add_standard(row.bytes(), &this.memory);
        let row = Row::new("process_open_fds", "Open files, connections among them", "How near the limit is");
        catalog.add_standard(row, &this.open_files);
        let row = Row::new("process_max_fds", "How many it may open", "The limit");
        catalog.add_standard(row, &this.max_files);
        this
    }

    #[expect(clippy::cast_precision_loss, reason = "of ticks and seconds, exact for longer than machines last")]
    fn look(&self) -> procfs::ProcResult<()> {
        let process = procfs::process::Process::myself()?;
        let (stat, tick) = (process.stat()?, procfs::ticks_per_second() as f64);
        let computed = (stat.utime + stat.stime) as f64 / tick;
        self.cpu.inc_by((computed - self.cpu.get()).max(0.0));
        self.start.set(procfs::boot_time_secs()? as f64 + stat.starttime as f64 / tick);
        self.memory.set(stat.rss * procfs::page_size());
        self.open_files.set(process.fd_count()? as u64);
        self.max_files.set(match process.limits()?.max_open_files.soft_limit {
            procfs::process::LimitValue::Value(most) => most as f64,
            procfs::process::LimitValue::Unlimited => f64::INFINITY,
        });
        Ok(())
    }
}
