//! A run directory made from records that are there already: written, judged and shown as a run is.

use std::path::Path;

use crate::gate::EarlyStop;
use crate::journal::Journal;
use crate::record::{Ending, Run};
use crate::scorecard::Span;
use crate::suite::display;

use super::output::{Exit, Output};
use super::report::Told;
use super::{Format, baseline};

/// Writes the records of a run into its new directory with all that follows from them, and prints
/// the page.
pub(super) fn write(
    run: &Run,
    span: Span,
    mut journal: Journal,
    dir: &Path,
    top: usize,
    output: Output,
) -> Result<Exit, String> {
    let shown = display(dir);
    for record in &run.records {
        journal
            .append(record)
            .map_err(|error| format!("{shown}: the journal cannot be written: {error}"))?;
    }
    let told = Told::of(run, span, baseline::kept(dir)?.as_ref());
    journal
        .finish(&[
            ("scorecard.json", &told.scorecard),
            ("operations.json", &told.operations),
            ("decision.json", &told.decision),
        ])
        .map_err(|error| format!("{shown}: {error}"))?;
    output.people(&told.text(&shown, top, output, Format::Terminal));
    if output.json {
        Output::document(&told.page(&shown, top).document())?;
    }
    Ok(told.exit())
}

/// How the run ended: what was left open before stays open, unless its budget needs no more.
pub(super) fn ending(run: &Run, before: Option<Ending>) -> Option<Ending> {
    let needed = || EarlyStop::of(run).and_then(|early| early.needed());
    if run.is_complete() {
        Some(Ending::Complete)
    } else if needed().is_some() {
        Some(Ending::Decided)
    } else {
        // Trials that an earlier budget did not need are missing now.
        before.map(|before| match before {
            Ending::Complete | Ending::Decided => Ending::Interrupted,
            other => other,
        })
    }
}
