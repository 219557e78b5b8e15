//! How a run went: times, calls, origins, failures. Nothing here is a statistic of answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::record::{Ending, Origin};

/// Version of `operations.json`.
pub(super) const FORMAT: u32 = 1;

/// When a run was under way.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Span {
    /// Start, RFC 3339.
    pub started: String,
    /// Wall time in milliseconds; null in a run that was never ended, or only graded again.
    pub elapsed_ms: Option<f64>,
    /// How it ended; null in a run that was never ended.
    pub ending: Option<Ending>,
    /// Endpoints that were not asked any more, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub given_up: BTreeMap<Arc<str>, String>,
    /// What became of a limit for the cost of the whole command; null without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<MaxCost>,
}

/// What became of a limit for the cost of a command, when one of its suites had been run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MaxCost {
    /// The most that all calls together might cost.
    pub limit: f64,
    /// What the command had spent by then: a call that broke off, and one whose tokens nobody
    /// counted, with the most it can have cost.
    pub spent: f64,
    /// Trials of this run that were not asked for want of money.
    pub not_asked: usize,
    /// That in words, and how to go on; null where all were asked.
    pub sentence: Option<String>,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operations {
    /// Version of this document.
    pub format: u32,
    /// Name of the run.
    pub run: String,
    /// When it was under way.
    #[serde(flatten)]
    pub span: Span,
    /// One entry an endpoint.
    pub endpoints: Vec<EndpointOperations>,
}

/// How one endpoint served.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointOperations {
    /// The user's name for it.
    pub endpoint: Arc<str>,
    /// Exchanges by origin.
    pub origins: BTreeMap<Origin, usize>,
    /// Requests that differ from each other.
    pub distinct_requests: usize,
    /// Calls made upstream.
    pub attempts: usize,
    /// Failed trials by kind, with one message each.
    pub failures: BTreeMap<String, Failure>,
    /// What was tried again, and what that cost; null where nothing was.
    pub retries: Option<Retries>,
    /// Tokens of the replies heard, as counted by the server.
    pub input_tokens: u64,
    /// Tokens of the replies heard, as counted by the server.
    pub output_tokens: u64,
    /// Tokens of the prompts that the server took from its own cache; only where one said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_input_tokens: Option<u64>,
    /// What the calls cost; null where the endpoint has no price.
    pub cost: Option<f64>,
    /// What the cache and joining saved.
    pub saved: Saved,
    /// Milliseconds of answer calls made now; null without one.
    pub live_ms: Option<Quantiles>,
    /// Of those that came as streams, milliseconds to the first token; null without one.
    pub first_token_ms: Option<Quantiles>,
    /// Of those, the mean milliseconds from one piece of a reply to the next; null without one.
    pub between_pieces_ms: Option<Quantiles>,
    /// How the times of answer calls made now are spread; null without one.
    pub live_spread: Option<Spread>,
    /// Of those that came as streams, how the times to the first token are; null without one.
    pub first_token_spread: Option<Spread>,
    /// Milliseconds that the replayed answers took when they were recorded.
    pub recorded_ms: Option<Quantiles>,
    /// Who answered, where it is not the model that was asked for.
    pub served: Vec<Served>,
}

/// What need not be asked again, because it was stored or joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Saved {
    /// Calls that were not made.
    pub calls: usize,
    /// Tokens of prompts that were not read again.
    pub input_tokens: u64,
    /// Tokens of replies that were not written again.
    pub output_tokens: u64,
    /// What that would have cost; null where the endpoint has no price.
    pub cost: Option<f64>,
    /// Milliseconds that those calls took when they were made, one after the other.
    pub call_ms: f64,
}

/// What was tried again, and what that cost in time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Retries {
    /// Calls that were made again.
    pub calls: usize,
    /// Requests that needed more than one call.
    pub requests: usize,
    /// How many of those were answered in the end.
    pub answered: usize,
    /// Calls that were made again, by what had failed before.
    pub after: BTreeMap<String, usize>,
    /// Milliseconds in the calls that failed, summed over requests.
    pub failed_ms: f64,
    /// Milliseconds of pauses before the next try, summed over requests.
    pub pause_ms: f64,
}

/// Trials that failed in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// How many.
    pub count: usize,
    /// What the first of them says.
    pub message: String,
}

/// A model that answered by a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Served {
    /// The model asked for.
    pub asked: String,
    /// The model that answered, as it calls itself.
    pub served: String,
    /// In how many replies.
    pub replies: usize,
}

/// How times are spread, small however many there are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// Number of times.
    pub n: usize,
    /// How many more calls were given up at first, for all their time: they took longer than all
    /// others.
    pub given_up: usize,
    /// Milliseconds, ascending: quantiles (type 7) in equal steps from the least to the largest, 101
    /// of them, or all n where there are fewer.
    pub ms: Vec<f64>,
}

/// Most quantiles of a [`Spread`].
const MOST: usize = 101;

impl Spread {
    /// Of times in ascending order; none without any.
    pub(super) fn of(ascending: &[f64], given_up: usize) -> Option<Spread> {
        let last = ascending.len().checked_sub(1)?;
        let ms = if ascending.len() <= MOST {
            ascending.to_vec()
        } else {
            #[expect(clippy::cast_precision_loss, reason = "a hundred")]
            let step = |at: usize| at as f64 / (MOST - 1) as f64;
            (0..MOST).map(|at| quantile(ascending, last, step(at))).collect()
        };
        Some(Spread { n: ascending.len(), given_up, ms })
    }
}

/// A quantile (type 7) of values in ascending order, the last of which is at this place.
#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position between 0 and the last"
)]
fn quantile(ascending: &[f64], last: usize, q: f64) -> f64 {
    let position = last as f64 * q;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    ascending[below] + position.fract() * (ascending[above] - ascending[below])
}

/// A distribution by its quantiles (type 7).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    /// Number of values.
    pub n: usize,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Largest.
    pub max: f64,
}

impl Quantiles {
    pub(super) fn of(mut values: Vec<f64>) -> Option<Quantiles> {
        values.sort_by(f64::total_cmp);
        Quantiles::of_ascending(&values)
    }

    /// Of values in ascending order; none without any.
    pub(super) fn of_ascending(ascending: &[f64]) -> Option<Quantiles> {
        let last = ascending.len().checked_sub(1)?;
        let [p50, p95] = [0.5, 0.95].map(|q| quantile(ascending, last, q));
        Some(Quantiles { n: ascending.len(), p50, p95, max: ascending[last] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_type_7() {
        let quantiles = Quantiles::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((quantiles.n, quantiles.p50, quantiles.max), (4, 2.5, 4.0));
        assert!((quantiles.p95 - 3.85).abs() < 1e-12);
        assert_eq!(Quantiles::of(Vec::new()), None);
    }

    #[test]
    fn a_spread_holds_few_times_as_they_are_and_many_by_their_percentiles() {
        let few = Spread::of(&[1.0, 2.0, 4.0], 2).unwrap();
        assert_eq!((few.n, few.given_up, few.ms), (3, 2, vec![1.0, 2.0, 4.0]));
        let many: Vec<f64> = (0..=100_000).map(f64::from).collect();
        let many = Spread::of(&many, 0).unwrap();
        assert_eq!((many.n, many.ms.len()), (100_001, 101));
        assert!(many.ms.iter().zip(0..).all(|(ms, at)| (ms - f64::from(at) * 1000.0).abs() < 1e-6));
        assert_eq!(Spread::of(&[], 3), None);
    }
}
