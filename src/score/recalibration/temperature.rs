//! Temperature: all confidences more extreme, or less.

use super::super::items::indicator;
use super::super::sum::sum;
use super::newton::{Target, minimise, softplus};
use super::{logistic, logit};

/// `S(z/T)`: above 1 it softens, from 0 to 1 it sharpens, below 0 it turns round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    /// The temperature, not 0.
    pub t: f64,
}

impl Temperature {
    /// The temperature of least log loss; below 0 where wrong answers are the surer ones. `None`
    /// where it would be 0 or infinite: if every answer is on the right side of ½ or every one
    /// on the wrong side, and if turning them round would be no better and no worse.
    ///
    /// Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks (ICML 2017),
    /// equation 9 for two classes. The loss is convex in `1/T`.
    #[must_use]
    pub fn fit(pairs: &[(f64, bool)]) -> Option<Self> {
        let items: Vec<Target<1>> = pairs
            .iter()
            .map(|&(c, y)| Target { features: [logit(c)], target: indicator(y) })
            .collect();
        let side = |item: &Target<1>| (2.0 * item.target - 1.0) * item.features[0];
        let both =
            items.iter().any(|item| side(item) < 0.0) && items.iter().any(|item| side(item) > 0.0);
        if !both {
            return None;
        }
        let [inverse] = minimise(&items, [0.0])?;
        let t = inverse.recip();
        t.is_finite().then_some(Self { t })
    }

    /// The recalibrated confidence.
    #[must_use]
    pub fn apply(self, confidence: f64) -> f64 {
        logistic(logit(confidence) / self.t)
    }

    /// The mean log loss in nats over these pairs, taken from the logit itself so that nothing
    /// needs a clip. `None` without pairs.
    #[must_use]
    pub fn nll(self, pairs: &[(f64, bool)]) -> Option<f64> {
        mean_loss(pairs, |c| logit(c) / self.t)
    }
}

/// The mean of `ln(1+e^∓η)` with `η` of a confidence. `None` without pairs.
pub(super) fn mean_loss(pairs: &[(f64, bool)], eta: impl Fn(f64) -> f64) -> Option<f64> {
    let loss = |&(c, y): &(f64, bool)| softplus(if y { -eta(c) } else { eta(c) });
    (!pairs.is_empty()).then(|| sum(pairs.iter().map(loss)) / pairs.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_other_temperature_is_better(
            pairs in prop::collection::vec((0.0..=1.0_f64, any::<bool>()), 1..60),
        ) {
            if let Some(fit) = Temperature::fit(&pairs) {
                let best = fit.nll(&pairs).unwrap();
                for factor in [0.5, 0.9, 0.999, 1.001, 1.1, 2.0] {
                    let other = Temperature { t: fit.t * factor };
                    prop_assert!(other.nll(&pairs).unwrap() >= best - 1e-12);
                }
            }
        }
    }

    #[test]
    fn confidence_that_is_always_on_one_side_has_no_temperature() {
        assert_eq!(Temperature::fit(&[(0.9, true), (0.1, false)]), None);
        assert_eq!(Temperature::fit(&[(0.9, false), (0.1, true)]), None);
        assert_eq!(Temperature::fit(&[(0.9, true), (0.9, false)]), None);
        assert_eq!(Temperature::fit(&[(0.5, true), (0.5, false)]), None);
        assert_eq!(Temperature::fit(&[(1.0, false); 9]), None);
        let mut mostly = vec![(1.0, true); 9];
        mostly.push((1.0, false));
        // Nine of ten are right, so 1 − 1e-6 is to become 0.9.
        let fit = Temperature::fit(&mostly).unwrap();
        assert!((fit.apply(1.0) - 0.9).abs() < 1e-9);
        // Turned round, one of ten is.
        let turned: Vec<_> = mostly.iter().map(|&(c, y)| (c, !y)).collect();
        let fit = Temperature::fit(&turned).unwrap();
        assert!((fit.apply(1.0) - 0.1).abs() < 1e-9 && fit.t < 0.0);
    }
}
