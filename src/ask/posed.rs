//! A request on its way.
//!
//! The digest of a request is asked for at every station that it passes: by the driver, the cache, the
//! transport, the exchange that comes back. It is computed at the first and carried along.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::{Digest, Request};

/// A request that does not change any more, and its digest once somebody wanted to know it.
#[derive(Debug, Clone)]
pub struct Posed {
    request: Arc<Request>,
    digest: OnceLock<Digest>,
}

impl Posed {
    /// Identity of the request, as [`Request::digest`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| self.request.digest())
    }

    /// The request, to be kept.
    #[must_use]
    pub fn request(&self) -> Arc<Request> {
        Arc::clone(&self.request)
    }
}

impl From<Arc<Request>> for Posed {
    fn from(request: Arc<Request>) -> Posed {
        Posed { request, digest: OnceLock::new() }
    }
}

impl From<Request> for Posed {
    fn from(request: Request) -> Posed {
        Posed::from(Arc::new(request))
    }
}

impl Deref for Posed {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::tests::request;

    #[test]
    fn its_digest_is_that_of_the_request_however_often_it_is_handed_on() {
        let posed = Posed::from(request());
        let before = posed.clone();
        assert_eq!(posed.digest(), request().digest());
        assert_eq!(before.digest(), posed.clone().digest());
        assert_ne!(Posed::from(posed.sample(1)).digest(), posed.digest());
    }
}
