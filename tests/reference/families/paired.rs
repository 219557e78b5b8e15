//! A baseline and a candidate on the same items.

use std::num::NonZeroUsize;

use overclaim::score::{
    CalibrationChange, Differences, Draws, Level, Paired, Replicates, SignFlip,
};
use serde_json::Value;

use super::{at, count, items, list, put_interval};
use crate::compare::{Computed, Values};

const BINS: NonZeroUsize = NonZeroUsize::new(10).unwrap();
/// Of our own random numbers; the files ask for at least 20,000.
const DRAWS: Draws = Draws { replicates: 49_999, seed: 20_240_501 };

pub fn compute(inputs: &Value) -> Result<Values, String> {
    let (baseline, candidate) = (items(&inputs["baseline"])?, items(&inputs["candidate"])?);
    let pairs = Paired::new(baseline, candidate).map_err(|error| error.to_string())?;
    let mut values = Values::default();
    let (accuracy, brier) = (pairs.accuracy(), pairs.brier());
    let wrong = pairs.confident_wrong(at(0.9)?);
    let calibration = CalibrationChange::equal_width(&pairs, BINS);
    counts(&mut values, &pairs);
    let mean = |differences: &Differences| differences.mean();
    values.put("delta_accuracy", mean(&accuracy).map(|mean| mean.mean()));
    let se = mean(&accuracy).and_then(|mean| mean.se_independent());
    values.put("delta_accuracy_se_paired", se);
    values.put("delta_accuracy_se_unpaired", pairs.accuracy_se_unpaired());
    values.put("score_correlation", pairs.score_correlation());
    values.put("delta_brier", mean(&brier).map(|mean| mean.mean()));
    values.put("delta_brier_se", mean(&brier).and_then(|mean| mean.se_independent()));
    values.put("delta_brier_t", brier.student().map(|test| test.t));
    values.put("delta_brier_p_two_sided", brier.student().map(|test| test.p_two_sided));
    values.put("delta_ece_width10_left", calibration.change());
    values.put("delta_confident_wrong_rate_0.9", mean(&wrong).map(|mean| mean.mean()));
    if inputs.get("groups").is_some() {
        resampled(&mut values, inputs, &pairs, &calibration)?;
    } else {
        let accuracy = flip_all(&accuracy);
        values.put("signflip_exact_p_two_sided_accuracy", accuracy.two_sided);
        values.put("signflip_exact_p_worse_accuracy", accuracy.less);
        let brier = flip_all(&brier);
        values.put("signflip_exact_p_two_sided_brier", brier.two_sided);
        values.put("signflip_exact_p_worse_brier", brier.greater);
    }
    Ok(values)
}

fn counts(values: &mut Values, pairs: &Paired) {
    let agreement = pairs.concordance();
    values.put("both_correct", agreement.both_correct);
    values.put("baseline_only", agreement.baseline_only);
    values.put("candidate_only", agreement.candidate_only);
    values.put("both_wrong", agreement.both_wrong);
    let test = agreement.mcnemar();
    values.put("mcnemar_exact_two_sided", test.exact_two_sided());
    values.put("mcnemar_midp_two_sided", test.midp_two_sided());
    values.put("mcnemar_exact_one_sided_regression", test.exact_regression());
    values.put("mcnemar_midp_one_sided_regression", test.midp_regression());
    values.put("mcnemar_chi2", test.chi2());
    values.put("mcnemar_chi2_p", test.chi2_p());
    values.put("mcnemar_chi2_continuity", test.chi2_continuity());
    values.put("mcnemar_chi2_continuity_p", test.chi2_continuity_p());
    values.put("mcnemar_chi2_continuity_clamped_p", test.chi2_continuity_clamped_p());
    let interval = test.bonett_price(pairs.len(), Level::P95);
    put_interval(values, "delta_accuracy_bonett_price95", interval);
}

/// All flips of single items, and no fewer.
fn flip_all(differences: &Differences) -> SignFlip {
    let test = SignFlip::of(differences.values(), DRAWS);
    assert_eq!(test.drawn, None, "too many items to flip");
    test
}

fn resampled(
    values: &mut Values,
    inputs: &Value,
    pairs: &Paired,
    calibration: &CalibrationChange,
) -> Result<(), String> {
    let groups = counts_of(list(inputs, "groups")?)?;
    let (accuracy, brier) = (pairs.accuracy(), pairs.brier());
    let wrong = pairs.confident_wrong(at(0.9)?);
    let rows = list(inputs, "bootstrap_rows")?;
    let mut samples: [Vec<f64>; 4] = Default::default();
    for row in rows {
        let row = counts_of(row.as_array().ok_or("a row is no list")?)?;
        let over = |differences: &Differences| differences.mean_over(row.iter().copied());
        let statistics = [
            over(&accuracy),
            over(&brier),
            calibration.change_over(row.iter().copied()),
            over(&wrong),
        ];
        for (sample, value) in samples.iter_mut().zip(statistics) {
            sample.push(value.ok_or("an empty row")?);
        }
    }
    let names = ["accuracy", "brier", "ece_width10_left", "confident_wrong_0.9"];
    for (name, sample) in names.into_iter().zip(samples) {
        put_replicates(values, &format!("bootstrap_given_rows.{name}"), sample)?;
    }
    for (name, differences) in [("accuracy", &accuracy), ("brier", &brier)] {
        let mut sample = Vec::new();
        for row in list(inputs, "cluster_bootstrap_rows")? {
            let drawn = counts_of(row.as_array().ok_or("a row is no list")?)?;
            let members = |cluster: &usize| {
                let cluster = *cluster;
                groups.iter().enumerate().filter(move |(_, of)| **of == cluster).map(|(i, _)| i)
            };
            let items = drawn.iter().flat_map(members);
            sample.push(differences.mean_over(items).ok_or("an empty row")?);
        }
        put_replicates(values, &format!("cluster_bootstrap_given_rows.{name}"), sample)?;
        let clustered =
            Differences::of(groups.iter().zip(differences.values().iter().copied())).mean();
        let se = clustered.and_then(|mean| mean.se());
        values.put(format!("delta_{name}_se_cluster_corrected"), se);
    }
    // Items one by one, as the files have it; the product flips clusters whole.
    let flipped = SignFlip::drawn(brier.values(), DRAWS);
    values.put("signflip_monte_carlo_p_two_sided_brier", flipped.two_sided);
    let interval = brier.bootstrap(DRAWS).and_then(|replicates| {
        let estimate = brier.mean()?.mean();
        replicates.bca_interval(estimate, &brier.leave_one_out(), Level::P95)
    });
    let path = "bootstrap_bca95_delta_brier_monte_carlo";
    match interval {
        Some(interval) => put_interval(values, path, interval),
        None => values.put(path, Computed::Undefined),
    }
    Ok(())
}

fn put_replicates(values: &mut Values, path: &str, sample: Vec<f64>) -> Result<(), String> {
    let replicates = Replicates::new(sample).ok_or("no rows")?;
    values.put(format!("{path}.mean"), replicates.mean());
    values.put(format!("{path}.sd"), replicates.sd());
    put_interval(
        values,
        &format!("{path}.percentile95"),
        replicates.percentile_interval(Level::P95),
    );
    Ok(())
}

fn counts_of(list: &[Value]) -> Result<Vec<usize>, String> {
    list.iter().map(count).collect()
}
