//! Metrics of one sample.

use std::num::NonZeroUsize;

use overclaim::score::{
    Clip, Level, accuracy, auroc, brier, confident_wrong, ece, ece_debiased, equal_mass_bins,
    ks_calibration, log_loss, mean_confidence, overconfidence_gap,
};
use serde_json::Value;

use super::{at, items, put_interval};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let items = items(inputs)?;
    let mut values = Values::default();
    let right = accuracy(&items);
    values.put("n", items.len());
    values.put("accuracy", right.rate());
    put_interval(&mut values, "accuracy_wilson95", right.wilson(Level::P95));
    put_interval(&mut values, "accuracy_clopper_pearson95", right.clopper_pearson(Level::P95));
    values.put("mean_confidence", mean_confidence(&items));
    values.put("overconfidence_gap", overconfidence_gap(&items));
    values.put("brier", brier(&items));
    for (name, clip) in [("log_loss_sklearn_eps", f64::EPSILON), ("log_loss_clip_1e-6", 1e-6)] {
        let clip = Clip::new(clip).map_err(|error| error.to_string())?;
        values.put(name, log_loss(&items, clip).map(|loss| loss.mean));
    }
    for count in [10, 15] {
        let bins = equal_mass_bins(&items, NonZeroUsize::new(count).ok_or("no bins")?);
        values.put(format!("ece_mass{count}"), ece(&bins));
        values.put(format!("ece_mass{count}_debiased"), ece_debiased(&bins));
        if count == 10 {
            values.put("hosmer_lemeshow.groups", bins.len());
        }
    }
    let ks = ks_calibration(&items);
    values.put("ks_calibration_error", ks.map(|ks| ks.error));
    values.put("ks_standardised", ks.and_then(|ks| ks.standardised));
    values.put("ks_p_value", ks.and_then(|ks| ks.p_value));
    values.put("auroc", auroc(&items));
    for threshold in [0.5, 0.8, 0.9, 0.95, 0.99] {
        let counts = confident_wrong(&items, at(threshold)?);
        let (all, given) = (counts.of_all(), counts.given_confident());
        let mut put = |name: &str, value: Option<f64>| {
            values.put(format!("confident_wrong.{threshold}.{name}"), value);
        };
        put("confident", Some(counts.confident() as f64));
        put("wrong", Some(counts.wrong() as f64));
        put("rate_of_all", all.rate());
        put("rate_given_confident", given.rate());
        put("upper95_of_all", Some(all.upper_limit(Level::P95)));
        put("lower95_of_all", Some(all.lower_limit(Level::P95)));
        put("upper95_given_confident", Some(given.upper_limit(Level::P95)));
        put("lower95_given_confident", Some(given.lower_limit(Level::P95)));
    }
    Ok(values)
}
