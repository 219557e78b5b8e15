//! `overclaim show`: everything that was said in one case, from a run's directory alone.

use std::path::Path;

use crate::journal;
use crate::record::{Brief, Record, Run};
use crate::report::{Sharers, trial, trial_headline, visible};
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
    let Found { briefs, exact } = Found::of(&run, &args.case)?;
    if briefs.is_empty() {
        return Err(nothing(&run, &args.case, &dir));
    }
    let most = if exact || output.json { briefs.len() } else { MOST };
    let records = briefs.iter().take(most).map(|brief| run.record(brief));
    let records: Vec<Record> =
        records.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if output.json {
        Output::document(&records)?;
        return Ok(Exit::Passed);
    }
    let (header, style) = (&run.header, output.style());
    let pages: Vec<String> = if output.quiet {
        records.iter().map(|record| trial_headline(header, record, style)).collect()
    } else {
        let sharers = Sharers::of(&records, run.records()).map_err(|error| error.to_string())?;
        records.iter().map(|record| trial(header, record, &sharers, style)).collect()
    };
    let mut text = pages.join(if output.quiet { "" } else { "\n" });
    if briefs.len() > most {
        let rest = briefs.len() - most;
        text += &format!("\n{rest} more of {}: narrow the pattern\n", briefs.len());
    }
    output.people(&text);
    Ok(Exit::Passed)
}

/// The trials that are meant, in plan order.
struct Found<'a> {
    briefs: Vec<&'a Brief>,
    /// They were named; no glob found them.
    exact: bool,
}

impl<'a> Found<'a> {
    fn of(run: &'a Run, case: &str) -> Result<Found<'a>, String> {
        let named = run.named(case);
        let named = |brief: &&Brief| Some(brief.case()) == named || run.trial(brief) == case;
        let briefs: Vec<&Brief> = run.briefs().iter().filter(named).collect();
        if !briefs.is_empty() {
            return Ok(Found { briefs, exact: true });
        }
        let glob = glob::Pattern::new(case)
            .map_err(|error| format!("'{}' is not a pattern: {}", visible(case), error.msg))?;
        let matches = |brief: &&Brief| glob.matches(run.name(brief.case()));
        let briefs = run.briefs().iter().filter(matches).collect();
        Ok(Found { briefs, exact: false })
    }
}

/// Why there is nothing to show, with what was probably meant.
fn nothing(run: &Run, case: &str, dir: &Path) -> String {
    let trials: Vec<String> = run.briefs().iter().map(|brief| run.trial(brief)).collect();
    let cases = run.briefs().iter().map(|brief| run.name(brief.case()));
    let known: Vec<&str> = cases.chain(trials.iter().map(String::as_str)).collect();
    let remedy = match did_you_mean(case, &known) {
        Some(near) => format!(" (did you mean '{}'?)", visible(near)),
        None => String::new(),
    };
    format!("no case '{}' in {}{remedy}", visible(case), display(dir))
}
