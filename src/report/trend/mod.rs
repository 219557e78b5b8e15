//! The history of a suite as a page, and a page over the suites.
//!
//! Every night is drawn, and no change is marked that could be chance: the drawing shows how the
//! numbers go up and down anyway, the list says what was more than that, and beside it what else was
//! different. Small drawings share one axis of nights, the newest at the right with its value
//! beside it. Who cannot see them has the table.

mod drawing;
mod index;
mod newest;
mod panel;
mod rows;
mod spark;
mod symbols;
mod told;
mod words;

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Error, Value, context};

use super::html::{page as shell, templates};
use crate::scorecard::history::History;

pub use index::index;
pub use newest::line;

/// How many nights with a change are told before the drawings.
const TOLD: usize = 8;

/// A suite's history with what leads to it and from it.
#[derive(Debug)]
pub struct SuiteTrend {
    /// Name of its directory.
    pub directory: String,
    /// Its page seen from the index: a relative link.
    pub place: String,
    /// What the suite is about, in its author's words.
    pub description: Option<String>,
    /// Links to the pages of its runs, by name of their directory; relative to its own page.
    pub runs: BTreeMap<String, String>,
    /// Its nights.
    pub history: History,
}

/// The page of a suite.
///
/// # Errors
/// A template is wrong: a defect of this program.
pub fn page(suite: &SuiteTrend) -> Result<String, Error> {
    let history = &suite.history;
    let flags = told::flags(history);
    let endpoints = drawing::endpoints(history);
    let mut told = told::told(suite, &flags);
    let earlier_told = told.split_off(told.len().min(TOLD));
    let drawings: Vec<Value> = endpoints
        .iter()
        .enumerate()
        .map(|(place, endpoint)| drawing::section(suite, endpoint, place, &flags))
        .collect();
    let body = templates().render_str(
        include_str!("page.html"),
        context! {
            suite => history.suite.clone(),
            description => suite.description.clone(),
            newest => Value::from(Serde(newest::of(suite))),
            nights => words::nights(history),
            earlier => history.earlier,
            told => Value::from(Serde(told)),
            earlier_told => Value::from(Serde(earlier_told)),
            quiet => !history.nights.iter().any(|night| night.endpoints.iter().any(|told| !told.marks.is_empty())),
            counted => history.nights.iter().filter(|night| night.standing.counts()).count(),
            drawings,
            rows => Value::from(Serde(rows::rows(suite))),
            left_out => Value::from(Serde(&history.left_out)),
            alarms => Value::from(Serde(history.false_alarms)),
            probability => words::share(history.false_alarms.probability),
        },
    )?;
    shell(&format!("{} · nights", history.suite), body, "")
}
