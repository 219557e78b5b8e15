//! Labels that a model's probabilities speak against.

use overclaim::score::LabelErrors;
use serde_json::Value;

use super::{count, list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let label = |label: &Value| u16::try_from(count(label)?).map_err(|error| error.to_string());
    let given = list(inputs, "given_label")?.iter().map(label).collect::<Result<Vec<_>, _>>()?;
    let row = |row: &Value| {
        let row = row.as_array().ok_or("a row of probabilities is no list")?;
        row.iter().map(number).collect::<Result<Vec<f64>, String>>()
    };
    let probabilities =
        list(inputs, "probabilities")?.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let labels = LabelErrors::of(&given, &probabilities).map_err(|error| error.to_string())?;
    let mut values = Values::default();
    values.put_list("confident_thresholds", labels.confident_thresholds().iter().copied());
    for (label, row) in labels.confident_joint().into_iter().enumerate() {
        values.put_list(&format!("confident_joint_uncalibrated[{label}]"), row);
    }
    values.put_list("off_diagonal_indices", labels.off_diagonal());
    values.put_list("issues_confident_learning", labels.issues());
    values.put_list("issues_predicted_neq_given", labels.predicted_otherwise());
    let items = || 0..given.len();
    values.put_list("self_confidence", items().map(|item| labels.self_confidence(item)));
    values.put_list("normalized_margin", items().map(|item| labels.normalized_margin(item)));
    Ok(values)
}
