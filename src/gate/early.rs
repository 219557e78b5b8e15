//! Deciding early: when the trials so far have settled every line, the others need not be asked.
//!
//! Trials come in a random order that the seed gives, and they are looked at in that order, never
//! in the order in which they are finished: quick answers may be other ones than slow answers. A
//! line is settled in two ways. It is *certain* when every completion of the remaining trials gives
//! the same verdict. Or a *sequence* of limits that hold at any moment has left the budget's limit
//! behind. Looking costs: a tenth of the error level goes to the sequence, and the exact limits at
//! the end get the other nine. Without that split, 5 % and 5 % were measured to fail 6.8 % of runs
//! that are exactly at their limit.
//!
//! Means such as the Brier score have no simple set of completions, and are settled by the sequence
//! only: that for independent answers, since a budget is about the model and not about these very
//! cases. The sequence for a finite number of cases would know these better and better, and fail
//! half of the models that are exactly at their limit.

mod rate;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::budget::{self, Budget};
use crate::record::{Brief, Header, Kind, Quadrant, Record, Run};
use crate::score::{HedgedCapital, Level};

use super::bound::Bound;
use super::{Line, Verdict, percent};
use rate::{Of, Rate};

/// Share of the error level that looking early gets.
pub(super) const LOOKING: f64 = 0.1;

/// What settled a line before all planned trials were asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decided {
    /// How.
    pub by: By,
    /// After how many trials of the endpoint.
    pub after: usize,
    /// Of how many that were planned.
    pub planned: usize,
}

/// How a line can be settled early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Every completion of the remaining trials gives the same verdict.
    Certainty,
    /// Limits that hold at any moment have left the budget's limit behind.
    Sequence,
}

/// The budget with the error levels that are left for the end.
pub(super) fn at_the_end(budget: &Budget) -> Budget {
    budget.with_error_levels(1.0 - LOOKING)
}

/// The trials of a run in their order, and what they have settled so far.
#[derive(Debug)]
pub struct EarlyStop {
    endpoints: Vec<Endpoint>,
    planned: usize,
    /// Finished trials that wait for one before them.
    waiting: BTreeMap<usize, Seen>,
    /// Trials of the prefix.
    seen: usize,
    needed: Option<usize>,
}

/// An endpoint with its lines.
#[derive(Debug)]
struct Endpoint {
    name: Arc<str>,
    lines: Vec<Watched>,
    trials: usize,
    measured: usize,
}

/// A line that is watched.
#[derive(Debug)]
struct Watched {
    line: &'static str,
    what: What,
    settled: Option<Settled>,
}

/// A line that is settled, with what was seen then.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settled {
    verdict: Verdict,
    by: By,
    after: usize,
}

#[derive(Debug)]
enum What {
    Rate(Rate),
    /// At most so many are confidently wrong.
    Count {
        most: usize,
        count: usize,
        unmeasured: usize,
    },
    /// A mean loss at most so large.
    Loss(Loss),
}

#[derive(Debug)]
struct Loss {
    limit: f64,
    level: Level,
    capital: HedgedCapital,
    total: f64,
    n: usize,
}

/// What lines want to know of a trial.
#[derive(Debug, Clone)]
struct Seen {
    /// Its endpoint's place in the header.
    endpoint: Option<usize>,
    right: Option<bool>,
    confident_wrong: Option<bool>,
    measured: bool,
    abstained: bool,
    loss: Option<f64>,
}

impl Seen {
    fn of_record(record: &Record, header: &Header) -> Seen {
        let place = header.endpoints.iter().position(|asked| asked.name == record.endpoint);
        let Record { abstained, quadrant, primary, .. } = *record;
        Seen::of(place, record.outcome.kind(), abstained, quadrant, primary, header)
    }

    fn of_brief(brief: &Brief, header: &Header) -> Seen {
        let (quadrant, primary) = (brief.quadrant(), brief.primary());
        Seen::of(brief.endpoint(), brief.kind(), brief.abstained(), quadrant, primary, header)
    }

    fn of(
        endpoint: Option<usize>,
        kind: Kind,
        abstained: bool,
        quadrant: Option<Quadrant>,
        primary: Option<f64>,
        header: &Header,
    ) -> Seen {
        let graded_only = header.sources.is_empty();
        let right = kind.is_graded().then_some(kind == Kind::Correct);
        let primary = primary.filter(|sure| (0.0..=1.0).contains(sure));
        let judged = right.filter(|_| !abstained);
        Seen {
            endpoint,
            right,
            confident_wrong: quadrant
                .filter(|_| judged.is_some())
                .map(|at| at == Quadrant::ConfidentWrong),
            measured: abstained || (right.is_some() && (graded_only || primary.is_some())),
            abstained,
            loss: judged
                .zip(primary)
                .map(|(right, sure)| (sure - f64::from(u8::from(right))).powi(2)),
        }
    }
}

impl EarlyStop {
    /// Watches the lines of a run that may be decided early; none where it may not.
    #[must_use]
    pub fn new(header: &Header) -> Option<EarlyStop> {
        let planned = header.planned / header.endpoints.len().max(1);
        let endpoints = header.endpoints.iter().map(|asked| Endpoint {
            name: Arc::clone(&asked.name),
            lines: watched(&header.budget),
            trials: 0,
            measured: 0,
        });
        header.budget.early_stop.then(|| EarlyStop {
            endpoints: endpoints.collect(),
            planned,
            waiting: BTreeMap::new(),
            seen: 0,
            needed: None,
        })
    }

    /// What a run has settled.
    #[must_use]
    pub fn of(run: &Run) -> Option<EarlyStop> {
        let mut early = EarlyStop::new(&run.header)?;
        early.add_all(run);
        Some(early)
    }

    /// A finished trial, in whatever order they are finished.
    pub fn add(&mut self, record: &Record, header: &Header) {
        self.look_in_turn(record.index, Seen::of_record(record, header));
    }

    /// The finished trials of a run.
    pub fn add_all(&mut self, run: &Run) {
        for brief in run.briefs() {
            if self.needed.is_some() {
                break;
            }
            self.look_in_turn(brief.index(), Seen::of_brief(brief, &run.header));
        }
    }

    fn look_in_turn(&mut self, index: usize, seen: Seen) {
        self.waiting.insert(index, seen);
        while let Some(seen) = self.waiting.remove(&self.seen) {
            if self.needed.is_some() {
                break;
            }
            self.look(&seen);
        }
    }

    /// How many trials, the first of the plan, have settled every line; none where some are open.
    #[must_use]
    pub fn needed(&self) -> Option<usize> {
        self.needed
    }

    /// How many trials were planned, at all endpoints.
    #[must_use]
    pub fn planned(&self) -> usize {
        self.planned * self.endpoints.len()
    }

    /// The run as far as it was needed: later trials, which were under way by chance when every
    /// line was settled, are left out, so that the same replies give the same statistics.
    #[must_use]
    pub fn trimmed(&self, run: Run) -> Run {
        match self.needed.filter(|needed| *needed < run.header.planned) {
            Some(needed) => run.shortened(needed),
            None => run,
        }
    }

    fn look(&mut self, seen: &Seen) {
        self.seen += 1;
        let several = self.endpoints.len();
        let place = seen.endpoint.and_then(|place| self.endpoints.get_mut(place));
        let Some(endpoint) = place else { return };
        endpoint.trials += 1;
        endpoint.measured += usize::from(seen.measured);
        let left = self.planned.saturating_sub(endpoint.trials);
        for line in &mut endpoint.lines {
            line.look(seen, endpoint.trials, left);
        }
        // A case is asked everywhere before the next one; statistics are of whole cases.
        let whole = self.seen.is_multiple_of(several);
        if whole && self.endpoints.iter().all(Endpoint::is_settled) {
            self.needed = Some(self.seen);
        }
    }

    /// Says of lines that were settled early what settled them.
    pub(super) fn tell(&self, lines: &mut [Line]) {
        for endpoint in &self.endpoints {
            for watched in &endpoint.lines {
                let Some(settled) = watched.settled.filter(|at| at.after < self.planned) else {
                    continue;
                };
                let is_it = |line: &&mut Line| {
                    line.endpoint == endpoint.name
                        && line.line == watched.line
                        && line.slice.is_none()
                };
                if let Some(line) = lines.iter_mut().find(is_it) {
                    watched.tell(line, settled, self.planned);
                }
            }
        }
    }
}

impl Endpoint {
    /// Every line is settled, and enough was measured for the run to count.
    fn is_settled(&self) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let covered = self.measured as f64 >= budget::COVERAGE_FLOOR * self.trials as f64;
        covered && self.lines.iter().all(|line| line.settled.is_some())
    }
}

/// The lines of a budget that can be settled early. `check` refuses others beside `early_stop`.
fn watched(budget: &Budget) -> Vec<Watched> {
    let Budget { confident_wrong, accuracy, coverage, calibration, .. } = budget;
    let mut lines = Vec::new();
    let mut watch = |line, what| lines.push(Watched { line, what, settled: None });
    if let Some(limits) = confident_wrong {
        if let Some(max) = limits.max_rate {
            let rate = Rate::new(Of::ConfidentWrong, Bound::AtMost(max), limits.level);
            watch("confident_wrong.max_rate", What::Rate(rate));
        }
        if let Some(max) = limits.max_count {
            let most = usize::try_from(max).unwrap_or(usize::MAX);
            let what = What::Count { most, count: 0, unmeasured: 0 };
            watch("confident_wrong.max_count", what);
        }
    }
    if let Some(least) = accuracy {
        let rate = Rate::new(Of::Right, Bound::AtLeast(least.min), least.level);
        watch("accuracy", What::Rate(rate));
    }
    if let Some(least) = coverage {
        let rate = Rate::new(Of::Measured, Bound::AtLeast(least.min), least.level);
        watch("coverage", What::Rate(rate));
    }
    if let Some((max, level)) =
        calibration.as_ref().and_then(|limits| Some((limits.max_brier?, limits.level)))
    {
        let level = looking(level);
        let capital = HedgedCapital::new(max, level);
        let loss = Loss { limit: max, level, capital, total: 0.0, n: 0 };
        watch("calibration.max_brier", What::Loss(loss));
    }
    lines
}

/// The level of limits that hold at any moment.
fn looking(level: f64) -> Level {
    Level::new(1.0 - LOOKING * (1.0 - level)).unwrap_or(Level::P95)
}

impl Watched {
    /// A line that is settled looks no further: what it says is what was seen then.
    fn look(&mut self, seen: &Seen, trials: usize, left: usize) {
        if self.settled.is_some() {
            return;
        }
        let verdict = match &mut self.what {
            What::Rate(rate) => rate.look(seen, left),
            What::Count { most, count, unmeasured } => {
                *count += usize::from(seen.confident_wrong == Some(true));
                *unmeasured += usize::from(!seen.measured && !seen.abstained);
                if *count > *most {
                    Some((Verdict::Fail, By::Certainty))
                } else {
                    let within = count.saturating_add(*unmeasured).saturating_add(left) <= *most;
                    within.then_some((Verdict::Pass, By::Certainty))
                }
            }
            What::Loss(loss) => loss.look(seen),
        };
        self.settled = verdict.map(|(verdict, by)| Settled { verdict, by, after: trials });
    }

    /// What was settled early stands in place of what the end would say.
    fn tell(&self, line: &mut Line, Settled { verdict, by, after }: Settled, planned: usize) {
        line.verdict = verdict;
        line.early = Some(Decided { by, after, planned });
        let settled = match verdict {
            Verdict::Pass => "passes",
            Verdict::Fail => "fails",
            Verdict::Undecided | Verdict::NotMeasured => "stays undecided",
        };
        let limit = percent(line.limit);
        line.sentence = match &self.what {
            What::Rate(rate) => {
                let share = rate.sequence.share();
                let interval = rate.sequence.interval();
                (line.count, line.n, line.estimate) =
                    (Some(share.count()), share.total(), share.rate());
                line.interval = Some([interval.lower, interval.upper]);
                line.level = Some(rate.sequence.level().get());
                format!(
                    "{} of {} {} ({}); with {} confidence, at any moment, from {} to {}, where the limit is {limit}",
                    share.count(),
                    share.total(),
                    rate.of.words(),
                    share.rate().map_or_else(|| "none".to_owned(), percent),
                    percent(rate.sequence.level().get()),
                    percent(interval.lower),
                    percent(interval.upper),
                )
            }
            What::Count { most, count, .. } => {
                format!("{count} answers are confidently wrong, at most {most} may be")
            }
            What::Loss(loss) => {
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
                let mean = loss.total / loss.n.max(1) as f64;
                (line.n, line.estimate) = (loss.n, Some(mean));
                (line.interval, line.level) = (None, Some(loss.level.get()));
                format!(
                    "Brier score {mean:.3} of {} answers, at any moment with {} confidence on this side of {}",
                    loss.n,
                    percent(loss.level.get()),
                    loss.limit
                )
            }
        };
        line.sentence += &match by {
            By::Sequence => {
                format!(": it {settled}, decided early after {after} of {planned} trials")
            }
            By::Certainty => format!(
                ": it {settled} whatever the others say, decided early after {after} of {planned} trials"
            ),
        };
    }
}

impl Loss {
    fn look(&mut self, seen: &Seen) -> Option<(Verdict, By)> {
        let loss = seen.loss?;
        self.capital.add(loss);
        self.total += loss;
        self.n += 1;
        if self.capital.is_higher(self.level) {
            Some((Verdict::Fail, By::Sequence))
        } else {
            self.capital.is_lower(self.level).then_some((Verdict::Pass, By::Sequence))
        }
    }
}

#[cfg(test)]
mod tests;
