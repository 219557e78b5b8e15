//! A score of the same items under two treatments: what is compared is the difference, item by item.
//!
//! Most of what makes a question hard is the same for both sides and falls out of the difference,
//! which is why a paired comparison sees so much more than two separate intervals.

use std::collections::HashMap;
use std::hash::Hash;

use rayon::prelude::*;

use super::clustered_mean::ClusteredMean;
use super::random::Stream;
use super::replicates::Replicates;
use super::sign_flip::{Draws, SignFlip};
use super::student;
use super::sum::{Sum, mean, sum};

/// Candidate minus baseline for each item, in clusters of items that may be alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences {
    values: Vec<f64>,
    clusters: Vec<usize>,
    cluster_count: usize,
}

/// Student's test of a mean of 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StudentTest {
    /// Mean over its standard error.
    pub t: f64,
    /// Two-sided p at `n − 1` degrees of freedom.
    pub p_two_sided: f64,
}

impl Differences {
    /// Finite differences, each with the cluster that its item belongs to, in any order.
    #[must_use]
    pub fn of<K: Eq + Hash>(differences: impl IntoIterator<Item = (K, f64)>) -> Self {
        let mut number: HashMap<K, usize> = HashMap::new();
        let (mut values, mut clusters) = (Vec::new(), Vec::new());
        for (key, value) in differences {
            let next = number.len();
            clusters.push(*number.entry(key).or_insert(next));
            values.push(value);
        }
        Self { values, clusters, cluster_count: number.len() }
    }

    /// The differences in the order in which they were given.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The number of each item's cluster, from 0 in order of first appearance.
    #[must_use]
    pub fn clusters(&self) -> &[usize] {
        &self.clusters
    }

    /// How many clusters there are.
    #[must_use]
    pub fn cluster_count(&self) -> usize {
        self.cluster_count
    }

    /// Whether a cluster holds several items.
    #[must_use]
    pub fn is_clustered(&self) -> bool {
        self.cluster_count < self.values.len()
    }

    /// The mean difference with its standard errors. `None` without items.
    #[must_use]
    pub fn mean(&self) -> Option<ClusteredMean> {
        ClusteredMean::of(self.clusters.iter().copied().zip(self.values.iter().copied()))
    }

    /// Student's test of a mean of 0, items taken for independent. `None` for fewer than two items,
    /// and where all differences are the same.
    #[must_use]
    pub fn student(&self) -> Option<StudentTest> {
        let mean = self.mean()?;
        // Rounding can give equal values a spread; their bits tell.
        let varies = self.values.windows(2).any(|pair| pair[0].total_cmp(&pair[1]).is_ne());
        let se = mean.se_independent().filter(|se| varies && *se > 0.0)?;
        let t = mean.mean() / se;
        Some(StudentTest { t, p_two_sided: student::two_sided(t, self.values.len() - 1) })
    }

    /// The mean over the items at these indices, such as a resample. `None` without indices.
    ///
    /// # Panics
    ///
    /// If an index is not below the number of items.
    #[must_use]
    pub fn mean_over(&self, rows: impl IntoIterator<Item = usize>) -> Option<f64> {
        let (mut total, mut n) = (Sum::default(), 0_usize);
        for row in rows {
            total.add(self.values[row]);
            n += 1;
        }
        (n > 0).then(|| total.value() / n as f64)
    }

    /// The sign-flip test, clusters flipped whole. Where all differences are whole numbers, such as
    /// those of verdicts, it is exact in nearly any number.
    #[must_use]
    pub fn sign_flip(&self, draws: Draws) -> SignFlip {
        let mut sums = self.cluster_sums();
        // What cancels within a cluster leaves nothing, not its rounding.
        let mut sizes = vec![0.0; self.cluster_count];
        for (&cluster, value) in self.clusters.iter().zip(&self.values) {
            sizes[cluster] += value.abs();
        }
        for (sum, size) in sums.iter_mut().zip(sizes) {
            if sum.abs() <= 1e-12 * size {
                *sum = 0.0;
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole numbers, looked at, of the size of their count"
        )]
        let counts = self
            .values
            .iter()
            .all(|value| value.fract() == 0.0 && value.abs() < 1e6)
            .then(|| sums.iter().map(|sum| sum.round() as i64).collect::<Vec<_>>());
        counts.map_or_else(
            || SignFlip::of(&sums, draws),
            |counts| SignFlip::of_counts(&counts, draws),
        )
    }

    /// The mean in resamples of whole clusters, as many as there are, drawn with replacement. `None`
    /// without items or replicates.
    #[must_use]
    pub fn bootstrap(&self, Draws { replicates, seed }: Draws) -> Option<Replicates> {
        let mut sizes = vec![0_usize; self.cluster_count];
        for &cluster in &self.clusters {
            sizes[cluster] += 1;
        }
        let clusters: Vec<(f64, usize)> = self.cluster_sums().into_iter().zip(sizes).collect();
        let resampled = (0..replicates as u64).into_par_iter().filter_map(|replicate| {
            let mut stream = Stream::of(seed, replicate);
            let (mut total, mut n) = (Sum::default(), 0);
            for _ in 0..clusters.len() {
                let (sum, size) = clusters[stream.below(clusters.len())];
                total.add(sum);
                n += size;
            }
            (n > 0).then(|| total.value() / n as f64)
        });
        Replicates::new(resampled.collect())
    }

    /// The mean without each item in turn; empty for fewer than two items.
    #[must_use]
    pub fn leave_one_out(&self) -> Vec<f64> {
        let total = sum(self.values.iter().copied());
        match self.values.len() {
            0 | 1 => Vec::new(),
            n => self.values.iter().map(|value| (total - value) / (n - 1) as f64).collect(),
        }
    }

    /// The sum of each cluster's differences, which are independent of each other.
    #[must_use]
    pub fn cluster_sums(&self) -> Vec<f64> {
        let mut sums = vec![Sum::default(); self.cluster_count];
        for (&cluster, &value) in self.clusters.iter().zip(&self.values) {
            sums[cluster].add(value);
        }
        sums.into_iter().map(Sum::value).collect()
    }
}

/// Pearson's correlation of two columns of one length. `None` where one of them does not vary.
pub(super) fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let (mean_one, mean_other) = (mean(one.iter().copied())?, mean(other.iter().copied())?);
    let both = one.iter().zip(other);
    let product = sum(both.map(|(a, b)| (a - mean_one) * (b - mean_other)));
    let square = |values: &[f64], mean: f64| sum(values.iter().map(|v| (v - mean).powi(2)));
    let scale = square(one, mean_one).sqrt() * square(other, mean_other).sqrt();
    (scale > 0.0).then(|| product / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_means_by_hand() {
        let differences = Differences::of([("a", 1.0), ("b", -1.0), ("a", 1.0), ("c", 0.0)]);
        assert_eq!(differences.clusters(), [0, 1, 0, 2]);
        assert_eq!(differences.cluster_sums(), [2.0, -1.0, 0.0]);
        assert!(differences.is_clustered());
        assert_eq!(differences.mean_over([0, 0, 1]), Some(1.0 / 3.0));
        assert_eq!(differences.mean_over([]), None);
        assert_eq!(differences.leave_one_out(), [0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]);
    }

    #[test]
    fn what_does_not_vary_has_no_test() {
        assert_eq!(Differences::of([(0, 0.3), (1, 0.3)]).student(), None);
        let same = (0..7).map(|item| (item, 0.1));
        assert_eq!(Differences::of(same).student(), None);
        assert_eq!(Differences::of([(0, 0.3)]).student(), None);
        assert_eq!(Differences::of::<u8>([]).mean(), None);
        assert_eq!(correlation(&[1.0, 1.0], &[0.0, 1.0]), None);
    }
}
