//! Random numbers: one stream for each replicate, so that threads change nothing.
//!
//! A replicate's stream is named by the seed and the replicate's number and by
//! nothing else. However many threads share the replicates, each draws what it
//! would draw alone. The generator is xoshiro256++ (Blackman and Vigna, Scrambled
//! linear pseudorandom number generators, ACM TOMS 47, 2021), whose output is
//! the same on every platform and in every version.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// The numbers of one replicate.
#[derive(Debug, Clone)]
pub(super) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of a replicate. Seeds and replicates that are near each other
    /// give streams that are not: both go through the mixer of `SplitMix64`.
    pub(super) fn of(seed: u64, replicate: u64) -> Self {
        let mut mixed = Xoshiro256PlusPlus::seed_from_u64(seed);
        let base = mixed.next_u64();
        Self(Xoshiro256PlusPlus::seed_from_u64(base ^ replicate.wrapping_mul(GOLDEN)))
    }

    /// One of `0..n` for `n ≥ 1`, each as likely as the others up to `n/2^64`.
    ///
    /// Lemire, Fast random integer generation in an interval, ACM TOMACS 29 (2019),
    /// without its rejection, which would change less than the last bit.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * n as u128;
        usize::try_from(wide >> 64).unwrap_or(usize::MAX)
    }

    /// A number in `[0, 1)` with 53 random bits.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A fair coin for each of 64 items.
    pub(super) fn coins(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Puts the items in an order that is as likely as any other.
    ///
    /// Durstenfeld, Algorithm 235: random permutation, CACM 7 (1964).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// 2^64 over the golden ratio, odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_by_seed_and_replicate_alone() {
        let draws = |seed, replicate| {
            let mut stream = Stream::of(seed, replicate);
            [stream.coins(), stream.coins(), stream.coins()]
        };
        assert_eq!(draws(1, 2), draws(1, 2));
        let others = [draws(1, 2), draws(2, 1), draws(1, 3), draws(0, 0), draws(0, 1)];
        for (index, one) in others.iter().enumerate() {
            assert!(others[index + 1..].iter().all(|other| other[0] != one[0]), "{others:x?}");
        }
    }

    #[test]
    fn every_index_is_drawn_about_as_often() {
        let mut stream = Stream::of(7, 0);
        let mut drawn = [0_u32; 10];
        for _ in 0..100_000 {
            drawn[stream.below(10)] += 1;
        }
        // Six standard deviations of a count around 10,000.
        assert!(drawn.iter().all(|count| count.abs_diff(10_000) < 570), "{drawn:?}");
        let mean = (0..100_000).map(|_| stream.unit()).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 6.0 * (1.0_f64 / 12.0 / 1e5).sqrt());
    }

    #[test]
    fn every_order_is_as_likely() {
        let mut seen = std::collections::BTreeMap::new();
        for replicate in 0..60_000 {
            let mut items = [0, 1, 2];
            Stream::of(3, replicate).shuffle(&mut items);
            *seen.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| count.abs_diff(10_000) < 550), "{seen:?}");
    }
}
