//! Scores that count what was not answered.
//!
//! A model that says "I do not know" is worth more than one that guesses, and a score over
//! answered questions alone cannot tell. These take all questions, answered or not.

use super::confidence_target::target_score;
use super::confident_wrong::Threshold;

/// Questions by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// C: right answers.
    pub correct: usize,
    /// I: wrong answers.
    pub incorrect: usize,
    /// A: not attempted.
    pub not_attempted: usize,
    /// P: partly right, which only the omniscience index knows of.
    pub partial: usize,
}

/// The scores of `SimpleQA`, over `n = C + I + A`, all in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimpleQa {
    /// `C/n`.
    pub correct: f64,
    /// `I/n`.
    pub incorrect: f64,
    /// `A/n`.
    pub not_attempted: f64,
    /// `C/(C + I)`; 0 if nothing was attempted, as published.
    pub correct_given_attempted: f64,
    /// The harmonic mean of `correct` and `correct_given_attempted`, which is
    /// `2C/(n + C + I)`; 0 if both are.
    pub f_score: f64,
}

/// The scores of AA-Omniscience, over `n = C + P + I + A`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Omniscience {
    /// `100(C − I)/n`, from −100 to 100: 0 for who knows as much as he makes up.
    pub index: f64,
    /// `C/n`.
    pub accuracy: f64,
    /// `I/(n − C)`: of what it does not know, how much does it make up? `None` if all is
    /// right.
    pub hallucination_rate: Option<f64>,
}

impl AnswerCounts {
    /// The scores of `SimpleQA`; partly right answers are left out. `None` without answers
    /// and abstentions.
    ///
    /// Wei et al., Measuring short-form factuality in large language models, arXiv
    /// 2411.04368 (2024), section 3.
    #[must_use]
    pub fn simpleqa(self) -> Option<SimpleQa> {
        let attempted = self.correct + self.incorrect;
        let n = attempted + self.not_attempted;
        let of = |count: usize, all: usize| count as f64 / all as f64;
        (n > 0).then(|| SimpleQa {
            correct: of(self.correct, n),
            incorrect: of(self.incorrect, n),
            not_attempted: of(self.not_attempted, n),
            correct_given_attempted: if attempted > 0 { of(self.correct, attempted) } else { 0.0 },
            f_score: of(2 * self.correct, n + attempted),
        })
    }

    /// The scores of AA-Omniscience. `None` without questions.
    ///
    /// Artificial Analysis, AA-Omniscience, arXiv 2511.13029 (2025).
    #[must_use]
    pub fn omniscience(self) -> Option<Omniscience> {
        let n = self.correct + self.incorrect + self.not_attempted + self.partial;
        let all = n as f64;
        (n > 0).then(|| Omniscience {
            index: 100.0 * (self.correct as f64 - self.incorrect as f64) / all,
            accuracy: self.correct as f64 / all,
            hallucination_rate: (n > self.correct)
                .then(|| self.incorrect as f64 / (n - self.correct) as f64),
        })
    }

    /// The mean score at a confidence target, `(C − I·t/(1−t))/(C + I + A)`; see
    /// [`super::confidence_target`]. `None` without answers and abstentions, and at a
    /// target of 1.
    #[must_use]
    pub fn confidence_target(self, target: Threshold) -> Option<f64> {
        let n = self.correct + self.incorrect + self.not_attempted;
        target_score(self.correct, self.incorrect, n, target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_abstains_is_worth_more_than_who_guesses_wrong() {
        let guesses = AnswerCounts { correct: 5, incorrect: 5, ..AnswerCounts::default() };
        let abstains = AnswerCounts { correct: 5, not_attempted: 5, ..AnswerCounts::default() };
        let f_score = |counts: AnswerCounts| counts.simpleqa().unwrap().f_score;
        assert!(f_score(abstains) > f_score(guesses));
        let index = |counts: AnswerCounts| counts.omniscience().unwrap().index;
        assert!((index(abstains) - 50.0).abs() < 1e-12 && index(guesses).abs() < 1e-12);
    }

    #[test]
    fn nothing_asked_has_no_score_and_partly_right_is_no_answer_to_simpleqa() {
        let partial = AnswerCounts { partial: 3, ..AnswerCounts::default() };
        assert_eq!(partial.simpleqa(), None);
        assert_eq!(partial.confidence_target(Threshold::new(0.5).unwrap()), None);
        assert_eq!(partial.omniscience().unwrap().hallucination_rate, Some(0.0));
        assert_eq!(AnswerCounts::default().omniscience(), None);
    }
}
