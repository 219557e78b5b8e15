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
mod auroc;
mod beta_tail;
mod binomial_tail;
mod bins;
mod brier;
mod calibration_change;
mod clustered_mean;
mod clustered_proportion;
mod confident_wrong;
mod differences;
mod equal_mass;
mod isotonic;
mod items;
mod ks;
mod level;
mod log_loss;
mod mcnemar;
mod multiplicity;
mod normal;
mod paired;
mod power;
mod proportion;
mod random;
mod replicates;
mod sequence;
mod sign_flip;
mod student;
mod sum;

pub use accuracy::{accuracy, mean_confidence, overconfidence_gap};
pub use auroc::auroc;
pub use bins::{Bin, ece, ece_debiased};
pub use brier::brier;
pub use calibration_change::CalibrationChange;
pub use clustered_mean::ClusteredMean;
pub use clustered_proportion::ClusteredProportion;
pub use confident_wrong::{ConfidentWrong, Threshold, confident_wrong, confident_wrong_by};
pub use differences::{Differences, StudentTest};
pub use equal_mass::equal_mass_bins;
pub use isotonic::{Isotonic, Observation};
pub use items::{Items, ItemsError, Tie};
pub use ks::{KsCalibration, ks_calibration};
pub use level::{Level, OutOfRange};
pub use log_loss::{Clip, LogLoss, log_loss};
pub use mcnemar::McNemar;
pub use multiplicity::Multiplicity;
pub use paired::{Agreement, Paired, Unpaired};
pub use power::{
    Errors, ExactGate, Tails, exact_gate, least_one_sided, mcnemar_sample_size,
    minimum_detectable_effect, zero_failure_sample_size,
};
pub use proportion::{Interval, MoreThanAll, Proportion};
pub use replicates::Replicates;
pub use sequence::{SequenceProbability, p_true, sequence_probability};
pub use sign_flip::{Draws, SignFlip};
