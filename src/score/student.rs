//! Student's t distribution.

use std::f64::consts::PI;

use super::beta_tail::{Point, beta_lower, beta_quantile};
use super::normal;

/// From so many degrees of freedom on, the first term by which the quantile differs
/// from the normal one is exact to the last bits.
const NEARLY_NORMAL: f64 = 1e7;

/// The `t` with `P(T > t) = tail` for `df ≥ 1` degrees of freedom and a tail in
/// `(0, ½)`.
///
/// `T²/(df + T²)` has the beta distribution with shapes ½ and `df/2`; one
/// degree of freedom, whose second shape the inverse does not take, is Cauchy's
/// distribution with quantile `cot(π·tail)`. The relative error is about 1e-14, and
/// 1e-16 over the tail where that is more: `1 − 2·tail` is rounded.
pub(super) fn upper_quantile(tail: f64, df: usize) -> f64 {
    if df < 2 {
        return (PI * tail).tan().recip();
    }
    let df = df as f64;
    if df >= NEARLY_NORMAL {
        let z = normal::upper_quantile(tail);
        return z + (z.powi(3) + z) / (4.0 * df);
    }
    let at = beta_quantile(1.0 - 2.0 * tail, 0.5, 0.5 * df);
    (df * at.x / at.y).sqrt()
}

/// `P(|T| ≥ |t|)` for `df ≥ 1` degrees of freedom: the lower tail of `df/(df + T²)`, which has the
/// beta distribution with shapes `df/2` and ½.
pub(super) fn two_sided(t: f64, df: usize) -> f64 {
    let (df, square) = (df as f64, t * t);
    if square == 0.0 {
        return 1.0;
    }
    if square == f64::INFINITY {
        return 0.0;
    }
    let at = Point { x: df / (df + square), y: square / (df + square) };
    beta_lower(0.5 * df, 0.5, at).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_what_its_quantile_says() {
        for df in [1, 2, 3, 13, 399, 100_000] {
            for tail in [0.45, 0.2, 0.05, 1e-3, 1e-8] {
                let p = two_sided(upper_quantile(tail, df), df);
                let off = (p / (2.0 * tail) - 1.0).abs();
                assert!(off < 1e-9, "{df} degrees of freedom, {tail}: off {off:e}");
            }
        }
        // Cauchy's and the one of two degrees of freedom in closed form.
        for t in [1e-9, 0.01, 0.3, 1.0, 2.5, 40.0, 1e6] {
            let cauchy = 2.0 * 1.0_f64.atan2(t) / PI;
            assert!((two_sided(t, 1) / cauchy - 1.0).abs() < 1e-12, "{t}");
            let root = (2.0 + t * t).sqrt();
            let two = 2.0 / (root * (root + t));
            assert!((two_sided(-t, 2) / two - 1.0).abs() < 1e-12, "{t}");
        }
        assert!((two_sided(0.0, 5) - 1.0).abs() < f64::EPSILON);
        assert!(two_sided(f64::INFINITY, 5).abs() < f64::EPSILON);
    }

    #[test]
    fn agrees_with_the_closed_forms_for_few_degrees_of_freedom() {
        for tail in [0.45_f64, 0.2, 0.05, 0.025, 0.001, 1e-6] {
            let p = 4.0 * tail * (1.0 - tail);
            let two = (1.0 - 2.0 * tail) * (2.0 / p).sqrt();
            let off = (upper_quantile(tail, 2) / two - 1.0).abs();
            assert!(off < 1e-13_f64.max(1e-16 / tail), "{tail}: 2 degrees of freedom, off {off:e}");
            let angle = p.sqrt().acos() / 3.0;
            let four = 2.0 * (angle.cos() / p.sqrt() - 1.0).sqrt();
            // The closed form itself cancels where the tail is large.
            let off = (upper_quantile(tail, 4) / four - 1.0).abs();
            assert!(off < 1e-10, "{tail}: 4 degrees of freedom, off {off:e}");
        }
        assert!((upper_quantile(0.05, 1) / 6.313_751_514_675_043 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn comes_from_above_to_the_normal_quantile() {
        let normal = normal::upper_quantile(0.05);
        let quantiles: Vec<f64> =
            [1, 2, 5, 39, 1000, 1_000_000].map(|df| upper_quantile(0.05, df)).to_vec();
        assert!(quantiles.is_sorted_by(|a, b| a > b), "{quantiles:?}");
        assert!((quantiles[5] / normal - 1.0).abs() < 1e-5);
        let (below, from) = (upper_quantile(0.05, 9_999_999), upper_quantile(0.05, 10_000_000));
        assert!(below > from && below - from < 1e-12, "{below} and {from}");
    }
}
