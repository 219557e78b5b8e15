//! Where a run stands against what was accepted, as pages and the gate see it.

use super::{Diff, Found, Line, Snapshot};
use crate::record::{Run, Unreadable};

/// An accepted snapshot and the file that it is in, as the user would write it.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// Path of the `.snap` file.
    pub file: String,
    /// What it says.
    pub snapshot: Snapshot,
}

/// Where a run stands at one endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What was accepted before the run.
    pub accepted: Accepted,
    /// What the run says.
    pub found: Found,
    /// What became of the cases.
    pub diff: Diff,
}

impl Standing {
    /// Of every endpoint of a run that has an accepted snapshot, in the header's order.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(run: &Run, whole: bool, accepted: &[Accepted]) -> Result<Vec<Standing>, Unreadable> {
        let of_endpoint = |name: &str| accepted.iter().find(|at| at.snapshot.of.endpoint == name);
        let asked = run.header.endpoints.iter();
        let known = asked.filter_map(|asked| Some((&*asked.name, of_endpoint(&asked.name)?)));
        let standing = known.map(|(endpoint, accepted)| {
            let found = Found::of(run, endpoint, whole)?;
            let diff = Diff::of(&accepted.snapshot.lines, &found);
            Ok(Standing { accepted: accepted.clone(), found, diff })
        });
        standing.collect()
    }

    /// Name of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.accepted.snapshot.of.endpoint
    }

    /// Accepted lines of wrong answers that the run gave again: each with the line of the run. They
    /// are wrong, and known.
    pub fn known_wrong(&self) -> impl Iterator<Item = (&Line, &Line)> {
        let accepted = self.accepted.snapshot.lines.values().filter(|line| line.is_wrong());
        let again =
            accepted.filter_map(|line| Some((line, self.found.snapshot.lines.get(&line.case)?)));
        again.filter(|(line, now)| now.is_wrong() && now.subject == line.subject)
    }
}
