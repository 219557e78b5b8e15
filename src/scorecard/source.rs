//! Calibration of one source of confidence.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;

use super::every::{CorpCard, TargetCard, targets};
use super::intervals::Intervals;
use super::rate::{Clustering, Evidence};
use super::scored::Scored;
use super::selective::Selective;
use crate::score::{self, Bin, Clip, Items, Level, equal_mass_bins};

/// Bins of the equal-mass calibration error and of the reliability diagram.
const BINS: NonZeroUsize = NonZeroUsize::new(15).unwrap();

/// Answers that the consistency test draws, in all.
const ANSWERS_DRAWN: usize = 20_000_000;

/// Seed of its draws.
const SEED: u64 = 1;

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
    /// What it gains over stating the accuracy every time, in units of that; null for one class.
    pub brier_skill_score: Option<f64>,
    /// The Brier score taken apart without bins.
    pub corp: Option<CorpCard>,
    /// Mean log loss, natural logarithm, confidences clipped at 1e-6.
    #[serde(rename = "log_loss_clip_1e-6")]
    pub log_loss: Option<f64>,
    /// How many confidences were clipped.
    pub log_loss_clipped: Option<usize>,
    /// Expected calibration error over 15 bins of equal mass.
    pub ece_mass15: Option<f64>,
    /// The same, its bias taken out.
    pub ece_mass15_debiased: Option<f64>,
    /// Smooth calibration error.
    pub smece: Option<f64>,
    /// Kolmogorov–Smirnov calibration error.
    pub ks_calibration_error: Option<f64>,
    /// Its p value.
    pub ks_p_value: Option<f64>,
    /// Whether the error over bins is more than chance makes of perfect calibration.
    pub consistency: Option<ConsistencyCard>,
    /// Spiegelhalter's test of calibration; null where every confidence is 0, ½ or 1.
    pub spiegelhalter_z: Option<f64>,
    /// Its p value.
    pub spiegelhalter_p_two_sided: Option<f64>,
    /// Answers stated with confidence 1 that are wrong, and with 0 that are right.
    pub certain_and_wrong: usize,
    /// Area under the ROC curve: does confidence tell right from wrong?
    pub auroc: Option<f64>,
    /// Risk and coverage of answering only where it is sure.
    #[serde(flatten)]
    pub selective: Selective,
    /// Mean scores by confidence target.
    pub confidence_target: BTreeMap<String, Option<TargetCard>>,
    /// Intervals from resampled clusters; null with fewer than two.
    pub bootstrap95: Option<Intervals>,
    /// Confident wrong answers, by threshold.
    pub confident_wrong: BTreeMap<String, ConfidentWrongCard>,
    /// The bins of `ece_mass15`.
    pub bins_mass15: Vec<BinCard>,
}

/// The error over bins beside those of answers that are drawn as their confidence says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ConsistencyCard {
    /// Share of draws with at least the error seen, `(1 + #)/(draws + 1)`.
    pub p_value: f64,
    /// Mean error of the draws: what perfect calibration looks like with as many answers.
    pub expected: f64,
    /// Number of draws.
    pub draws: usize,
    /// Answers drawn: one a cluster.
    pub n: usize,
}

impl ConsistencyCard {
    fn of(items: &Items) -> Option<ConsistencyCard> {
        let draws = (ANSWERS_DRAWN / items.len().max(1)).clamp(99, 999);
        let test = score::consistency(items, draws, SEED)?;
        let score::Consistency { p_value, expected, n, .. } = test;
        Some(ConsistencyCard { p_value, expected, draws, n })
    }
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

impl SourceCard {
    /// The statistics of a source; `missing` counts graded answers without its confidence.
    #[must_use]
    pub fn of(source: &str, scored: &Scored, missing: BTreeMap<String, usize>) -> SourceCard {
        let items = &scored.items;
        let bins = equal_mass_bins(items, BINS);
        let log_loss = score::log_loss(items, Clip::DEFAULT);
        let ks = score::ks_calibration(items);
        let spiegelhalter = score::spiegelhalter(items);
        let threshold = scored.threshold.get().to_string();
        SourceCard {
            source: source.to_owned(),
            n: items.len(),
            missing,
            accuracy: score::accuracy(items).rate(),
            mean_confidence: score::mean_confidence(items),
            overconfidence_gap: score::overconfidence_gap(items),
            brier: score::brier(items),
            brier_skill_score: score::brier_skill_score(items),
            corp: score::corp(items).map(CorpCard::from),
            log_loss: log_loss.as_ref().map(|loss| loss.mean),
            log_loss_clipped: log_loss.as_ref().map(|loss| loss.clipped),
            ece_mass15: score::ece(&bins),
            ece_mass15_debiased: score::ece_debiased(&bins),
            smece: score::smooth_ece(items),
            ks_calibration_error: ks.as_ref().map(|ks| ks.error),
            ks_p_value: ks.as_ref().and_then(|ks| ks.p_value),
            consistency: ConsistencyCard::of(items),
            spiegelhalter_z: spiegelhalter.and_then(|test| test.z),
            spiegelhalter_p_two_sided: spiegelhalter.and_then(|test| test.p_two_sided),
            certain_and_wrong: spiegelhalter.map_or(0, |test| test.certain_and_wrong),
            auroc: score::auroc(items),
            selective: Selective::of(items),
            confidence_target: targets(items),
            bootstrap95: Intervals::of(scored),
            confident_wrong: BTreeMap::from([(threshold, ConfidentWrongCard::of(scored))]),
            bins_mass15: bins.iter().map(BinCard::from).collect(),
        }
    }

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

impl ConfidentWrongCard {
    fn of(scored: &Scored) -> ConfidentWrongCard {
        let items = &scored.items;
        let counts = score::confident_wrong_by(items, |index| scored.threshold_of(index));
        let (all, given) = (counts.of_all(), counts.given_confident());
        let sure = |index: &usize| items.confidence()[*index] >= scored.threshold_of(*index).get();
        let sure = scored.distinct_cases((0..items.len()).filter(sure));
        let of_all = Evidence { share: all, cases: scored.distinct_cases(0..items.len()) };
        let given_confident = Evidence { share: given, cases: sure };
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
