//! What a sample can see, and the sample that a change needs.

use overclaim::score::{
    Errors, Tails, exact_gate, mcnemar_sample_size, minimum_detectable_effect,
    zero_failure_sample_size,
};
use serde_json::Value;

use super::{count, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    let errors = |row: &Value, tails| {
        Ok::<_, String>(Errors {
            alpha: number(&row["alpha"])?,
            power: number(&row["power"])?,
            tails,
        })
    };
    for (index, row) in rows(&inputs["mde"]).enumerate() {
        let at = |name: &str| format!("mde[{index}].{name}");
        let (n, omega2) = (count(&row["n"])?, number(&row["omega2"])?);
        values.put(at("n"), n);
        for name in ["omega2", "alpha", "power"] {
            values.put(at(name), number(&row[name])?);
        }
        for (name, tails) in [("mde_two_sided", Tails::Two), ("mde_one_sided", Tails::One)] {
            values.put(at(name), minimum_detectable_effect(omega2, n, errors(row, tails)?));
        }
    }
    for (index, row) in rows(&inputs["mcnemar_n"]).enumerate() {
        let at = |name: &str| format!("mcnemar_n[{index}].{name}");
        for name in ["discordant", "difference", "alpha", "power"] {
            values.put(at(name), number(&row[name])?);
        }
        let (discordant, difference) = (number(&row["discordant"])?, number(&row["difference"])?);
        let n = mcnemar_sample_size(discordant, difference, errors(row, Tails::Two)?);
        values.put(at("n"), n);
    }
    for (index, row) in rows(&inputs["zero_failure_n"]).enumerate() {
        let at = |name: &str| format!("zero_failure_n[{index}].{name}");
        let (rate, delta) = (number(&row["rate"])?, number(&row["delta"])?);
        values.put(at("rate"), rate);
        values.put(at("delta"), delta);
        values.put(at("n"), zero_failure_sample_size(rate, delta));
    }
    for (index, row) in rows(&inputs["exact_gate"]).enumerate() {
        let at = |name: &str| format!("exact_gate[{index}].{name}");
        let n = count(&row["n"])?;
        let [p0, p1, alpha] = ["p0", "p1", "alpha"].map(|name| number(&row[name]));
        let (p0, p1, alpha) = (p0?, p1?, alpha?);
        let gate = exact_gate(n, p0, p1, alpha);
        values.put(at("n"), n);
        for (name, value) in [("p0", p0), ("p1", p1), ("alpha", alpha)] {
            values.put(at(name), value);
        }
        values.put(at("reject_when_at_least"), gate.reject_when_at_least);
        values.put(at("size"), gate.size);
        values.put(at("power"), gate.power);
    }
    Ok(values)
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
