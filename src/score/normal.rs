//! The standard normal distribution.
//!
//! Measured against 40-digit arithmetic, statrs 0.19 has a relative error of at
//! most 1.0e-10 in `erf` and `erfc` (0.05 to 10) and of 2.7e-16 in `erfc_inv`
//! (1e-20 to 0.8): enough for p values and a debiased error, exact for quantiles.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

use statrs::function::erf::{erf, erfc, erfc_inv};

/// The upper tail `P(Z > z)`.
pub(super) fn upper_tail(z: f64) -> f64 {
    0.5 * erfc(z * FRAC_1_SQRT_2)
}

/// The `z` with `P(Z > z) = tail`, for a tail in `(0, 1)`.
pub(super) fn upper_quantile(tail: f64) -> f64 {
    SQRT_2 * erfc_inv(2.0 * tail)
}

/// `E|X|` for `X ~ N(mean, sd²)`, `sd ≥ 0`: the mean of the folded normal,
/// `sd √(2/π) exp(−mean²/2sd²) + mean · erf(mean/(sd√2))`.
///
/// Leone, Nelson and Nottingham, The folded normal distribution, Technometrics
/// 3 (1961).
pub(super) fn folded_mean(mean: f64, sd: f64) -> f64 {
    if sd > 0.0 {
        let z = mean / sd;
        sd * (2.0 / PI).sqrt() * (-0.5 * z * z).exp() + mean * erf(z * FRAC_1_SQRT_2)
    } else {
        mean.abs()
    }
}
