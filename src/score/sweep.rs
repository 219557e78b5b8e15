//! The calibration error with as many bins as the data bear.

use super::items::Items;
use super::sum::sum;

/// An expected calibration error and the number of bins that it was found with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SweptEce {
    /// `Σ_b (n_b/n)·|ȳ_b − c̄_b|`, in `[0, 1]`.
    pub ece: f64,
    /// The number of bins, at least 1.
    pub bins: usize,
}

/// The expected calibration error over the largest number of bins for which accuracy
/// does not fall from one bin to the next: bins are added, from 2 up and below `n`,
/// until that fails. Bin `⌊rank·B/n⌋` holds the item at a rank from 0; ties are in input
/// order, so that this error, as its authors define it, depends on that order. `None`
/// without items.
///
/// A number of bins costs one look at each bin that may be out of order; those below the
/// first right answer and above the last wrong one cannot be.
///
/// Roelofs, Cain, Shlens and Mozer, Mitigating bias in calibration error estimation,
/// AISTATS 2022 (arXiv 2012.08668), `ECE_sweep` with equal mass.
#[must_use]
pub fn ece_sweep(items: &Items) -> Option<SweptEce> {
    let (confidence, correct) = items.ascending_columns();
    let n = items.len();
    if n == 0 {
        return None;
    }
    // Right answers below a rank.
    let mut right = vec![0_usize; n + 1];
    for (rank, &y) in correct.iter().enumerate() {
        right[rank + 1] = right[rank] + usize::from(y);
    }
    let first_right = correct.iter().position(|y| *y).unwrap_or(n);
    let last_wrong = correct.iter().rposition(|y| !*y).unwrap_or(0);
    let start = |bin: usize, bins: usize| starts(bin, bins, n);
    let never_falls = |bins: usize| {
        if first_right >= last_wrong {
            return true; // wrong answers first, then right ones
        }
        let (from, to) = (first_right * bins / n, last_wrong * bins / n);
        let mut before = (0_u128, 1_u128);
        (from..=to).all(|bin| {
            let ranks = (start(bin, bins), start(bin + 1, bins));
            let share = ((right[ranks.1] - right[ranks.0]) as u128, (ranks.1 - ranks.0) as u128);
            let rises = before.0 * share.1 <= share.0 * before.1;
            before = share;
            rises
        })
    };
    let bins = if first_right >= last_wrong {
        n.saturating_sub(1).max(1)
    } else {
        let fails = (2..n).find(|bins| !never_falls(*bins)).unwrap_or(n.max(2));
        fails - 1
    };
    let gap = |bin: usize| {
        let ranks = start(bin, bins)..start(bin + 1, bins);
        let claimed = sum(confidence[ranks.clone()].iter().copied());
        ((right[ranks.end] - right[ranks.start]) as f64 - claimed).abs()
    };
    Some(SweptEce { ece: sum((0..bins).map(gap)) / n as f64, bins })
}

/// The first rank with `⌊rank·bins/n⌋ ≥ bin`.
fn starts(bin: usize, bins: usize, n: usize) -> usize {
    (bin * n).div_ceil(bins)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::{any_items, indicator};
    use super::*;

    /// Every number of bins, every item put into its bin.
    fn by_definition(items: &Items) -> (f64, usize) {
        let n = items.len();
        let tables = |bins: usize| {
            let mut table = vec![(0.0, 0.0, 0.0); bins];
            for (rank, (c, y)) in items.ascending().enumerate() {
                let bin = &mut table[rank * bins / n];
                *bin = (bin.0 + 1.0, bin.1 + c, bin.2 + indicator(y));
            }
            table
        };
        let rises = |bins: usize| {
            let table = tables(bins);
            table.windows(2).all(|two| two[0].2 * two[1].0 <= two[1].2 * two[0].0)
        };
        let mut bins = 1;
        while bins + 1 < n && rises(bins + 1) {
            bins += 1;
        }
        (tables(bins).iter().map(|(_, c, y)| (c - y).abs()).sum::<f64>() / n as f64, bins)
    }

    proptest! {
        #[test]
        fn is_what_its_definition_says(items in any_items()) {
            let Some(swept) = ece_sweep(&items) else {
                prop_assert!(items.is_empty());
                return Ok(());
            };
            let (ece, bins) = by_definition(&items);
            prop_assert_eq!(swept.bins, bins);
            prop_assert!((swept.ece - ece).abs() < 1e-12);
        }
    }

    #[test]
    fn a_million_right_answers_take_no_time() {
        let n = 1_000_000;
        let items = Items::new(vec![0.9; n], vec![true; n]).unwrap();
        assert_eq!(ece_sweep(&items).unwrap().bins, n - 1);
    }
}
