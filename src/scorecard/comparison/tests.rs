use proptest::prelude::*;

use super::super::pairing::tests::side;
use super::*;
use crate::score::McNemar;

const METHOD: Method = Method { alpha: 0.05, seed: 7, only_quadrants: false };

/// Right or wrong, and how sure.
type Said = (bool, f64);

fn compared(answers: &[(Said, Said)]) -> Comparison {
    grouped(answers.iter().enumerate().map(|(index, answer)| (index, *answer)))
}

/// The same with the cluster of each case.
fn grouped(answers: impl IntoIterator<Item = (usize, (Said, Said))>) -> Comparison {
    Comparison::of(paired(answers), METHOD)
}

fn paired(answers: impl IntoIterator<Item = (usize, (Said, Said))>) -> Pairing {
    let answers = answers.into_iter().enumerate();
    let (baseline, candidate) = answers
        .map(|(index, (cluster, (one, other)))| {
            let of = |(right, sure)| Side {
                cluster: format!("cluster-{cluster}"),
                tags: vec![format!("tag-{}", index % 2)],
                ..side(index, right, sure)
            };
            (of(one), of(other))
        })
        .unzip();
    Pairing::of(baseline, candidate)
}

/// So many cases right in both, in the baseline alone, in the candidate alone, wrong in both.
fn table(counts: [usize; 4]) -> Comparison {
    compared(&answers(counts))
}

fn answers(counts: [usize; 4]) -> Vec<(Said, Said)> {
    let kinds = [(true, true), (true, false), (false, true), (false, false)];
    let answers = kinds
        .into_iter()
        .zip(counts)
        .flat_map(|((one, other), count)| std::iter::repeat_n(((one, 0.7), (other, 0.7)), count));
    answers.collect()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-12
}

#[test]
fn answers_held_against_themselves_did_not_change() {
    let answers: Vec<(Said, Said)> = (0..40)
        .map(|i| {
            let said = (i % 3 > 0, f64::from(i % 10) / 10.0);
            (said, said)
        })
        .collect();
    let answers = answers.into_iter().enumerate();
    let same = Comparison::in_full(paired(answers), METHOD);
    assert_eq!(same.direction, Direction::NoChange);
    assert!(close(same.p_worse().unwrap(), 1.0) && close(same.p_better().unwrap(), 1.0));
    assert!(same.flips.is_empty() && same.left_out.is_empty());
    assert!(close(same.calibration.unwrap().change, 0.0));
    assert!(close(same.calibration.unwrap().p_two_sided.unwrap(), 1.0));
    // That no answer differed does not mean that any change would be seen.
    let seen = same.accuracy.unwrap().resolution.unwrap();
    assert!(seen.change > 6.0 / 40.0, "{seen:?}");
}

#[test]
fn a_drop_is_worse_and_a_rise_is_better() {
    let worse = table([40, 14, 1, 5]);
    assert_eq!(worse.direction, Direction::Worse);
    let mcnemar = McNemar { baseline_only: 14, candidate_only: 1 };
    let accuracy = worse.accuracy.as_ref().unwrap();
    assert!((accuracy.p_worse - mcnemar.exact_regression()).abs() < 1e-12);
    assert!(close(accuracy.change, -13.0 / 60.0));
    assert_eq!(accuracy.interval, "bonett_price");
    assert_eq!(
        worse.mcnemar.unwrap().exact_two_sided.to_bits(),
        mcnemar.exact_two_sided().to_bits()
    );
    assert_eq!(worse.count(Flip::NewlyWrong), 14);
    let better = table([40, 1, 14, 5]);
    assert_eq!(better.direction, Direction::Better);
    assert!(close(better.p_better().unwrap(), worse.p_worse().unwrap()));
}

#[test]
fn no_alarm_is_raised_by_what_one_test_of_three_would_call_significant() {
    // One-sided p of accuracy is 0.038 here, below 5 %, and three times that is not.
    let comparison = table([40, 12, 4, 0]);
    let accuracy = &comparison.tests[0];
    assert!(accuracy.p_worse < 0.05 && accuracy.adjusted > 0.05, "{accuracy:?}");
    assert_eq!(comparison.direction, Direction::NoChange);
}

#[test]
fn confident_errors_count_where_accuracy_stays() {
    // Twelve answers stay wrong and become sure of it.
    let answers: Vec<(Said, Said)> = (0..60)
        .map(|i| if i < 12 { ((false, 0.4), (false, 0.95)) } else { ((true, 0.9), (true, 0.9)) })
        .collect();
    let comparison = compared(&answers);
    assert_eq!(comparison.direction, Direction::Worse);
    assert!(close(comparison.tests[0].p_worse, 1.0), "accuracy is what it was");
    assert_eq!(comparison.tests[2].of, "confident_wrong");
    assert!(close(comparison.tests[2].p_worse, 0.5_f64.powi(12)));
    assert_eq!(comparison.count(Flip::NewlyConfidentWrong), 12);
}

#[test]
fn without_confidences_accuracy_is_tested_alone() {
    let answer = |index: usize, right| Side {
        confidence: None,
        confident: false,
        ..side(index, right, 0.5)
    };
    let sides = |wrong: usize| (0..30).map(|i| answer(i, i >= wrong)).collect();
    let comparison = Comparison::of(Pairing::of(sides(0), sides(5)), METHOD);
    assert_eq!(comparison.tests.len(), 1);
    assert!(close(comparison.tests[0].adjusted, 0.5_f64.powi(5)));
    assert_eq!(comparison.direction, Direction::Worse);
    assert_eq!((comparison.brier, comparison.calibration), (None, None));
}

#[test]
fn clusters_flip_whole() {
    // Four clusters of ten: every answer of three of them turned wrong.
    let of = |i: usize| {
        let after = (i / 10 == 3, 0.7);
        (i / 10, ((true, 0.7), after))
    };
    let clustered = grouped((0..40).map(of));
    assert_eq!((clustered.clusters, clustered.pairs), (4, 40));
    assert_eq!(clustered.mcnemar, None);
    let accuracy = clustered.accuracy.as_ref().unwrap();
    assert!(close(accuracy.p_worse, 0.125), "{accuracy:?}");
    assert_eq!((accuracy.interval, accuracy.resolution), ("student", None));
    assert_eq!(clustered.direction, Direction::NoChange);
    assert!(!clustered.sees_anything(), "four clusters can show nothing");
    // Taken one by one the same answers raise an alarm.
    let alone = grouped((0..40).map(|i| (i, of(i).1)));
    assert_eq!(alone.direction, Direction::Worse);
}

#[test]
fn parts_are_looked_at_where_they_are_large_enough() {
    let full =
        |counts| Comparison::in_full(paired(answers(counts).into_iter().enumerate()), METHOD);
    let comparison = full([100, 14, 6, 20]);
    assert_eq!(comparison.slices.len(), 2);
    let needed = comparison.slices[0].needed.unwrap();
    assert!((50..70).contains(&needed), "{needed}");
    assert!(comparison.slices.iter().all(|slice| slice.n == 70 && slice.adjusted.is_some()));
    let small = full([10, 2, 2, 2]);
    assert!(small.slices.iter().all(|slice| slice.p_two_sided.is_none()), "{:?}", small.slices);
}

#[test]
fn nothing_in_common_is_no_comparison() {
    let comparison = Comparison::of(Pairing::of(vec![], vec![side(1, true, 0.9)]), METHOD);
    assert_eq!(comparison.direction, Direction::NothingCompared);
    assert_eq!((comparison.p_worse(), comparison.accuracy), (None, None));
    assert!(comparison.tests.is_empty());
}

/// The tests by all flips of all clusters, and Holm's rule step by step.
fn naive(answers: &[(usize, (Said, Said))]) -> (Vec<f64>, bool) {
    let clusters: Vec<usize> = {
        let mut all: Vec<usize> = answers.iter().map(|(cluster, _)| *cluster).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let scores: [fn(Said) -> f64; 3] = [
        |(right, _)| -f64::from(u8::from(right)),
        |(right, sure)| (sure - f64::from(u8::from(right))).powi(2),
        |(right, sure)| f64::from(u8::from(!right && sure >= 0.8)),
    ];
    let p: Vec<f64> = scores
        .iter()
        .map(|score| {
            let of = |cluster: &usize| -> f64 {
                let inside = answers.iter().filter(|(of, _)| of == cluster);
                inside.map(|(_, (one, other))| score(*other) - score(*one)).sum()
            };
            let sums: Vec<f64> = clusters.iter().map(of).collect();
            let seen: f64 = sums.iter().sum();
            let all = 1_u32 << sums.len();
            let extreme = |signs: &u32| {
                let flipped = sums.iter().enumerate();
                let sum: f64 =
                    flipped.map(|(at, s)| if signs >> at & 1 == 0 { *s } else { -s }).sum();
                sum >= seen - 1e-9
            };
            f64::from(u32::try_from((0..all).filter(extreme).count()).unwrap()) / f64::from(all)
        })
        .collect();
    let mut sorted = p.clone();
    sorted.sort_by(f64::total_cmp);
    // Holm rejects something if and only if the smallest is small enough.
    (p, sorted[0] * 3.0 <= METHOD.alpha)
}

#[test]
fn equal_losses_are_no_difference_however_they_are_rounded() {
    // 0.1² and (0.9 − 1)² differ in their last digits.
    let comparison = grouped([(0, ((true, 0.9), (false, 0.1)))]);
    let brier = comparison.tests.iter().find(|test| test.of == "brier").unwrap();
    assert!((brier.p_worse - 1.0).abs() < 1e-12, "{brier:?}");
}

proptest! {
    #[test]
    fn the_tests_are_those_of_all_flips(
        answers in prop::collection::vec(
            (0..9_usize, ((any::<bool>(), 0..=10_u8), (any::<bool>(), 0..=10_u8))),
            1..24,
        ),
    ) {
        let said = |(right, tenths): (bool, u8)| (right, f64::from(tenths) / 10.0);
        let answers: Vec<(usize, (Said, Said))> = answers
            .into_iter()
            .map(|(cluster, (one, other))| (cluster, (said(one), said(other))))
            .collect();
        let comparison = grouped(answers.iter().copied());
        let (p, alarm) = naive(&answers);
        for (test, p) in comparison.tests.iter().zip(&p) {
            prop_assert!((test.p_worse - p).abs() < 1e-9, "{test:?} {p}");
        }
        prop_assert_eq!(comparison.direction == Direction::Worse, alarm);
        let turned = grouped(answers.iter().map(|(cluster, (one, other))| (*cluster, (*other, *one))));
        let (one, other) = (comparison.p_worse().unwrap(), turned.p_better().unwrap());
        prop_assert!((one - other).abs() < 1e-9, "{one} {other}");
    }
}
