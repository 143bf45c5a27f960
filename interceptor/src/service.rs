use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response, request::Parts};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use crate::{
    answer::{self, is_grpc},
    body::{AuthBody, Ends},
    freshness::Introspection,
    guard::{Admission, Guard},
    lease::Lease,
    meter::Event,
    policy::Freshness,
    refusal::Refusal,
};

/// The service of [`AuthLayer`](crate::AuthLayer).
///
/// A refusal is a trailers-only answer to a gRPC request, and to any other an HTTP
/// status with JSON; the inner service does not see the request.
///
/// ```
/// use std::sync::Arc;
///
/// use http::{Request, Response};
/// use sekisho_interceptor::{AuthLayer, KeySet, PolicySet, Verifier, system_clock};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let verifier = Verifier::new("https://auth.example.com", "orders");
/// let keys = Arc::new(Arc::new(KeySet::default()));
/// let layer = AuthLayer::new(verifier, keys, Arc::new(PolicySet::default()), system_clock());
/// let orders = layer.layer(service_fn(async |_: Request<()>| Ok::<_, ()>(Response::new(String::new()))));
/// // No policy lets anybody in.
/// assert_eq!(orders.oneshot(Request::new(())).await.unwrap().status(), 403);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S> AuthService<S> {
    pub(crate) fn new(inner: S, guard: Arc<Guard>) -> Self {
        Self { inner, guard }
    }

    fn lease(&self, admission: &Admission) -> Option<Lease> {
        match admission {
            Admission::Anonymous => None,
            Admission::Caller(claims, freshness) => {
                Some(Lease::new(Arc::clone(&self.guard), Arc::clone(claims), *freshness))
            }
            Admission::Pending(claims, _) => {
                Some(Lease::new(Arc::clone(&self.guard), Arc::clone(claims), Freshness::Strict))
            }
        }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for AuthService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone,
{
    type Response = Response<AuthBody<ResponseBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, RequestBody, S::Future, ResponseBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let admission = match self.guard.admit(&mut parts) {
            Ok(admission) => admission,
            Err(refusal) => {
                let answer = answer::refuse(self.guard.refuse(refusal, &parts), &parts);
                return ResponseFuture { state: State::Refused { answer: Some(answer) }, lease: None };
            }
        };
        let lease = self.lease(&admission);
        let state = match admission {
            Admission::Pending(_, answer) => {
                // The clone has not been asked whether it is ready; the one that was goes along.
                let ready = self.inner.clone();
                let inner = mem::replace(&mut self.inner, ready);
                let call = Pending { inner, guard: Arc::clone(&self.guard), parts, body };
                State::Pending { answer, budget: sleep(self.guard.budget), call: Some(call) }
            }
            _ => State::Admitted { inner: self.inner.call(Request::from_parts(parts, body)) },
        };
        ResponseFuture { state, lease }
    }
}

/// A call that waits for the issuer.
struct Pending<S, B> {
    inner: S,
    guard: Arc<Guard>,
    parts: Parts,
    body: B,
}

pin_project! {
    /// The future of [`AuthService`]: the inner service's, or a refusal.
    ///
    /// ```
    /// use http::{Request, Response};
    /// use sekisho_interceptor::{AuthBody, AuthService, ResponseFuture};
    /// use tower::Service;
    ///
    /// // In a layer around it, its type has a name.
    /// fn call<S, A, B>(service: &mut AuthService<S>, request: Request<A>) -> ResponseFuture<S, A, S::Future, B>
    /// where
    ///     S: Service<Request<A>, Response = Response<B>> + Clone,
    /// {
    ///     service.call(request)
    /// }
    /// ```
    pub struct ResponseFuture<S, B, F, R> {
        #[pin]
        state: State<S, B, F, R>,
        lease: Option<Lease>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<S, B, F, R> {
        Admitted { #[pin] inner: F },
        Pending { answer: Introspection, #[pin] budget: Sleep, call: Option<Pending<S, B>> },
        Refused { answer: Option<Response<AuthBody<R>>> },
    }
}

impl<S, B, F, R, E> Future for ResponseFuture<S, B, F, R>
where
    S: Service<Request<B>, Future = F>,
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<AuthBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                Projected::Admitted { inner } => {
                    let response = ready!(inner.poll(cx))?;
                    let ends = ends(&response);
                    let lease = this.lease.take();
                    return Poll::Ready(Ok(response.map(|body| AuthBody::of(body, lease, ends))));
                }
                Projected::Refused { answer } => match answer.take() {
                    Some(answer) => return Poll::Ready(Ok(answer)),
                    None => return Poll::Pending,
                },
                Projected::Pending { answer, budget, call } => {
                    let active = match answer.as_mut().poll(cx) {
                        Poll::Ready(Ok(true)) => Ok(()),
                        Poll::Ready(Ok(false)) => Err(Refusal::Revoked),
                        Poll::Ready(Err(_)) => Err(Refusal::Stale),
                        Poll::Pending => {
                            ready!(budget.poll(cx));
                            Err(Refusal::Stale)
                        }
                    };
                    match call.take() {
                        Some(call) => call.go_on(active),
                        None => return Poll::Pending,
                    }
                }
            };
            this.state.set(next);
        }
    }
}

impl<S, B> Pending<S, B> {
    fn go_on<R>(mut self, active: Result<(), Refusal>) -> State<S, B, S::Future, R>
    where
        S: Service<Request<B>>,
    {
        match active {
            Ok(()) => {
                self.guard.note(Event::Admitted);
                State::Admitted { inner: self.inner.call(Request::from_parts(self.parts, self.body)) }
            }
            Err(refusal) => {
                let status = self.guard.refuse(refusal, &self.parts);
                State::Refused { answer: Some(answer::refuse(status, &self.parts)) }
            }
        }
    }
}

// In gRPC-Web the trailers are part of the body, which is not ours to write.
fn ends<B>(response: &Response<B>) -> Ends {
    let web = response.headers().get(http::header::CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes().get(..20).is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/grpc-web"))
    });
    if is_grpc(response.headers()) && !web { Ends::InTrailers } else { Ends::Abruptly }
}

impl<S, B, F, R> fmt::Debug for ResponseFuture<S, B, F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("lease", &self.lease).finish_non_exhaustive()
    }
}
