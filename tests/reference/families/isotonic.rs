//! Fits that never decrease.

use overclaim::score::{Isotonic, Observation};
use serde_json::Value;

use super::{list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let column = |key| list(inputs, key)?.iter().map(number).collect::<Result<Vec<f64>, _>>();
    let (x, y, weight) = (column("x")?, column("y")?, column("weight")?);
    let all = x.iter().zip(&y).zip(&weight);
    let fit = Isotonic::fit(all.map(|((&x, &y), &weight)| Observation { x, y, weight }));
    let mut values = Values::default();
    let at = |x: &f64| fit.as_ref().map(|fit| fit.at(*x));
    values.put_list("fitted", x.iter().map(at));
    values.put_list("predicted", column("query")?.iter().map(at));
    let knots = fit.as_ref().map_or(&[][..], |fit| fit.knots());
    values.put_list("knots_x", knots.iter().map(|knot| knot[0]));
    values.put_list("knots_y", knots.iter().map(|knot| knot[1]));
    Ok(values)
}
