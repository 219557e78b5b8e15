//! Two small samples of yes and no: did the share rise beyond what drawing twice explains?

use statrs::function::factorial::ln_binomial;

/// The probability of at least `after.0` among `after.1` draws where all draws of both samples,
/// `before.0` and `after.0` of `before.1` and `after.1`, are equally likely to be either: Fisher's
/// exact test, one-sided (Fisher, The logic of inductive inference, 1935). 1 where a sample is empty.
///
/// # Panics
/// If more are counted than were drawn.
#[must_use]
pub fn rise(before: (usize, usize), after: (usize, usize)) -> f64 {
    let ((one, first), (other, second)) = (before, after);
    assert!(one <= first && other <= second, "more counted than drawn");
    let ln = |n: usize, k: usize| ln_binomial(n as u64, k as u64);
    let all = one + other;
    let most = second.min(all);
    let tables = other.max(all.saturating_sub(first))..=most;
    let tables = tables.map(|k| ln(second, k) + ln(first, all - k) - ln(first + second, all));
    super::sum::sum(tables.map(f64::exp)).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By `scipy.stats.fisher_exact(…, alternative="greater")` 1.17.
    #[test]
    fn it_is_fishers_test() {
        for (before, after, expected) in [
            ((0, 5), (5, 5), 1.0 / 252.0),
            ((0, 5), (4, 5), 5.0 / 210.0),
            ((0, 1), (1, 1), 0.5),
            ((2, 20), (8, 10), 0.000_291_262_959_928_627_07),
            ((5, 5), (0, 5), 1.0),
            ((0, 0), (3, 4), 1.0),
        ] {
            let found = rise(before, after);
            assert!((found / expected - 1.0).abs() < 1e-9, "{before:?} {after:?}: {found}");
        }
    }

    proptest! {
        /// Against the sum over all ways to choose, by counting.
        #[test]
        fn it_counts_the_ways(first in 0..7usize, second in 0..7usize, one in 0..7usize, other in 0..7usize) {
            let (one, other) = (one.min(first), other.min(second));
            let ways = (0_u32..1 << (first + second)).filter(|ways| ways.count_ones() as usize == one + other);
            let (mut all, mut as_many) = (0_u32, 0_u32);
            for way in ways {
                all += 1;
                let there = (way >> first).count_ones() as usize;
                as_many += u32::from(there >= other);
            }
            let expected = f64::from(as_many) / f64::from(all);
            prop_assert!((rise((one, first), (other, second)) - expected).abs() < 1e-9);
        }
    }
}
