//! What is gained by answering the most confident questions only.
//!
//! Answers are taken from the most confident down. Those of equal confidence have no
//! order among them, so what an order would decide is its expected value: a statistic
//! that depended on the order of the input would be one of the input file. A [`Descent`]
//! is the path down, a step for each distinct confidence.

use super::items::{Items, Tie};
use super::sum::{Sum, sum};

/// The areas under risk-coverage curves; 0 is the best of all but `eaurc`, whose best is
/// 0 for what the errors allow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskCoverage {
    /// AURC, the mean over `k` of the expected share of errors among the `k` most
    /// confident, in `[0, 1]`.
    pub aurc: f64,
    /// AURC of a ranking that has every right answer above every wrong one.
    pub aurc_optimal: f64,
    /// What the ranking costs, `aurc − aurc_optimal`.
    pub eaurc: f64,
    /// The same against the limit of the optimum as `n` grows, `r + (1−r) ln(1−r)` with
    /// the error rate `r`. `None` if all answers are wrong.
    pub eaurc_asymptotic: Option<f64>,
    /// The area by trapezoids between the coverages at which a tie ends; below the first
    /// one the risk is that of the first.
    pub aurc_trapezoid: f64,
    /// AUGRC, the area under the risk of being shown a wrong answer, `#{errors}/n`, from
    /// 0 at coverage 0: `(1−AUROC)·acc·(1−acc) + ½(1−acc)²`.
    pub augrc: f64,
}

/// The areas. `None` without items.
///
/// AURC and E-AURC: Geifman, Uziel and El-Yaniv, Bias-reduced uncertainty estimation for
/// deep neural classifiers, ICLR 2019. AUGRC: Traub et al., Overcoming common flaws in
/// the evaluation of selective classification systems, `NeurIPS` 2024 (arXiv 2407.01032).
#[must_use]
pub fn risk_coverage(items: &Items) -> Option<RiskCoverage> {
    let n = items.len();
    if n == 0 {
        return None;
    }
    let all = n as f64;
    let (mut area, mut trapezoids, mut generalised) =
        (Sum::default(), Sum::default(), Sum::default());
    let mut risk_before = None;
    let mut errors = 0;
    for step in descent(items) {
        let Step { above, wrong_above, tie } = step;
        let share = tie.wrong() as f64 / tie.n as f64;
        for more in 1..=tie.n {
            area.add((wrong_above as f64 + more as f64 * share) / (above + more) as f64);
        }
        errors = wrong_above + tie.wrong();
        let risk = errors as f64 / (above + tie.n) as f64;
        let width = tie.n as f64 / all;
        trapezoids.add(0.5 * width * (risk_before.unwrap_or(risk) + risk));
        generalised.add(0.5 * width * (wrong_above + errors) as f64 / all);
        risk_before = Some(risk);
    }
    let right = n - errors;
    let optimal = sum((1..=errors).map(|wrong| wrong as f64 / (right + wrong) as f64)) / all;
    let aurc = area.value() / all;
    let kept = right as f64 / all;
    let asymptotic = (right > 0).then(|| 1.0 - kept + kept * kept.ln());
    Some(RiskCoverage {
        aurc,
        aurc_optimal: optimal,
        eaurc: aurc - optimal,
        eaurc_asymptotic: asymptotic.map(|optimum| aurc - optimum),
        aurc_trapezoid: trapezoids.value(),
        augrc: generalised.value(),
    })
}

/// The area under the precision-recall curve with errors as what is to be found and low
/// confidence as the sign of them (average precision): `Σ (R_i − R_{i−1})·P_i` over the
/// distinct confidences from the lowest up. `None` without errors.
///
/// Hendrycks and Gimpel, A baseline for detecting misclassified and out-of-distribution
/// examples, ICLR 2017.
#[must_use]
pub fn auprc_errors(items: &Items) -> Option<f64> {
    let (mut seen, mut wrong) = (0, 0);
    let mut area = Sum::default();
    for tie in items.ties() {
        seen += tie.n;
        wrong += tie.wrong();
        area.add(tie.wrong() as f64 * (wrong as f64 / seen as f64));
    }
    (wrong > 0).then(|| area.value() / wrong as f64)
}

/// The expected accuracy among the `k = ⌈percent·n/100⌉` most confident answers (at least
/// one, at most all), in `[0, 1]`. `None` without items.
#[must_use]
pub fn accuracy_at_coverage(items: &Items, percent: usize) -> Option<f64> {
    let n = items.len();
    let k = (percent * n).div_ceil(100).clamp(1, n.max(1));
    let last = descent(items).find(|step| step.above + step.tie.n >= k)?;
    let share = last.tie.wrong() as f64 / last.tie.n as f64;
    let errors = last.wrong_above as f64 + (k - last.above) as f64 * share;
    Some(1.0 - errors / k as f64)
}

/// How many answers can be given at a target accuracy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoverageAtAccuracy {
    /// The largest share of answers, in `[0, 1]`, that ends where a tie ends and holds
    /// the accuracy; 0 if none does.
    pub coverage: f64,
    /// The least confidence among them. `None` if there are none.
    pub threshold: Option<f64>,
}

/// The largest coverage at an accuracy in `[0, 1]` on this very sample. It was chosen by
/// looking at it, so the next sample may fall short: `advise` finds a threshold that
/// comes with a guarantee. `None` without items.
#[must_use]
pub fn coverage_at_accuracy(items: &Items, accuracy: f64) -> Option<CoverageAtAccuracy> {
    let n = items.len();
    let holds = |step: &Step| {
        let (wrong, answered) = (step.wrong_above + step.tie.wrong(), step.above + step.tie.n);
        (answered - wrong) as f64 / answered as f64 >= accuracy
    };
    let last = descent(items).filter(holds).last();
    (n > 0).then(|| CoverageAtAccuracy {
        coverage: last.map_or(0.0, |step| (step.above + step.tie.n) as f64 / n as f64),
        threshold: last.map(|step| step.tie.confidence),
    })
}

/// The answers of one confidence, and what lies above them.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Answers of higher confidence.
    above: usize,
    /// Those of them that are wrong.
    wrong_above: usize,
    /// The answers of this confidence.
    tie: Tie,
}

/// The distinct confidences from the highest down.
fn descent(items: &Items) -> impl Iterator<Item = Step> + '_ {
    let start = Step { above: 0, wrong_above: 0, tie: Tie { confidence: 1.0, n: 0, correct: 0 } };
    items.ties_descending().scan(start, |last, tie| {
        *last = Step {
            above: last.above + last.tie.n,
            wrong_above: last.wrong_above + last.tie.wrong(),
            tie,
        };
        Some(*last)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::accuracy::accuracy;
    use super::super::auroc::auroc;
    use super::super::items::any_items;
    use super::*;

    proptest! {
        #[test]
        fn augrc_is_what_auroc_and_accuracy_make_it(items in any_items()) {
            let (Some(areas), Some(ranked)) = (risk_coverage(&items), auroc(&items)) else {
                return Ok(());
            };
            let right = accuracy(&items).rate().unwrap();
            let identity = (1.0 - ranked) * right * (1.0 - right) + 0.5 * (1.0 - right).powi(2);
            prop_assert!((areas.augrc - identity).abs() < 1e-14);
        }

        #[test]
        fn the_order_of_the_input_changes_nothing(items in any_items()) {
            let reversed = |column: &[f64]| column.iter().rev().copied().collect();
            let verdicts = items.correct().iter().rev().copied().collect();
            let turned = Items::new(reversed(items.confidence()), verdicts).unwrap();
            prop_assert_eq!(risk_coverage(&items), risk_coverage(&turned));
            prop_assert_eq!(auprc_errors(&items), auprc_errors(&turned));
            for percent in [1, 50, 80, 100] {
                prop_assert_eq!(
                    accuracy_at_coverage(&items, percent),
                    accuracy_at_coverage(&turned, percent)
                );
            }
        }

        #[test]
        fn a_perfect_ranking_is_the_optimum(right in 1..30_usize, wrong in 0..30_usize) {
            let n = right + wrong;
            let confidence = (0..n).map(|i| i as f64 / n as f64).collect();
            let items = Items::new(confidence, (0..n).map(|i| i >= wrong).collect()).unwrap();
            let areas = risk_coverage(&items).unwrap();
            prop_assert!(areas.eaurc.abs() < 1e-14);
            let all_right = coverage_at_accuracy(&items, 1.0).unwrap();
            prop_assert!((all_right.coverage - right as f64 / n as f64).abs() < 1e-14);
        }
    }

    #[test]
    fn without_errors_there_is_nothing_to_find_and_without_answers_nothing_at_all() {
        let right = Items::new(vec![0.4, 0.9], vec![true, true]).unwrap();
        assert_eq!(auprc_errors(&right), None);
        assert_eq!(risk_coverage(&right).unwrap().eaurc_asymptotic, Some(0.0));
        let none = Items::new(vec![], vec![]).unwrap();
        assert_eq!(risk_coverage(&none), None);
        assert_eq!(accuracy_at_coverage(&none, 50), None);
        assert_eq!(coverage_at_accuracy(&none, 0.9), None);
        let wrong = Items::new(vec![0.4], vec![false]).unwrap();
        let nothing = CoverageAtAccuracy { coverage: 0.0, threshold: None };
        assert_eq!(coverage_at_accuracy(&wrong, 0.9), Some(nothing));
    }
}
