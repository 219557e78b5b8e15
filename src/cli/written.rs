//! A run directory made from records that are there already: written, judged and shown as a run is.

use std::path::Path;

use crate::gate::EarlyStop;
use crate::journal::Journal;
use crate::record::{Ending, Record, Run};
use crate::scorecard::Span;
use crate::suite::display;

use super::Format;
use super::output::{Exit, Output, error, remark};
use super::report::{Told, read};

/// Writes the records of a run into its new directory with all that follows from them, and prints
/// the page. How it ended before is in the span. What differs from the accepted state of the suite is
/// proposed beside its file, where that is known.
pub(super) fn write(
    records: impl Iterator<Item = Result<Record, String>>,
    span: Span,
    mut journal: Journal,
    dir: &Path,
    suite: Option<&Path>,
    top: usize,
    output: Output,
) -> Result<Exit, String> {
    let shown = display(dir);
    for record in records {
        journal
            .append(&record?)
            .map_err(|error| format!("{shown}: the journal cannot be written: {error}"))?;
    }
    let read = read(dir)?;
    let span = Span { ending: ending(&read.run, span.ending), ..span };
    let told = Told::of(read, span)?;
    journal.finish(&told.files(&shown)?).map_err(|error| format!("{shown}: {error}"))?;
    if let Some(suite) = suite
        && let Err(why) = told.propose(suite)
    {
        error(&why);
    }
    output.people(&told.text(&shown, top, output, Format::Terminal)?);
    if let Some(settled) = told.settled() {
        remark(&settled);
    }
    // Who cannot be shown it has it all the same.
    if output.json
        && let Err(failure) = Output::document(&told.document(&shown, top)?)
    {
        error(&failure);
        return Ok(told.exit().worst(Exit::Invalid));
    }
    Ok(told.exit())
}

/// How the run ended: what was left open before stays open, unless its budget needs no more.
fn ending(run: &Run, before: Option<Ending>) -> Option<Ending> {
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
