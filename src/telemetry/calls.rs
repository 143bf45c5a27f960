//! Metrics of calls: how many, how they ended, how long they took.

use std::{collections::HashMap, sync::Arc};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use tokio::time::Instant;
use tonic::Code;

use super::{
    Metrics,
    catalog::{Catalog, Row, Values},
    metrics::seconds,
};

/// Whatever is asked for that is not there: a stranger could make up any number of names.
const OTHER: &str = "other";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    method: String,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    method: String,
}

/// See the module.
pub(super) struct Calls {
    ended: Family<Call, Counter>,
    seconds: Family<Method, Histogram>,
    in_flight: Gauge,
    shed: Counter,
}

impl Calls {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            ended: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            shed: Counter::default(),
        };
        catalog.section("Calls");
        let (method, codes) = (Values::Like(METHODS), CODES.map(|(_, word)| word));
        let ended = "Calls by RPC and gRPC code, on every surface; a stream when it ends";
        let good_for = "Rate and errors of each RPC. `Cancelled`: the caller hung up first";
        catalog
            .add(Row::new("calls", ended, good_for).label("method", method.clone()).words("code", codes), &this.ended);
        let latency = "Time to answer a call; of a stream, to open it";
        let row = Row::new("call_duration", latency, "Latency of each RPC, as quantiles").seconds();
        catalog.add(row.label("method", method), &this.seconds);
        let in_flight = "Unary calls that run, also those whose callers have gone";
        catalog.add(Row::new("calls_in_flight", in_flight, "How near `SEKISHO_MAX_CALLS` is"), &this.in_flight);
        let row = Row::new("calls_shed", "Unary calls that were one too many", "More than this server can do");
        catalog.add(row, &this.shed);
        this
    }
}

const METHODS: &str = "an RPC of [access.md](access.md), `grpc.health.v1.Health/Check`, `…/List` and `…/Watch`, \
                       `openapi.json`; `other` is whatever is not there, and reflection in `dev`";

const CODES: [(Code, &str); 17] = [
    (Code::Ok, "Ok"),
    (Code::Cancelled, "Cancelled"),
    (Code::Unknown, "Unknown"),
    (Code::InvalidArgument, "InvalidArgument"),
    (Code::DeadlineExceeded, "DeadlineExceeded"),
    (Code::NotFound, "NotFound"),
    (Code::AlreadyExists, "AlreadyExists"),
    (Code::PermissionDenied, "PermissionDenied"),
    (Code::ResourceExhausted, "ResourceExhausted"),
    (Code::FailedPrecondition, "FailedPrecondition"),
    (Code::Aborted, "Aborted"),
    (Code::OutOfRange, "OutOfRange"),
    (Code::Unimplemented, "Unimplemented"),
    (Code::Internal, "Internal"),
    (Code::Unavailable, "Unavailable"),
    (Code::DataLoss, "DataLoss"),
    (Code::Unauthenticated, "Unauthenticated"),
];

fn word(code: Code) -> &'static str {
    CODES.into_iter().find(|(known, _)| *known == code).map_or("Unknown", |(_, word)| word)
}

/// The calls of one RPC, found once.
struct CallsOf {
    method: Arc<str>,
    streams: bool,
    answered: Counter,
    seconds: Histogram,
    ended: Family<Call, Counter>,
}

impl CallsOf {
    fn new(calls: &Calls, method: &str, streams: bool) -> Self {
        let answered = Call { method: method.to_owned(), code: word(Code::Ok) };
        Self {
            answered: calls.ended.get_or_create_owned(&answered),
            seconds: calls.seconds.get_or_create_owned(&Method { method: method.to_owned() }),
            ended: calls.ended.clone(),
            method: method.into(),
            streams,
        }
    }

    fn end(&self, code: Code) {
        if code == Code::Ok {
            self.answered.inc();
        } else {
            self.ended.get_or_create(&Call { method: self.method.as_ref().to_owned(), code: word(code) }).inc();
        }
    }
}

/// Where the calls of each method are counted. Callers cannot make labels.
#[derive(Clone)]
pub struct CallCounts {
    methods: Arc<HashMap<String, Arc<CallsOf>>>,
    others: Arc<CallsOf>,
}

impl CallCounts {
    /// Of the methods of these paths, each with whether it streams; whatever else is
    /// asked for is counted together.
    pub fn new(metrics: &Metrics, paths: impl IntoIterator<Item = (String, bool)>) -> Self {
        let of = |path: &str, streams| Arc::new(CallsOf::new(&metrics.calls, path.trim_start_matches('/'), streams));
        let methods = paths.into_iter().map(|(path, streams)| (path.clone(), of(&path, streams))).collect();
        Self { methods: Arc::new(methods), others: of(OTHER, false) }
    }

    /// A call of a method begins. It has to be answered at `deadline`, if there is one.
    pub fn begin(&self, path: &str, deadline: Option<Instant>) -> Counting {
        let of = self.methods.get(path).unwrap_or(&self.others).clone();
        Counting { of, begun: Instant::now(), deadline, is_timed: false, is_counted: false }
    }
}

/// A call that goes on. It is counted once, however it ends: if nobody says how, because
/// it was given up, by its caller or at its deadline.
pub struct Counting {
    of: Arc<CallsOf>,
    begun: Instant,
    deadline: Option<Instant>,
    is_timed: bool,
    is_counted: bool,
}

impl Counting {
    /// Its method, if it is one that there is.
    pub fn method(&self) -> Option<Arc<str>> {
        Some(self.of.method.clone()).filter(|method| &**method != OTHER)
    }

    /// Whether its answer may last.
    pub fn is_of_stream(&self) -> bool {
        self.of.streams
    }

    /// The first of the answer is there.
    pub fn opened(&mut self) {
        if !self.is_timed {
            self.is_timed = true;
            self.of.seconds.observe(self.begun.elapsed().as_secs_f64());
        }
    }

    /// It ended like this.
    pub fn ended(mut self, code: Code) {
        self.count(code);
    }

    /// Somebody else counts it from here on.
    pub fn passed_on(mut self) {
        (self.is_timed, self.is_counted) = (true, true);
    }

    fn count(&mut self, code: Code) {
        self.opened();
        if !self.is_counted {
            self.is_counted = true;
            self.of.end(code);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if !self.is_counted {
            let is_late = self.deadline.is_some_and(|at| at <= Instant::now());
            self.count(if is_late { Code::DeadlineExceeded } else { Code::Cancelled });
        }
    }
}

impl Metrics {
    /// So many unary calls more run.
    pub fn calls_in_flight(&self, more: i64) {
        self.calls.in_flight.inc_by(more);
    }

    /// A unary call was one too many.
    pub fn call_shed(&self) {
        self.calls.shed.inc();
    }
}
