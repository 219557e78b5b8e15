//! Thresholds with a guarantee.

use overclaim::score::{Answering, Guarantee, Proportion, Risk, answering};
use serde_json::Value;

use super::{at, items, level, list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let items = items(inputs)?;
    let (alpha, delta) = (number(&inputs["alpha"])?, number(&inputs["delta"])?);
    let promise = Guarantee::new(alpha, delta).map_err(|error| error.to_string())?;
    let level = level(1.0 - delta)?;
    let grid: Vec<_> =
        list(inputs, "grid")?.iter().map(|t| at(number(t)?)).collect::<Result<_, _>>()?;
    let rows = answering(&items, &grid);
    let mut values = Values::default();
    if rows.is_empty() {
        values.put_list("rows", [0.0; 0]);
    }
    for (index, row) in rows.iter().enumerate() {
        let mut put = |name: &str, value: f64| values.put(format!("rows[{index}].{name}"), value);
        put("threshold", row.threshold.get());
        put("answered", row.answered as f64);
        put("wrong", row.wrong as f64);
        put("p_selective", promise.p_value(Risk::Selective, row));
        put("p_joint", promise.p_value(Risk::Joint, row));
        put("p_selective_mapie", selective_mapie(promise, row));
        put("p_joint_hoeffding_bentkus", joint_hoeffding_bentkus(promise, row));
        for (name, total) in [("selective", row.answered), ("joint", row.n)] {
            let share = Proportion::new(row.wrong, total).map_err(|error| error.to_string())?;
            put(&format!("cp_upper_{name}"), share.upper_limit(level));
        }
    }
    let threshold = |index: Option<usize>| index.map(|index| rows[index].threshold.get());
    for errors in [0, 1, 2, 5] {
        let least = promise.least_answers(errors);
        values.put(format!("n_min_for_allowed_errors.{errors}"), least);
        let least = least.ok_or("no number of answers is enough")?;
        let found = promise.fixed_sequence(Risk::Selective, &rows, least);
        values.put(format!("selective_fixed_sequence.{least}"), threshold(found));
    }
    let joint = promise.fixed_sequence(Risk::Joint, &rows, 0);
    values.put("joint_fixed_sequence", threshold(joint));
    for (name, risk) in [("selective", Risk::Selective), ("joint", Risk::Joint)] {
        let found = promise.bonferroni(risk, &rows);
        values.put(format!("{name}_bonferroni"), threshold(found));
        let found = promise.holm(risk, &rows);
        values.put(format!("{name}_bonferroni_holm"), threshold(found));
    }
    values.put("joint_conformal_risk_control", threshold(promise.conformal(&rows)));
    values.put("empirical_threshold_no_guarantee", threshold(promise.empirical(&rows)));
    Ok(values)
}

/// What another library tests the selective risk with: Hoeffding's tail or the exact one, whichever
/// is smaller, of a count that 64-bit floats may have raised by one. It decides nothing here.
fn selective_mapie(promise: Guarantee, row: &Answering) -> f64 {
    if row.answered == 0 {
        return 1.0;
    }
    let rate = row.wrong as f64 / row.answered as f64;
    let counted = Answering { wrong: recounted(row.wrong, row.answered), ..*row };
    hoeffding(rate, row.answered, promise.alpha()).min(promise.p_value(Risk::Selective, &counted))
}

/// The same for the joint risk, with Bentkus's factor e.
fn joint_hoeffding_bentkus(promise: Guarantee, row: &Answering) -> f64 {
    let rate = if row.n == 0 { 0.0 } else { row.wrong as f64 / row.n as f64 };
    let counted = Answering { wrong: recounted(row.wrong, row.n), ..*row };
    let bentkus = std::f64::consts::E * promise.p_value(Risk::Joint, &counted);
    hoeffding(rate, row.n, promise.alpha()).min(bentkus)
}

/// `⌈n·(k/n)⌉` as floats have it: `k`, or `k + 1`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
fn recounted(count: usize, of: usize) -> usize {
    if of == 0 { 0 } else { (of as f64 * (count as f64 / of as f64)).ceil() as usize }
}

/// `exp(−n·h(min(r, α), α))`, `h` the relative entropy of two coins.
fn hoeffding(rate: f64, n: usize, alpha: f64) -> f64 {
    let term = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    let a = rate.min(alpha);
    (-(n as f64) * (term(a, alpha) + term(1.0 - a, 1.0 - alpha))).exp()
}
