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
//! A file holds one statistic. `level`, `sum`, `random`, `normal`, `student` and
//! `beta_tail` hold the arithmetic below them.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts become f64; they are exact up to 2^53, far above any number of answers"
)]

mod accuracy;
mod auroc;
mod beta_tail;
mod betting;
mod binomial_tail;
mod bins;
mod brier;
mod clustered_mean;
mod clustered_proportion;
mod confident_wrong;
mod consistency;
mod equal_mass;
mod guarantee;
mod isotonic;
mod items;
mod ks;
mod label_errors;
mod level;
mod log_loss;
mod mcnemar;
mod normal;
mod proportion;
mod random;
mod rate_sequence;
mod recalibration;
mod sequence;
mod student;
mod sum;
mod surest;

pub use accuracy::{accuracy, mean_confidence, overconfidence_gap};
pub use auroc::auroc;
pub use betting::{BettingMean, HedgedCapital, HedgedSequence};
pub use bins::{Bin, ece, ece_debiased};
pub use brier::brier;
pub use clustered_mean::ClusteredMean;
pub use clustered_proportion::ClusteredProportion;
pub use confident_wrong::{ConfidentWrong, Threshold, confident_wrong, confident_wrong_by};
pub use consistency::{Consistency, consistency};
pub use equal_mass::equal_mass_bins;
pub use guarantee::{Answering, Guarantee, Risk, answering, threshold_grid};
pub use isotonic::{Isotonic, Observation};
pub use items::{Items, ItemsError, Tie};
pub use ks::{KsCalibration, ks_calibration, ks_items_within, ks_limits};
pub use label_errors::{LabelErrors, LabelsError};
pub use level::{Level, OutOfRange};
pub use log_loss::{Clip, LogLoss, log_loss};
pub use mcnemar::McNemar;
pub use proportion::{Interval, MoreThanAll, Proportion};
pub use rate_sequence::RateSequence;
pub use recalibration::{
    Beta, Logistic, Method, Recalibration, Temperature, cross_fitted, folds_by_cluster,
    penalised_on_raw,
};
pub use sequence::{SequenceProbability, p_true, sequence_probability};
pub use surest::surest;
