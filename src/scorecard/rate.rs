//! Shares as a card writes them, and the evidence behind them: which answers are alike.
//!
//! Answers to one case are alike, and so are cases that share a group. Where that happens, a share
//! keeps its value and gets other limits, and the card says how many independent answers would have
//! told as much. Where it does not, everything is what it would be without clusters.

use std::collections::HashSet;
use std::hash::Hash;

use serde::Serialize;

use super::Scored;
use crate::record::{Brief, Run};
use crate::score::{self, ClusteredProportion, Level};

/// A share with its two-sided 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub n: usize,
    /// The share; none of none is null.
    pub rate: Option<f64>,
    /// Wilson interval at 95 %; null where n is 0 or where clusters hold several.
    pub wilson95: Option<[f64; 2]>,
    /// Korn and Graubard's interval at 95 %; only where clusters hold several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub korn_graubard95: Option<[f64; 2]>,
    /// How alike the n are, at one-sided 95 %; only where clusters hold several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clustering: Option<Clustering>,
    /// What the rate was counted from. Not written: it follows from the records.
    #[serde(skip)]
    pub evidence: Evidence,
}

/// How alike the n of a share are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Clustering {
    /// Cases that the n are answers to.
    pub cases: usize,
    /// Clusters that are independent of each other: groups, and cases without one.
    pub clusters: usize,
    /// How many independent answers would tell as much, for the limits beside it.
    pub effective_n: f64,
    /// How many times larger the variance of the share is than with independent answers; null where
    /// it cannot be seen because all n agree.
    pub design_effect: Option<f64>,
}

/// A share with the clusters and cases that it was counted in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The count by clusters.
    pub share: ClusteredProportion,
    /// Cases counted.
    pub cases: usize,
}

impl Evidence {
    /// How many of a run's trials have the flag set.
    pub(super) fn of<'a>(
        run: &Run,
        flags: impl Iterator<Item = (&'a Brief, bool)> + Clone,
    ) -> Evidence {
        Evidence::with_unseen(run, flags, 0, 1)
    }

    /// The same with so many more trials that no record tells of: their flag is not set, and their
    /// cases are new ones that are asked so often each.
    pub(super) fn with_unseen<'a>(
        run: &Run,
        flags: impl Iterator<Item = (&'a Brief, bool)> + Clone,
        unseen: usize,
        repeats: usize,
    ) -> Evidence {
        let mut seen = vec![false; run.names()];
        let cases = flags.clone().map(|(brief, _)| brief.case().place());
        let cases = cases.filter(|case| !std::mem::replace(&mut seen[*case], true)).count();
        let clusters = flags.map(|(brief, flag)| (brief.cluster().number(), flag));
        let share = ClusteredProportion::of_keys(clusters, run.names(), unseen, repeats);
        Evidence { share, cases: cases + unseen.div_ceil(repeats) }
    }

    /// How many of the answers of a source are right.
    #[must_use]
    pub fn right(scored: &Scored) -> Evidence {
        let share = score::clustered_accuracy(&scored.items);
        Evidence { share, cases: scored.distinct_cases(0..scored.cases.len()) }
    }

    /// Whether a cluster holds several.
    #[must_use]
    pub fn is_clustered(&self) -> bool {
        self.share.is_clustered()
    }

    /// How alike the n are, as one-sided limits at this level take it; none where every cluster is
    /// a single one.
    #[must_use]
    pub fn clustering(&self, level: Level) -> Option<Clustering> {
        self.is_clustered().then(|| Clustering {
            cases: self.cases,
            clusters: self.share.clusters(),
            effective_n: self.share.effective_n(level),
            design_effect: self.share.design_effect(),
        })
    }
}

impl Rate {
    /// The interval at 95 %, whichever applies; none where n is 0.
    #[must_use]
    pub fn interval95(&self) -> Option<[f64; 2]> {
        self.wilson95.or(self.korn_graubard95)
    }
}

impl From<Evidence> for Rate {
    fn from(evidence: Evidence) -> Rate {
        let share = evidence.share;
        let rate = share.rate();
        let clustered = evidence.is_clustered();
        let wilson = share.share().wilson(Level::P95);
        let korn_graubard = clustered.then(|| share.korn_graubard(Level::P95));
        Rate {
            count: share.count(),
            n: share.total(),
            rate,
            wilson95: rate.filter(|_| !clustered).map(|_| [wilson.lower, wilson.upper]),
            korn_graubard95: korn_graubard.map(|interval| [interval.lower, interval.upper]),
            clustering: evidence.clustering(Level::P95),
            evidence,
        }
    }
}

/// How many different ones there are.
pub(super) fn distinct<T: Eq + Hash>(units: impl Iterator<Item = T>) -> usize {
    units.collect::<HashSet<T>>().len()
}
