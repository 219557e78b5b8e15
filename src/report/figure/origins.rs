//! Where replies came from: what was asked now, and what asking once has saved.

use crate::gate::percent;
use crate::record::Origin;
use crate::report::text::{amount, counted};
use crate::scorecard::EndpointOperations;

use super::Figure;
use super::counts::{self, Row};

/// The figure; none where every exchange was asked now, or played from a recording.
#[expect(clippy::cast_precision_loss, reason = "counts of exchanges")]
pub(super) fn figure(id: String, operations: &EndpointOperations) -> Option<Figure> {
    let shared = [Origin::Joined, Origin::Stored, Origin::Shared];
    let count = |origin: Origin| operations.origins.get(&origin).copied().unwrap_or(0);
    if shared.iter().all(|origin| count(*origin) == 0) {
        return None;
    }
    let all: usize = operations.origins.values().sum();
    let kinds = [
        (Origin::Live, "asked now", "bar"),
        (Origin::Joined, "joined", "bar-hollow"),
        (Origin::Stored, "stored", "bar-hollow"),
        (Origin::Shared, "from a process", "bar-hollow"),
        (Origin::Replayed, "replayed", "bar-hollow"),
    ];
    let rows = kinds.into_iter().filter(|(origin, ..)| count(*origin) > 0);
    let rows: Vec<Row> = rows
        .map(|(origin, name, class)| Row {
            name: name.to_owned(),
            class,
            size: count(origin) as f64,
            count: count(origin).to_string(),
            beside: percent(count(origin) as f64 / all as f64),
        })
        .collect();
    let saved = &operations.saved;
    let cost = saved.cost.map_or_else(String::new, |cost| format!(", cost {}", amount(cost)));
    let note = format!(
        "n = {}; {} for {}. Not asked again: {}, {} tokens{cost}.",
        counted(all, "exchange"),
        counted(operations.attempts, "call"),
        counted(operations.distinct_requests, "different request"),
        counted(saved.calls, "call"),
        saved.input_tokens.saturating_add(saved.output_tokens),
    );
    let head = ["origin", "exchanges", "share"];
    Some(counts::figure(id, "Where replies came from", note, head, &rows))
}
