//! The answers that a model is surest of.

use super::clustered_proportion::ClusteredProportion;
use super::isotonic::{Isotonic, Observation};
use super::items::{Items, indicator};
use super::sum::{Sum, sum};

/// How many are right of the share of items with the highest confidence: the fewest that are at
/// least `share` of all, in `[0, 1]`, without splitting a tie.
///
/// The sample chose them itself: in another one the same share would begin at another confidence,
/// so the accuracy varies more than that of as many items chosen beforehand. Its limits have the
/// variance of the influence function `1{c ≥ λ}·(y − m)` instead, with the chance `m` of an item
/// at the border `λ` to be right, read off an isotonic fit; as sums over clusters where items are
/// alike. Without that, 9 % of models at their limit were measured to fail at a nominal 5 %.
///
/// Geifman and El-Yaniv, Selective classification for deep neural networks, `NeurIPS` 2017, on
/// accuracy at a coverage; the influence function is that of a trimmed mean (Huber, Robust
/// Statistics, 1981, section 3.3).
#[must_use]
pub fn surest(items: &Items, share: f64) -> ClusteredProportion {
    let least = border(items, share);
    let sure = items.clusters().iter().zip(items.pairs()).filter(|(_, (c, _))| *c >= least);
    let right = ClusteredProportion::of(sure.map(|(cluster, (_, right))| (*cluster, right)));
    match inflation(items, least, right) {
        Some(times) => right.inflated(times),
        None => right,
    }
}

/// The least confidence of the surest items; infinite for none of them.
fn border(items: &Items, share: f64) -> f64 {
    // A product such as 0.6 · 5 must not ask for one more than 3.
    let wanted = (share * items.len() as f64 - 1e-9).ceil();
    let mut least = f64::INFINITY;
    for (taken, (confidence, _)) in items.ascending().rev().enumerate() {
        if taken as f64 >= wanted && confidence < least {
            break;
        }
        least = confidence;
    }
    least
}

/// How many times larger the variance of the accuracy is than its clusters tell. `None` where
/// nothing was chosen, or nothing varies.
fn inflation(items: &Items, least: f64, right: ClusteredProportion) -> Option<f64> {
    let accuracy = right.rate().filter(|rate| 0.0 < *rate && *rate < 1.0)?;
    let (all, chosen) = (items.len() as f64, right.total() as f64);
    if right.total() == items.len() {
        return None;
    }
    let observed =
        items.pairs().map(|(x, right)| Observation { x, y: indicator(right), weight: 1.0 });
    let at_border = Isotonic::fit(observed)?.at(least).min(accuracy);
    let clusters = items.clusters().iter().max().map_or(0, |last| last + 1);
    let mut influence = vec![Sum::default(); clusters];
    let mean = chosen / all * (accuracy - at_border);
    for (cluster, (c, y)) in items.clusters().iter().zip(items.pairs()) {
        let value = if c >= least { indicator(y) - at_border } else { 0.0 };
        influence[*cluster].add(value - mean);
    }
    let squares = sum(influence.iter().map(|sum| sum.value().powi(2)));
    let clusters = clusters as f64;
    let variance = squares * clusters / (clusters - 1.0) / chosen.powi(2);
    let binomial = accuracy * (1.0 - accuracy) / chosen;
    let told = right.design_effect().unwrap_or(1.0);
    Some(variance / binomial / told).filter(|times| times.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::super::random::Stream;
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

    #[test]
    fn a_border_that_moves_widens_the_limits_and_a_whole_sample_has_none() {
        let mut stream = Stream::of(2, 0);
        let pairs = (0..2000).map(|_| {
            let c = stream.unit();
            (c, stream.unit() < c)
        });
        let (confidence, correct) = pairs.unzip();
        let items = Items::new(confidence, correct).unwrap();
        let some = surest(&items, 0.6);
        // By theory 1.17, (0.6·(0.7·0.36 + 0.3·0.16) − 0.36·0.09)/0.36 over 0.21/0.6; the chance at
        // the border is estimated.
        let times = some.total() as f64 / some.effective_n(Level::P95);
        assert!((times - 1.17).abs() < 0.1, "{times}");
        let all = surest(&items, 1.0);
        assert!((all.effective_n(Level::P95) - 2000.0).abs() < 1e-9);
    }
}
