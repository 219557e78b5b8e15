//! Calibration without bins: the largest cumulative excess of confidence.

use std::f64::consts::{FRAC_PI_2, PI};

use super::items::Items;
use super::level::Level;
use super::normal;
use super::proportion::Interval;
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

/// Limits of the calibration error of the confidences at hand, `KS ∓ q/(2√n*)`, where `q` is the
/// quantile of `max |B(t)|` at the level (2.2414 at 95 %): each verdict has a variance of at most ¼
/// about its own probability, so the error cannot have moved further. Each limit holds at the
/// level, and both together do. Where items are alike in clusters, `n* = n²/Σm²` for clusters of
/// `m`, as if all of a cluster were one item. `None` without items.
///
/// Tygert, Calibration of P-values for calibration and for deviation of a subpopulation from the
/// full population, arXiv 2202.00100 (2022), on the limit; Kish, Survey Sampling (1965), on `n*`.
#[must_use]
pub fn ks_limits(items: &Items, level: Level) -> Option<Interval> {
    let error = ks_calibration(items)?.error;
    let mut sizes = vec![0_usize; items.len()];
    for cluster in items.clusters() {
        sizes[*cluster] += 1;
    }
    let squares = sum(sizes.into_iter().map(|size| (size as f64).powi(2)));
    let half = brownian_quantile(level.alpha()) * 0.5 * squares.sqrt() / items.len() as f64;
    Some(Interval { lower: (error - half).max(0.0), upper: (error + half).min(1.0) })
}

/// How many independent items bring the limits so near to the error, in `(0, 1]`.
#[must_use]
pub fn ks_items_within(distance: f64, level: Level) -> f64 {
    (brownian_quantile(level.alpha()) * 0.5 / distance).powi(2)
}

/// The `x` with `P(max_{0≤t≤1} |B(t)| > x) = tail`.
fn brownian_quantile(tail: f64) -> f64 {
    // Above 12 the tail is below all levels that can be told from 1.
    let (mut above, mut below) = (0.0, 12.0);
    for _ in 0..60 {
        let middle = f64::midpoint(above, below);
        if brownian_upper_tail(middle) > tail { above = middle } else { below = middle }
    }
    below
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
    fn limits_narrow_with_items_and_not_with_copies() {
        let items = |n: usize| Items::new(vec![0.5; n], (0..n).map(|i| i % 2 == 0).collect());
        let half = |items: &Items| ks_limits(items, Level::P95).unwrap().upper;
        let (few, many) = (items(100).unwrap(), items(400).unwrap());
        assert!((half(&few) - 0.112_070).abs() < 1e-5 && (half(&many) - 0.056_035).abs() < 1e-5);
        let copies = many.in_clusters((0..400).map(|i| i / 4)).unwrap();
        assert!((half(&copies) - 0.112_070).abs() < 1e-5);
        assert!((ks_items_within(0.112_070, Level::P95) - 100.0).abs() < 0.01);
        assert_eq!(ks_limits(&Items::new(vec![], vec![]).unwrap(), Level::P95), None);
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
