//! A line on the logit: shifted and stretched confidences.

use super::super::items::indicator;
use super::newton::{Target, minimise};
use super::temperature::mean_loss;
use super::{logistic, logit};

/// `S(slope·x + intercept)`, `x` the logit of the confidence unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logistic {
    /// Above 0 where a surer answer is more often right.
    pub slope: f64,
    /// Added to the stretched logit.
    pub intercept: f64,
}

impl Logistic {
    /// Maximum likelihood without a penalty. `None` where it has no maximum: one class only,
    /// one confidence only, or a confidence that separates right from wrong.
    #[must_use]
    pub fn fit(pairs: &[(f64, bool)]) -> Option<Self> {
        let items = |&(c, y): &(f64, bool)| (logit(c), y);
        let points: Vec<(f64, bool)> = pairs.iter().map(items).collect();
        fit_line(&points)
    }

    /// The same with Platt's targets, `(n₁+1)/(n₁+2)` for right and `1/(n₀+2)` for wrong
    /// answers, which keep it bounded. `None` without pairs and with one confidence only.
    ///
    /// Platt, Probabilistic outputs for support vector machines (1999), section 2.2.
    #[must_use]
    pub fn platt(pairs: &[(f64, bool)]) -> Option<Self> {
        let right = pairs.iter().filter(|(_, y)| *y).count() as f64;
        let wrong = pairs.len() as f64 - right;
        let (high, low) = ((right + 1.0) / (right + 2.0), 1.0 / (wrong + 2.0));
        let items: Vec<Target<2>> = pairs
            .iter()
            .map(|&(c, y)| Target { features: [logit(c), 1.0], target: if y { high } else { low } })
            .collect();
        let first = items.first()?.features[0].to_bits();
        if items.iter().all(|item| item.features[0].to_bits() == first) {
            return None;
        }
        let [slope, intercept] = minimise(&items, [0.0; 2])?;
        Some(Self { slope, intercept })
    }

    /// The recalibrated confidence.
    #[must_use]
    pub fn apply(self, confidence: f64) -> f64 {
        logistic(self.slope * logit(confidence) + self.intercept)
    }

    /// The mean log loss in nats over these pairs, whose labels are what they are whatever the
    /// targets were. `None` without pairs.
    #[must_use]
    pub fn nll(self, pairs: &[(f64, bool)]) -> Option<f64> {
        mean_loss(pairs, |c| self.slope * logit(c) + self.intercept)
    }

    /// The same where the line is on the confidence itself.
    #[must_use]
    pub fn nll_on_raw(self, pairs: &[(f64, bool)]) -> Option<f64> {
        mean_loss(pairs, |c| self.slope * c + self.intercept)
    }
}

/// The line on the confidence itself that minimises the sum of log losses plus `slope²/2`, for
/// comparison with what scikit-learn's `LogisticRegression` does by default. `None` with one
/// class only.
#[must_use]
pub fn penalised_on_raw(pairs: &[(f64, bool)]) -> Option<Logistic> {
    if !has_both(pairs) {
        return None;
    }
    let items: Vec<Target<2>> =
        pairs.iter().map(|&(c, y)| Target { features: [c, 1.0], target: indicator(y) }).collect();
    let [slope, intercept] = minimise(&items, [1.0, 0.0])?;
    Some(Logistic { slope, intercept })
}

/// Maximum likelihood of `S(slope·x + intercept)`. It exists if and only if each class reaches
/// beyond the other on the same side: Albert and Anderson, On the existence of maximum
/// likelihood estimates in logistic regression models, Biometrika 71 (1984).
pub(super) fn fit_line(points: &[(f64, bool)]) -> Option<Logistic> {
    let of = |class: bool| points.iter().filter(move |(_, y)| *y == class).map(|(x, _)| *x);
    let least = |class| of(class).fold(f64::INFINITY, f64::min);
    let most = |class| of(class).fold(f64::NEG_INFINITY, f64::max);
    let overlap = least(true) < most(false) && least(false) < most(true);
    if !(has_both(points) && overlap) {
        return None;
    }
    let items: Vec<Target<2>> =
        points.iter().map(|&(x, y)| Target { features: [x, 1.0], target: indicator(y) }).collect();
    let [slope, intercept] = minimise(&items, [0.0; 2])?;
    Some(Logistic { slope, intercept })
}

fn has_both(pairs: &[(f64, bool)]) -> bool {
    pairs.iter().any(|(_, y)| *y) && pairs.iter().any(|(_, y)| !y)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn at_the_maximum_residuals_balance(
            pairs in prop::collection::vec(
                ((0..=20_u8).prop_map(|step| f64::from(step) / 20.0), any::<bool>()), 1..60),
        ) {
            if let Some(fit) = Logistic::fit(&pairs) {
                let rest = |&(c, y): &(f64, bool)| indicator(y) - fit.apply(c);
                let plain: f64 = pairs.iter().map(rest).sum();
                let by_logit: f64 = pairs.iter().map(|pair| rest(pair) * logit(pair.0)).sum();
                prop_assert!(plain.abs() < 1e-7 && by_logit.abs() < 1e-6, "{plain} {by_logit}");
            }
        }
    }

    #[test]
    fn separable_and_one_sided_answers_have_no_line_but_platts_is_bounded() {
        let separable = [(0.2, false), (0.4, false), (0.4, true), (0.9, true)];
        assert_eq!(Logistic::fit(&separable), None);
        assert!(Logistic::platt(&separable).unwrap().slope > 0.0);
        let right = [(0.2, true), (0.9, true)];
        assert_eq!((Logistic::fit(&right), penalised_on_raw(&right)), (None, None));
        let fit = Logistic::platt(&right).unwrap();
        assert!((fit.apply(0.5) - 0.75).abs() < 1e-9 && fit.slope.abs() < 1e-9, "{fit:?}");
        assert_eq!(Logistic::platt(&[(0.5, true), (0.5, false)]), None);
    }

    #[test]
    fn falling_confidence_has_a_falling_line() {
        let mut turned = vec![(0.9, false); 9];
        turned.extend([(0.9, true), (0.1, false)]);
        turned.extend([(0.1, true); 9]);
        let fit = Logistic::fit(&turned).unwrap();
        assert!((fit.apply(0.9) - 0.1).abs() < 1e-9 && (fit.slope + 1.0).abs() < 1e-9, "{fit:?}");
    }
}
