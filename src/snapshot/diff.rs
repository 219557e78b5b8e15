//! A run held against what was accepted, and what is proposed to be accepted next.
//!
//! A proposal is the accepted snapshot with the lines of those cases that changed: whoever accepts
//! it, here or with `cargo insta`, takes over exactly the changes, and no line moves because a
//! confidence trembled.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, ChangeKind, Line, Snapshot};
use crate::record::{Run, Unreadable};

/// What a run says of an endpoint's cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// A line for each case that was heard.
    pub snapshot: Snapshot,
    /// Cases that were asked and not heard: their calls failed, or were not made any more.
    pub unheard: BTreeSet<String>,
    /// Whether the run asks every case of the suite, so that others are not there any more.
    pub whole: bool,
}

impl Found {
    /// What a run says.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(run: &Run, endpoint: &str, whole: bool) -> Result<Found, Unreadable> {
        Ok(Found::said(run, endpoint, whole, Snapshot::of(run, endpoint)?.lines))
    }

    /// The same where its lines are known already.
    #[must_use]
    pub(super) fn said(
        run: &Run,
        endpoint: &str,
        whole: bool,
        lines: BTreeMap<String, Line>,
    ) -> Found {
        let snapshot = Snapshot { lines, ..Snapshot::of_nothing(&run.header, endpoint) };
        let asked = run.of_endpoint(endpoint).map(|brief| run.name(brief.case()));
        let unheard = asked.filter(|case| !snapshot.lines.contains_key(*case));
        let unheard = unheard.map(str::to_owned).collect();
        Found { snapshot, unheard, whole }
    }

    /// Whether a run asks every case of its suite: all of the plan, and the plan is of all cases.
    #[must_use]
    pub fn is_whole(run: &Run) -> bool {
        let selection = &run.header.selection;
        let all = selection.filter.is_none() && selection.limit.is_none();
        all && run.header.shard.is_none() && run.is_complete()
    }
}

/// What became of cases since their lines were accepted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// The gravest first, quiet ones last.
    pub changes: Vec<Change>,
    /// Accepted cases that the run could not hear.
    pub unheard: usize,
    /// Accepted cases that were compared.
    pub compared: usize,
}

impl Diff {
    /// What a run says against what was accepted.
    #[must_use]
    pub fn of(accepted: &BTreeMap<String, Line>, found: &Found) -> Diff {
        let lines = &found.snapshot.lines;
        let mut diff = Diff::default();
        for (case, before) in accepted {
            let after = lines.get(case);
            match after {
                None if found.unheard.contains(case) => diff.unheard += 1,
                None if !found.whole => {}
                _ => {
                    diff.compared += usize::from(after.is_some());
                    diff.changes.extend(Change::of(Some(before), after));
                }
            }
        }
        let added = lines.iter().filter(|(case, _)| !accepted.contains_key(*case));
        diff.changes.extend(added.filter_map(|(_, after)| Change::of(None, Some(after))));
        diff.changes.sort_by(Change::by_gravity);
        diff
    }

    /// Every difference between what was accepted and what is proposed, whatever its kind.
    #[must_use]
    pub fn pending(
        accepted: &BTreeMap<String, Line>,
        proposed: &BTreeMap<String, Line>,
    ) -> Vec<Change> {
        let cases: BTreeSet<&String> = accepted.keys().chain(proposed.keys()).collect();
        let differing = cases.into_iter().filter_map(|case| {
            let (before, after) = (accepted.get(case), proposed.get(case));
            if before == after {
                return None;
            }
            // What differs in nothing that counts differs all the same.
            Change::of(before, after).or_else(|| {
                let (before, after) = (before.cloned(), after.cloned());
                let kind = ChangeKind::AnswerChanged;
                Some(Change { kind, case: case.clone(), before, after, p: None })
            })
        });
        let mut changes: Vec<Change> = differing.collect();
        changes.sort_by(Change::by_gravity);
        changes
    }

    /// How many cases went this way.
    #[must_use]
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }

    /// The changes that wait for somebody.
    pub fn waiting(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !change.kind.is_quiet())
    }

    /// What is proposed to be accepted: the accepted lines with the changes that wait for somebody.
    /// Of cases that the run did not ask, or could not hear, an earlier proposal stands.
    #[must_use]
    pub fn proposal(
        &self,
        accepted: &Snapshot,
        found: &Found,
        earlier: Option<&Snapshot>,
    ) -> Snapshot {
        let mut lines = accepted.lines.clone();
        if let Some(earlier) = earlier {
            let asked = |case: &str| {
                found.snapshot.lines.contains_key(case)
                    || (found.whole && !found.unheard.contains(case))
            };
            let cases: BTreeSet<&String> = lines.keys().chain(earlier.lines.keys()).collect();
            let kept: Vec<String> =
                cases.into_iter().filter(|case| !asked(case)).cloned().collect();
            for case in kept {
                match earlier.lines.get(&case) {
                    Some(line) => lines.insert(case, line.clone()),
                    None => lines.remove(&case),
                };
            }
        }
        for change in self.waiting() {
            match change.proposed() {
                Some(line) => lines.insert(change.case.clone(), line),
                None => lines.remove(&change.case),
            };
        }
        Snapshot { lines, ..found.snapshot.without_lines() }
    }
}

#[cfg(test)]
mod tests;
