//! An entry of the store: what is kept of an exchange, and how it is known to be whole.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ask::{Draw, Params, Reply, Request, Target, Times, Turn};

/// What many requests have in common. Kept once, so an entry is little more than its texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub target: Arc<Target>,
    pub params: Params,
}

impl Settings {
    pub(super) fn of(request: &Request) -> Settings {
        Settings { target: Arc::clone(&request.target), params: request.params.clone() }
    }

    pub(super) fn are_of(&self, request: &Request) -> bool {
        let target = Arc::ptr_eq(&self.target, &request.target) || self.target == request.target;
        target && self.params == request.params
    }

    /// The request that has these settings, these turns as JSON, and this draw.
    pub(super) fn request(&self, turns: &str, draw: Draw) -> serde_json::Result<Request> {
        let turns: Arc<[Turn]> = serde_json::from_str(turns)?;
        let (target, params) = (Arc::clone(&self.target), self.params.clone());
        Ok(Request { target, turns, params, draw })
    }
}

/// The messages of a request as they are stored.
pub(super) fn turns(request: &Request) -> String {
    serde_json::to_string(&request.turns).expect("texts are JSON")
}

/// Bytes of all messages of a request.
#[must_use]
pub fn prompt_bytes(request: &Request) -> u64 {
    request.turns.iter().map(|turn| turn.text.len() as u64).sum()
}

/// A sum over what a hit gives back. A disk that turned a bit must not turn a letter of an answer;
/// the request needs no sum, since it is compared with what was asked. Against chance, not against
/// malice: who can write here can write the sum as well.
pub(super) fn checksum(body: &str, times: &Times, created_ms: i64) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    let number = |value: Option<f64>| value.map_or([0xff; 8], f64::to_be_bytes);
    for part in [times.first_token_ms, times.head_ms, Some(times.total_ms)] {
        hasher.update(&number(part));
    }
    hasher.update(&created_ms.to_be_bytes());
    hasher.update(body.as_bytes());
    i64::from(hasher.finalize())
}

/// An exchange that is to be stored.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was asked.
    pub request: Arc<Request>,
    /// What was answered, its body as it came.
    pub reply: Arc<Reply>,
    /// When, in milliseconds since 1970 in UTC.
    pub created_ms: i64,
}

/// An entry as it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The body as it came.
    pub body: Arc<str>,
    /// Times of the call that fetched it.
    pub times: Times,
    /// When that was, in milliseconds since 1970 in UTC.
    pub created_ms: i64,
    /// Number of the run that fetched it.
    pub run: i64,
}
