//! What follows from a failed call: another try, none, or no further call to the endpoint at all.
//!
//! A pure function of what is known of the failure. `docs/transport.md` has it as a table, and a
//! test holds the two together.

use crate::ask::{AskError, AskErrorKind};

/// What follows from a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The same call may succeed in a moment.
    TryAgain,
    /// The same call would fail again; others may not.
    GiveUp,
    /// Every call to this endpoint would fail in the same way.
    GiveUpEndpoint,
}

impl Verdict {
    /// What follows from this failure.
    #[must_use]
    pub fn of(error: &AskError) -> Verdict {
        match (error.kind, error.status) {
            // The server will not learn a method or a version of HTTP in a moment.
            (AskErrorKind::Server, Some(501 | 505))
            | (
                AskErrorKind::BadRequest
                | AskErrorKind::ContentFilter
                | AskErrorKind::Unusable
                | AskErrorKind::NotRecorded
                | AskErrorKind::Interrupted
                | AskErrorKind::NotAsked,
                _,
            ) => Verdict::GiveUp,
            (
                AskErrorKind::RateLimited
                | AskErrorKind::Overloaded
                | AskErrorKind::Server
                | AskErrorKind::Network
                | AskErrorKind::Timeout
                | AskErrorKind::BadBody,
                _,
            ) => Verdict::TryAgain,
            (
                AskErrorKind::Authentication
                | AskErrorKind::Quota
                | AskErrorKind::NotFound
                | AskErrorKind::Certificate,
                _,
            ) => Verdict::GiveUpEndpoint,
        }
    }

    /// Words for people, as the table in the documentation has them.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Verdict::TryAgain => "tried again",
            Verdict::GiveUp => "final",
            Verdict::GiveUpEndpoint => "endpoint given up",
        }
    }
}
