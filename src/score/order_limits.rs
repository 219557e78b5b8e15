//! Limits of a quantile that assume nothing of the distribution.
//!
//! How many of `n` values lie below the true quantile is binomial, whatever the values are. So two
//! of the values themselves are its limits, and one that is merely known to be longer than all
//! others, such as a call that was given up, has its place among them.

use super::binomial_tail::{at_least, at_most, within};
use super::level::Level;

/// A lower limit that is just at its level is none: a budget fails where its limit is surely left
/// behind, and passes where it is just met.
const BELOW: f64 = 1.0 - 4e-12;

/// One-sided limits of the `q`-quantile, `0 < q < 1`, each at this level, among values in ascending
/// order, the last of which may be infinite. `None` where so few values have no such limit.
///
/// The lower limit is the largest `x_(i)` with `P(Bin(n, q) ≤ i−1) < α`, the upper one the smallest
/// `x_(j)` with `P(Bin(n, q) ≥ j) ≤ α`. The upper limit is within a bound exactly where Clopper and
/// Pearson's upper limit of the share of values above that bound is within `1 − q`.
///
/// Conover, Practical Nonparametric Statistics (1999), section 3.2.
#[must_use]
pub fn quantile_limits(ascending: &[f64], q: f64, level: Level) -> (Option<f64>, Option<f64>) {
    let (n, alpha) = (ascending.len(), level.alpha());
    // The first tail rises with i, the second falls with j.
    let below = first(1, n + 1, |i| !within(at_most(n, i - 1, q), alpha * BELOW));
    let above = first(1, n + 1, |j| within(at_least(n, j, q), alpha));
    let lower = below.checked_sub(2).map(|index| ascending[index]);
    let upper = ascending.get(above - 1).copied();
    (lower, upper)
}

/// The first of `from..to` that holds, of which all after it hold too; `to` where none does.
fn first(from: usize, to: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (from, to);
    while from < to {
        let middle = usize::midpoint(from, to);
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    from
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::proportion::Proportion;
    use super::*;

    proptest! {
        #[test]
        fn agrees_with_exact_limits_of_the_share_beyond(
            mut values in prop::collection::vec(0..50_u8, 1..200),
            bound in 0..50_u8,
            q in prop::sample::select(vec![0.5, 0.9, 0.95, 0.99]),
        ) {
            values.sort_unstable();
            let ascending: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            let (lower, upper) = quantile_limits(&ascending, q, Level::P95);
            let beyond = values.iter().filter(|value| **value > bound).count();
            let share = Proportion::new(beyond, values.len()).unwrap();
            let passes = share.upper_limit(Level::P95) <= 1.0 - q;
            prop_assert_eq!(upper.is_some_and(|upper| upper <= f64::from(bound)), passes);
            let fails = share.lower_limit(Level::P95) > 1.0 - q;
            prop_assert_eq!(lower.is_some_and(|lower| lower > f64::from(bound)), fails);
        }
    }

    #[test]
    fn few_values_have_no_upper_limit_and_what_was_given_up_is_the_longest() {
        let values = |n: u32| (0..n).map(f64::from).collect::<Vec<f64>>();
        assert_eq!(quantile_limits(&values(58), 0.95, Level::P95).1, None);
        assert_eq!(quantile_limits(&values(59), 0.95, Level::P95).1, Some(58.0));
        assert_eq!(quantile_limits(&[], 0.95, Level::P95), (None, None));
        let mut given_up = values(58);
        given_up.push(f64::INFINITY);
        assert_eq!(quantile_limits(&given_up, 0.95, Level::P95).1, Some(f64::INFINITY));
    }
}
