//! Is it good enough? Every line of a budget, judged by what the answers can show.
//!
//! A line passes when the whole one-sided exact limit lies on the good side and fails when the
//! opposite limit lies on the bad side, each at the line's level. In between nobody can tell, and
//! the line says so, together with the number of cases that could. A point estimate decides
//! nothing: of 20 answers, 2 wrong ones are compatible with 2 % and with 28 %.

use std::fmt::Write;
use std::sync::Arc;

use serde::Serialize;

use crate::budget::{self, AtLeast, Budget, ConfidentWrong, NotMeasured};
use crate::record::Run;
use crate::score::{Level, Proportion};
use crate::scorecard::{EndpointCard, Rate, Scorecard};

/// Version of `decision.json`.
const FORMAT: u32 = 1;

/// No suite can be expected to grow beyond this for one line's sake.
const MOST_CASES: usize = 10_000_000;

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
    /// What the evidence says.
    pub verdict: Verdict,
    /// The limit, in the unit of the estimate.
    pub limit: f64,
    /// The point estimate: a share, or a count for `max_count`; null where n is 0.
    pub estimate: Option<f64>,
    /// One-sided exact limits at the level, lower and upper; null where none apply.
    pub interval: Option<[f64; 2]>,
    /// Confidence level of each limit; null where no inference is made.
    pub level: Option<f64>,
    /// How many.
    pub count: usize,
    /// Of how many.
    pub n: usize,
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
    /// Every line, by endpoint in their order.
    pub lines: Vec<Line>,
    #[serde(skip)]
    budget: Budget,
}

impl Decision {
    /// Judges a run.
    #[must_use]
    pub fn of(run: &Run, scorecard: &Scorecard) -> Decision {
        let budget = &run.header.budget;
        let lines: Vec<Line> =
            scorecard.endpoints.iter().flat_map(|card| lines(card, budget)).collect();
        let complete = run.is_complete();
        let mut decision =
            Decision { format: FORMAT, exit_code: 0, complete, lines, budget: budget.clone() };
        decision.exit_code = decision.worst();
        decision
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

fn lines(card: &EndpointCard, budget: &Budget) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(limits) = &budget.confident_wrong {
        lines.extend(confident_wrong(card, limits));
    }
    if let Some(least) = &budget.accuracy {
        lines.push(at_least("accuracy", "graded answers are right", card, card.accuracy, *least));
    }
    if let Some(least) = &budget.coverage {
        lines.push(at_least(
            "coverage",
            "planned trials were measured",
            card,
            card.coverage,
            *least,
        ));
    }
    let floor = coverage_floor(card);
    if budget.coverage.is_none() || floor.verdict == Verdict::Fail {
        lines.push(floor);
    }
    lines
}

fn confident_wrong(card: &EndpointCard, limits: &ConfidentWrong) -> Vec<Line> {
    let (count, n) = card
        .primary()
        .map_or((0, 0), |source| (source.at_threshold().map_or(0, |at| at.wrong), source.n));
    let mut lines = Vec::new();
    if let Some(max) = limits.max_rate {
        lines.push(Line::of_rate(
            "confident_wrong.max_rate",
            "answers are confidently wrong",
            card,
            (count, n),
            Bound::AtMost(max),
            limits.level,
        ));
    }
    if let Some(max) = limits.max_count {
        lines.push(max_count(card, count, n, max));
    }
    lines
}

fn max_count(card: &EndpointCard, count: usize, n: usize, max: u64) -> Line {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    let unmeasured = card.unmeasured();
    let verdict = if count > max {
        Verdict::Fail
    } else if count + unmeasured <= max {
        Verdict::Pass
    } else if n == 0 {
        Verdict::NotMeasured
    } else {
        Verdict::Undecided
    };
    let mut sentence =
        format!("{count} of {n} answers are confidently wrong, at most {max} may be");
    if unmeasured > 0 {
        let _ = write!(sentence, "; {unmeasured} more trials were not measured");
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let (limit, estimate) = (max as f64, count as f64);
    Line {
        endpoint: Arc::clone(&card.endpoint),
        line: "confident_wrong.max_count",
        verdict,
        limit,
        estimate: Some(estimate),
        interval: None,
        level: None,
        count,
        n,
        sentence,
    }
}

fn at_least(
    line: &'static str,
    what: &str,
    card: &EndpointCard,
    rate: Rate,
    least: AtLeast,
) -> Line {
    Line::of_rate(line, what, card, (rate.count, rate.n), Bound::AtLeast(least.min), least.level)
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
        verdict: if enough { Verdict::Pass } else { Verdict::Fail },
        limit: floor,
        estimate: rate,
        interval: None,
        level: None,
        count,
        n,
        sentence,
    }
}

/// Which side of a limit is good.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn limit(self) -> f64 {
        match self {
            Bound::AtMost(limit) | Bound::AtLeast(limit) => limit,
        }
    }

    fn judge(self, count: usize, n: usize, level: Level) -> Verdict {
        let Ok(share) = Proportion::new(count, n) else { return Verdict::NotMeasured };
        if n == 0 {
            return Verdict::NotMeasured;
        }
        let (lower, upper) = (share.lower_limit(level), share.upper_limit(level));
        let (passes, fails) = match self {
            Bound::AtMost(limit) => (upper <= limit, lower > limit),
            Bound::AtLeast(limit) => (lower >= limit, upper < limit),
        };
        match (passes, fails) {
            (true, _) => Verdict::Pass,
            (false, true) => Verdict::Fail,
            (false, false) => Verdict::Undecided,
        }
    }

    /// The count nearest to the one seen that would pass with the same n.
    fn would_pass(self, count: usize, n: usize, level: Level) -> Option<usize> {
        let passes = |count: &usize| self.judge(*count, n, level) == Verdict::Pass;
        match self {
            Bound::AtMost(_) => (0..count).rev().find(passes),
            Bound::AtLeast(_) => (count..=n).find(passes),
        }
    }

    /// About how many cases would decide, were the share to stay as it is.
    fn would_decide(self, count: usize, n: usize, level: Level) -> Option<usize> {
        let decides = |cases: usize| {
            // Rounded integer arithmetic: the share stays, the number grows.
            let scaled = (count * cases + n / 2) / n;
            self.judge(scaled, cases, level) != Verdict::Undecided
        };
        let mut undecided = n;
        let mut decided = n;
        while !decides(decided) {
            if decided > MOST_CASES {
                return None;
            }
            undecided = decided;
            decided += (decided / 4).max(1);
        }
        while decided - undecided > 1 {
            let middle = usize::midpoint(undecided, decided);
            if decides(middle) { decided = middle } else { undecided = middle }
        }
        Some(decided)
    }
}

impl Line {
    fn of_rate(
        line: &'static str,
        what: &str,
        card: &EndpointCard,
        (count, n): (usize, usize),
        bound: Bound,
        level: f64,
    ) -> Line {
        let at = Level::new(level).expect("a validated budget has levels between 50 % and 100 %");
        let share = Proportion::new(count, n).expect("a part of n is at most n");
        let verdict = bound.judge(count, n, at);
        let rate = share.rate();
        let interval = rate.map(|_| [share.lower_limit(at), share.upper_limit(at)]);
        let mut line = Line {
            endpoint: Arc::clone(&card.endpoint),
            line,
            verdict,
            limit: bound.limit(),
            estimate: rate,
            interval,
            level: Some(level),
            count,
            n,
            sentence: String::new(),
        };
        line.sentence = line.in_words(what, bound, at);
        line
    }

    fn in_words(&self, what: &str, bound: Bound, level: Level) -> String {
        let (Some(rate), Some([lower, upper])) = (self.estimate, self.interval) else {
            return format!("nothing was measured: no {}", what.replace(" are ", " that are "));
        };
        let Line { count, n, .. } = self;
        let (count, n) = (*count, *n);
        let seen = format!("{count} of {n} {what} ({})", percent(rate));
        let sure = format!("with {} confidence", percent(level.get()));
        let limit = percent(bound.limit());
        match (self.verdict, bound) {
            (Verdict::Pass, Bound::AtMost(_)) => {
                format!("{seen}; {sure} at most {}, within {limit}", percent(upper))
            }
            (Verdict::Pass, Bound::AtLeast(_)) => {
                format!("{seen}; {sure} at least {}, above {limit}", percent(lower))
            }
            (Verdict::Fail, Bound::AtMost(_)) => {
                let pass = bound.would_pass(count, n, level);
                let pass = pass.map_or("no count of so few cases would pass".to_owned(), |count| {
                    format!("at most {count} of {n} would pass")
                });
                format!("{seen}; {sure} at least {}, above {limit}: {pass}", percent(lower))
            }
            (Verdict::Fail, Bound::AtLeast(_)) => {
                let pass = bound.would_pass(count, n, level);
                let pass = pass.map_or("no count of so few cases would pass".to_owned(), |count| {
                    format!("{count} of {n} would pass")
                });
                format!("{seen}; {sure} at most {}, below {limit}: {pass}", percent(upper))
            }
            _ => {
                let between = format!("from {} to {}", percent(lower), percent(upper));
                let decide = bound.would_decide(count, n, level).map_or(
                    "no number of cases would decide, the share is the limit".to_owned(),
                    |cases| format!("about {cases} cases would decide"),
                );
                format!("{seen}; {sure} {between}, on both sides of {limit}: {decide}")
            }
        }
    }
}

/// A share in percent with at most one decimal.
#[must_use]
pub fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;
    use crate::record::tests::{header, judged};
    use crate::record::{AskError, AskErrorKind};

    /// A run with so many right, confidently wrong, abstained and failed trials.
    fn run(right: usize, wrong: usize, abstained: usize, failed: usize, budget: Budget) -> Run {
        let planned = right + wrong + abstained + failed;
        let failure = || Outcome::Failed(AskError::new(AskErrorKind::Network, "refused"));
        let records = (0..planned).map(|index| match index {
            index if index < right => judged(index, Outcome::Correct, Some(0.9)),
            index if index < right + wrong => judged(index, Outcome::Incorrect, Some(0.9)),
            index if index < right + wrong + abstained => judged(index, Outcome::Abstained, None),
            index => judged(index, failure(), None),
        });
        let records = records.collect();
        let mut header = header(planned);
        header.budget = budget;
        Run { header, records }
    }

    fn decide(run: &Run) -> Decision {
        Decision::of(run, &Scorecard::of(run))
    }

    fn at_most(max_rate: f64) -> Budget {
        Budget {
            confident_wrong: Some(crate::record::tests::at_most(max_rate)),
            ..Budget::default()
        }
    }

    fn told(decision: &Decision) -> String {
        let line = |line: &Line| format!("{:?} {} — {}", line.verdict, line.line, line.sentence);
        decision.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_rate_passes_fails_or_stays_undecided_by_its_exact_limits() {
        // Limits by scipy.stats.beta: upper(2, 120) = 5.15 %, lower(26, 120) = 15.65 %,
        // lower(9, 120) = 3.97 %, upper(9, 120) = 12.72 %.
        let pass = decide(&run(118, 2, 0, 0, at_most(0.10)));
        let fail = decide(&run(94, 26, 0, 0, at_most(0.10)));
        let open = decide(&run(111, 9, 0, 0, at_most(0.10)));
        assert_eq!((pass.exit_code, fail.exit_code, open.exit_code), (0, 1, 1));
        insta::assert_snapshot!([told(&pass), told(&fail), told(&open)].join("\n"), @"
        Pass confident_wrong.max_rate — 2 of 120 answers are confidently wrong (1.7%); with 95% confidence at most 5.2%, within 10%
        Pass coverage.floor — 120 of 120 planned trials were measured
        Fail confident_wrong.max_rate — 26 of 120 answers are confidently wrong (21.7%); with 95% confidence at least 15.6%, above 10%: at most 6 of 120 would pass
        Pass coverage.floor — 120 of 120 planned trials were measured
        Undecided confident_wrong.max_rate — 9 of 120 answers are confidently wrong (7.5%); with 95% confidence from 4% to 12.7%, on both sides of 10%: about 413 cases would decide
        Pass coverage.floor — 120 of 120 planned trials were measured
        ");
    }

    #[test]
    fn undecided_passes_only_where_the_suite_says_so() {
        let budget = Budget { undecided: budget::Verdict::Pass, ..at_most(0.10) };
        assert_eq!(decide(&run(111, 9, 0, 0, budget)).exit_code, 0);
    }

    #[test]
    fn a_count_is_about_these_cases_and_unmeasured_ones_may_be_wrong() {
        let budget = |max| Budget {
            confident_wrong: Some(ConfidentWrong {
                max_rate: None,
                max_count: Some(max),
                level: 0.95,
            }),
            ..Budget::default()
        };
        let verdict = |run: &Run| decide(run).lines[0].verdict;
        assert_eq!(verdict(&run(97, 3, 0, 0, budget(3))), Verdict::Pass);
        assert_eq!(verdict(&run(97, 3, 0, 0, budget(2))), Verdict::Fail);
        assert_eq!(verdict(&run(96, 3, 0, 1, budget(3))), Verdict::Undecided);
        assert_eq!(
            verdict(&run(96, 3, 1, 0, budget(3))),
            Verdict::Pass,
            "an abstention is measured"
        );
        assert_eq!(verdict(&run(0, 0, 0, 9, budget(3))), Verdict::NotMeasured);
    }

    #[test]
    fn an_outage_is_neither_right_nor_wrong_and_ends_with_3() {
        let outage = decide(&run(90, 0, 0, 10, at_most(0.10)));
        assert_eq!(outage.exit_code, 3);
        insta::assert_snapshot!(told(&outage), @"
        Pass confident_wrong.max_rate — 0 of 90 answers are confidently wrong (0%); with 95% confidence at most 3.3%, within 10%
        Fail coverage.floor — 90 of 100 planned trials were measured, and every run needs 95%
        ");
        // Wrong answers do not hide behind an outage, but what was not seen is not judged.
        assert_eq!(decide(&run(40, 50, 0, 10, at_most(0.10))).exit_code, 3);
    }

    #[test]
    fn lower_limits_on_accuracy_and_coverage_are_exact_too() {
        let least = |min| Some(AtLeast { min, level: 0.95 });
        let budget = |accuracy, coverage| Budget { accuracy, coverage, ..Budget::default() };
        let all = decide(&run(200, 0, 0, 0, budget(least(0.98), least(0.95))));
        assert_eq!(all.exit_code, 0, "{}", told(&all));
        let few = decide(&run(20, 0, 0, 0, budget(least(0.9), None)));
        assert_eq!(few.lines[0].verdict, Verdict::Undecided);
        let bad = decide(&run(50, 50, 0, 0, budget(least(0.9), None)));
        assert_eq!((bad.lines[0].verdict, bad.exit_code), (Verdict::Fail, 1));
        insta::assert_snapshot!([told(&all), told(&few), told(&bad)].join("\n"), @"
        Pass accuracy — 200 of 200 graded answers are right (100%); with 95% confidence at least 98.5%, above 98%
        Pass coverage — 200 of 200 planned trials were measured (100%); with 95% confidence at least 98.5%, above 95%
        Undecided accuracy — 20 of 20 graded answers are right (100%); with 95% confidence from 86.1% to 100%, on both sides of 90%: about 29 cases would decide
        Pass coverage.floor — 20 of 20 planned trials were measured
        Fail accuracy — 50 of 100 graded answers are right (50%); with 95% confidence at most 58.6%, below 90%: 96 of 100 would pass
        Pass coverage.floor — 100 of 100 planned trials were measured
        ");
    }

    #[test]
    fn a_run_that_was_stopped_cannot_pass() {
        let mut partial = run(100, 0, 0, 0, at_most(0.10));
        partial.records.truncate(99);
        let decision = decide(&partial);
        assert!(!decision.complete);
        assert_eq!(decision.exit_code, 3);
    }

    #[test]
    fn what_would_decide_decides() {
        let level = Level::P95;
        for (count, n, limit) in [(9, 120, 0.1), (1, 20, 0.04), (0, 10, 0.05), (30, 200, 0.12)] {
            let bound = Bound::AtMost(limit);
            assert_eq!(bound.judge(count, n, level), Verdict::Undecided);
            let cases = bound.would_decide(count, n, level).unwrap();
            let scaled = (count * cases + n / 2) / n;
            assert_ne!(bound.judge(scaled, cases, level), Verdict::Undecided, "{count} of {n}");
        }
        assert_eq!(
            Bound::AtMost(0.1).would_decide(100, 1000, level),
            None,
            "the share is the limit"
        );
    }
}
