//! A share of the trials, watched: when do the trials so far settle it?

use crate::score::{ClusteredProportion, Level, Proportion, RateSequence};

use super::super::Verdict;
use super::super::bound::Bound;
use super::{By, LOOKING, Seen, looking};

/// A share of the trials with a limit.
#[derive(Debug)]
pub(super) struct Rate {
    pub of: Of,
    bound: Bound,
    /// For the exact limits at the end.
    level: Level,
    pub sequence: RateSequence,
    /// Trials that are not counted at all.
    left_out: usize,
    /// The bad counts that decide at the end, for so many counted trials.
    ends: Option<(usize, Ends)>,
}

/// Which counts of bad trials decide.
#[derive(Debug, Clone, Copy)]
struct Ends {
    /// Passes up to here; none where nothing passes.
    passes_to: Option<usize>,
    /// Fails from here on; none where nothing fails.
    fails_from: Option<usize>,
}

/// What a share counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    ConfidentWrong,
    Right,
    Measured,
}

impl Of {
    fn flag(self, seen: &Seen) -> Option<bool> {
        match self {
            Of::ConfidentWrong => seen.confident_wrong,
            Of::Right => seen.right,
            Of::Measured => Some(seen.measured),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Of::ConfidentWrong => "answers are confidently wrong",
            Of::Right => "graded answers are right",
            Of::Measured => "trials were measured",
        }
    }
}

impl Rate {
    pub(super) fn new(of: Of, bound: Bound, level: f64) -> Rate {
        Rate {
            of,
            bound,
            level: Level::new(1.0 - (1.0 - LOOKING) * (1.0 - level)).unwrap_or(Level::P95),
            sequence: RateSequence::new(looking(level)),
            left_out: 0,
            ends: None,
        }
    }

    /// What this trial settles, if `left` trials are still to come.
    pub(super) fn look(&mut self, seen: &Seen, left: usize) -> Option<(Verdict, By)> {
        match self.of.flag(seen) {
            Some(flag) => self.sequence.add(flag),
            None => self.left_out += 1,
        }
        let limit = self.bound.limit();
        let (above, below) = (self.sequence.is_above(limit), self.sequence.is_below(limit));
        let (fails, passes) = match self.bound {
            Bound::AtMost(_) => (above, below),
            Bound::AtLeast(_) => (below, above),
        };
        if fails || passes {
            let verdict = if fails { Verdict::Fail } else { Verdict::Pass };
            return Some((verdict, By::Sequence));
        }
        let share = self.sequence.share();
        let ends = self.ends(share.total() + left);
        let bad = match self.bound {
            Bound::AtMost(_) => share.count(),
            Bound::AtLeast(_) => share.total() - share.count(),
        };
        // A trial that is left out instead of counted takes evidence away, for either verdict, so
        // the two extremes are the worst: all that is left is bad, and all of it is good.
        let passes = ends.passes_to.is_some_and(|most| bad + left <= most);
        let fails = ends.fails_from.is_some_and(|least| bad >= least);
        let may_pass = ends.passes_to.is_some_and(|most| bad <= most);
        let may_fail = ends.fails_from.is_some_and(|least| bad + left >= least);
        let verdict = match (passes, fails) {
            (true, _) => Verdict::Pass,
            (_, true) => Verdict::Fail,
            _ if !may_pass && !may_fail => Verdict::Undecided,
            _ => return None,
        };
        Some((verdict, By::Certainty))
    }

    /// The counts that decide at the end if `n` trials are counted; kept as long as `n` stays.
    fn ends(&mut self, n: usize) -> Ends {
        if let Some((of, ends)) = self.ends
            && of == n
        {
            return ends;
        }
        let verdict = |bad: usize| {
            let count = match self.bound {
                Bound::AtMost(_) => bad,
                Bound::AtLeast(_) => n - bad,
            };
            let share = Proportion::new(count, n).expect("bad ones are some of all");
            self.bound.judge(ClusteredProportion::from(share), self.level)
        };
        // More bad ones never help: both sets are ends of 0..=n. A damaged header may plan anything.
        let past = n.saturating_add(1);
        let passing = first(past, |bad| verdict(bad) != Verdict::Pass);
        let fails_from = first(past, |bad| verdict(bad) == Verdict::Fail);
        let ends = Ends {
            passes_to: passing.checked_sub(1),
            fails_from: Some(fails_from).filter(|least| *least <= n),
        };
        self.ends = Some((n, ends));
        ends
    }
}

/// The first of `0..end` that holds, of which all after it hold too; `end` where none does.
fn first(end: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, end);
    while from < to {
        let middle = usize::midpoint(from, to);
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    from
}
