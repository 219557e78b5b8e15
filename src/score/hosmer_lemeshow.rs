//! The Hosmer–Lemeshow test of calibration.

use super::bins::Bin;
use super::chi_square;
use super::sum::sum;

/// The test over groups of the items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HosmerLemeshow {
    /// `Σ_g n_g(ȳ_g − c̄_g)²/(c̄_g(1 − c̄_g))`. `None` where a group states 0 or 1 and is not
    /// all wrong or all right: no finite value says how impossible that is.
    pub chi2: Option<f64>,
    /// The number of groups, which are the degrees of freedom: nothing was fitted to
    /// these items, so none is lost.
    pub groups: usize,
    /// The upper tail of the chi-square distribution. `None` with `chi2`.
    pub p_value: Option<f64>,
}

/// The test over these bins, usually ten of equal mass. `None` without bins.
///
/// Hosmer and Lemeshow, Goodness of fit tests for the multiple logistic regression
/// model, Communications in Statistics A 9 (1980).
#[must_use]
pub fn hosmer_lemeshow(bins: &[Bin]) -> Option<HosmerLemeshow> {
    if bins.is_empty() {
        return None;
    }
    let term = |bin: &Bin| {
        let p = bin.mean_confidence;
        let variance = p * (1.0 - p);
        if variance > 0.0 {
            return Some(bin.n as f64 * bin.gap().powi(2) / variance);
        }
        (bin.gap().abs() <= 0.0).then_some(0.0)
    };
    let terms: Option<Vec<f64>> = bins.iter().map(term).collect();
    let (chi2, groups) = (terms.map(sum), bins.len());
    let p_value = chi2.map(|chi2| chi_square::upper_tail(chi2, groups));
    Some(HosmerLemeshow { chi2, groups, p_value })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::super::equal_mass::equal_mass_bins;
    use super::super::items::Items;
    use super::*;

    fn of(confidence: &[f64], correct: &[bool]) -> HosmerLemeshow {
        let items = Items::new(confidence.to_vec(), correct.to_vec()).unwrap();
        hosmer_lemeshow(&equal_mass_bins(&items, NonZeroUsize::new(10).unwrap())).unwrap()
    }

    #[test]
    fn what_is_certain_and_right_adds_nothing_and_what_is_wrong_has_no_test() {
        let right = of(&[0.5, 0.5, 1.0], &[true, false, true]);
        assert_eq!((right.chi2, right.groups), (Some(0.0), 2));
        let wrong = of(&[0.5, 0.5, 1.0], &[true, false, false]);
        assert_eq!((wrong.chi2, wrong.p_value, wrong.groups), (None, None, 2));
        assert_eq!(hosmer_lemeshow(&[]), None);
    }
}
