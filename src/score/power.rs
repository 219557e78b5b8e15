//! How much a sample can show: the change it would notice, and the size that a change needs.
//!
//! A test that sees nothing says something only beside what it could have seen. Errors are `α`, the
//! probability of an alarm where nothing changed, and `1 − power`, that of none where it did.

use super::binomial_tail::{at_least, exactly, within};
use super::normal::upper_quantile;

/// Whether a change is looked for on one side or on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tails {
    /// Only for the worse, or only for the better.
    One,
    /// Either way.
    Two,
}

/// How often a test may be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Probability of an alarm where nothing changed, in (0, 1).
    pub alpha: f64,
    /// Probability of an alarm where the change is there, in (0, 1).
    pub power: f64,
    /// Sides that `alpha` is for.
    pub tails: Tails,
}

impl Errors {
    /// `z_{1−α}` or `z_{1−α/2}`, and `z_power`; none outside their domain.
    pub(super) fn quantiles(self) -> Option<(f64, f64)> {
        let Errors { alpha, power, tails } = self;
        let inside = |share: f64| share > 0.0 && share < 1.0;
        let tail = if tails == Tails::One { alpha } else { 0.5 * alpha };
        (inside(alpha) && inside(power))
            .then(|| (upper_quantile(tail), upper_quantile(1.0 - power)))
    }
}

/// The minimum detectable effect `(z_α + z_power)·√(ω²/n)`: the change of a mean that `n` paired
/// differences of variance `variance` show with this power. `None` if `n` is 0 or an error is no
/// probability.
///
/// Miller, Adding error bars to evals, arXiv 2411.00640 (2024), section 5.
#[must_use]
pub fn minimum_detectable_effect(variance: f64, n: usize, errors: Errors) -> Option<f64> {
    let (z_alpha, z_power) = errors.quantiles()?;
    (n > 0 && variance >= 0.0).then(|| (z_alpha + z_power) * (variance / n as f64).sqrt())
}

/// Pairs that `McNemar`'s test needs to see a change of `difference` in the share that is right,
/// where the share `discordant` of all pairs differs:
/// `⌈(z_α √P + z_power √(P − D²))²/D²⌉`. `None` without a change, or for shares that cannot be
/// (`P < D`).
///
/// Connor, Sample size for testing differences in proportions for the paired-sample design,
/// Biometrics 43 (1987).
#[must_use]
pub fn mcnemar_sample_size(discordant: f64, difference: f64, errors: Errors) -> Option<usize> {
    let (z_alpha, z_power) = errors.quantiles()?;
    let d = difference.abs();
    if !(d > 0.0 && d <= discordant && discordant <= 1.0) {
        return None;
    }
    let root = z_alpha * discordant.sqrt() + z_power * (discordant - d * d).max(0.0).sqrt();
    whole((root * root / (d * d)).ceil())
}

/// Cases without a failure that rule out a failure rate of `rate` or more: the smallest `n` with
/// `(1−rate)^n ≤ delta`. `None` for a rate or a delta that no number of cases settles.
#[must_use]
pub fn zero_failure_sample_size(rate: f64, delta: f64) -> Option<usize> {
    if !(rate > 0.0 && rate <= 1.0 && delta > 0.0) {
        return None;
    }
    if delta >= 1.0 {
        return Some(0);
    }
    if rate >= 1.0 {
        return Some(1);
    }
    let each = (-rate).ln_1p();
    let enough = |n: f64| n * each <= delta.ln();
    // The quotient may be off by rounding on either side of a whole number.
    let mut n = (delta.ln() / each).ceil();
    if !enough(n) {
        n += 1.0;
    } else if n > 1.0 && enough(n - 1.0) {
        n -= 1.0;
    }
    whole(n)
}

/// An exact one-sided test of a rate: rejects from so many bad ones on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExactGate {
    /// The smallest count that rejects; `n + 1` where none does.
    pub reject_when_at_least: usize,
    /// `P(Bin(n, p₀) ≥ count)`: how often it rejects at the rate that is allowed.
    pub size: f64,
    /// `P(Bin(n, p₁) ≥ count)`: how often it rejects at the other rate.
    pub power: f64,
}

/// The test that `n` cases make of the rate `allowed` at level `alpha`, and how often it rejects at
/// the rate `other`.
#[must_use]
pub fn exact_gate(n: usize, allowed: f64, other: f64, alpha: f64) -> ExactGate {
    // The tail falls as the count rises: halve.
    let (mut low, mut high) = (0, n + 1);
    while low < high {
        let middle = usize::midpoint(low, high);
        if within(at_least(n, middle, allowed), alpha) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    ExactGate {
        reject_when_at_least: low,
        size: at_least(n, low, allowed),
        power: at_least(n, low, other),
    }
}

/// The fewest independent pairs that can be significant at all, one-sided at `alpha`: all of them
/// differ, and all to one side, `½^m ≤ α`. `None` if no number can.
#[must_use]
pub fn least_one_sided(alpha: f64) -> Option<usize> {
    (1..=1024).find(|&m| within(exactly(m, m, 0.5), alpha))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that was rounded up, and saturates"
)]
fn whole(n: f64) -> Option<usize> {
    (n.is_finite() && n >= 0.0).then_some(n as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USUAL: Errors = Errors { alpha: 0.05, power: 0.8, tails: Tails::Two };

    proptest! {
        #[test]
        fn no_failures_are_counted_up_to_the_first_that_suffices(
            rate in 0.001..0.9,
            delta in 0.001..0.9,
        ) {
            let n = zero_failure_sample_size(rate, delta).unwrap();
            let left = |n: usize| (1.0 - rate).powi(i32::try_from(n).unwrap());
            prop_assert!(left(n) <= delta * (1.0 + 1e-9));
            prop_assert!(n == 0 || left(n - 1) > delta * (1.0 - 1e-9));
        }

        #[test]
        fn a_gate_rejects_at_the_first_count_that_is_rare_enough(
            n in 0..200_usize,
            allowed in 0.0..=1.0,
            other in 0.0..=1.0,
            alpha in 0.001..0.5,
        ) {
            let gate = exact_gate(n, allowed, other, alpha);
            let k = gate.reject_when_at_least;
            prop_assert!(within(gate.size, alpha) && k <= n + 1);
            prop_assert!(k == 0 || at_least(n, k - 1, allowed) > alpha);
            prop_assert!((0.0..=1.0).contains(&gate.power));
        }
    }

    #[test]
    fn a_larger_sample_sees_a_smaller_change() {
        let at = |n| minimum_detectable_effect(0.2, n, USUAL).unwrap();
        assert!((at(100) / at(400) - 2.0).abs() < 1e-12);
        assert_eq!(minimum_detectable_effect(0.2, 0, USUAL), None);
        let none = Errors { alpha: 0.0, ..USUAL };
        assert_eq!(minimum_detectable_effect(0.2, 10, none), None);
    }

    #[test]
    fn what_cannot_be_has_no_sample_size() {
        assert_eq!(mcnemar_sample_size(0.1, 0.0, USUAL), None);
        assert_eq!(mcnemar_sample_size(0.1, 0.2, USUAL), None);
        assert_eq!(mcnemar_sample_size(0.1, f64::NAN, USUAL), None);
        assert_eq!(mcnemar_sample_size(0.2, -0.05, USUAL), Some(626));
        assert_eq!(zero_failure_sample_size(0.0, 0.05), None);
        assert_eq!(zero_failure_sample_size(1.0, 0.05), Some(1));
        assert_eq!(zero_failure_sample_size(0.5, 0.25), Some(2));
        assert_eq!(least_one_sided(0.05), Some(5));
        assert_eq!(least_one_sided(0.05 / 3.0), Some(6));
    }
}
