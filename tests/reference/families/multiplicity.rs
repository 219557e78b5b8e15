//! P values adjusted for how many there are.

use overclaim::score::Multiplicity;
use serde_json::Value;

use super::{list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let p = list(inputs, "p")?.iter().map(number).collect::<Result<Vec<_>, _>>()?;
    let level = number(&inputs["level"])?;
    let mut values = Values::default();
    for (name, method) in [
        ("bonferroni", Multiplicity::Bonferroni),
        ("holm", Multiplicity::Holm),
        ("fdr_bh", Multiplicity::BenjaminiHochberg),
        ("fdr_by", Multiplicity::BenjaminiYekutieli),
    ] {
        let adjusted = method.adjusted(&p);
        values.put_list(
            &format!("{name}.rejected"),
            adjusted.iter().map(|adjusted| *adjusted <= level),
        );
        values.put_list(&format!("{name}.adjusted"), adjusted);
    }
    Ok(values)
}
