//! What a budget line measured, in the unit that its limit has.

use crate::gate::{Line, percent};

use super::text::amount;

/// The estimate with its limits; none where nothing was measured.
pub(super) fn measured(line: &Line) -> Option<String> {
    let estimate = in_unit(line.line, line.estimate?);
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

fn in_unit(line: &str, value: f64) -> String {
    match line {
        "confident_wrong.max_count" | "calls" | "tokens" => format!("{value:.0}"),
        "cost" => amount(value),
        "latency.tokens_per_second" => format!("{value:.1} tokens/s"),
        "latency.p50" | "latency.p95" | "latency.p99" | "latency.first_token_p95" => {
            format!("{value:.3} s")
        }
        "regression" | "calibration.consistent" => format!("p = {value:.4}"),
        line if line.starts_with("calibration.") => format!("{value:.3}"),
        _ => percent(value),
    }
}
