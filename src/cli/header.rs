//! What the header of a run takes from its suite, and from the moment in which it starts.

use crate::ask::Digest;
use crate::record::{FORMAT, Header, Selected, Slice};
use crate::suite::Suite;

/// The header of a run that starts now, but for what is asked and of whom.
pub(super) fn of_suite(suite: &Suite) -> Header {
    let now = jiff::Zoned::now();
    let utc = now.with_time_zone(jiff::tz::TimeZone::UTC);
    Header {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: now.strftime("%Y-%m-%dT%H-%M-%S").to_string(),
        suite: suite.name.clone(),
        path: suite.source.path.clone(),
        text: suite.source.text.clone(),
        digest: suite.digest,
        endpoints: Vec::new(),
        threshold: suite.threshold,
        sources: suite.methods.iter().map(|method| method.value.name().to_owned()).collect(),
        budget: suite.budget.clone(),
        slices: suite
            .slices()
            .map(|(name, budget)| Slice { name, budget: budget.clone() })
            .collect(),
        seed: None,
        selection: Selected::default(),
        cache: String::new(),
        repeats: suite.repeats,
        planned: 0,
        plan: Digest::of_bytes(b""),
        shard: None,
        started: utc.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        regraded: None,
        merged: Vec::new(),
    }
}
