//! What a statistic was in many resamples: its mean, spread and percentiles.

use super::level::Level;
use super::normal;
use super::proportion::Interval;
use super::sum::{mean, sum};

/// The values of a statistic in `R` resamples, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    /// Ascending.
    values: Vec<f64>,
    mean: f64,
}

impl Replicates {
    /// Finite values, in any order. `None` without values.
    #[must_use]
    pub fn new(mut values: Vec<f64>) -> Option<Self> {
        // Before sorting: the mean does not depend on the order, up to its last bit.
        let mean = mean(values.iter().copied())?;
        values.sort_unstable_by(f64::total_cmp);
        Some(Self { values, mean })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Their mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their standard deviation, over `R − 1`: the bootstrap's standard error. `None` for one.
    #[must_use]
    pub fn sd(&self) -> Option<f64> {
        let squares = sum(self.values.iter().map(|value| (value - self.mean).powi(2)));
        let count = self.values.len();
        (count > 1).then(|| (squares / (count - 1) as f64).sqrt())
    }

    /// The percentile at `q` in `[0, 1]` of type 7: linear between the sorted values at
    /// `h = (R−1)·q`.
    ///
    /// Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician 50
    /// (1996), definition 7.
    #[must_use]
    pub fn percentile(&self, q: f64) -> f64 {
        let last = self.values.len() - 1;
        let h = last as f64 * q.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank of the values"
        )]
        let below = (h.floor() as usize).min(last);
        let above = (below + 1).min(last);
        let part = h - below as f64;
        self.values[below] + part * (self.values[above] - self.values[below])
    }

    /// The percentile interval: `α/2` of the values on each side.
    ///
    /// Efron, Nonparametric standard errors and confidence intervals, Canadian Journal of
    /// Statistics 9 (1981).
    #[must_use]
    pub fn percentile_interval(&self, level: Level) -> Interval {
        let tail = 0.5 * level.alpha();
        Interval { lower: self.percentile(tail), upper: self.percentile(1.0 - tail) }
    }

    /// The bias-corrected and accelerated interval: the percentiles at
    /// `Φ(z₀ + (z₀+z_q)/(1 − a(z₀+z_q)))`. `z₀` is the normal quantile of the share of values below
    /// the `estimate` (equal ones count half), and the acceleration
    /// `a = Σu³/(6 (Σu²)^1.5)` with `u_i = mean(j) − j_i` comes from the leave-one-out estimates
    /// `j`. `None` where all values lie on one side of the estimate or the leave-one-out estimates
    /// are all the same.
    ///
    /// Efron, Better bootstrap confidence intervals, JASA 82 (1987), equations 2.3 and 6.6.
    #[must_use]
    pub fn bca_interval(
        &self,
        estimate: f64,
        leave_one_out: &[f64],
        level: Level,
    ) -> Option<Interval> {
        let below = self.values.partition_point(|value| *value < estimate);
        let not_above = self.values.partition_point(|value| *value <= estimate);
        let share = (below + not_above) as f64 / 2.0 / self.values.len() as f64;
        if share <= 0.0 || share >= 1.0 {
            return None;
        }
        let z0 = -normal::upper_quantile(share);
        let centre = mean(leave_one_out.iter().copied())?;
        let squares = sum(leave_one_out.iter().map(|one| (centre - one).powi(2)));
        let cubes = sum(leave_one_out.iter().map(|one| (centre - one).powi(3)));
        if squares <= 0.0 {
            return None;
        }
        let acceleration = cubes / (6.0 * squares.powf(1.5));
        let end = |z: f64| {
            let shifted = z0 + z;
            let at = z0 + shifted / (1.0 - acceleration * shifted);
            self.percentile(normal::upper_tail(-at))
        };
        let z = normal::upper_quantile(0.5 * level.alpha());
        Some(Interval { lower: end(-z), upper: end(z) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_the_sorted_values() {
        let of = |values: &[f64]| Replicates::new(values.to_vec()).unwrap();
        let four = of(&[4.0, 1.0, 3.0, 2.0]);
        let is = |value: f64, truth: f64| (value - truth).abs() < 1e-12;
        assert!(is(four.percentile(0.0), 1.0) && is(four.percentile(1.0), 4.0));
        assert!(is(four.percentile(0.5), 2.5) && is(four.percentile(0.1), 1.3));
        assert!(is(four.mean(), 2.5) && is(four.sd().unwrap(), (5.0_f64 / 3.0).sqrt()));
        let one = of(&[7.0]);
        assert!(is(one.percentile(0.3), 7.0) && one.sd().is_none());
        assert_eq!(Replicates::new(Vec::new()), None);
    }

    #[test]
    fn without_bias_and_skew_the_corrected_interval_is_the_percentile_interval() {
        let values: Vec<f64> = (0..=1000).map(f64::from).collect();
        let replicates = Replicates::new(values).unwrap();
        let plain = replicates.percentile_interval(Level::P95);
        let corrected = replicates.bca_interval(500.0, &[1.0, 2.0, 3.0], Level::P95).unwrap();
        // As exact as the normal distribution's tails are.
        assert!((plain.lower - corrected.lower).abs() < 1e-6, "{plain:?} {corrected:?}");
        assert!((plain.upper - corrected.upper).abs() < 1e-6, "{plain:?} {corrected:?}");
        assert_eq!(replicates.bca_interval(-1.0, &[1.0, 2.0], Level::P95), None);
        assert_eq!(replicates.bca_interval(500.0, &[2.0, 2.0], Level::P95), None);
    }
}
