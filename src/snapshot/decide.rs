//! What a reviewer decides, and the two files that follow from it.

use std::collections::BTreeMap;

use super::{Known, Line, Snapshot};

/// What becomes of a pending change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It is the accepted state from now on; of a wrong answer, since when and why it is known.
    Accepted(Known),
    /// The accepted state stays; the change comes again with the next run that shows it.
    Rejected,
}

/// The accepted state and the proposal after some cases were decided; no proposal where nothing is
/// left of it.
#[must_use]
pub fn decide(
    accepted: Option<&Snapshot>,
    proposed: &Snapshot,
    decided: &BTreeMap<String, Decided>,
) -> (Option<Snapshot>, Option<Snapshot>) {
    let taken = decided.values().any(|decided| matches!(decided, Decided::Accepted(_)));
    let mut kept = match accepted {
        Some(accepted) if !taken => accepted.clone(),
        // Who accepts something accepts whom it was asked of.
        Some(accepted) => Snapshot { lines: accepted.lines.clone(), ..proposed.without_lines() },
        None => proposed.without_lines(),
    };
    let mut left = proposed.clone();
    for (case, decided) in decided {
        match decided {
            Decided::Accepted(known) => {
                let line = proposed.lines.get(case).map(|line| accept(line, known));
                put(&mut kept.lines, case, line.clone());
                put(&mut left.lines, case, line);
            }
            Decided::Rejected => put(&mut left.lines, case, kept.lines.get(case).cloned()),
        }
    }
    let is_new = accepted.is_none() && kept.lines.is_empty();
    let differs = left.lines != kept.lines;
    ((!is_new).then_some(kept), differs.then_some(left))
}

fn put(lines: &mut BTreeMap<String, Line>, case: &str, line: Option<Line>) {
    match line {
        Some(line) => lines.insert(case.to_owned(), line),
        None => lines.remove(case),
    };
}

/// A line as it is accepted: a wrong answer is known to be wrong from now on, or as long as it was.
fn accept(line: &Line, known: &Known) -> Line {
    let before = line.known.clone().unwrap_or_default();
    let known = Known {
        since: before.since.or_else(|| known.since.clone()),
        reason: known.reason.clone().or(before.reason),
    };
    Line { known: line.is_wrong().then_some(known), ..line.clone() }
}
