//! The run that a budget's `regression` line holds this one against, unless that is the accepted
//! state of the suite.
//!
//! It is looked up once, before anything is asked, and its answers are written into the run's own
//! directory. Everything later reads them there.

use std::path::Path;

use crate::journal;
use crate::record::{Ending, Header, Run};
use crate::scorecard::{Against, Baseline};
use crate::suite::display;

use super::output::remark;
use super::report::{as_needed, ended};

/// Name of the document in a run directory.
const FILE: &str = "baseline.json";

/// The word for the last finished run of the suite before this one.
pub(super) const PREVIOUS: &str = "previous";

/// Trials up to which the run before is kept for the page alone; reading it takes a while.
const MOST_FOR_PAGE: usize = 20_000;

/// Looks the baseline up and keeps it in the run's directory: the one that the budget names, else the
/// run before, for the page to say what is new.
pub(super) fn keep(header: &Header, root: &Path, dir: &Path) -> Result<(), String> {
    let named = header.budget.regression.as_ref();
    let Some(regression) = named.filter(|line| !line.is_against_snapshot()) else {
        if header.planned > MOST_FOR_PAGE {
            return Ok(());
        }
        let against = find(header, PREVIOUS, root);
        // Nobody has asked for it: where there is none, nothing is amiss.
        return if against.baseline.is_some() { put(&against, dir) } else { Ok(()) };
    };
    let against = find(header, &regression.against, root);
    if let Some(why) = &against.missing {
        remark(&format!("{}: {why}", header.suite));
    }
    put(&against, dir)
}

/// Keeps a baseline in a run's directory.
pub(super) fn put(against: &Against, dir: &Path) -> Result<(), String> {
    let path = dir.join(FILE);
    serde_json::to_vec(against)
        .map_err(std::io::Error::from)
        .and_then(|text| journal::write_whole(&path, &text))
        .map_err(|error| format!("{}: {error}", display(&path)))
}

/// What a run directory keeps; none where its budget names no baseline.
pub(super) fn kept(dir: &Path) -> Result<Option<Against>, String> {
    let path = dir.join(FILE);
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| format!("{}: not a baseline: {error}", display(&path))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", display(&path))),
    }
}

fn find(header: &Header, against: &str, root: &Path) -> Against {
    let reports = root.join("reports").join(&header.suite);
    let (dir, run) = if against == PREVIOUS {
        let Some(found) = journal::previous(&reports, header) else {
            return Against::missing(
                against,
                format!(
                    "there is no finished run of these cases below {} to compare with; this run is one for the next",
                    display(&reports)
                ),
            );
        };
        found
    } else {
        let dir = root.join(against);
        match journal::read(&dir) {
            Ok(run) => (dir, run),
            Err(error) => {
                let remedy = "make one with `overclaim run --out` and name its directory";
                return Against::missing(against, format!("no baseline: {error} ({remedy})"));
            }
        }
    };
    if !whole(&run, &dir) {
        let why = format!(
            "the baseline {} was stopped after {} of {} trials; run it again",
            display(&dir),
            run.briefs().len(),
            run.header.planned
        );
        return Against::missing(against, why);
    }
    match Baseline::of(&as_needed(run), &display(&dir), header.threshold) {
        Ok(baseline) => Against::found(against, baseline),
        Err(error) => Against::missing(against, format!("no baseline: {error}")),
    }
}

fn whole(run: &Run, dir: &Path) -> bool {
    run.is_complete() || ended(dir) == Some(Ending::Decided)
}
