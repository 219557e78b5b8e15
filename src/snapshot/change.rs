//! What became of a case since its line was accepted.
//!
//! Models wobble: asked five times, a case may be right four times today and three times tomorrow.
//! Draws that were not judged alike tell how far it wobbles, and a change counts where it goes beyond
//! that: by Fisher's exact test of the draws then and now, at a level of 1 %. Where there are too few
//! draws for any result to reach that level, one draw each for instance, only a complete reversal
//! counts. What changed within its wobble is *unstable*, not changed.

use std::cmp::Ordering;

use super::{Band, Line, State};
use crate::record::{Kind, Quadrant};
use crate::score::rise;

/// Largest probability with which a case that did not change counts as changed one way.
pub const LEVEL: f64 = 0.01;

/// What became of a case, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Confidently wrong now, and not before.
    NewlyConfidentWrong,
    /// Wrong now, and not before.
    NewlyWrong,
    /// Not answered now, or not answered for another reason: declined, refused, cut off, unreadable.
    NotAnswered,
    /// Right now, and not before.
    Fixed,
    /// Confidently wrong before, and not any more.
    NoLongerConfidentWrong,
    /// As right or wrong as before, and much surer or less sure.
    ConfidenceMoved,
    /// Another question, or judged otherwise, under the same name.
    Reworded,
    /// The snapshot does not have it.
    Added,
    /// The suite does not have it any more.
    Removed,
    /// Changed within its own wobble.
    Unstable,
    /// Another answer with the same verdict.
    AnswerChanged,
}

impl ChangeKind {
    /// Every kind, the gravest first.
    pub const ALL: [ChangeKind; 11] = [
        ChangeKind::NewlyConfidentWrong,
        ChangeKind::NewlyWrong,
        ChangeKind::NotAnswered,
        ChangeKind::Fixed,
        ChangeKind::NoLongerConfidentWrong,
        ChangeKind::ConfidenceMoved,
        ChangeKind::Reworded,
        ChangeKind::Added,
        ChangeKind::Removed,
        ChangeKind::Unstable,
        ChangeKind::AnswerChanged,
    ];

    /// Its name in documents and arguments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::NewlyConfidentWrong => "newly_confident_wrong",
            ChangeKind::NewlyWrong => "newly_wrong",
            ChangeKind::NotAnswered => "not_answered",
            ChangeKind::Fixed => "fixed",
            ChangeKind::NoLongerConfidentWrong => "no_longer_confident_wrong",
            ChangeKind::ConfidenceMoved => "confidence_moved",
            ChangeKind::Reworded => "reworded",
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Unstable => "unstable",
            ChangeKind::AnswerChanged => "answer_changed",
        }
    }

    /// The same in words, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            ChangeKind::NewlyConfidentWrong => "newly confident wrong",
            ChangeKind::NewlyWrong => "newly wrong",
            ChangeKind::NotAnswered => "no longer answered",
            ChangeKind::Fixed => "fixed",
            ChangeKind::NoLongerConfidentWrong => "no longer confident wrong",
            ChangeKind::ConfidenceMoved => "confidence moved",
            ChangeKind::Reworded => "reworded",
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Unstable => "unstable",
            ChangeKind::AnswerChanged => "answer changed",
        }
    }

    /// Whether it waits for nobody: neither pending nor shown unless asked for.
    #[must_use]
    pub fn is_quiet(self) -> bool {
        matches!(self, ChangeKind::Unstable | ChangeKind::AnswerChanged)
    }
}

/// A case whose line is not what was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What became of it.
    pub kind: ChangeKind,
    /// Name of the case.
    pub case: String,
    /// The accepted line; none of a case that was added.
    pub before: Option<Line>,
    /// The line now; none of a case that was removed.
    pub after: Option<Line>,
    /// One-sided p of the draws then and now, where a verdict changed.
    pub p: Option<f64>,
}

impl Change {
    /// What became of a case between two lines; none where nothing did.
    #[must_use]
    pub fn of(before: Option<&Line>, after: Option<&Line>) -> Option<Change> {
        let (kind, p) = match (before, after) {
            (None, None) => return None,
            (None, Some(_)) => (ChangeKind::Added, None),
            (Some(_), None) => (ChangeKind::Removed, None),
            (Some(before), Some(after)) => between(before, after)?,
        };
        let case = after.or(before).map(|line| line.case.clone())?;
        let (before, after) = (before.cloned(), after.cloned());
        Some(Change { kind, case, before, after, p })
    }

    /// The line that is proposed: the line now, with what is known of it as long as it says the same.
    #[must_use]
    pub fn proposed(&self) -> Option<Line> {
        let after = self.after.as_ref()?;
        let same = |before: &&Line| {
            before.subject == after.subject && before.answer == after.answer && after.is_wrong()
        };
        let known = self.before.as_ref().filter(same).and_then(|before| before.known.clone());
        Some(Line { known, ..after.clone() })
    }

    /// The gravest first, of one kind the surest.
    #[must_use]
    pub fn by_gravity(&self, other: &Change) -> Ordering {
        let sure = |change: &Change| change.telling().and_then(|line| line.band).map(Band::middle);
        let (one, two) = (sure(self).unwrap_or(-1.0), sure(other).unwrap_or(-1.0));
        let kind = self.kind.cmp(&other.kind);
        kind.then(two.total_cmp(&one)).then_with(|| self.case.cmp(&other.case))
    }

    /// The line that tells how grave it is.
    fn telling(&self) -> Option<&Line> {
        let before = matches!(self.kind, ChangeKind::Fixed | ChangeKind::NoLongerConfidentWrong);
        if before { self.before.as_ref() } else { self.after.as_ref().or(self.before.as_ref()) }
    }
}

/// What became of a case that both know, with the p of what decides.
fn between(before: &Line, after: &Line) -> Option<(ChangeKind, Option<f64>)> {
    if before.subject != after.subject {
        return Some((ChangeKind::Reworded, None));
    }
    if let Some((kind, p)) = verdict(before, after) {
        return Some((kind, Some(p)));
    }
    if sureness(before, after) {
        return Some((ChangeKind::ConfidenceMoved, None));
    }
    let kind = |line: &Line| line.state().map(State::kind);
    if after.is_unstable() || kind(before) != kind(after) {
        return Some((ChangeKind::Unstable, None));
    }
    (before.answer != after.answer).then_some((ChangeKind::AnswerChanged, None))
}

/// Whether a verdict changed beyond the case's own wobble.
fn verdict(before: &Line, after: &Line) -> Option<(ChangeKind, f64)> {
    let rises = |is: &dyn Fn(State) -> bool| rises(before, after, is);
    let falls = |is: &dyn Fn(State) -> bool| self::rises(after, before, is);
    let sure = |state: State| state.quadrant() == Some(Quadrant::ConfidentWrong);
    let is = |kind: Kind| move |state: State| state.kind() == kind;
    let wrong = rises(&is(Kind::Incorrect));
    if let Some(p) = rises(&sure) {
        return Some((ChangeKind::NewlyConfidentWrong, p));
    }
    if let Some(p) = wrong {
        let led = |line: &Line| line.state().is_some_and(sure);
        let kind = if led(after) && !led(before) {
            ChangeKind::NewlyConfidentWrong
        } else {
            ChangeKind::NewlyWrong
        };
        return Some((kind, p));
    }
    let unanswered =
        [Kind::Ungraded, Kind::Unparsable, Kind::Truncated, Kind::Refused, Kind::Abstained];
    if let Some(p) = unanswered.into_iter().find_map(|kind| rises(&is(kind))) {
        // Who now says that it does not know, and was sure of something wrong, became better.
        let better = falls(&sure).is_some() && rises(&is(Kind::Abstained)).is_some();
        let better = better.then_some(ChangeKind::NoLongerConfidentWrong);
        return Some((better.unwrap_or(ChangeKind::NotAnswered), p));
    }
    if let Some(p) = rises(&is(Kind::Correct)) {
        return Some((ChangeKind::Fixed, p));
    }
    falls(&sure).map(|p| (ChangeKind::NoLongerConfidentWrong, p))
}

/// Whether the same verdicts are held with another confidence: on the other side of the threshold
/// beyond the case's own wobble, or far from where all draws were.
fn sureness(before: &Line, after: &Line) -> bool {
    let known = |line: &Line| line.count(|state| state.quadrant().is_some()) == line.draws();
    let sure = |state: State| {
        matches!(state.quadrant(), Some(Quadrant::ConfidentRight | Quadrant::ConfidentWrong))
    };
    let crossed = known(before)
        && known(after)
        && (rises(before, after, &sure).is_some() || rises(after, before, &sure).is_some());
    let far = before.band.zip(after.band).is_some_and(|(one, other)| one.is_far_from(other));
    crossed || far
}

/// The p of a rise of the share of draws that are so, where the rise counts.
fn rises(before: &Line, after: &Line, is: &dyn Fn(State) -> bool) -> Option<f64> {
    let count = |line: &Line| (line.count(is), line.draws());
    let (before, after) = (count(before), count(after));
    let p = rise(before, after);
    let reversed = before.0 == 0 && after.0 == after.1;
    (p <= LEVEL || reversed).then_some(p)
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::line;
    use super::*;

    fn of(states: &str) -> Line {
        line(&format!("q: {states}"))
    }

    fn became(before: &str, after: &str) -> Option<ChangeKind> {
        Change::of(Some(&of(before)), Some(&of(after))).map(|change| change.kind)
    }

    const RIGHT: &str = "correct confident_right 1/1 0.9-0.95 #000000000000 \"a\"";
    const UNSURE: &str = "correct unsure_right 1/1 0.7-0.8 #000000000000 \"a\"";
    const WRONG: &str = "incorrect confident_wrong 1/1 0.9-0.95 #000000000000 \"b\"";
    const UNSURE_WRONG: &str = "incorrect unsure_wrong 1/1 0.7-0.8 #000000000000 \"b\"";
    const DECLINED: &str = "abstained 1/1 #000000000000 \"i dont know\"";
    const REFUSED: &str = "refused 1/1 #000000000000";

    #[test]
    fn of_one_draw_every_flip_counts() {
        use ChangeKind::*;
        for (before, after, kind) in [
            (RIGHT, RIGHT, None),
            (RIGHT, WRONG, Some(NewlyConfidentWrong)),
            (UNSURE_WRONG, WRONG, Some(NewlyConfidentWrong)),
            (DECLINED, WRONG, Some(NewlyConfidentWrong)),
            (RIGHT, UNSURE_WRONG, Some(NewlyWrong)),
            (DECLINED, UNSURE_WRONG, Some(NewlyWrong)),
            (RIGHT, DECLINED, Some(NotAnswered)),
            (RIGHT, REFUSED, Some(NotAnswered)),
            (DECLINED, REFUSED, Some(NotAnswered)),
            (WRONG, REFUSED, Some(NotAnswered)),
            (WRONG, DECLINED, Some(NoLongerConfidentWrong)),
            (WRONG, RIGHT, Some(Fixed)),
            (REFUSED, UNSURE, Some(Fixed)),
            (WRONG, UNSURE_WRONG, Some(NoLongerConfidentWrong)),
            (RIGHT, UNSURE, Some(ConfidenceMoved)),
        ] {
            assert_eq!(became(before, after), kind, "{before} → {after}");
        }
        let other = RIGHT.replace("\"a\"", "\"c\"");
        assert_eq!(became(RIGHT, &other), Some(AnswerChanged));
        let reworded = WRONG.replace("#0", "#1");
        assert_eq!(became(RIGHT, &reworded), Some(Reworded));
    }

    #[test]
    fn of_several_draws_it_must_go_beyond_the_wobble() {
        use ChangeKind::*;
        let mixed = |right: usize, wrong: usize, kind: &str| {
            let of = right + wrong;
            let states = [
                (right, format!("correct confident_right {right}/{of}")),
                (wrong, format!("incorrect {kind} {wrong}/{of}")),
            ];
            let states: Vec<String> =
                states.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text).collect();
            format!("{} 0.5-1 #000000000000", states.join(" + "))
        };
        let sure = |right, wrong| mixed(right, wrong, "confident_wrong");
        let unsure = |right, wrong| mixed(right, wrong, "unsure_wrong");
        for (before, after, kind) in [
            (sure(5, 0), sure(0, 5), Some(NewlyConfidentWrong)),
            (sure(5, 0), sure(1, 4), Some(Unstable)),
            (sure(4, 1), sure(0, 5), Some(Unstable)),
            (sure(4, 1), sure(3, 2), Some(Unstable)),
            (sure(10, 0), sure(4, 6), Some(NewlyConfidentWrong)),
            (sure(10, 0), sure(6, 4), Some(Unstable)),
            (unsure(5, 0), unsure(0, 5), Some(NewlyWrong)),
            (sure(0, 5), sure(5, 0), Some(Fixed)),
            (sure(0, 5), unsure(0, 5), Some(NoLongerConfidentWrong)),
            // So few draws that nothing but a reversal can count.
            (sure(3, 0), sure(0, 3), Some(NewlyConfidentWrong)),
            (sure(3, 0), sure(1, 2), Some(Unstable)),
            (sure(5, 0), sure(0, 1), Some(NewlyConfidentWrong)),
            (sure(4, 1), sure(5, 0), None),
        ] {
            assert_eq!(became(&before, &after), kind, "{before} → {after}");
        }
        let p = Change::of(Some(&of(&sure(5, 0))), Some(&of(&sure(0, 5)))).unwrap().p.unwrap();
        assert!((p - 1.0 / 252.0).abs() < 1e-12);
    }

    #[test]
    fn a_case_that_is_wrong_now_and_mostly_sure_is_newly_confident_wrong() {
        let before = "correct confident_right 5/5 0.9-1 #000000000000";
        let mostly =
            "incorrect confident_wrong 3/5 + incorrect unsure_wrong 2/5 0.7-0.9 #000000000000";
        let rarely =
            "incorrect unsure_wrong 3/5 + incorrect confident_wrong 2/5 0.7-0.9 #000000000000";
        assert_eq!(became(before, mostly), Some(ChangeKind::NewlyConfidentWrong));
        assert_eq!(became(before, rarely), Some(ChangeKind::NewlyWrong));
    }

    #[test]
    fn a_confidence_moves_where_no_draw_is_near_the_old_ones() {
        let at = |band: &str| format!("correct confident_right 2/2 {band} #000000000000 \"a\"");
        assert_eq!(became(&at("0.8-0.9"), &at("0.9-0.95")), None);
        assert_eq!(became(&at("0.8-0.9"), &at("0.95-1")), Some(ChangeKind::ConfidenceMoved));
        assert_eq!(became(&at("0.8-0.95"), &at("0.95-1")), None);
    }

    #[test]
    fn the_gravest_and_surest_come_first() {
        let change = |before: &str, after: &str, case: &str| {
            let named = |text: &str| Line { case: case.to_owned(), ..of(text) };
            Change::of(Some(&named(before)), Some(&named(after))).unwrap()
        };
        let surer = WRONG.replace("0.9-0.95", "0.99-1");
        let mut changes = [
            change(WRONG, RIGHT, "fixed"),
            change(RIGHT, WRONG, "sure"),
            change(RIGHT, UNSURE_WRONG, "wrong"),
            change(RIGHT, &surer, "surer"),
            change(RIGHT, WRONG, "also sure"),
        ];
        changes.sort_by(Change::by_gravity);
        let order = changes.map(|change| change.case);
        assert_eq!(order, ["surer", "also sure", "sure", "wrong", "fixed"]);
        assert!(ChangeKind::ALL.is_sorted());
    }
}
