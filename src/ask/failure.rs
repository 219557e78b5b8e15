//! Why a request has no reply.
//!
//! One closed list of kinds, whatever the server or the connection did: everything that counts
//! failures, tries again or gives up looks at the kind and never at a message.

use serde::{Deserialize, Serialize};

/// What kind of failure an [`AskError`] is; decides the outcome and, later, whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskErrorKind {
    /// The key is missing, wrong, or may not do this.
    Authentication,
    /// The account has nothing left.
    Quota,
    /// The server does not know the model or the path.
    NotFound,
    /// The server understood the request and refuses it.
    BadRequest,
    /// The provider's filter refused the question or the answer.
    ContentFilter,
    /// Too many requests.
    RateLimited,
    /// The server has no room right now.
    Overloaded,
    /// The server failed.
    Server,
    /// The connection failed.
    Network,
    /// No complete reply in time.
    Timeout,
    /// A reply that cannot be read, or that carries an error under a success status.
    BadBody,
    /// A reply that would be the same again: too large, or packed.
    Unusable,
    /// The server's certificate does not prove who it is.
    Certificate,
    /// A cassette has no such exchange.
    NotRecorded,
    /// The asking itself was stopped or broke.
    Interrupted,
    /// No call was made: the endpoint had been given up.
    NotAsked,
}

impl AskErrorKind {
    /// Words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            AskErrorKind::Authentication => "authentication failed",
            AskErrorKind::Quota => "quota exhausted",
            AskErrorKind::NotFound => "not found",
            AskErrorKind::BadRequest => "bad request",
            AskErrorKind::ContentFilter => "content filter",
            AskErrorKind::RateLimited => "rate limited",
            AskErrorKind::Overloaded => "server overloaded",
            AskErrorKind::Server => "server error",
            AskErrorKind::Network => "network error",
            AskErrorKind::Timeout => "timed out",
            AskErrorKind::BadBody => "unreadable reply",
            AskErrorKind::Unusable => "unusable reply",
            AskErrorKind::Certificate => "certificate refused",
            AskErrorKind::NotRecorded => "not recorded",
            AskErrorKind::Interrupted => "interrupted",
            AskErrorKind::NotAsked => "not asked",
        }
    }
}

/// Which of its times a call exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Until the connection stood.
    Connect,
    /// Until the head of the answer was there.
    FirstByte,
    /// Between two pieces of the body.
    Idle,
    /// Until the last byte.
    Total,
}

impl Phase {
    /// Words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Phase::Connect => "while connecting",
            Phase::FirstByte => "before the first byte",
            Phase::Idle => "between two bytes",
            Phase::Total => "as a whole",
        }
    }
}

/// Why a request has no reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", kind.words())]
pub struct AskError {
    /// What kind of failure.
    pub kind: AskErrorKind,
    /// HTTP status, if one was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Which time was exceeded, where it was one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// What happened and what to do about it; never holds a secret.
    pub message: String,
}

impl AskError {
    /// An error without a status.
    pub fn new(kind: AskErrorKind, message: impl Into<String>) -> AskError {
        AskError { kind, status: None, phase: None, message: message.into() }
    }
}
