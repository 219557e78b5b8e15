//! How much a number changed between two sets of answers, with what that is worth.
//!
//! Every number is a mean over the pairs that have it, its change a mean of differences in clusters.
//! The p values are those of the sign-flip test, clusters flipped whole: with one answer a cluster
//! and verdicts for values that is `McNemar`'s exact test. Intervals are for reading and decide
//! nothing.

use std::num::NonZeroUsize;

use serde::Serialize;

use super::pairing::Side;
use crate::score::{
    CalibrationChange, Differences, Draws, Errors, Items, Level, McNemar, Paired, Proportion,
    Tails, least_one_sided, mcnemar_sample_size, minimum_detectable_effect,
};

/// Bins of the calibration error.
const BINS: NonZeroUsize = NonZeroUsize::new(15).unwrap();

/// Sign flips drawn where there are too many to look at all.
const FLIPS: usize = 19_999;

/// Resamples of the calibration error, and exchanges of its sides.
const RESAMPLES: usize = 2_000;

/// Probability with which the least change that can be seen is seen.
pub const POWER: f64 = 0.8;

/// Changes of a share are found up to this.
const PRECISION: f64 = 1e-6;

/// A number on both sides, over the pairs that have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Pairs that have it.
    pub n: usize,
    /// Clusters of them that are independent of each other.
    pub clusters: usize,
    /// Its mean in the baseline.
    pub baseline: f64,
    /// Its mean in the candidate.
    pub candidate: f64,
    /// Candidate minus baseline.
    pub change: f64,
    /// Standard error of the change, clustered; null for one cluster.
    pub se: Option<f64>,
    /// Interval for the change at 95 %; null for one cluster.
    pub interval95: Option<[f64; 2]>,
    /// What interval it is: `bonett_price`, or `student` for the clustered mean.
    pub interval: &'static str,
    /// One-sided p against the candidate.
    pub p_worse: f64,
    /// One-sided p for the candidate.
    pub p_better: f64,
    /// Two-sided p.
    pub p_two_sided: f64,
    /// Sign flips drawn for these; null where all were looked at.
    pub drawn: Option<usize>,
    /// The least change for the worse that a comparison of this kind sees.
    pub resolution: Option<Resolution>,
    #[serde(skip)]
    differences: Differences,
    /// The pairs that went down and up by one, where the values are verdicts.
    #[serde(skip)]
    counted: Option<McNemar>,
    /// How far it can change for the worse.
    #[serde(skip)]
    room: f64,
}

/// What a comparison of this size can see.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Resolution {
    /// The change for the worse that it sees with this power.
    pub change: f64,
    /// How often it sees it.
    pub power: f64,
    /// One-sided error level of a single test.
    pub alpha: f64,
}

/// `McNemar`'s test of the pairs graded on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemarCard {
    /// Exact two-sided p.
    pub exact_two_sided: f64,
    /// Two-sided mid-p.
    pub midp_two_sided: f64,
    /// Exact one-sided p against the candidate.
    pub exact_one_sided_regression: f64,
    /// One-sided mid-p against the candidate.
    pub midp_one_sided_regression: f64,
}

/// The calibration error on both sides: debiased, over 15 bins of equal mass of all confidences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationCard {
    /// Pairs with a confidence on both sides.
    pub n: usize,
    /// The baseline's.
    pub baseline: f64,
    /// The candidate's.
    pub candidate: f64,
    /// Candidate minus baseline.
    pub change: f64,
    /// Percentiles of the change in resamples of whole clusters; for reading.
    pub bootstrap95: Option<[f64; 2]>,
    /// Two-sided p of exchanging the sides of whole clusters.
    pub p_two_sided: Option<f64>,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A verdict that is good: 1 where it holds, else 0.
    Good,
    /// A verdict that is bad.
    Bad,
    /// A score, the less the better.
    Loss,
}

/// How much more the other number is. Equal losses, such as 0.1² and (0.9 − 1)², are equal.
fn apart(one: f64, other: f64) -> f64 {
    let difference = other - one;
    if difference.abs() < 1e-12 { 0.0 } else { difference }
}

impl Change {
    /// The change of a number over the pairs that have it on both sides; none where none has.
    pub(super) fn of(
        pairs: &[(Side, Side)],
        value: impl Fn(&Side) -> Option<f64>,
        kind: Kind,
        seed: u64,
    ) -> Option<Change> {
        let known: Vec<(&str, f64, f64)> = pairs
            .iter()
            .filter_map(|(one, other)| Some((one.cluster.as_str(), value(one)?, value(other)?)))
            .collect();
        let side = |of: fn(&(&str, f64, f64)) -> f64| {
            Differences::of(known.iter().map(|row| (row.0, of(row)))).mean()
        };
        let (baseline, candidate) = (side(|row| row.1)?, side(|row| row.2)?);
        let differences = Differences::of(
            known.iter().map(|(cluster, one, other)| (*cluster, apart(*one, *other))),
        );
        let mean = differences.mean()?;
        let test = differences.sign_flip(Draws { replicates: FLIPS, seed });
        let (p_worse, p_better) = match kind {
            Kind::Good => (test.less, test.greater),
            Kind::Bad | Kind::Loss => (test.greater, test.less),
        };
        let counted = (kind != Kind::Loss).then(|| discordant(&differences));
        let alone = counted.filter(|_| !differences.is_clustered());
        let interval = match alone {
            Some(table) => Some(table.bonett_price(known.len(), Level::P95)),
            None => mean.interval(Level::P95),
        };
        Some(Change {
            n: known.len(),
            clusters: mean.clusters(),
            baseline: baseline.mean(),
            candidate: candidate.mean(),
            change: mean.mean(),
            se: mean.se(),
            interval95: interval.map(|interval| [interval.lower, interval.upper]),
            interval: if alone.is_some() { "bonett_price" } else { "student" },
            p_worse,
            p_better,
            p_two_sided: test.two_sided,
            drawn: test.drawn,
            resolution: None,
            differences,
            counted,
            room: match kind {
                Kind::Good => baseline.mean(),
                Kind::Bad => 1.0 - baseline.mean(),
                Kind::Loss => f64::INFINITY,
            },
        })
    }

    /// The same with what it can see, at this one-sided error level of a single test.
    pub(super) fn seen_at(mut self, alpha: f64) -> Change {
        self.resolution = self.resolution_at(alpha);
        self
    }

    /// `None` where not even a change of all clusters would be seen.
    fn resolution_at(&self, alpha: f64) -> Option<Resolution> {
        let errors = Errors { alpha, power: POWER, tails: Tails::One };
        let least = least_one_sided(alpha)?;
        if least > self.clusters {
            return None;
        }
        let change = match self.counted {
            Some(_) => self.visible_share(least, errors)?,
            None => minimum_detectable_effect(self.variance()?, self.n, errors)?,
        };
        Some(Resolution { change, power: POWER, alpha })
    }

    /// The least change of a share that so many pairs show, found by halving. It is never so small
    /// that too few pairs would change to be significant.
    fn visible_share(&self, least: usize, errors: Errors) -> Option<f64> {
        let few = Proportion::new(least, self.n).ok()?;
        let floor = few.lower_limit(Level::new(1.0 - errors.power).ok()?);
        let shows =
            |change: f64| self.pairs_for(change, errors).is_some_and(|pairs| pairs <= self.n);
        if shows(floor) {
            return Some(floor);
        }
        let (mut hidden, mut shown) = (floor, 1.0);
        if !shows(shown) {
            return None;
        }
        while shown - hidden > PRECISION {
            let middle = f64::midpoint(hidden, shown);
            if shows(middle) { shown = middle } else { hidden = middle }
        }
        Some(shown)
    }

    /// The variance of a difference, times how much more alike the items of a cluster are. Of
    /// verdicts it is never taken for less than two more pairs that differ would make it, nor than
    /// two clusters would that differ throughout: that none was seen to differ does not mean that
    /// none can.
    fn variance(&self) -> Option<f64> {
        let n = self.n;
        let seen = self.se.map(|se| se * se * share(n, 1));
        let Some(differ) = self.differ() else { return seen };
        let clusters = share(2, self.clusters + 2) * share(n, self.clusters);
        let least = differ.max(clusters);
        Some(seen.map_or(least, |seen| seen.max(least)))
    }

    /// The design effect where all pairs of a cluster are the same: the size of the cluster that a
    /// pair is in, on average.
    fn most_alike(&self) -> f64 {
        let mut sizes = vec![0_usize; self.clusters];
        for &cluster in self.differences.clusters() {
            sizes[cluster] += 1;
        }
        share(sizes.into_iter().map(|size| size * size).sum(), self.n)
    }

    /// The share of pairs that differ, two more counted than were seen; none where the values are
    /// no verdicts.
    fn differ(&self) -> Option<f64> {
        Some(share(self.counted?.discordant() + 2, self.n + 2))
    }

    /// Pairs that would show a change of a share, at these errors: as many differ as did here, and
    /// those that change besides, times how much more alike the pairs of a cluster are.
    pub(super) fn pairs_for(&self, change: f64, errors: Errors) -> Option<usize> {
        let differ = self.differ()?;
        let alone = mcnemar_sample_size((differ + change).min(1.0), change, errors)?;
        let least = match errors.tails {
            Tails::One => least_one_sided(errors.alpha)?,
            Tails::Two => least_one_sided(0.5 * errors.alpha)?,
        };
        let design_effect = (self.variance()? / differ).min(self.most_alike()).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a count times a factor of at least 1"
        )]
        let pairs = (alone.max(least) as f64 * design_effect).ceil() as usize;
        Some(pairs)
    }

    /// `McNemar`'s test, where every pair is a cluster of its own and the values are verdicts.
    pub(super) fn mcnemar(&self) -> Option<McNemarCard> {
        let table = self.counted.filter(|_| !self.differences.is_clustered())?;
        Some(McNemarCard {
            exact_two_sided: table.exact_two_sided(),
            midp_two_sided: table.midp_two_sided(),
            exact_one_sided_regression: table.exact_regression(),
            midp_one_sided_regression: table.midp_regression(),
        })
    }

    /// The least change for the worse that is seen, where the baseline leaves room for one: a share
    /// of nothing cannot drop.
    #[must_use]
    pub fn visible(&self) -> Option<Resolution> {
        self.resolution.filter(|resolution| resolution.change <= self.room)
    }

    /// Whether a cluster holds several pairs.
    #[must_use]
    pub fn is_clustered(&self) -> bool {
        self.differences.is_clustered()
    }
}

/// How many pairs went down and up.
fn discordant(differences: &Differences) -> McNemar {
    let count = |holds: fn(&&f64) -> bool| differences.values().iter().filter(holds).count();
    McNemar {
        baseline_only: count(|difference| **difference < 0.0),
        candidate_only: count(|difference| **difference > 0.0),
    }
}

impl CalibrationCard {
    /// The calibration of the pairs with a confidence on both sides; none where none has.
    pub(super) fn of(pairs: &[(Side, Side)], seed: u64) -> Option<CalibrationCard> {
        let stated = |side: &Side| Some((side.confidence?, side.correct?));
        let known: Vec<&(Side, Side)> = pairs
            .iter()
            .filter(|(one, other)| stated(one).is_some() && stated(other).is_some())
            .collect();
        let items = |of: fn(&(Side, Side)) -> &Side| {
            let (confidence, correct) = known.iter().filter_map(|pair| stated(of(pair))).unzip();
            let clusters = known.iter().map(|(one, _)| &one.cluster);
            Items::new(confidence, correct).ok()?.in_clusters(clusters).ok()
        };
        let pairs = Paired::new(items(|pair| &pair.0)?, items(|pair| &pair.1)?).ok()?;
        let calibration = CalibrationChange::equal_mass(&pairs, BINS);
        let (baseline, candidate) = calibration.errors()?;
        let draws = Draws { replicates: RESAMPLES, seed };
        let several = calibration.clusters() > 1;
        let interval = calibration.bootstrap(draws).filter(|_| several);
        let interval = interval.map(|values| values.percentile_interval(Level::P95));
        Some(CalibrationCard {
            n: known.len(),
            baseline,
            candidate,
            change: candidate - baseline,
            bootstrap95: interval.map(|interval| [interval.lower, interval.upper]),
            p_two_sided: calibration.swap_p(draws),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) fn share(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}
