//! What a run says about its endpoints: statistics of answers, and nothing that a clock touched.
//!
//! The same replies give the same bytes: sums run in plan order, and times, origins, names that
//! users give their endpoints and everything else that may differ between two runs of the same
//! replies stay out (they are in [`Operations`]). Only `Correct` and `Incorrect` with a confidence
//! enter calibration; every other outcome is counted beside it, so a reader sees what the headline
//! leaves out.

mod baseline;
mod change;
mod comparison;
mod flips;
mod operations;
mod pairing;
mod positions;
mod rate;
mod repeats;
mod scored;
mod slices;
mod source;
mod variants;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

pub use baseline::{Against, Baseline, BaselineEndpoint};
pub use change::{CalibrationCard, Change, McNemarCard, POWER, Resolution};
pub use comparison::{Comparison, Direction, Method, SliceChange, Tested, WouldShow};
pub use flips::{Flip, Flipped, Said};
pub use pairing::{LeftOut, Pairing, Side, sides};
pub use positions::{Position, Positions};
pub use scored::{Answered, Columns, Scored, Tags};
pub use slices::SliceCard;
pub use source::{BinCard, ConfidentWrongCard, SourceCard};
pub use variants::{Pair, VariantCard, Variants};

pub use operations::{EndpointOperations, Operations, Quantiles, Saved, Served, Span, operations};
pub use rate::{Clustering, Evidence, Rate};
pub use repeats::{ConfidentlyWrong, RepeatedCase, Repeats, confident_wrong};

use crate::record::{Outcome, Record, Run};

/// Version of `scorecard.json`.
const FORMAT: u32 = 1;

/// The statistics of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecard {
    /// Version of this document.
    pub format: u32,
    /// Name of the suite.
    pub suite: String,
    /// Confidence from which on a wrong answer counts as confident.
    pub threshold: f64,
    /// One entry an endpoint, in the order in which the run names them.
    pub endpoints: Vec<EndpointCard>,
}

/// The statistics of one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointCard {
    /// The user's name for it. Not written: the same replies may be replayed under another.
    #[serde(skip)]
    pub endpoint: Arc<str>,
    /// The model that was asked.
    pub model: String,
    /// Number of planned trials.
    pub planned: usize,
    /// Number of finished trials.
    pub finished: usize,
    /// Finished trials by outcome; all outcomes are listed.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Right answers among those graded.
    pub accuracy: Rate,
    /// Trials that were measured among those planned.
    pub coverage: Rate,
    /// How often the repeats of a case agree; only where cases are asked several times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// One entry a confidence method, the primary first.
    pub sources: Vec<SourceCard>,
    /// Where its answers stood among the choices; absent where letters are not what is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positions: Option<Positions>,
    /// Prompts and other variants compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variants>,
    /// Parts of the cases that have a budget of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceCard>,
}

impl Scorecard {
    /// The statistics of a run.
    #[must_use]
    pub fn of(run: &Run) -> Scorecard {
        let header = &run.header;
        let endpoints = header.endpoints.iter().map(|asked| {
            let records: Vec<&Record> = run.of_endpoint(&asked.name).collect();
            EndpointCard {
                endpoint: Arc::clone(&asked.name),
                model: asked.target.model.clone(),
                planned: header.planned / header.endpoints.len(),
                finished: records.len(),
                outcomes: outcomes(&records),
                accuracy: accuracy(&records),
                coverage: coverage(run, &records),
                repeats: Repeats::of(run, &records),
                sources: sources(run, &records),
                positions: Positions::of(&records),
                variants: Variants::of(&records),
                slices: slices::of(&run.header, &records),
            }
        });
        Scorecard {
            format: FORMAT,
            suite: header.suite.clone(),
            threshold: header.threshold,
            endpoints: endpoints.collect(),
        }
    }
}

impl EndpointCard {
    /// The confidence source that decides.
    #[must_use]
    pub fn primary(&self) -> Option<&SourceCard> {
        self.sources.first()
    }

    /// Trials about which the confident-wrong count says nothing: neither graded with a primary
    /// confidence, nor abstained.
    #[must_use]
    pub fn unmeasured(&self) -> usize {
        self.coverage.n - self.coverage.count
    }
}

fn outcomes(records: &[&Record]) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<&'static str, usize> =
        Outcome::NAMES.iter().map(|name| (*name, 0)).collect();
    for record in records {
        *counts.entry(record.outcome.name()).or_default() += 1;
    }
    counts
}

fn accuracy(records: &[&Record]) -> Rate {
    let graded = records.iter().filter(|record| record.outcome.is_graded());
    Evidence::of(graded.map(|record| (*record, record.outcome == Outcome::Correct))).into()
}

/// Measured are graded answers with a primary confidence, and abstentions, expected or recognised;
/// in a suite without confidence methods, a grade is all that is asked for. Trials of which there
/// is no record are not measured.
fn coverage(run: &Run, records: &[&Record]) -> Rate {
    let graded_only = run.header.sources.is_empty();
    let measured = |record: &Record| {
        record.abstained
            || (record.outcome.is_graded() && (graded_only || record.primary.is_some()))
    };
    let planned = run.header.planned / run.header.endpoints.len();
    let records = records.iter().take(planned).map(|record| (*record, measured(record)));
    let unseen = planned - records.len();
    let repeats = usize::try_from(run.header.repeats.get()).unwrap_or(usize::MAX);
    Evidence::with_unseen(records, unseen, repeats).into()
}

fn sources(run: &Run, records: &[&Record]) -> Vec<SourceCard> {
    let card = |source: &String| {
        let (scored, missing) = scored::of_records(source, records, run.header.threshold);
        SourceCard::of(source, &scored, missing)
    };
    run.header.sources.iter().map(card).collect()
}
