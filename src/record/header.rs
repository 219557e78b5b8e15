//! What is known of a run before its first trial: what was asked of whom, and what the budget was.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Digest;
use crate::ask::{Price, Target};
use crate::budget::Budget;

/// No suite asks a case more often.
const MOST_REPEATS: u32 = 1000;

/// Version of the run directory's format. Readers refuse a newer one by name.
pub const FORMAT: u32 = 1;

/// Runs that say nothing of repeats ask every case once.
fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// What is known of a run before its first trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the run directory's format.
    pub format: u32,
    /// The tool's version.
    pub version: String,
    /// Name of the run: its start in local time.
    pub run: String,
    /// Name of the suite.
    pub suite: String,
    /// Path of the suite.
    pub path: String,
    /// The suite's text.
    pub text: String,
    /// Digest of that text.
    pub digest: Digest,
    /// The endpoints asked, in order.
    pub endpoints: Vec<AskedEndpoint>,
    /// Confidence from which on a wrong answer counts as confident.
    pub threshold: f64,
    /// Names of the confidence methods; the first is the primary.
    pub sources: Vec<String>,
    /// What the suite allows.
    pub budget: Budget,
    /// What it allows on parts of the cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Slice>,
    /// Seed of the run.
    pub seed: Option<u64>,
    /// What was selected of the suite.
    pub selection: Selected,
    /// How the cache was used: `use`, `replay`, `refresh` or `off`.
    #[serde(default)]
    pub cache: String,
    /// How often each case is asked at each endpoint.
    #[serde(default = "once")]
    pub repeats: NonZeroU32,
    /// Number of trials; of a shard, of its own.
    pub planned: usize,
    /// Digest over the trials' names and contents, in plan order; of a shard, over those of all.
    pub plan: Digest,
    /// Which share of the plan this is, where others have the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Start, RFC 3339.
    pub started: String,
    /// Whose replies these are, where nothing was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regraded: Option<Regraded>,
    /// The run directories that it was merged from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
}

/// A share of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which one, from 1.
    pub number: NonZeroU32,
    /// How many there are.
    pub of: NonZeroU32,
    /// Number of trials of all of them together.
    pub trials: usize,
}

/// Where the replies of a run come from that were graded again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regraded {
    /// The run directory that they were read from.
    pub from: String,
    /// Name of the run that asked for them.
    pub run: String,
    /// When that run started, RFC 3339.
    pub started: String,
}

/// A part of the cases with a budget of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What it is called: the words that select it.
    pub name: String,
    /// What is allowed in it.
    pub budget: Budget,
}

impl Header {
    /// Start and name of the run that asked for the replies: this one, or the one before grades were
    /// given again. In the order in which models were asked.
    #[must_use]
    pub fn asked(&self) -> (&str, &str) {
        match &self.regraded {
            Some(regraded) => (&regraded.started, &regraded.run),
            None => (&self.started, &self.run),
        }
    }

    /// Number of trials of the whole plan, those of other shards included.
    #[must_use]
    pub fn trials_of_all(&self) -> usize {
        self.shard.map_or(self.planned, |shard| shard.trials)
    }

    /// Why no run can have this header, if none can: it was read from a file that anybody may have
    /// written, and the statistics rely on it.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let parts = self.slices.iter().map(|slice| &slice.budget);
        let budgets = std::iter::once(&self.budget).chain(parts);
        let mut levels = budgets.flat_map(Budget::levels);
        // A level so near to 0 that all of 1 is left over is none either.
        let left_over = |level: f64| 0.0 < 1.0 - level && 1.0 - level < 1.0;
        if self.endpoints.is_empty() {
            Some("it names no endpoint")
        } else if self.repeats.get() > MOST_REPEATS {
            Some("it asks cases more often than any suite may")
        } else if !(0.0..=1.0).contains(&self.threshold) {
            Some("its threshold is outside 0..1")
        } else if !levels.all(left_over) {
            Some("a level of its budget is not between 0 and 1")
        } else {
            None
        }
    }
}

/// An endpoint as a run asked it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedEndpoint {
    /// Its name.
    pub name: Arc<str>,
    /// Where the requests go.
    pub target: Arc<Target>,
    /// The cassette it plays from, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cassette: Option<String>,
    /// What its tokens cost, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// Parameters that it passes on verbatim; none in old runs, which do not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<BTreeMap<String, serde_json::Value>>,
}

/// What was selected of a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// Filter expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Largest number of cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}
