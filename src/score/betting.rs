//! Betting on a mean: limits for bounded values that hold at any moment.
//!
//! Whoever claims that a mean is `m` should be ready to take bets at even odds on values above
//! and below `m`. Two gamblers bet against the claim, one that the mean is higher, one that it
//! is lower, each with stakes that depend on what was seen before and never on what comes. If
//! the claim is true, neither can expect to win, and by Ville's inequality the chance that a
//! capital ever grows `1/α`-fold is at most `α`. So a mean at which a gambler has become that
//! rich is ruled out, whenever one looks.
//!
//! Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86
//! (2024), section 4: stakes by a predictable plug-in variance, hedged capital.

use std::collections::HashMap;
use std::hash::Hash;

use super::level::Level;
use super::proportion::Interval;
use super::random::Stream;
use super::sum::Sum;

/// Means on the grid of a sequence, less one: they are `0/GRID, 1/GRID, … 1`.
const GRID: usize = 1000;

/// Seed of the order in which limits of a sample see it. Any order that knows nothing of the
/// values is as good, but a suite's own may go from easy to hard.
const ORDER: u64 = 0x6f76_6572;

/// Halvings of the unit interval: more than its numbers can tell.
const HALVINGS: usize = 60;

/// The stakes: how much of its capital a gambler bets on the next value.
#[derive(Debug, Clone, Copy)]
struct Stakes {
    /// `2 ln(2/α)`.
    scale: f64,
    t: f64,
    sum: f64,
    squares: f64,
}

impl Stakes {
    fn new(level: Level) -> Self {
        Self { scale: 2.0 * (2.0 / level.alpha()).ln(), t: 0.0, sum: 0.0, squares: 0.0 }
    }

    /// `L_t = √(2 ln(2/α) / (t ln(t+1) v_{t−1}))` for the next value, the `t`-th.
    fn next(&self) -> f64 {
        let t = self.t + 1.0;
        let variance = (0.25 + self.squares) / t;
        (self.scale / (t * t.ln_1p() * variance)).sqrt()
    }

    fn saw(&mut self, x: f64) {
        self.t += 1.0;
        self.sum += x;
        let mean = (0.5 + self.sum) / (self.t + 1.0);
        self.squares += (x - mean).powi(2);
    }
}

/// What each gambler owns who bet against a mean `m`, having started with 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Purses {
    /// Of the one who bets that the mean is higher.
    higher: f64,
    /// Of the one who bets that it is lower.
    lower: f64,
}

impl Purses {
    const START: Purses = Purses { higher: 1.0, lower: 1.0 };

    /// A value `x` that counts `weight ≤ 1` as much as the heaviest, with this stake. Neither
    /// gambler can lose more than half of its capital.
    fn bet(&mut self, x: f64, weight: f64, m: f64, stake: f64) {
        let edge = weight * (x - m);
        self.higher *= 1.0 + stake.min(0.5 / m) * edge;
        self.lower *= 1.0 - stake.min(0.5 / (1.0 - m)) * edge;
    }

    fn hedged(self) -> f64 {
        0.5 * self.higher.max(self.lower)
    }
}

/// The hedged capital against one mean, value by value.
#[derive(Debug, Clone)]
pub struct HedgedCapital {
    stakes: Stakes,
    mean: f64,
    purses: Purses,
    most: Purses,
}

impl HedgedCapital {
    /// Capital against the claim that values in `[0, 1]` have the mean `mean` in `[0, 1]`, with
    /// the stakes of the two-sided error level `α = 1 − level`.
    #[must_use]
    pub fn new(mean: f64, level: Level) -> Self {
        Self { stakes: Stakes::new(level), mean, purses: Purses::START, most: Purses::START }
    }

    /// The next value, in `[0, 1]`.
    pub fn add(&mut self, x: f64) {
        self.purses.bet(x, 1.0, self.mean, self.stakes.next());
        self.stakes.saw(x);
        self.most.higher = self.most.higher.max(self.purses.higher);
        self.most.lower = self.most.lower.max(self.purses.lower);
    }

    /// The capital now, the larger half: `max(K⁺, K⁻)/2`. Above `1/α`, the mean is ruled out.
    #[must_use]
    pub fn capital(&self) -> f64 {
        self.purses.hedged()
    }

    /// Whether it was ruled out so far that the mean is this or lower.
    #[must_use]
    pub fn is_higher(&self, level: Level) -> bool {
        0.5 * self.most.higher >= level.alpha().recip()
    }

    /// Whether it was ruled out so far that the mean is this or higher.
    #[must_use]
    pub fn is_lower(&self, level: Level) -> bool {
        0.5 * self.most.lower >= level.alpha().recip()
    }
}

/// A confidence sequence for the mean of values in `[0, 1]`: at every moment an interval, and
/// all of them hold together with probability `level`.
#[derive(Debug, Clone)]
pub struct HedgedSequence {
    level: Level,
    stakes: Stakes,
    purses: Vec<Purses>,
    /// Means that no completion of the population can have any more.
    impossible: Vec<bool>,
    population: Option<usize>,
    seen: usize,
    interval: Interval,
}

impl HedgedSequence {
    /// A sequence for independent values of one distribution.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self {
            level,
            stakes: Stakes::new(level),
            purses: vec![Purses::START; GRID + 1],
            impossible: vec![false; GRID + 1],
            population: None,
            seen: 0,
            interval: Interval { lower: 0.0, upper: 1.0 },
        }
    }

    /// A sequence for the mean of `n` values drawn without replacement until none is left.
    ///
    /// Section 5 of the paper: before draw `t` the mean of those left is
    /// `m_t = (n·m − S_{t−1})/(n − t + 1)` if all have the mean `m`.
    #[must_use]
    pub fn without_replacement(n: usize, level: Level) -> Self {
        Self { population: Some(n), ..Self::new(level) }
    }

    /// The next value, in `[0, 1]`.
    pub fn add(&mut self, x: f64) {
        let stake = self.stakes.next();
        let left = self.population.map(|n| (n as f64, n.saturating_sub(self.seen) as f64));
        let mut kept: Option<(usize, usize)> = None;
        for (j, purses) in self.purses.iter_mut().enumerate() {
            if self.impossible[j] {
                continue;
            }
            let mut m = j as f64 / GRID as f64;
            if let Some((n, left)) = left {
                m = (n * m - self.stakes.sum) / left;
                if !(0.0..=1.0).contains(&m) {
                    self.impossible[j] = true;
                    continue;
                }
            }
            purses.bet(x, 1.0, m, stake);
            if purses.hedged() <= self.level.alpha().recip() {
                kept = Some((kept.map_or(j, |(first, _)| first), j));
            }
        }
        self.stakes.saw(x);
        self.seen += 1;
        let step = 1.0 / GRID as f64;
        let mut now = kept.map_or(Interval { lower: 0.0, upper: 1.0 }, |(first, last)| Interval {
            lower: (first as f64 / GRID as f64 - step).max(0.0),
            upper: (last as f64 / GRID as f64 + step).min(1.0),
        });
        if let Some(n) = self.population.map(|n| n as f64) {
            now.lower = now.lower.max(self.stakes.sum / n);
            now.upper = now.upper.min(1.0 - (self.stakes.t - self.stakes.sum) / n);
        }
        self.interval.lower = self.interval.lower.max(now.lower);
        self.interval.upper = self.interval.upper.min(now.upper);
    }

    /// The interval now: the intersection of all so far, each as wide as the grid makes it.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval
    }
}

/// The mean of values that are alike in clusters, with limits that assume nothing of their
/// distribution but its range.
#[derive(Debug, Clone)]
pub struct BettingMean {
    mean: f64,
    n: usize,
    /// Mean and size, relative to the largest, of every cluster, in a seeded random order.
    clusters: Vec<(f64, f64)>,
}

impl BettingMean {
    /// Values in `[0, 1]`, each with its cluster. `None` without values.
    #[must_use]
    pub fn of<K: Eq + Hash>(values: impl IntoIterator<Item = (K, f64)>) -> Option<Self> {
        let mut number: HashMap<K, usize> = HashMap::new();
        let mut totals: Vec<(Sum, usize)> = Vec::new();
        let (mut all, mut n) = (Sum::default(), 0_usize);
        for (key, value) in values {
            let at = *number.entry(key).or_insert(totals.len());
            if at == totals.len() {
                totals.push((Sum::default(), 0));
            }
            totals[at].0.add(value);
            totals[at].1 += 1;
            all.add(value);
            n += 1;
        }
        let largest = totals.iter().map(|(_, size)| *size).max()? as f64;
        let share = |(total, size): &(Sum, usize)| {
            let size = *size as f64;
            ((total.value() / size).clamp(0.0, 1.0), size / largest)
        };
        let mut clusters: Vec<(f64, f64)> = totals.iter().map(share).collect();
        Stream::of(ORDER, 0).shuffle(&mut clusters);
        Some(Self { mean: all.value() / n as f64, n, clusters })
    }

    /// The mean over all values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The number of values.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The number of clusters.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.clusters.len()
    }

    /// One-sided limits, each at this level: the largest mean ruled out from below and the least
    /// ruled out from above, at any moment of a seeded random order of the clusters.
    ///
    /// A gambler bets on `Σ_{i∈g}(x_i − m)` of a cluster, over the largest cluster's size, so the
    /// claim tested is that of the ratio of expected totals to expected sizes; with clusters of
    /// one size those are cluster means. Hedging halves a capital, and one-sided limits at `α`
    /// are the two-sided ones at `2α`. Capitals fall in `m` on one side and rise on the other, so
    /// the limits are found by halving.
    #[must_use]
    pub fn limits(&self, level: Level) -> Interval {
        let two_sided = Level::new(1.0 - 2.0 * level.alpha()).unwrap_or(Level::HALF);
        let enough = level.alpha().recip();
        let mut stakes = Stakes::new(two_sided);
        let bets: Vec<(f64, f64, f64)> = self
            .clusters
            .iter()
            .map(|&(mean, weight)| {
                let stake = stakes.next();
                stakes.saw(mean);
                (mean, weight, stake)
            })
            .collect();
        let ruled_out = |m: f64, purse: fn(&Purses) -> f64| {
            let mut purses = Purses::START;
            bets.iter().any(|&(mean, weight, stake)| {
                purses.bet(mean, weight, m, stake);
                purse(&purses) >= enough
            })
        };
        let lower = halve(0.0, 1.0, |m| ruled_out(m, |purses| purses.higher));
        let upper = halve(1.0, 0.0, |m| ruled_out(m, |purses| purses.lower));
        Interval { lower: lower.min(self.mean), upper: upper.max(self.mean) }
    }
}

/// The last point from `from` on towards `to` that is out, given that those between are; `from`
/// itself if it is not.
fn halve(from: f64, to: f64, out: impl Fn(f64) -> bool) -> f64 {
    let (mut outside, mut inside) = (from, to);
    if !out(from) {
        return from;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(outside, inside);
        if out(middle) { outside = middle } else { inside = middle }
    }
    // The far end of what is known: the limit errs to the safe side.
    outside
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn limits_lie_around_the_mean_and_narrow_with_the_level(
            values in prop::collection::vec((0..9_u8, 0.0..=1.0_f64), 1..120),
        ) {
            let mean = BettingMean::of(values).unwrap();
            let at = |level: f64| mean.limits(Level::new(level).unwrap());
            let (wide, narrow) = (at(0.99), at(0.8));
            for limits in [wide, narrow] {
                prop_assert!(0.0 <= limits.lower && limits.lower <= mean.mean());
                prop_assert!(mean.mean() <= limits.upper && limits.upper <= 1.0);
            }
        }

        #[test]
        fn a_mirrored_sample_has_mirrored_limits(
            values in prop::collection::vec(0.0..=1.0_f64, 1..80),
        ) {
            let limits = |values: &mut dyn Iterator<Item = f64>| {
                BettingMean::of(values.enumerate()).unwrap().limits(Level::P95)
            };
            let forth = limits(&mut values.iter().copied());
            let back = limits(&mut values.iter().map(|value| 1.0 - value));
            prop_assert!((forth.lower - (1.0 - back.upper)).abs() < 1e-9);
            prop_assert!((forth.upper - (1.0 - back.lower)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_sample_is_the_end_of_a_sequence_but_for_its_grid() {
        let mut stream = Stream::of(3, 0);
        let values: Vec<f64> = (0..400).map(|_| stream.unit().powi(2)).collect();
        let sample = BettingMean::of(values.iter().copied().enumerate()).unwrap();
        let mut sequence = HedgedSequence::new(Level::new(0.9).unwrap());
        for (mean, _) in &sample.clusters {
            sequence.add(*mean);
        }
        let (limits, interval) = (sample.limits(Level::P95), sequence.interval());
        assert!((limits.lower - interval.lower).abs() < 0.003, "{limits:?} {interval:?}");
        assert!((limits.upper - interval.upper).abs() < 0.003, "{limits:?} {interval:?}");
        assert!(limits.lower > 0.25 && limits.upper < 0.42, "{limits:?}");
    }

    #[test]
    fn copies_of_a_value_tell_no_more_than_it() {
        let of = |copies: usize| {
            let values = (0..100).flat_map(|case| {
                let value = if case % 4 == 0 { 0.9 } else { 0.1 };
                std::iter::repeat_n((case, value), copies)
            });
            BettingMean::of(values).unwrap().limits(Level::P95)
        };
        let (one, five) = (of(1), of(5));
        assert!((one.lower - five.lower).abs() < 1e-9 && (one.upper - five.upper).abs() < 1e-9);
    }

    #[test]
    fn one_cluster_tells_nothing() {
        let limits = BettingMean::of([(0, 0.5); 50]).unwrap().limits(Level::P95);
        assert_eq!((limits.lower, limits.upper), (0.0, 1.0));
        assert!(BettingMean::of(Vec::<(u8, f64)>::new()).is_none());
    }

    #[test]
    fn a_mean_that_is_too_high_is_ruled_out_and_stays_so() {
        let mut capital = HedgedCapital::new(0.5, Level::P95);
        for _ in 0..60 {
            capital.add(0.1);
        }
        assert!(capital.is_lower(Level::P95) && !capital.is_higher(Level::P95));
        for _ in 0..40 {
            capital.add(1.0);
        }
        assert!(capital.is_lower(Level::P95), "what was ruled out once stays ruled out");
    }
}
