//! How much a number changed between two sets of answers, with what that is worth.
//!
//! Every number is a mean over the pairs that have it, its change a mean of differences in clusters.
//! The p values are those of the sign-flip test, clusters flipped whole: with one answer a cluster
//! and verdicts for values that is McNemar's exact test. Intervals are for reading and decide
//! nothing.

use std::num::NonZeroUsize;

use serde::Serialize;

use super::pairing::Side;
use crate::score::{
    CalibrationChange, Differences, Draws, Errors, Items, Level, McNemar, Paired, Tails,
    least_one_sided, mcnemar_sample_size, minimum_detectable_effect,
};

/// Bins of the calibration error.
const BINS: NonZeroUsize = NonZeroUsize::new(15).unwrap();

/// Sign flips drawn where there are too many to look at all.
const FLIPS: usize = 19_999;

/// Resamples of the calibration error, and exchanges of its sides.
const RESAMPLES: usize = 2_000;

/// Probability with which the least change that can be seen is seen.
const POWER: f64 = 0.8;

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
        let differences =
            Differences::of(known.iter().map(|(cluster, one, other)| (*cluster, other - one)));
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
        let seen = minimum_detectable_effect(self.variance()?, self.n, errors)?;
        // So many clusters must change, all of them for the worse.
        let least = share(least_one_sided(alpha)?, self.clusters);
        let floor = if self.counted.is_some() { least } else { 0.0 };
        let change = seen.max(floor);
        (least <= 1.0 && change <= 1.0).then_some(Resolution { change, power: POWER, alpha })
    }

    /// The variance of a difference, times how much more alike the items of a cluster are. Of
    /// verdicts it is never taken for less than two more pairs that differ would make it: that none
    /// was seen to differ does not mean that none can.
    fn variance(&self) -> Option<f64> {
        let n = self.n;
        let seen = self.se.map(|se| se * se * share(n, 1));
        let Some(table) = self.counted else { return seen };
        let least = share(table.discordant() + 2, n + 2);
        Some(seen.map_or(least, |seen| seen.max(least)))
    }

    /// How many times larger the variance is than with independent pairs, at least 1.
    fn design_effect(&self) -> f64 {
        let effect = self.differences.mean().and_then(|mean| mean.design_effect());
        effect.unwrap_or(1.0).max(1.0)
    }

    /// Pairs that would show a change of a share, at these errors, were answers to differ as they do.
    pub(super) fn pairs_for(&self, change: f64, errors: Errors) -> Option<usize> {
        let table = self.counted?;
        let differ = share(table.discordant() + 2, self.n + 2).max(change);
        let alone = mcnemar_sample_size(differ, change, errors)?;
        let least = match errors.tails {
            Tails::One => least_one_sided(errors.alpha)?,
            Tails::Two => least_one_sided(0.5 * errors.alpha)?,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a count times a factor of at least 1"
        )]
        let pairs = (alone.max(least) as f64 * self.design_effect()).ceil() as usize;
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
        let known = pairs.iter().filter_map(|(one, other)| {
            let of = |side: &Side| Some((side.confidence?, side.correct?));
            Some((one.cluster.as_str(), of(one)?, of(other)?))
        });
        let known: Vec<_> = known.collect();
        let items = |of: fn(&(&str, (f64, bool), (f64, bool))) -> (f64, bool)| {
            let (confidence, correct) = known.iter().map(of).unzip();
            Items::new(confidence, correct).ok()?.in_clusters(known.iter().map(|row| row.0)).ok()
        };
        let pairs = Paired::new(items(|row| row.1)?, items(|row| row.2)?).ok()?;
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
