//! `choice`: the reply takes the expected one of the lettered choices.
//!
//! How a letter is read is the business of [`letters`], which also serves the confidence read from
//! log probabilities. A reply cut off by the token limit counts if its letter stands at the start,
//! where nothing that was cut off could change it.

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::letters::{self, Letter, Place};
use crate::answer::{Answer, Question, abstains};
use crate::span::{Node, Problems, Spanned};

/// `choice: "{{ answer }}"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Template of the right choice's letter or exact text.
    pub answer: Spanned<String>,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec { answer: settings::expectation(node, problems)? })
    }

    pub(super) fn bind(&self, question: &Question, answer: &str) -> Result<Choice, Unfit> {
        let answer = answer.trim();
        let unfit = |message: String, remedy: &str| {
            Err(Unfit { span: self.answer.span, message, remedy: remedy.into() })
        };
        let Some(last) = question.letters().last() else {
            return unfit(
                "the question has no choices".into(),
                "give it choices, or grade with `exact`",
            );
        };
        if answer.is_empty() {
            return unfit("the expected choice is empty".into(), "give its letter or its text");
        }
        let mut chars = answer.chars();
        if let (Some(letter), None) = (chars.next(), chars.next()) {
            let letter = letter.to_ascii_uppercase();
            if question.letters().any(|known| known == letter) {
                return Ok(Choice { letter });
            }
        }
        let mut same = question.letters().filter(|letter| {
            question.choice(*letter).is_some_and(|choice| choice.trim() == answer)
        });
        match (same.next(), same.next()) {
            (Some(letter), None) => Ok(Choice { letter }),
            (Some(one), Some(other)) => unfit(
                format!("choices {one} and {other} are both `{answer}`"),
                "give the letter of the right one",
            ),
            (None, _) => {
                let shown: String = answer.chars().take(60).collect();
                unfit(
                    format!("`{shown}` is no choice"),
                    &format!("give a letter from A to {last}, or the exact text of a choice"),
                )
            }
        }
    }
}

/// Expects a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    letter: char,
}

impl Choice {
    pub(super) fn expected(self) -> String {
        self.letter.to_string()
    }

    /// Where the letter went when the choices were put into another order.
    pub(super) fn moved(self, order: &[usize]) -> Choice {
        let at = order.iter().position(|typed| Question::letter(*typed) == Some(self.letter));
        Choice { letter: at.and_then(Question::letter).unwrap_or(self.letter) }
    }

    pub(super) fn judge(self, question: &Question, answer: &Answer) -> Judgement {
        match letters::read(question, &answer.text) {
            Ok(found) if answer.truncated && !outlasts_a_cut(question, found, &answer.text) => {
                Verdict::Truncated.into()
            }
            Ok(found) => {
                let right = found.letter == self.letter;
                let verdict = if right { Verdict::Correct } else { Verdict::Incorrect };
                Judgement { verdict, read: Some(found.letter.to_string()) }
            }
            Err(_) if answer.truncated => Verdict::Truncated.into(),
            Err(_) if abstains(&answer.text) => Verdict::Abstained.into(),
            Err(_) => Verdict::Unparsable.into(),
        }
    }
}

/// Whether nothing that was cut off could change a letter: it opens the reply, and is no small `a`
/// at its end, where a word may have been about to follow; or it is marked as the answer at the very
/// end, with the whole text of its choice behind it.
fn outlasts_a_cut(question: &Question, found: Letter, text: &str) -> bool {
    if found.place == Place::Marked
        && let (Some(choice), Some(at)) = (question.choice(found.letter), found.at)
    {
        let rest = text[at..].trim_end_matches(['.', '*', ' ', '\n']);
        let behind = rest.chars().skip(1).collect::<String>();
        return rest.lines().count() == 1 && behind.ends_with(choice.trim());
    }
    let last = text.trim_end().ends_with('a') && found.at == Some(text.trim_end().len() - 1);
    found.place == Place::Start && !last
}
