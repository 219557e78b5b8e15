//! Confidences mapped to better ones.

use overclaim::score::{
    Beta, Logistic, Method, Recalibration, Temperature, brier, cross_fitted, penalised_on_raw,
};
use serde_json::Value;

use super::{items, list};
use crate::compare::Values;

type Pairs = [(f64, bool)];

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let items = items(inputs)?;
    let pairs: Vec<(f64, bool)> = items.pairs().collect();
    let fold = folds(list(inputs, "fold")?);
    let mut values = Values::default();
    values.put("brier_raw", brier(&items));

    let fit = Temperature::fit(&pairs);
    values.put("temperature.T", fit.map(|fit| fit.t));
    values.put("temperature.nll", fit.and_then(|fit| fit.nll(&pairs)));

    let fit = Logistic::fit(&pairs);
    put_line(&mut values, "logistic_on_logit", fit, fit.and_then(|fit| fit.nll(&pairs)));
    let fit = Logistic::platt(&pairs);
    let name = "platt_smoothed_targets_on_logit";
    put_line(&mut values, name, fit, fit.and_then(|fit| fit.nll(&pairs)));
    values.put(format!("{name}.sklearn_slope"), fit.map(|fit| fit.slope));
    values.put(format!("{name}.sklearn_intercept"), fit.map(|fit| fit.intercept));
    let fit = penalised_on_raw(&pairs);
    let nll = fit.and_then(|fit| fit.nll_on_raw(&pairs));
    put_line(&mut values, "sklearn_logistic_l2_on_raw_confidence", fit, nll);

    put_beta(&mut values, "beta_unconstrained", Beta::unconstrained(&pairs), &pairs);
    let fit = Beta::increasing(&pairs);
    put_beta(&mut values, "beta_abm", fit, &pairs);
    values.put("beta_abm.betacal_a", fit.map(|fit| fit.a));
    values.put("beta_abm.betacal_b", fit.map(|fit| fit.b));
    values.put("beta_abm.betacal_midpoint", fit.and_then(Beta::midpoint));

    let logistic = |others: &Pairs| Logistic::fit(others).map(|fit| move |c| fit.apply(c));
    let by = |method: Method| {
        move |others: &Pairs| method.fit(others).map(|fit: Recalibration| move |c| fit.apply(c))
    };
    for (name, predictions) in [
        ("temperature", cross_fitted(&pairs, &fold, by(Method::Temperature))),
        ("logistic_on_logit", cross_fitted(&pairs, &fold, logistic)),
        ("isotonic", cross_fitted(&pairs, &fold, by(Method::Isotonic))),
    ] {
        put_predictions(&mut values, name, &predictions, &pairs);
    }
    Ok(values)
}

/// Folds by number, whatever they are called.
fn folds(names: &[Value]) -> Vec<usize> {
    let place = |name| names.iter().position(|first| first == name).unwrap_or_default();
    names.iter().map(place).collect()
}

fn put_line(values: &mut Values, name: &str, fit: Option<Logistic>, nll: Option<f64>) {
    values.put(format!("{name}.slope"), fit.map(|fit| fit.slope));
    values.put(format!("{name}.intercept"), fit.map(|fit| fit.intercept));
    values.put(format!("{name}.nll"), nll);
}

fn put_beta(values: &mut Values, name: &str, fit: Option<Beta>, pairs: &Pairs) {
    values.put(format!("{name}.a"), fit.map(|fit| fit.a));
    values.put(format!("{name}.b"), fit.map(|fit| fit.b));
    values.put(format!("{name}.intercept"), fit.map(|fit| fit.intercept));
    values.put(format!("{name}.nll"), fit.and_then(|fit| fit.nll(pairs)));
}

fn put_predictions(values: &mut Values, name: &str, predictions: &[Option<f64>], pairs: &Pairs) {
    let name = format!("cross_fitted.{name}");
    values.put_list(&format!("{name}.prediction"), predictions.iter().copied());
    let known: Option<Vec<f64>> = predictions.iter().copied().collect();
    let off = |(p, (_, y)): (&f64, &(f64, bool))| (p - f64::from(u8::from(*y))).powi(2);
    let brier = known
        .filter(|known| !known.is_empty())
        .map(|known| known.iter().zip(pairs).map(off).sum::<f64>() / known.len() as f64);
    values.put(format!("{name}.brier"), brier);
}
