//! Two samples of the same items: what a candidate does to what the baseline did.

use std::fmt;

use super::confident_wrong::Threshold;
use super::differences::{Differences, correlation};
use super::items::{Items, indicator};
use super::mcnemar::McNemar;
use super::sum::{mean, sum};

/// Answers of a baseline and a candidate, item `i` being the same question in both. Clusters are
/// those of the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Paired {
    baseline: Items,
    candidate: Items,
}

/// Two samples of different sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpaired {
    /// Items of the baseline.
    pub baseline: usize,
    /// Items of the candidate.
    pub candidate: usize,
}

impl fmt::Display for Unpaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { baseline, candidate } = self;
        write!(
            f,
            "{baseline} items of the baseline for {candidate} of the candidate (leave out what one side lacks)"
        )
    }
}

impl std::error::Error for Unpaired {}

/// What was right on which side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Concordance {
    /// Right in both.
    pub both_correct: usize,
    /// Right in the baseline alone.
    pub baseline_only: usize,
    /// Right in the candidate alone.
    pub candidate_only: usize,
    /// Wrong in both.
    pub both_wrong: usize,
}

impl Concordance {
    /// Counts pairs of verdicts, the baseline's first.
    #[must_use]
    pub fn of(verdicts: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *match verdict {
                (true, true) => &mut counts.both_correct,
                (true, false) => &mut counts.baseline_only,
                (false, true) => &mut counts.candidate_only,
                (false, false) => &mut counts.both_wrong,
            } += 1;
        }
        counts
    }

    /// The pairs that differ.
    #[must_use]
    pub fn mcnemar(self) -> McNemar {
        McNemar { baseline_only: self.baseline_only, candidate_only: self.candidate_only }
    }

    /// All pairs.
    #[must_use]
    pub fn n(self) -> usize {
        self.both_correct + self.baseline_only + self.candidate_only + self.both_wrong
    }
}

impl Paired {
    /// Pairs two samples, item by item.
    ///
    /// # Errors
    ///
    /// [`Unpaired`] if they differ in size.
    pub fn new(baseline: Items, candidate: Items) -> Result<Self, Unpaired> {
        if baseline.len() == candidate.len() {
            Ok(Self { baseline, candidate })
        } else {
            Err(Unpaired { baseline: baseline.len(), candidate: candidate.len() })
        }
    }

    /// The baseline's answers.
    #[must_use]
    pub fn baseline(&self) -> &Items {
        &self.baseline
    }

    /// The candidate's answers.
    #[must_use]
    pub fn candidate(&self) -> &Items {
        &self.candidate
    }

    /// How many items there are on each side.
    #[must_use]
    pub fn len(&self) -> usize {
        self.baseline.len()
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.baseline.is_empty()
    }

    /// What was right on which side.
    #[must_use]
    pub fn concordance(&self) -> Concordance {
        let verdicts = self.baseline.correct().iter().zip(self.candidate.correct());
        Concordance::of(verdicts.map(|(&baseline, &candidate)| (baseline, candidate)))
    }

    /// `y` of the candidate minus `y` of the baseline.
    #[must_use]
    pub fn accuracy(&self) -> Differences {
        self.differences(|_, y| indicator(y))
    }

    /// `(c−y)²` of the candidate minus `(c−y)²` of the baseline: above 0 is worse.
    #[must_use]
    pub fn brier(&self) -> Differences {
        self.differences(|c, y| (c - indicator(y)).powi(2))
    }

    /// Whether the candidate is confidently wrong minus whether the baseline is.
    #[must_use]
    pub fn confident_wrong(&self, threshold: Threshold) -> Differences {
        self.differences(|c, y| indicator(!y && c >= threshold.get()))
    }

    /// The standard error that the change of accuracy would have, had the two been asked different
    /// items: `√((var(y_baseline) + var(y_candidate))/n)`. `None` for fewer than two items.
    #[must_use]
    pub fn accuracy_se_unpaired(&self) -> Option<f64> {
        let n = self.len();
        let variance = |items: &Items| {
            let mean = mean(items.correct().iter().map(|&y| indicator(y)))?;
            let squares = sum(items.correct().iter().map(|&y| (indicator(y) - mean).powi(2)));
            (n > 1).then(|| squares / (n - 1) as f64)
        };
        Some(((variance(&self.baseline)? + variance(&self.candidate)?) / n as f64).sqrt())
    }

    /// The correlation of the verdicts: the higher, the more pairing is worth. `None` where one
    /// side is right, or wrong, throughout.
    #[must_use]
    pub fn score_correlation(&self) -> Option<f64> {
        let column =
            |items: &Items| -> Vec<f64> { items.correct().iter().map(|&y| indicator(y)).collect() };
        correlation(&column(&self.baseline), &column(&self.candidate))
    }

    /// A score of the candidate's answer minus that of the baseline's, item by item.
    fn differences(&self, score: impl Fn(f64, bool) -> f64) -> Differences {
        let sides = self.baseline.pairs().zip(self.candidate.pairs());
        let change = sides.map(|((c0, y0), (c1, y1))| score(c1, y1) - score(c0, y0));
        Differences::of(self.baseline.clusters().iter().copied().zip(change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_different_lengths_are_no_pairs() {
        let items = |n: usize| Items::new(vec![0.5; n], vec![true; n]).unwrap();
        assert_eq!(
            Paired::new(items(3), items(2)).unwrap_err().to_string(),
            "3 items of the baseline for 2 of the candidate (leave out what one side lacks)"
        );
    }

    #[test]
    fn a_change_is_candidate_minus_baseline() {
        let baseline = Items::new(vec![0.9, 0.8, 0.5], vec![true, true, false]).unwrap();
        let candidate = Items::new(vec![0.9, 0.9, 0.5], vec![true, false, false]).unwrap();
        let pairs = Paired::new(baseline, candidate).unwrap();
        assert_eq!(pairs.accuracy().values(), [0.0, -1.0, 0.0]);
        assert_eq!(pairs.confident_wrong(Threshold::new(0.9).unwrap()).values(), [0.0, 1.0, 0.0]);
        assert!((pairs.brier().values()[1] - (0.81 - 0.04)).abs() < 1e-12);
        let Concordance { both_correct, baseline_only, candidate_only, both_wrong } =
            pairs.concordance();
        assert_eq!((both_correct, baseline_only, candidate_only, both_wrong), (1, 1, 0, 1));
    }
}
