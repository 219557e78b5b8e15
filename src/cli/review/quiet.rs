//! Changes that wait for nobody: a case that wobbled, another answer with the same verdict.
//!
//! No proposal holds them. Who wants to see them reads the run, and who accepts one takes its line
//! over as if it had been proposed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::snapshot::{Decided, Line};

use super::super::report::latest;
use super::{Pending, find};

/// Adds the quiet changes of the runs that the proposals come from, and of the latest run.
pub(super) fn add(pending: &mut Vec<Pending>) -> Result<(), String> {
    let mut runs: Vec<PathBuf> = pending.iter().filter_map(|pending| pending.run.clone()).collect();
    runs.extend(latest().ok());
    let real = |dir: &PathBuf| dir.canonicalize().unwrap_or_else(|_| dir.clone());
    let mut seen = BTreeSet::new();
    runs.retain(|dir| seen.insert(real(dir)));
    for found in find(&runs)? {
        if found.quiet.is_empty() {
            continue;
        }
        let same = |known: &Pending| known.files.accepted == found.files.accepted;
        match pending.iter_mut().find(|known| same(known)) {
            Some(known) if known.quiet.is_empty() => {
                let waits: BTreeSet<&str> =
                    known.changes.iter().map(|change| change.case.as_str()).collect();
                let quiet = found.quiet.into_iter();
                known.quiet = quiet.filter(|change| !waits.contains(&*change.case)).collect();
                known.run = known.run.take().or(found.run);
            }
            Some(_) => {}
            // What this run would propose was rejected, or is accepted: it does not come again.
            None => {
                let Some(accepted) = found.accepted.clone() else { continue };
                pending.push(Pending { proposed: accepted, changes: Vec::new(), ..found });
            }
        }
    }
    Ok(())
}

/// The same proposal with the accepted ones among the quiet changes in it; none where there are none.
pub(super) fn with_accepted(
    pending: &Pending,
    decided: &BTreeMap<String, Decided>,
) -> Option<Pending> {
    let accepted = |case: &str| matches!(decided.get(case), Some(Decided::Accepted(_)));
    let mut taken = pending.quiet.iter().filter(|change| accepted(&change.case)).peekable();
    taken.peek()?;
    let mut proposed = pending.proposed.clone();
    for change in taken {
        let Some(after) = &change.after else { continue };
        // What is known to be wrong stays known, as long as it says the same.
        let same = change.before.as_ref().filter(|before| before.answer == after.answer);
        let known = same.filter(|_| after.is_wrong()).and_then(|before| before.known.clone());
        proposed.lines.insert(change.case.clone(), Line { known, ..after.clone() });
    }
    Some(Pending {
        files: pending.files.clone(),
        accepted: pending.accepted.clone(),
        proposed,
        changes: Vec::new(),
        quiet: Vec::new(),
        run: None,
    })
}
