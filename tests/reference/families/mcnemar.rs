//! Counts of cases on which two ways differ.

use overclaim::score::McNemar;
use serde_json::Value;

use super::{count, list};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    for (index, pair) in list(inputs, "tables")?.iter().enumerate() {
        let test = McNemar { baseline_only: count(&pair[0])?, candidate_only: count(&pair[1])? };
        let row = format!("rows[{index}]");
        values.put(format!("{row}.baseline_only"), test.baseline_only);
        values.put(format!("{row}.candidate_only"), test.candidate_only);
        values.put(format!("{row}.exact_two_sided"), test.exact_two_sided());
        values.put(format!("{row}.midp_two_sided"), test.midp_two_sided());
        values.put(format!("{row}.exact_one_sided_regression"), test.exact_regression());
        values.put(format!("{row}.chi2_continuity_p"), test.chi2_continuity_p());
    }
    Ok(values)
}
