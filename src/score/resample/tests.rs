use proptest::prelude::*;

use super::super::accuracy::{accuracy, overconfidence_gap};
use super::super::auroc::auroc;
use super::super::brier::brier;
use super::super::items::any_items;
use super::*;

const FEW: Resampling = Resampling { replicates: 400, seed: 7 };

fn intervals(items: &Items) -> Option<HeadlineIntervals> {
    resample_headlines(items, |index| items.confidence()[index] >= 0.8, FEW, Level::P95)
}

/// The answers of a replicate, one by one; clusters are numbered as the ranking meets them.
fn drawn(items: &Items, times: &[u32]) -> Items {
    let (mut confidence, mut correct) = (Vec::new(), Vec::new());
    let mut met: Vec<usize> = Vec::new();
    for cluster in items.order().iter().map(|index| items.clusters()[*index]) {
        if !met.contains(&cluster) {
            met.push(cluster);
        }
    }
    for (cluster, times) in met.into_iter().zip(times) {
        for (index, (c, y)) in items.pairs().enumerate() {
            if items.clusters()[index] == cluster {
                confidence.extend((0..*times).map(|_| c));
                correct.extend((0..*times).map(|_| y));
            }
        }
    }
    Items::new(confidence, correct).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_replicate_has_the_statistics_of_the_answers_it_drew(
        items in any_items(),
        in_a_cluster in 1..5_usize,
        replicate in 0..10_u64,
    ) {
        let keys: Vec<usize> = (0..items.len()).map(|index| index / in_a_cluster).collect();
        let items = items.in_clusters(keys).unwrap();
        if items.is_empty() {
            return Ok(());
        }
        let sample = Sample::of(&items, |index| items.confidence()[index] >= 0.8);
        let mut times = vec![9; items.cluster_count()];
        let found = sample.draw(&mut Stream::of(1, replicate), &mut times);
        prop_assert_eq!(times.iter().map(|times| *times as usize).sum::<usize>(), times.len());
        let drawn = drawn(&items, &times);
        let close = |one: f64, other: Option<f64>| (one - other.unwrap()).abs() < 1e-13;
        prop_assert!(close(found.accuracy, accuracy(&drawn).rate()));
        prop_assert!(close(found.brier, brier(&drawn)));
        prop_assert!(close(found.overconfidence_gap, overconfidence_gap(&drawn)));
        match (found.auroc, auroc(&drawn)) {
            (Some(one), other) => prop_assert!(close(one, other)),
            (None, other) => prop_assert_eq!(other, None),
        }
        let wrong = drawn.pairs().filter(|&(c, y)| c >= 0.8 && !y).count();
        prop_assert!(close(found.confident_wrong, Some(wrong as f64 / drawn.len() as f64)));
    }
}

fn spread(n: usize) -> Items {
    let claim = |i: usize| (i * 37 % 101) as f64 / 100.0;
    let right = |i: usize| i * 53 % 97 < 60;
    Items::new((0..n).map(claim).collect(), (0..n).map(right).collect()).unwrap()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let items = spread(200);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| intervals(&items))
    };
    let one = with(1);
    assert!(one.is_some());
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
}

#[test]
fn independent_answers_have_the_interval_of_their_standard_error() {
    let items = spread(1000);
    let share = accuracy(&items);
    let half = 1.96 * share.standard_error().unwrap();
    let found = intervals(&items).unwrap().accuracy.unwrap();
    assert!(((found.upper - found.lower) / (2.0 * half) - 1.0).abs() < 0.1, "{found:?}");
    assert!(found.lower < share.rate().unwrap() && share.rate().unwrap() < found.upper);
}

#[test]
fn answers_that_are_alike_tell_less() {
    let tenfold = |clustered: bool| {
        let one = spread(100);
        let column = |of: &dyn Fn(usize) -> usize| (0..1000).map(of).collect::<Vec<_>>();
        let at = column(&|i| i / 10);
        let items = Items::new(
            at.iter().map(|i| one.confidence()[*i]).collect(),
            at.iter().map(|i| one.correct()[*i]).collect(),
        )
        .unwrap();
        let keys = column(&|i| if clustered { i / 10 } else { i });
        let Interval { lower, upper } =
            intervals(&items.in_clusters(keys).unwrap()).unwrap().brier.unwrap();
        upper - lower
    };
    let wider = tenfold(true) / tenfold(false);
    assert!((wider / 10_f64.sqrt() - 1.0).abs() < 0.15, "{wider}");
}

#[test]
fn what_cannot_be_told_is_none() {
    assert_eq!(intervals(&Items::new(vec![], vec![]).unwrap()), None);
    let one = Items::new(vec![0.9, 0.8], vec![true, false]).unwrap().in_clusters([1, 1]).unwrap();
    assert_eq!(intervals(&one), None);
    let right = Items::new(vec![0.9, 0.8, 0.7], vec![true; 3]).unwrap();
    let found = intervals(&right).unwrap();
    assert_eq!(found.auroc, None);
    assert_eq!(found.accuracy, Some(Interval { lower: 1.0, upper: 1.0 }));
    // One wrong answer of six: a third of the replicates has none.
    let rare = Items::new(vec![0.5; 6], (0..6).map(|i| i > 0).collect()).unwrap();
    assert_eq!(intervals(&rare).unwrap().auroc, None);
}
