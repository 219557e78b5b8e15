//! Is what was seen more than chance makes of perfect calibration?
//!
//! A perfectly calibrated model has a calibration error too, the larger the fewer its answers. So
//! the error that was seen is compared with those of answers drawn from the very confidences that
//! were stated.

use std::num::NonZeroUsize;

use rayon::prelude::*;

use super::bins::{Bin, ece};
use super::equal_mass::equal_mass_bins;
use super::items::Items;
use super::random::Stream;

/// Bins of the statistic.
const BINS: NonZeroUsize = NonZeroUsize::new(15).unwrap();

/// The test that confidence is right as it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Consistency {
    /// The expected calibration error seen, over 15 bins of equal mass.
    pub error: f64,
    /// Its mean where every confidence is right, with as many answers.
    pub expected: f64,
    /// `(1 + #{ECE* ≥ ECE})/(R + 1)`: the share of draws at least as far off.
    pub p_value: f64,
    /// The number of draws `R`.
    pub draws: usize,
    /// The number of items that it is about: one a cluster.
    pub n: usize,
}

/// Tests that each answer is right with the probability that is its confidence, by drawing
/// `y* ~ Bernoulli(c)`. Of every cluster one item is taken, at random by the seed, since draws are
/// independent. With `draws` of them no p value is below `1/(draws + 1)`. `None` without items.
///
/// Bröcker and Smith, Increasing the reliability of reliability diagrams, Weather and Forecasting
/// 22 (2007); Vaicenavicius et al., Evaluating model calibration in classification, AISTATS 2019.
#[must_use]
pub fn consistency(items: &Items, draws: usize, seed: u64) -> Option<Consistency> {
    let alone = items.one_a_cluster(seed);
    let bins = equal_mass_bins(&alone, BINS);
    let error = ece(&bins)?;
    let n = alone.len();
    let (confidence, _) = alone.ascending_columns();
    let drawn: Vec<f64> = (0..draws)
        .into_par_iter()
        .map(|draw| {
            let mut stream = Stream::of(!seed, draw as u64);
            let mut rest = confidence;
            let bins = bins.iter().map(|bin| {
                let (here, above) = rest.split_at(bin.n);
                rest = above;
                let correct = here.iter().filter(|&&c| stream.unit() < c).count();
                Bin { correct, accuracy: correct as f64 / bin.n as f64, ..*bin }
            });
            ece(&bins.collect::<Vec<Bin>>()).unwrap_or(0.0)
        })
        .collect();
    // Sums of the same terms in another order must not differ from themselves.
    let as_far = drawn.iter().filter(|other| **other >= error - 1e-12).count();
    Some(Consistency {
        error,
        expected: super::sum::sum(drawn.iter().copied()) / draws.max(1) as f64,
        p_value: (1 + as_far) as f64 / (1 + draws) as f64,
        draws,
        n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers right with the probability that their confidence has, plus a shift.
    fn drawn(n: usize, shift: f64, replicate: u64) -> Items {
        let mut stream = Stream::of(5, replicate);
        let pairs = (0..n).map(|_| {
            let c = 0.5 + 0.5 * stream.unit();
            (c, stream.unit() < c - shift)
        });
        let (confidence, correct) = pairs.unzip();
        Items::new(confidence, correct).unwrap()
    }

    #[test]
    fn a_calibrated_model_is_rarely_inconsistent_and_an_overconfident_one_is() {
        let rejected = |shift: f64| {
            let runs = (0..200).map(|replicate| drawn(150, shift, replicate));
            runs.filter(|items| consistency(items, 199, 1).unwrap().p_value <= 0.05).count()
        };
        // 10 of 200 are expected; 20 or more have a probability of 0.2 %.
        assert!(rejected(0.0) < 20);
        assert!(rejected(0.2) > 150);
    }

    #[test]
    fn threads_change_nothing() {
        let items = drawn(300, 0.1, 0);
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let one = alone.install(|| consistency(&items, 199, 9));
        let many = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
        assert_eq!(one, many.install(|| consistency(&items, 199, 9)));
    }

    #[test]
    fn copies_are_no_evidence() {
        let one = drawn(60, 0.1, 0);
        let copies: Vec<(usize, (f64, bool))> =
            one.pairs().enumerate().flat_map(|pair| [pair; 5]).collect();
        let (clusters, pairs): (Vec<usize>, Vec<(f64, bool)>) = copies.into_iter().unzip();
        let (confidence, correct) = pairs.into_iter().unzip();
        let many = Items::new(confidence, correct).unwrap().in_clusters(clusters).unwrap();
        assert_eq!(consistency(&many, 199, 3), consistency(&one, 199, 3));
    }
}
