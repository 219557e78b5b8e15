//! The sign-flip test: if nothing changed, every difference might as well have come out the other
//! way round.
//!
//! Baseline and candidate of a cluster can be exchanged where there is no difference between them,
//! and exchanging them flips the sign of the cluster's sum. So the sum over all clusters is one of
//! `2^G` equally likely ones, and its p value is the share of them that are as extreme. Clusters flip
//! whole: answers to one question are alike, and flipping them one by one would raise false alarms.
//!
//! Sums of counts have few values, and their distribution is added up exactly for any number of
//! clusters. Other sums are enumerated up to 32 clusters and drawn beyond.

use rayon::prelude::*;

use super::random::Stream;

/// Up to so many clusters whose sum is not 0, all flips are looked at.
const ENUMERATED: usize = 32;

/// Up to so many steps the distribution of a sum of counts is added up.
const MOST_STEPS: u64 = 400_000_000;

/// Sums that differ by less, in units of the largest sum there is, are the same: they differ by
/// rounding.
const SLACK: f64 = 1e-12;

/// How flips are drawn where there are too many to look at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// How many, at least 1.
    pub replicates: usize,
    /// The seed; the same one gives the same p, with any number of threads.
    pub seed: u64,
}

/// Shares of all flips, the one that was seen included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignFlip {
    /// Those with a sum at least as great.
    pub greater: f64,
    /// Those with a sum at most as great.
    pub less: f64,
    /// Those with a sum at least as far from 0.
    pub two_sided: f64,
    /// How many were drawn; none where all were looked at.
    pub drawn: Option<usize>,
}

impl SignFlip {
    /// The test of the sums of independent clusters; exact for at most 32 of them that are not 0.
    #[must_use]
    pub fn of(sums: &[f64], draws: Draws) -> Self {
        Self::enumerated(sums).unwrap_or_else(|| Self::drawn(sums, draws))
    }

    /// The same for sums of counts, exact in nearly any number.
    #[must_use]
    pub fn of_counts(sums: &[i64], draws: Draws) -> Self {
        Self::added_up(sums).unwrap_or_else(|| {
            let sums: Vec<f64> = sums.iter().map(|&sum| sum as f64).collect();
            Self::drawn(&sums, draws)
        })
    }

    /// All flips, counted by halves: the sums of one half of the clusters, sorted, against those of
    /// the other. `None` beyond 32 clusters.
    ///
    /// Horowitz and Sahni, Computing partitions with applications to the knapsack problem, JACM 21
    /// (1974), for the halves.
    fn enumerated(sums: &[f64]) -> Option<Self> {
        // Flipping 0 changes nothing: it doubles every count.
        let moving: Vec<f64> = sums.iter().copied().filter(|sum| *sum != 0.0).collect();
        if moving.len() > ENUMERATED {
            return None;
        }
        let (one, other) = moving.split_at(moving.len() / 2);
        let (one, other) = (all_sums(one), all_sums(other));
        let all = one.len() as f64 * other.len() as f64;
        let seen: f64 = moving.iter().sum();
        let slack = SLACK * moving.iter().map(|sum| sum.abs()).sum::<f64>();
        let at_least = |limit: f64| {
            let mut from = other.len();
            let counts = one.iter().map(|a| {
                while from > 0 && a + other[from - 1] >= limit {
                    from -= 1;
                }
                other.len() - from
            });
            // Both halves are at most 2^16 sums: their product is exact.
            counts.map(|count| count as f64).sum::<f64>() / all
        };
        // Flipping everything turns a sum around, so both tails are the same.
        let far = seen.abs() - slack;
        let two_sided = if far <= 0.0 { 1.0 } else { 2.0 * at_least(far) };
        Some(Self {
            greater: at_least(seen - slack),
            less: at_least(-seen - slack),
            two_sided: two_sided.min(1.0),
            drawn: None,
        })
    }

    /// The distribution of the sum of those that turn negative, added up cluster by cluster. `None`
    /// where that would take too long.
    fn added_up(sums: &[i64]) -> Option<Self> {
        let sizes: Vec<u64> =
            sums.iter().map(|sum| sum.unsigned_abs()).filter(|size| *size > 0).collect();
        let total = sizes.iter().try_fold(0_u64, |total, size| total.checked_add(*size))?;
        if total.checked_mul(sizes.len() as u64)? > MOST_STEPS {
            return None;
        }
        let total = usize::try_from(total).ok()?;
        let mut mass = vec![0.0; total + 1];
        mass[0] = 1.0;
        let mut reached = 0;
        for size in sizes {
            let size = usize::try_from(size).ok()?;
            reached += size;
            for sum in (0..=reached).rev() {
                let flipped = if sum >= size { mass[sum - size] } else { 0.0 };
                mass[sum] = 0.5 * (mass[sum] + flipped);
            }
        }
        // A sum T of all is total − 2·(the sum of those that turn negative).
        let at_least = |sum: i64| -> f64 {
            let total = i64::try_from(total).unwrap_or(i64::MAX);
            let most = (total - sum).div_euclid(2);
            usize::try_from(most).map_or(0.0, |most| mass.iter().take(most + 1).sum())
        };
        let seen: i64 = sums.iter().sum();
        let two_sided = if seen == 0 { 1.0 } else { 2.0 * at_least(seen.abs()) };
        Some(Self {
            greater: at_least(seen).min(1.0),
            less: at_least(-seen).min(1.0),
            two_sided: two_sided.min(1.0),
            drawn: None,
        })
    }

    /// Flips drawn at random: `(1 + #)/(R + 1)`, which counts the one that was seen.
    ///
    /// Phipson and Smyth, Permutation p-values should never be zero, Statistical Applications in
    /// Genetics and Molecular Biology 9 (2010).
    #[must_use]
    pub fn drawn(sums: &[f64], Draws { replicates, seed }: Draws) -> Self {
        let moving: Vec<f64> = sums.iter().copied().filter(|sum| *sum != 0.0).collect();
        let seen: f64 = moving.iter().sum();
        let slack = SLACK * moving.iter().map(|sum| sum.abs()).sum::<f64>();
        let tables: Vec<[f64; 256]> = moving.chunks(8).map(flipped_by_byte).collect();
        let counts = (0..replicates as u64).into_par_iter().map(|replicate| {
            let sum = flipped(&tables, &mut Stream::of(seed, replicate));
            let count = |holds: bool| usize::from(holds);
            [
                count(sum >= seen - slack),
                count(sum <= seen + slack),
                count(sum.abs() >= seen.abs() - slack),
            ]
        });
        let [greater, less, two_sided] = counts.reduce(
            || [0; 3],
            |one, other| [one[0] + other[0], one[1] + other[1], one[2] + other[2]],
        );
        let share = |count: usize| (count + 1) as f64 / (replicates + 1) as f64;
        Self {
            greater: share(greater),
            less: share(less),
            two_sided: share(two_sided),
            drawn: Some(replicates),
        }
    }
}

/// Every sum that flips give, ascending.
fn all_sums(sums: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0];
    for sum in sums {
        all = all.iter().flat_map(|before| [before - sum, before + sum]).collect();
    }
    all.sort_unstable_by(f64::total_cmp);
    all
}

/// The sum of up to eight with the signs that the bits of a byte say, for every byte: eight coins
/// are one look-up.
fn flipped_by_byte(sums: &[f64]) -> [f64; 256] {
    let mut table = [0.0; 256];
    for (byte, total) in table.iter_mut().enumerate() {
        *total = sums
            .iter()
            .enumerate()
            .map(|(bit, sum)| if byte >> bit & 1 == 0 { *sum } else { -sum })
            .sum();
    }
    table
}

/// The sum with each sign by a fair coin.
fn flipped(tables: &[[f64; 256]], stream: &mut Stream) -> f64 {
    let mut total = 0.0;
    for some in tables.chunks(8) {
        let coins = stream.coins().to_le_bytes();
        total += some.iter().zip(coins).map(|(table, byte)| table[usize::from(byte)]).sum::<f64>();
    }
    total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::mcnemar::McNemar;
    use super::*;

    const DRAWS: Draws = Draws { replicates: 9_999, seed: 1 };

    /// All sign vectors, one after the other.
    fn naive(sums: &[f64]) -> [f64; 3] {
        let seen: f64 = sums.iter().sum();
        let slack = 1e-12 * sums.iter().map(|sum| sum.abs()).sum::<f64>();
        let mut counts = [0.0; 3];
        for signs in 0..1_u32 << sums.len() {
            let sum: f64 = sums
                .iter()
                .enumerate()
                .map(|(at, sum)| if signs >> at & 1 == 0 { *sum } else { -sum })
                .sum();
            counts[0] += f64::from(u8::from(sum >= seen - slack));
            counts[1] += f64::from(u8::from(sum <= seen + slack));
            counts[2] += f64::from(u8::from(sum.abs() >= seen.abs() - slack));
        }
        counts.map(|count| count / f64::from(1_u32 << sums.len()))
    }

    fn is(test: SignFlip, truth: [f64; 3], within: f64) -> bool {
        let found = [test.greater, test.less, test.two_sided];
        found.iter().zip(truth).all(|(found, truth)| (found - truth).abs() <= within)
    }

    proptest! {
        #[test]
        fn all_flips_are_counted(
            sums in prop::collection::vec(prop_oneof![-1.0..=1.0, Just(0.0), Just(0.25)], 0..13),
        ) {
            let test = SignFlip::of(&sums, DRAWS);
            prop_assert_eq!(test.drawn, None);
            prop_assert!(is(test, naive(&sums), 1e-12), "{:?} {:?}", test, naive(&sums));
        }

        #[test]
        fn counts_are_added_up_to_the_same(sums in prop::collection::vec(-4..=4_i64, 0..13)) {
            let test = SignFlip::of_counts(&sums, DRAWS);
            let sums: Vec<f64> = sums.iter().map(|sum| *sum as f64).collect();
            prop_assert!(is(test, naive(&sums), 1e-12), "{:?} {:?}", test, naive(&sums));
        }

        #[test]
        fn with_one_case_a_cluster_it_is_mcnemars_test(
            baseline_only in 0..300_usize,
            candidate_only in 0..300_usize,
        ) {
            let down = std::iter::repeat_n(-1, baseline_only);
            let sums: Vec<i64> = down.chain(std::iter::repeat_n(1, candidate_only)).collect();
            let (test, mcnemar) =
                (SignFlip::of_counts(&sums, DRAWS), McNemar { baseline_only, candidate_only });
            prop_assert!((test.less / mcnemar.exact_regression() - 1.0).abs() < 1e-9);
            prop_assert!((test.two_sided / mcnemar.exact_two_sided() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn drawn_flips_come_near_all_of_them() {
        let sums: Vec<f64> = (0..30).map(|i| f64::from(i % 7) - 2.6).collect();
        let (all, drawn) = (SignFlip::of(&sums, DRAWS), SignFlip::drawn(&sums, DRAWS));
        assert_eq!((all.drawn, drawn.drawn), (None, Some(9_999)));
        assert!(is(drawn, [all.greater, all.less, all.two_sided], 0.025), "{all:?} {drawn:?}");
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let sums: Vec<f64> = (0..300).map(|i| f64::from(i % 11) - 4.9).collect();
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| SignFlip::of(&sums, DRAWS))
        };
        assert_eq!(on(1), on(3));
        let other = SignFlip::of(&sums, Draws { seed: 2, ..DRAWS });
        assert_ne!(on(1), other, "another seed draws others");
    }

    #[test]
    fn where_nothing_differs_nothing_is_unusual() {
        for sums in [&[][..], &[0, 0, 0]] {
            let test = SignFlip::of_counts(sums, DRAWS);
            assert!(is(test, [1.0; 3], 0.0), "{test:?}");
        }
    }
}
