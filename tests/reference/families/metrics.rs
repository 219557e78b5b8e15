//! Metrics of one sample.

use std::num::NonZeroUsize;

use overclaim::score::{
    Bandwidth, Bin, Clip, Closed, Items, Level, Murphy, accuracy, accuracy_at_coverage,
    auprc_errors, auroc, brier, brier_skill_score, confidence_target, confident_wrong, corp,
    coverage_at_accuracy, ece, ece_debiased, ece_sweep, equal_mass_bins, equal_width_bins, hle_rms,
    hosmer_lemeshow, ks_calibration, log_loss, mce, mean_confidence, murphy, murphy_of_distinct,
    overconfidence_gap, risk_coverage, rms_ce, rms_ce_debiased, smooth_ece, smooth_ece_at,
    spiegelhalter, sq_ce_unbiased,
};
use serde_json::Value;

use super::{at, items, put_interval};
use crate::compare::Values;

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let items = items(inputs)?;
    let mut values = Values::default();
    means(&mut values, &items)?;
    binned(&mut values, &items)?;
    unbinned(&mut values, &items)?;
    selective(&mut values, &items);
    thresholds(&mut values, &items)?;
    Ok(values)
}

fn means(values: &mut Values, items: &Items) -> Result<(), String> {
    let right = accuracy(items);
    values.put("n", items.len());
    values.put("accuracy", right.rate());
    put_interval(values, "accuracy_wilson95", right.wilson(Level::P95));
    put_interval(values, "accuracy_clopper_pearson95", right.clopper_pearson(Level::P95));
    values.put("accuracy_se_clt", right.standard_error());
    values.put("mean_confidence", mean_confidence(items));
    values.put("overconfidence_gap", overconfidence_gap(items));
    values.put("brier", brier(items));
    values.put("brier_skill_score", brier_skill_score(items));
    for (name, clip) in [("log_loss_sklearn_eps", f64::EPSILON), ("log_loss_clip_1e-6", 1e-6)] {
        let clip = Clip::new(clip).map_err(|error| error.to_string())?;
        values.put(name, log_loss(items, clip).map(|loss| loss.mean));
    }
    Ok(())
}

fn binned(values: &mut Values, items: &Items) -> Result<(), String> {
    for count in [10, 15] {
        let bins = NonZeroUsize::new(count).ok_or("no bins")?;
        for (side, closed) in [("left", Closed::Left), ("right", Closed::Right)] {
            let bins = equal_width_bins(items, bins, closed);
            values.put(format!("ece_width{count}_{side}"), ece(&bins));
            values.put(format!("mce_width{count}_{side}"), mce(&bins));
            if closed == Closed::Left {
                values.put(format!("rms_ce_width{count}_left"), rms_ce(&bins));
            }
        }
        let bins = equal_mass_bins(items, bins);
        values.put(format!("ece_mass{count}"), ece(&bins));
        values.put(format!("ece_mass{count}_debiased"), ece_debiased(&bins));
        values.put(format!("rms_ce_mass{count}"), rms_ce(&bins));
        values.put(format!("rms_ce_mass{count}_debiased"), rms_ce_debiased(&bins));
        values.put(format!("sq_ce_mass{count}_unbiased"), sq_ce_unbiased(&bins));
    }
    let ten = NonZeroUsize::new(10).ok_or("no bins")?;
    let bins = equal_width_bins(items, ten, Closed::Left);
    diagram(values, &bins);
    decomposition(values, "murphy_width10", murphy(items, &bins), true);
    decomposition(values, "murphy_distinct_values", murphy_of_distinct(items), false);
    let test = hosmer_lemeshow(&equal_mass_bins(items, ten));
    values.put("hosmer_lemeshow.groups", test.map(|test| test.groups));
    values.put("hosmer_lemeshow.chi2", test.and_then(|test| test.chi2));
    values.put("hosmer_lemeshow.p_value", test.and_then(|test| test.p_value));
    let swept = ece_sweep(items);
    values.put("ece_sweep_mass", swept.map(|swept| swept.ece));
    values.put("ece_sweep_mass_bins", swept.map(|swept| swept.bins));
    let rms = hle_rms(items);
    values.put("rms_ce_hle_as_published", rms.and_then(|rms| rms.as_published));
    values.put("rms_ce_hle_all_bins", rms.map(|rms| rms.all_bins));
    Ok(())
}

/// All ten bins of a diagram, the empty ones too.
fn diagram(values: &mut Values, bins: &[Bin]) {
    for number in 0..10_u32 {
        let low = f64::from(number) / 10.0;
        let bin = bins.iter().find(|bin| bin.low.to_bits() == low.to_bits());
        let mut put = |name: &str, value: Option<f64>| {
            values.put(format!("bins_width10_left.{name}[{number}]"), value);
        };
        put("count", Some(bin.map_or(0.0, |bin| bin.n as f64)));
        put("mean_confidence", bin.map(|bin| bin.mean_confidence));
        put("accuracy", bin.map(|bin| bin.accuracy));
    }
}

fn decomposition(values: &mut Values, name: &str, terms: Option<Murphy>, within: bool) {
    let mut put = |key: &str, value: fn(Murphy) -> f64| {
        values.put(format!("{name}.{key}"), terms.map(value));
    };
    put("reliability", |terms| terms.reliability);
    put("resolution", |terms| terms.resolution);
    put("uncertainty", |terms| terms.uncertainty);
    if within {
        put("within_bin_variance", |terms| terms.within_bin_variance);
        put("within_bin_covariance", |terms| terms.within_bin_covariance);
    }
}

fn unbinned(values: &mut Values, items: &Items) -> Result<(), String> {
    let terms = corp(items);
    values.put("corp.miscalibration", terms.map(|terms| terms.miscalibration));
    values.put("corp.discrimination", terms.map(|terms| terms.discrimination));
    values.put("corp.uncertainty", terms.map(|terms| terms.uncertainty));
    values.put("smece", smooth_ece(items));
    for bandwidth in [0.05, 0.1] {
        let at = Bandwidth::new(bandwidth).map_err(|error| error.to_string())?;
        values.put(format!("smece_sigma_{bandwidth}"), smooth_ece_at(items, at));
    }
    let ks = ks_calibration(items);
    values.put("ks_calibration_error", ks.map(|ks| ks.error));
    values.put("ks_standardised", ks.and_then(|ks| ks.standardised));
    values.put("ks_p_value", ks.and_then(|ks| ks.p_value));
    let test = spiegelhalter(items);
    values.put("spiegelhalter_z", test.and_then(|test| test.z));
    values.put("spiegelhalter_p_two_sided", test.and_then(|test| test.p_two_sided));
    Ok(())
}

fn selective(values: &mut Values, items: &Items) {
    values.put("auroc", auroc(items));
    values.put("auprc_errors", auprc_errors(items));
    let areas = risk_coverage(items);
    values.put("aurc", areas.map(|areas| areas.aurc));
    values.put("aurc_optimal", areas.map(|areas| areas.aurc_optimal));
    values.put("eaurc", areas.map(|areas| areas.eaurc));
    values.put("eaurc_asymptotic", areas.and_then(|areas| areas.eaurc_asymptotic));
    values.put("aurc_trapezoid_tie_groups", areas.map(|areas| areas.aurc_trapezoid));
    values.put("augrc", areas.map(|areas| areas.augrc));
    for percent in [50, 80, 90] {
        let accuracy = accuracy_at_coverage(items, percent);
        values.put(format!("accuracy_at_coverage_{percent}"), accuracy);
    }
    for (percent, accuracy) in [(90, 0.9), (95, 0.95)] {
        let most = coverage_at_accuracy(items, accuracy);
        values.put(format!("coverage_at_accuracy_{percent}"), most.map(|most| most.coverage));
        let threshold = most.and_then(|most| most.threshold);
        values.put(format!("threshold_at_accuracy_{percent}"), threshold);
    }
}

fn thresholds(values: &mut Values, items: &Items) -> Result<(), String> {
    for threshold in [0.5, 0.8, 0.9, 0.95, 0.99] {
        let counts = confident_wrong(items, at(threshold)?);
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
    for target in [0.5, 0.75, 0.9] {
        let scores = confidence_target(items, at(target)?);
        let path = |name: &str| format!("confidence_target.{target}.{name}");
        values.put(path("abstaining"), scores.map(|scores| scores.abstaining));
        values.put(path("forced"), scores.map(|scores| scores.forced));
    }
    Ok(())
}
