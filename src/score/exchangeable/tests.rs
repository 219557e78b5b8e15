use proptest::prelude::*;

use super::*;
use crate::score::McNemar;
use crate::score::random::Stream;

fn tally(counts: &[u32]) -> Tally {
    let mut tally = Tally::default();
    for count in counts {
        tally.add(*count);
    }
    tally
}

/// `P(sum ≥ x)` over all ways to take one of each unit's values.
fn at_least(units: &[Vec<u32>], x: u32) -> f64 {
    let Some((first, rest)) = units.split_first() else { return f64::from(u8::from(x == 0)) };
    let of = |count: &u32| at_least(rest, x.saturating_sub(*count));
    if rest.is_empty() {
        return first.iter().filter(|count| **count >= x).count() as f64 / first.len() as f64;
    }
    first.iter().map(of).sum::<f64>() / first.len() as f64
}

#[test]
fn after_one_earlier_night_it_is_mcnemars_test() {
    // 14 cases became wrong, 2 became right, 40 stayed as they were.
    for (worse, better) in [(14_usize, 2_usize), (9, 0), (10, 0), (8, 3), (0, 12)] {
        let past: Vec<(Tally, u32)> = (0..worse)
            .map(|_| (tally(&[0]), 1))
            .chain((0..better).map(|_| (tally(&[1]), 0)))
            .chain((0..40).map(|index| (tally(&[index % 2]), index % 2)))
            .collect();
        let p = McNemar { baseline_only: worse, candidate_only: better }.exact_two_sided();
        for alpha in [0.5, 0.05, 0.01, 0.003, 0.001] {
            let usual = usual_count(past.iter().map(|(past, now)| (past, *now)), alpha);
            assert_eq!(usual.side() != 0, p <= alpha, "{worse} {better} {alpha} {p} {usual:?}");
        }
    }
}

#[test]
fn cases_that_never_changed_need_few_to_change_at_once() {
    // Each is as likely on any of eleven nights: four on one and the same are 11^-4 = 7e-5.
    let always_right = tally(&[0; 10]);
    let side = |changed: u32| {
        let units = (0..100).map(|index| (&always_right, u32::from(index < changed)));
        usual_count(units, 2e-4).side()
    };
    assert_eq!([side(0), side(3), side(4), side(9)], [0, 0, 1, 1]);
    // Where half of the cases come out otherwise every night, the same four are nothing.
    let restless = tally(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let units = (0..100).map(|index| (&restless, u32::from(index < 54)));
    assert_eq!(usual_count(units, 2e-4).side(), 0);
}

#[test]
fn nothing_known_is_nothing_unusual() {
    assert_eq!(usual_count([], 0.05), Usual { seen: 0.0, low: 0.0, high: 0.0 });
    assert_eq!(usual_sum([], 0.05).side(), 0);
    // A unit without a past is what it is.
    assert_eq!(usual_count([(&Tally::default(), 7)], 0.05).side(), 0);
    assert_eq!(usual_sum([(Spread::default(), 0.3)], 0.05).side(), 0);
}

#[test]
fn equal_values_vary_by_nothing_but_rounding() {
    let past = |value: f64| {
        let mut spread = Spread::default();
        (0..7).for_each(|_| spread.add(value));
        spread
    };
    let units = (1..200).map(|index| (past(1.0 / f64::from(index)), 1.0 / f64::from(index)));
    assert_eq!(usual_sum(units, 0.05).side(), 0);
}

proptest! {
    #[test]
    fn the_range_leaves_its_level_outside_and_no_narrower_one_does(
        units in prop::collection::vec(prop::collection::vec(0_u32..4, 2..5), 1..6),
        alpha in 0.002..0.6_f64,
    ) {
        let pasts: Vec<(Tally, u32)> =
            units.iter().map(|unit| (tally(&unit[1..]), unit[0])).collect();
        let usual = usual_count(pasts.iter().map(|(past, now)| (past, *now)), alpha);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 20")]
        let high = usual.high as u32;
        prop_assume!((0..25).all(|x| (at_least(&units, x) - 0.5 * alpha).abs() > 1e-9));
        prop_assert!(at_least(&units, high + 1) <= 0.5 * alpha);
        prop_assert!(at_least(&units, high) > 0.5 * alpha, "{usual:?}");
        // Turned around, the lower end is the upper one.
        let most = 3 * u32::try_from(units.len()).unwrap();
        let turned: Vec<(Tally, u32)> = units
            .iter()
            .map(|unit| unit.iter().map(|count| 3 - count).collect::<Vec<u32>>())
            .map(|unit| (tally(&unit[1..]), unit[0]))
            .collect();
        let turned = usual_count(turned.iter().map(|(past, now)| (past, *now)), alpha);
        prop_assert!((f64::from(most) - turned.high - usual.low).abs() < 1e-9);
    }

    #[test]
    fn the_bound_is_never_inside_what_is_exact(
        units in prop::collection::vec(prop::collection::vec(0_u32..3, 3..6), 1..9),
        alpha in 0.001..0.3_f64,
    ) {
        let (mut tallies, mut spreads) = (Vec::new(), Vec::new());
        for unit in &units {
            let mut spread = Spread::default();
            unit[1..].iter().for_each(|count| spread.add(f64::from(*count)));
            spreads.push((spread, f64::from(unit[0])));
            tallies.push((tally(&unit[1..]), unit[0]));
        }
        let exact = usual_count(tallies.iter().map(|(past, now)| (past, *now)), alpha);
        let bound = usual_sum(spreads, alpha);
        // Above the bound an alarm is raised: there the exact range must have ended.
        prop_assert!(bound.high + 1.0 > exact.high && bound.low - 1.0 < exact.low);
        prop_assert!(bound.side() == 0 || bound.side() == exact.side(), "{bound:?} {exact:?}");
    }
}

/// Nights of cases that are as easy as they are: how often is one called unusual where nothing
/// changed? A binomial chart would answer with the variance of cases that are drawn anew.
#[test]
fn where_nothing_changed_alarms_are_as_rare_as_said() {
    let alpha = 0.01;
    let (mut alarms, mut looked) = ([0_u32; 2], 0_u32);
    for history in 0..150 {
        let mut draw = Stream::of(11, history);
        let ease: Vec<f64> = (0..80).map(|_| draw.unit().powi(3)).collect();
        let mut tallies = vec![Tally::default(); ease.len()];
        let mut spreads = vec![Spread::default(); ease.len()];
        for night in 0..25 {
            let now: Vec<u32> = ease.iter().map(|p| u32::from(draw.unit() < *p)).collect();
            if night >= 3 {
                let counts = tallies.iter().zip(now.iter().copied());
                let sums = spreads.iter().copied().zip(now.iter().map(|now| f64::from(*now)));
                alarms[0] += u32::from(usual_count(counts, alpha).side() != 0);
                alarms[1] += u32::from(usual_sum(sums, alpha).side() != 0);
                looked += 1;
            }
            for (at, now) in now.into_iter().enumerate() {
                tallies[at].add(now);
                spreads[at].add(f64::from(now));
            }
        }
    }
    // 3300 looks: 33 alarms are allowed on average, and four standard deviations more.
    assert_eq!(looked, 3300);
    assert!((8..=56).contains(&alarms[0]), "{alarms:?}");
    assert!(alarms[1] <= alarms[0], "{alarms:?}");
}
