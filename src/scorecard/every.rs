//! Every metric there is of one source, under the names of the reference vectors.
//!
//! `overclaim score --json --all` writes this, nested and named as `expected` in
//! `fixtures/reference`, so that a script can compare the two key by key. A scorecard takes what
//! helps to judge a model; some of these only help to compare with what others publish.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Serialize;

use super::selective::Selective;
use crate::score::{
    self, Bandwidth, Bin, Clip, Closed, ConfidentWrong, Interval, Items, Level, OutOfRange,
    Threshold,
};

/// Bins of the coarser calibration errors, and of the finer ones.
const TEN: NonZeroUsize = NonZeroUsize::new(10).unwrap();
const FIFTEEN: NonZeroUsize = NonZeroUsize::new(15).unwrap();

/// Thresholds of the confident-wrong rates.
const CONFIDENT: [f64; 5] = [0.5, 0.8, 0.9, 0.95, 0.99];

/// Confidence targets.
const TARGETS: [f64; 3] = [0.5, 0.75, 0.9];

/// Every metric; what each key means is in `fixtures/reference/README.md`. Intervals and the
/// standard error of accuracy take answers for independent ones; the limits of `confident_wrong`
/// know of clusters.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the README of the vectors defines the keys")]
pub struct EveryMetric {
    pub n: usize,
    pub accuracy: Option<f64>,
    pub accuracy_wilson95: [f64; 2],
    pub accuracy_clopper_pearson95: [f64; 2],
    pub accuracy_se_clt: Option<f64>,
    pub mean_confidence: Option<f64>,
    pub overconfidence_gap: Option<f64>,
    pub brier: Option<f64>,
    pub brier_skill_score: Option<f64>,
    pub log_loss_sklearn_eps: Option<f64>,
    #[serde(rename = "log_loss_clip_1e-6")]
    pub log_loss_clip: Option<f64>,
    pub bins_width10_left: Diagram,
    pub murphy_width10: Option<MurphyCard>,
    pub murphy_distinct_values: Option<MurphyCard>,
    pub corp: Option<CorpCard>,
    pub ece_width10_left: Option<f64>,
    pub mce_width10_left: Option<f64>,
    pub ece_width10_right: Option<f64>,
    pub mce_width10_right: Option<f64>,
    pub rms_ce_width10_left: Option<f64>,
    pub ece_mass10: Option<f64>,
    pub rms_ce_mass10: Option<f64>,
    pub sq_ce_mass10_unbiased: Option<f64>,
    pub rms_ce_mass10_debiased: Option<f64>,
    pub ece_mass10_debiased: Option<f64>,
    pub ece_width15_left: Option<f64>,
    pub mce_width15_left: Option<f64>,
    pub ece_width15_right: Option<f64>,
    pub mce_width15_right: Option<f64>,
    pub rms_ce_width15_left: Option<f64>,
    pub ece_mass15: Option<f64>,
    pub rms_ce_mass15: Option<f64>,
    pub sq_ce_mass15_unbiased: Option<f64>,
    pub rms_ce_mass15_debiased: Option<f64>,
    pub ece_mass15_debiased: Option<f64>,
    pub ece_sweep_mass: Option<f64>,
    pub ece_sweep_mass_bins: Option<usize>,
    pub rms_ce_hle_as_published: Option<f64>,
    pub rms_ce_hle_all_bins: Option<f64>,
    pub smece: Option<f64>,
    #[serde(rename = "smece_sigma_0.05")]
    pub smece_narrow: Option<f64>,
    #[serde(rename = "smece_sigma_0.1")]
    pub smece_wide: Option<f64>,
    pub ks_calibration_error: Option<f64>,
    pub ks_standardised: Option<f64>,
    pub ks_p_value: Option<f64>,
    pub spiegelhalter_z: Option<f64>,
    pub spiegelhalter_p_two_sided: Option<f64>,
    pub hosmer_lemeshow: Option<HosmerLemeshowCard>,
    pub auroc: Option<f64>,
    #[serde(flatten)]
    pub selective: Selective,
    pub confident_wrong: BTreeMap<String, ConfidentWrongNumbers>,
    pub confidence_target: BTreeMap<String, Option<TargetCard>>,
}

/// A reliability diagram of ten bins, the empty ones with nulls.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the README of the vectors defines the keys")]
pub struct Diagram {
    pub count: Vec<usize>,
    pub mean_confidence: Vec<Option<f64>>,
    pub accuracy: Vec<Option<f64>>,
}

/// The Brier score over a partition; the terms inside of bins only where bins have an inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the README of the vectors defines the keys")]
pub struct MurphyCard {
    pub reliability: f64,
    pub resolution: f64,
    pub uncertainty: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_bin_variance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_bin_covariance: Option<f64>,
}

/// The Brier score taken apart without bins: it is miscalibration − discrimination + uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CorpCard {
    /// What the best recalibration that keeps the order would gain; 0 is the best.
    pub miscalibration: f64,
    /// What the order of the confidences is worth.
    pub discrimination: f64,
    /// What stating the accuracy every time would have scored.
    pub uncertainty: f64,
}

/// The Hosmer–Lemeshow test over ten groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the README of the vectors defines the keys")]
pub struct HosmerLemeshowCard {
    pub chi2: Option<f64>,
    pub groups: usize,
    pub p_value: Option<f64>,
}

/// Confident wrong answers at one threshold, with one-sided limits at 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the README of the vectors defines the keys")]
pub struct ConfidentWrongNumbers {
    pub confident: usize,
    pub wrong: usize,
    pub rate_of_all: Option<f64>,
    pub rate_given_confident: Option<f64>,
    pub upper95_of_all: f64,
    pub upper95_given_confident: f64,
    pub lower95_of_all: f64,
    pub lower95_given_confident: f64,
}

/// The mean score at a confidence target: 1 for right, −t/(1−t) for wrong, 0 for abstaining.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TargetCard {
    /// Answering only where the confidence is above the target.
    pub abstaining: f64,
    /// Answering everything.
    pub forced: f64,
}

impl EveryMetric {
    /// Every metric of these answers.
    #[must_use]
    pub fn of(items: &Items) -> EveryMetric {
        let right = score::accuracy(items);
        let [left10, left15] =
            [TEN, FIFTEEN].map(|bins| score::equal_width_bins(items, bins, Closed::Left));
        let [right10, right15] =
            [TEN, FIFTEEN].map(|bins| score::equal_width_bins(items, bins, Closed::Right));
        let [mass10, mass15] = [TEN, FIFTEEN].map(|bins| score::equal_mass_bins(items, bins));
        let (swept, hle) = (score::ece_sweep(items), score::hle_rms(items));
        let (ks, spiegelhalter) = (score::ks_calibration(items), score::spiegelhalter(items));
        let log_loss = |clip| Some(score::log_loss(items, known(Clip::new(clip))?)?.mean);
        let smoothed = |sigma| score::smooth_ece_at(items, known(Bandwidth::new(sigma))?);
        EveryMetric {
            n: items.len(),
            accuracy: right.rate(),
            accuracy_wilson95: pair(right.wilson(Level::P95)),
            accuracy_clopper_pearson95: pair(right.clopper_pearson(Level::P95)),
            accuracy_se_clt: right.standard_error(),
            mean_confidence: score::mean_confidence(items),
            overconfidence_gap: score::overconfidence_gap(items),
            brier: score::brier(items),
            brier_skill_score: score::brier_skill_score(items),
            log_loss_sklearn_eps: log_loss(f64::EPSILON),
            log_loss_clip: log_loss(1e-6),
            bins_width10_left: Diagram::of(&left10),
            murphy_width10: score::murphy(items, &left10).map(MurphyCard::within),
            murphy_distinct_values: score::murphy_of_distinct(items).map(MurphyCard::between),
            corp: score::corp(items).map(CorpCard::from),
            ece_width10_left: score::ece(&left10),
            mce_width10_left: score::mce(&left10),
            ece_width10_right: score::ece(&right10),
            mce_width10_right: score::mce(&right10),
            rms_ce_width10_left: score::rms_ce(&left10),
            ece_mass10: score::ece(&mass10),
            rms_ce_mass10: score::rms_ce(&mass10),
            sq_ce_mass10_unbiased: score::sq_ce_unbiased(&mass10),
            rms_ce_mass10_debiased: score::rms_ce_debiased(&mass10),
            ece_mass10_debiased: score::ece_debiased(&mass10),
            ece_width15_left: score::ece(&left15),
            mce_width15_left: score::mce(&left15),
            ece_width15_right: score::ece(&right15),
            mce_width15_right: score::mce(&right15),
            rms_ce_width15_left: score::rms_ce(&left15),
            ece_mass15: score::ece(&mass15),
            rms_ce_mass15: score::rms_ce(&mass15),
            sq_ce_mass15_unbiased: score::sq_ce_unbiased(&mass15),
            rms_ce_mass15_debiased: score::rms_ce_debiased(&mass15),
            ece_mass15_debiased: score::ece_debiased(&mass15),
            ece_sweep_mass: swept.map(|swept| swept.ece),
            ece_sweep_mass_bins: swept.map(|swept| swept.bins),
            rms_ce_hle_as_published: hle.and_then(|hle| hle.as_published),
            rms_ce_hle_all_bins: hle.map(|hle| hle.all_bins),
            smece: score::smooth_ece(items),
            smece_narrow: smoothed(0.05),
            smece_wide: smoothed(0.1),
            ks_calibration_error: ks.map(|ks| ks.error),
            ks_standardised: ks.and_then(|ks| ks.standardised),
            ks_p_value: ks.and_then(|ks| ks.p_value),
            spiegelhalter_z: spiegelhalter.and_then(|test| test.z),
            spiegelhalter_p_two_sided: spiegelhalter.and_then(|test| test.p_two_sided),
            hosmer_lemeshow: score::hosmer_lemeshow(&mass10).map(HosmerLemeshowCard::from),
            auroc: score::auroc(items),
            selective: Selective::of(items),
            confident_wrong: by_number(CONFIDENT, |at| {
                Some(score::confident_wrong(items, at).into())
            }),
            confidence_target: targets(items),
        }
    }
}

/// The mean scores at the usual confidence targets.
pub(super) fn targets(items: &Items) -> BTreeMap<String, Option<TargetCard>> {
    by_number(TARGETS, |target| Some(score::confidence_target(items, target).map(TargetCard::from)))
}

/// A value for each of these thresholds, by how it is written.
pub(super) fn by_number<T>(
    numbers: impl IntoIterator<Item = f64>,
    value: impl Fn(Threshold) -> Option<T>,
) -> BTreeMap<String, T> {
    let entry = |number: f64| Some((number.to_string(), value(known(Threshold::new(number))?)?));
    numbers.into_iter().filter_map(entry).collect()
}

/// The thresholds of targets, for other cards.
pub(super) const fn target_thresholds() -> [f64; 3] {
    TARGETS
}

/// A parameter that is written down here and inside its domain.
fn known<T>(parameter: Result<T, OutOfRange>) -> Option<T> {
    debug_assert!(parameter.is_ok(), "a constant is outside its domain");
    parameter.ok()
}

/// An interval as it is written.
pub(super) fn pair(interval: Interval) -> [f64; 2] {
    [interval.lower, interval.upper]
}

impl Diagram {
    fn of(bins: &[Bin]) -> Diagram {
        let place = |number: u32| {
            let low = f64::from(number) / 10.0;
            bins.iter().find(|bin| bin.low.to_bits() == low.to_bits())
        };
        let all: Vec<Option<&Bin>> = (0..10).map(place).collect();
        Diagram {
            count: all.iter().map(|bin| bin.map_or(0, |bin| bin.n)).collect(),
            mean_confidence: all.iter().map(|bin| bin.map(|bin| bin.mean_confidence)).collect(),
            accuracy: all.iter().map(|bin| bin.map(|bin| bin.accuracy)).collect(),
        }
    }
}

impl MurphyCard {
    fn between(terms: score::Murphy) -> MurphyCard {
        MurphyCard {
            reliability: terms.reliability,
            resolution: terms.resolution,
            uncertainty: terms.uncertainty,
            within_bin_variance: None,
            within_bin_covariance: None,
        }
    }

    fn within(terms: score::Murphy) -> MurphyCard {
        MurphyCard {
            within_bin_variance: Some(terms.within_bin_variance),
            within_bin_covariance: Some(terms.within_bin_covariance),
            ..MurphyCard::between(terms)
        }
    }
}

impl From<score::Corp> for CorpCard {
    fn from(terms: score::Corp) -> CorpCard {
        let score::Corp { miscalibration, discrimination, uncertainty } = terms;
        CorpCard { miscalibration, discrimination, uncertainty }
    }
}

impl From<score::HosmerLemeshow> for HosmerLemeshowCard {
    fn from(test: score::HosmerLemeshow) -> HosmerLemeshowCard {
        let score::HosmerLemeshow { chi2, groups, p_value } = test;
        HosmerLemeshowCard { chi2, groups, p_value }
    }
}

impl From<score::ConfidenceTarget> for TargetCard {
    fn from(scores: score::ConfidenceTarget) -> TargetCard {
        TargetCard { abstaining: scores.abstaining, forced: scores.forced }
    }
}

impl From<ConfidentWrong> for ConfidentWrongNumbers {
    fn from(counts: ConfidentWrong) -> ConfidentWrongNumbers {
        let (all, given) = (counts.of_all(), counts.given_confident());
        ConfidentWrongNumbers {
            confident: counts.confident(),
            wrong: counts.wrong(),
            rate_of_all: all.rate(),
            rate_given_confident: given.rate(),
            upper95_of_all: all.upper_limit(Level::P95),
            upper95_given_confident: given.upper_limit(Level::P95),
            lower95_of_all: all.lower_limit(Level::P95),
            lower95_given_confident: given.lower_limit(Level::P95),
        }
    }
}
