//! Recalibration: a function from how sure a model says it is to how often it is then right.
//!
//! Few parameters want few answers and can mend only what they describe: a temperature makes
//! all confidences more or less extreme, Platt's line shifts them too, beta calibration bends
//! the two ends apart, and isotonic regression takes any shape that rises, which wants a thousand
//! answers or more. A fit flatters itself on the answers that it was made from, so what is
//! reported of it is [`cross_fitted`].
//!
//! The parametric ones work on the logit `z = ln(q/(1−q))` of the confidence clipped at 1e-6.
//! Where answers do not determine a fit (one class only, separable, one confidence only), there
//! is none.

mod beta;
mod cross_fitted;
mod json;
mod logistic;
mod newton;
mod temperature;

pub use beta::Beta;
pub use cross_fitted::{cross_fitted, folds_by_cluster};
pub use logistic::{Logistic, penalised_on_raw};
pub use temperature::Temperature;

use super::isotonic::{Isotonic, Observation};
use super::items::indicator;

/// How close to 0 and 1 a confidence may come before its logit is taken.
const CLIP: f64 = 1e-6;

/// The confidence as far from 0 and 1 as logits need it.
fn clipped(confidence: f64) -> f64 {
    confidence.clamp(CLIP, 1.0 - CLIP)
}

/// The logit of a clipped confidence, in `[−13.8, 13.8]`.
fn logit(confidence: f64) -> f64 {
    let q = clipped(confidence);
    (q / (1.0 - q)).ln()
}

/// The logistic function.
fn logistic(eta: f64) -> f64 {
    if eta >= 0.0 { 1.0 / (1.0 + (-eta).exp()) } else { eta.exp() / (1.0 + eta.exp()) }
}

/// A kind of recalibration, fewer parameters first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// One parameter: [`Temperature`].
    Temperature,
    /// Two parameters: [`Logistic::platt`].
    Platt,
    /// Three parameters: [`Beta::increasing`].
    Beta,
    /// As many as there are steps: [`Isotonic`] on the confidence itself.
    Isotonic,
}

/// A fitted recalibration.
#[derive(Debug, Clone, PartialEq)]
pub enum Recalibration {
    /// `S(z/T)`.
    Temperature(Temperature),
    /// `S(slope·z + intercept)`, fitted with Platt's targets.
    Platt(Logistic),
    /// `S(a ln q − b ln(1−q) + intercept)`.
    Beta(Beta),
    /// Linear between knots, on the confidence itself.
    Isotonic(Isotonic),
}

impl Method {
    /// All of them, fewer parameters first.
    pub const ALL: [Method; 4] =
        [Method::Temperature, Method::Platt, Method::Beta, Method::Isotonic];

    /// The fit to pairs of confidence in `[0, 1]` and correctness. `None` where they do not
    /// determine one.
    #[must_use]
    pub fn fit(self, pairs: &[(f64, bool)]) -> Option<Recalibration> {
        match self {
            Method::Temperature => Temperature::fit(pairs).map(Recalibration::Temperature),
            Method::Platt => Logistic::platt(pairs).map(Recalibration::Platt),
            Method::Beta => Beta::increasing(pairs).map(Recalibration::Beta),
            Method::Isotonic => isotonic(pairs).map(Recalibration::Isotonic),
        }
    }
}

/// The isotonic fit on the confidences themselves, every item alike.
fn isotonic(pairs: &[(f64, bool)]) -> Option<Isotonic> {
    let of = |&(x, y): &(f64, bool)| Observation { x, y: indicator(y), weight: 1.0 };
    Isotonic::fit(pairs.iter().map(of))
}

impl Recalibration {
    /// The recalibrated confidence, in `[0, 1]`, of a confidence in `[0, 1]`.
    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        match self {
            Recalibration::Temperature(fit) => fit.apply(confidence),
            Recalibration::Platt(fit) => fit.apply(confidence),
            Recalibration::Beta(fit) => fit.apply(confidence),
            Recalibration::Isotonic(fit) => fit.at(confidence).clamp(0.0, 1.0),
        }
    }

    /// Whether it never ranks a surer answer below a less sure one. A fit that falls says that
    /// the confidences mean the opposite of what they claim.
    #[must_use]
    pub fn is_increasing(&self) -> bool {
        match self {
            Recalibration::Temperature(fit) => fit.t > 0.0,
            Recalibration::Platt(fit) => fit.slope >= 0.0,
            Recalibration::Beta(fit) => fit.a >= 0.0 && fit.b >= 0.0,
            Recalibration::Isotonic(_) => true,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Recalibration::Temperature(_) => Method::Temperature,
            Recalibration::Platt(_) => Method::Platt,
            Recalibration::Beta(_) => Method::Beta,
            Recalibration::Isotonic(_) => Method::Isotonic,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Stated confidences, extremes and continuous ones.
    fn any_pairs() -> impl Strategy<Value = Vec<(f64, bool)>> {
        let stated = (0..=20_u8).prop_map(|step| f64::from(step) / 20.0);
        let confidence = prop_oneof![stated, 0.0..=1.0, Just(0.0), Just(1.0)];
        prop::collection::vec((confidence, any::<bool>()), 0..40)
    }

    proptest! {
        #[test]
        fn whatever_is_fitted_stays_in_the_unit_interval_and_keeps_its_word(
            pairs in any_pairs(),
        ) {
            for method in Method::ALL {
                let Some(fit) = method.fit(&pairs) else { continue };
                prop_assert_eq!(fit.method(), method);
                let values: Vec<f64> =
                    (0..=100).map(|step| fit.apply(f64::from(step) / 100.0)).collect();
                prop_assert!(values.iter().all(|p| (0.0..=1.0).contains(p)), "{:?}", fit);
                let rises = values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12);
                prop_assert!(rises || !fit.is_increasing(), "{:?}", fit);
            }
        }

        #[test]
        fn extremes_and_one_class_have_a_fit_or_none_but_never_nonsense(
            confidence in prop::collection::vec(
                prop_oneof![Just(0.0), Just(1.0), Just(0.5), Just(1.0 - 1e-9)], 0..12),
            right in any::<bool>(),
        ) {
            let pairs: Vec<_> = confidence.into_iter().map(|c| (c, right)).collect();
            for method in Method::ALL {
                if let Some(fit) = method.fit(&pairs) {
                    prop_assert!(fit.apply(0.3).is_finite());
                }
            }
            prop_assert!(Logistic::fit(&pairs).is_none());
            prop_assert!(Beta::unconstrained(&pairs).is_none());
        }
    }

    #[test]
    fn nothing_has_no_fit() {
        assert!(Method::ALL.iter().all(|method| method.fit(&[]).is_none()));
    }
}
