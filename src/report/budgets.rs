//! The lines of the budget, judged, each with the sentence that says why.

use crate::gate::{Line, Verdict, percent};
use crate::scorecard::EndpointCard;

use super::style::{Style, hanging, line};
use super::{Page, visible};

/// The lines of an endpoint, in the order of the suite.
pub(super) fn budgets(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    line(out, "");
    for budget in page.decision.lines.iter().filter(|budget| budget.endpoint == card.endpoint) {
        let mark = match budget.verdict {
            Verdict::Pass => style.green(&style.text("✓")),
            Verdict::Fail => style.red(&style.text("✗")),
            Verdict::Undecided => style.yellow("?"),
            Verdict::NotMeasured => style.dim("-"),
        };
        let mut text = limit(budget);
        if budget.verdict == Verdict::Undecided {
            let counts = page.decision.counts_as_failed(budget);
            text += if counts { ": undecided, so it fails" } else { ": undecided" };
        }
        line(out, &format!("  {mark} {}", style.bold(&text)));
        hanging(out, "    ", 4, &style.text(&visible(&budget.sentence)), style);
    }
}

/// The limit in words, with the part of the cases that it is for.
pub(super) fn limit(budget: &Line) -> String {
    let part = budget.slice.as_ref().map(|slice| format!(" in {}", visible(slice)));
    limit_of_all(budget) + &part.unwrap_or_default()
}

/// The limit in words.
pub(super) fn limit_of_all(budget: &Line) -> String {
    let (name, side) = match budget.line {
        "confident_wrong.max_count" => return format!("confident_wrong at most {}", budget.limit),
        "regression" => return format!("regression at {}", percent(budget.limit)),
        "regression.newly_confident_wrong" => {
            return format!("newly confident wrong at most {}", budget.limit);
        }
        "confident_wrong.max_rate" => ("confident_wrong", "at most"),
        "coverage.floor" => ("coverage", "at least"),
        "calibration.max_brier" => return format!("Brier score at most {}", budget.limit),
        "calibration.max_ks" => return format!("KS calibration error at most {}", budget.limit),
        "calibration.consistent" => return "calibration consistent with chance".to_owned(),
        "selective" => ("accuracy of the surest answers", "at least"),
        "latency.p50" | "latency.p95" | "latency.p99" => {
            let quantile = budget.line.trim_start_matches("latency.");
            return format!("latency {quantile} at most {}", seconds(budget.limit));
        }
        "latency.first_token_p95" => {
            return format!("first token p95 at most {}", seconds(budget.limit));
        }
        "latency.tokens_per_second" => {
            return format!("median tokens per second at least {}", budget.limit);
        }
        "latency.late" => ("late answers", "at most"),
        "calls" | "tokens" | "cost" => return format!("{} at most {}", budget.line, budget.limit),
        name => (name, "at least"),
    };
    format!("{name} {side} {}", percent(budget.limit))
}

/// A limit of so many seconds, exactly: in milliseconds where it is less than one.
fn seconds(limit: f64) -> String {
    // Of 0.3 s no more than 300 ms is meant.
    let ms = (limit * 1e6).round() / 1e3;
    if limit < 1.0 { format!("{ms} ms") } else { format!("{limit} s") }
}
