//! The Brier score taken apart without bins.
//!
//! The isotonic fit is the best recalibration that keeps the order. What it gains over
//! the stated confidences is miscalibration; what it gains over stating the accuracy
//! every time is discrimination. No width and no number of bins was chosen, so nobody
//! can choose another: prefer it in reports.

use super::accuracy::accuracy;
use super::brier::brier;
use super::isotonic::non_decreasing;
use super::items::Items;
use super::sum::Sum;

/// The terms of `BS = MCB − DSC + UNC`, none of them negative but by rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corp {
    /// MCB, `BS(c) − BS(p̂)`: what recalibration would gain, 0 the best.
    pub miscalibration: f64,
    /// DSC, `ȳ(1−ȳ) − BS(p̂)`: what the ranking of the confidences is worth.
    pub discrimination: f64,
    /// UNC, `ȳ(1−ȳ)`: what the questions bring along.
    pub uncertainty: f64,
}

/// The CORP decomposition, `p̂` being the isotonic fit of correctness to confidence.
/// `None` without items.
///
/// Dimitriadis, Gneiting and Jordan, Stable reliability diagrams for probabilistic
/// classifiers, PNAS 118 (2021).
#[must_use]
pub fn corp(items: &Items) -> Option<Corp> {
    let right = accuracy(items).rate()?;
    let score = brier(items)?;
    let share = |tie: super::items::Tie| (tie.correct as f64 / tie.n as f64, tie.n as f64);
    let fitted = non_decreasing(items.ties().map(share));
    let mut recalibrated = Sum::default();
    for (tie, p) in items.ties().zip(fitted) {
        recalibrated.add(tie.correct as f64 * (1.0 - p).powi(2));
        recalibrated.add(tie.wrong() as f64 * p.powi(2));
    }
    let recalibrated = recalibrated.value() / items.len() as f64;
    let uncertainty = right * (1.0 - right);
    Some(Corp {
        miscalibration: score - recalibrated,
        discrimination: uncertainty - recalibrated,
        uncertainty,
    })
}

/// A stretch of confidences to which the isotonic fit gives one share of right answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Least confidence in it.
    pub low: f64,
    /// Largest confidence in it.
    pub high: f64,
    /// How many items it holds, at least 1.
    pub n: usize,
    /// How many of them are correct.
    pub correct: usize,
    /// The fitted share `p̂ = correct/n`, larger than that of the stretch before.
    pub share: f64,
}

/// The reliability diagram of CORP: the isotonic fit of correctness to confidence, a stretch a
/// value, ascending. Empty without items.
///
/// Dimitriadis, Gneiting and Jordan 2021, as [`corp`].
#[must_use]
pub fn corp_curve(items: &Items) -> Vec<Pooled> {
    let share = |tie: super::items::Tie| (tie.correct as f64 / tie.n as f64, tie.n as f64);
    let fitted = non_decreasing(items.ties().map(share));
    let mut curve: Vec<Pooled> = Vec::new();
    let mut before = None;
    for (tie, p) in items.ties().zip(fitted) {
        match curve.last_mut().filter(|_| before == Some(p.to_bits())) {
            Some(pooled) => {
                (pooled.n, pooled.correct) = (pooled.n + tie.n, pooled.correct + tie.correct);
                pooled.high = tie.confidence;
            }
            None => curve.push(Pooled {
                low: tie.confidence,
                high: tie.confidence,
                n: tie.n,
                correct: tie.correct,
                share: 0.0,
            }),
        }
        before = Some(p.to_bits());
    }
    for pooled in &mut curve {
        pooled.share = pooled.correct as f64 / pooled.n as f64;
    }
    curve
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::any_items;
    use super::*;

    proptest! {
        #[test]
        fn the_curve_rises_holds_every_item_and_is_what_the_terms_are_made_of(items in any_items()) {
            let curve = corp_curve(&items);
            for pair in curve.windows(2) {
                prop_assert!(pair[0].high < pair[1].low, "stretches do not meet");
                prop_assert!(pair[0].share < pair[1].share + 1e-12, "shares rise");
            }
            prop_assert_eq!(curve.iter().map(|at| at.n).sum::<usize>(), items.len());
            let right = items.correct().iter().filter(|right| **right).count();
            prop_assert_eq!(curve.iter().map(|at| at.correct).sum::<usize>(), right);
            if let Some(terms) = corp(&items) {
                let loss = |at: &Pooled| at.n as f64 * at.share * (1.0 - at.share);
                let recalibrated = curve.iter().map(loss).sum::<f64>() / items.len() as f64;
                prop_assert!((terms.uncertainty - terms.discrimination - recalibrated).abs() < 1e-12);
            }
        }

        #[test]
        fn the_terms_add_up_and_none_is_negative(items in any_items()) {
            let Some(terms) = corp(&items) else {
                prop_assert!(items.is_empty());
                return Ok(());
            };
            let Corp { miscalibration, discrimination, uncertainty } = terms;
            let total = miscalibration - discrimination + uncertainty;
            prop_assert!((total - brier(&items).unwrap()).abs() < 1e-14);
            prop_assert!(miscalibration > -1e-14 && discrimination > -1e-14, "{terms:?}");
        }
    }

    #[test]
    fn confidence_that_ranks_the_wrong_way_discriminates_nothing() {
        let inverted = Items::new(vec![0.1, 0.9], vec![true, false]).unwrap();
        let terms = corp(&inverted).unwrap();
        assert!(terms.discrimination.abs() < 1e-15);
        assert!((terms.miscalibration - 0.56).abs() < 1e-15);
    }
}
