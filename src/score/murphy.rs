//! The Brier score taken apart over a partition.
//!
//! Murphy's three terms add up to the Brier score only where all confidences of a bin
//! are equal. Inside wider bins two more terms are needed, and with them the sum is
//! exact for every partition, so that a reader can check it.

use super::accuracy::accuracy;
use super::bins::Bin;
use super::items::{Items, indicator};
use super::sum::Sum;

/// The terms of `BS = REL − RES + UNC + WBV − WBC`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Murphy {
    /// REL, `Σ_b (n_b/n)(c̄_b − ȳ_b)²`: how far claims are from what holds, 0 the best.
    pub reliability: f64,
    /// RES, `Σ_b (n_b/n)(ȳ_b − ȳ)²`: how far the bins are apart, large is good.
    pub resolution: f64,
    /// UNC, `ȳ(1−ȳ)`: what the questions bring along.
    pub uncertainty: f64,
    /// WBV, `Σ(c − c̄_b)²/n`: what a bin hides of its confidences; 0 where they are equal.
    pub within_bin_variance: f64,
    /// WBC, `2·Σ(y − ȳ_b)(c − c̄_b)/n`: what a bin hides of their use.
    pub within_bin_covariance: f64,
}

/// The decomposition over bins, which are a partition of the items in ascending order of
/// confidence, as all functions here return them. `None` without items, and if bins and
/// items do not have the same number.
///
/// Murphy, A new vector partition of the probability score, Journal of Applied
/// Meteorology 12 (1973); with the terms inside of bins, Stephenson, Coelho
/// and Jolliffe, Two extra components in the Brier score decomposition, Weather and
/// Forecasting 23 (2008).
#[must_use]
pub fn murphy(items: &Items, bins: &[Bin]) -> Option<Murphy> {
    let right = accuracy(items).rate()?;
    if bins.iter().map(|bin| bin.n).sum::<usize>() != items.len() {
        return None;
    }
    let mut terms = Terms::default();
    let mut rest = items.ascending();
    for bin in bins {
        terms.between(bin, right);
        for (c, y) in rest.by_ref().take(bin.n) {
            let off = c - bin.mean_confidence;
            terms.variance.add(off * off);
            terms.covariance.add((indicator(y) - bin.accuracy) * off);
        }
    }
    Some(terms.over(items.len(), right))
}

/// The decomposition with a bin for each distinct confidence, where nothing is hidden
/// inside of bins. `None` without items.
#[must_use]
pub fn murphy_of_distinct(items: &Items) -> Option<Murphy> {
    let right = accuracy(items).rate()?;
    let mut terms = Terms::default();
    for tie in items.ties() {
        let bin = Bin {
            n: tie.n,
            correct: tie.correct,
            mean_confidence: tie.confidence,
            accuracy: tie.correct as f64 / tie.n as f64,
            low: tie.confidence,
            high: tie.confidence,
        };
        terms.between(&bin, right);
    }
    Some(terms.over(items.len(), right))
}

/// The sums, not yet divided by `n`.
#[derive(Default)]
struct Terms {
    reliability: Sum,
    resolution: Sum,
    variance: Sum,
    covariance: Sum,
}

impl Terms {
    fn between(&mut self, bin: &Bin, right: f64) {
        self.reliability.add(bin.n as f64 * bin.gap().powi(2));
        self.resolution.add(bin.n as f64 * (bin.accuracy - right).powi(2));
    }

    fn over(self, n: usize, right: f64) -> Murphy {
        let n = n as f64;
        Murphy {
            reliability: self.reliability.value() / n,
            resolution: self.resolution.value() / n,
            uncertainty: right * (1.0 - right),
            within_bin_variance: self.variance.value() / n,
            within_bin_covariance: 2.0 * self.covariance.value() / n,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::super::brier::brier;
    use super::super::equal_mass::equal_mass_bins;
    use super::super::equal_width::{Closed, equal_width_bins};
    use super::super::items::any_items;
    use super::*;

    fn total(terms: &Murphy) -> f64 {
        terms.reliability - terms.resolution + terms.uncertainty + terms.within_bin_variance
            - terms.within_bin_covariance
    }

    proptest! {
        #[test]
        fn the_terms_add_up_to_the_brier_score(items in any_items(), bins in 1..12_usize) {
            let bins = NonZeroUsize::new(bins).unwrap();
            for terms in [
                murphy(&items, &equal_width_bins(&items, bins, Closed::Left)),
                murphy(&items, &equal_mass_bins(&items, bins)),
                murphy_of_distinct(&items),
            ] {
                match (terms, brier(&items)) {
                    (Some(terms), Some(score)) => prop_assert!((total(&terms) - score).abs() < 1e-14),
                    (terms, score) => prop_assert_eq!(terms.is_none(), score.is_none()),
                }
            }
        }
    }

    #[test]
    fn bins_of_other_items_are_refused() {
        let items = Items::new(vec![0.5, 0.6], vec![true, false]).unwrap();
        assert_eq!(murphy(&items, &[]), None);
    }
}
