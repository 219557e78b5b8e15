//! Is the candidate worse calibrated than the baseline? The change of the expected calibration
//! error, with both sides in the same bins.
//!
//! The bins are fixed once, by all confidences of both sides together: exchanging the sides of a
//! cluster leaves them as they are, so a permutation test needs no new bins, and a resample is one
//! pass over the items. An interval from the bootstrap is there to be looked at and decides
//! nothing; the p value is that of exchanging the sides of whole clusters.

use std::num::NonZeroUsize;

use rayon::prelude::*;

use super::bins::{Bin, ece, ece_debiased};
use super::equal_mass::boundaries;
use super::items::Items;
use super::paired::Paired;
use super::random::Stream;
use super::replicates::Replicates;
use super::sign_flip::Draws;

/// Changes that differ by less differ by rounding.
const SLACK: f64 = 1e-12;

/// Both sides of a comparison in the same bins.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationChange {
    /// Upper edges, ascending, the last of them 1.
    edges: Vec<f64>,
    debiased: bool,
    baseline: Vec<Placed>,
    candidate: Vec<Placed>,
    /// The indices of each cluster's items.
    members: Vec<Vec<usize>>,
}

/// An answer in its bin.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Placed {
    bin: usize,
    confidence: f64,
    correct: bool,
}

/// What a bin holds so far.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    n: usize,
    correct: usize,
    confidence: f64,
}

impl CalibrationChange {
    /// The plug-in error over bins of equal width, `[b/B, (b+1)/B)`, the last one closed.
    #[must_use]
    pub fn equal_width(pairs: &Paired, bins: NonZeroUsize) -> Self {
        let edges: Vec<f64> = (1..=bins.get()).map(|b| b as f64 / bins.get() as f64).collect();
        let last = edges.len() - 1;
        let place = |c: f64| edges.partition_point(|edge| *edge <= c).min(last);
        Self::new(pairs, &edges, false, place)
    }

    /// The debiased error over bins of equal mass of all confidences of both sides.
    #[must_use]
    pub fn equal_mass(pairs: &Paired, bins: NonZeroUsize) -> Self {
        let both = [pairs.baseline(), pairs.candidate()];
        let confidence = both.iter().flat_map(|items| items.confidence().iter().copied()).collect();
        let correct = vec![true; 2 * pairs.len()];
        // They were looked at before, so there are edges.
        let edges = Items::new(confidence, correct)
            .map_or_else(|_| vec![1.0], |pooled| boundaries(&pooled, bins));
        let place = |c: f64| edges.partition_point(|edge| *edge < c);
        Self::new(pairs, &edges, true, place)
    }

    fn new(pairs: &Paired, edges: &[f64], debiased: bool, place: impl Fn(f64) -> usize) -> Self {
        let placed = |items: &Items| -> Vec<Placed> {
            let place =
                |(confidence, correct)| Placed { bin: place(confidence), confidence, correct };
            items.pairs().map(place).collect()
        };
        let clusters = pairs.baseline().clusters();
        let mut members = vec![Vec::new(); clusters.iter().max().map_or(0, |last| last + 1)];
        for (index, &cluster) in clusters.iter().enumerate() {
            members[cluster].push(index);
        }
        Self {
            edges: edges.to_vec(),
            debiased,
            baseline: placed(pairs.baseline()),
            candidate: placed(pairs.candidate()),
            members,
        }
    }

    /// How many clusters there are.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.members.len()
    }

    /// The error of baseline and candidate. `None` without items.
    #[must_use]
    pub fn errors(&self) -> Option<(f64, f64)> {
        let of = |side: &[Placed]| {
            let mut tallies = vec![Tally::default(); self.edges.len()];
            for answer in side {
                tallies[answer.bin].add(*answer);
            }
            self.error(&tallies)
        };
        Some((of(&self.baseline)?, of(&self.candidate)?))
    }

    /// The error of the candidate minus that of the baseline. `None` without items.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        self.change_over(0..self.baseline.len())
    }

    /// The same over the items at these indices, such as a resample. `None` without indices.
    ///
    /// # Panics
    ///
    /// If an index is not below the number of items.
    #[must_use]
    pub fn change_over(&self, rows: impl IntoIterator<Item = usize>) -> Option<f64> {
        self.difference(rows.into_iter().map(|row| (self.baseline[row], self.candidate[row])))
    }

    /// The change in resamples of whole clusters, as many as there are, drawn with replacement and
    /// for both sides together. `None` without items.
    #[must_use]
    pub fn bootstrap(&self, Draws { replicates, seed }: Draws) -> Option<Replicates> {
        let resampled = (0..replicates as u64).into_par_iter().filter_map(|replicate| {
            let mut stream = Stream::of(seed, replicate);
            let clusters = self.members.iter().map(|_| stream.below(self.members.len()));
            let drawn: Vec<usize> = clusters.collect();
            self.change_over(
                drawn.iter().flat_map(|&cluster| self.members[cluster].iter().copied()),
            )
        });
        Replicates::new(resampled.collect())
    }

    /// The two-sided p of the change if the sides of every cluster could be exchanged: the share
    /// `(1 + #)/(R + 1)` of exchanges with a change at least as far from 0. `None` without items.
    #[must_use]
    pub fn swap_p(&self, Draws { replicates, seed }: Draws) -> Option<f64> {
        let seen = self.change()?.abs();
        let far = (0..replicates as u64).into_par_iter().filter(|&replicate| {
            let mut stream = Stream::of(seed, replicate);
            let pairs = self.members.iter().flat_map(|cluster| {
                let swap = stream.coins() & 1 == 1;
                cluster.iter().map(move |&row| {
                    let (one, other) = (self.baseline[row], self.candidate[row]);
                    if swap { (other, one) } else { (one, other) }
                })
            });
            self.difference(pairs).is_some_and(|change| change.abs() >= seen - SLACK)
        });
        Some((far.count() + 1) as f64 / (replicates + 1) as f64)
    }

    fn difference(&self, pairs: impl Iterator<Item = (Placed, Placed)>) -> Option<f64> {
        let mut baseline = vec![Tally::default(); self.edges.len()];
        let mut candidate = baseline.clone();
        for (one, other) in pairs {
            baseline[one.bin].add(one);
            candidate[other.bin].add(other);
        }
        Some(self.error(&candidate)? - self.error(&baseline)?)
    }

    fn error(&self, tallies: &[Tally]) -> Option<f64> {
        let low = std::iter::once(0.0).chain(self.edges.iter().copied());
        let filled = tallies.iter().zip(low).zip(&self.edges).filter(|((tally, _), _)| tally.n > 0);
        let bins: Vec<Bin> = filled.map(|((tally, low), &high)| tally.bin(low, high)).collect();
        if self.debiased { ece_debiased(&bins) } else { ece(&bins) }
    }
}

impl Tally {
    fn add(&mut self, answer: Placed) {
        self.n += 1;
        self.correct += usize::from(answer.correct);
        self.confidence += answer.confidence;
    }

    fn bin(&self, low: f64, high: f64) -> Bin {
        let n = self.n as f64;
        Bin {
            n: self.n,
            correct: self.correct,
            mean_confidence: self.confidence / n,
            accuracy: self.correct as f64 / n,
            low,
            high,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BINS: NonZeroUsize = NonZeroUsize::new(10).unwrap();
    const DRAWS: Draws = Draws { replicates: 999, seed: 4 };

    /// Confidence and verdict of the baseline, then of the candidate.
    type Item = (f64, bool, f64, bool);

    fn pairs(items: &[Item]) -> Paired {
        let side = |of: fn(&Item) -> (f64, bool)| {
            let (confidence, correct) = items.iter().map(of).unzip();
            Items::new(confidence, correct).unwrap()
        };
        Paired::new(side(|item| (item.0, item.1)), side(|item| (item.2, item.3))).unwrap()
    }

    fn any_pairs() -> impl Strategy<Value = Paired> {
        let confidence = || prop_oneof![(0..=10_u8).prop_map(|c| f64::from(c) / 10.0), 0.0..=1.0];
        let item = (confidence(), any::<bool>(), confidence(), any::<bool>());
        prop::collection::vec(item, 1..50).prop_map(|items| pairs(&items))
    }

    /// The error over ten bins of equal width, item by item.
    fn naive(items: &Items) -> f64 {
        let inside = |c: f64, b: usize| {
            b as f64 / 10.0 <= c && (c < (b + 1) as f64 / 10.0 || (b == 9 && c <= 1.0))
        };
        (0..10)
            .map(|b| {
                let gaps = items.pairs().filter(|&(c, _)| inside(c, b));
                gaps.map(|(c, y)| f64::from(u8::from(y)) - c).sum::<f64>().abs()
            })
            .sum::<f64>()
            / items.len() as f64
    }

    proptest! {
        #[test]
        fn the_change_is_that_of_the_two_errors(pairs in any_pairs()) {
            let change = CalibrationChange::equal_width(&pairs, BINS).change().unwrap();
            let truth = naive(pairs.candidate()) - naive(pairs.baseline());
            prop_assert!((change - truth).abs() < 1e-12);
            let other = CalibrationChange::equal_mass(&pairs, BINS);
            let (one, two) = other.errors().unwrap();
            prop_assert!((other.change().unwrap() - (two - one)).abs() < 1e-12);
        }

        #[test]
        fn exchanging_the_sides_turns_the_change_around(pairs in any_pairs()) {
            let turned = Paired::new(pairs.candidate().clone(), pairs.baseline().clone()).unwrap();
            let of = |pairs: &Paired| CalibrationChange::equal_mass(pairs, BINS);
            let (one, other) = (of(&pairs), of(&turned));
            prop_assert!((one.change().unwrap() + other.change().unwrap()).abs() < 1e-12);
        }
    }

    #[test]
    fn a_candidate_that_lost_its_calibration_is_seen_and_an_equal_one_is_not() {
        let confidence = |i: i32| f64::from(i % 10) / 10.0 + 0.05;
        let right = |i: i32, p: f64| f64::from(i / 10 % 10) / 10.0 + 0.05 < p;
        let items = |miss: f64| -> Vec<Item> {
            let item = |i| {
                let c = confidence(i);
                (c, right(i, c), c, right(i, c - miss))
            };
            (0..200).map(item).collect()
        };
        let of = |miss: f64| CalibrationChange::equal_mass(&pairs(&items(miss)), BINS);
        let worse = of(0.3);
        assert!(worse.change().unwrap() > 0.15);
        assert!(worse.swap_p(DRAWS).unwrap() < 0.01);
        assert!(worse.bootstrap(DRAWS).unwrap().percentile(0.025) > 0.0);
        let same = of(0.0);
        assert!(same.change().unwrap().abs() < 1e-12);
        assert!((same.swap_p(DRAWS).unwrap() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let items: Vec<Item> = (0..90)
            .map(|i| (f64::from(i % 9) / 9.0, i % 3 > 0, f64::from(i % 7) / 7.0, i % 4 > 0))
            .collect();
        let change = CalibrationChange::equal_mass(&pairs(&items), BINS);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (change.bootstrap(DRAWS), change.swap_p(DRAWS)))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn nothing_has_no_change() {
        let change = CalibrationChange::equal_mass(&pairs(&[]), BINS);
        assert_eq!((change.change(), change.swap_p(DRAWS)), (None, None));
        assert_eq!(change.bootstrap(DRAWS), None);
    }
}
