//! Student's t distribution.

use std::f64::consts::PI;

use super::beta_tail::beta_quantile;
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

#[cfg(test)]
mod tests {
    use super::*;

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
