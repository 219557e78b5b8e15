//! Accepted lines as one side of a comparison.
//!
//! A line knows how many of its draws became what, and nothing of a single one. So its draws are put
//! beside those of the run in an order that is drawn: it is as good as any other, since tests of a
//! change see sums over whole cases. Where one side has more draws, as many of them as the other has are
//! drawn, so that without a change the two sides could change places. What a case is grouped and
//! sorted by is taken from the run, and of confidences only whether they are confident is known.

use std::collections::BTreeMap;

use crate::record::{Digest, Kind, Quadrant};
use crate::scorecard::Side;
use crate::snapshot::{Line, Snapshot, State, Subject};

/// The accepted state as the answers of a baseline, and the answers of the candidate that there is
/// one for, or that nobody accepted anything for.
pub(super) fn sides(
    accepted: &Snapshot,
    candidate: Vec<Side>,
    seed: u64,
) -> (Vec<Side>, Vec<Side>) {
    let mut asked: BTreeMap<String, Vec<Side>> = BTreeMap::new();
    for side in candidate {
        asked.entry(side.case.clone()).or_default().push(side);
    }
    let mut baseline = Vec::new();
    for (case, line) in &accepted.lines {
        let Some(answers) = asked.get_mut(case) else {
            // Only its name counts: it has no partner.
            baseline.push(Side { case: case.clone(), ..Side::default() });
            continue;
        };
        let mut draws = Draws::of(line, seed);
        answers.truncate(line.draws());
        let drawn = answers.iter().filter_map(|answer| Some(beside(answer, line, draws.next()?)));
        baseline.extend(drawn);
    }
    (baseline, asked.into_values().flatten().collect())
}

/// A draw of the accepted line, asked as this answer was.
fn beside(answer: &Side, line: &Line, state: State) -> Side {
    let digest = answer.subject.or(answer.content);
    let same = digest.map_or(Subject::default(), |digest| Subject::of(&digest)) == line.subject;
    // A line keeps the beginning of a digest; of two that differ it does not matter which they are.
    let another = Some(Digest::of_bytes(b"another question"));
    let sure = match state.quadrant() {
        Some(Quadrant::ConfidentRight | Quadrant::ConfidentWrong) => Some(true),
        Some(Quadrant::UnsureRight | Quadrant::UnsureWrong) => Some(false),
        None => None,
    };
    let kind = state.kind();
    Side {
        case: answer.case.clone(),
        repeat: answer.repeat,
        subject: if same { answer.subject } else { another },
        content: if same { answer.content } else { another },
        cluster: answer.cluster.clone(),
        tags: answer.tags.clone(),
        correct: match kind {
            Kind::Correct => Some(true),
            Kind::Incorrect => Some(false),
            _ => None,
        },
        // Right without a confidence is who rightly says that it does not know: not confidently
        // wrong in any case.
        abstained: kind == Kind::Abstained || (kind == Kind::Correct && sure.is_none()),
        confidence: sure.map(|sure| f64::from(u8::from(sure))),
        confident: sure == Some(true),
        ..Side::default()
    }
}

/// The draws of a line in an order that is drawn.
struct Draws<'a> {
    case: &'a str,
    seed: u64,
    drawn: u64,
    left: Vec<(State, usize)>,
}

impl<'a> Draws<'a> {
    fn of(line: &'a Line, seed: u64) -> Draws<'a> {
        Draws { case: &line.case, seed, drawn: 0, left: line.states.clone() }
    }
}

impl Iterator for Draws<'_> {
    type Item = State;

    fn next(&mut self) -> Option<State> {
        let all: usize = self.left.iter().map(|(_, count)| count).sum();
        if all == 0 {
            return None;
        }
        self.drawn += 1;
        let alike = self.left.len() == 1;
        let number = if alike { 0 } else { self.number() };
        let mut place = usize::try_from(number % all as u64).unwrap_or(0);
        for (state, count) in &mut self.left {
            if place < *count {
                *count -= 1;
                return Some(*state);
            }
            place -= *count;
        }
        None
    }
}

impl Draws<'_> {
    fn number(&self) -> u64 {
        Digest::of(&(self.seed, self.case, self.drawn)).number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;
    use crate::record::tests::judged;
    use crate::scorecard::Pairing;

    /// The answers to a case, right or wrong, at 0.9.
    fn answers(case: usize, right: &[bool]) -> Vec<Side> {
        let answer = |(repeat, right): (u32, &bool)| {
            let outcome = if *right { Outcome::Correct } else { Outcome::Incorrect };
            Side { repeat, ..Side::of(&judged(case, outcome, Some(0.9)), 0.8) }
        };
        (0..).zip(right).map(answer).collect()
    }

    fn snapshot(sides: &[Side]) -> Snapshot {
        let lines = crate::snapshot::lines_of_sides(sides, 0.8);
        let of = crate::snapshot::About {
            suite: "s".into(),
            endpoint: "e".into(),
            model: "m".into(),
            threshold: 0.8,
        };
        Snapshot { of, source: String::new(), lines }
    }

    fn paired(before: &[Side], after: Vec<Side>, seed: u64) -> Pairing {
        let (baseline, candidate) = sides(&snapshot(before), after, seed);
        Pairing::of(baseline, candidate)
    }

    #[test]
    fn as_many_draws_are_as_the_line_says() {
        let before = answers(0, &[true, true, false, true, true]);
        for seed in 0..20 {
            let pairing = paired(&before, answers(0, &[true; 5]), seed);
            let right = pairing.pairs.iter().filter(|(one, _)| one.correct == Some(true)).count();
            assert_eq!((pairing.pairs.len(), right), (5, 4));
            assert!(pairing.left_out.is_empty());
        }
    }

    #[test]
    fn of_the_longer_side_draws_are_drawn() {
        let before = answers(0, &[true, true, false, true, true]);
        let right = (0..1000).filter(|seed| {
            let pairing = paired(&before, answers(0, &[true]), *seed);
            assert_eq!((pairing.pairs.len(), pairing.left_out.is_empty()), (1, true));
            pairing.pairs[0].0.correct == Some(true)
        });
        let right = right.count();
        assert!((760..840).contains(&right), "{right}");
        let pairing = paired(&answers(0, &[true]), answers(0, &[false; 5]), 1);
        assert_eq!((pairing.pairs.len(), pairing.left_out.is_empty()), (1, true));
    }

    #[test]
    fn another_question_is_changed_and_one_of_no_partner_is_left_out() {
        let before = [answers(0, &[true]), answers(1, &[true]), answers(2, &[true])].concat();
        let mut after = [answers(1, &[true]), answers(2, &[true]), answers(3, &[true])].concat();
        after[0].content = Some(Digest::of(&"reworded"));
        let left_out = paired(&before, after, 1).left_out;
        assert_eq!(
            (left_out.changed, left_out.removed, left_out.added),
            (vec!["case-1".to_owned()], vec!["case-0".into()], vec!["case-3".into()])
        );
    }

    #[test]
    fn what_is_right_without_confidence_was_not_confidently_wrong() {
        let declined = Side { abstained: true, confidence: None, ..answers(0, &[true]).remove(0) };
        let pairing = paired(&[declined], answers(0, &[false]), 1);
        let (before, after) = &pairing.pairs[0];
        assert_eq!((before.confident_wrong(), after.confident_wrong()), (Some(false), Some(true)));
    }
}
