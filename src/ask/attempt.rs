//! One call upstream, as the record keeps it.
//!
//! What was waited before it and what it took itself are kept apart, and of the wait the pause that
//! was chosen and the queue that was not.

use serde::{Deserialize, Serialize};

use super::{AskErrorKind, Phase};

/// Why a call waited before it was tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// By our own rule: a random time below a limit that doubles.
    Backoff,
    /// The server had named the time.
    Server,
}

impl PauseReason {
    /// Words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            PauseReason::Backoff => "backing off",
            PauseReason::Server => "as the server asked",
        }
    }
}

/// One try at fetching a reply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// HTTP status, if one was received.
    pub status: Option<u16>,
    /// What went wrong, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AskErrorKind>,
    /// Which time was exceeded, where it was one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Milliseconds from the start of the call, its permit held, to its last byte or failure.
    pub ms: f64,
    /// Milliseconds waited before it: the pause, and then the queue for a permit.
    pub wait_ms: f64,
    /// Of those, the milliseconds of the pause before trying again; the rest was the queue.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pause_ms: f64,
    /// Why there was a pause; none at a first try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<PauseReason>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(ms: &f64) -> bool {
    *ms == 0.0
}
