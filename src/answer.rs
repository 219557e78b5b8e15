//! What was read from a reply: the answer and how sure the model was of it.
//!
//! A confidence is optional and says why when it is missing. It is never filled in: a missing one
//! is counted, because a tool that imputes certainty makes the very claims that it should catch.

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
}

impl Confidence {
    /// A confidence that is known.
    #[must_use]
    pub fn known(value: f64) -> Confidence {
        Confidence { value: Ok(value), letter_mass: None }
    }

    /// A confidence that is missing, with the reason.
    pub fn missing(reason: impl Into<String>) -> Confidence {
        Confidence { value: Err(reason.into()), letter_mass: None }
    }
}
