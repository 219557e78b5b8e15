//! The sample that every metric reads: validated once, sorted once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use rayon::slice::ParallelSliceMut;

use super::numbering::{Numbering, all_different};
use super::random::Stream;

/// Graded answers that state a confidence: a paired sample of `n` confidences
/// in `[0, 1]` and `n` verdicts.
///
/// It can be empty; metrics of an empty sample are `None`. It owns its stable
/// ascending order and both columns in that order, so that no metric sorts for
/// itself and none jumps through memory. Items may be alike in clusters, such as the
/// answers to one question; unless told, each is on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    confidence: Vec<f64>,
    correct: Vec<bool>,
    order: Vec<usize>,
    ascending: Ascending,
    clusters: Vec<usize>,
    cluster_count: usize,
}

/// The columns in ascending order of confidence.
#[derive(Debug, Clone, PartialEq)]
struct Ascending {
    confidence: Vec<f64>,
    correct: Vec<bool>,
}

/// All items of one confidence: what a metric must treat alike whatever the
/// order of the input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tie {
    /// The confidence that they share.
    pub confidence: f64,
    /// How many items have it, at least 1.
    pub n: usize,
    /// How many of these are correct.
    pub correct: usize,
}

impl Tie {
    fn of(confidence: f64, correct: &[bool]) -> Self {
        let right = correct.iter().filter(|right| **right).count();
        Self { confidence, n: correct.len(), correct: right }
    }

    /// How many of these are wrong.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.n - self.correct
    }
}

/// Why two columns are no sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ItemsError {
    /// The columns differ in length; `index` is the first without a partner.
    Unpaired {
        /// Position of the first value without a partner.
        index: usize,
        /// Number of confidences.
        confidences: usize,
        /// Number of verdicts.
        verdicts: usize,
    },
    /// There is not one cluster for each item.
    Unclustered {
        /// Number of clusters given, one for an item.
        clusters: usize,
        /// Number of items.
        items: usize,
    },
    /// The confidence at `index` is NaN.
    NotANumber {
        /// Position in the input.
        index: usize,
    },
    /// The confidence at `index` is outside `[0, 1]` (infinities included).
    OutOfRange {
        /// Position in the input.
        index: usize,
        /// The value found there.
        value: f64,
    },
}

impl fmt::Display for ItemsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpaired { index, confidences, verdicts } => write!(
                f,
                "item {index} has no partner: {confidences} confidences for {verdicts} verdicts \
                 (leave out answers that lack one of the two)"
            ),
            Self::Unclustered { clusters, items } => write!(
                f,
                "{clusters} clusters for {items} items (name the cluster of each item, in their order)"
            ),
            Self::NotANumber { index } => write!(
                f,
                "confidence {index} is not a number (leave the answer out and count it as missing)"
            ),
            Self::OutOfRange { index, value } => write!(
                f,
                "confidence {index} is {value}, outside 0 to 1 (divide percentages by 100)"
            ),
        }
    }
}

impl std::error::Error for ItemsError {}

impl Items {
    /// Pairs confidences with verdicts, `correct[i]` belonging to
    /// `confidence[i]`. Negative zero becomes zero.
    ///
    /// # Errors
    ///
    /// [`ItemsError`] for columns of unequal length, and for the first
    /// confidence that is NaN or outside `[0, 1]`.
    pub fn new(mut confidence: Vec<f64>, correct: Vec<bool>) -> Result<Self, ItemsError> {
        if confidence.len() != correct.len() {
            return Err(ItemsError::Unpaired {
                index: confidence.len().min(correct.len()),
                confidences: confidence.len(),
                verdicts: correct.len(),
            });
        }
        for (index, value) in confidence.iter_mut().enumerate() {
            if value.is_nan() {
                return Err(ItemsError::NotANumber { index });
            }
            if !(0.0..=1.0).contains(value) {
                return Err(ItemsError::OutOfRange { index, value: *value });
            }
            // -0.0 + 0.0 is 0.0, so that equal values have equal bits.
            *value += 0.0;
        }
        let mut keys: Vec<(u64, usize)> =
            confidence.iter().enumerate().map(|(index, c)| (c.to_bits(), index)).collect();
        // Of numbers that are not negative the bits are in the order of the numbers.
        keys.par_sort_unstable();
        let ascending = Ascending {
            confidence: keys.iter().map(|&(bits, _)| f64::from_bits(bits)).collect(),
            correct: keys.iter().map(|&(_, index)| correct[index]).collect(),
        };
        let order = keys.into_iter().map(|(_, index)| index).collect();
        let cluster_count = confidence.len();
        let clusters = (0..cluster_count).collect();
        Ok(Self { confidence, correct, order, ascending, clusters, cluster_count })
    }

    /// The same items, `keys[i]` naming the cluster that item `i` belongs to.
    ///
    /// # Errors
    ///
    /// [`ItemsError::Unclustered`] unless there are as many keys as items.
    pub fn in_clusters<K: Eq + Hash>(
        self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Self, ItemsError> {
        let mut number: HashMap<K, usize> = HashMap::new();
        let clusters: Vec<usize> = keys
            .into_iter()
            .map(|key| {
                let next = number.len();
                *number.entry(key).or_insert(next)
            })
            .collect();
        if clusters.len() != self.len() {
            let (clusters, items) = (clusters.len(), self.len());
            return Err(ItemsError::Unclustered { clusters, items });
        }
        Ok(Self { clusters, cluster_count: number.len(), ..self })
    }

    /// The same for clusters that are named by numbers, which a table finds.
    ///
    /// # Errors
    ///
    /// As [`Items::in_clusters`].
    pub fn in_keyed_clusters(self, keys: &[u32]) -> Result<Self, ItemsError> {
        if keys.len() != self.len() {
            let (clusters, items) = (keys.len(), self.len());
            return Err(ItemsError::Unclustered { clusters, items });
        }
        let below = keys.iter().max().map_or(0, |last| *last as usize + 1);
        if all_different(keys.iter().copied(), below) {
            return Ok(self);
        }
        let mut number = Numbering::below(below);
        let clusters = keys.iter().map(|key| number.of(*key)).collect();
        Ok(Self { clusters, cluster_count: number.len(), ..self })
    }

    /// One item of each cluster, in order of the clusters' first appearance: what may be
    /// taken for independent. Which one is drawn by the seed and the cluster's number, and
    /// by nothing that is in the items. Without clusters of several, these very items.
    #[must_use]
    pub fn one_a_cluster(&self, seed: u64) -> Cow<'_, Self> {
        if self.cluster_count == self.len() {
            return Cow::Borrowed(self);
        }
        let mut sizes = vec![0; self.cluster_count];
        for &cluster in &self.clusters {
            sizes[cluster] += 1;
        }
        // Which of its members in their order is drawn; counted down as they come.
        let mut left: Vec<usize> = (0_u64..)
            .zip(sizes)
            .map(|(cluster, size)| Stream::of(seed, cluster).below(size))
            .collect();
        let mut drawn = vec![0; self.cluster_count];
        for (index, &cluster) in self.clusters.iter().enumerate() {
            if left[cluster] == 0 {
                drawn[cluster] = index;
            }
            left[cluster] = left[cluster].wrapping_sub(1);
        }
        Cow::Owned(self.subset(&drawn))
    }

    /// The items at these indices, in this order, each a cluster of its own.
    fn subset(&self, indices: &[usize]) -> Self {
        let confidence = indices.iter().map(|&index| self.confidence[index]).collect();
        let correct = indices.iter().map(|&index| self.correct[index]).collect();
        Self::new(confidence, correct).expect("they were valid before")
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.confidence.len()
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.confidence.is_empty()
    }

    /// The confidences in input order, length `n`.
    #[must_use]
    pub fn confidence(&self) -> &[f64] {
        &self.confidence
    }

    /// The verdicts in input order, length `n`.
    #[must_use]
    pub fn correct(&self) -> &[bool] {
        &self.correct
    }

    /// The number of each item's cluster, from 0 in order of first appearance, length
    /// `n`.
    #[must_use]
    pub fn clusters(&self) -> &[usize] {
        &self.clusters
    }

    /// The number of clusters `G ≤ n`.
    #[must_use]
    pub fn cluster_count(&self) -> usize {
        self.cluster_count
    }

    /// Indices into the input by ascending confidence, ties in input order,
    /// length `n`.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// `(confidence, correct)` in input order, length `n`.
    #[must_use]
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (f64, bool)> + '_ {
        self.confidence.iter().copied().zip(self.correct.iter().copied())
    }

    /// `(confidence, correct)` by ascending confidence, ties in input order, length
    /// `n`.
    #[must_use]
    pub fn ascending(
        &self,
    ) -> impl ExactSizeIterator<Item = (f64, bool)> + DoubleEndedIterator + Clone + '_ {
        let Ascending { confidence, correct } = &self.ascending;
        confidence.iter().copied().zip(correct.iter().copied())
    }

    /// The same as two columns.
    pub(super) fn ascending_columns(&self) -> (&[f64], &[bool]) {
        (&self.ascending.confidence, &self.ascending.correct)
    }

    /// The distinct confidences, ascending, each with its counts.
    pub fn ties(&self) -> impl Iterator<Item = Tie> + '_ {
        let Ascending { confidence, correct } = &self.ascending;
        let mut correct = correct.as_slice();
        confidence.chunk_by(|one, next| one.to_bits() == next.to_bits()).map(move |group| {
            let (here, above) = correct.split_at(group.len());
            correct = above;
            Tie::of(group[0], here)
        })
    }

    /// The distinct confidences, descending, each with its counts.
    pub fn ties_descending(&self) -> impl Iterator<Item = Tie> + '_ {
        let Ascending { confidence, correct } = &self.ascending;
        let mut correct = correct.as_slice();
        confidence.chunk_by(|one, next| one.to_bits() == next.to_bits()).rev().map(move |group| {
            let (below, here) = correct.split_at(correct.len() - group.len());
            correct = below;
            Tie::of(group[0], here)
        })
    }
}

/// A verdict as a number: 1 for correct, 0 for wrong.
pub(super) fn indicator(correct: bool) -> f64 {
    f64::from(u8::from(correct))
}

/// Samples for property tests: stated confidences, which tie, among continuous
/// ones, which do not.
#[cfg(test)]
pub(super) fn any_items() -> impl proptest::strategy::Strategy<Value = Items> {
    use proptest::prelude::*;

    let stated = (0..=10_u8).prop_map(|tenths| f64::from(tenths) / 10.0);
    let item = (prop_oneof![stated, 0.0..=1.0], any::<bool>());
    prop::collection::vec(item, 0..60).prop_map(|items| {
        let (confidence, correct) = items.into_iter().unzip();
        Items::new(confidence, correct).expect("generated inside the unit interval")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_sample_and_says_where() {
        let refuse = |confidence: &[f64], n: usize| {
            Items::new(confidence.to_vec(), vec![true; n]).unwrap_err()
        };
        assert_eq!(refuse(&[0.5, f64::NAN], 2), ItemsError::NotANumber { index: 1 });
        for value in [-1e-300, 1.000_000_1, f64::INFINITY, f64::NEG_INFINITY] {
            let index = 2;
            assert_eq!(refuse(&[0.0, 1.0, value], 3), ItemsError::OutOfRange { index, value });
        }
        assert_eq!(
            refuse(&[0.5, 0.5, 0.5], 2).to_string(),
            "item 2 has no partner: 3 confidences for 2 verdicts (leave out answers that lack one of the two)"
        );
    }

    #[test]
    fn sorts_once_and_keeps_ties_in_input_order() {
        let items = Items::new(vec![0.5, 0.0, 0.5, -0.0], vec![true, true, false, false]).unwrap();
        assert_eq!(items.order(), [1, 3, 0, 2]);
        let ties: Vec<Tie> = items.ties().collect();
        assert_eq!(ties.len(), 2);
        assert_eq!((ties[0].n, ties[0].correct, ties[0].wrong()), (2, 1, 1));
        let mut descending: Vec<Tie> = items.ties_descending().collect();
        descending.reverse();
        assert_eq!(ties, descending);
        assert!(items.confidence()[3].is_sign_positive());
    }

    #[test]
    fn items_may_share_clusters() {
        let items = || Items::new(vec![0.5, 0.6, 0.7], vec![true, false, true]).unwrap();
        assert_eq!(items().clusters(), [0, 1, 2]);
        assert_eq!(items().in_clusters(["b", "a", "b"]).unwrap().clusters(), [0, 1, 0]);
        assert_eq!(
            items().in_clusters(["b", "a"]).unwrap_err().to_string(),
            "2 clusters for 3 items (name the cluster of each item, in their order)"
        );
    }

    #[test]
    fn one_item_of_each_cluster_is_drawn_fairly() {
        let items = Items::new(vec![0.1, 0.2, 0.3, 0.4], vec![true; 4]).unwrap();
        let items = items.in_clusters(["a", "b", "a", "a"]).unwrap();
        let mut drawn = std::collections::BTreeMap::new();
        for seed in 0..3000 {
            let one = items.one_a_cluster(seed);
            assert_eq!((one.len(), one.confidence()[1].to_bits()), (2, 0.2_f64.to_bits()));
            *drawn.entry(one.confidence()[0].to_bits()).or_insert(0_i32) += 1;
        }
        assert_eq!(drawn.len(), 3);
        assert!(drawn.values().all(|count| (count - 1000).abs() < 160), "{drawn:?}");
        let alone = Items::new(vec![0.1, 0.2], vec![true, false]).unwrap();
        assert_eq!(*alone.one_a_cluster(7), alone);
    }

    #[test]
    fn may_be_empty() {
        let items = Items::new(vec![], vec![]).unwrap();
        assert!(items.is_empty());
        assert_eq!(items.ties().count(), 0);
    }
}
