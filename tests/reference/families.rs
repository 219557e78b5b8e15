//! The families of vectors: how each is computed, and what waits for later.
//!
//! To take up a new statistic, compute its key here and strike its name from the
//! family's `later` list; a name that no value needs is a failure too.

use std::num::NonZeroUsize;

use overclaim::score::{
    Clip, ClusteredMean, Interval, Items, Level, McNemar, Proportion, Threshold, accuracy, auroc,
    brier, confident_wrong, ece, ece_debiased, equal_mass_bins, ks_calibration, log_loss,
    mean_confidence, overconfidence_gap,
};
use serde_json::Value;

use crate::compare::Values;

/// Files whose names start alike and hold the same keys.
pub struct Family {
    /// What the file names start with.
    pub name: &'static str,
    /// From `inputs` to the values of `expected`.
    pub compute: fn(&Value) -> Result<Values, String>,
    /// Values not computed yet: a name in the notation of tolerance overrides,
    /// and why.
    pub later: &'static [(&'static str, &'static str)],
}

/// Families of which nothing is computed yet, and why.
pub const LATER_FAMILIES: &[(&str, &str)] = &[
    ("paired", "later: comparison"),
    ("isotonic", "later: isotonic regression"),
    ("sequential", "later: early stopping"),
    ("multiplicity", "later: comparison by slices"),
    ("abstention_and_entropy", "later: abstention and agreement"),
    ("logprobs", "later: confidence from token probabilities"),
    ("label_errors", "later: wrong answer or wrong label"),
    ("power", "later: sample sizes"),
];

/// Families of which something is computed.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "metrics",
        compute: metrics,
        later: &[
            ("accuracy_se_clt", "later: standard errors of means"),
            ("brier_skill_score", "later: Brier decompositions"),
            ("murphy_*", "later: Brier decompositions"),
            ("corp", "later: isotonic decomposition"),
            ("bins_width10_left", "later: equal-width bins"),
            ("ece_width*", "later: equal-width bins"),
            ("mce_width*", "later: equal-width bins"),
            ("ace_width*", "later: equal-width bins"),
            ("rms_ce_*", "later: root-mean-square calibration errors"),
            ("sq_ce_*", "later: root-mean-square calibration errors"),
            ("ece_sweep_mass*", "later: monotone sweep"),
            ("smece*", "later: smooth ECE"),
            ("spiegelhalter_*", "later: Spiegelhalter's test"),
            ("hosmer_lemeshow.chi2", "later: Hosmer-Lemeshow test"),
            ("hosmer_lemeshow.p_value", "later: Hosmer-Lemeshow test"),
            ("auprc_errors", "later: selective answering"),
            ("aurc*", "later: selective answering"),
            ("eaurc*", "later: selective answering"),
            ("augrc", "later: selective answering"),
            ("accuracy_at_coverage_*", "later: selective answering"),
            ("coverage_at_accuracy_*", "later: selective answering"),
            ("threshold_at_accuracy_*", "later: selective answering"),
            ("confidence_target", "later: confidence-target score"),
        ],
    },
    Family { name: "proportions_table", compute: proportions_table, later: &[] },
    Family { name: "mcnemar_table", compute: mcnemar_table, later: &[] },
    Family { name: "clustered", compute: clustered, later: &[] },
    Family {
        name: "ltt",
        compute: ltt,
        later: &[
            ("p_selective*", "later: thresholds with a guarantee"),
            ("p_joint*", "later: thresholds with a guarantee"),
            ("n_min_for_allowed_errors", "later: thresholds with a guarantee"),
            ("selective_*", "later: thresholds with a guarantee"),
            ("joint_*", "later: thresholds with a guarantee"),
            ("empirical_threshold_no_guarantee", "later: thresholds with a guarantee"),
        ],
    },
    Family {
        name: "recalibration",
        compute: recalibration,
        later: &[
            ("temperature", "later: recalibration"),
            ("logistic_on_logit", "later: recalibration"),
            ("platt_smoothed_targets_on_logit", "later: recalibration"),
            ("sklearn_logistic_l2_on_raw_confidence", "later: recalibration"),
            ("beta_*", "later: recalibration"),
            ("cross_fitted", "later: recalibration"),
        ],
    },
];

fn metrics(inputs: &Value) -> Result<Values, String> {
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

fn proportions_table(inputs: &Value) -> Result<Values, String> {
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

fn mcnemar_table(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    for (index, pair) in list(inputs, "tables")?.iter().enumerate() {
        let test = McNemar { baseline_only: count(&pair[0])?, candidate_only: count(&pair[1])? };
        let row = format!("rows[{index}]");
        values.put(format!("{row}.baseline_only"), test.baseline_only);
        values.put(format!("{row}.candidate_only"), test.candidate_only);
        values.put(format!("{row}.exact_two_sided"), test.exact_two_sided());
        values.put(format!("{row}.midp_two_sided"), test.midp_two_sided());
        values.put(format!("{row}.exact_one_sided_regression"), test.exact_regression());
        values.put(format!("{row}.chi2_continuity_p"), test.chi2_continuity());
    }
    Ok(values)
}

/// A score of an item, from its confidence and whether it is correct.
type Score = fn(f64, f64) -> f64;

fn clustered(inputs: &Value) -> Result<Values, String> {
    let groups = list(inputs, "groups")?.iter().map(count).collect::<Result<Vec<_>, _>>()?;
    let items = items(inputs)?.in_clusters(groups).map_err(|error| error.to_string())?;
    let mut values = Values::default();
    let scores: [(&str, Score); 3] = [
        ("accuracy", |_, y| y),
        ("brier", |c, y| (c - y).powi(2)),
        ("overconfidence_gap", |c, y| c - y),
    ];
    for (name, score) in scores {
        let scores = items.pairs().map(|(c, y)| score(c, f64::from(u8::from(y))));
        let scores = items.clusters().iter().zip(scores);
        let mean = ClusteredMean::of(scores).ok_or("no items")?;
        if name == "accuracy" {
            values.put("n", mean.n());
            values.put("clusters", mean.clusters());
        }
        values.put(format!("{name}.mean"), mean.mean());
        values.put(format!("{name}.se_iid"), mean.se_independent());
        values.put(format!("{name}.se_cluster_uncorrected"), mean.se_uncorrected());
        values.put(format!("{name}.se_cluster_corrected"), mean.se());
        let interval = mean.interval(Level::P95).ok_or("one cluster")?;
        put_interval(&mut values, &format!("{name}.ci95_t_clusters_minus_1"), interval);
        values.put(format!("{name}.design_effect"), mean.design_effect());
    }
    Ok(values)
}

fn ltt(inputs: &Value) -> Result<Values, String> {
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

fn recalibration(inputs: &Value) -> Result<Values, String> {
    let mut values = Values::default();
    values.put("brier_raw", brier(&items(inputs)?));
    Ok(values)
}

fn put_interval(values: &mut Values, path: &str, interval: Interval) {
    values.put(format!("{path}[0]"), interval.lower);
    values.put(format!("{path}[1]"), interval.upper);
}

/// The sample in `confidence` and `correct`.
fn items(inputs: &Value) -> Result<Items, String> {
    let confidence = list(inputs, "confidence")?;
    let confidence = confidence.iter().map(number).collect::<Result<_, _>>()?;
    let correct = list(inputs, "correct")?;
    let correct = correct.iter().map(flag).collect::<Result<_, _>>()?;
    Items::new(confidence, correct).map_err(|error| error.to_string())
}

fn list<'v>(inputs: &'v Value, key: &str) -> Result<&'v [Value], String> {
    let list = inputs[key].as_array();
    list.map(Vec::as_slice).ok_or_else(|| format!("{key} is no list"))
}

fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("{value} is no number"))
}

fn count(value: &Value) -> Result<usize, String> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| format!("{value} is no count"))
}

fn flag(value: &Value) -> Result<bool, String> {
    match value.as_u64() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => Err(format!("{value} is neither 0 nor 1")),
    }
}

fn level(level: f64) -> Result<Level, String> {
    Level::new(level).map_err(|error| error.to_string())
}

fn at(threshold: f64) -> Result<Threshold, String> {
    Threshold::new(threshold).map_err(|error| error.to_string())
}
