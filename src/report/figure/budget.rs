//! A budget line as a bar: limit, estimate and interval on one scale.
//!
//! All bars have one width and begin at 0, the good side of the limit is shaded, and the numbers
//! stand at their marks: stacked as rows of a table they are read like one figure.

use crate::gate::{Decision, Line, Verdict, p_value, percent};
use crate::report::text::{amount, duration};

use super::frame::{nice, nice_share};
use super::words::units;
use super::{Anchor, Scale, Svg};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 38.0;
/// The line that everything stands on.
const TRACK: f64 = 20.0;
/// Room at either end of the line.
const EDGE: f64 = 6.0;

/// What a line counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Shares, in percent.
    Share,
    /// Whole numbers.
    Count,
    /// Money.
    Amount,
    /// Numbers between 0 and 1 that are no shares.
    Decimal,
    /// p values.
    Chance,
    Seconds,
    /// Anything a second.
    Speed,
}

impl Unit {
    /// Unit of a line and whether more is better.
    fn of(line: &str) -> (Unit, bool) {
        match line {
            "accuracy" | "coverage" | "coverage.floor" | "selective" => (Unit::Share, true),
            "confident_wrong.max_count"
            | "regression.newly_confident_wrong"
            | "calls"
            | "tokens" => (Unit::Count, false),
            "cost" => (Unit::Amount, false),
            "calibration.max_brier" | "calibration.max_ks" => (Unit::Decimal, false),
            // Of p values, those above the level speak against nothing.
            "calibration.consistent" | "regression" => (Unit::Chance, true),
            "latency.p50" | "latency.p95" | "latency.p99" | "latency.first_token_p95" => {
                (Unit::Seconds, false)
            }
            "latency.tokens_per_second" => (Unit::Speed, true),
            _ => (Unit::Share, false),
        }
    }

    fn shown(self, value: f64) -> String {
        match self {
            Unit::Share => percent(value),
            Unit::Count => format!("{value:.0}"),
            Unit::Amount => amount(value),
            Unit::Decimal | Unit::Chance => {
                let text = format!("{value:.3}");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Unit::Seconds if value <= 0.0 => "0 s".to_owned(),
            Unit::Seconds => duration(value * 1000.0).replace(".0 ", " "),
            Unit::Speed => {
                let text = format!("{value:.1}");
                format!("{} /s", text.strip_suffix(".0").unwrap_or(&text))
            }
        }
    }

    /// The end of the scale that begins at 0.
    fn end(self, most: f64, more_is_better: bool) -> f64 {
        match self {
            Unit::Share if !more_is_better => nice_share(most),
            Unit::Share | Unit::Chance => 1.0,
            Unit::Decimal => nice(most).min(1.0),
            Unit::Count => nice(most).max(1.0),
            Unit::Amount | Unit::Seconds | Unit::Speed => nice(most),
        }
    }
}

/// A number of a line in its unit, as every format shows it.
pub(in crate::report) fn in_unit(line: &str, value: f64) -> String {
    match Unit::of(line).0 {
        // Of the tests that a regression line makes, those against "worse" decide.
        Unit::Chance if line == "regression" => format!("{} for worse", p_value(value)),
        Unit::Chance => p_value(value),
        unit => unit.shown(value),
    }
}

/// What was measured, in the unit of the line; none where nothing was.
pub(in crate::report) fn measured(line: &Line) -> Option<String> {
    let estimate = line.estimate.filter(|estimate| estimate.is_finite())?;
    Some(in_unit(line.line, estimate))
}

/// The bar of a line; none where nothing was measured. `id` is unique in the page.
pub(in crate::report) fn bar(line: &Line, decision: &Decision, id: &str) -> Option<String> {
    let estimate = line.estimate.filter(|estimate| estimate.is_finite())?;
    let (unit, more_is_better) = Unit::of(line.line);
    let interval = line.interval.map(|[lower, upper]| [lower.max(0.0), upper]);
    let most = [line.limit, estimate].into_iter().chain(interval.into_iter().flatten());
    let most = most.filter(|value| value.is_finite()).fold(0.0, f64::max);
    let end = unit.end(most * 1.04, more_is_better);
    let scale = Scale { domain: [0.0, end], range: [EDGE, WIDTH - EDGE] };
    let (limit, dot) = (scale.at(line.limit), scale.at(estimate));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let [from, to] = if more_is_better { [limit, WIDTH - EDGE] } else { [EDGE, limit] };
    svg.rect("good-side", [from, TRACK - 6.0], [to - from, 12.0]);
    svg.line("axis", [EDGE, TRACK], [WIDTH - EDGE, TRACK]);
    let (class, mark) = match line.verdict {
        Verdict::Pass => ("pass", "✓"),
        Verdict::Fail => ("fail", "✗"),
        Verdict::Undecided if decision.counts_as_failed(line) => ("fail", "?"),
        Verdict::Undecided => ("open", "?"),
        Verdict::NotMeasured => ("open", "–"),
    };
    if let Some([lower, upper]) = interval {
        svg.line(&format!("reach {class}"), [scale.at(lower), TRACK], [scale.at(upper), TRACK]);
        if upper > end {
            // It goes on beyond the end of the scale.
            let x = WIDTH - EDGE;
            let corners = [[x, TRACK - 5.0], [x + 6.0, TRACK], [x, TRACK + 5.0]];
            svg.area(&format!("point {class}"), &corners);
        }
    }
    svg.line("limit", [limit, TRACK - 9.0], [limit, TRACK + 9.0]);
    svg.circle(&format!("point {class}"), [dot, TRACK], 4.5);
    let sign = if more_is_better { "≥" } else { "≤" };
    middle(&mut svg, "small", limit, 9.0, &format!("{sign} {}", unit.shown(line.limit)));
    let shown = format!("{mark} {}", in_unit(line.line, estimate));
    let taken = middle(&mut svg, "small strong", dot, HEIGHT - 1.0, &shown);
    let (zero, last) = (unit.shown(0.0), unit.shown(end));
    if units(&zero) + 4.0 < taken[0] {
        svg.text("small quiet", [0.0, HEIGHT - 1.0], Anchor::Start, &zero);
    }
    if WIDTH - units(&last) - 4.0 > taken[1] {
        svg.text("small quiet", [WIDTH, HEIGHT - 1.0], Anchor::End, &last);
    }
    Some(svg.finish(id, line.line, &line.sentence))
}

/// A text with its middle at a place, moved as far as it takes to stay inside; where it stands.
fn middle(svg: &mut Svg, class: &str, x: f64, y: f64, text: &str) -> [f64; 2] {
    let half = units(text) / 2.0;
    let x = x.clamp(half, WIDTH - half);
    svg.text(class, [x, y], Anchor::Middle, text);
    [x - half, x + half]
}
