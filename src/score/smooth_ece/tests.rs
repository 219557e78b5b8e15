use proptest::prelude::*;

use super::super::accuracy::overconfidence_gap;
use super::super::items::{any_items, indicator};
use super::*;

fn at(bandwidth: f64) -> Bandwidth {
    Bandwidth::new(bandwidth).unwrap()
}

/// Every answer spread by itself, with all images that matter, at 4,000 places.
fn spread_one_by_one(items: &Items, bandwidth: f64) -> f64 {
    let gauss = |x: f64| (-0.5 * (x / bandwidth).powi(2)).exp() / (bandwidth * (2.0 * PI).sqrt());
    let kernel = |t: f64, c: f64| -> f64 {
        // Eight bandwidths hold all but 1e-15 of it.
        let images = if bandwidth < 0.12 { 1_i32 } else { 5 };
        (-images..=images)
            .map(|k| 2.0 * f64::from(k))
            .map(|k| gauss(t - c + k) + gauss(t + c + k))
            .sum()
    };
    let smoothed =
        |t: f64| -> f64 { items.pairs().map(|(c, y)| (c - indicator(y)) * kernel(t, c)).sum() };
    let steps = 4000_u16;
    let middle = |step: u16| (f64::from(step) + 0.5) / f64::from(steps);
    let total: f64 = (0..steps).map(|step| smoothed(middle(step)).abs()).sum();
    total / f64::from(steps) / items.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn is_every_answer_spread_by_itself(
        items in any_items().prop_filter("answers", |items| !items.is_empty()),
        bandwidth in 0.01..1.0_f64,
    ) {
        let fast = smooth_ece_at(&items, at(bandwidth)).unwrap();
        let slow = spread_one_by_one(&items, bandwidth);
        prop_assert!((fast - slow).abs() < 2e-5, "{fast} and {slow} at {bandwidth}");
    }

    #[test]
    fn the_error_is_its_own_bandwidth(items in any_items()) {
        let Some(error) = smooth_ece(&items) else {
            prop_assert!(items.is_empty());
            return Ok(());
        };
        prop_assert!((0.0..=1.0 + 1e-9).contains(&error));
        let gap = overconfidence_gap(&items).unwrap().abs();
        prop_assert!(error > gap - 1e-6, "{error} below {gap}");
        if error > 1e-3 {
            let smoothed = smooth_ece_at(&items, at(error)).unwrap();
            prop_assert!((smoothed - error).abs() < 1e-6, "{smoothed} at {error}");
        }
    }
}

/// Answers of one confidence have the same error at every bandwidth: what is missing.
#[test]
fn one_confidence_has_its_gap() {
    for confidence in [0.0, 1e-9, 0.1, 0.333, 0.5, 0.999_999, 1.0] {
        for right in [0, 1, 7, 10] {
            let items = Items::new(vec![confidence; 10], (0..10).map(|i| i < right).collect());
            let items = items.unwrap();
            let gap = overconfidence_gap(&items).unwrap().abs();
            let error = smooth_ece(&items).unwrap();
            assert!((error - gap).abs() < 1e-9, "{confidence}, {right}: {error}, not {gap}");
            let smoothed = smooth_ece_at(&items, at(0.05)).unwrap();
            assert!((smoothed - gap).abs() < 1e-7, "{confidence}, {right}: {smoothed}");
        }
    }
}

/// Two crowds whose errors cancel only where they meet: a small error needs a fine grid.
#[test]
fn small_errors_are_resolved() {
    for offset in [0.03, 0.003, 0.000_8] {
        let n = 4000;
        let claim = |i: usize| 0.5 + if i.is_multiple_of(2) { offset } else { -offset };
        // Half of each crowd is right, so that its residuals are ± offset.
        let items =
            Items::new((0..n).map(claim).collect(), (0..n).map(|i| i / 2 % 2 == 0).collect())
                .unwrap();
        let error = smooth_ece(&items).unwrap();
        // S_σ = offset·(2Φ(offset/σ) − 1), far from both ends.
        let smoothed =
            |sigma: f64| offset * (1.0 - 2.0 * super::super::normal::upper_tail(offset / sigma));
        assert!((smoothed(error) - error).abs() < 2e-5 * offset, "{offset}: {error}");
    }
}

#[test]
fn perfect_answers_have_no_error_and_no_answers_have_none_at_all() {
    let perfect = Items::new(vec![1.0, 0.0, 0.5, 0.5], vec![true, false, true, false]).unwrap();
    assert_eq!(smooth_ece(&perfect), Some(0.0));
    assert_eq!(smooth_ece(&Items::new(vec![], vec![]).unwrap()), None);
    assert_eq!(smooth_ece_at(&Items::new(vec![], vec![]).unwrap(), at(0.1)), None);
    for bandwidth in [0.0, 1e-5, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Bandwidth::new(bandwidth).is_err());
    }
}
