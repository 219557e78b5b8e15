//! Bins of a reliability diagram, and the calibration errors that they give.
//!
//! How the items were binned does not matter here: any partition of them gives
//! bins, and an expected calibration error is a function of bins alone.

use std::ops::Range;

use super::items::Items;
use super::normal::folded_mean;
use super::sum::sum;

/// The items of one bin, at least one of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// How many items it holds, at least 1.
    pub n: usize,
    /// How many of them are correct.
    pub correct: usize,
    /// Their mean confidence.
    pub mean_confidence: f64,
    /// Their share of correct answers, `correct/n`.
    pub accuracy: f64,
    /// Lower edge of the bin in confidence.
    pub low: f64,
    /// Upper edge of the bin in confidence.
    pub high: f64,
}

impl Bin {
    /// The bin of the items at these ranks, from 0 by ascending confidence; `None`
    /// if it is empty.
    pub(super) fn of(items: &Items, ranks: Range<usize>, low: f64, high: f64) -> Option<Self> {
        let (confidence, correct) = items.ascending_columns();
        let n = ranks.len();
        let right = correct[ranks.clone()].iter().filter(|right| **right).count();
        (n > 0).then(|| Self {
            n,
            correct: right,
            mean_confidence: sum(confidence[ranks].iter().copied()) / n as f64,
            accuracy: right as f64 / n as f64,
            low,
            high,
        })
    }

    /// Accuracy minus mean confidence, in `[-1, 1]`.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.accuracy - self.mean_confidence
    }
}

/// The expected calibration error `Σ_b (n_b/n)·|ȳ_b − c̄_b|`, in `[0, 1]`.
/// `None` without bins.
///
/// It is biased upwards (a perfectly calibrated model has an ECE above 0), the
/// more the fewer items a bin has: show it, do not gate on it.
///
/// Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities using
/// Bayesian binning, AAAI 2015.
#[must_use]
pub fn ece(bins: &[Bin]) -> Option<f64> {
    mean_over_items(bins, |bin| bin.gap().abs())
}

/// The debiased expected calibration error `2·ECE − Σ_b (n_b/n)·E|N(d_b, s_b²)|`
/// with `d_b = ȳ_b − c̄_b` and `s_b² = ȳ_b(1−ȳ_b)/n_b`: the plug-in value less
/// its bias, estimated by redrawing every bin's accuracy from its normal
/// approximation. May be negative. `None` without bins.
///
/// The estimator of Kumar, Liang and Ma's package `uncertainty-calibration`
/// (Verified uncertainty calibration, `NeurIPS` 2019), which redraws by
/// simulation; here the mean of the folded normal is in closed form.
#[must_use]
pub fn ece_debiased(bins: &[Bin]) -> Option<f64> {
    let redrawn = mean_over_items(bins, |bin| {
        let variance = bin.accuracy * (1.0 - bin.accuracy) / bin.n as f64;
        folded_mean(bin.gap(), variance.sqrt())
    })?;
    Some(2.0 * ece(bins)? - redrawn)
}

/// The root-mean-square calibration error `√(Σ_b (n_b/n)·(ȳ_b − c̄_b)²)`, in `[0, 1]`.
/// `None` without bins. As [`ece`], it is biased upwards.
///
/// Kumar, Liang and Ma, Verified uncertainty calibration, `NeurIPS` 2019,
/// the ℓ₂ calibration error.
#[must_use]
pub fn rms_ce(bins: &[Bin]) -> Option<f64> {
    mean_over_items(bins, |bin| bin.gap().powi(2)).map(f64::sqrt)
}

/// The maximum calibration error `max_b |ȳ_b − c̄_b|`, in `[0, 1]`: that of a bin with few
/// items, more often than not. `None` without bins.
///
/// Naeini, Cooper and Hauskrecht 2015, as [`ece`].
#[must_use]
pub fn mce(bins: &[Bin]) -> Option<f64> {
    bins.iter().map(|bin| bin.gap().abs()).reduce(f64::max)
}

/// The squared calibration error without its bias,
/// `Σ_b (n_b/n)·[(ȳ_b − c̄_b)² − ȳ_b(1−ȳ_b)/(n_b−1)]`; a bin of one item adds 0. May be
/// negative. `None` without bins.
///
/// Kumar, Liang and Ma 2019, as [`rms_ce`], the debiased estimator of section 4.
#[must_use]
pub fn sq_ce_unbiased(bins: &[Bin]) -> Option<f64> {
    mean_over_items(bins, |bin| {
        if bin.n < 2 {
            return 0.0;
        }
        bin.gap().powi(2) - bin.accuracy * (1.0 - bin.accuracy) / (bin.n - 1) as f64
    })
}

/// The debiased root-mean-square calibration error, `√max(0, ·)` of [`sq_ce_unbiased`].
/// `None` without bins.
#[must_use]
pub fn rms_ce_debiased(bins: &[Bin]) -> Option<f64> {
    sq_ce_unbiased(bins).map(|squared| squared.max(0.0).sqrt())
}

/// `Σ_b (n_b/n)·value(b)`: the mean over items of a value of their bin.
fn mean_over_items(bins: &[Bin], value: impl Fn(&Bin) -> f64) -> Option<f64> {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    (n > 0).then(|| sum(bins.iter().map(|bin| bin.n as f64 * value(bin))) / n as f64)
}
