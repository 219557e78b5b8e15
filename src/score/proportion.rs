//! A share of counts and its intervals.
//!
//! Two kinds of interval, for two uses. Wilson's is close to its nominal level
//! on average, and is there to be looked at. Clopper and Pearson's never falls
//! below its level, whatever the true rate, and is there to decide.

use std::fmt;

use super::beta_tail::beta_quantile;
use super::level::Level;
use super::normal;

/// `count` of `total`. A total of 0 is allowed: its rate is undefined and its
/// intervals are all of `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    count: usize,
    total: usize,
}

/// An interval, `lower ≤ upper`; one of rates lies in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// A count above its total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoreThanAll {
    /// The count.
    pub count: usize,
    /// The total that it should be a part of.
    pub total: usize,
}

impl fmt::Display for MoreThanAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, total } = self;
        write!(f, "{count} of {total} is no proportion (the count must be a part of the total)")
    }
}

impl std::error::Error for MoreThanAll {}

impl Proportion {
    /// `count` of `total`.
    ///
    /// # Errors
    ///
    /// [`MoreThanAll`] if `count > total`.
    pub fn new(count: usize, total: usize) -> Result<Self, MoreThanAll> {
        if count > total { Err(MoreThanAll { count, total }) } else { Ok(Self { count, total }) }
    }

    /// Counts of which one is known to be a part of the other.
    pub(super) fn of_counts(count: usize, total: usize) -> Self {
        Self { count: count.min(total), total }
    }

    /// How many of the flags are set, of all of them.
    pub fn of(flags: impl IntoIterator<Item = bool>) -> Self {
        let mut counted = Self { count: 0, total: 0 };
        for flag in flags {
            counted.count += usize::from(flag);
            counted.total += 1;
        }
        counted
    }

    /// The count `k`.
    #[must_use]
    pub fn count(self) -> usize {
        self.count
    }

    /// The total `n`.
    #[must_use]
    pub fn total(self) -> usize {
        self.total
    }

    /// The rate `k/n`, in `[0, 1]`. `None` if `n = 0`.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.total > 0).then(|| self.count as f64 / self.total as f64)
    }

    /// The standard error of the rate, `√(p(1−p)/(n−1))`, which is that of the mean of
    /// its indicator. `None` if `n < 2`. Of a few hundred items a normal interval made
    /// with it is too short; the intervals here do not need it.
    #[must_use]
    pub fn standard_error(self) -> Option<f64> {
        let rate = self.rate().filter(|_| self.total > 1)?;
        Some((rate * (1.0 - rate) / (self.total - 1) as f64).sqrt())
    }

    /// The two-sided Wilson score interval without continuity correction,
    /// `(k + z²/2 ∓ z √(k(n−k)/n + z²/4)) / (n + z²)` with `z = z_{1−α/2}`.
    ///
    /// Wilson, Probable inference, the law of succession, and statistical
    /// inference, JASA 22 (1927); equation 4 of Brown, Cai and `DasGupta`,
    /// Interval estimation for a binomial proportion, Statistical Science 16
    /// (2001).
    #[must_use]
    pub fn wilson(self, level: Level) -> Interval {
        if self.total == 0 {
            return Interval { lower: 0.0, upper: 1.0 };
        }
        let (k, n) = (self.count as f64, self.total as f64);
        let z = normal::upper_quantile(0.5 * level.alpha());
        let root = (k * (n - k) / n + 0.25 * z * z).sqrt();
        let outer = k + 0.5 * z * z + z * root;
        Interval {
            // The smaller root of the quadratic as the product of the roots over
            // the larger one: no cancellation, and exactly 0 at k = 0.
            lower: k * k / (n * outer),
            upper: if self.count == self.total { 1.0 } else { outer / (n + z * z) },
        }
    }

    /// The two-sided exact interval of Clopper and Pearson, `α/2` in each tail:
    /// `[BetaInv(α/2; k, n−k+1), BetaInv(1−α/2; k+1, n−k)]`, with 0 at `k = 0`
    /// and 1 at `k = n`.
    ///
    /// Clopper and Pearson, The use of confidence or fiducial limits illustrated
    /// in the case of the binomial, Biometrika 26 (1934).
    #[must_use]
    pub fn clopper_pearson(self, level: Level) -> Interval {
        let tail = 0.5 * level.alpha();
        Interval { lower: self.exact_lower(tail), upper: self.exact_upper(tail) }
    }

    /// The one-sided exact lower limit `BetaInv(α; k, n−k+1)`, 0 if `k = 0`: the
    /// rate at which `k` or more of `n` has probability `α = 1 − level`.
    ///
    /// Clopper and Pearson 1934, as [`Self::clopper_pearson`].
    #[must_use]
    pub fn lower_limit(self, level: Level) -> f64 {
        self.exact_lower(level.alpha())
    }

    /// The one-sided exact upper limit `BetaInv(1−α; k+1, n−k)`, 1 if `k = n`
    /// (also for `n = 0`): the rate at which `k` or fewer of `n` has probability
    /// `α = 1 − level`.
    ///
    /// Clopper and Pearson 1934, as [`Self::clopper_pearson`].
    #[must_use]
    pub fn upper_limit(self, level: Level) -> f64 {
        self.exact_upper(level.alpha())
    }

    pub(super) fn exact_lower(self, tail: f64) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let (k, n) = (self.count as f64, self.total as f64);
        beta_quantile(tail, k, n - k + 1.0).x
    }

    /// The mirror image of the lower limit of `n − k`, read off as a complement
    /// that was never rounded.
    pub(super) fn exact_upper(self, tail: f64) -> f64 {
        if self.count == self.total {
            return 1.0;
        }
        let (k, n) = (self.count as f64, self.total as f64);
        beta_quantile(tail, n - k, k + 1.0).y
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proportion(count: usize, total: usize) -> Proportion {
        Proportion::new(count, total).unwrap()
    }

    fn close(value: f64, truth: f64) -> bool {
        (value - truth).abs() <= 1e-14 * truth
    }

    /// `P(Bin(n, p) = i)` for `i = 0..=n`, by multiplying out.
    fn binomial(n: usize, p: f64) -> Vec<f64> {
        let mut pmf = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; pmf.len() + 1];
            for (i, mass) in pmf.iter().enumerate() {
                next[i] += mass * (1.0 - p);
                next[i + 1] += mass * p;
            }
            pmf = next;
        }
        pmf
    }

    /// `k` of `n` in `0..=60`, and a level.
    fn any_case() -> impl Strategy<Value = (Proportion, Level)> {
        let counts = (0..=60_usize).prop_flat_map(|n| (0..=n, Just(n)));
        let level = prop_oneof![
            Just(0.95),
            0.5..0.999,
            (3.0..6.0).prop_map(|nines: f64| 1.0 - 10.0_f64.powf(-nines)),
        ];
        (counts, level).prop_map(|((k, n), level)| (proportion(k, n), Level::new(level).unwrap()))
    }

    proptest! {
        #[test]
        fn the_binomial_tail_at_an_exact_limit_is_alpha((share, level) in any_case()) {
            let (k, n, alpha) = (share.count(), share.total(), level.alpha());
            if k < n {
                let tail: f64 = binomial(n, share.upper_limit(level))[..=k].iter().sum();
                prop_assert!((tail / alpha - 1.0).abs() < 1e-6, "{tail} at the upper limit");
            }
            if k > 0 {
                let tail: f64 = binomial(n, share.lower_limit(level))[k..].iter().sum();
                prop_assert!((tail / alpha - 1.0).abs() < 1e-6, "{tail} at the lower limit");
            }
        }

        #[test]
        fn an_interval_lies_in_the_unit_interval_around_the_rate((share, level) in any_case()) {
            let rate = share.rate().unwrap_or(0.5);
            for Interval { lower, upper } in [share.wilson(level), share.clopper_pearson(level)] {
                prop_assert!(0.0 <= lower && lower <= rate && rate <= upper && upper <= 1.0);
            }
        }

        #[test]
        fn counting_the_others_mirrors_the_interval((share, level) in any_case()) {
            let others = proportion(share.total() - share.count(), share.total());
            for (one, other) in [
                (share.wilson(level), others.wilson(level)),
                (share.clopper_pearson(level), others.clopper_pearson(level)),
            ] {
                prop_assert!((one.lower - (1.0 - other.upper)).abs() < 1e-14);
            }
        }
    }

    /// `k`, `n`, level, lower and upper limit from 40-digit arithmetic, where an
    /// inverse beta function is most easily wrong.
    #[test]
    fn one_sided_limits_hold_in_the_extremes() {
        for (k, n, level, lower, upper) in [
            (1, 1000, 0.95, 5.129_197_890_901_785e-5, 0.004_734_993_575_499_777),
            (999, 1000, 0.95, 0.995_265_006_424_500_2, 0.999_948_708_021_091),
            (0, 1_000_000, 0.999_999, 0.0, 1.381_541_512_420_901_9e-5),
            (1, 1_000_000, 0.95, 5.129_329_307_204_958e-8, 4.743_855_638_206_81e-6),
            (1000, 1_000_000, 0.999_999, 0.000_856_875_582_705_146_3, 0.001_158_561_090_008_810_8),
            (333_333, 1_000_000, 0.9, 0.332_728_609_587_062_9, 0.333_937_866_949_775_3),
            (999_999, 1_000_000, 0.95, 0.999_995_256_144_361_8, 0.999_999_948_706_706_9),
            (1_000_000, 1_000_000, 0.999_999, 0.999_986_184_584_875_8, 1.0),
            (5, 10, 0.99, 0.150_442_821_900_701_03, 0.849_557_178_099_299),
        ] {
            let (share, at) = (proportion(k, n), Level::new(level).unwrap());
            let (low, high) = (share.lower_limit(at), share.upper_limit(at));
            assert!(
                close(low, lower) && close(high, upper),
                "{k} of {n} at {level}: {low:e} and {high:e}, not {lower:e} and {upper:e}"
            );
        }
    }

    #[test]
    fn no_size_and_no_level_gives_nonsense() {
        for n in [1, 2, 1000, 1_000_000, 1_000_000_000, usize::MAX >> 12] {
            for k in [0, 1, n / 3, n - n / 1000, n - 1, n] {
                let mut last = (1.0, 0.0);
                for level in [2e-16, 0.1, 0.5, 0.95, 0.999_999_9, 1.0 - f64::EPSILON / 2.0] {
                    let at = Level::new(level).unwrap();
                    let (low, high) =
                        (proportion(k, n).lower_limit(at), proportion(k, n).upper_limit(at));
                    assert!(
                        0.0 <= low && low <= last.0 && last.1 <= high && high <= 1.0,
                        "{k} of {n} at {level}: {low:e} and {high:e}, before {last:?}"
                    );
                    last = (low, high);
                }
            }
        }
    }

    #[test]
    fn nothing_counted_says_nothing() {
        let none = proportion(0, 0);
        let everything = Interval { lower: 0.0, upper: 1.0 };
        assert_eq!(none.rate(), None);
        assert_eq!(none.wilson(Level::P95), everything);
        assert_eq!(none.clopper_pearson(Level::P95), everything);
    }

    #[test]
    fn more_than_all_is_refused() {
        assert_eq!(
            Proportion::new(3, 2).unwrap_err().to_string(),
            "3 of 2 is no proportion (the count must be a part of the total)"
        );
    }
}
