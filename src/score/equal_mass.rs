//! Bins of equal mass: as many answers in each as ties allow.

use std::num::NonZeroUsize;

use super::bins::Bin;
use super::items::Items;

/// Splits the items into about `bins` bins of about equal size, ascending.
///
/// The sorted confidences are cut into `min(bins, n)` parts, the first
/// `n mod bins` of which get one more. A boundary lies midway between
/// neighbouring parts, equal boundaries become one, the last is 1. An item
/// belongs to the first boundary at or above its confidence, so the bin is
/// `(low, high]`, the first one `[0, high]`, and ties are never split.
///
/// Returns bins with at least one item: there are fewer than `bins` where ties
/// merge parts (and then neighbouring edges need not meet), none without items.
///
/// `get_equal_bins` of the package `uncertainty-calibration`: Kumar, Liang and
/// Ma, Verified uncertainty calibration, `NeurIPS` 2019 (arXiv 1909.10155).
#[must_use]
pub fn equal_mass_bins(items: &Items, bins: NonZeroUsize) -> Vec<Bin> {
    let (confidence, _) = items.ascending_columns();
    let (mut start, mut low) = (0, 0.0);
    let mut found = Vec::new();
    for high in boundaries(items, bins) {
        let end = start + confidence[start..].partition_point(|c| *c <= high);
        found.extend(Bin::of(items, start..end, low, high));
        start = end;
        low = high;
    }
    found
}

/// The upper edges, strictly ascending, the last of them 1.
pub(super) fn boundaries(items: &Items, bins: NonZeroUsize) -> Vec<f64> {
    let (confidence, _) = items.ascending_columns();
    let midpoint = |rank: usize| f64::midpoint(confidence[rank - 1], confidence[rank]);
    let mut edges: Vec<f64> = part_starts(items.len(), bins).map(midpoint).collect();
    edges.push(1.0);
    edges.dedup();
    edges
}

/// The ranks at which the second and every later part starts.
fn part_starts(n: usize, bins: NonZeroUsize) -> impl Iterator<Item = usize> {
    let parts = bins.get().min(n);
    let (size, longer) = (n / bins, n % bins);
    (1..parts).map(move |part| part * size + part.min(longer))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::any_items;
    use super::*;

    fn split(confidence: &[f64], bins: usize) -> Vec<Bin> {
        let items = Items::new(confidence.to_vec(), vec![true; confidence.len()]).unwrap();
        equal_mass_bins(&items, NonZeroUsize::new(bins).unwrap())
    }

    fn sizes(bins: &[Bin]) -> Vec<usize> {
        bins.iter().map(|bin| bin.n).collect()
    }

    #[test]
    fn the_first_parts_get_the_remainder() {
        let spread: Vec<f64> = (0..11).map(|i| f64::from(i) / 16.0).collect();
        assert_eq!(sizes(&split(&spread, 4)), [3, 3, 3, 2]);
        assert_eq!(sizes(&split(&spread, 20)), [1; 11]);
        assert!(sizes(&split(&[], 4)).is_empty());
    }

    #[test]
    fn an_edge_lies_midway_and_a_tie_is_kept_whole() {
        let bins = split(&[0.25, 0.5, 0.5, 0.5, 0.5, 0.75], 3);
        assert_eq!(sizes(&bins), [5, 1]);
        let edges: Vec<(f64, f64)> = bins.iter().map(|bin| (bin.low, bin.high)).collect();
        // The three parts [.25 .5] [.5 .5] [.5 .75] have their boundaries at .5.
        assert_eq!(edges, [(0.0, 0.5), (0.5, 1.0)]);
    }

    #[test]
    fn a_bin_that_a_tie_emptied_is_left_out() {
        // Boundaries .375, .5, .625, 1: the part after .5 lost its item to the tie.
        let bins = split(&[0.25, 0.5, 0.5, 0.75], 4);
        assert_eq!(sizes(&bins), [1, 2, 1]);
        assert_eq!((bins[1].high, bins[2].low), (0.5, 0.625));
    }

    proptest! {
        #[test]
        fn every_item_is_in_one_bin_and_no_tie_is_split(
            items in any_items(),
            bins in (1..20_usize).prop_map(|bins| NonZeroUsize::new(bins).unwrap()),
        ) {
            let found = equal_mass_bins(&items, bins);
            prop_assert!(found.len() <= bins.get());
            prop_assert_eq!(found.iter().map(|bin| bin.n).sum::<usize>(), items.len());
            prop_assert!(found.windows(2).all(|pair| pair[0].high <= pair[1].low));
            for (index, bin) in found.iter().enumerate() {
                let inside = |c: f64| (index == 0 || bin.low < c) && c <= bin.high;
                let members: Vec<_> = items.pairs().filter(|&(c, _)| inside(c)).collect();
                prop_assert_eq!(members.len(), bin.n);
                prop_assert_eq!(members.iter().filter(|&&(_, y)| y).count(), bin.correct);
                let mean = members.iter().map(|&(c, _)| c).sum::<f64>() / bin.n as f64;
                prop_assert!((mean - bin.mean_confidence).abs() < 1e-12);
            }
        }

        #[test]
        fn without_ties_sizes_differ_by_one_at_most(n in 1..80_usize, bins in 1..20_usize) {
            let distinct: Vec<f64> = (0..n).map(|i| i as f64 / 80.0).collect();
            let sizes = sizes(&split(&distinct, bins));
            prop_assert_eq!(sizes.len(), bins.min(n));
            prop_assert!(sizes[0] - sizes[sizes.len() - 1] <= 1);
        }
    }
}
