//! The families of vectors: how each is computed, and the few keys that are not.
//!
//! A key that is not computed is in `NEVER` with its reason; a name there that no value
//! needs is a failure too.

mod abstention;
mod clustered;
mod isotonic;
mod label_errors;
mod logprobs;
mod ltt;
mod mcnemar;
mod metrics;
mod multiplicity;
mod paired;
mod power;
mod proportions;
mod recalibration;
mod sequential;

use overclaim::score::{Interval, Items, Level, Threshold};
use serde_json::Value;

use crate::compare::Values;

/// Files whose names start alike and hold the same keys.
pub struct Family {
    /// What the file names start with.
    pub name: &'static str,
    /// From `inputs` to the values of `expected`.
    pub compute: fn(&Value) -> Result<Values, String>,
}

/// Keys that are never computed: the family, a name in the notation of tolerance
/// overrides, and why.
pub const NEVER: &[(&str, &str, &str)] = &[
    ("metrics", "ece_width10_netcal", NETCAL),
    ("metrics", "mce_width10_netcal", NETCAL),
    ("metrics", "ace_width10_netcal", NETCAL),
    ("metrics", "ece_width15_netcal", NETCAL),
    ("metrics", "mce_width15_netcal", NETCAL),
    ("metrics", "ace_width15_netcal", NETCAL),
    ("metrics", "ece_width10_uncertainty_calibration", UNCERTAINTY_CALIBRATION),
    ("metrics", "ece_width15_uncertainty_calibration", UNCERTAINTY_CALIBRATION),
    ("metrics", "smece_relplot*", "relplot under-weights answers at exactly 0 and 1"),
    ("label_errors", "truly_flipped", "how the data were made, not computable from them"),
    ("metrics", "spiegelhalter_p_mapie_one_sided", "one tail of a test with two"),
];

const NETCAL: &str = "netcal's edges are an ulp off at 0.3, 0.6 and 0.7";
const UNCERTAINTY_CALIBRATION: &str = "that package's reading of edges";

/// Keys of `expected` that are inputs, because the rows of a list hold their own
/// parameters: the family, the list, and the keys of a row that its values are computed
/// from. They reach `compute` as a list of that name in `inputs`, without the rest.
pub const PARAMETERS: &[(&str, &str, &[&str])] = &[
    ("logprobs", "p_true", &["p_true_token", "p_false_token"]),
    ("power", "mcnemar_n", &["discordant", "difference", "alpha", "power"]),
    ("power", "zero_failure_n", &["rate", "delta"]),
    ("power", "exact_gate", &["n", "p0", "p1", "alpha"]),
];

/// Every family.
pub const FAMILIES: &[Family] = &[
    Family { name: "metrics", compute: metrics::compute },
    Family { name: "proportions_table", compute: proportions::compute },
    Family { name: "mcnemar_table", compute: mcnemar::compute },
    Family { name: "sequential", compute: sequential::compute },
    Family { name: "label_errors", compute: label_errors::compute },
    Family { name: "clustered", compute: clustered::compute },
    Family { name: "isotonic", compute: isotonic::compute },
    Family { name: "ltt", compute: ltt::compute },
    Family { name: "recalibration", compute: recalibration::compute },
    Family { name: "abstention_and_entropy", compute: abstention::compute },
    Family { name: "logprobs", compute: logprobs::compute },
    Family { name: "paired", compute: paired::compute },
    Family { name: "multiplicity", compute: multiplicity::compute },
    Family { name: "power", compute: power::compute },
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
