//! The three headline means.

use super::clustered_proportion::ClusteredProportion;
use super::items::Items;
use super::proportion::Proportion;
use super::sum::{mean, sum};

/// The share of correct answers, `Σy/n`, as the counts that its intervals need.
#[must_use]
pub fn accuracy(items: &Items) -> Proportion {
    Proportion::of(items.correct().iter().copied())
}

/// The same share by clusters.
#[must_use]
pub fn clustered_accuracy(items: &Items) -> ClusteredProportion {
    if items.cluster_count() == items.len() {
        return accuracy(items).into();
    }
    let flags = items.clusters().iter().copied().zip(items.correct().iter().copied());
    ClusteredProportion::of_numbered(flags, items.cluster_count())
}

/// The mean confidence `Σc/n`, in `[0, 1]`. `None` without items.
#[must_use]
pub fn mean_confidence(items: &Items) -> Option<f64> {
    mean(items.confidence().iter().copied())
}

/// The overconfidence gap `c̄ − ȳ`, in `[-1, 1]`: positive where the answers
/// claim more than they hold. `None` without items.
#[must_use]
pub fn overconfidence_gap(items: &Items) -> Option<f64> {
    let right = accuracy(items).count();
    let claimed = sum(items.confidence().iter().copied());
    (!items.is_empty()).then(|| (claimed - right as f64) / items.len() as f64)
}
