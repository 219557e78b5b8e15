//! Limits that hold at any moment, and the moments at which they decide.

use overclaim::score::{HedgedCapital, HedgedSequence, Interval, RateSequence};
use serde_json::Value;

use super::{count, level, list, number};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let level = level(1.0 - number(&inputs["alpha"])?)?;
    let limit = number(&inputs["limit"])?;
    let times = list(inputs, "times")?.iter().map(count).collect::<Result<Vec<_>, _>>()?;
    let series = |key: &str| list(inputs, key)?.iter().map(number).collect::<Result<Vec<_>, _>>();
    let mut values = Values::default();
    for kind in ["binary", "bounded"] {
        let series = series(kind)?;
        let with = HedgedSequence::new(level);
        put_sequence(&mut values, &format!("hedged_cs_{kind}"), with, &series, &times);
        let without = HedgedSequence::without_replacement(series.len(), level);
        let name = format!("hedged_cs_without_replacement_{kind}");
        put_sequence(&mut values, &name, without, &series, &times);
        // Which means are asked about stands in the keys of `expected` alone.
        for mean in [0.05, 0.2, 0.5] {
            let mut capital = HedgedCapital::new(mean, level);
            let name = format!("hedged_capital_{kind}.{mean}");
            at_times(&series, &times, |x, row| {
                capital.add(x);
                if let Some((index, t)) = row {
                    values.put(format!("{name}[{index}].t"), t);
                    values.put(format!("{name}[{index}].capital"), capital.capital());
                }
            });
        }
    }
    let binary = series("binary")?;
    let mut sequence = RateSequence::new(level);
    let (mut fail_at, mut pass_at) = (None, None);
    at_times(&binary, &times, |x, row| {
        sequence.add(x > 0.5);
        let t = sequence.share().total();
        fail_at = fail_at.or(sequence.is_above(limit).then_some(t));
        // No rate is above 1, whatever was seen.
        let passes = sequence.is_below(limit) || limit >= 1.0;
        pass_at = pass_at.or(passes.then_some(t));
        if let Some((index, t)) = row {
            put_row(
                &mut values,
                &format!("beta_binomial_cs_binary[{index}]"),
                t,
                sequence.interval(),
            );
        }
    });
    put_moment(&mut values, "beta_binomial_stop.fail_at", fail_at);
    put_moment(&mut values, "beta_binomial_stop.pass_at", pass_at);
    put_certain(&mut values, &binary, limit);
    Ok(values)
}

/// When every completion of the series is above, or within, the share that is allowed.
fn put_certain(values: &mut Values, binary: &[f64], limit: f64) {
    let n = binary.len();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let allowed = (limit * n as f64 + 1e-9).floor() as usize;
    let (mut bad, mut fail_at, mut pass_at) = (0, None, None);
    for (index, x) in binary.iter().enumerate() {
        bad += usize::from(*x > 0.5);
        let t = index + 1;
        fail_at = fail_at.or((bad > allowed).then_some(t));
        pass_at = pass_at.or((bad + n - t <= allowed).then_some(t));
    }
    values.put("certain_stop.allowed_bad", allowed);
    put_moment(values, "certain_stop.fail_at", fail_at);
    put_moment(values, "certain_stop.pass_at", pass_at);
}

fn put_moment(values: &mut Values, path: &str, moment: Option<usize>) {
    match moment {
        Some(t) => values.put(path, t),
        None => values.put(path, None::<f64>),
    }
}

fn put_sequence(
    values: &mut Values,
    name: &str,
    mut sequence: HedgedSequence,
    series: &[f64],
    times: &[usize],
) {
    at_times(series, times, |x, row| {
        sequence.add(x);
        if let Some((index, t)) = row {
            put_row(values, &format!("{name}[{index}]"), t, sequence.interval());
        }
    });
}

fn put_row(values: &mut Values, row: &str, t: usize, interval: Interval) {
    values.put(format!("{row}.t"), t);
    values.put(format!("{row}.lower"), interval.lower);
    values.put(format!("{row}.upper"), interval.upper);
}

/// Every value of the series, with the row of its time where one is asked for.
fn at_times(series: &[f64], times: &[usize], mut step: impl FnMut(f64, Option<(usize, usize)>)) {
    for (index, x) in series.iter().enumerate() {
        let t = index + 1;
        step(*x, times.iter().position(|time| *time == t).map(|row| (row, t)));
    }
}
