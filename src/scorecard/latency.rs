//! How long answers took that were fetched now.
//!
//! A budget on latency is about the endpoint as it is today. So it sees the exchanges that asked for
//! an answer, on the trial's own endpoint, and fetched it in this run: a stored or recorded reply
//! says nothing of today (and a run that was graded again has no others), and one that several cases
//! share was waited for once. Queueing and waits before a further attempt are no part of a call. A
//! first attempt that was given up took longer than all others, whatever its successor did.

use crate::record::{AskErrorKind, Heard, Name, Origin};

/// A live answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveAnswer {
    /// Place of its trial in the plan.
    pub index: usize,
    /// Answers of one cluster may be alike.
    pub cluster: Name,
    /// Seconds from the start of the call to its last byte; infinite for one that was given up.
    pub seconds: f64,
    /// Seconds from the start of the call to the first token, if it came as a stream; infinite for
    /// one that was given up.
    pub first_token: Option<f64>,
    /// Tokens of the reply a second, if the server counts them; zero for one that was given up.
    pub tokens_per_second: Option<f64>,
}

/// What an answer that was fetched now tells of its time; none where it tells nothing.
pub(super) fn answer(cluster: Name, index: usize, heard: &Heard) -> Option<LiveAnswer> {
    if was_given_up(heard) {
        let never = f64::INFINITY;
        let (first_token, tokens_per_second) = (Some(never), Some(0.0));
        return Some(LiveAnswer { index, cluster, seconds: never, first_token, tokens_per_second });
    }
    heard.reply.as_ref()?;
    let first_token = heard.times.and_then(|times| times.first_token_ms).map(|ms| ms / 1000.0);
    let seconds = heard.attempts.last()?.ms / 1000.0;
    let tokens = heard.usage.map(|usage| usage.output_tokens).filter(|tokens| *tokens > 0);
    #[expect(clippy::cast_precision_loss, reason = "tokens of a reply are far below 2^53")]
    let tokens_per_second = tokens.map(|tokens| tokens as f64 / seconds.max(1e-6));
    (seconds.is_finite() && seconds >= 0.0).then_some(LiveAnswer {
        index,
        cluster,
        seconds,
        first_token,
        tokens_per_second,
    })
}

/// Whether the first call was given up because it took too long.
pub(super) fn was_given_up(heard: &Heard) -> bool {
    heard.attempts.first().is_some_and(|first| first.error == Some(AskErrorKind::Timeout))
}

/// What an endpoint was asked and what that took: calls made, tokens of the replies fetched now,
/// and their cost, if the endpoint has a price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// Calls upstream, further attempts included.
    pub calls: usize,
    /// Tokens of prompts and replies.
    pub tokens: u64,
    /// In the currency of the price.
    pub cost: Option<f64>,
}

impl Spent {
    /// Adds the calls and tokens of an exchange.
    pub(super) fn add(&mut self, heard: &Heard) {
        self.calls += heard.attempts.len();
        if heard.origin == Origin::Live {
            let usage = heard.usage.unwrap_or_default();
            self.tokens =
                self.tokens.saturating_add(usage.input_tokens).saturating_add(usage.output_tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Attempt, Header, Outcome, Price, Record, Run};
    use crate::scorecard::Calls;

    /// A call as the journal keeps it.
    fn heard(change: impl FnOnce(&mut serde_json::Value)) -> Heard {
        let mut heard = serde_json::json!({
            "role": "answer", "endpoint": "model", "origin": "live", "waited_ms": 900.0,
            "digest": "0000000000000000000000000000000000000000000000000000000000000000",
            "request": {"target": {"wire": "w", "url": "http://h/", "model": "m"}, "turns": [],
                        "params": {}, "draw": {"repeat": 0, "sample": 0}},
            "attempts": [{"status": 200, "ms": 250.0, "wait_ms": 600.0}],
            "usage": {"input_tokens": 30, "output_tokens": 5},
            "cost": 0.5,
            "reply": {"text": "A", "times": {"total_ms": 250.0}, "model": "m", "body": ""},
        });
        change(&mut heard);
        serde_json::from_value(heard).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The calls of trials that had one exchange each.
    fn calls(exchanges: Vec<Heard>, change: impl FnOnce(&mut Header)) -> Calls {
        let record = |(index, heard): (usize, Heard)| Record {
            exchanges: vec![heard],
            ..judged(index, Outcome::Correct, Some(0.9))
        };
        let mut header = header(exchanges.len());
        header.endpoints[0].price = Some(Price { input: 1.0, output: 1.0, cached_input: None });
        header.budget.latency = serde_json::from_str(r#"{"level": 0.95}"#).unwrap();
        change(&mut header);
        let mut calls = Calls::new(&header);
        let run = Run::of(header, exchanges.into_iter().enumerate().map(record).collect());
        for brief in run.briefs() {
            calls.add(&run.record(brief).unwrap(), brief);
        }
        calls
    }

    #[test]
    fn only_answers_that_were_fetched_now_by_the_trial_itself_are_measured() {
        let calls = calls(
            vec![
                heard(|_| ()),
                heard(|at| at["origin"] = "stored".into()),
                heard(|at| at["origin"] = "joined".into()),
                heard(|at| at["origin"] = "replayed".into()),
                heard(|at| at["role"] = "judge".into()),
                heard(|at| at["endpoint"] = "another".into()),
            ],
            |_| (),
        );
        let told: Vec<_> = calls
            .live_answers("model", 6)
            .iter()
            .map(|at| (at.index, at.seconds, at.first_token, at.tokens_per_second))
            .collect();
        let expected = (0, 0.25, None, Some(20.0));
        assert_eq!(told, [expected], "waits and queues are no part of a call");
    }

    #[test]
    fn a_first_attempt_that_was_given_up_is_longer_than_all_others() {
        let mut given_up = heard(|_| ());
        let timeout = Attempt {
            status: None,
            error: Some(AskErrorKind::Timeout),
            ..given_up.attempts[0].clone()
        };
        given_up.attempts.insert(0, timeout.clone());
        let mut in_vain = heard(|_| ());
        (in_vain.attempts, in_vain.reply) = (vec![timeout], None);
        let refused = Heard { reply: None, ..heard(|_| ()) };
        let mut calls = calls(vec![given_up, in_vain, refused], |_| ());
        let live = calls.live_answers("model", 3);
        assert_eq!(calls.live_answers("model", 1).len(), 1);
        let seconds: Vec<f64> = live.iter().map(|at| at.seconds).collect();
        assert_eq!(seconds, [f64::INFINITY, f64::INFINITY]);
        let operations = calls.operations(crate::scorecard::Span::default());
        let told = &operations.endpoints[0];
        let spread = told.live_spread.as_ref();
        assert_eq!(spread, None, "no time but those of calls that were made again");
        assert_eq!(told.live_ms.map(|times| times.n), Some(1));
        let slowest = live.iter().all(|at| at.tokens_per_second == Some(0.0));
        assert!(slowest, "no budget on speed may see those alone that were quick enough");
    }

    #[test]
    fn the_spread_is_of_live_answers_and_counts_those_that_were_given_up() {
        let took = |ms: f64| {
            heard(|at| {
                at["reply"]["times"] =
                    serde_json::json!({"total_ms": ms, "first_token_ms": ms / 10.0});
            })
        };
        let mut given_up = took(900.0);
        let timeout =
            Attempt { error: Some(AskErrorKind::Timeout), ..given_up.attempts[0].clone() };
        given_up.attempts.insert(0, timeout);
        let stored = heard(|at| at["origin"] = "stored".into());
        let exchanges = || vec![took(300.0), given_up.clone(), took(100.0), stored.clone()];
        let told = calls(exchanges(), |_| ()).operations(crate::scorecard::Span::default());
        let told = &told.endpoints[0];
        let spread = told.live_spread.clone().unwrap();
        assert_eq!((spread.n, spread.given_up, spread.ms), (2, 1, vec![100.0, 300.0]));
        assert_eq!(told.first_token_spread.as_ref().unwrap().ms, [10.0, 30.0]);
        let all = told.live_ms.unwrap();
        assert_eq!((all.n, all.p50, all.max), (3, 300.0, 900.0), "replies are replies");
    }

    #[test]
    fn sums_do_not_depend_on_who_was_finished_first() {
        let costs = [0.1, 1e-7, 3.3, 0.2, 1e6, 0.7];
        let of = |order: &[usize]| {
            let paid = order.iter().map(|at| heard(|json| json["cost"] = costs[*at].into()));
            let mut calls = calls(paid.collect(), |_| ());
            let spent = calls.spent("model").cost;
            (spent, calls.operations(crate::scorecard::Span::default()).endpoints[0].cost)
        };
        let (spent, cost) = of(&[0, 1, 2, 3, 4, 5]);
        assert_eq!((spent, cost), of(&[4, 5, 3, 1, 0, 2]));
        assert!((spent.unwrap() - 1_000_004.300_000_1).abs() < 1e-9, "{spent:?}");
    }

    #[test]
    fn what_was_spent_is_what_was_fetched() {
        let both = || vec![heard(|_| ()), heard(|at| at["origin"] = "stored".into())];
        let spent = calls(both(), |_| ()).spent("model");
        assert_eq!((spent.calls, spent.tokens, spent.cost), (2, 35, Some(0.5)));
        let unpriced = calls(both(), |header| header.endpoints[0].price = None);
        assert_eq!(unpriced.spent("model").cost, None);
    }
}
