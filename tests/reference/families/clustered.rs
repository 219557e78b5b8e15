//! Means whose items are alike in clusters.

use overclaim::score::{ClusteredMean, Level};
use serde_json::Value;

use super::{count, items, list, put_interval};
use crate::compare::Values;

/// A score of an item, from its confidence and whether it is correct.
type Score = fn(f64, f64) -> f64;

pub fn compute(inputs: &Value) -> Result<Values, String> {
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
        let path = format!("{name}.ci95_t_clusters_minus_1");
        match mean.interval(Level::P95) {
            Some(interval) => put_interval(&mut values, &path, interval),
            None => values.put(path, None::<f64>),
        }
        values.put(format!("{name}.design_effect"), mean.design_effect());
    }
    Ok(values)
}
