//! A share of items that are alike in clusters, and its limits.
//!
//! Clopper and Pearson's limits take every item for an independent one. Five
//! answers to one question are not: with them as five, limits at a nominal 5 %
//! raise false alarms in 10 to 25 % of runs (`cargo bench --bench clustered`).
//! Korn and Graubard keep the shape of those limits and take them at the number
//! of independent items that would know the share as well as these do.

use std::collections::HashMap;
use std::hash::Hash;

use super::beta_tail::beta_quantile;
use super::level::Level;
use super::numbering::{Numbering, all_different};
use super::proportion::{Interval, Proportion};
use super::student;

/// With fewer clusters than this on either side, the variance between clusters is
/// a guess.
const FEW: f64 = 15.0;

/// From this tail on the quantiles of Student's t are so near 0 that their ratio is
/// taken here; at the median, where it is 0/0, its limit is larger by at most 4 %.
const WIDEST_TAIL: f64 = 0.45;

/// `count` of `total` items in clusters, of which only the clusters are independent
/// of each other. Where every cluster is a single item, everything is what it is
/// for a [`Proportion`], to the last bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusteredProportion {
    share: Proportion,
    clusters: usize,
    /// So many clusters of equal size these are worth; so many of equal counts the
    /// counted items are in, and the others.
    even: f64,
    counting: f64,
    others: f64,
    design_effect: Option<f64>,
    /// How many times larger the variance is than the clusters tell, at least 1.
    inflation: f64,
}

/// `count` of the `total` items of a cluster, of which there are so many.
#[derive(Clone, Copy)]
struct Cluster {
    count: u32,
    total: u32,
    times: usize,
}

impl Cluster {
    fn add(&mut self, flag: bool) {
        self.count += u32::from(flag);
        self.total += 1;
    }
}

impl From<Proportion> for ClusteredProportion {
    /// Every item is a cluster of its own.
    fn from(share: Proportion) -> Self {
        let (k, n) = (share.count(), share.total());
        let (counting, others) = (k as f64, (n - k) as f64);
        Self {
            share,
            clusters: n,
            even: n as f64,
            counting,
            others,
            design_effect: None,
            inflation: 1.0,
        }
    }
}

impl ClusteredProportion {
    /// How many of the flags are set, each with the cluster that it belongs to, in
    /// any order.
    pub fn of<K: Eq + Hash>(flags: impl IntoIterator<Item = (K, bool)>) -> Self {
        Self::with_missing(flags, 0, 1)
    }

    /// The same with so many more items, none of them counted, that fill clusters of
    /// a size of at least 1; the last one may hold fewer.
    pub fn with_missing<K: Eq + Hash>(
        flags: impl IntoIterator<Item = (K, bool)>,
        missing: usize,
        size: usize,
    ) -> Self {
        let mut number: HashMap<K, usize> = HashMap::new();
        let numbered = flags.into_iter().map(|(key, flag)| {
            let next = number.len();
            (*number.entry(key).or_insert(next), flag)
        });
        Self::of_appearing(numbered, missing, size)
    }

    /// The same for clusters that are named by numbers below `keys`, as [`Self::with_missing`]
    /// would have it to the last bit: with a table instead of look-ups, and without one where
    /// every cluster is a single item.
    pub fn of_keys(
        flags: impl Iterator<Item = (u32, bool)> + Clone,
        keys: usize,
        missing: usize,
        size: usize,
    ) -> Self {
        let known = flags.clone().map(|(key, _)| key);
        if size.max(1) == 1 && all_different(known, keys) {
            let (count, total) = flags
                .fold((0, 0), |(count, total), (_, flag)| (count + usize::from(flag), total + 1));
            return Proportion::of_counts(count, total + missing).into();
        }
        let mut number = Numbering::below(keys);
        Self::of_appearing(flags.map(|(key, flag)| (number.of(key), flag)), missing, size)
    }

    /// Clusters are numbered as they appear.
    fn of_appearing(
        flags: impl Iterator<Item = (usize, bool)>,
        missing: usize,
        size: usize,
    ) -> Self {
        let mut clusters: Vec<Cluster> = Vec::new();
        for (at, flag) in flags {
            if at == clusters.len() {
                clusters.push(Cluster { count: 0, total: 0, times: 1 });
            }
            clusters[at].add(flag);
        }
        // A cluster holds at most the repeats of a case, of which there are fewer than 2^32.
        let whole = u32::try_from(size.max(1)).unwrap_or(u32::MAX);
        let (full, rest) = (missing / whole as usize, missing % whole as usize);
        for (total, times) in [(whole, full), (u32::try_from(rest).unwrap_or(u32::MAX), 1)] {
            if total > 0 && times > 0 {
                clusters.push(Cluster { count: 0, total, times });
            }
        }
        Self::of_clusters(&clusters)
    }

    /// The same as [`Self::of`] for clusters that are numbered below `clusters`, without a
    /// look-up; some of the numbers may not occur.
    pub(super) fn of_numbered(
        flags: impl IntoIterator<Item = (usize, bool)>,
        clusters: usize,
    ) -> Self {
        let mut found: Vec<Cluster> = Vec::new();
        found.resize_with(clusters, || Cluster { count: 0, total: 0, times: 1 });
        for (at, flag) in flags {
            found[at].add(flag);
        }
        found.retain(|cluster| cluster.total > 0);
        Self::of_clusters(&found)
    }

    fn of_clusters(clusters: &[Cluster]) -> Self {
        let sum =
            |of: fn(&Cluster) -> u32| clusters.iter().map(|at| of(at) as usize * at.times).sum();
        let share = Proportion::of_counts(sum(|at| at.count), sum(|at| at.total));
        let number = sum(|_| 1);
        Self {
            share,
            clusters: number,
            even: even(clusters, |at| at.total),
            counting: even(clusters, |at| at.count),
            others: even(clusters, |at| at.total - at.count),
            design_effect: design_effect(share, number, clusters),
            inflation: 1.0,
        }
    }

    /// The count and its total, for which nothing is known of clusters.
    #[must_use]
    pub fn share(self) -> Proportion {
        self.share
    }

    /// The count `k`.
    #[must_use]
    pub fn count(self) -> usize {
        self.share.count()
    }

    /// The total `n`.
    #[must_use]
    pub fn total(self) -> usize {
        self.share.total()
    }

    /// The rate `k/n`, in `[0, 1]`. `None` if `n = 0`.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        self.share.rate()
    }

    /// The number of clusters `G ≤ n`.
    #[must_use]
    pub fn clusters(self) -> usize {
        self.clusters
    }

    /// Whether a cluster holds more than one item.
    #[must_use]
    pub fn is_clustered(self) -> bool {
        self.clusters < self.total()
    }

    /// The design effect: the variance of the rate between clusters, times
    /// `G/(G−1)`, over the variance `p(1−p)/(n−1)` that independent items would
    /// give; the same as [`super::ClusteredMean::design_effect`] of the indicator.
    /// At least 0, below 1 where clusters are more alike than chance would have
    /// them. `None` if `k` is 0 or `n`, with fewer than two clusters, and where no
    /// cluster holds two items.
    #[must_use]
    pub fn design_effect(self) -> Option<f64> {
        self.design_effect
    }

    /// How many independent items would tell as much for one-sided limits at this
    /// level, in `[0, n]`; `n` itself where every cluster is a single item.
    #[must_use]
    pub fn effective_n(self, level: Level) -> f64 {
        self.effective(level.alpha())
    }

    /// The one-sided lower limit `BetaInv(α; x, n*−x+1)` for the effective sample
    /// size `n*` and `x = n*·k/n`, 0 if `k = 0`.
    ///
    /// `n*` is `n` over the design effect, times `(t_{n−1}/t_{G−1})²` with the
    /// quantiles of Student's t at `α`, and at most `n`. Korn and Graubard write
    /// `p(1−p)/Var` for the first part, which for independent items is `n − 1`; the
    /// design effect makes it `n`, so that these limits become Clopper's and
    /// Pearson's. At `k = 0` and `k = n`, where no variance can be seen, the first
    /// part is `n`, as theirs.
    ///
    /// Beyond them, `n*` takes items of a cluster for equal where their likeness
    /// cannot be seen. At `k = 0` and `k = n` it is at most `G`, since no bad item in
    /// a cluster is at least as likely as one item that is not bad. Where the counted
    /// items are worth fewer than fifteen clusters of equal counts, or the others are, it
    /// is at most the number of clusters; numbers are here those of equal clusters,
    /// `(Σm)²/Σm²` for sizes or counts `m` (Kish 1965, page 259: at an intra-cluster
    /// correlation of 1, this is the effective sample size). A few clusters that are all
    /// bad beside many with one bad item each are few.
    ///
    /// Korn and Graubard, Confidence intervals for proportions with small expected
    /// number of positive counts estimated from survey data, Survey Methodology 24
    /// (1998), 193–201.
    #[must_use]
    pub fn lower_limit(self, level: Level) -> f64 {
        self.lower(level.alpha())
    }

    /// The one-sided upper limit `BetaInv(1−α; x+1, n*−x)`, 1 if `k = n` (also for
    /// `n = 0`); see [`Self::lower_limit`].
    #[must_use]
    pub fn upper_limit(self, level: Level) -> f64 {
        self.upper(level.alpha())
    }

    /// The two-sided interval, `α/2` in each tail; see [`Self::lower_limit`].
    #[must_use]
    pub fn korn_graubard(self, level: Level) -> Interval {
        let tail = 0.5 * level.alpha();
        Interval { lower: self.lower(tail), upper: self.upper(tail) }
    }

    /// The same clusters with another count, at most `n`: as many items are counted
    /// in a cluster that holds some, and the design effect stays as long as one can
    /// be seen.
    #[must_use]
    pub fn with_count(self, count: usize) -> Self {
        let (k, n) = (self.count(), self.total());
        let share = Proportion::of_counts(count.min(n), n);
        if !self.is_clustered() {
            return Self { inflation: self.inflation, ..Self::from(share) };
        }
        Self {
            share,
            clusters: self.clusters,
            even: self.even,
            counting: self.counting * ratio(share.count(), k),
            others: self.others * ratio(n - share.count(), n - k),
            design_effect: self.design_effect.filter(|_| 0 < share.count() && share.count() < n),
            inflation: self.inflation,
        }
    }

    /// The same share over another number of clusters, of the same sizes and with
    /// the same design effect.
    #[must_use]
    pub fn with_clusters(self, clusters: usize) -> Self {
        let (k, n, from) = (self.count(), self.total(), self.clusters);
        let total = scaled(n, clusters, from);
        let share = Proportion::of_counts(scaled(k, total, n), total);
        if !self.is_clustered() {
            return Self { inflation: self.inflation, ..Self::from(share) };
        }
        let more = ratio(clusters, from);
        Self {
            share,
            clusters,
            even: self.even * more,
            counting: self.counting * more,
            others: self.others * more,
            design_effect: self.design_effect,
            inflation: self.inflation,
        }
    }

    /// The same share with a variance that is `times` that of its clusters, if that is
    /// more: for a share of items that were chosen by the sample itself.
    #[must_use]
    pub(super) fn inflated(self, times: f64) -> Self {
        Self { inflation: times.max(1.0), ..self }
    }

    /// Whether the limits of independent items are its own.
    #[expect(clippy::float_cmp, reason = "a variance that was not touched")]
    fn is_exact(self) -> bool {
        !self.is_clustered() && self.inflation == 1.0
    }

    fn effective(self, tail: f64) -> f64 {
        self.effective_in_clusters(tail) / self.inflation
    }

    fn effective_in_clusters(self, tail: f64) -> f64 {
        let n = self.total() as f64;
        if !self.is_clustered() {
            return n;
        }
        if self.clusters < 2 {
            return 0.0; // one cluster may be anything
        }
        let tail = tail.min(WIDEST_TAIL);
        let independent = student::upper_quantile(tail, self.total() - 1);
        let between = student::upper_quantile(tail, self.clusters - 1);
        let adjusted = n * (independent / between).powi(2);
        match self.design_effect {
            None => adjusted.min(self.clusters as f64),
            Some(effect) if self.counting.min(self.others) < FEW => {
                (adjusted / effect).min(self.even)
            }
            Some(effect) => (adjusted / effect).min(n),
        }
    }

    fn lower(self, tail: f64) -> f64 {
        if self.is_exact() {
            return self.share.exact_lower(tail);
        }
        let Some((x, rest)) = self.effective_counts(tail) else { return 0.0 };
        if self.count() == 0 { 0.0 } else { beta_quantile(tail, x, rest + 1.0).x }
    }

    fn upper(self, tail: f64) -> f64 {
        if self.is_exact() {
            return self.share.exact_upper(tail);
        }
        let Some((x, rest)) = self.effective_counts(tail) else { return 1.0 };
        if self.count() == self.total() { 1.0 } else { beta_quantile(tail, rest, x + 1.0).y }
    }

    /// The counts that the effective sample size stands for, `x` and `n* − x`; none
    /// where it is 0.
    fn effective_counts(self, tail: f64) -> Option<(f64, f64)> {
        let per_item = self.effective(tail) / self.total() as f64;
        let (k, n) = (self.count(), self.total());
        (per_item > 0.0).then(|| (per_item * k as f64, per_item * (n - k) as f64))
    }
}

/// `G/(G−1) · Σ_g(k_g·n − k·m_g)² · (n−1)/(n²·k(n−k))` over clusters of `k_g` of
/// `m_g`, whose differences are whole numbers: the order of the clusters hardly
/// matters.
fn design_effect(share: Proportion, number: usize, clusters: &[Cluster]) -> Option<f64> {
    let (k, n) = (share.count(), share.total());
    if k == 0 || k == n || number < 2 || number == n {
        return None;
    }
    let squares = clusters.iter().map(|at| {
        let (with, without) = (u128::from(at.count) * n as u128, u128::from(at.total) * k as u128);
        (with.abs_diff(without) as f64).powi(2) * at.times as f64
    });
    let (groups, n) = (number as f64, n as f64);
    let independent = k as f64 * (n - k as f64) * n * n / (n - 1.0);
    Some(super::sum::sum(squares) / independent * groups / (groups - 1.0))
}

/// The number of equal clusters that these are worth, `(Σm)²/Σm²` for sizes `m`; 0 for
/// none.
fn even(clusters: &[Cluster], size: fn(&Cluster) -> u32) -> f64 {
    let (items, squares) = clusters.iter().fold((0_u128, 0_u128), |(items, squares), at| {
        let (size, times) = (u128::from(size(at)), at.times as u128);
        (items + size * times, squares + size * size * times)
    });
    if squares == 0 { 0.0 } else { items.pow(2) as f64 / squares as f64 }
}

/// `to/from`, 0 where nothing can be scaled.
fn ratio(to: usize, from: usize) -> f64 {
    if from == 0 { 0.0 } else { to as f64 / from as f64 }
}

/// `number · to/from` to the nearest whole number, 0 where nothing can be scaled.
fn scaled(number: usize, to: usize, from: usize) -> usize {
    if from == 0 {
        return 0;
    }
    let (number, to, from) = (number as u128, to as u128, from as u128);
    usize::try_from((number * to + from / 2) / from).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
