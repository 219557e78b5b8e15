//! The mean of a score whose items are alike in clusters.
//!
//! Five answers to one question are not five independent answers. Their mean is
//! what it is, but its standard error is that of the sums of whole clusters,
//! which are independent of each other.

use std::collections::HashMap;
use std::hash::Hash;

use super::level::Level;
use super::proportion::Interval;
use super::student;
use super::sum::{Sum, mean, sum};

/// A mean of `n` scores in `G` clusters, with its standard errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredMean {
    mean: f64,
    n: usize,
    clusters: usize,
    se_independent: Option<f64>,
    se_uncorrected: Option<f64>,
}

impl ClusteredMean {
    /// The mean of finite scores, each with the cluster that it belongs to, in any
    /// order. `None` without scores.
    #[must_use]
    pub fn of<K: Eq + Hash>(scores: impl IntoIterator<Item = (K, f64)>) -> Option<Self> {
        let mut number: HashMap<K, usize> = HashMap::new();
        let scores: Vec<(usize, f64)> = scores
            .into_iter()
            .map(|(key, score)| {
                let next = number.len();
                (*number.entry(key).or_insert(next), score)
            })
            .collect();
        let (n, clusters) = (scores.len(), number.len());
        let mean = mean(scores.iter().map(|&(_, score)| score))?;
        let mut residuals = vec![Sum::default(); clusters];
        for &(cluster, score) in &scores {
            residuals[cluster].add(score - mean);
        }
        let squares = sum(scores.iter().map(|&(_, score)| (score - mean).powi(2)));
        let between = sum(residuals.iter().map(|residual| residual.value().powi(2)));
        let items = n as f64;
        Some(Self {
            mean,
            n,
            clusters,
            se_independent: (n > 1).then(|| (squares / (items - 1.0) / items).sqrt()),
            se_uncorrected: (clusters > 1).then(|| between.sqrt() / items),
        })
    }

    /// The mean `s̄ = Σs/n`.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The number of scores `n`, at least 1.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The number of clusters `G`, between 1 and `n`.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters
    }

    /// The standard error that independent scores would have,
    /// `√(Σ(s−s̄)²/(n−1))/√n`. `None` if `n < 2`.
    #[must_use]
    pub fn se_independent(&self) -> Option<f64> {
        self.se_independent
    }

    /// The clustered standard error `√(Σ_g(Σ_{i∈g}(s_i−s̄))²)/n`. `None` if `G < 2`.
    ///
    /// Miller, Adding error bars to evals, arXiv 2411.00640 (2024), on clustered
    /// questions.
    #[must_use]
    pub fn se_uncorrected(&self) -> Option<f64> {
        self.se_uncorrected
    }

    /// The clustered standard error with its variance times `G/(G−1)`, which takes
    /// out most of its bias for few clusters. With one score a cluster it is
    /// [`Self::se_independent`]. `None` if `G < 2`.
    #[must_use]
    pub fn se(&self) -> Option<f64> {
        let clusters = self.clusters as f64;
        self.se_uncorrected.map(|se| se * (clusters / (clusters - 1.0)).sqrt())
    }

    /// The two-sided interval `s̄ ∓ t·se` with the quantile of Student's t for
    /// `G − 1` degrees of freedom. Not cut to where scores can lie. `None` if
    /// `G < 2`.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let half = student::upper_quantile(0.5 * level.alpha(), self.clusters.max(2) - 1);
        let half = half * self.se()?;
        Some(Interval { lower: self.mean - half, upper: self.mean + half })
    }

    /// The design effect `(se/se_independent)²`: how many times larger the variance
    /// of the mean is than with independent scores. `None` if `G < 2` or if all
    /// scores are equal.
    ///
    /// Kish, Survey Sampling (1965), page 258.
    #[must_use]
    pub fn design_effect(&self) -> Option<f64> {
        let independent = self.se_independent.filter(|se| *se > 0.0)?;
        Some((self.se()? / independent).powi(2))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Scores in few clusters, so that most clusters hold several.
    fn any_scores() -> impl Strategy<Value = Vec<(u8, f64)>> {
        prop::collection::vec((0..12_u8, -1.0..=1.0), 1..80)
    }

    proptest! {
        #[test]
        fn alone_in_their_clusters_scores_are_independent(scores in any_scores()) {
            let alone = scores.iter().enumerate().map(|(index, (_, score))| (index, *score));
            let mean = ClusteredMean::of(alone).unwrap();
            match (mean.se(), mean.se_independent()) {
                (Some(clustered), Some(independent)) => {
                    prop_assert!((clustered - independent).abs() < 1e-14);
                }
                (clustered, independent) => prop_assert_eq!(clustered, independent),
            }
        }

        #[test]
        fn copies_add_items_and_no_evidence(scores in any_scores()) {
            let copied = scores.iter().enumerate().flat_map(|(i, (_, s))| [(i, *s); 4]);
            let alone = scores.iter().enumerate().map(|(i, (_, s))| (i, *s));
            let (copied, alone) =
                (ClusteredMean::of(copied).unwrap(), ClusteredMean::of(alone).unwrap());
            prop_assert!((copied.mean() - alone.mean()).abs() < 1e-14);
            let of = |mean: &ClusteredMean| mean.se().unwrap_or(0.0);
            prop_assert!((of(&copied) - of(&alone)).abs() < 1e-14);
        }

        #[test]
        fn the_order_does_not_matter(scores in any_scores()) {
            let forth = ClusteredMean::of(scores.iter().copied()).unwrap();
            let back = ClusteredMean::of(scores.iter().rev().copied()).unwrap();
            prop_assert_eq!((forth.n(), forth.clusters()), (back.n(), back.clusters()));
            prop_assert!((forth.mean() - back.mean()).abs() < 1e-14);
            let of = |mean: &ClusteredMean| mean.se().unwrap_or(0.0);
            prop_assert!((of(&forth) - of(&back)).abs() < 1e-13);
        }
    }

    #[test]
    fn one_cluster_tells_nothing_of_the_others() {
        assert_eq!(ClusteredMean::of(Vec::<(u8, f64)>::new()), None);
        let one = ClusteredMean::of([("a", 0.0), ("a", 1.0)]).unwrap();
        assert_eq!((one.n(), one.clusters(), one.se_independent()), (2, 1, Some(0.5)));
        assert_eq!((one.se_uncorrected(), one.se(), one.design_effect()), (None, None, None));
        assert_eq!(one.interval(Level::P95), None);
        let equal = ClusteredMean::of([("a", 1.0), ("b", 1.0), ("b", 1.0)]).unwrap();
        assert_eq!((equal.se(), equal.design_effect()), (Some(0.0), None));
    }
}
