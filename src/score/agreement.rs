//! How far several answers to one question agree.
//!
//! Draws that mean the same are one cluster. Whether the words differ does not matter,
//! which is the point: a model that says one thing in five ways is sure of it.

use std::collections::BTreeMap;

/// Draws by the cluster of meaning that each belongs to; at least one draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement<K> {
    draws: usize,
    first: K,
    counts: BTreeMap<K, usize>,
}

impl<K: Ord + Clone> Agreement<K> {
    /// The clusters of draws, in the order of the draws. `None` without draws.
    pub fn of(clusters: impl IntoIterator<Item = K>) -> Option<Self> {
        let mut clusters = clusters.into_iter();
        let first = clusters.next()?;
        let mut counts = BTreeMap::from([(first.clone(), 1)]);
        for cluster in clusters {
            *counts.entry(cluster).or_insert(0) += 1;
        }
        Some(Self { draws: counts.values().sum(), first, counts })
    }

    /// The semantic entropy `−Σ f ln f` over the shares `f` of the clusters, in nats: 0
    /// where all draws agree, `ln N` where none does.
    ///
    /// Farquhar, Kossen, Kuhn and Gal, Detecting hallucinations in large language models
    /// using semantic entropy, Nature 630 (2024), the discrete estimate.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        let term = |count: &usize| {
            let share = *count as f64 / self.draws as f64;
            share * share.ln()
        };
        0.0 - super::sum::sum(self.counts.values().map(term))
    }

    /// That as a confidence, `1 − H/ln N` for `N` draws, in `[0, 1]`. `None` for one draw.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        let most = (self.draws as f64).ln();
        (self.draws > 1).then(|| (1.0 - self.entropy() / most).clamp(0.0, 1.0))
    }

    /// The largest cluster, the least of equally large ones.
    #[must_use]
    pub fn majority(&self) -> &K {
        let larger = |one: &(&K, &usize), other: &(&K, &usize)| one.1.cmp(other.1);
        let last_of_largest = self.counts.iter().rev().max_by(larger);
        last_of_largest.map_or(&self.first, |(cluster, _)| cluster)
    }

    /// The share of draws in the largest cluster.
    ///
    /// Wang et al., Self-consistency improves chain of thought reasoning in language
    /// models, ICLR 2023.
    #[must_use]
    pub fn majority_share(&self) -> f64 {
        self.largest() as f64 / self.draws as f64
    }

    /// The same with one more draw for each cluster and one that nobody has seen,
    /// `(largest + 1)/(N + clusters + 1)`: few draws that agree are not certain.
    #[must_use]
    pub fn majority_share_laplace(&self) -> f64 {
        (self.largest() + 1) as f64 / (self.draws + self.counts.len() + 1) as f64
    }

    /// The share of the later draws that agree with the first. `None` for one draw.
    #[must_use]
    pub fn with_first(&self) -> Option<f64> {
        let agreeing = self.counts.get(&self.first).copied().unwrap_or(1) - 1;
        (self.draws > 1).then(|| agreeing as f64 / (self.draws - 1) as f64)
    }

    fn largest(&self) -> usize {
        self.counts.values().copied().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_certainty_and_scatter_is_none() {
        let all = Agreement::of(["x"; 4]).unwrap();
        assert_eq!(
            (all.entropy(), all.confidence(), all.with_first()),
            (0.0, Some(1.0), Some(1.0))
        );
        let none = Agreement::of([3, 1, 2]).unwrap();
        assert!(none.confidence().unwrap() < 1e-15 && (none.entropy() - 3_f64.ln()).abs() < 1e-15);
        assert_eq!((none.majority(), none.with_first()), (&1, Some(0.0)));
    }

    #[test]
    fn one_draw_agrees_with_nothing() {
        let one = Agreement::of([7]).unwrap();
        assert_eq!((one.confidence(), one.with_first(), one.majority_share()), (None, None, 1.0));
        assert!((one.majority_share_laplace() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(Agreement::<u8>::of([]), None);
    }
}
