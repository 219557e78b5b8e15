//! The score that makes guessing cost what it costs.
//!
//! A benchmark that gives a point for a right answer and none for a wrong one tells
//! models to guess. With a penalty of `t/(1−t)` for a wrong one, answering pays exactly
//! for those who are right more often than `t`.

use super::confident_wrong::Threshold;
use super::items::Items;

/// The mean score at a target `t`: 1 for a right answer, `−t/(1−t)` for a wrong one, 0 for
/// abstaining.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceTarget {
    /// If the model answers only where its confidence is above `t`.
    pub abstaining: f64,
    /// If it answers everything.
    pub forced: f64,
}

/// The mean scores of a sample at a target. `None` without items, and at a target of 1,
/// where no answer is worth its risk.
///
/// Kalai, Nachum, Vempala and Zhang, Why language models hallucinate, arXiv 2509.04664
/// (2025), section 4.2.
#[must_use]
pub fn confidence_target(items: &Items, target: Threshold) -> Option<ConfidenceTarget> {
    let n = items.len();
    let (mut right, mut wrong) = ([0_usize; 2], [0_usize; 2]);
    for (c, y) in items.pairs() {
        let answered = usize::from(c > target.get());
        if y { right[answered] += 1 } else { wrong[answered] += 1 }
    }
    Some(ConfidenceTarget {
        abstaining: target_score(right[1], wrong[1], n, target)?,
        forced: target_score(right[0] + right[1], wrong[0] + wrong[1], n, target)?,
    })
}

/// `(C − I·t/(1−t))/n`. `None` if `n` is 0 or `t` is 1.
pub(super) fn target_score(
    correct: usize,
    incorrect: usize,
    n: usize,
    target: Threshold,
) -> Option<f64> {
    let penalty = target.get() / (1.0 - target.get());
    let score = (correct as f64 - incorrect as f64 * penalty) / n as f64;
    (n > 0 && penalty.is_finite()).then_some(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_itself_is_not_enough_to_answer() {
        let items = Items::new(vec![0.75, 0.8, 0.9], vec![false, false, true]).unwrap();
        let scores = confidence_target(&items, Threshold::new(0.75).unwrap()).unwrap();
        assert!((scores.abstaining - (1.0 - 3.0) / 3.0).abs() < 1e-15);
        assert!((scores.forced - (1.0 - 6.0) / 3.0).abs() < 1e-15);
        assert_eq!(confidence_target(&items, Threshold::new(1.0).unwrap()), None);
    }
}
