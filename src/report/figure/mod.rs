//! Drawings of numbers: hand-made SVG that says what it shows.
//!
//! A figure is a drawing with a title, a sentence of what is to be seen, its n, and the same numbers
//! as a table: who cannot see the drawing loses nothing. Colours are classes of the page's style
//! sheet, so that light, dark and print are one drawing; the page forbids inline styles. Labels
//! stand at what they name, and no meaning hangs on a colour alone.

mod budget;
mod counts;
mod endpoints;
mod frame;
mod latency;
mod origins;
mod outages;
mod outcomes;
mod reliability;
mod risk_coverage;
mod scale;
mod slices;
mod spending;
mod split;
mod svg;
mod words;

pub(super) use budget::{bar, in_unit, measured};
pub(super) use endpoints::several;
pub(super) use scale::Scale;
pub(super) use svg::{Anchor, Svg};

use serde::Serialize;

use latency::{Drawn, Limit};

use super::Page;
use crate::gate::Line;
use crate::scorecard::{EndpointCard, EndpointOperations, Reliability, RiskCurve, primary};

/// Fewer answers than this are read one by one, not drawn.
const LEAST: usize = 5;

/// What an endpoint's answers show, in the order in which it stands on the page; only what says
/// something.
pub(super) fn figures(page: &Page<'_>, card: &EndpointCard) -> Vec<Figure> {
    let mut figures = Vec::new();
    let id = |name: &str| id(page, card, name);
    if let Some(source) = card.primary().filter(|source| source.n >= LEAST)
        && let Some(scored) = primary(page.run, &card.endpoint)
        && let Some(drawn) = Reliability::of(&scored, &source.bins_mass15)
    {
        figures.push(reliability::figure(id("reliability"), source, &drawn));
        if let Some(curve) = RiskCurve::of(&scored) {
            let decided_early = page.decision.early.is_some();
            figures.push(risk_coverage::figure(id("risk-coverage"), &curve, decided_early));
        }
        if let Some(at) = source.at_threshold() {
            let threshold = page.scorecard.threshold;
            figures.extend(split::figure(id("split"), source, at, &drawn.parts, threshold));
        }
    }
    if card.graded() >= LEAST {
        figures.extend(slices::figure(id("parts"), card));
    }
    figures
}

/// How an endpoint served: outcomes by kind, failures, times, and what asking took and saved.
pub(super) fn served(page: &Page<'_>, card: &EndpointCard) -> Vec<Figure> {
    let id = |name: &str| id(page, card, name);
    let mut figures: Vec<Figure> = outcomes::figure(id("outcomes"), card).into_iter().collect();
    let told = page.operations.endpoints.iter().find(|told| told.endpoint == card.endpoint);
    if let Some(told) = told {
        figures.extend(outages::figure(id("outages"), told));
        figures.extend(times(page, card, told, id));
        figures.extend(origins::figure(id("origins"), told));
        figures.extend(spending::figure(id("spending"), told));
    }
    figures
}

/// The name of an endpoint's figure in the page: the first one has it as it is.
fn id(page: &Page<'_>, card: &EndpointCard, name: &str) -> String {
    match page.scorecard.endpoints.iter().position(|other| std::ptr::eq(other, card)) {
        Some(place) if place > 0 => format!("{name}-{}", place + 1),
        _ => name.to_owned(),
    }
}

/// How long answers and their first tokens took; none where nothing was fetched in this run.
fn times(
    page: &Page<'_>,
    card: &EndpointCard,
    told: &EndpointOperations,
    id: impl Fn(&str) -> String,
) -> Vec<Figure> {
    let lines = page.decision.lines.iter();
    let lines: Vec<&Line> = lines.filter(|line| line.endpoint == card.endpoint).collect();
    let late = page.run.header.budget.latency.as_ref();
    let late = late.and_then(|limits| limits.late).map(|late| late.over);
    let answers = told.live_spread.as_ref().map(|spread| Drawn {
        title: "How long answers took",
        what: "answers",
        spread,
        limits: Limit::of(&lines, late, false),
    });
    let first = told.first_token_spread.as_ref().map(|spread| Drawn {
        title: "How long the first token took",
        what: "first tokens",
        spread,
        limits: Limit::of(&lines, None, true),
    });
    let mut figures = Vec::new();
    figures.extend(answers.map(|drawn| latency::figure(id("latency"), &drawn)));
    figures.extend(first.map(|drawn| latency::figure(id("first-token"), &drawn)));
    figures
}

/// A drawing with what it says in words and in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Figure {
    /// Name in the page, unique there: a word of letters, digits and `-`.
    pub id: String,
    /// What is drawn, in a few words.
    pub title: String,
    /// What is to be seen, and of how many: plain text.
    pub note: String,
    /// The drawing.
    pub svg: String,
    /// Its numbers.
    pub table: Table,
}

impl Figure {
    /// About how much of a page it takes.
    pub(super) fn bytes(&self) -> usize {
        let cells = self.table.rows.iter().flatten();
        // Each cell has its tags around it.
        self.svg.len() + self.note.len() + cells.map(|cell| cell.len() + 10).sum::<usize>()
    }
}

/// Numbers as a table: plain text, rows as long as the head.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Table {
    /// Names of the columns.
    pub head: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of these columns, with no rows yet.
    pub(super) fn of(head: &[&str]) -> Table {
        Table { head: head.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
