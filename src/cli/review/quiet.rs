//! Changes that wait for nobody: a case that wobbled, another answer with the same verdict.
//!
//! No proposal holds them, so who wants to see them reads the run.

use std::collections::BTreeSet;
use std::path::PathBuf;

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
