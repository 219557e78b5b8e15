//! What a source is worth to whoever answers only where it is sure.

use serde::Serialize;

use crate::score::{self, Items};

/// Risk and coverage, answers taken from the most confident down; equal confidences have no order,
/// and what an order would decide is its expected value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Selective {
    /// How well low confidence finds errors: average precision. Null without errors.
    pub auprc_errors: Option<f64>,
    /// Mean share of errors among the k most confident, over all k.
    pub aurc: Option<f64>,
    /// The same of a perfect ranking.
    pub aurc_optimal: Option<f64>,
    /// What the ranking costs: the difference.
    pub eaurc: Option<f64>,
    /// The difference to the limit for many answers; null where all are wrong.
    pub eaurc_asymptotic: Option<f64>,
    /// The area by trapezoids between distinct confidences.
    pub aurc_trapezoid_tie_groups: Option<f64>,
    /// The area under the risk of being shown a wrong answer.
    pub augrc: Option<f64>,
    /// Accuracy of the more confident half.
    pub accuracy_at_coverage_50: Option<f64>,
    /// Accuracy of the most confident 80 %.
    pub accuracy_at_coverage_80: Option<f64>,
    /// Accuracy of the most confident 90 %.
    pub accuracy_at_coverage_90: Option<f64>,
    /// The largest share that could be answered here with 90 % right; 0 if none.
    pub coverage_at_accuracy_90: Option<f64>,
    /// The least confidence in it.
    pub threshold_at_accuracy_90: Option<f64>,
    /// The largest share that could be answered here with 95 % right; 0 if none.
    pub coverage_at_accuracy_95: Option<f64>,
    /// The least confidence in it.
    pub threshold_at_accuracy_95: Option<f64>,
}

impl Selective {
    /// Of these answers.
    #[must_use]
    pub fn of(items: &Items) -> Selective {
        let areas = score::risk_coverage(items);
        let at = |percent| score::accuracy_at_coverage(items, percent);
        let most = [0.9, 0.95].map(|accuracy| score::coverage_at_accuracy(items, accuracy));
        let [coverage90, coverage95] = most.map(|most| most.map(|most| most.coverage));
        let [threshold90, threshold95] = most.map(|most| most.and_then(|most| most.threshold));
        Selective {
            auprc_errors: score::auprc_errors(items),
            aurc: areas.map(|areas| areas.aurc),
            aurc_optimal: areas.map(|areas| areas.aurc_optimal),
            eaurc: areas.map(|areas| areas.eaurc),
            eaurc_asymptotic: areas.and_then(|areas| areas.eaurc_asymptotic),
            aurc_trapezoid_tie_groups: areas.map(|areas| areas.aurc_trapezoid),
            augrc: areas.map(|areas| areas.augrc),
            accuracy_at_coverage_50: at(50),
            accuracy_at_coverage_80: at(80),
            accuracy_at_coverage_90: at(90),
            coverage_at_accuracy_90: coverage90,
            threshold_at_accuracy_90: threshold90,
            coverage_at_accuracy_95: coverage95,
            threshold_at_accuracy_95: threshold95,
        }
    }
}
