//! What a budget line measured, in the unit that its limit has.

use crate::gate::Line;

use super::figure::{in_unit, measured as estimate};

/// The estimate with its limits; none where nothing was measured.
pub(super) fn measured(line: &Line) -> Option<String> {
    let estimate = estimate(line)?;
    let Some([low, high]) = line.interval else { return Some(estimate) };
    Some(format!("{estimate} ({} to {})", in_unit(line.line, low), in_unit(line.line, high)))
}

/// How many of how many, where the line is about a share of them; else how many were looked at, and
/// none where the line is a total.
pub(super) fn basis(line: &Line) -> Option<String> {
    let of = match line.line {
        "calls" | "tokens" | "cost" => return None,
        "regression" => line.count.filter(|_| line.n > 0).map(|count| (count, " got worse")),
        name if name.starts_with("latency.") && name != "latency.late" => None,
        _ => line.count.map(|count| (count, "")),
    };
    Some(match of {
        Some((count, what)) => format!("{count} of {}{what}", line.n),
        None => line.n.to_string(),
    })
}
