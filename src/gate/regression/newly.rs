//! How many cases are confidently wrong that were not.
//!
//! Cases are counted, and each by the exact test of its own draws, so one that wobbles counts for
//! nothing. Of a case that was not heard, or not as often as it was asked, nobody can say that it did
//! not turn: where such cases could exceed the limit, the line is undecided. So an outage never looks
//! like a pass.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Obstacle, bare};
use crate::budget::{Cases, Regression};
use crate::gate::{Line, Verdict};
use crate::record::Kind;
use crate::scorecard::{EndpointCard, Side};
use crate::snapshot::{self, Change, ChangeKind, Diff, Found, State};

/// Name of the line.
const NAME: &str = "regression.newly_confident_wrong";

/// Most cases that a sentence names, and most characters of a name.
const MOST_NAMED: usize = 3;
const MOST_CHARS: usize = 60;

/// Lines that a run is held against, what it says, and what became of the cases.
pub(super) struct Held<'a> {
    pub before: Cow<'a, BTreeMap<String, snapshot::Line>>,
    pub found: Cow<'a, Found>,
    pub diff: Cow<'a, Diff>,
    /// How often each case was to be asked.
    pub repeats: usize,
}

/// A line without evidence.
pub(super) fn unmeasured(
    card: &EndpointCard,
    regression: &Regression,
    limit: Cases,
    sentence: String,
) -> Line {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let max = limit.max as f64;
    Line { line: NAME, limit: max, ..bare(card, regression, sentence) }
}

/// The line of one endpoint. `against` says what it is held against.
pub(super) fn line(
    card: &EndpointCard,
    regression: &Regression,
    limit: Cases,
    (against, held): (&str, &Held<'_>),
    obstacle: Option<Obstacle>,
) -> Line {
    let max = usize::try_from(limit.max).unwrap_or(usize::MAX);
    let of_kind = |kind| held.diff.changes.iter().filter(move |change| change.kind == kind);
    let newly: Vec<&str> =
        of_kind(ChangeKind::NewlyConfidentWrong).map(|change| change.case.as_str()).collect();
    let reworded = of_kind(ChangeKind::Reworded).count();
    let open = held.open(&newly.iter().copied().collect());
    let unasked = held.unasked(card);
    let (count, n) = (newly.len(), held.diff.compared - reworded);
    let verdict = if count > max {
        Verdict::Fail
    } else if n == 0 {
        Verdict::NotMeasured
    } else if count + open.len() + unasked > max {
        Verdict::Undecided
    } else if obstacle.is_some() {
        Verdict::NotMeasured
    } else {
        Verdict::Pass
    };
    let mut sentence = format!("against {against}: ");
    if n == 0 {
        sentence += "no case could be compared";
    } else {
        let cases = if n == 1 { "case" } else { "cases" };
        let are = if count == 1 { "is" } else { "are" };
        let names = in_brackets(&newly);
        let _ = write!(
            sentence,
            "{count} of {n} {cases} {are} newly confident wrong{names}, at most {max} may be"
        );
    }
    if !open.is_empty() {
        let (open, names) = (open.len(), in_brackets(&open));
        let _ = write!(sentence, "; {open} more could be, not heard or not judged{names}");
    }
    if unasked > 0 {
        let _ = write!(sentence, "; {unasked} more could be, not asked");
    }
    match obstacle {
        Some(obstacle) if n > 0 => {
            let _ = write!(sentence, "; {obstacle}");
        }
        _ if reworded > 0 => {
            let _ = write!(sentence, "; {reworded} with another question or grader left out");
        }
        _ => {}
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let estimate = (n > 0).then_some(count as f64);
    let count = (n > 0).then_some(count);
    Line { verdict, estimate, count, n, ..unmeasured(card, regression, limit, sentence) }
}

impl Held<'_> {
    /// Cases that would be newly confident wrong if every draw that nobody knows of was.
    fn open(&self, newly: &BTreeSet<&str>) -> Vec<&str> {
        let Found { snapshot, unheard, .. } = &*self.found;
        let asked = self.before.iter().filter_map(|(case, before)| {
            let after = snapshot.lines.get(case);
            let same = after.map_or(unheard.contains(case), |line| line.subject == before.subject);
            (same && !newly.contains(case.as_str())).then_some((case, before, after))
        });
        let open = asked.filter(|(_, before, after)| self.could_be(before, *after));
        open.map(|(case, ..)| case.as_str()).collect()
    }

    fn could_be(&self, before: &snapshot::Line, after: Option<&snapshot::Line>) -> bool {
        let heard = after.map_or(&[][..], |line| &line.states);
        // What somebody accepted that cannot be judged either is no more open than it was.
        let was = |state: State| before.count(|before| before == state) > 0;
        let (unknown, mut states): (Vec<_>, Vec<_>) =
            heard.iter().partition(|(state, _)| is_unknown(*state) && !was(*state));
        let known: usize = states.iter().map(|(_, count)| count).sum();
        let unknown: usize = unknown.iter().map(|(_, count)| count).sum();
        let lost = self.repeats.saturating_sub(known + unknown) + unknown;
        if lost == 0 {
            return false;
        }
        let Some(wrong) = confident_wrong() else { return false };
        let already: usize =
            states.iter().filter(|(state, _)| *state == wrong).map(|(_, count)| count).sum();
        states.retain(|(state, _)| *state != wrong);
        states.insert(0, (wrong, already + lost));
        states.sort_by(|(_, one), (_, other)| other.cmp(one));
        let worst = snapshot::Line {
            case: before.case.clone(),
            states,
            band: None,
            subject: before.subject,
            answer: None,
            known: None,
        };
        Change::of(Some(before), Some(&worst))
            .is_some_and(|change| change.kind == ChangeKind::NewlyConfidentWrong)
    }

    /// Cases of the plan that the run ended before.
    fn unasked(&self, card: &EndpointCard) -> usize {
        let met = self.found.snapshot.lines.len() + self.found.unheard.len();
        (card.planned / self.repeats.max(1)).saturating_sub(met)
    }
}

/// Whether an answer may be confidently wrong for all that is known: nobody judged it, or nobody
/// knows how sure it was.
fn is_unknown(state: State) -> bool {
    let unsaid = state.kind() == Kind::Incorrect && state.quadrant().is_none();
    state.kind() == Kind::Ungraded || unsaid
}

fn confident_wrong() -> Option<State> {
    State::of_side(&Side {
        correct: Some(false),
        confidence: Some(1.0),
        confident: true,
        ..Side::default()
    })
}

/// The first of these cases, and how many more there are.
fn in_brackets(cases: &[&str]) -> String {
    if cases.is_empty() {
        return String::new();
    }
    let mut told: Vec<String> = cases.iter().take(MOST_NAMED).map(|case| shortened(case)).collect();
    if cases.len() > MOST_NAMED {
        told.push(format!("{} more", cases.len() - MOST_NAMED));
    }
    format!(" ({})", told.join(", "))
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
