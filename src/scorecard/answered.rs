//! Scores that count what was not answered, beside what was.

use std::collections::BTreeMap;

use serde::Serialize;

use super::every::{by_number, target_thresholds};
use crate::record::{Brief, Kind};
use crate::score::{self, AnswerCounts};

/// Right and wrong answers and abstentions, and what they are worth under rules that do not reward
/// guessing. Refusals are abstentions here; replies without an answer and failures are neither.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnsweredCard {
    /// Right answers.
    pub correct: usize,
    /// Wrong answers.
    pub incorrect: usize,
    /// Abstentions and refusals.
    pub not_attempted: usize,
    /// The scores of `SimpleQA`; null where there is nothing to score.
    pub simpleqa: Option<SimpleQaCard>,
    /// The scores of AA-Omniscience; null where there is nothing to score.
    pub omniscience: Option<OmniscienceCard>,
    /// The mean score by confidence target t: 1 for right, −t/(1−t) for wrong, 0 for abstaining.
    pub confidence_target: Option<BTreeMap<String, f64>>,
}

/// Shares of answers and abstentions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SimpleQaCard {
    /// Right among all.
    pub correct: f64,
    /// Wrong among all.
    pub incorrect: f64,
    /// Abstentions among all.
    pub not_attempted: f64,
    /// Right among answers; 0 without any.
    pub correct_given_attempted: f64,
    /// Harmonic mean of the two shares of right answers.
    pub f_score: f64,
}

/// What it knows against what it makes up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OmniscienceCard {
    /// 100 times right minus wrong, over all: −100 to 100.
    pub index: f64,
    /// Right among all.
    pub accuracy: f64,
    /// Wrong among what is not right; null where all is.
    pub hallucination_rate: Option<f64>,
}

impl AnsweredCard {
    /// Of finished trials.
    pub(super) fn of(briefs: &[&Brief]) -> AnsweredCard {
        let mut counts = AnswerCounts::default();
        for brief in briefs {
            match brief.kind() {
                Kind::Correct => counts.correct += 1,
                Kind::Incorrect => counts.incorrect += 1,
                Kind::Abstained | Kind::Refused => counts.not_attempted += 1,
                _ => {}
            }
        }
        counts.into()
    }
}

impl From<AnswerCounts> for AnsweredCard {
    fn from(counts: AnswerCounts) -> AnsweredCard {
        let targets = by_number(target_thresholds(), |target| counts.confidence_target(target));
        AnsweredCard {
            correct: counts.correct,
            incorrect: counts.incorrect,
            not_attempted: counts.not_attempted,
            simpleqa: counts.simpleqa().map(SimpleQaCard::from),
            omniscience: counts.omniscience().map(OmniscienceCard::from),
            confidence_target: Some(targets).filter(|targets| !targets.is_empty()),
        }
    }
}

impl From<score::SimpleQa> for SimpleQaCard {
    fn from(scores: score::SimpleQa) -> SimpleQaCard {
        SimpleQaCard {
            correct: scores.correct,
            incorrect: scores.incorrect,
            not_attempted: scores.not_attempted,
            correct_given_attempted: scores.correct_given_attempted,
            f_score: scores.f_score,
        }
    }
}

impl From<score::Omniscience> for OmniscienceCard {
    fn from(scores: score::Omniscience) -> OmniscienceCard {
        OmniscienceCard {
            index: scores.index,
            accuracy: scores.accuracy,
            hallucination_rate: scores.hallucination_rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{AskError, AskErrorKind, Outcome, Run};

    #[test]
    fn abstentions_and_refusals_count_and_what_has_no_answer_does_not() {
        let failed = Outcome::Failed(AskError::new(AskErrorKind::Network, "no route".to_owned()));
        let outcomes = [
            Outcome::Correct,
            Outcome::Correct,
            Outcome::Incorrect,
            Outcome::Abstained,
            Outcome::Refused,
            Outcome::Truncated,
            failed,
        ];
        let records = outcomes.into_iter().enumerate();
        let records = records.map(|(index, outcome)| judged(index, outcome, Some(0.9)));
        let run = Run::of(header(7), records.collect());
        let card = AnsweredCard::of(&run.briefs().iter().collect::<Vec<_>>());
        assert_eq!((card.correct, card.incorrect, card.not_attempted), (2, 1, 2));
        assert!((card.simpleqa.unwrap().f_score - 0.5).abs() < 1e-15);
        assert!((card.omniscience.unwrap().index - 20.0).abs() < 1e-12);
        assert!((card.confidence_target.unwrap()["0.75"] + 0.2).abs() < 1e-15);
        let none = AnsweredCard::of(&[]);
        assert_eq!((none.simpleqa, none.omniscience, none.confidence_target), (None, None, None));
    }
}
