//! Confidences mapped to better ones.

use overclaim::score::brier;
use serde_json::Value;

use super::items;
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    values.put("brier_raw", brier(&items(inputs)?));
    Ok(values)
}
