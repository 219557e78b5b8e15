//! What a run says about its endpoints: statistics of answers, and nothing that a clock touched.
//!
//! The same replies give the same bytes: sums run in plan order, and times, origins, names that
//! users give their endpoints and everything else that may differ between two runs of the same
//! replies stay out (they are in [`Operations`]). Only `Correct` and `Incorrect` with a confidence
//! enter calibration; every other outcome is counted beside it, so a reader sees what the headline
//! leaves out.

mod advice;
mod answered;
mod baseline;
mod calls;
mod change;
mod comparison;
mod every;
mod flips;
pub mod history;
mod intervals;
mod latency;
mod operations;
mod pairing;
mod positions;
mod rate;
mod recalibrated;
mod reliability;
mod repeats;
mod risk;
mod scored;
mod selective;
mod since;
mod slices;
mod source;
mod suspects;
mod tags;
mod variants;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

pub use advice::{Advice, Advised, Lacking, Point, Wanted, graded, left_out};
pub use answered::{AnsweredCard, OmniscienceCard, SimpleQaCard};
pub use baseline::{Against, Baseline, BaselineEndpoint};
pub use calls::Calls;
pub use change::{CalibrationCard, Change, McNemarCard, POWER, Resolution};
pub use comparison::{Comparison, Direction, Method, SliceChange, Tested, WouldShow};
pub use every::{
    ConfidentWrongNumbers, CorpCard, Diagram, EveryMetric, HosmerLemeshowCard, MurphyCard,
    TargetCard,
};
pub use flips::{Flip, Flipped, Said};
pub use intervals::Intervals;
pub use latency::{LiveAnswer, Spent};
pub use pairing::{LeftOut, Pairing, Side, sides};
pub use positions::{Position, Positions};
pub use recalibrated::{MethodCard, Quality, RecalibrationCard, method_name};
pub use reliability::{BinLimits, Reliability, mean_confidence95};
pub use risk::RiskCurve;
pub use scored::{Answered, Columns, Scored, Tags};
pub use selective::Selective;
pub use since::Changes;
pub use slices::SliceCard;
pub use source::{BinCard, ConfidentWrongCard, ConsistencyCard, SourceCard};
pub use suspects::{Suspect, SuspectLabels};
pub use tags::{TagCard, by_tag};
pub use variants::{Pair, VariantCard, Variants};

pub use operations::{
    EndpointOperations, MaxCost, Operations, Quantiles, Retries, Saved, Served, Span, Spread,
};
pub use rate::{Clustering, Evidence, Rate};
pub use repeats::{ConfidentlyWrong, RepeatedCase, Repeats, confident_wrong};

use crate::record::{Brief, Outcome, Run, Unreadable};

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
    /// Labels that are worth a second look; absent where nothing speaks against any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspect_labels: Option<SuspectLabels>,
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
    /// What right, wrong and no answers are worth together.
    pub answered: AnsweredCard,
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
    /// Parts of the cases by tag, those first that are least likely by chance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagCard>,
    /// Parts of the cases that have a budget of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceCard>,
}

impl Scorecard {
    /// The statistics of a run.
    ///
    /// # Errors
    /// A record that a text is to be shown of cannot be read any more.
    pub fn of(run: &Run) -> Result<Scorecard, Unreadable> {
        let header = &run.header;
        let endpoints = header.endpoints.iter().map(|asked| {
            let briefs: Vec<&Brief> = run.of_endpoint(&asked.name).collect();
            Ok(EndpointCard {
                endpoint: Arc::clone(&asked.name),
                model: asked.target.model.clone(),
                planned: header.planned / header.endpoints.len(),
                finished: briefs.len(),
                outcomes: outcomes(&briefs),
                accuracy: accuracy(run, &briefs),
                coverage: coverage(run, &briefs),
                answered: AnsweredCard::of(&briefs),
                repeats: Repeats::of(run, &briefs)?,
                sources: sources(run, &briefs),
                positions: Positions::of(run, &briefs),
                variants: Variants::of(run, &briefs),
                tags: tags::of_briefs(run, &briefs, !header.sources.is_empty()),
                slices: slices::of(run, &briefs),
            })
        });
        Ok(Scorecard {
            format: FORMAT,
            suite: header.suite.clone(),
            threshold: header.threshold,
            endpoints: endpoints.collect::<Result<_, _>>()?,
            suspect_labels: SuspectLabels::of(run)?,
        })
    }
}

impl EndpointCard {
    /// The confidence source that decides.
    #[must_use]
    pub fn primary(&self) -> Option<&SourceCard> {
        self.sources.first()
    }

    /// Graded answers.
    #[must_use]
    pub fn graded(&self) -> usize {
        self.accuracy.n
    }

    /// Trials about which the confident-wrong count says nothing: neither graded with a primary
    /// confidence, nor abstained.
    #[must_use]
    pub fn unmeasured(&self) -> usize {
        self.coverage.n - self.coverage.count
    }
}

fn outcomes(briefs: &[&Brief]) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<&'static str, usize> =
        Outcome::NAMES.iter().map(|name| (*name, 0)).collect();
    for brief in briefs {
        *counts.entry(brief.kind().name()).or_default() += 1;
    }
    counts
}

fn accuracy(run: &Run, briefs: &[&Brief]) -> Rate {
    Evidence::of(run, briefs.iter().filter_map(|brief| Some((*brief, brief.right()?)))).into()
}

/// Measured are graded answers with a primary confidence, and abstentions, expected or recognised;
/// in a suite without confidence methods, a grade is all that is asked for. Trials of which there
/// is no record are not measured.
fn coverage(run: &Run, briefs: &[&Brief]) -> Rate {
    let graded_only = run.header.sources.is_empty();
    let measured = |brief: &Brief| {
        let answered = brief.kind().is_graded() && (graded_only || brief.primary().is_some());
        brief.abstained() || answered
    };
    let planned = run.header.planned / run.header.endpoints.len();
    let briefs = briefs.iter().take(planned).map(|brief| (*brief, measured(brief)));
    let unseen = planned - briefs.len();
    let repeats = usize::try_from(run.header.repeats.get()).unwrap_or(usize::MAX);
    Evidence::with_unseen(run, briefs, unseen, repeats).into()
}

/// The graded answers of an endpoint with a confidence of the primary source; none in a suite
/// without confidence methods.
#[must_use]
pub fn primary(run: &Run, endpoint: &str) -> Option<Scored> {
    run.header.sources.first()?;
    let briefs: Vec<&Brief> = run.of_endpoint(endpoint).collect();
    Some(scored::of_briefs(run, 0, &briefs).0)
}

fn sources(run: &Run, briefs: &[&Brief]) -> Vec<SourceCard> {
    let card = |(place, source): (usize, &String)| {
        let (scored, missing) = scored::of_briefs(run, place, briefs);
        SourceCard::of(source, &scored, missing)
    };
    run.header.sources.iter().enumerate().map(card).collect()
}
