//! The answers that a model is surest of.

use super::clustered_proportion::ClusteredProportion;
use super::items::Items;

/// How many are right of the share of items with the highest confidence: the fewest that are at
/// least `share` of all, in `[0, 1]`, without splitting a tie.
///
/// Which they are depends on confidences alone, so given these the verdicts are independent of the
/// choice, and limits of a proportion hold; they are safe where chances differ (Hoeffding, On the
/// distribution of the number of successes in independent trials, Annals of Mathematical
/// Statistics 27, 1956).
///
/// Geifman and El-Yaniv, Selective classification for deep neural networks, `NeurIPS` 2017, on
/// accuracy at a coverage.
#[must_use]
pub fn surest(items: &Items, share: f64) -> ClusteredProportion {
    // A product such as 0.6 · 5 must not ask for one more than 3.
    let wanted = (share * items.len() as f64 - 1e-9).ceil();
    let mut taken = 0_usize;
    let mut least = f64::INFINITY;
    for (confidence, _) in items.ascending().rev() {
        if taken as f64 >= wanted && confidence < least {
            break;
        }
        least = confidence;
        taken += 1;
    }
    let sure = items.clusters().iter().zip(items.pairs()).filter(|(_, (c, _))| *c >= least);
    ClusteredProportion::of(sure.map(|(cluster, (_, right))| (*cluster, right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_that_are_enough_and_no_tie_is_split() {
        let confidence = vec![0.9, 0.5, 0.9, 0.8, 0.1];
        let correct = vec![true, false, true, false, true];
        let items = Items::new(confidence, correct).unwrap();
        let counts = |share: f64| {
            let sure = surest(&items, share);
            (sure.count(), sure.total())
        };
        assert_eq!(counts(0.2), (2, 2));
        assert_eq!(counts(0.4), (2, 2));
        assert_eq!(counts(0.6), (2, 3));
        assert_eq!(counts(1.0), (3, 5));
        assert_eq!(counts(0.0), (0, 0));
    }
}
