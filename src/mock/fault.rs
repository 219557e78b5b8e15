//! The ways in which a server can go wrong, by name.

use std::fmt;
use std::str::FromStr;

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused with this status and no hint when to come back.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    RetryAfterSeconds,
    /// 429 with `Retry-After` as a date.
    RetryAfterDate,
    /// 429 with `retry-after-ms`.
    RetryAfterMs,
    /// 429 with `x-ratelimit-reset-requests` as a duration.
    ResetRequests,
    /// 429 with `x-ratelimit-reset-tokens` as a duration.
    ResetTokens,
    /// 429 that says that the account has nothing left.
    Quota,
    /// The connection is reset as soon as it is there, if the call is on a new one.
    ResetAccept,
    /// The connection is reset in place of an answer.
    Reset,
    /// The connection is reset in the middle of the body.
    ResetBody,
    /// The body is cut in the middle of its JSON, and ends in good order.
    TruncatedJson,
    /// A stream stops half way, without its end mark, and ends in good order.
    TruncatedSse,
    /// A stream of nothing but its end mark, under status 200.
    EmptySse,
    /// Silence in place of an answer.
    Stall,
    /// Silence in the middle of the body.
    StallBody,
    /// A body that never ends.
    Endless,
    /// A body of 256 MiB.
    Huge,
    /// The answer under the content type of a page.
    ContentType,
    /// An error in the body, under status 200.
    Error200,
    /// A body without an answer in it.
    EmptyChoices,
    /// Bytes in the answer that are not UTF-8.
    BadUtf8,
    /// 256 MiB of answer, packed into under 2 MiB.
    GzipBomb,
    /// A redirect to where the next redirect waits.
    RedirectLoop,
    /// Every chunk of a stream comes twice.
    Duplicated,
    /// Neighbouring chunks of a stream change places.
    Reordered,
    /// The head comes a byte every 50 ms.
    SlowHeaders,
}

/// All that are not named by their status alone.
const NAMED: &[(&str, Fault)] = &[
    ("429-seconds", Fault::RetryAfterSeconds),
    ("429-date", Fault::RetryAfterDate),
    ("429-ms", Fault::RetryAfterMs),
    ("429-reset-requests", Fault::ResetRequests),
    ("429-reset-tokens", Fault::ResetTokens),
    ("quota", Fault::Quota),
    ("reset-accept", Fault::ResetAccept),
    ("reset", Fault::Reset),
    ("reset-body", Fault::ResetBody),
    ("truncated-json", Fault::TruncatedJson),
    ("truncated-sse", Fault::TruncatedSse),
    ("empty-sse", Fault::EmptySse),
    ("stall", Fault::Stall),
    ("stall-body", Fault::StallBody),
    ("endless", Fault::Endless),
    ("huge", Fault::Huge),
    ("content-type", Fault::ContentType),
    ("error-200", Fault::Error200),
    ("empty-choices", Fault::EmptyChoices),
    ("bad-utf8", Fault::BadUtf8),
    ("gzip-bomb", Fault::GzipBomb),
    ("redirect-loop", Fault::RedirectLoop),
    ("duplicated", Fault::Duplicated),
    ("reordered", Fault::Reordered),
    ("slow-headers", Fault::SlowHeaders),
];

impl Fault {
    /// Whether it comes without the time that an answer takes.
    #[must_use]
    pub(super) fn comes_at_once(self) -> bool {
        use Fault::{
            Quota, RedirectLoop, Reset, ResetAccept, ResetRequests, ResetTokens, RetryAfterDate,
            RetryAfterMs, RetryAfterSeconds, Stall, Status,
        };
        matches!(
            self,
            Status(_)
                | RetryAfterSeconds
                | RetryAfterDate
                | RetryAfterMs
                | ResetRequests
                | ResetTokens
                | Quota
                | ResetAccept
                | Reset
                | Stall
                | RedirectLoop
        )
    }

    /// Whether only a stream can have it; a whole answer stays as it is.
    #[must_use]
    pub fn needs_stream(self) -> bool {
        matches!(self, Fault::TruncatedSse | Fault::EmptySse | Fault::Duplicated | Fault::Reordered)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        if let Some((_, fault)) = NAMED.iter().find(|(name, _)| *name == text) {
            return Ok(*fault);
        }
        if let Some(status) = text.parse().ok().filter(|status| (400..600).contains(status)) {
            return Ok(Fault::Status(status));
        }
        let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        let known = names.join(", ");
        Err(format!("unknown fault `{text}`: there are {known}, and any status from 400 to 599"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Fault::Status(status) = self {
            return write!(f, "{status}");
        }
        let name = NAMED.iter().find(|(_, fault)| fault == self).map_or("?", |(name, _)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_known_by_its_name() {
        for (name, fault) in NAMED {
            assert_eq!(name.parse::<Fault>(), Ok(*fault));
            assert_eq!(fault.to_string(), *name);
        }
        assert_eq!("529".parse(), Ok(Fault::Status(529)));
        assert!("399".parse::<Fault>().is_err());
        assert!("429-hours".parse::<Fault>().unwrap_err().contains("429-seconds"));
    }
}
