//! What was read from a reply: the answer and how sure the model was of it.
//!
//! A confidence is optional and says why when it is missing. It is never filled in: a missing one
//! is counted, because a tool that imputes certainty makes the very claims that it should catch.
//!
//! Grading and eliciting must agree on what a reply says, so the readers that both need live here:
//! the part of a reply that answers ([`spoken`]), the letter that it chooses ([`letters`]), whether
//! it declines to answer ([`abstains`]) and which texts are the same ([`Normal`]).

use std::ops::Range;

mod abstention;
pub(crate) mod json;
pub mod letters;
mod normal;
pub(crate) mod pieces;
pub(crate) mod said;

pub use abstention::abstains;
pub use normal::{Normal, Spaces, unify};

/// What is asked, as far as grading and eliciting need to know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The question for people to read, without instructions and choices.
    pub text: String,
    /// The choices in their order, the first being A; empty for open questions.
    pub choices: Vec<String>,
}

impl Question {
    /// The letter of the choice at a position from 0: A to Z, none beyond.
    #[must_use]
    pub fn letter(index: usize) -> Option<char> {
        u8::try_from(index).ok().filter(|index| *index < 26).map(|index| char::from(b'A' + index))
    }

    /// The letters in use.
    pub fn letters(&self) -> impl Iterator<Item = char> + '_ {
        (0..self.choices.len()).filter_map(Question::letter)
    }

    /// The text of the choice with this letter.
    #[must_use]
    pub fn choice(&self, letter: char) -> Option<&str> {
        let index = u32::from(letter.to_ascii_uppercase()).checked_sub(u32::from('A'))?;
        self.choices.get(index as usize).map(String::as_str)
    }
}

/// The text that is graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The reply's text without a stated confidence.
    pub text: String,
    /// The reply ended by its token limit, so more might have followed.
    pub truncated: bool,
}

/// How sure the model was, by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidence {
    /// Probability in [0, 1], or why there is none.
    pub value: Result<f64, String>,
    /// Probability mass on answer letters in [0, 1], by methods that look at it.
    pub letter_mass: Option<f64>,
    /// Probability of each choice, in their order, given that one is taken; by methods that look at
    /// all of them.
    pub choices: Option<Vec<f64>>,
}

impl Confidence {
    /// A confidence that is known.
    #[must_use]
    pub fn known(value: f64) -> Confidence {
        Confidence { value: Ok(value), letter_mass: None, choices: None }
    }

    /// A confidence that is missing, with the reason.
    pub fn missing(reason: impl Into<String>) -> Confidence {
        Confidence { value: Err(reason.into()), letter_mass: None, choices: None }
    }
}

/// The part of a reply that answers: what follows the last `</think>`, without a last line that
/// states a confidence (or, below a labelled answer, a probability). An unfinished thought is no
/// answer.
#[must_use]
pub fn spoken(text: &str) -> &str {
    &text[spoken_range(text)]
}

/// The bytes of [`spoken`].
fn spoken_range(text: &str) -> Range<usize> {
    let start = match text.rfind("</think>") {
        Some(at) => at + "</think>".len(),
        None if text.trim_start().starts_with("<think>") => text.len(),
        None => 0,
    };
    let body = text[start..].trim_end();
    let (before, line) = body.split_at(body.rfind('\n').map_or(0, |at| at + 1));
    let stated = !before.trim().is_empty() && states_confidence(before, line);
    start..if stated { start + before.len() } else { text.len() }
}

fn states_confidence(before: &str, line: &str) -> bool {
    let bare = |line: &str| line.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let line = bare(line);
    // A probability may be what was asked for, unless an answer has a line of its own.
    let answered = || {
        let labels = ["answer:", "answer**:", "guess:", "guess**:"];
        before.lines().any(|line| labels.iter().any(|label| bare(line).starts_with(label)))
    };
    let probability = || line.strip_prefix("probability").filter(|_| answered());
    line.strip_prefix("confidence").or_else(probability).is_some_and(|rest| {
        !rest.trim_start().starts_with("interval")
            && (rest.contains([':', '=']) || rest.contains(|c: char| c.is_numeric()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_answers_is_told_from_thought_and_confidence() {
        for (text, answer) in [
            ("B", "B"),
            ("<think>A? no</think>\n\nB", "\n\nB"),
            ("<think>Let me", ""),
            ("B\nConfidence: 90%", "B\n"),
            ("B\n**Confidence:** high\n", "B\n"),
            ("Confidence: 90%", "Confidence: 90%"),
            ("It is wide.\nConfidence intervals: two", "It is wide.\nConfidence intervals: two"),
            ("Answer: B\nProbability: 0.9", "Answer: B\n"),
            ("**Answer:** B\n**Probability:** 0.9", "**Answer:** B\n"),
            ("It is one of four.\nProbability: 0.25", "It is one of four.\nProbability: 0.25"),
            ("", ""),
        ] {
            assert_eq!(spoken(text), answer, "{text:?}");
        }
    }
}
