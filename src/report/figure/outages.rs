//! What failed on the way: calls that were made again, and trials that had no reply in the end.

use std::collections::BTreeMap;

use crate::report::text::{counted, duration};
use crate::scorecard::EndpointOperations;

use super::Figure;
use super::counts::{self, Row};

/// The figure; none where nothing failed.
#[expect(clippy::cast_precision_loss, reason = "counts of calls")]
pub(super) fn figure(id: String, operations: &EndpointOperations) -> Option<Figure> {
    let again = operations.retries.iter().flat_map(|retries| &retries.after);
    let again: BTreeMap<&str, usize> = again.map(|(kind, calls)| (kind.as_str(), *calls)).collect();
    if again.is_empty() && operations.failures.is_empty() {
        return None;
    }
    let row = |name: &str, class, count: usize, beside: &str| Row {
        name: name.to_owned(),
        class,
        size: count as f64,
        count: count.to_string(),
        beside: beside.to_owned(),
    };
    let mut rows: Vec<Row> = operations
        .failures
        .iter()
        .map(|(kind, failure)| row(kind, "bar-wrong", failure.count, "lost"))
        .collect();
    rows.extend(again.iter().map(|(kind, calls)| row(kind, "bar-hollow", *calls, "tried again")));
    let lost: usize = operations.failures.values().map(|failure| failure.count).sum();
    let mut note = format!(
        "n = {}; {} without a reply.",
        counted(operations.attempts, "call"),
        counted(lost, "trial")
    );
    if let Some(retries) = &operations.retries {
        note += &format!(
            " Made again: {}, {} of {} answered in the end, {} in calls that failed and {} of pauses.",
            counted(retries.calls, "call"),
            retries.answered,
            counted(retries.requests, "request"),
            duration(retries.failed_ms),
            duration(retries.pause_ms)
        );
    }
    let head = ["failure", "times", "what became of it"];
    Some(counts::figure(id, "What failed on the way", note, head, &rows))
}
