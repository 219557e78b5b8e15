//! Lines about time and money: how long answers took that were fetched now, and what they took.
//!
//! A quantile is at most a limit exactly where the share of answers beyond the limit is at most what
//! the quantile leaves over. So quantiles are judged as shares are, by exact limits, and shown as
//! times, by order statistics. What was replayed is not measured: that is no pass.

use std::sync::Arc;

use crate::budget::{Budget, Latency};
use crate::record::{Name, Run};
use crate::score::{ClusteredProportion, Level, quantile_limits};
use crate::scorecard::{Calls, EndpointCard, Evidence, LiveAnswer, Spent};

use super::bound::Bound;
use super::{Line, Verdict, percent};

/// The lines of a budget on time and money, of one endpoint.
pub(super) fn lines(run: &Run, calls: &Calls, card: &EndpointCard, budget: &Budget) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(limits) = &budget.latency {
        let live = calls.live_answers(&card.endpoint, run.header.trials_of_all());
        lines.extend(quantiles(card, &live, limits));
    }
    let Budget { calls: most, tokens, cost, .. } = budget;
    if most.is_some() || tokens.is_some() || cost.is_some() {
        let Spent { calls: made, tokens: used, cost: paid } = calls.spent(&card.endpoint);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let (made, used) = (made as f64, used as f64);
        lines.extend(most.map(|at| total(card, "calls", "calls", at.max, Some(made))));
        lines.extend(tokens.map(|at| total(card, "tokens", "tokens", at.max, Some(used))));
        lines.extend(cost.map(|at| total(card, "cost", "spent", at.max, paid)));
    }
    lines
}

/// The shares that the lines on latency leave over, by name of the line.
pub(super) fn shares(limits: &Latency) -> Vec<(&'static str, Bound)> {
    let Latency { p50, p95, p99, first_token_p95, tokens_per_second, late, .. } = limits;
    let over = |name, limit: &Option<f64>, q: f64| limit.map(|_| (name, Bound::AtMost(1.0 - q)));
    [
        over("latency.p50", p50, 0.5),
        over("latency.p95", p95, 0.95),
        over("latency.p99", p99, 0.99),
        over("latency.first_token_p95", first_token_p95, 0.95),
        over("latency.tokens_per_second", tokens_per_second, 0.5),
        late.map(|late| ("latency.late", Bound::AtMost(late.max_rate))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn quantiles(card: &EndpointCard, live: &[LiveAnswer], limits: &Latency) -> Vec<Line> {
    let level = Level::new(limits.level).expect("a validated budget has levels below 100 %");
    let mut lines = Vec::new();
    for (name, word, limit, q) in [
        ("latency.p50", "median", limits.p50, 0.5),
        ("latency.p95", "p95", limits.p95, 0.95),
        ("latency.p99", "p99", limits.p99, 0.99),
    ] {
        let Some(limit) = limit else { continue };
        let seen: Vec<(Name, f64)> = live.iter().map(|at| (at.cluster, at.seconds)).collect();
        let quantile = Quantile { name, word, limit, q, unit: seconds, more_is_better: false };
        lines.push(quantile.judge(card, &seen, level));
    }
    if let Some(limit) = limits.first_token_p95 {
        let seen: Vec<(Name, f64)> =
            live.iter().filter_map(|at| Some((at.cluster, at.first_token?))).collect();
        let (name, word) = ("latency.first_token_p95", "p95 of the first token");
        let quantile =
            Quantile { name, word, limit, q: 0.95, unit: seconds, more_is_better: false };
        // Those that were given up alone say nothing of when first tokens come.
        let timed = seen.iter().any(|(_, first)| first.is_finite());
        let mut line = quantile.judge(card, if timed { &seen } else { &[] }, level);
        if !timed && !live.is_empty() {
            NO_STREAMS.clone_into(&mut line.sentence);
        }
        lines.push(line);
    }
    if let Some(limit) = limits.tokens_per_second {
        let seen: Vec<(Name, f64)> =
            live.iter().filter_map(|at| Some((at.cluster, at.tokens_per_second?))).collect();
        let name = "latency.tokens_per_second";
        let unit = |value| format!("{value:.1} tokens/s");
        let quantile = Quantile { name, word: "median", limit, q: 0.5, unit, more_is_better: true };
        // Those that were given up alone say nothing of how fast tokens come.
        let timed = seen.iter().any(|(_, speed)| *speed > 0.0);
        lines.push(quantile.judge(card, if timed { &seen } else { &[] }, level));
    }
    if let Some(late) = limits.late {
        let flags = live.iter().map(|at| (at.cluster, at.seconds > late.over));
        let share = ClusteredProportion::of(flags);
        let evidence = Evidence { share, cases: share.clusters() };
        let what = format!("live answers are later than {}", seconds(late.over));
        let bound = Bound::AtMost(late.max_rate);
        let mut line = Line::of_rate("latency.late", &what, card, evidence, bound, limits.level);
        if live.is_empty() {
            NOTHING_LIVE.clone_into(&mut line.sentence);
        }
        lines.push(line);
    }
    lines
}

const NOTHING_LIVE: &str = "not measured: no answer was fetched in this run, and times of stored or recorded replies say \
     nothing of today";

const NO_STREAMS: &str = "not measured: no reply of this run came as a stream, and only streams tell of their first token";

/// A quantile with a limit.
struct Quantile {
    name: &'static str,
    word: &'static str,
    limit: f64,
    q: f64,
    unit: fn(f64) -> String,
    more_is_better: bool,
}

impl Quantile {
    fn judge(&self, card: &EndpointCard, seen: &[(Name, f64)], level: Level) -> Line {
        let Quantile { name, word, limit, q, unit, more_is_better } = *self;
        let beyond = |value: f64| if more_is_better { value < limit } else { value > limit };
        let share = ClusteredProportion::of(seen.iter().map(|(at, value)| (at, beyond(*value))));
        let mut line = Line {
            endpoint: Arc::clone(&card.endpoint),
            line: name,
            slice: None,
            verdict: Bound::AtMost(1.0 - q).judge(share, level),
            limit,
            estimate: None,
            interval: None,
            level: Some(level.get()),
            count: Some(share.count()),
            n: share.total(),
            early: None,
            clustering: None,
            sentence: NOTHING_LIVE.to_owned(),
        };
        if seen.is_empty() {
            return line;
        }
        let mut ascending: Vec<f64> = seen.iter().map(|(_, value)| *value).collect();
        ascending.sort_by(f64::total_cmp);
        let estimate = nearest_rank(&ascending, self.shown_q());
        line.estimate = Some(estimate).filter(|estimate| estimate.is_finite());
        let evidence = Evidence { share, cases: share.clusters() };
        line.clustering = evidence.clustering(level);
        let shown = |value: Option<f64>| match value {
            Some(value) if value.is_finite() => unit(value),
            Some(_) => "longer than its timeout".to_owned(),
            None => "what so few cannot tell".to_owned(),
        };
        let n = seen.len();
        let beside = format!("{} of {n} live answers beyond {}", share.count(), unit(limit));
        let sure = format!("with {} confidence", percent(level.get()));
        // Limits by order statistics are for independent answers.
        let between = if evidence.is_clustered() {
            String::new()
        } else {
            let (lower, upper) = quantile_limits(&ascending, self.shown_q(), level);
            line.interval = lower.zip(upper).map(|(lower, upper)| [lower, upper]);
            format!("; {sure} from {} to {}", shown(lower), shown(upper))
        };
        let decide = match line.verdict {
            Verdict::Undecided => {
                let bound = Bound::AtMost(1.0 - q);
                match bound.would_decide(share, level) {
                    Some(answers) => format!(": about {answers} live answers would decide"),
                    None => String::new(),
                }
            }
            _ => String::new(),
        };
        line.sentence = format!("{word} {}, {beside}{between}{decide}", shown(Some(estimate)));
        line
    }

    fn shown_q(&self) -> f64 {
        if self.more_is_better { 1.0 - self.q } else { self.q }
    }
}

/// The value that a share `q` of the values in ascending order reaches at most.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank among the values"
)]
fn nearest_rank(ascending: &[f64], q: f64) -> f64 {
    let rank = (q * ascending.len() as f64 - 1e-9).ceil() as usize;
    ascending[rank.clamp(1, ascending.len()) - 1]
}

/// A total is what it is: nothing is inferred from it.
fn total(card: &EndpointCard, name: &'static str, what: &str, max: f64, seen: Option<f64>) -> Line {
    let verdict = match seen {
        Some(seen) if seen <= max => Verdict::Pass,
        Some(_) => Verdict::Fail,
        None => Verdict::NotMeasured,
    };
    let sentence = match seen {
        Some(seen) => format!("{} {what}, at most {} may be", plain(seen), plain(max)),
        None => "not measured: the endpoint has no `price`".to_owned(),
    };
    Line {
        endpoint: Arc::clone(&card.endpoint),
        line: name,
        slice: None,
        verdict,
        limit: max,
        estimate: seen,
        interval: None,
        level: None,
        count: None,
        n: card.finished,
        early: None,
        clustering: None,
        sentence,
    }
}

/// A number without decimals that say nothing.
fn plain(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Seconds as people write them.
fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.9995 => format!("{:.0} ms", s * 1000.0),
        s if s < 99.95 => {
            let text = format!("{s:.1}");
            format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
        }
        s => format!("{s:.0} s"),
    }
}
