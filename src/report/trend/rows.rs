//! The table of the nights: every number that is drawn, with its n and its limits.

use serde::Serialize;

use super::{SuiteTrend, newest, symbols, words};
use crate::scorecard::history::{EndpointNight, Measure};

/// An endpoint on a night.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    when: String,
    link: Option<String>,
    /// How many endpoints the night has, in its first row; none in the others.
    span: Option<usize>,
    sign: &'static str,
    class: &'static str,
    verdict: &'static str,
    failing: Vec<String>,
    reason: Option<String>,
    endpoint: String,
    /// The model that was asked, and the one that answered where it says so otherwise.
    model: String,
    cells: Vec<Cell>,
    changed: Vec<String>,
}

/// A number with what it was counted from.
#[derive(Debug, Serialize)]
struct Cell {
    value: String,
    of: String,
    limits: String,
}

/// The rows, the newest night first.
pub(super) fn rows(suite: &SuiteTrend) -> Vec<Row> {
    let history = &suite.history;
    let mut rows = Vec::new();
    for (place, night) in history.nights.iter().enumerate().rev() {
        for (index, told) in night.endpoints.iter().enumerate() {
            rows.push(Row {
                when: words::when(history, place),
                link: suite.runs.get(&night.directory).cloned(),
                span: (index == 0).then_some(night.endpoints.len()),
                sign: symbols::sign(told.verdict),
                class: symbols::class(told.verdict),
                verdict: told.verdict.word(),
                failing: told.failing.clone(),
                reason: night.standing.reason().map(str::to_owned),
                endpoint: told.endpoint.clone(),
                model: match &told.served {
                    Some(served) if *served != told.model => format!("{} → {served}", told.model),
                    _ => told.model.clone(),
                },
                cells: Measure::ALL.into_iter().map(|of| cell(told, of)).collect(),
                changed: if index == 0 { newest::changed(night) } else { Vec::new() },
            });
        }
    }
    rows
}

fn cell(told: &EndpointNight, of: Measure) -> Cell {
    let Some(measured) = told.measured(of) else {
        return Cell { value: "–".to_owned(), of: String::new(), limits: String::new() };
    };
    Cell {
        value: words::value(of, measured.value),
        of: words::counted_from(measured),
        limits: measured.limits95.map(|limits| words::limits(of, limits)).unwrap_or_default(),
    }
}
