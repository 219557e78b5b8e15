//! Numbers and dates of a history as people write them.

use crate::gate::percent;
use crate::report::text::{amount, counted, duration};
use crate::scorecard::history::{History, Measure, Measured};

/// A share in per cent.
pub(super) fn share(share: f64) -> String {
    percent(share)
}

/// A number in its unit.
pub(super) fn value(of: Measure, value: f64) -> String {
    match of {
        Measure::ConfidentWrong | Measure::Accuracy => percent(value),
        Measure::Brier => format!("{value:.3}"),
        Measure::LiveP50 | Measure::LiveP95 => duration(value),
        Measure::Cost => amount(value),
    }
}

/// What it was counted from.
pub(super) fn counted_from(measured: &Measured) -> String {
    let n = measured.n;
    match (measured.of, measured.count) {
        (_, Some(count)) => format!("{count} of {n}"),
        (Measure::LiveP50 | Measure::LiveP95, None) => format!("{n} live"),
        (Measure::Cost, None) => counted(n, "call"),
        (_, None) => format!("n = {n}"),
    }
}

/// Two limits in their unit.
pub(super) fn limits(of: Measure, [low, high]: [f64; 2]) -> String {
    format!("{} to {}", value(of, low), value(of, high))
}

/// The day of a time as RFC 3339 has it, or as much of it as there is.
pub(super) fn day(started: &str) -> String {
    started.chars().take(10).collect()
}

/// Month and day of it.
pub(super) fn short_day(started: &str) -> String {
    started.chars().take(10).skip(5).collect()
}

/// The day, and the time as well where another night is of the same day.
pub(super) fn when(history: &History, place: usize) -> String {
    let of = |place: usize| history.nights.get(place).map(|night| day(&night.started));
    let same = of(place) == of(place + 1) || (place > 0 && of(place) == of(place - 1));
    let started = history.nights.get(place).map_or("", |night| &night.started);
    let taken = if same { 16 } else { 10 };
    let shown: String =
        started.chars().take(taken).map(|c| if c == 'T' { ' ' } else { c }).collect();
    if same { shown + " UTC" } else { shown }
}

/// So many nights, and which they are.
pub(super) fn nights(history: &History) -> String {
    let all = counted(history.nights.len(), "night");
    match (history.nights.first(), history.nights.last()) {
        (Some(first), Some(last)) if history.nights.len() > 1 => {
            format!("{all}, {} to {}", day(&first.started), day(&last.started))
        }
        (Some(only), _) => format!("{all}, {}", day(&only.started)),
        _ => "no night yet".to_owned(),
    }
}
