//! What a run says about its endpoints: statistics of answers, and nothing that a clock touched.
//!
//! The same replies give the same bytes: sums run in plan order, and times, origins, names that
//! users give their endpoints and everything else that may differ between two runs of the same
//! replies stay out (they are in [`Operations`]). Only `Correct` and `Incorrect` with a confidence
//! enter calibration; every other outcome is counted beside it, so a reader sees what the headline
//! leaves out.

mod operations;
mod positions;
mod rate;
mod repeats;
mod slices;
mod variants;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;

pub use positions::{Position, Positions};
pub use slices::SliceCard;
pub use variants::{Pair, VariantCard, Variants};

pub use operations::{EndpointOperations, Operations, Quantiles, Saved, Served, Span, operations};
pub use rate::{Clustering, Evidence, Rate};
pub use repeats::{ConfidentlyWrong, RepeatedCase, Repeats, confident_wrong};

use crate::record::{Outcome, Record, Run};
use crate::score::{self, Bin, Clip, Items, Level, Threshold, equal_mass_bins};
use rate::distinct;

/// Version of `scorecard.json`.
const FORMAT: u32 = 1;

/// Bins of the equal-mass calibration error and of the reliability diagram.
const BINS: NonZeroUsize = NonZeroUsize::new(15).unwrap();

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

/// Calibration of one source of confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceCard {
    /// Name of the method.
    pub source: String,
    /// Graded answers with a confidence of this source: all that enters below.
    pub n: usize,
    /// Graded answers without one, by reason.
    pub missing: BTreeMap<String, usize>,
    /// Share of right answers among the n.
    pub accuracy: Option<f64>,
    /// Mean of the confidences.
    pub mean_confidence: Option<f64>,
    /// Mean confidence minus accuracy.
    pub overconfidence_gap: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Mean log loss, natural logarithm, confidences clipped at 1e-6.
    #[serde(rename = "log_loss_clip_1e-6")]
    pub log_loss: Option<f64>,
    /// How many confidences were clipped.
    pub log_loss_clipped: Option<usize>,
    /// Expected calibration error over 15 bins of equal mass.
    pub ece_mass15: Option<f64>,
    /// The same, its bias taken out.
    pub ece_mass15_debiased: Option<f64>,
    /// Kolmogorov–Smirnov calibration error.
    pub ks_calibration_error: Option<f64>,
    /// Its p value.
    pub ks_p_value: Option<f64>,
    /// Area under the ROC curve: does confidence tell right from wrong?
    pub auroc: Option<f64>,
    /// Confident wrong answers, by threshold.
    pub confident_wrong: BTreeMap<String, ConfidentWrongCard>,
    /// The bins of `ece_mass15`.
    pub bins_mass15: Vec<BinCard>,
}

/// Confident wrong answers at one threshold. Limits are one-sided at 95 %: exact (Clopper–Pearson),
/// or Korn and Graubard's where clusters hold several answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ConfidentWrongCard {
    /// Answers at or above the threshold.
    pub confident: usize,
    /// Those of them that are wrong.
    pub wrong: usize,
    /// Wrong and confident over all n.
    pub rate_of_all: Option<f64>,
    /// Wrong among the confident.
    pub rate_given_confident: Option<f64>,
    /// Upper limit of `rate_of_all`.
    pub upper95_of_all: f64,
    /// Upper limit of `rate_given_confident`; 1 where nothing is confident.
    pub upper95_given_confident: f64,
    /// Lower limit of `rate_of_all`.
    pub lower95_of_all: f64,
    /// Lower limit of `rate_given_confident`.
    pub lower95_given_confident: f64,
    /// How alike all n are; only where clusters hold several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clustering_of_all: Option<Clustering>,
    /// How alike the confident ones are; only where clusters hold several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clustering_given_confident: Option<Clustering>,
    /// What `rate_of_all` was counted from. Not written: it follows from the records.
    #[serde(skip)]
    pub of_all: Evidence,
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BinCard {
    /// Answers in it.
    pub n: usize,
    /// Right answers in it.
    pub correct: usize,
    /// Mean of its confidences.
    pub mean_confidence: f64,
    /// Share of right answers.
    pub accuracy: f64,
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
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

impl SourceCard {
    /// The confident wrong answers at the suite's threshold.
    #[must_use]
    pub fn at_threshold(&self) -> Option<&ConfidentWrongCard> {
        self.confident_wrong.values().next()
    }

    /// Graded answers whose confidence is missing.
    #[must_use]
    pub fn missing_count(&self) -> usize {
        self.missing.values().sum()
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
    let card = |source: &String| source_card(source, records, run.header.threshold);
    run.header.sources.iter().map(card).collect()
}

fn source_card(source: &str, records: &[&Record], threshold: f64) -> SourceCard {
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    let (mut confidence, mut correct, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for record in records.iter().filter(|record| record.outcome.is_graded() && !record.abstained) {
        match record.confidence.get(source) {
            Some(crate::record::Measured::Known(value)) if (0.0..=1.0).contains(value) => {
                confidence.push(*value);
                correct.push(record.outcome == Outcome::Correct);
                answers.push(*record);
            }
            Some(crate::record::Measured::Known(_)) => {
                *missing.entry("outside 0..1".to_owned()).or_default() += 1;
            }
            Some(crate::record::Measured::Missing { missing: reason }) => {
                *missing.entry(reason.clone()).or_default() += 1;
            }
            None => *missing.entry("not asked for".to_owned()).or_default() += 1,
        }
    }
    let items = Items::new(confidence, correct)
        .and_then(|items| items.in_clusters(answers.iter().map(|answer| answer.cluster())))
        .expect("a confidence in 0..1, a grade and a cluster for each answer");
    let bins = equal_mass_bins(&items, BINS);
    let log_loss = score::log_loss(&items, Clip::DEFAULT);
    let ks = score::ks_calibration(&items);
    let at = Threshold::new(threshold).expect("a suite's threshold is in 0..1");
    let confident = confident_wrong_card(&items, &answers, at);
    SourceCard {
        source: source.to_owned(),
        n: items.len(),
        missing,
        accuracy: score::accuracy(&items).rate(),
        mean_confidence: score::mean_confidence(&items),
        overconfidence_gap: score::overconfidence_gap(&items),
        brier: score::brier(&items),
        log_loss: log_loss.as_ref().map(|loss| loss.mean),
        log_loss_clipped: log_loss.as_ref().map(|loss| loss.clipped),
        ece_mass15: score::ece(&bins),
        ece_mass15_debiased: score::ece_debiased(&bins),
        ks_calibration_error: ks.as_ref().map(|ks| ks.error),
        ks_p_value: ks.as_ref().and_then(|ks| ks.p_value),
        auroc: score::auroc(&items),
        confident_wrong: BTreeMap::from([(threshold.to_string(), confident)]),
        bins_mass15: bins.iter().map(BinCard::from).collect(),
    }
}

/// The counts of the items, which are these answers in their order.
fn confident_wrong_card(
    items: &Items,
    answers: &[&Record],
    threshold: Threshold,
) -> ConfidentWrongCard {
    // A record's own threshold comes from a file, which anybody may have written.
    let own = |answer: &Record| answer.threshold.and_then(|own| Threshold::new(own).ok());
    let least = |index: usize| own(answers[index]).unwrap_or(threshold);
    let counts = score::confident_wrong_by(items, least);
    let (all, given) = (counts.of_all(), counts.given_confident());
    let sure = |index: usize| items.confidence()[index] >= least(index).get();
    let cases = |asked: &dyn Fn(usize) -> bool| {
        let asked = answers.iter().enumerate().filter(|(index, _)| asked(*index));
        distinct(asked.map(|(_, answer)| answer.case.as_str()))
    };
    let of_all = Evidence { share: all, cases: cases(&|_| true) };
    let given_confident = Evidence { share: given, cases: cases(&sure) };
    ConfidentWrongCard {
        confident: counts.confident(),
        wrong: counts.wrong(),
        rate_of_all: all.rate(),
        rate_given_confident: given.rate(),
        upper95_of_all: all.upper_limit(Level::P95),
        upper95_given_confident: given.upper_limit(Level::P95),
        lower95_of_all: all.lower_limit(Level::P95),
        lower95_given_confident: given.lower_limit(Level::P95),
        clustering_of_all: of_all.clustering(Level::P95),
        clustering_given_confident: given_confident.clustering(Level::P95),
        of_all,
    }
}

impl From<&Bin> for BinCard {
    fn from(bin: &Bin) -> BinCard {
        BinCard {
            n: bin.n,
            correct: bin.correct,
            mean_confidence: bin.mean_confidence,
            accuracy: bin.accuracy,
            low: bin.low,
            high: bin.high,
        }
    }
}
