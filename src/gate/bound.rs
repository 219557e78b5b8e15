//! A limit with its good side, and what evidence says of it.

use crate::score::{ClusteredProportion, Level, Proportion};

use super::Verdict;

/// No suite can be expected to grow beyond this for one line's sake.
const MOST_CLUSTERS: usize = 10_000_000;

/// Which side of a limit is good.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// On which side of a bound these limits lie.
pub(super) fn side(bound: Bound, lower: f64, upper: f64) -> Verdict {
    let (passes, fails) = match bound {
        Bound::AtMost(limit) => (upper <= limit, lower > limit),
        Bound::AtLeast(limit) => (lower >= limit, upper < limit),
    };
    match (passes, fails) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Fail,
        (false, false) => Verdict::Undecided,
    }
}

impl Bound {
    pub(super) fn limit(self) -> f64 {
        match self {
            Bound::AtMost(limit) | Bound::AtLeast(limit) => limit,
        }
    }

    pub(super) fn judge(self, share: ClusteredProportion, level: Level) -> Verdict {
        if share.total() == 0 {
            return Verdict::NotMeasured;
        }
        side(self, share.lower_limit(level), share.upper_limit(level))
    }

    /// The least number of independent cases that passes if all of them are good.
    pub(super) fn least_to_pass(self, level: Level) -> Option<usize> {
        let passes = |n: usize| {
            let bad = match self {
                Bound::AtMost(_) => 0,
                Bound::AtLeast(_) => n,
            };
            let share = Proportion::new(bad, n).map(ClusteredProportion::from);
            share.is_ok_and(|share| self.judge(share, level) == Verdict::Pass)
        };
        let mut enough = 1;
        while !passes(enough) {
            if enough > MOST_CLUSTERS {
                return None;
            }
            enough *= 2;
        }
        let mut too_few = enough / 2;
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if passes(middle) { enough = middle } else { too_few = middle }
        }
        Some(enough)
    }

    /// The count nearest to the one seen that would pass with the same n in the same clusters.
    pub(super) fn would_pass(self, share: ClusteredProportion, level: Level) -> Option<usize> {
        let passes = |count: usize| self.judge(share.with_count(count), level) == Verdict::Pass;
        // The best count there could be, and the one seen; halving keeps the first one passing.
        let (mut good, mut seen) = match self {
            Bound::AtMost(_) => (0, share.count()),
            Bound::AtLeast(_) => (share.total(), share.count()),
        };
        if !passes(good) {
            return None;
        }
        while good.abs_diff(seen) > 1 {
            let middle = usize::midpoint(good, seen);
            if passes(middle) { good = middle } else { seen = middle }
        }
        Some(good)
    }

    /// About how many clusters would decide, were the share and their kind to stay as they are.
    pub(super) fn would_decide(self, share: ClusteredProportion, level: Level) -> Option<usize> {
        let decides = |clusters: usize| {
            self.judge(share.with_clusters(clusters), level) != Verdict::Undecided
        };
        let mut undecided = share.clusters();
        let mut decided = share.clusters();
        while !decides(decided) {
            if decided > MOST_CLUSTERS {
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
