//! Where a run stands against what was accepted, as pages and the gate see it.

use std::collections::BTreeSet;

use super::{Diff, Found, Line, Passing, Snapshot};
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
        Standing::each(run, accepted, |endpoint| Found::of(run, endpoint, whole))
    }

    /// The same where the records passed already.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of_passed(
        run: &Run,
        whole: bool,
        accepted: &[Accepted],
        passing: &mut Passing,
    ) -> Result<Vec<Standing>, Unreadable> {
        Standing::each(run, accepted, |endpoint| passing.found(run, endpoint, whole))
    }

    fn each(
        run: &Run,
        accepted: &[Accepted],
        mut found: impl FnMut(&str) -> Result<Found, Unreadable>,
    ) -> Result<Vec<Standing>, Unreadable> {
        let of_endpoint = |name: &str| accepted.iter().find(|at| at.snapshot.of.endpoint == name);
        let asked = run.header.endpoints.iter();
        let known = asked.filter_map(|asked| Some((&*asked.name, of_endpoint(&asked.name)?)));
        let standing = known.map(|(endpoint, accepted)| {
            let found = found(endpoint)?;
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

    /// Accepted lines of wrong answers that the run gave again, each with the line of the run: they
    /// are wrong, and known. What changed since then waits to be known.
    pub fn known_wrong(&self) -> impl Iterator<Item = (&Line, &Line)> {
        let waiting: BTreeSet<&str> =
            self.diff.waiting().map(|change| change.case.as_str()).collect();
        let accepted = self.accepted.snapshot.lines.values();
        let accepted = accepted.filter(move |line| !waiting.contains(line.case.as_str()));
        let now = |line: &Line| self.found.snapshot.lines.get(&line.case);
        let again = accepted.filter_map(move |line| Some((line, now(line)?)));
        again.filter(|(line, now)| line.is_wrong() && now.is_wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::snapshot;
    use super::*;

    #[test]
    fn an_answer_is_known_to_be_wrong_until_it_is_wrong_in_another_way() {
        let wrong = |case: &str, quadrant: &str, subject: &str| {
            format!("{case}: incorrect {quadrant} 1/1 0.5-0.9 #{subject}00000000000 \"b\"")
        };
        let sure = |case: &str| wrong(case, "confident_wrong", "0");
        let right = "right: correct confident_right 1/1 0.8-0.9 #000000000000".to_owned();
        let before = [
            sure("same"),
            wrong("surer", "unsure_wrong", "0"),
            sure("reworded"),
            sure("lost"),
            right.clone(),
        ];
        let after = [sure("same"), sure("surer"), wrong("reworded", "confident_wrong", "1"), right];
        let lines =
            |lines: &[String]| snapshot(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let accepted = Accepted { file: "a.snap".into(), snapshot: lines(&before) };
        let found =
            Found { snapshot: lines(&after), unheard: ["lost".to_owned()].into(), whole: true };
        let diff = Diff::of(&accepted.snapshot.lines, &found);
        let standing = Standing { accepted, found, diff };
        let known: Vec<&str> = standing.known_wrong().map(|(line, _)| line.case.as_str()).collect();
        assert_eq!((known, standing.diff.unheard), (vec!["same"], 1));
    }
}
