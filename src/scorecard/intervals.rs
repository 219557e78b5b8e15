//! Intervals of the headline numbers, from resampled clusters.

use serde::Serialize;

use super::Scored;
use super::every::pair;
use crate::score::{self, Interval, Level, Resampling};

/// What names the random numbers. It is fixed, so that the same replies give the same bytes.
const SEED: u64 = 20_261_128;

/// Replicates, as long as they cost no more than so many looks at answers; above 100,000 answers
/// there are fewer, and the interval is narrow anyway.
const REPLICATES: usize = 2000;
const LOOKS: usize = 200_000_000;

/// The fewest replicates.
const LEAST: usize = 200;

/// Two-sided 95 % intervals: percentiles over replicates in which clusters (groups, cases with
/// repeats, single answers) are drawn with replacement, all their answers together. Null where a
/// statistic is undefined in more than 5 % of the replicates.
///
/// They are there to be looked at. Budgets are judged by exact limits, which do not end at 0 where
/// nothing bad was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// How often clusters were drawn anew.
    pub replicates: usize,
    /// What names the random numbers.
    pub seed: u64,
    /// Clusters there are.
    pub clusters: usize,
    /// Of the share of right answers.
    pub accuracy: Option<[f64; 2]>,
    /// Of the Brier score.
    pub brier: Option<[f64; 2]>,
    /// Of mean confidence minus accuracy.
    pub overconfidence_gap: Option<[f64; 2]>,
    /// Of the area under the ROC curve.
    pub auroc: Option<[f64; 2]>,
    /// Of the confidently wrong among all.
    pub confident_wrong: Option<[f64; 2]>,
}

impl Intervals {
    /// Of these answers; none with fewer than two clusters.
    #[must_use]
    pub fn of(scored: &Scored) -> Option<Intervals> {
        let items = &scored.items;
        let affordable = LOOKS / items.len().max(1);
        let replicates = affordable.clamp(LEAST, REPLICATES);
        let is_confident =
            |index: usize| items.confidence()[index] >= scored.threshold_of(index).get();
        let resampling = Resampling { replicates, seed: SEED };
        let found = score::resample_headlines(items, is_confident, resampling, Level::P95)?;
        let written = |interval: Option<Interval>| interval.map(pair);
        Some(Intervals {
            replicates,
            seed: SEED,
            clusters: items.cluster_count(),
            accuracy: written(found.accuracy),
            brier: written(found.brier),
            overconfidence_gap: written(found.overconfidence_gap),
            auroc: written(found.auroc),
            confident_wrong: written(found.confident_wrong),
        })
    }
}
