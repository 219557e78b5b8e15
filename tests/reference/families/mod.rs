//! The families of vectors: how each is computed, and what waits for later.
//!
//! To take up a new statistic, compute its key here and strike its name from the
//! family's `later` list; a name that no value needs is a failure too.

mod clustered;
mod ltt;
mod mcnemar;
mod metrics;
mod multiplicity;
mod paired;
mod power;
mod proportions;
mod recalibration;

use overclaim::score::{Interval, Items, Level, Threshold};
use serde_json::Value;

use crate::compare::Values;

/// Files whose names start alike and hold the same keys.
pub struct Family {
    /// What the file names start with.
    pub name: &'static str,
    /// From `inputs` to the values of `expected`.
    pub compute: fn(&Value) -> Result<Values, String>,
    /// Values not computed yet: a name in the notation of tolerance overrides,
    /// and why.
    pub later: &'static [(&'static str, &'static str)],
}

/// Families of which nothing is computed yet, and why.
pub const LATER_FAMILIES: &[(&str, &str)] = &[
    ("isotonic", "later: isotonic regression"),
    ("sequential", "later: early stopping"),
    ("abstention_and_entropy", "later: abstention and agreement"),
    ("logprobs", "later: confidence from token probabilities"),
    ("label_errors", "later: wrong answer or wrong label"),
];

/// Families whose parameters stand in the expected rows, by dotted name. They are handed to
/// `compute` as `inputs.parameters`, in the shape of `expected` and without anything else of it.
pub const PARAMETERS: &[(&str, &[&str])] = &[("power", power::PARAMETERS)];

/// Families of which something is computed.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "metrics",
        compute: metrics::compute,
        later: &[
            ("accuracy_se_clt", "later: standard errors of means"),
            ("brier_skill_score", "later: Brier decompositions"),
            ("murphy_*", "later: Brier decompositions"),
            ("corp", "later: isotonic decomposition"),
            ("bins_width10_left", "later: equal-width bins"),
            ("ece_width*", "later: equal-width bins"),
            ("mce_width*", "later: equal-width bins"),
            ("ace_width*", "later: equal-width bins"),
            ("rms_ce_*", "later: root-mean-square calibration errors"),
            ("sq_ce_*", "later: root-mean-square calibration errors"),
            ("ece_sweep_mass*", "later: monotone sweep"),
            ("smece*", "later: smooth ECE"),
            ("spiegelhalter_*", "later: Spiegelhalter's test"),
            ("hosmer_lemeshow.chi2", "later: Hosmer-Lemeshow test"),
            ("hosmer_lemeshow.p_value", "later: Hosmer-Lemeshow test"),
            ("auprc_errors", "later: selective answering"),
            ("aurc*", "later: selective answering"),
            ("eaurc*", "later: selective answering"),
            ("augrc", "later: selective answering"),
            ("accuracy_at_coverage_*", "later: selective answering"),
            ("coverage_at_accuracy_*", "later: selective answering"),
            ("threshold_at_accuracy_*", "later: selective answering"),
            ("confidence_target", "later: confidence-target score"),
        ],
    },
    Family { name: "proportions_table", compute: proportions::compute, later: &[] },
    Family { name: "mcnemar_table", compute: mcnemar::compute, later: &[] },
    Family { name: "clustered", compute: clustered::compute, later: &[] },
    Family { name: "paired", compute: paired::compute, later: &[] },
    Family { name: "multiplicity", compute: multiplicity::compute, later: &[] },
    Family { name: "power", compute: power::compute, later: &[] },
    Family {
        name: "ltt",
        compute: ltt::compute,
        later: &[
            ("p_selective*", "later: thresholds with a guarantee"),
            ("p_joint*", "later: thresholds with a guarantee"),
            ("n_min_for_allowed_errors", "later: thresholds with a guarantee"),
            ("selective_*", "later: thresholds with a guarantee"),
            ("joint_*", "later: thresholds with a guarantee"),
            ("empirical_threshold_no_guarantee", "later: thresholds with a guarantee"),
        ],
    },
    Family {
        name: "recalibration",
        compute: recalibration::compute,
        later: &[
            ("temperature", "later: recalibration"),
            ("logistic_on_logit", "later: recalibration"),
            ("platt_smoothed_targets_on_logit", "later: recalibration"),
            ("sklearn_logistic_l2_on_raw_confidence", "later: recalibration"),
            ("beta_*", "later: recalibration"),
            ("cross_fitted", "later: recalibration"),
        ],
    },
];

fn put_interval(values: &mut Values, path: &str, interval: Interval) {
    values.put(format!("{path}[0]"), interval.lower);
    values.put(format!("{path}[1]"), interval.upper);
}

/// The sample in `confidence` and `correct`.
fn items(inputs: &Value) -> Result<Items, String> {
    let confidence = list(inputs, "confidence")?;
    let confidence = confidence.iter().map(number).collect::<Result<_, _>>()?;
    let correct = list(inputs, "correct")?;
    let correct = correct.iter().map(flag).collect::<Result<_, _>>()?;
    Items::new(confidence, correct).map_err(|error| error.to_string())
}

fn list<'v>(inputs: &'v Value, key: &str) -> Result<&'v [Value], String> {
    let list = inputs[key].as_array();
    list.map(Vec::as_slice).ok_or_else(|| format!("{key} is no list"))
}

fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("{value} is no number"))
}

fn count(value: &Value) -> Result<usize, String> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| format!("{value} is no count"))
}

fn flag(value: &Value) -> Result<bool, String> {
    match value.as_u64() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => Err(format!("{value} is neither 0 nor 1")),
    }
}

fn level(level: f64) -> Result<Level, String> {
    Level::new(level).map_err(|error| error.to_string())
}

fn at(threshold: f64) -> Result<Threshold, String> {
    Threshold::new(threshold).map_err(|error| error.to_string())
}
