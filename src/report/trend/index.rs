//! The page over the suites: a row each.

use minijinja::value::Serde;
use minijinja::{Error, Value, context};
use serde::Serialize;

use super::newest::{self, Newest};
use super::spark::spark;
use super::{SuiteTrend, shell, templates, words};

#[derive(Debug, Serialize)]
struct Row {
    place: String,
    suite: String,
    directory: Option<String>,
    description: Option<String>,
    newest: Option<Newest>,
    nights: String,
    /// The last change that is one.
    changed: Option<Changed>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct Changed {
    when: String,
    what: Vec<String>,
}

/// The page.
///
/// # Errors
/// A template is wrong: a defect of this program.
pub fn index(suites: &[&SuiteTrend]) -> Result<String, Error> {
    let rows: Vec<Value> = suites
        .iter()
        .enumerate()
        .map(|(place, suite)| {
            let drawing = spark(&suite.history, place);
            context! {
                spark => drawing.map(Value::from_safe_string),
                ..Value::from(Serde(row(suite)))
            }
        })
        .collect();
    let body = templates().render_str(include_str!("index.html"), context! { rows })?;
    shell("Suites by night", body, "")
}

fn row(suite: &SuiteTrend) -> Row {
    let history = &suite.history;
    let changed = history.nights.iter().enumerate().rev().find_map(|(place, night)| {
        let what = newest::changed(night);
        (!what.is_empty()).then(|| Changed { when: words::when(history, place), what })
    });
    Row {
        place: suite.place.clone(),
        suite: history.suite.clone(),
        directory: (suite.directory != history.suite).then(|| suite.directory.clone()),
        description: suite.description.clone(),
        newest: newest::of(suite),
        nights: words::nights(history),
        changed,
        left_out: history.left_out.len(),
    }
}
