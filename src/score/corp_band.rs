//! Where chance alone would put the curve of a reliability diagram.
//!
//! Even where every confidence is right, the isotonic fit of a sample is not the diagonal. So right
//! and wrong are drawn again and again from the very confidences that were stated, and each draw is
//! fitted as the answers were. A curve that leaves the band of these fits is off by more than
//! chance.

use rayon::prelude::*;

use super::isotonic::non_decreasing;
use super::items::Items;
use super::level::Level;
use super::percentile::percentile;
use super::random::Stream;

/// Places at which the band is told, at most.
const PLACES: usize = 80;

/// The band at one confidence, `0 ≤ lower ≤ upper ≤ 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BandPoint {
    /// A confidence that was stated.
    pub confidence: f64,
    /// Below it the fit is in `α/2` of the draws.
    pub lower: f64,
    /// Above it the fit is in `α/2` of the draws.
    pub upper: f64,
}

/// The consistency band of [`super::corp_curve`]: pointwise percentiles (type 7) of the fits to
/// `y* ~ Bernoulli(c)`, with the confidences as they were stated. Of each of 80 parts of `[0, 1]`
/// it is told at the confidence nearest to its middle. Items of a cluster are drawn together, by one number, as if they were copies: that is
/// the widest band that alike answers can have. Empty without items or draws. Any number of threads
/// gives the same bits.
///
/// After Dimitriadis, Gneiting and Jordan, Stable reliability diagrams for probabilistic
/// classifiers, PNAS 118 (2021), whose consistency bands draw the confidences again, too.
#[must_use]
pub fn corp_band(items: &Items, draws: usize, seed: u64, level: Level) -> Vec<BandPoint> {
    let ties: Vec<(f64, usize)> = items.ties().map(|tie| (tie.confidence, tie.n)).collect();
    let places = places(&ties);
    let clusters: Vec<usize> = items.order().iter().map(|&index| items.clusters()[index]).collect();
    let fits: Vec<Vec<f64>> = (0..draws as u64)
        .into_par_iter()
        .map_init(
            || vec![0.0; items.cluster_count()],
            |chance, draw| {
                let mut stream = Stream::of(seed, draw);
                chance.fill_with(|| stream.unit());
                let mut rest = &clusters[..];
                let drawn = ties.iter().map(|&(confidence, n)| {
                    let (here, above) = rest.split_at(n);
                    rest = above;
                    let right = here.iter().filter(|&&cluster| chance[cluster] < confidence);
                    (right.count() as f64 / n as f64, n as f64)
                });
                let fitted = non_decreasing(drawn);
                places.iter().map(|&place| fitted[place]).collect()
            },
        )
        .collect();
    let tail = 0.5 * level.alpha();
    let at = |(column, &place): (usize, &usize)| {
        let mut values: Vec<f64> = fits.iter().map(|fit| fit[column]).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (lower, upper) = (percentile(&values, tail)?, percentile(&values, 1.0 - tail)?);
        Some(BandPoint { confidence: ties[place].0, lower, upper })
    };
    places.iter().enumerate().filter_map(at).collect()
}

/// Which of the ties the band is told at, ascending.
fn places(ties: &[(f64, usize)]) -> Vec<usize> {
    let nearest = |part: usize| {
        let [low, middle, high] =
            [0.0, 0.5, 1.0].map(|offset| (part as f64 + offset) / PLACES as f64);
        let inside = ties.partition_point(|tie| tie.0 < low)
            ..ties.partition_point(|tie| tie.0 < high || high >= 1.0);
        let off = |place: &usize| (ties[*place].0 - middle).abs();
        inside.min_by(|one, other| off(one).total_cmp(&off(other)))
    };
    (0..PLACES).filter_map(nearest).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::any_items;
    use super::super::{Pooled, corp_curve};
    use super::*;

    /// Answers right with the probability that their confidence has, plus a shift.
    fn drawn(n: usize, shift: f64, replicate: u64) -> Items {
        let mut stream = Stream::of(8, replicate);
        let pairs = (0..n).map(|_| {
            let c = 0.5 + 0.5 * stream.unit();
            (c, stream.unit() < c - shift)
        });
        let (confidence, correct) = pairs.unzip();
        Items::new(confidence, correct).unwrap()
    }

    /// Share of the band's places at which the curve is outside.
    fn outside(items: &Items) -> f64 {
        let (curve, band) = (corp_curve(items), corp_band(items, 199, 1, Level::P95));
        let at = |c: f64| {
            let pooled = curve.iter().find(|pooled| pooled.high >= c);
            pooled.map_or(1.0, |Pooled { share, .. }| *share)
        };
        let out = band.iter().filter(|point| {
            let share = at(point.confidence);
            share < point.lower - 1e-12 || share > point.upper + 1e-12
        });
        out.count() as f64 / band.len() as f64
    }

    #[test]
    fn calibrated_answers_stay_inside_and_overconfident_ones_do_not() {
        let mean = |shift| (0..40).map(|at| outside(&drawn(200, shift, at))).sum::<f64>() / 40.0;
        // 5 % at each place are expected; neighbouring places go together, so that the mean of 40
        // samples has a standard deviation of about 1 %.
        let (calibrated, over) = (mean(0.0), mean(0.25));
        assert!(calibrated < 0.09, "{calibrated}");
        assert!(over > 0.5, "{over}");
    }

    #[test]
    fn threads_change_nothing_and_copies_are_no_evidence() {
        let items = drawn(120, 0.1, 3);
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let one = alone.install(|| corp_band(&items, 99, 9, Level::P95));
        let many = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
        assert_eq!(one, many.install(|| corp_band(&items, 99, 9, Level::P95)));
        let copies = items.pairs().enumerate().flat_map(|pair| [pair; 5]);
        let (clusters, pairs): (Vec<usize>, Vec<(f64, bool)>) = copies.unzip();
        let (confidence, correct) = pairs.into_iter().unzip();
        let copied = Items::new(confidence, correct).unwrap().in_clusters(clusters).unwrap();
        let copied = corp_band(&copied, 99, 9, Level::P95);
        assert_eq!(copied.len(), one.len());
        for (copy, point) in copied.iter().zip(&one) {
            assert!((copy.lower - point.lower).abs() < 1e-12);
            assert!((copy.upper - point.upper).abs() < 1e-12);
        }
    }

    #[test]
    fn certainty_leaves_nothing_to_chance_and_one_value_is_binomial() {
        let certain = Items::new(vec![1.0; 10], vec![false; 10]).unwrap();
        let point = BandPoint { confidence: 1.0, lower: 1.0, upper: 1.0 };
        assert_eq!(corp_band(&certain, 99, 1, Level::P95), [point]);
        let half = Items::new(vec![0.5; 100], vec![false; 100]).unwrap();
        let [point] = corp_band(&half, 4000, 1, Level::P95)[..] else { panic!("one place") };
        // Bin(100, ½): 2.5 % are at 40 and below, 97.5 % at 60 and below.
        assert!(
            (point.lower - 0.4).abs() < 0.011 && (point.upper - 0.6).abs() < 0.011,
            "{point:?}"
        );
    }

    proptest! {
        #[test]
        fn the_band_is_ordered_and_rises(items in any_items()) {
            let band = corp_band(&items, 39, 2, Level::P95);
            prop_assert_eq!(band.is_empty(), items.is_empty());
            prop_assert!(band.len() <= PLACES);
            for point in &band {
                prop_assert!(0.0 <= point.lower && point.lower <= point.upper);
                prop_assert!(point.upper <= 1.0);
            }
            for pair in band.windows(2) {
                prop_assert!(pair[0].confidence < pair[1].confidence);
                prop_assert!(pair[0].lower <= pair[1].lower + 1e-12);
                prop_assert!(pair[0].upper <= pair[1].upper + 1e-12);
            }
        }
    }
}
