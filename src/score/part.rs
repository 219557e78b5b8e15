//! A part of a sample against the rest of it: is it otherwise there?

use std::collections::HashMap;

use rayon::prelude::*;
use statrs::function::factorial::ln_binomial;

use super::power::Errors;
use super::random::Stream;

/// Relabellings where items are alike in clusters.
const RELABELLED: usize = 1999;

/// Probabilities that differ by less than this, relatively, are of the same table; R's
/// `fisher.test` has the same slack.
const SLACK: f64 = 1e-7;

/// Flagged items in clusters, of which parts are held against the rest.
#[derive(Debug, Clone)]
pub struct Whole {
    clusters: Vec<u32>,
    flags: Vec<bool>,
    groups: Vec<Side>,
    all: Side,
}

impl Whole {
    /// Two columns of one length: the cluster of each item, numbered from 0 without gaps to speak
    /// of, and whether it is flagged.
    #[must_use]
    pub fn of(clusters: Vec<u32>, flags: Vec<bool>) -> Self {
        let last = clusters.iter().max().map_or(0, |last| *last as usize + 1);
        let mut groups = vec![Side::default(); last];
        let mut all = Side::default();
        for (&cluster, &flag) in clusters.iter().zip(&flags) {
            groups[cluster as usize].add(flag);
            all.add(flag);
        }
        Self { clusters, flags, groups, all }
    }

    /// The share that is flagged. `None` without items.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        self.all.share()
    }

    /// The number of clusters.
    #[must_use]
    pub fn clusters(&self) -> usize {
        self.groups.iter().filter(|group| group.size > 0).count()
    }

    /// The part that these items are, named by their indices, each once.
    ///
    /// # Panics
    ///
    /// Unless there are such items.
    #[must_use]
    pub fn part(&self, items: &[usize]) -> Part<'_> {
        let mut inside = Side::default();
        let mut seen: HashMap<u32, usize> = HashMap::new();
        for &item in items {
            inside.add(self.flags[item]);
            *seen.entry(self.clusters[item]).or_default() += 1;
        }
        let split = seen.iter().any(|(cluster, size)| self.groups[*cluster as usize].size != *size);
        Part { whole: self, inside, clusters: seen.len(), split }
    }
}

/// A part of the items.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    whole: &'a Whole,
    inside: Side,
    clusters: usize,
    split: bool,
}

impl Part<'_> {
    /// The number of clusters that it has items of.
    #[must_use]
    pub fn clusters(self) -> usize {
        self.clusters
    }

    /// The share of the items outside that is flagged. `None` if there are none.
    #[must_use]
    pub fn elsewhere(self) -> Option<f64> {
        let Side { flagged, size } = self.whole.all;
        let outside =
            Side { flagged: flagged - self.inside.flagged, size: size - self.inside.size };
        outside.share()
    }

    /// Two-sided p of the hypothesis that items inside are flagged as often as those outside.
    /// `None` if one side is empty, or if a cluster has items on both.
    ///
    /// Of independent items it is Fisher's exact test: the probability of all tables with the same
    /// margins that are no more probable than the one seen (Fisher, The logic of inductive
    /// inference, JRSS 98, 1935). Otherwise whole clusters are dealt to the sides anew,
    /// `(1+#)/(R+1)` with a seed, by how far apart the shares are (Phipson and Smyth, Permutation
    /// p-values should never be zero, SAGMB 9, 2010).
    #[must_use]
    pub fn p_value(self, seed: u64) -> Option<f64> {
        let Part { whole, inside, clusters, split } = self;
        let all = whole.all;
        if split || inside.size == 0 || inside.size == all.size {
            return None;
        }
        if whole.groups.iter().all(|group| group.size <= 1) {
            return Some(fisher(inside, all));
        }
        let groups: Vec<Side> = whole.groups.iter().copied().filter(|at| at.size > 0).collect();
        let apart = inside.apart(all);
        let as_far = (0..RELABELLED).into_par_iter().filter(|&draw| {
            let mut order: Vec<usize> = (0..groups.len()).collect();
            Stream::of(seed, draw as u64).shuffle(&mut order);
            let dealt = Side::of(order[..clusters].iter().map(|index| &groups[*index]));
            // The same shares from other sums must not differ from themselves.
            dealt.size < all.size && dealt.apart(all) >= apart - 1e-12
        });
        Some((1 + as_far.count()) as f64 / (1 + RELABELLED) as f64)
    }
}

/// Independent items of a part that show, with these errors, a share that is `difference` away from
/// that of a much larger rest, `rate`; towards ½, where it takes the more:
/// `((z_α √(p₀q₀) + z_power √(p₁q₁))/d)²`. `None` where the shares or the errors cannot be.
///
/// Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), section 2.4.
#[must_use]
pub fn part_sample_size(rate: f64, difference: f64, errors: Errors) -> Option<usize> {
    let (z_alpha, z_power) = errors.quantiles()?;
    if !((0.0..=1.0).contains(&rate) && difference > 0.0 && difference < 1.0) {
        return None;
    }
    let other = if rate <= 0.5 { rate + difference } else { rate - difference };
    let spread = |p: f64| (p * (1.0 - p)).max(0.0).sqrt();
    let root = (z_alpha * spread(rate) + z_power * spread(other)) / difference;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    Some((root * root).ceil().max(1.0) as usize)
}

#[derive(Debug, Clone, Copy, Default)]
struct Side {
    flagged: usize,
    size: usize,
}

impl Side {
    fn add(&mut self, flag: bool) {
        self.size += 1;
        self.flagged += usize::from(flag);
    }

    fn of<'a>(groups: impl Iterator<Item = &'a Side>) -> Self {
        groups.fold(Side::default(), |side, group| Side {
            flagged: side.flagged + group.flagged,
            size: side.size + group.size,
        })
    }

    fn share(self) -> Option<f64> {
        (self.size > 0).then(|| self.flagged as f64 / self.size as f64)
    }

    /// How far the share inside is from the share outside.
    fn apart(self, all: Side) -> f64 {
        let inside = self.flagged as f64 / self.size as f64;
        let outside = (all.flagged - self.flagged) as f64 / (all.size - self.size) as f64;
        (inside - outside).abs()
    }
}

fn fisher(part: Side, all: Side) -> f64 {
    let ln = |n: usize, k: usize| ln_binomial(n as u64, k as u64);
    let outside = all.size - part.size;
    let ln_table = |flagged: usize| {
        ln(part.size, flagged) + ln(outside, all.flagged - flagged) - ln(all.size, all.flagged)
    };
    let seen = ln_table(part.flagged) + SLACK;
    let least = all.flagged.saturating_sub(outside);
    let tables = (least..=part.size.min(all.flagged)).map(ln_table);
    super::sum::sum(tables.filter(|ln| *ln <= seen).map(f64::exp)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::power::Tails;
    use super::*;

    fn part_against_rest(clusters: &[u32], flags: &[bool], inside: &[bool]) -> Option<f64> {
        let items: Vec<usize> = (0..flags.len()).filter(|item| inside[*item]).collect();
        Whole::of(clusters.to_vec(), flags.to_vec()).part(&items).p_value(1)
    }

    /// A part with so many flagged of so many, and the rest.
    fn p(part: (usize, usize), rest: (usize, usize)) -> Option<f64> {
        let column = |(flagged, size): (usize, usize), inside: bool| {
            (0..size).map(move |item| (item < flagged, inside))
        };
        let (flags, inside): (Vec<bool>, Vec<bool>) =
            column(part, true).chain(column(rest, false)).unzip();
        let clusters: Vec<u32> = (0_u32..).take(flags.len()).collect();
        part_against_rest(&clusters, &flags, &inside)
    }

    /// By `scipy.stats.fisher_exact` 1.17.
    #[test]
    fn of_independent_items_it_is_fishers_test() {
        for (part, rest, expected) in [
            ((3, 4), (1, 4), 0.485_714_285_714_285_7),
            ((8, 10), (2, 20), 0.000_291_262_959_928_627_07),
            ((0, 12), (30, 88), 0.016_055_518_132_539_67),
            ((5, 50), (50, 500), 1.0),
        ] {
            let found = p(part, rest).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-9, "{part:?} {rest:?}: {found}");
        }
        assert_eq!((p((1, 2), (0, 0)), p((0, 0), (1, 2))), (None, None));
    }

    #[test]
    fn copies_are_no_evidence_and_a_split_cluster_is_no_part() {
        let alone = p((8, 10), (2, 20)).unwrap();
        let column = |copies: usize| {
            let item = |case: u32| (case, if case < 10 { case < 8 } else { case < 12 }, case < 10);
            (0..30).flat_map(move |case: u32| std::iter::repeat_n(item(case), copies))
        };
        let test = |copies: usize| {
            let columns: Vec<(u32, bool, bool)> = column(copies).collect();
            let clusters: Vec<u32> = columns.iter().map(|row| row.0).collect();
            let flags: Vec<bool> = columns.iter().map(|row| row.1).collect();
            let inside: Vec<bool> = columns.iter().map(|row| row.2).collect();
            part_against_rest(&clusters, &flags, &inside)
        };
        let five = test(5).unwrap();
        assert!(five < 0.005 && five > alone / 3.0, "{five} and {alone}");
        assert_eq!(part_against_rest(&[0, 0, 1], &[true; 3], &[true, false, false]), None);
    }

    #[test]
    fn a_part_needs_more_items_for_a_smaller_difference() {
        let errors = Errors { alpha: 0.05, power: 0.8, tails: Tails::Two };
        let needed = |difference: f64| part_sample_size(0.1, difference, errors).unwrap();
        // ((1.96·0.3 + 0.8416·√0.21)/0.2)², and for half the difference.
        assert_eq!((needed(0.2), needed(0.1)), (24, 86));
        assert_eq!(part_sample_size(1.1, 0.2, errors), None);
    }
}
