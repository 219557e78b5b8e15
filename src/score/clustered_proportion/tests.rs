use proptest::prelude::*;

use super::super::clustered_mean::ClusteredMean;
use super::*;

/// Flags in few clusters, so that most clusters hold several.
fn any_flags() -> impl Strategy<Value = Vec<(u8, bool)>> {
    let rare = prop::collection::vec((0..30_u8, prop::bool::weighted(0.1)), 0..150);
    prop_oneof![rare, prop::collection::vec((0..12_u8, any::<bool>()), 0..80)]
}

fn any_level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(0.95), 0.5..0.999].prop_map(|level| Level::new(level).unwrap())
}

proptest! {
    #[test]
    fn keys_that_are_numbers_give_the_same_bits(
        flags in prop_oneof![any_flags(), prop::collection::vec(any::<bool>(), 0..40).prop_map(
            |flags| (0..).zip(flags).collect()
        )],
        missing in 0..20_usize,
        size in 0..4_usize,
    ) {
        let keyed = flags.iter().map(|(key, flag)| (u32::from(*key), *flag));
        prop_assert_eq!(
            ClusteredProportion::of_keys(keyed, 256, missing, size),
            ClusteredProportion::with_missing(flags.iter().copied(), missing, size)
        );
    }
}

fn share(flags: &[(u8, bool)]) -> ClusteredProportion {
    ClusteredProportion::of(flags.iter().copied())
}

proptest! {
    #[test]
    fn alone_in_their_clusters_items_have_exact_limits(flags in any_flags(), level in any_level()) {
        let plain = Proportion::of(flags.iter().map(|(_, flag)| *flag));
        let alone = flags.iter().enumerate().map(|(index, (_, flag))| (index, *flag));
        let alone = ClusteredProportion::of(alone);
        prop_assert_eq!(alone, ClusteredProportion::from(plain));
        prop_assert_eq!(alone.lower_limit(level).to_bits(), plain.lower_limit(level).to_bits());
        prop_assert_eq!(alone.upper_limit(level).to_bits(), plain.upper_limit(level).to_bits());
        prop_assert_eq!(alone.korn_graubard(level), plain.clopper_pearson(level));
    }

    #[test]
    fn limits_lie_in_the_unit_interval_around_the_rate(flags in any_flags(), level in any_level()) {
        let share = share(&flags);
        let (lower, upper) = (share.lower_limit(level), share.upper_limit(level));
        let rate = share.rate().unwrap_or(0.5);
        prop_assert!(0.0 <= lower && lower <= rate, "{lower} above {rate}: {share:?}");
        prop_assert!(rate <= upper && upper <= 1.0, "{upper} below {rate}: {share:?}");
        let n = share.effective_n(level);
        prop_assert!(0.0 <= n && n <= share.total() as f64, "{n} of {share:?}");
    }

    #[test]
    fn clusters_never_tell_more_than_independent_items(flags in any_flags(), level in any_level()) {
        let (share, plain) = (share(&flags), Proportion::of(flags.iter().map(|(_, flag)| *flag)));
        prop_assert!(share.lower_limit(level) <= plain.lower_limit(level) + 1e-12);
        prop_assert!(share.upper_limit(level) >= plain.upper_limit(level) - 1e-12);
    }

    #[test]
    fn counting_the_others_mirrors_the_limits(flags in any_flags(), level in any_level()) {
        let (share, others) =
            (share(&flags), ClusteredProportion::of(flags.iter().map(|(at, flag)| (at, !flag))));
        prop_assert!((share.lower_limit(level) - (1.0 - others.upper_limit(level))).abs() < 1e-9);
        prop_assert!((share.upper_limit(level) - (1.0 - others.lower_limit(level))).abs() < 1e-9);
    }

    #[test]
    fn the_design_effect_is_that_of_the_mean(flags in any_flags()) {
        let share = share(&flags);
        let scores = flags.iter().map(|(at, flag)| (at, f64::from(u8::from(*flag))));
        let mean = ClusteredMean::of(scores).and_then(|mean| mean.design_effect());
        match (share.design_effect(), mean) {
            (Some(counted), Some(summed)) => prop_assert!((counted - summed).abs() < 1e-9),
            (None, Some(_)) => prop_assert!(!share.is_clustered()),
            (counted, summed) => prop_assert_eq!(counted, summed),
        }
    }

    #[test]
    fn missing_items_are_items_that_are_not_counted(
        flags in any_flags(),
        missing in 0..40_usize,
        size in 1..7_usize,
    ) {
        let known = flags.iter().map(|(at, flag)| (usize::from(*at), *flag));
        let more = (0..missing).map(|index| (100 + index / size, false));
        let all = ClusteredProportion::of(known.chain(more));
        let some = ClusteredProportion::with_missing(flags.iter().copied(), missing, size);
        prop_assert_eq!((some.share(), some.clusters()), (all.share(), all.clusters()));
        let (some, all) = (some.upper_limit(Level::P95), all.upper_limit(Level::P95));
        prop_assert!((some - all).abs() < 1e-12);
    }

    #[test]
    fn scaling_to_itself_changes_nothing(flags in any_flags()) {
        let share = share(&flags);
        prop_assert_eq!(share.with_count(share.count()), share);
        prop_assert_eq!(share.with_clusters(share.clusters()), share);
    }
}

/// So many clusters of five with this many counted items in each.
fn fives(counts: &[usize]) -> ClusteredProportion {
    let flags = counts.iter().enumerate();
    ClusteredProportion::of(flags.flat_map(|(at, k)| (0..5).map(move |i| (at, i < *k))))
}

#[test]
fn whole_clusters_count_once() {
    // 20 of 120 clusters wrong as a whole: 600 items that know as much as 120, less what the
    // degrees of freedom cost, (t_{.95, 599}/t_{.95, 119})² = 0.9874.
    let mut counts = vec![0; 120];
    counts[..20].fill(5);
    let share = fives(&counts);
    assert_eq!((share.count(), share.total(), share.clusters()), (100, 600, 120));
    // G/(G−1) · (n−1)/n · 5: whole clusters have a design effect of their size.
    let effect = share.design_effect().unwrap();
    assert!((effect - 5.0 * 120.0 / 119.0 * 599.0 / 600.0).abs() < 1e-12, "{effect}");
    let n = share.effective_n(Level::P95);
    assert!((n - 118.0).abs() < 0.8, "{n}");
    let plain = Proportion::new(20, 120).unwrap();
    let (upper, exact) = (share.upper_limit(Level::P95), plain.upper_limit(Level::P95));
    assert!(upper > exact && upper < exact + 0.002, "{upper} and {exact}");
}

#[test]
fn where_no_variance_can_be_seen_a_cluster_counts_once() {
    let none = fives(&[0; 120]);
    assert_eq!(none.design_effect(), None);
    assert!((none.effective_n(Level::P95) - 120.0).abs() < 1e-12);
    let exact = Proportion::new(0, 120).unwrap().upper_limit(Level::P95);
    assert!((none.upper_limit(Level::P95) - exact).abs() < 1e-15);
    assert!(none.lower_limit(Level::P95).abs() < f64::EPSILON);
    // Fourteen clusters with one bad item each look as if items were independent, and may not be.
    let mut counts = vec![0; 120];
    counts[..14].fill(1);
    assert!((fives(&counts).effective_n(Level::P95) - 120.0).abs() < 1e-12);
    counts[..15].fill(1);
    assert!(fives(&counts).effective_n(Level::P95) > 500.0);
    // Six that are all bad carry the variance, whatever few others hold one bad item each.
    counts[..6].fill(5);
    assert!(fives(&counts).effective_n(Level::P95) <= 120.0);
}

#[test]
fn one_cluster_tells_nothing() {
    for flags in [&[(0, true), (0, false)][..], &[(0, true), (0, true)]] {
        let one = share(flags);
        assert!(one.effective_n(Level::P95).abs() < f64::EPSILON);
        assert!(one.lower_limit(Level::P95).abs() < f64::EPSILON);
        assert!((one.upper_limit(Level::P95) - 1.0).abs() < f64::EPSILON);
    }
    assert_eq!(share(&[]).rate(), None);
    assert!((share(&[]).upper_limit(Level::P95) - 1.0).abs() < f64::EPSILON);
}

#[test]
fn no_number_of_missing_items_takes_time_or_overflows() {
    for missing in [1_000_000, 1_000_000_000_000, usize::MAX - 2] {
        let share = ClusteredProportion::with_missing([(0, true), (0, true)], missing, 5);
        assert_eq!((share.count(), share.total()), (2, missing + 2));
        let (lower, upper) = (share.lower_limit(Level::P95), share.upper_limit(Level::P95));
        assert!(0.0 <= lower && lower < upper && upper < 1e-4, "{lower:e} to {upper:e}");
    }
}

#[test]
fn another_number_of_clusters_keeps_their_kind() {
    let mut counts = vec![0; 120];
    counts[..20].fill(3);
    let share = fives(&counts);
    let twice = share.with_clusters(240);
    assert_eq!((twice.count(), twice.total(), twice.clusters()), (120, 1200, 240));
    assert_eq!(twice.design_effect(), share.design_effect());
    assert!(twice.upper_limit(Level::P95) < share.upper_limit(Level::P95));
    let fewer = share.with_count(30);
    assert_eq!((fewer.count(), fewer.total()), (30, 600));
    assert!((fewer.counting - 10.0).abs() < 1e-12 && (fewer.even - 120.0).abs() < 1e-12);
    assert_eq!(share.with_count(0).design_effect(), None);
}

/// A small generator, so that the simulation is the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn repeats_raise_false_alarms_only_where_they_are_taken_for_independent() {
    // 120 cases, 5 answers each, 10 % bad, intra-cluster correlation ½, drawn from Pólya's urn.
    let (runs, rate, correlation) = (400, 0.1, 0.5);
    let weight = (1.0 - correlation) / correlation;
    let mut random = SplitMix(2);
    let (mut clustered, mut naive) = (0, 0);
    for _ in 0..runs {
        let counts: Vec<usize> = (0..120)
            .map(|_| {
                let mut bad = 0.0;
                for drawn in 0..5 {
                    let p = (weight * rate + bad) / (weight + f64::from(drawn));
                    bad += f64::from(u8::from(random.uniform() < p));
                }
                (0..5).filter(|i| f64::from(*i) < bad).count()
            })
            .collect();
        let share = fives(&counts);
        clustered += usize::from(share.lower_limit(Level::P95) > rate);
        naive += usize::from(share.share().lower_limit(Level::P95) > rate);
    }
    // At 5 %, 400 runs are 20 alarms, and more than 35 in one of a thousand simulations.
    assert!(clustered <= 30, "{clustered} of {runs} with clusters");
    assert!(naive >= 50, "{naive} of {runs} without");
}
