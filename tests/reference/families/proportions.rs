//! Shares of counts and their limits.

use overclaim::score::Proportion;
use serde_json::Value;

use super::{count, level, list, put_interval};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    for (index, pair) in list(inputs, "pairs")?.iter().enumerate() {
        let share = Proportion::new(count(&pair[0])?, count(&pair[1])?)
            .map_err(|error| error.to_string())?;
        let row = format!("rows[{index}]");
        values.put(format!("{row}.k"), share.count());
        values.put(format!("{row}.n"), share.total());
        for nominal in [0.9, 0.95, 0.99] {
            let level = level(nominal)?;
            put_interval(&mut values, &format!("{row}.wilson_{nominal}"), share.wilson(level));
            put_interval(
                &mut values,
                &format!("{row}.clopper_pearson_{nominal}"),
                share.clopper_pearson(level),
            );
            for (side, limit) in
                [("upper", share.upper_limit(level)), ("lower", share.lower_limit(level))]
            {
                values.put(format!("{row}.cp_one_sided_{side}_{nominal}"), limit);
            }
        }
    }
    Ok(values)
}
