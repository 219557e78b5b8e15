//! The page of a run that people look at: one file, readable without script, that asks nobody for
//! anything.

mod shell;

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::Page;
use super::style::Style;
use super::terminal::verdict;
use crate::record::Unreadable;

pub(super) use shell::{page, templates};

/// The page.
///
/// # Errors
/// A record that is shown cannot be read any more.
pub fn html(run: &Page<'_>) -> Result<String, Unreadable> {
    let defect = |error: minijinja::Error| Unreadable(format!("a template is wrong: {error:#}"));
    let header = &run.run.header;
    let title = format!("{} · {}", header.suite, header.run);
    let verdict = verdict(run.decision, Style::PLAIN);
    let body = templates()
        .render_str(
            include_str!("page.html"),
            context! { suite => header.suite.as_str(), run => header.run.as_str(), verdict, lines => Value::from(Serde(&run.decision.lines)) },
        )
        .map_err(defect)?;
    page(&title, body, include_str!("page.js")).map_err(defect)
}
