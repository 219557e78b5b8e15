//! Bins of equal width: the diagram that everybody knows.
//!
//! An edge `b/B` is the correctly rounded quotient, and a confidence is compared with
//! edges. `floor(c·B)` puts 0.29·100 into bin 28 and 0.7 wherever its last bit falls;
//! edges made by repeated addition are an ulp off at 0.3, 0.6 and 0.7, which is just
//! where models that answer in tenths put their confidence.

use std::num::NonZeroUsize;

use super::bins::Bin;
use super::items::Items;

/// Which of its edges belongs to a bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The lower one, `[b/B, (b+1)/B)`; the last bin has both.
    Left,
    /// The upper one, `(b/B, (b+1)/B]`; the first bin has both.
    Right,
}

/// Splits the items into `bins` bins of equal width, ascending. Returns those with at
/// least one item, which their edges tell apart; none without items.
#[must_use]
pub fn equal_width_bins(items: &Items, bins: NonZeroUsize, closed: Closed) -> Vec<Bin> {
    let (confidence, _) = items.ascending_columns();
    let edge = |number: usize| number as f64 / bins.get() as f64;
    let mut start = 0;
    let mut found = Vec::new();
    for number in 0..bins.get() {
        if start == confidence.len() {
            break;
        }
        let (low, high) = (edge(number), edge(number + 1));
        let rest = &confidence[start..];
        let inside = match closed {
            _ if number + 1 == bins.get() => rest.len(),
            Closed::Left => rest.partition_point(|c| *c < high),
            Closed::Right => rest.partition_point(|c| *c <= high),
        };
        found.extend(Bin::of(items, start..start + inside, low, high));
        start += inside;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::any_items;
    use super::*;

    fn places(confidence: &[f64], bins: usize, closed: Closed) -> Vec<(f64, usize)> {
        let items = Items::new(confidence.to_vec(), vec![true; confidence.len()]).unwrap();
        let bins = equal_width_bins(&items, NonZeroUsize::new(bins).unwrap(), closed);
        bins.iter().map(|bin| (bin.low, bin.n)).collect()
    }

    #[test]
    fn a_tenth_is_in_the_bin_that_its_edge_says() {
        let tenths: Vec<f64> = (0..=10).map(|tenth| f64::from(tenth) / 10.0).collect();
        let left = places(&tenths, 10, Closed::Left);
        assert_eq!(
            left.iter().map(|(_, n)| *n).collect::<Vec<_>>(),
            [1, 1, 1, 1, 1, 1, 1, 1, 1, 2]
        );
        let right = places(&tenths, 10, Closed::Right);
        assert_eq!(
            right.iter().map(|(_, n)| *n).collect::<Vec<_>>(),
            [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]
        );
    }

    #[test]
    fn empty_bins_are_left_out_and_the_ends_belong_to_the_outer_ones() {
        assert_eq!(places(&[0.0, 0.05, 1.0], 4, Closed::Left), [(0.0, 2), (0.75, 1)]);
        assert_eq!(
            places(&[0.0, 0.25, 0.5, 1.0], 4, Closed::Right),
            [(0.0, 2), (0.25, 1), (0.75, 1)]
        );
        assert!(places(&[], 4, Closed::Left).is_empty());
    }

    proptest! {
        #[test]
        fn every_item_is_in_the_bin_whose_edges_hold_it(
            items in any_items(),
            bins in (1..20_usize).prop_map(|bins| NonZeroUsize::new(bins).unwrap()),
        ) {
            for closed in [Closed::Left, Closed::Right] {
                let found = equal_width_bins(&items, bins, closed);
                prop_assert_eq!(found.iter().map(|bin| bin.n).sum::<usize>(), items.len());
                for bin in found {
                    let inside = |c: f64| match closed {
                        Closed::Left => bin.low <= c && (c < bin.high || bin.high >= 1.0),
                        Closed::Right => (bin.low < c || bin.low <= 0.0) && c <= bin.high,
                    };
                    let members = items.pairs().filter(|&(c, _)| inside(c)).count();
                    prop_assert_eq!(members, bin.n);
                }
            }
        }
    }
}
