use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{lease::Lease, refusal::Refusal};

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// The body of an answer of [`AuthService`](crate::AuthService): the inner
    /// service's while the caller's token is good, or a refusal.
    ///
    /// ```
    /// use http::Response;
    /// use sekisho_interceptor::AuthBody;
    ///
    /// // Where the layers around it want a body of tonic's.
    /// fn boxed(response: Response<AuthBody<tonic::body::Body>>) -> Response<tonic::body::Body> {
    ///     response.map(tonic::body::Body::new)
    /// }
    /// ```
    #[derive(Debug)]
    pub struct AuthBody<B> {
        #[pin]
        inner: Option<B>,
        whole: Option<Bytes>,
        term: Option<Term>,
    }
}

#[derive(Debug)]
struct Term {
    lease: Lease,
    ends: Ends,
    /// An answer of one message is not cut: what it tells of is done.
    begun: bool,
}

/// How an answer can be ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// With a status in trailers.
    InTrailers,
    /// As broken off.
    Abruptly,
}

impl<B> AuthBody<B> {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { inner: None, whole: Some(bytes).filter(|bytes| !bytes.is_empty()), term: None }
    }

    pub(crate) fn of(inner: B, lease: Option<Lease>, ends: Ends) -> Self {
        let term = lease.map(|lease| Term { lease, ends, begun: false });
        Self { inner: Some(inner), whole: None, term }
    }
}

impl<B: Default> Default for AuthBody<B> {
    fn default() -> Self {
        Self { inner: Some(B::default()), whole: None, term: None }
    }
}

impl<B> Body for AuthBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(this.whole.take().map(|bytes| Ok(Frame::data(bytes))));
        };
        let polled = inner.poll_frame(cx).map_err(Into::into);
        let Some(term) = this.term.as_mut() else { return polled };
        let over = match &polled {
            Poll::Pending => Some(ready!(term.lease.poll_over(cx))),
            Poll::Ready(Some(Ok(frame))) if frame.is_data() => {
                let first = !std::mem::replace(&mut term.begun, true);
                if first { None } else { term.lease.over() }
            }
            Poll::Ready(_) => None,
        };
        let Some(refusal) = over else { return polled };
        term.lease.note_cut(refusal);
        let end = cut(refusal, term.ends);
        // Dropped at once, so that the method stops working too.
        this.inner.set(None);
        *this.term = None;
        Poll::Ready(Some(end))
    }

    fn is_end_stream(&self) -> bool {
        self.whole.is_none() && self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let whole = self.whole.as_ref().map_or(0, |bytes| bytes.len() as u64);
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(whole), Body::size_hint)
    }
}

fn cut(refusal: Refusal, ends: Ends) -> Result<Frame<Bytes>, BoxError> {
    if ends == Ends::Abruptly {
        return Err(refusal.into());
    }
    let mut trailers = HeaderMap::new();
    refusal.status().add_header(&mut trailers)?;
    Ok(Frame::trailers(trailers))
}
