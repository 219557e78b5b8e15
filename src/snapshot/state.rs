//! What became of one draw of a case, as far as a snapshot tells it.

use std::fmt;

use crate::record::{Kind, Outcome, Quadrant, Record};
use crate::scorecard::Side;

/// What became of a draw: its outcome and, of an answer that is right or wrong with a known
/// confidence, whether it is confident. A call that failed or was never made has no state: an outage
/// is no change of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    kind: Kind,
    sure: Option<bool>,
}

impl State {
    /// Of a record; confident is who reaches the case's own threshold, or this one.
    #[must_use]
    pub fn of(record: &Record, threshold: f64) -> Option<State> {
        let kind = record.outcome.kind();
        if matches!(kind, Kind::Failed | Kind::Skipped) {
            return None;
        }
        let side = Side::of(record, threshold);
        Some(State { kind, sure: side.confidence.map(|_| side.confident) })
    }

    /// Of an answer as a comparison keeps it; none where it does not know what became of it.
    #[must_use]
    pub fn of_side(side: &Side) -> Option<State> {
        let kind = match side.correct {
            Some(true) => Kind::Correct,
            Some(false) => Kind::Incorrect,
            None if side.abstained => Kind::Abstained,
            None => return None,
        };
        Some(State { kind, sure: side.confidence.map(|_| side.confident) })
    }

    /// What became of it.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Right or wrong, confident or not; none without a grade or a confidence.
    #[must_use]
    pub fn quadrant(self) -> Option<Quadrant> {
        match (self.kind, self.sure?) {
            (Kind::Correct, true) => Some(Quadrant::ConfidentRight),
            (Kind::Correct, false) => Some(Quadrant::UnsureRight),
            (Kind::Incorrect, true) => Some(Quadrant::ConfidentWrong),
            (Kind::Incorrect, false) => Some(Quadrant::UnsureWrong),
            _ => None,
        }
    }

    /// Where it stands among states: the gravest first.
    pub(super) fn gravity(self) -> (u8, u8) {
        let kind = match self.kind {
            Kind::Incorrect => 0,
            Kind::Ungraded | Kind::Unparsable | Kind::Truncated => 1,
            Kind::Refused => 2,
            Kind::Abstained => 3,
            _ => 4,
        };
        (kind, u8::from(self.sure != Some(true)))
    }

    /// The outcome of this name with a quadrant of that name.
    pub(super) fn named(outcome: &str, quadrant: Option<&str>) -> Option<State> {
        let kind = KINDS.into_iter().find(|kind| kind.name() == outcome)?;
        let state = |sure| State { kind, sure };
        match quadrant {
            None => Some(state(None)),
            Some(name) => [Some(true), Some(false)].into_iter().map(state).find(|state| {
                state.quadrant().is_some_and(|quadrant| quadrant_name(quadrant) == name)
            }),
        }
    }
}

/// The kinds that a state can have.
const KINDS: [Kind; Outcome::NAMES.len() - 2] = [
    Kind::Correct,
    Kind::Incorrect,
    Kind::Abstained,
    Kind::Refused,
    Kind::Truncated,
    Kind::Unparsable,
    Kind::Ungraded,
];

/// The name of a quadrant in documents.
#[must_use]
pub fn quadrant_name(quadrant: Quadrant) -> &'static str {
    match quadrant {
        Quadrant::ConfidentRight => "confident_right",
        Quadrant::ConfidentWrong => "confident_wrong",
        Quadrant::UnsureRight => "unsure_right",
        Quadrant::UnsureWrong => "unsure_wrong",
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match self.quadrant() {
            Some(quadrant) => write!(f, " {}", quadrant_name(quadrant)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::judged;

    #[test]
    fn every_state_is_read_as_it_is_written() {
        for kind in KINDS {
            for sure in [None, Some(true), Some(false)] {
                let state = State { kind, sure: sure.filter(|_| kind.is_graded()) };
                let written = state.to_string();
                let mut words = written.split(' ');
                assert_eq!(State::named(words.next().unwrap(), words.next()), Some(state));
            }
        }
        assert_eq!(State::named("correct", Some("confident_wrong")), None);
        assert_eq!(State::named("failed", None), None);
    }

    #[test]
    fn a_call_that_failed_has_no_state_and_who_abstains_is_not_sure() {
        let told = |outcome, sure| State::of(&judged(0, outcome, sure), 0.8).map(|s| s.to_string());
        assert_eq!(told(Outcome::Skipped, None), None);
        assert_eq!(told(Outcome::Incorrect, Some(0.8)).unwrap(), "incorrect confident_wrong");
        assert_eq!(told(Outcome::Incorrect, Some(0.7)).unwrap(), "incorrect unsure_wrong");
        assert_eq!(told(Outcome::Correct, None).unwrap(), "correct");
        let declined = Record { abstained: true, ..judged(0, Outcome::Correct, Some(0.9)) };
        assert_eq!(State::of(&declined, 0.8).unwrap().to_string(), "correct");
    }
}
