//! The main metrics a second time, as slowly and plainly as their definitions read.
//!
//! Nothing is shared with the library but the numbers that go in: no sorting where a definition
//! knows none, every pair, every threshold, every item looked at again. Samples are of up to 200
//! answers with ties, certain ones and single classes.

#![expect(clippy::cast_precision_loss, reason = "counts of at most 200")]

use std::num::NonZeroUsize;

use overclaim::score::{self, Clip, Closed, Items, Level, Threshold};
use proptest::prelude::*;

/// An answer: its confidence and whether it is right, as numbers.
type Answer = (f64, f64);

fn samples() -> impl Strategy<Value = Vec<Answer>> {
    let confidence = || {
        prop_oneof![
            3 => (0..=10_u8).prop_map(|tenths| f64::from(tenths) / 10.0),
            1 => Just(0.0),
            1 => Just(1.0),
            4 => 0.0..=1.0,
        ]
    };
    // All right, all wrong, or either.
    let verdict = prop_oneof![1 => Just(0_u8), 1 => Just(1), 6 => Just(2)];
    verdict.prop_flat_map(move |class| {
        let right = (0..2_u8).prop_map(move |y| f64::from(if class < 2 { class } else { y }));
        prop::collection::vec((confidence(), right), 0..200)
    })
}

fn items(answers: &[Answer]) -> Items {
    let (confidence, correct) = answers.iter().map(|&(c, y)| (c, y > 0.5)).unzip();
    Items::new(confidence, correct).unwrap()
}

/// The mean over answers; none of none.
fn mean(answers: &[Answer], of: impl Fn(Answer) -> f64) -> Option<f64> {
    let total: f64 = answers.iter().map(|answer| of(*answer)).sum();
    (!answers.is_empty()).then(|| total / answers.len() as f64)
}

fn near(found: Option<f64>, expected: Option<f64>, what: &str) -> Result<(), TestCaseError> {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            let off = (found - expected).abs();
            prop_assert!(off <= 1e-10 * expected.abs().max(1.0), "{what}: {found}, not {expected}");
        }
        (found, expected) => prop_assert_eq!(found, expected, "{}", what),
    }
    Ok(())
}

/// `Σ n_b/n · value(ȳ_b − c̄_b, ȳ_b, n_b)` over the bins that the answers name.
fn over_bins(
    answers: &[Answer],
    bin: impl Fn(usize) -> usize,
    value: impl Fn(f64, f64, f64) -> f64,
) -> Option<f64> {
    let numbers: Vec<usize> = (0..answers.len()).map(bin).collect();
    let most = numbers.iter().max()?;
    let mut total = 0.0;
    for number in 0..=*most {
        let inside: Vec<Answer> =
            (0..answers.len()).filter(|i| numbers[*i] == number).map(|i| answers[i]).collect();
        let (Some(right), Some(claimed)) = (mean(&inside, |(_, y)| y), mean(&inside, |(c, _)| c))
        else {
            continue;
        };
        let n = inside.len() as f64;
        total += n / answers.len() as f64 * value(right - claimed, right, n);
    }
    Some(total)
}

/// The bin of equal width: the first that holds the confidence between its edges.
fn width_bin(c: f64, bins: usize, closed: Closed) -> usize {
    let edge = |b: usize| b as f64 / bins as f64;
    (0..bins)
        .find(|&b| match closed {
            Closed::Left => edge(b) <= c && (c < edge(b + 1) || b + 1 == bins),
            Closed::Right => (edge(b) < c || b == 0) && c <= edge(b + 1),
        })
        .unwrap()
}

/// The bin of equal mass: parts of the sorted confidences, boundaries midway between them.
fn mass_bins(answers: &[Answer], bins: usize) -> Vec<usize> {
    let mut sorted: Vec<f64> = answers.iter().map(|(c, _)| *c).collect();
    sorted.sort_by(f64::total_cmp);
    let (n, parts) = (sorted.len(), bins.min(sorted.len()));
    let mut boundaries = Vec::new();
    let mut end = 0;
    for part in 0..parts.saturating_sub(1) {
        end += n / parts + usize::from(part < n % parts);
        boundaries.push(f64::midpoint(sorted[end - 1], sorted[end]));
    }
    boundaries.push(1.0);
    boundaries.dedup();
    let bin = |c: f64| boundaries.iter().position(|boundary| *boundary >= c).unwrap();
    answers.iter().map(|(c, _)| bin(*c)).collect()
}

/// The chance of each answer to be among the k most confident, ties in random order.
fn chance(answers: &[Answer], k: usize, of: usize) -> f64 {
    let surer = answers.iter().filter(|(c, _)| *c > answers[of].0).count();
    let alike = answers.iter().filter(|(c, _)| (c - answers[of].0).abs() <= 0.0).count();
    (k.saturating_sub(surer) as f64 / alike as f64).clamp(0.0, 1.0)
}

/// Expected share of errors among the k most confident.
fn risk(answers: &[Answer], k: usize) -> f64 {
    let errors = (0..answers.len()).map(|i| chance(answers, k, i) * (1.0 - answers[i].1));
    errors.sum::<f64>() / k as f64
}

fn distinct(answers: &[Answer]) -> Vec<f64> {
    let mut values: Vec<f64> = answers.iter().map(|(c, _)| *c).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// The isotonic fit at each distinct confidence: the largest over starts at or below it of the
/// smallest over ends at or above it of the accuracy between.
fn isotonic(answers: &[Answer], values: &[f64]) -> Vec<f64> {
    let share = &|low: f64, high: f64| {
        let inside: Vec<Answer> =
            answers.iter().copied().filter(|(c, _)| low <= *c && *c <= high).collect();
        mean(&inside, |(_, y)| y).unwrap()
    };
    let table: Vec<Vec<f64>> = values
        .iter()
        .map(|low| {
            values.iter().map(move |high| if low <= high { share(*low, *high) } else { 0.0 })
        })
        .map(Iterator::collect)
        .collect();
    let at = |i: usize| {
        let least = |a: usize| (i..values.len()).map(|b| table[a][b]).fold(f64::MAX, f64::min);
        (0..=i).map(least).fold(f64::MIN, f64::max)
    };
    (0..values.len()).map(at).collect()
}

/// The limit `p` at which the tail of the binomial distribution is 5 %, by halving.
fn exact_upper(k: usize, n: usize) -> f64 {
    if k == n {
        return 1.0;
    }
    // From the end that is more probable: the other one can be below all numbers.
    let tail = |p: f64| -> f64 {
        if p <= 0.5 {
            let mut term = (n as f64 * (-p).ln_1p()).exp();
            let mut total = term;
            for i in 0..k {
                term *= (n - i) as f64 / (i + 1) as f64 * p / (1.0 - p);
                total += term;
            }
            total
        } else {
            let mut term = (n as f64 * p.ln()).exp();
            let mut above = term;
            for i in (k + 1..n).rev() {
                term *= (i + 1) as f64 / (n - i) as f64 * (1.0 - p) / p;
                above += term;
            }
            1.0 - above
        }
    };
    let (mut low, mut high) = (0.0, 1.0 - 1e-15);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if tail(middle) > 0.05 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn means_are_their_definitions(answers in samples()) {
        let items = items(&answers);
        let right = mean(&answers, |(_, y)| y);
        near(score::accuracy(&items).rate(), right, "accuracy")?;
        near(score::mean_confidence(&items), mean(&answers, |(c, _)| c), "mean confidence")?;
        near(score::overconfidence_gap(&items), mean(&answers, |(c, y)| c - y), "gap")?;
        let squares = mean(&answers, |(c, y)| (c - y) * (c - y));
        near(score::brier(&items), squares, "Brier")?;
        let spread = right.map(|right| right * (1.0 - right)).filter(|spread| *spread > 0.0);
        let skill = spread.map(|spread| 1.0 - squares.unwrap() / spread);
        near(score::brier_skill_score(&items), skill, "skill")?;
        let loss = mean(&answers, |(c, y)| {
            let p: f64 = c.clamp(1e-6, 1.0 - 1e-6);
            -(y * p.ln() + (1.0 - y) * (1.0 - p).ln())
        });
        near(score::log_loss(&items, Clip::DEFAULT).map(|loss| loss.mean), loss, "log loss")?;
        for target in [0.5, 0.75, 0.9] {
            let worth = |y: f64| if y > 0.5 { 1.0 } else { -target / (1.0 - target) };
            let scores = score::confidence_target(&items, Threshold::new(target).unwrap());
            let forced = mean(&answers, |(_, y)| worth(y));
            near(scores.map(|scores| scores.forced), forced, "forced")?;
            let chosen = mean(&answers, |(c, y)| if c > target { worth(y) } else { 0.0 });
            near(scores.map(|scores| scores.abstaining), chosen, "abstaining")?;
        }
    }

    #[test]
    fn binned_errors_are_their_definitions(answers in samples(), count in 1..20_usize) {
        let items = items(&answers);
        let bins = NonZeroUsize::new(count).unwrap();
        for closed in [Closed::Left, Closed::Right] {
            let found = score::equal_width_bins(&items, bins, closed);
            let bin = |i: usize| width_bin(answers[i].0, count, closed);
            near(score::ece(&found), over_bins(&answers, bin, |gap, _, _| gap.abs()), "ECE")?;
            let squared = over_bins(&answers, bin, |gap, _, _| gap * gap);
            near(score::rms_ce(&found), squared.map(f64::sqrt), "RMS")?;
        }
        let found = score::equal_mass_bins(&items, bins);
        let numbers = mass_bins(&answers, count);
        let bin = |i: usize| numbers[i];
        near(score::ece(&found), over_bins(&answers, bin, |gap, _, _| gap.abs()), "mass ECE")?;
        let unbiased = over_bins(&answers, bin, |gap, right, n| {
            if n < 1.5 { 0.0 } else { gap * gap - right * (1.0 - right) / (n - 1.0) }
        });
        near(score::sq_ce_unbiased(&found), unbiased, "unbiased")?;
    }

    #[test]
    fn what_needs_no_bins_is_its_definition(answers in samples()) {
        let items = items(&answers);
        let excess = |v: f64| -> f64 {
            let below = answers.iter().filter(|(c, _)| *c <= v);
            below.map(|(c, y)| c - y).sum::<f64>().abs() / answers.len() as f64
        };
        let largest = answers.iter().map(|(c, _)| excess(*c)).reduce(f64::max);
        near(score::ks_calibration(&items).map(|ks| ks.error), largest, "KS")?;
        let variance: f64 =
            answers.iter().map(|(c, _)| (1.0 - 2.0 * c).powi(2) * c * (1.0 - c)).sum();
        let z = (variance > 0.0).then(|| {
            answers.iter().map(|(c, y)| (y - c) * (1.0 - 2.0 * c)).sum::<f64>() / variance.sqrt()
        });
        near(score::spiegelhalter(&items).and_then(|test| test.z), z, "Spiegelhalter")?;
        let values = distinct(&answers);
        let fitted = isotonic(&answers, &values);
        let at = |c: f64| fitted[values.iter().position(|v| (v - c).abs() <= 0.0).unwrap()];
        let recalibrated = mean(&answers, |(c, y)| (at(c) - y).powi(2));
        let squares = mean(&answers, |(c, y)| (c - y).powi(2));
        let found = score::corp(&items);
        let lost = squares.zip(recalibrated).map(|(raw, fitted)| raw - fitted);
        near(found.map(|terms| terms.miscalibration), lost, "CORP miscalibration")?;
        let right = mean(&answers, |(_, y)| y);
        let gained = right.zip(recalibrated).map(|(right, fitted)| right * (1.0 - right) - fitted);
        near(found.map(|terms| terms.discrimination), gained, "CORP discrimination")?;
    }

    #[test]
    fn answering_in_part_is_its_definition(answers in samples(), percent in 1..=100_usize) {
        let items = items(&answers);
        let n = answers.len();
        let k = (percent * n).div_ceil(100);
        let kept = (n > 0).then(|| 1.0 - risk(&answers, k));
        near(score::accuracy_at_coverage(&items, percent), kept, "accuracy at coverage")?;
        let target = percent as f64 / 100.0;
        let mut most = (0.0, None);
        for v in distinct(&answers).into_iter().rev() {
            let inside: Vec<Answer> = answers.iter().copied().filter(|(c, _)| *c >= v).collect();
            if mean(&inside, |(_, y)| y).unwrap() >= target {
                most = (inside.len() as f64 / n as f64, Some(v));
            }
        }
        let found = score::coverage_at_accuracy(&items, target);
        near(found.map(|found| found.coverage), (n > 0).then_some(most.0), "coverage")?;
        near(found.and_then(|found| found.threshold), most.1, "threshold")?;
    }

    #[test]
    fn confident_wrong_answers_are_counted_and_bounded(answers in samples(), t in 0..=20_u8) {
        let items = items(&answers);
        let t = f64::from(t) / 20.0;
        let found = score::confident_wrong(&items, Threshold::new(t).unwrap());
        let confident = answers.iter().filter(|(c, _)| *c >= t).count();
        let wrong = answers.iter().filter(|(c, y)| *c >= t && *y < 0.5).count();
        prop_assert_eq!((found.n(), found.confident(), found.wrong()), (answers.len(), confident, wrong));
        for (share, total) in [(found.of_all(), answers.len()), (found.given_confident(), confident)] {
            let upper = share.upper_limit(Level::P95);
            prop_assert!((upper - exact_upper(wrong, total)).abs() < 1e-9, "{wrong} of {total}");
            let lower = share.lower_limit(Level::P95);
            let mirrored = if wrong == 0 { 0.0 } else { 1.0 - exact_upper(total - wrong, total) };
            prop_assert!((lower - mirrored).abs() < 1e-9, "{wrong} of {total}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn rankings_are_their_definitions(answers in samples()) {
        let items = items(&answers);
        let n = answers.len();
        let (mut won, mut pairs) = (0.0, 0.0);
        for (right, _) in answers.iter().filter(|(_, y)| *y > 0.5) {
            for (wrong, _) in answers.iter().filter(|(_, y)| *y < 0.5) {
                pairs += 1.0;
                won += if right > wrong { 1.0 } else if right < wrong { 0.0 } else { 0.5 };
            }
        }
        near(score::auroc(&items), (pairs > 0.0).then(|| won / pairs), "AUROC")?;

        let found = score::risk_coverage(&items);
        let area = (n > 0).then(|| (1..=n).map(|k| risk(&answers, k)).sum::<f64>() / n as f64);
        near(found.map(|areas| areas.aurc), area, "AURC")?;
        let right = answers.iter().filter(|(_, y)| *y > 0.5).count();
        let best = (1..=n).map(|k| k.saturating_sub(right) as f64 / k as f64).sum::<f64>();
        let best = (n > 0).then(|| best / n as f64);
        near(found.map(|areas| areas.aurc_optimal), best, "optimal AURC")?;
        // Above a confidence, and from it on: answers and errors.
        let above = |v: f64, with: bool| {
            let inside = || answers.iter().filter(move |(c, _)| *c > v || (with && *c >= v));
            (inside().count() as f64, inside().map(|(_, y)| 1.0 - y).sum::<f64>())
        };
        let values = distinct(&answers);
        let area = values.iter().map(|v| {
            let ((before, errors_before), (until, errors)) = (above(*v, false), above(*v, true));
            (until - before) * (errors_before + errors) / 2.0 / (n as f64 * n as f64)
        });
        let area = (n > 0).then(|| area.sum::<f64>());
        near(found.map(|areas| areas.augrc), area, "AUGRC")?;

        let errors = n - right;
        let precision = values.iter().map(|v| {
            let at_most: Vec<&Answer> = answers.iter().filter(|(c, _)| c <= v).collect();
            let wrong = at_most.iter().filter(|(_, y)| *y < 0.5).count();
            let here = at_most.iter().filter(|(c, y)| *y < 0.5 && (c - v).abs() <= 0.0).count();
            here as f64 / errors as f64 * wrong as f64 / at_most.len() as f64
        });
        let precision = (errors > 0).then(|| precision.sum());
        near(score::auprc_errors(&items), precision, "AUPRC")?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The error at the bandwidth that it has itself, by halving, every answer spread by itself.
    #[test]
    fn the_smooth_error_is_its_definition(answers in samples()) {
        let smoothed = |sigma: f64| -> f64 {
            let gauss = |x: f64| (-0.5 * (x / sigma).powi(2)).exp() / sigma / std::f64::consts::TAU.sqrt();
            let images: i32 = if sigma > 0.25 { 5 } else { 1 };
            let at = |t: f64| -> f64 {
                let spread = |c: f64| -> f64 {
                    let image = |k: i32| f64::from(2 * k);
                    (-images..=images).map(|k| gauss(t - c + image(k)) + gauss(t + c + image(k))).sum()
                };
                answers.iter().map(|(c, y)| (c - y) * spread(*c)).sum()
            };
            let steps = 600_u16;
            let middle = |step: u16| (f64::from(step) + 0.5) / f64::from(steps);
            let total: f64 = (0..steps).map(|step| at(middle(step)).abs()).sum();
            total / f64::from(steps) / answers.len() as f64
        };
        let found = score::smooth_ece(&items(&answers));
        let Some(found) = found else {
            prop_assert!(answers.is_empty());
            return Ok(());
        };
        // Narrower kernels fall between the places looked at.
        if found > 0.01 {
            prop_assert!((smoothed(found) - found).abs() < 1e-4, "{} at {found}", smoothed(found));
        }
    }
}
