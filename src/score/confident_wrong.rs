//! The headline: wrong answers that claimed to be sure.

use super::clustered_proportion::ClusteredProportion;
use super::items::Items;
use super::level::OutOfRange;
use super::proportion::Proportion;

/// The confidence from which on an answer counts as confident, in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Threshold(f64);

impl Threshold {
    /// A threshold such as `0.9`; the threshold itself is confident.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `0 ≤ threshold ≤ 1`.
    pub fn new(threshold: f64) -> Result<Self, OutOfRange> {
        if (0.0..=1.0).contains(&threshold) {
            Ok(Self(threshold))
        } else {
            Err(OutOfRange {
                what: "confidence threshold",
                value: threshold,
                allowed: "between 0 and 1, such as 0.9",
            })
        }
    }

    /// The threshold as given.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// The counts behind both confident-wrong rates: `wrong ≤ confident ≤ n`.
///
/// Rates, intervals and one-sided limits are those of the two
/// [`ClusteredProportion`]s: exact where every item is on its own. With nothing
/// confident, the rate given confidence is undefined, its upper limit 1 and its
/// lower limit 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidentWrong {
    of_all: ClusteredProportion,
    given_confident: ClusteredProportion,
}

impl ConfidentWrong {
    /// How many items there are.
    #[must_use]
    pub fn n(self) -> usize {
        self.of_all.total()
    }

    /// How many items are confident: `#{c ≥ t}`.
    #[must_use]
    pub fn confident(self) -> usize {
        self.given_confident.total()
    }

    /// How many items are confident and wrong: `#{c ≥ t, y = 0}`.
    #[must_use]
    pub fn wrong(self) -> usize {
        self.of_all.count()
    }

    /// The confident-wrong rate `#{c ≥ t, y = 0}/n`: how often a user meets one.
    #[must_use]
    pub fn of_all(self) -> ClusteredProportion {
        self.of_all
    }

    /// The confident error rate `#{c ≥ t, y = 0}/#{c ≥ t}`: how often being
    /// confident is a mistake.
    #[must_use]
    pub fn given_confident(self) -> ClusteredProportion {
        self.given_confident
    }
}

/// Counts the answers with confidence at or above the threshold, and the wrong
/// ones among them.
#[must_use]
pub fn confident_wrong(items: &Items, threshold: Threshold) -> ConfidentWrong {
    confident_wrong_by(items, |_| threshold)
}

/// The same with a threshold for each item, which is named by its index.
#[must_use]
pub fn confident_wrong_by(items: &Items, threshold: impl Fn(usize) -> Threshold) -> ConfidentWrong {
    let answers = || {
        let sure = |(index, (c, y)): (usize, (f64, bool))| (c >= threshold(index).0, y);
        items.clusters().iter().copied().zip(items.pairs().enumerate().map(sure))
    };
    let of_all = answers().map(|(at, (sure, y))| (at, sure && !y));
    let confident = answers().filter(|&(_, (sure, _))| sure);
    let given_confident = confident.map(|(at, (_, y))| (at, !y));
    ConfidentWrong { of_all: share(items, of_all), given_confident: share(items, given_confident) }
}

/// The share of set flags among these items.
fn share(items: &Items, flags: impl Iterator<Item = (usize, bool)>) -> ClusteredProportion {
    if items.cluster_count() == items.len() {
        return Proportion::of(flags.map(|(_, flag)| flag)).into();
    }
    ClusteredProportion::of_numbered(flags, items.cluster_count())
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;

    fn at(threshold: f64) -> ConfidentWrong {
        let items = Items::new(vec![0.9, 0.9, 0.2, 0.95], vec![false, true, false, true]).unwrap();
        confident_wrong(&items, Threshold::new(threshold).unwrap())
    }

    #[test]
    fn the_threshold_itself_is_confident() {
        let counts = at(0.9);
        assert_eq!((counts.n(), counts.confident(), counts.wrong()), (4, 3, 1));
    }

    #[test]
    fn with_nothing_confident_the_conditional_rate_is_unknown() {
        let given = at(1.0).given_confident();
        assert_eq!(given.rate(), None);
        assert!((given.upper_limit(Level::P95) - 1.0).abs() < f64::EPSILON);
        assert!(given.lower_limit(Level::P95).abs() < f64::EPSILON);
        assert_eq!(at(1.0).of_all().rate(), Some(0.0));
    }

    #[test]
    fn a_threshold_in_percent_is_refused() {
        assert_eq!(
            Threshold::new(90.0).unwrap_err().to_string(),
            "confidence threshold is 90, it must be between 0 and 1, such as 0.9"
        );
        assert!(Threshold::new(f64::NAN).is_err());
    }
}
