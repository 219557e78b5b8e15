//! `overclaim show`: everything that was said in one case, from a run's directory alone.

use std::path::Path;

use crate::journal;
use crate::record::{Record, Run};
use crate::report::{trial, trial_headline, visible};
use crate::span::did_you_mean;
use crate::suite::display;

use super::ShowArgs;
use super::output::{Exit, Output};
use super::report::latest;

/// How many of the trials that a glob finds are shown to people.
const MOST: usize = 20;

pub(super) fn show(args: &ShowArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let dir = match &args.run {
        Some(dir) => dir.clone(),
        None if journal::read(Path::new(&args.case)).is_ok() => {
            return Err(format!("'{}' is a run: name a case of it as well", visible(&args.case)));
        }
        None => latest()?,
    };
    let run = journal::read(&dir).map_err(|error| error.to_string())?;
    let Found { records, exact } = Found::of(&run, &args.case)?;
    if records.is_empty() {
        return Err(nothing(&run, &args.case, &dir));
    }
    if output.json {
        Output::document(&records)?;
        return Ok(Exit::Passed);
    }
    let most = if exact { records.len() } else { MOST };
    let style = output.style();
    let show = if output.quiet { trial_headline } else { trial };
    let pages = records.iter().take(most).map(|record| show(&run, record, style));
    let gap = if output.quiet { "" } else { "\n" };
    let mut text = pages.collect::<Vec<_>>().join(gap);
    if records.len() > most {
        let rest = records.len() - most;
        text += &format!("\n{rest} more of {}: narrow the pattern\n", records.len());
    }
    output.people(&text);
    Ok(Exit::Passed)
}

/// The trials that are meant, in plan order.
struct Found<'a> {
    records: Vec<&'a Record>,
    /// They were named; no glob found them.
    exact: bool,
}

impl<'a> Found<'a> {
    fn of(run: &'a Run, case: &str) -> Result<Found<'a>, String> {
        let named = |record: &&Record| record.case == case || record.trial == case;
        let records: Vec<&Record> = run.records.iter().filter(named).collect();
        if !records.is_empty() {
            return Ok(Found { records, exact: true });
        }
        let glob = glob::Pattern::new(case)
            .map_err(|error| format!("'{}' is not a pattern: {}", visible(case), error.msg))?;
        let records = run.records.iter().filter(|record| glob.matches(&record.case)).collect();
        Ok(Found { records, exact: false })
    }
}

/// Why there is nothing to show, with what was probably meant.
fn nothing(run: &Run, case: &str, dir: &Path) -> String {
    let cases = run.records.iter().map(|record| record.case.as_str());
    let trials = run.records.iter().map(|record| record.trial.as_str());
    let known: Vec<&str> = cases.chain(trials).collect();
    let remedy = match did_you_mean(case, &known) {
        Some(near) => format!(" (did you mean '{}'?)", visible(near)),
        None => String::new(),
    };
    format!("no case '{}' in {}{remedy}", visible(case), display(dir))
}
