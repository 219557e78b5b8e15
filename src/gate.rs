//! Is it good enough? Every line of a budget, judged by what the answers can show.
//!
//! A line passes when the whole one-sided limit lies on the good side and fails when the opposite
//! limit lies on the bad side, each at the line's level. In between nobody can tell, and the line
//! says so, together with the number of cases that could. A point estimate decides nothing: of 20
//! answers, 2 wrong ones are compatible with 2 % and with 28 %. Limits are exact, unless answers
//! are alike: then they are those of as many independent answers as tell the same.

mod bound;
mod calibration;
mod early;
mod latency;
mod regression;
mod words;

use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use crate::budget::{self, AtLeast, Budget, ConfidentWrong, NotMeasured};
use crate::record::{Run, Unreadable};
use crate::score::{ClusteredProportion, Level};
use crate::scorecard::{
    Against, Calls, Clustering, EndpointCard, Evidence, Rate, Scorecard, SliceCard,
};
use crate::snapshot::Standing;
use bound::Bound;
pub use early::EarlyStop;
pub use regression::{Obstacle, SEED, in_words, p_value, points};
pub use words::percent;
use words::{Asked, of_so_many};

/// Version of `decision.json`.
const FORMAT: u32 = 1;

/// What the evidence says of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the limit, and shown to be.
    Pass,
    /// Beyond the limit, and shown to be.
    Fail,
    /// The evidence is compatible with both.
    Undecided,
    /// There is no evidence.
    NotMeasured,
}

/// A budget line with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Name of the endpoint.
    pub endpoint: Arc<str>,
    /// Name of the line, such as `confident_wrong.max_rate`.
    pub line: &'static str,
    /// The part of the cases that is judged; all of them where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    /// What the evidence says.
    pub verdict: Verdict,
    /// The limit, in the unit of the estimate.
    pub limit: f64,
    /// The point estimate: a share, or a count for `max_count` and `newly_confident_wrong`; of
    /// `regression` the smallest adjusted p of its one-sided tests for "worse"; null where n is 0.
    pub estimate: Option<f64>,
    /// One-sided limits at the level, lower and upper; null where none apply.
    pub interval: Option<[f64; 2]>,
    /// Confidence level of each limit; null where no inference is made.
    pub level: Option<f64>,
    /// How many; null where the estimate is no share of a count.
    pub count: Option<usize>,
    /// Of how many.
    pub n: usize,
    /// What decided it before all planned trials were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early: Option<early::Decided>,
    /// How alike the n are; only where clusters hold several and an inference is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clustering: Option<Clustering>,
    /// The evidence in words, with what would have passed or decided.
    pub sentence: String,
}

/// What a run's budget says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// Version of this document.
    pub format: u32,
    /// The exit code of this run: 0 passed, 1 failed, 3 could not measure.
    pub exit_code: u8,
    /// Whether all planned trials are finished.
    pub complete: bool,
    /// What deciding early has saved; only where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early: Option<Early>,
    /// Every line, by endpoint in their order.
    pub lines: Vec<Line>,
    #[serde(skip)]
    budget: Budget,
}

/// What deciding early has saved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Early {
    /// Trials that settled every line.
    pub needed: usize,
    /// Trials that were planned.
    pub planned: usize,
    /// Share of every line's error level that looking early has cost.
    pub looking: f64,
}

impl Early {
    fn of(early: &EarlyStop) -> Option<Early> {
        let planned = early.planned();
        let needed = early.needed().filter(|needed| *needed < planned)?;
        Some(Early { needed, planned, looking: early::LOOKING })
    }

    /// Trials that need not be asked.
    #[must_use]
    pub fn saved(self) -> usize {
        self.planned - self.needed
    }
}

/// What a run is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Versus<'a> {
    /// Another run, where a line names one or one was before it.
    pub against: Option<&'a Against>,
    /// The accepted state of the suite, an entry an endpoint that has one.
    pub standings: &'a [Standing],
}

impl Decision {
    /// Judges a run. Where it may be decided early, `early` has watched it, and the run is
    /// [trimmed](EarlyStop::trimmed) to what was needed. What it may not be worse than is in
    /// `versus`.
    ///
    /// # Errors
    /// A record that is to be compared cannot be read any more.
    pub fn judged(
        run: &Run,
        calls: &Calls,
        scorecard: &Scorecard,
        early: Option<&EarlyStop>,
        versus: Versus<'_>,
    ) -> Result<Decision, Unreadable> {
        let budget = &run.header.budget;
        let at_the_end = early.map(|_| early::at_the_end(budget));
        let judged = at_the_end.as_ref().unwrap_or(budget);
        let mut lines = Vec::new();
        for card in &scorecard.endpoints {
            lines.extend(self::lines(run, calls, card, judged));
            if let Some(limits) = &budget.regression {
                lines.extend(regression::lines(card, run, limits, versus)?);
            }
        }
        if let Some(early) = early {
            early.tell(&mut lines);
        }
        let complete = run.is_complete();
        let early = early.and_then(Early::of);
        let budget = budget.clone();
        let mut decision =
            Decision { format: FORMAT, exit_code: 0, complete, early, lines, budget };
        decision.exit_code = decision.worst();
        Ok(decision)
    }

    /// Whether a line counts against the run.
    #[must_use]
    pub fn counts_as_failed(&self, line: &Line) -> bool {
        match line.verdict {
            Verdict::Pass => false,
            Verdict::Fail => true,
            Verdict::Undecided => self.budget.undecided == budget::Verdict::Fail,
            Verdict::NotMeasured => self.budget.not_measured == NotMeasured::Fail,
        }
    }

    /// Could not measure wins over failed: what was not seen cannot be judged.
    fn worst(&self) -> u8 {
        let too_little =
            |line: &Line| line.line.starts_with("coverage") && line.verdict == Verdict::Fail;
        if !self.complete || self.lines.iter().any(too_little) {
            3
        } else {
            u8::from(self.lines.iter().any(|line| self.counts_as_failed(line)))
        }
    }
}

/// A line that so few cases can never pass, however good they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfReach {
    /// Name of the line.
    pub line: &'static str,
    /// The least number of cases that could pass; none where no number could.
    pub cases: Option<usize>,
}

/// The lines of a budget that so many independent cases can never pass.
#[must_use]
pub fn out_of_reach(budget: &Budget, cases: usize) -> Vec<OutOfReach> {
    let at_the_end = budget.early_stop.then(|| early::at_the_end(budget));
    let budget = at_the_end.as_ref().unwrap_or(budget);
    let Budget { confident_wrong, accuracy, coverage, .. } = budget;
    let wrong = confident_wrong.and_then(|limits| {
        Some(("confident_wrong.max_rate", Bound::AtMost(limits.max_rate?), limits.level))
    });
    let least = |line, least: Option<AtLeast>| {
        least.map(|least| (line, Bound::AtLeast(least.min), least.level))
    };
    let lines = [wrong, least("accuracy", *accuracy), least("coverage", *coverage)];
    let times = budget.latency.iter().flat_map(|limits| {
        latency::shares(limits).into_iter().map(|(line, bound)| Some((line, bound, limits.level)))
    });
    let lines = lines.into_iter().chain(times);
    let rates = lines.flatten().filter_map(|(line, bound, level)| {
        Some((line, bound.least_to_pass(Level::new(level).ok()?)))
    });
    let out_of_reach = |(line, least): (&'static str, Option<usize>)| {
        least.is_none_or(|least| cases < least).then_some(OutOfReach { line, cases: least })
    };
    rates.chain(calibration::least_to_pass(budget)).filter_map(out_of_reach).collect()
}

fn lines(run: &Run, calls: &Calls, card: &EndpointCard, budget: &Budget) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(limits) = &budget.confident_wrong {
        let counted = card.primary().and_then(|source| source.at_threshold());
        let nothing = Evidence { share: ClusteredProportion::of::<()>([]), cases: 0 };
        let evidence = counted.map_or(nothing, |at| at.of_all);
        lines.extend(confident_wrong(card, evidence, card.unmeasured(), limits));
    }
    if let Some(least) = &budget.accuracy {
        lines.push(at_least("accuracy", "graded answers are right", card, &card.accuracy, *least));
    }
    lines.extend(calibration::lines(run, card, budget));
    lines.extend(latency::lines(run, calls, card, budget));
    if let Some(least) = &budget.coverage {
        lines.push(at_least(
            "coverage",
            "planned trials were measured",
            card,
            &card.coverage,
            *least,
        ));
    }
    let floor = coverage_floor(card);
    if budget.coverage.is_none() || floor.verdict == Verdict::Fail {
        lines.push(floor);
    }
    for (part, slice) in card.slices.iter().zip(&run.header.slices) {
        lines.extend(lines_of_slice(card, part, &slice.budget));
    }
    lines
}

/// The lines of a budget on a part of the cases.
fn lines_of_slice(card: &EndpointCard, part: &SliceCard, budget: &Budget) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(limits) = &budget.confident_wrong {
        let evidence = part.confident_wrong.evidence;
        lines.extend(confident_wrong(card, evidence, part.unmeasured, limits));
    }
    if let Some(least) = &budget.accuracy {
        lines.push(at_least("accuracy", "graded answers are right", card, &part.accuracy, *least));
    }
    for line in &mut lines {
        line.slice = Some(part.name.clone());
    }
    lines
}

fn confident_wrong(
    card: &EndpointCard,
    evidence: Evidence,
    unmeasured: usize,
    limits: &ConfidentWrong,
) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(max) = limits.max_rate {
        lines.push(Line::of_rate(
            "confident_wrong.max_rate",
            "answers are confidently wrong",
            card,
            evidence,
            Bound::AtMost(max),
            limits.level,
        ));
    }
    if let Some(max) = limits.max_count {
        let counts = (evidence.share.count(), evidence.share.total());
        lines.push(max_count(card, counts, unmeasured, max));
    }
    lines
}

/// Answers are counted, not cases: one that is asked five times can be wrong five times.
fn max_count(card: &EndpointCard, (count, n): (usize, usize), unmeasured: usize, max: u64) -> Line {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let verdict = if count > max {
        Verdict::Fail
    } else if count + unmeasured <= max {
        Verdict::Pass
    } else if n == 0 {
        Verdict::NotMeasured
    } else {
        Verdict::Undecided
    };
    let mut sentence = format!(
        "{count} of {n} {}, at most {max} may be",
        of_so_many(n, "answers are confidently wrong")
    );
    if unmeasured > 0 {
        let _ = write!(sentence, "; {unmeasured} more trials were not measured");
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let (limit, estimate) = (max as f64, count as f64);
    Line {
        endpoint: Arc::clone(&card.endpoint),
        line: "confident_wrong.max_count",
        slice: None,
        verdict,
        limit,
        estimate: Some(estimate),
        interval: None,
        level: None,
        count: Some(count),
        n,
        early: None,
        clustering: None,
        sentence,
    }
}

fn at_least(
    line: &'static str,
    what: &str,
    card: &EndpointCard,
    rate: &Rate,
    least: AtLeast,
) -> Line {
    Line::of_rate(line, what, card, rate.evidence, Bound::AtLeast(least.min), least.level)
}

/// The floor that holds in every suite. It is a condition on this very run and not an inference
/// from it, so the share itself decides.
fn coverage_floor(card: &EndpointCard) -> Line {
    let Rate { count, n, rate, .. } = card.coverage;
    let floor = budget::COVERAGE_FLOOR;
    let enough = rate.is_some_and(|rate| rate >= floor);
    let mut sentence = format!("{count} of {n} planned trials were measured");
    if !enough {
        let _ = write!(sentence, ", and every run needs {}", percent(floor));
    }
    Line {
        endpoint: Arc::clone(&card.endpoint),
        line: "coverage.floor",
        slice: None,
        verdict: if enough { Verdict::Pass } else { Verdict::Fail },
        limit: floor,
        estimate: rate,
        interval: None,
        level: None,
        count: Some(count),
        n,
        early: None,
        clustering: None,
        sentence,
    }
}

impl Line {
    fn of_rate(
        line: &'static str,
        what: &str,
        card: &EndpointCard,
        evidence: Evidence,
        bound: Bound,
        level: f64,
    ) -> Line {
        let at = Level::new(level).expect("a validated budget has levels between 50 % and 100 %");
        let share = evidence.share;
        let rate = share.rate();
        let mut line = Line {
            endpoint: Arc::clone(&card.endpoint),
            line,
            slice: None,
            verdict: bound.judge(share, at),
            limit: bound.limit(),
            estimate: rate,
            interval: rate.map(|_| [share.lower_limit(at), share.upper_limit(at)]),
            level: Some(level),
            count: Some(share.count()),
            n: share.total(),
            early: None,
            clustering: evidence.clustering(at),
            sentence: String::new(),
        };
        let repeats = card.repeats.as_ref().map_or(1, |repeats| repeats.k);
        line.sentence = line.in_words(&Asked { what, evidence, repeats }, bound, at);
        line
    }
}

#[cfg(test)]
mod tests;
