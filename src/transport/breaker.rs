//! When an endpoint is not asked any more.
//!
//! A wrong key fails every case of a suite in the same way, and a server that is down does too. To
//! ask on would cost an hour and bury the one message that matters. So some failures end the
//! endpoint at once, and a run of equal ones does; what is left is not asked, and the run says so.
//! It is not tried later whether the endpoint has come back: half a run before an outage and half
//! of one after it are no measurement, and whoever runs the suite again finds what is stored.

use std::sync::{Arc, Mutex};

use tokio::sync::SetOnce;

use super::lock;
use super::verdict::Verdict;
use crate::ask::{AskError, AskErrorKind};

/// So many requests that fail alike, with no success between them, end an endpoint.
pub(super) const IN_A_ROW: u32 = 20;

/// Whether an endpoint is still asked.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    row: Mutex<Row>,
    open: SetOnce<Arc<AskError>>,
}

#[derive(Debug, Default)]
struct Row {
    /// Kind and status of the latest failures.
    alike: Option<(AskErrorKind, Option<u16>)>,
    length: u32,
    ever_served: bool,
}

impl Breaker {
    /// Why the endpoint is not asked any more, if so.
    pub(super) fn given_up(&self) -> Option<Arc<AskError>> {
        self.open.get().cloned()
    }

    /// Waits until the endpoint is given up, for ever if it never is.
    pub(super) async fn opened(&self) {
        self.open.wait().await;
    }

    /// A request was answered.
    pub(super) fn served(&self) {
        let mut row = lock(&self.row);
        *row = Row { ever_served: true, ..Row::default() };
    }

    /// A request failed for good.
    pub(super) fn failed(&self, error: &AskError) {
        if error.kind == AskErrorKind::NotAsked {
            // Nobody was asked, so nobody failed.
            return;
        }
        if error.kind == AskErrorKind::ContentFilter {
            // Somebody looked at the question and answered.
            return self.served();
        }
        let mut row = lock(&self.row);
        let this = Some((error.kind, error.status));
        row.length = if row.alike == this { row.length + 1 } else { 1 };
        row.alike = this;
        // Some servers answer 403 to a single question that they do not like.
        let spares = error.status == Some(403) && row.ever_served;
        let message = if Verdict::of(error) == Verdict::GiveUpEndpoint && !spares {
            error.to_string()
        } else if row.length >= IN_A_ROW {
            let status = error.status.map(|status| format!(", status {status}"));
            let (kind, status) = (error.kind.words(), status.unwrap_or_default());
            format!("{IN_A_ROW} requests in a row failed alike ({kind}{status})")
        } else {
            return;
        };
        let _ = self.open.set(Arc::new(AskError::new(AskErrorKind::NotAsked, message)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: AskErrorKind, status: u16) -> AskError {
        AskError { status: Some(status), ..AskError::new(kind, "why") }
    }

    #[test]
    fn what_fails_every_call_ends_the_endpoint_at_once() {
        for (kind, status) in [
            (AskErrorKind::Authentication, 401),
            (AskErrorKind::Authentication, 403),
            (AskErrorKind::Quota, 429),
            (AskErrorKind::NotFound, 404),
        ] {
            let breaker = Breaker::default();
            assert!(breaker.given_up().is_none());
            breaker.failed(&error(kind, status));
            let why = breaker.given_up().unwrap();
            assert_eq!(why.kind, AskErrorKind::NotAsked);
            assert_eq!(why.message, format!("{}: why", kind.words()));
        }
    }

    #[test]
    fn a_question_that_is_forbidden_does_not_end_an_endpoint_that_has_answered() {
        let breaker = Breaker::default();
        breaker.served();
        breaker.failed(&error(AskErrorKind::Authentication, 403));
        assert!(breaker.given_up().is_none());
        breaker.failed(&error(AskErrorKind::Authentication, 401));
        assert!(breaker.given_up().is_some());
    }

    #[test]
    fn what_was_not_asked_says_nothing_of_an_endpoint() {
        let breaker = Breaker::default();
        (0..IN_A_ROW).for_each(|_| breaker.failed(&AskError::new(AskErrorKind::NotAsked, "spent")));
        assert!(breaker.given_up().is_none());
    }

    #[test]
    fn a_run_of_equal_failures_ends_it_and_anything_else_between_them_does_not() {
        let down = error(AskErrorKind::Server, 500);
        let fail = |breaker: &Breaker, times| (0..times).for_each(|_| breaker.failed(&down));
        for between in 0..4 {
            let breaker = Breaker::default();
            fail(&breaker, IN_A_ROW - 1);
            match between {
                0 => breaker.served(),
                1 => breaker.failed(&error(AskErrorKind::Server, 502)),
                2 => breaker.failed(&error(AskErrorKind::Timeout, 500)),
                _ => breaker.failed(&error(AskErrorKind::ContentFilter, 400)),
            }
            fail(&breaker, IN_A_ROW - 1);
            assert!(breaker.given_up().is_none(), "{between}");
            fail(&breaker, 1);
            let why = breaker.given_up().unwrap();
            assert_eq!(why.message, "20 requests in a row failed alike (server error, status 500)");
        }
    }
}
