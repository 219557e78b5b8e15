//! Thresholds with a guarantee.

use overclaim::score::confident_wrong;
use serde_json::Value;

use super::{at, items, level, list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let items = items(inputs)?;
    let level = level(1.0 - number(&inputs["delta"])?)?;
    let mut values = Values::default();
    for (index, threshold) in list(inputs, "grid")?.iter().enumerate() {
        let threshold = at(number(threshold)?)?;
        let counts = confident_wrong(&items, threshold);
        let row = format!("rows[{index}]");
        values.put(format!("{row}.threshold"), threshold.get());
        values.put(format!("{row}.answered"), counts.confident());
        values.put(format!("{row}.wrong"), counts.wrong());
        for (risk, share) in [("selective", counts.given_confident()), ("joint", counts.of_all())] {
            values.put(format!("{row}.cp_upper_{risk}"), share.upper_limit(level));
        }
    }
    Ok(values)
}
