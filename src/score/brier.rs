//! The Brier score.

use super::accuracy::accuracy;
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

/// The Brier skill score `1 − BS/(ȳ(1−ȳ))`: 0 for stating the accuracy every time, 1 the
/// best, below 0 for what would better have been left unsaid. `None` unless there is at
/// least one right and one wrong answer.
///
/// Murphy, Skill scores based on the mean square error, Monthly Weather Review 116
/// (1988).
#[must_use]
pub fn brier_skill_score(items: &Items) -> Option<f64> {
    let right = accuracy(items).rate()?;
    let uncertainty = right * (1.0 - right);
    (uncertainty > 0.0).then_some(1.0 - brier(items)? / uncertainty)
}
