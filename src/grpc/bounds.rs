//! How many calls may run at once, and for how long.

use std::{
    collections::HashSet,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use prost_reflect::DescriptorError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{timeout, timeout_at},
};
use tonic::body::Body;
use tower::{Layer, Service};

use super::{Deadline, methods, wire};
use crate::{
    error::{Error, Wire},
    telemetry::Metrics,
};

/// Bounds of all calls together.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Unary calls at once, on all surfaces.
    pub calls: usize,
    /// The longest that one may take.
    pub time: Duration,
}

/// Among the extensions of a unary call: that its flow needs a place. It is taken when
/// the message is there: whoever sends it slowly, or never, keeps nobody out.
#[derive(Clone)]
pub(super) struct Admission {
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// The place of a flow that runs. The flow keeps it to its end, also where nobody waits
/// for that any more: else callers who give up could have any number run at once.
pub(super) struct InFlight {
    metrics: Arc<Metrics>,
    _place: OwnedSemaphorePermit,
}

impl Admission {
    /// # Errors
    ///
    /// As many run as may.
    pub(super) fn admit(&self) -> Result<InFlight, Error> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            self.metrics.call_shed();
            return Err(Error::Overloaded);
        };
        self.metrics.calls_in_flight(1);
        Ok(InFlight { metrics: self.metrics.clone(), _place: place })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.metrics.calls_in_flight(-1);
    }
}

/// Has unary calls take a place each, and answers those that take too long. What
/// streams, and what is not ours (probes), takes no place.
#[derive(Clone)]
pub(super) struct BoundsLayer {
    unary: Arc<HashSet<String>>,
    admission: Admission,
    time: Duration,
}

impl BoundsLayer {
    pub(super) fn new(bounds: Bounds, metrics: Arc<Metrics>) -> Result<Self, DescriptorError> {
        let places = Arc::new(Semaphore::new(bounds.calls.min(Semaphore::MAX_PERMITS)));
        let admission = Admission { places, metrics };
        Ok(Self { unary: Arc::new(unary_methods()?), admission, time: bounds.time })
    }
}

/// The paths of RPCs of ours with one message each way.
fn unary_methods() -> Result<HashSet<String>, DescriptorError> {
    Ok(methods::ours()?.into_iter().filter(|method| !method.streams).map(|method| method.path).collect())
}

impl<S> Layer<S> for BoundsLayer {
    type Service = Bounded<S>;

    fn layer(&self, inner: S) -> Bounded<S> {
        Bounded { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Bounded<S> {
    inner: S,
    layer: BoundsLayer,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let wire = wire(request.extensions());
        if !self.layer.unary.contains(request.uri().path()) {
            // A stream may last, but not its beginning.
            let opening = timeout(self.layer.time, self.inner.call(request));
            return Box::pin(async move { opening.await.unwrap_or_else(|_| Ok(late(&wire))) });
        }
        let deadline = request.extensions().get::<Deadline>().copied();
        if deadline.is_some_and(Deadline::has_passed) {
            return Box::pin(std::future::ready(Ok(late(&wire))));
        }
        request.extensions_mut().insert(self.layer.admission.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            match deadline {
                Some(Deadline(at)) => timeout_at(at, answer).await.unwrap_or_else(|_| Ok(late(&wire))),
                None => answer.await,
            }
        })
    }
}

fn late(wire: &Wire) -> Response<Body> {
    wire.refuse(&Error::DeadlineExceeded).into_http()
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;
    use tokio_util::task::TaskTracker;
    use tonic::{Code, Status};
    use tower::ServiceExt;

    use super::*;
    use crate::grpc::Uncancelled;

    const SECOND: Duration = Duration::from_secs(1);
    const LOGOUT: &str = "/sekisho.v1.AuthService/Logout";
    const WATCH: &str = "/sekisho.v1.TokenService/WatchRevocations";

    /// A flow that ends when it is told to, behind bounds of one call at a time.
    struct Bench {
        go_on: Arc<Notify>,
        work: TaskTracker,
        metrics: Arc<Metrics>,
        layer: BoundsLayer,
    }

    impl Bench {
        fn new() -> Self {
            let metrics = Arc::<Metrics>::default();
            let layer = BoundsLayer::new(Bounds { calls: 1, time: SECOND }, metrics.clone()).unwrap();
            Self { go_on: Arc::default(), work: TaskTracker::new(), metrics, layer }
        }

        async fn call(&self, path: &str, deadline: Option<Duration>) -> Code {
            let (go_on, work) = (self.go_on.clone(), self.work.clone());
            let flow = tower::service_fn(move |request: Request<Body>| {
                let place = request.extensions().get::<Admission>().map(Admission::admit).transpose();
                let (go_on, work) = (go_on.clone(), work.clone());
                async move {
                    let Ok(place) = place else { return Ok(Status::unavailable("").into_http()) };
                    let flow = async move {
                        let _place = place;
                        go_on.notified().await;
                    };
                    let _ = Uncancelled::new(&work, flow).await;
                    Ok(Response::new(Body::empty()))
                }
            });
            let mut request = Request::post(path).body(Body::empty()).unwrap();
            if let Some(after) = deadline {
                request.extensions_mut().insert(Deadline(tokio::time::Instant::now() + after));
            }
            let Ok(response) = self.layer.layer(flow).oneshot(request).await;
            Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
        }

        fn in_flight(&self) -> bool {
            self.metrics.render().contains("sekisho_calls_in_flight 1\n")
        }
    }

    /// X04. The caller is answered at the deadline; the flow goes on to its end, and
    /// counts as one that runs until then.
    #[tokio::test(start_paused = true)]
    async fn a_flow_outlives_its_deadline_and_keeps_its_place() {
        let bench = Bench::new();
        assert_eq!(bench.call(LOGOUT, Some(SECOND)).await, Code::DeadlineExceeded);
        assert_eq!(bench.work.len(), 1);
        assert!(bench.in_flight());
        assert_eq!(bench.call(LOGOUT, Some(SECOND)).await, Code::Unavailable);

        bench.go_on.notify_one();
        bench.work.close();
        bench.work.wait().await;
        assert!(!bench.in_flight());
        bench.go_on.notify_one();
        assert_eq!(bench.call(LOGOUT, Some(SECOND)).await, Code::Ok);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_too_late_is_not_begun() {
        let bench = Bench::new();
        assert_eq!(bench.call(LOGOUT, Some(Duration::ZERO)).await, Code::DeadlineExceeded);
        assert!(bench.work.is_empty());
        assert!(!bench.in_flight());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_takes_no_place_but_has_to_begin() {
        let bench = Bench::new();
        let unary = bench.call(LOGOUT, None);
        tokio::pin!(unary);
        assert!(futures_util::poll!(&mut unary).is_pending());
        bench.go_on.notify_waiters();
        assert_eq!(unary.await, Code::Ok);
        assert_eq!(bench.call(WATCH, None).await, Code::DeadlineExceeded);
        assert!(!bench.in_flight());
    }

    #[test]
    fn only_what_streams_is_exempt() {
        let unary = unary_methods().unwrap();
        assert!(unary.contains(LOGOUT) && !unary.contains(WATCH));
        let rpcs = crate::grpc::policy().unwrap();
        let exempt: Vec<&str> = rpcs.iter().map(|(path, _)| path).filter(|path| !unary.contains(*path)).collect();
        assert_eq!(exempt, [WATCH]);
    }
}
