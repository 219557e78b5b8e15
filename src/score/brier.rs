//! The Brier score.

use super::items::{Items, indicator};
use super::sum::mean;

/// The Brier score `Σ(c−y)²/n`, in `[0, 1]`, 0 the best. `None` without items.
///
/// Brier, Verification of forecasts expressed in terms of probability, Monthly
/// Weather Review 78 (1950), equation 2 for two classes, halved as is usual
/// today.
#[must_use]
pub fn brier(items: &Items) -> Option<f64> {
    mean(items.pairs().map(|(c, y)| (c - indicator(y)).powi(2)))
}
