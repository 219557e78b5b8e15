//! How well confidence ranks right answers above wrong ones.

use super::items::Items;

/// The area under the ROC curve of confidence as a score for correctness: the
/// probability that a right answer is more confident than a wrong one, equal
/// confidences counting half. In `[0, 1]`, ½ for no ranking at all. `None`
/// unless there is at least one right and one wrong answer.
///
/// It is the Mann–Whitney statistic with midranks, `U/(n₁n₀)`, here counted in
/// integers: every right answer beats the wrong ones of all lower confidences
/// and half of those of its own.
///
/// Hanley and `McNeil`, The meaning and use of the area under a receiver
/// operating characteristic (ROC) curve, Radiology 143 (1982).
#[must_use]
pub fn auroc(items: &Items) -> Option<f64> {
    let mut right: u128 = 0;
    let mut wrong: u128 = 0;
    let mut twice_won: u128 = 0;
    for tie in items.ties() {
        let (right_here, wrong_here) = (tie.correct as u128, tie.wrong() as u128);
        twice_won += right_here * (2 * wrong + wrong_here);
        right += right_here;
        wrong += wrong_here;
    }
    let pairs = right * wrong;
    (pairs > 0).then(|| twice_won as f64 / (2 * pairs) as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::any_items;
    use super::*;

    /// Every pair of a right and a wrong answer, one by one.
    fn by_pairs(items: &Items) -> Option<f64> {
        let (mut won, mut pairs) = (0.0, 0.0);
        for (right, _) in items.pairs().filter(|&(_, y)| y) {
            for (wrong, _) in items.pairs().filter(|&(_, y)| !y) {
                pairs += 1.0;
                won += match right.total_cmp(&wrong) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        (pairs > 0.0).then(|| won / pairs)
    }

    proptest! {
        #[test]
        fn is_the_share_of_pairs_won(items in any_items()) {
            match (auroc(&items), by_pairs(&items)) {
                (Some(fast), Some(slow)) => prop_assert!((fast - slow).abs() < 1e-12),
                (fast, slow) => prop_assert_eq!(fast, slow),
            }
        }
    }
}
