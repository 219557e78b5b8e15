//! Which rows of a dataset, and in which order: all as they stand, or drawn by a seed.
//!
//! All of it is one shuffle: the rows are shuffled by the seed, a sample is the first so many of
//! the shuffled rows, and unless a shuffle was asked for it is put back into the order of the
//! files. So a larger sample of a seed holds the smaller one, and the replies that were stored for
//! the smaller serve the larger. The generator is written out here, since a crate's may change
//! with its version, and the same seed must draw the same rows everywhere and always.

use crate::span::{Fields, Problems, Spanned};

/// Which rows, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// So many rows, drawn without replacement; none means all.
    pub sample: Option<Spanned<usize>>,
    /// In an order that is drawn, instead of that of the files.
    pub shuffle: bool,
    /// What is drawn.
    pub seed: u64,
}

impl Order {
    /// Reads `sample`, `shuffle` and `seed` of a dataset.
    pub fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Order {
        let sample = fields.take("sample").and_then(|node| {
            let count = node.whole(problems)?;
            if count == 0 {
                problems.error(node.span, "a sample of no rows", "draw at least 1");
                return None;
            }
            Some(Spanned::new(count, node.span))
        });
        let shuffle = fields.take("shuffle");
        let seed = fields.take("seed");
        if let (Some(node), None, None) = (seed, &sample, shuffle) {
            let remedy = "add `sample: 200` or `shuffle: true`, or remove it";
            problems.warning(node.span, "a seed, and nothing is drawn", remedy);
        }
        Order {
            sample,
            shuffle: shuffle.and_then(|node| node.boolean(problems)).unwrap_or(false),
            seed: seed.and_then(|node| node.whole(problems)).unwrap_or(0),
        }
    }

    /// Whether the rows are those of the files, one after the other.
    pub(super) fn is_as_it_stands(&self) -> bool {
        self.sample.is_none() && !self.shuffle
    }

    /// Keeps the rows that are drawn, in place.
    pub fn draw<T, K: Ord>(&self, rows: &mut Vec<T>, number: impl Fn(&T) -> K) {
        let count = self.sample.as_ref().map_or(usize::MAX, |sample| sample.value).min(rows.len());
        let mut random = SplitMix64(self.seed);
        // Fisher and Yates from the front: what stands at the first places does not depend on how
        // many of them are wanted.
        for place in 0..count {
            let left = rows.len() - place;
            rows.swap(place, place + random.below(left));
        }
        rows.truncate(count);
        rows.shrink_to_fit();
        if !self.shuffle {
            rows.sort_unstable_by_key(number);
        }
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17
/// with the constants of `java.util.SplittableRandom`.
pub(super) struct SplitMix64(pub u64);

impl SplitMix64 {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, each as probable as the other: Lemire, "Fast random integer
    /// generation in an interval", ACM TOMACS 29 (2019), algorithm 5.
    #[expect(clippy::cast_possible_truncation, reason = "it is below a usize")]
    fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        loop {
            let (low, high) = self.next().carrying_mul(bound, 0);
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return high as usize;
            }
        }
    }
}
