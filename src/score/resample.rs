//! Intervals of the headline numbers together, by drawing clusters again.
//!
//! A replicate draws as many clusters as there are, with replacement, and every draw of a
//! cluster brings all of its answers. Nothing is copied and nothing is sorted again: a
//! cluster's multiplicity is a weight on its answers, which are sorted already, and one
//! pass over them gives every statistic, the ranking included.
//!
//! A percentile interval knows only what the sample shows. With no confident wrong answer
//! every replicate has none and the interval is [0, 0], which is no limit: the exact ones
//! of [`super::ClusteredProportion`] are there to decide, these to be looked at.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::items::{Items, indicator};
use super::level::Level;
use super::numbering::Numbering;
use super::percentile::percentile;
use super::proportion::Interval;
use super::random::Stream;
use super::sum::Sum;

/// How often clusters are drawn again, and from which numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Replicates, at least 1.
    pub replicates: usize,
    /// What names the random numbers: the same seed, the same bits.
    pub seed: u64,
}

/// Two-sided percentile intervals; `None` where a statistic is undefined in more than `α`
/// of the replicates, so that none can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadlineIntervals {
    /// Of the share of right answers.
    pub accuracy: Option<Interval>,
    /// Of the Brier score.
    pub brier: Option<Interval>,
    /// Of mean confidence minus accuracy.
    pub overconfidence_gap: Option<Interval>,
    /// Of the area under the ROC curve, over the replicates with right and wrong answers.
    pub auroc: Option<Interval>,
    /// Of the confident-wrong rate over all answers.
    pub confident_wrong: Option<Interval>,
}

/// Percentile intervals (type 7) of the headline numbers from resampled clusters;
/// `is_confident` says of an answer, named by its index, whether it counts as confident.
/// `None` with fewer than two clusters. Any number of threads gives the same bits.
///
/// Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; clusters
/// drawn whole: Davison and Hinkley, Bootstrap Methods and their Application (1997),
/// section 3.8.
#[must_use]
pub fn resample_headlines(
    items: &Items,
    is_confident: impl Fn(usize) -> bool,
    resampling: Resampling,
    level: Level,
) -> Option<HeadlineIntervals> {
    if items.cluster_count() < 2 {
        return None;
    }
    let sample = Sample::of(items, is_confident);
    let replicates: Vec<Replicate> = (0..resampling.replicates as u64)
        .into_par_iter()
        .map_init(
            || vec![0_u32; sample.len()],
            |times, replicate| sample.draw(&mut Stream::of(resampling.seed, replicate), times),
        )
        .collect();
    let interval = |of: fn(&Replicate) -> Option<f64>| {
        let mut values: Vec<f64> = replicates.iter().filter_map(of).collect();
        let undefined = (replicates.len() - values.len()) as f64;
        if undefined > level.alpha() * replicates.len() as f64 {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let tail = 0.5 * level.alpha();
        let (lower, upper) = (percentile(&values, tail)?, percentile(&values, 1.0 - tail)?);
        Some(Interval { lower, upper })
    };
    Some(HeadlineIntervals {
        accuracy: interval(|replicate| Some(replicate.accuracy)),
        brier: interval(|replicate| Some(replicate.brier)),
        overconfidence_gap: interval(|replicate| Some(replicate.overconfidence_gap)),
        auroc: interval(|replicate| replicate.auroc),
        confident_wrong: interval(|replicate| Some(replicate.confident_wrong)),
    })
}

/// The headline numbers of one replicate.
#[derive(Debug, Clone, Copy)]
struct Replicate {
    accuracy: f64,
    brier: f64,
    overconfidence_gap: f64,
    auroc: Option<f64>,
    confident_wrong: f64,
}

/// What one pass needs.
struct Sample<'a> {
    /// Empty where every answer is a cluster of its own: then the ranking has all that is to know.
    clusters: Vec<Cluster>,
    /// In ascending order of confidence.
    ranked: Vec<Ranked>,
    /// The same.
    confidence: &'a [f64],
}

/// The sums over the answers of a cluster.
#[derive(Debug, Clone, Copy, Default)]
struct Cluster {
    answers: u32,
    right: u32,
    confident_wrong: u32,
    claimed: f64,
    squares: f64,
}

/// An answer in the ranking.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    cluster: u32,
    right: bool,
    confident_wrong: bool,
    /// Whether the next answer is more confident.
    ends_tie: bool,
}

impl Cluster {
    fn add(&mut self, c: f64, answer: Ranked) {
        self.answers += 1;
        self.right += u32::from(answer.right);
        self.confident_wrong += u32::from(answer.confident_wrong);
        self.claimed += c;
        self.squares += (c - indicator(answer.right)).powi(2);
    }
}

impl<'a> Sample<'a> {
    /// Clusters are numbered in the order in which the ranking meets them, so that a pass
    /// over it finds the multiplicities of single answers side by side.
    fn of(items: &'a Items, is_confident: impl Fn(usize) -> bool) -> Self {
        let alone = items.cluster_count() == items.len();
        let mut number = Numbering::below(if alone { 0 } else { items.cluster_count() });
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut ranked: Vec<Ranked> = Vec::with_capacity(items.len());
        let (confidence, correct) = items.ascending_columns();
        for (place, (&index, (&c, &right))) in
            items.order().iter().zip(confidence.iter().zip(correct)).enumerate()
        {
            let cluster = if alone { place } else { number.of_place(items.clusters()[index]) };
            let answer = Ranked {
                cluster: u32::try_from(cluster).expect("fewer than 2^32 answers"),
                right,
                confident_wrong: !right && is_confident(index),
                ends_tie: confidence.get(place + 1) != Some(&c),
            };
            ranked.push(answer);
            if alone {
                continue;
            }
            if cluster == clusters.len() {
                clusters.push(Cluster::default());
            }
            clusters[cluster].add(c, answer);
        }
        Self { clusters, ranked, confidence }
    }

    /// How many clusters there are.
    fn len(&self) -> usize {
        if self.clusters.is_empty() { self.ranked.len() } else { self.clusters.len() }
    }

    /// The sums over the answers of each cluster.
    fn sums(&self) -> impl Iterator<Item = Cluster> {
        let alone = if self.clusters.is_empty() { &self.ranked[..] } else { &[] };
        let alone = alone.iter().zip(self.confidence).map(|(answer, c)| {
            let mut cluster = Cluster::default();
            cluster.add(*c, *answer);
            cluster
        });
        self.clusters.iter().copied().chain(alone)
    }

    /// Draws a replicate; `times` is room for how often each cluster is drawn.
    fn draw(&self, stream: &mut Stream, times: &mut [u32]) -> Replicate {
        times.fill(0);
        for _ in 0..times.len() {
            times[stream.below(times.len())] += 1;
        }
        let (mut answers, mut right, mut confident_wrong) = (0, 0, 0);
        let (mut claimed, mut squares) = (Sum::default(), Sum::default());
        for (cluster, times) in self.sums().zip(&*times) {
            let (count, weight) = (u64::from(*times), f64::from(*times));
            answers += count * u64::from(cluster.answers);
            right += count * u64::from(cluster.right);
            confident_wrong += count * u64::from(cluster.confident_wrong);
            claimed.add(weight * cluster.claimed);
            squares.add(weight * cluster.squares);
        }
        let n = answers as f64;
        Replicate {
            accuracy: right as f64 / n,
            brier: squares.value() / n,
            overconfidence_gap: (claimed.value() - right as f64) / n,
            auroc: self.auroc(times),
            confident_wrong: confident_wrong as f64 / n,
        }
    }

    /// As [`super::auroc()`], an answer counting as often as its cluster was drawn.
    fn auroc(&self, times: &[u32]) -> Option<f64> {
        let (mut right, mut wrong, mut twice_won) = (0_u64, 0_u64, 0_u128);
        let mut here = [0_u64; 2];
        for answer in &self.ranked {
            here[usize::from(answer.right)] += u64::from(times[answer.cluster as usize]);
            if answer.ends_tie {
                let [wrong_here, right_here] = here;
                twice_won += u128::from(right_here) * u128::from(2 * wrong + wrong_here);
                right += right_here;
                wrong += wrong_here;
                here = [0, 0];
            }
        }
        let pairs = u128::from(right) * u128::from(wrong);
        (pairs > 0).then(|| twice_won as f64 / (2 * pairs) as f64)
    }
}

#[cfg(test)]
mod tests;
