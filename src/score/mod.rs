//! Statistics of confidence against correctness: pure functions over numbers.
//!
//! The one idea here: a sample is validated once, as [`Items`], and every
//! metric is a small function of it that cannot fail any more. What a sample
//! does not determine is `None` (no answers at all, a ranking with one class
//! only), never a NaN and never an invented 0. Parameters that have a domain of
//! their own ([`Level`], [`Threshold`], [`Clip`]) are validated once too.
//!
//! Confidences and rates are fractions in `[0, 1]`, not percentages. Logarithms
//! are natural. No function reads a clock, what is drawn is drawn from a seed, and
//! sums are compensated: on one platform, the same sample gives the same bits, with
//! any number of threads.
//!
//! A file holds one statistic. `level`, `sum`, `random`, `normal`, `student`, `beta_tail`
//! and `binomial_tail` hold the arithmetic below them.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts become f64; they are exact up to 2^53, far above any number of answers"
)]

mod accuracy;
mod agreement;
mod answer_counts;
mod auroc;
mod beta_tail;
mod betting;
mod binomial_tail;
mod bins;
mod brier;
mod calibration_change;
mod chi_square;
mod clustered_mean;
mod clustered_proportion;
mod confidence_target;
mod confident_wrong;
mod consistency;
mod corp;
mod corp_band;
mod cosine;
mod differences;
mod equal_mass;
mod equal_width;
mod exchangeable;
mod guarantee;
mod hle;
mod hosmer_lemeshow;
mod individuals;
mod isotonic;
mod items;
mod ks;
mod label_errors;
mod level;
mod log_loss;
mod mcnemar;
mod multiplicity;
mod murphy;
mod normal;
mod numbering;
mod order_limits;
mod paired;
mod part;
mod percentile;
mod power;
mod proportion;
mod random;
mod rate_sequence;
mod recalibration;
mod replicates;
mod resample;
mod selective;
mod sequence;
mod sign_flip;
mod smooth_ece;
mod spiegelhalter;
mod student;
mod sum;
mod surest;
mod sweep;
mod wobble;

pub use accuracy::{accuracy, clustered_accuracy, mean_confidence, overconfidence_gap};
pub use agreement::Agreement;
pub use answer_counts::{AnswerCounts, Omniscience, SimpleQa};
pub use auroc::auroc;
pub use betting::{BettingMean, HedgedCapital, HedgedSequence};
pub use bins::{Bin, ece, ece_debiased, mce, rms_ce, rms_ce_debiased, sq_ce_unbiased};
pub use brier::{brier, brier_skill_score};
pub use calibration_change::CalibrationChange;
pub use clustered_mean::ClusteredMean;
pub use clustered_proportion::ClusteredProportion;
pub use confidence_target::{ConfidenceTarget, confidence_target};
pub use confident_wrong::{ConfidentWrong, Threshold, confident_wrong, confident_wrong_by};
pub use consistency::{Consistency, consistency};
pub use corp::{Corp, Pooled, corp, corp_curve};
pub use corp_band::{BandPoint, corp_band};
pub use differences::{Differences, StudentTest};
pub use equal_mass::equal_mass_bins;
pub use equal_width::{Closed, equal_width_bins};
pub use exchangeable::{Spread, Tally, Usual, usual_count, usual_sum};
pub use guarantee::{Answering, Guarantee, Risk, answering, threshold_grid};
pub use hle::{HleRms, hle_rms};
pub use hosmer_lemeshow::{HosmerLemeshow, hosmer_lemeshow};
pub use individuals::Individuals;
pub use isotonic::{Isotonic, Observation};
pub use items::{Items, ItemsError, Tie};
pub use ks::{KsCalibration, ks_calibration, ks_items_within, ks_limits};
pub use label_errors::{LabelErrors, LabelsError};
pub use level::{Level, OutOfRange};
pub use log_loss::{Clip, LogLoss, log_loss};
pub use mcnemar::McNemar;
pub use multiplicity::Multiplicity;
pub use murphy::{Murphy, murphy, murphy_of_distinct};
pub use order_limits::quantile_limits;
pub use paired::{Concordance, Paired, Unpaired};
pub use part::{Part, Whole, part_sample_size};
pub use power::{
    Errors, ExactGate, Tails, exact_gate, least_one_sided, mcnemar_sample_size,
    minimum_detectable_effect, zero_failure_sample_size,
};
pub use proportion::{Interval, MoreThanAll, Proportion};
pub use rate_sequence::RateSequence;
pub use recalibration::{
    Beta, Logistic, Method, Recalibration, Temperature, cross_fitted, folds_by_cluster,
    penalised_on_raw,
};
pub use replicates::Replicates;
pub use resample::{HeadlineIntervals, Resampling, resample_headlines};
pub use selective::{
    CoverageAtAccuracy, RiskCoverage, accuracy_at_coverage, auprc_errors, coverage_at_accuracy,
    risk_coverage,
};
pub use sequence::{SequenceProbability, choice_confidence, p_true, sequence_probability};
pub use sign_flip::{Draws, SignFlip};
pub use smooth_ece::{Bandwidth, smooth_ece, smooth_ece_at};
pub use spiegelhalter::{Spiegelhalter, spiegelhalter};
pub use surest::surest;
pub use sweep::{SweptEce, ece_sweep};
pub use wobble::rise;
