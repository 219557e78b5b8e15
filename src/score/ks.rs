//! Calibration without bins: the largest cumulative excess of confidence.

use std::f64::consts::{FRAC_PI_2, PI};

use super::items::Items;
use super::normal;
use super::sum::{Sum, sum};

/// The Kolmogorov–Smirnov calibration error and its test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KsCalibration {
    /// `max_v |Σ_{c ≤ v}(c − y)|/n` over the distinct confidences `v`, in `[0, 1]`.
    pub error: f64,
    /// The error over its scale under perfect calibration, `√Σc(1−c)/n`. `None`
    /// if every confidence is 0 or 1, where that scale is 0.
    pub standardised: Option<f64>,
    /// The probability that perfect calibration gives at least this error, as
    /// `n` grows: the upper tail of `max |B(t)|` of Brownian motion on `[0, 1]`
    /// at `standardised`. `None` with it.
    pub p_value: Option<f64>,
}

/// The Kolmogorov–Smirnov calibration error of a sample. It needs no bins and no
/// smoothing, and equal confidences enter as one. `None` without items.
///
/// Gupta et al., Calibration of neural networks using splines, ICLR 2021 (arXiv
/// 2006.12800); standardised and with the Brownian limit as in Arrieta-Ibarra,
/// Gujral, Tannen, Tygert and Xu, Metrics of calibration for probabilistic
/// predictions, JMLR 23 (2022; arXiv 2205.09680).
#[must_use]
pub fn ks_calibration(items: &Items) -> Option<KsCalibration> {
    if items.is_empty() {
        return None;
    }
    let mut excess = Sum::default();
    let mut largest: f64 = 0.0;
    for tie in items.ties() {
        excess.add(tie.confidence * tie.n as f64);
        excess.add(-(tie.correct as f64));
        largest = largest.max(excess.value().abs());
    }
    let scale = sum(items.confidence().iter().map(|&c| c * (1.0 - c))).sqrt();
    let standardised = (scale > 0.0).then(|| largest / scale);
    Some(KsCalibration {
        error: largest / items.len() as f64,
        standardised,
        p_value: standardised.map(brownian_upper_tail),
    })
}

/// `P(max_{0≤t≤1} |B(t)| > x)` of Brownian motion, for `x ≥ 0`.
///
/// The alternating series of the reflection principle, `4 Σ (−1)^k Q((2k+1)x)`,
/// for large `x`, and its theta-function counterpart
/// `1 − (4/π) Σ (−1)^k/(2k+1) exp(−(2k+1)²π²/8x²)` for small: below 5 terms
/// each. Erdős and Kac, On certain limit theorems of the theory of probability,
/// Bulletin of the AMS 52 (1946).
fn brownian_upper_tail(x: f64) -> f64 {
    let alternating = |term: &dyn Fn(f64) -> f64| {
        let terms = [1.0, 3.0, 5.0, 7.0, 9.0].map(term);
        terms[0] - terms[1] + terms[2] - terms[3] + terms[4]
    };
    if x > 1.0 {
        4.0 * alternating(&|odd| normal::upper_tail(odd * x))
    } else {
        1.0 - 4.0 / PI * alternating(&|odd| (-0.5 * (odd * FRAC_PI_2 / x).powi(2)).exp() / odd)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::{any_items, indicator};
    use super::*;

    /// Every threshold against every item, in input order.
    fn by_thresholds(items: &Items) -> f64 {
        let excess = |v: f64| -> f64 {
            let below = items.pairs().filter(|&(c, _)| c <= v);
            below.map(|(c, y)| c - indicator(y)).sum()
        };
        let largest = items.confidence().iter().map(|&v| excess(v).abs());
        largest.fold(0.0, f64::max) / items.len() as f64
    }

    proptest! {
        #[test]
        fn is_the_largest_excess_over_all_thresholds(items in any_items()) {
            match ks_calibration(&items) {
                Some(ks) => prop_assert!((ks.error - by_thresholds(&items)).abs() < 1e-12),
                None => prop_assert!(items.is_empty()),
            }
        }
    }

    #[test]
    fn certain_answers_have_an_error_but_no_scale() {
        let certain = Items::new(vec![1.0, 1.0], vec![true, false]).unwrap();
        let ks = ks_calibration(&certain).unwrap();
        assert!((ks.error - 0.5).abs() < f64::EPSILON);
        assert_eq!((ks.standardised, ks.p_value), (None, None));
    }

    #[test]
    fn the_brownian_tail_has_its_known_quantiles_and_joins_its_two_series() {
        // 2.2414 is the quantile that the limits of the gate use; 1.96 its counterpart at 10 %.
        assert!((brownian_upper_tail(2.241_402_727_604_947) - 0.05).abs() < 1e-9);
        assert!((brownian_upper_tail(1.959_963_984_540_054) - 0.1).abs() < 1e-8);
        assert!((brownian_upper_tail(0.0) - 1.0).abs() < f64::EPSILON);
        let (below, above) = (1.0, 1.0 + f64::EPSILON);
        assert!((brownian_upper_tail(below) - brownian_upper_tail(above)).abs() < 1e-9);
    }
}
