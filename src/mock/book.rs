//! What the model knows: prompts whose right and wrong answers were told to it.

use std::collections::HashMap;

use serde::Deserialize;

use super::fault::Fault;

/// A turn of a conversation, as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text.
    pub text: String,
}

/// A conversation's identity: the hash of its turns.
pub(super) type Digest = [u8; 32];

/// The hash of a conversation, parameters and model left out.
pub(super) fn digest<'a>(turns: impl Iterator<Item = (&'a str, &'a str)>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for part in turns.flat_map(|(role, text)| [role, text]) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Answers to a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The right one: a letter or a text.
    pub right: String,
    /// Wrong ones to choose from.
    pub wrong: Vec<String>,
}

/// A line of a script: which prompts, and what to say to them. The first that fits counts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The last turn of the user is this text, blanks at its ends aside.
    pub prompt: Option<String>,
    /// The last turn of the user contains this text.
    pub contains: Option<String>,
    /// The right answer; the model's accuracy says how often it is given.
    pub right: Option<String>,
    /// Wrong answers; without any, the other letters of the prompt.
    #[serde(default)]
    pub wrong: Vec<String>,
    /// The answer that is always given.
    pub answer: Option<String>,
    /// The reply's whole text, to which nothing is added.
    pub say: Option<String>,
    /// How sure the model is, 0 to 1, in place of what it would be.
    pub confidence: Option<f64>,
    /// What goes wrong with calls for the prompt.
    pub fault: Option<String>,
    /// How often it does, the first times; without it, always.
    pub times: Option<u64>,
    /// Read from `fault`.
    #[serde(skip)]
    pub(super) kind: Option<Fault>,
}

impl Line {
    /// What is wrong with it.
    ///
    /// # Errors
    /// It says nothing, contradicts itself, or names an unknown fault.
    pub fn check(&mut self) -> Result<(), String> {
        let said = [&self.right, &self.answer, &self.say].into_iter().flatten().count();
        if said > 1 {
            return Err("`right`, `answer` and `say` exclude each other".into());
        }
        if said == 0 && self.fault.is_none() && self.confidence.is_none() {
            return Err(
                "it says nothing: give `right`, `answer`, `say`, `confidence` or `fault`".into()
            );
        }
        if self.confidence.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err("`confidence` is a number from 0 to 1".into());
        }
        if self.times.is_some() && self.fault.is_none() {
            return Err("`times` goes with a `fault`".into());
        }
        self.kind = self.fault.as_deref().map(str::parse).transpose()?;
        Ok(())
    }

    fn fits(&self, asked: &str) -> bool {
        self.prompt.as_ref().is_none_or(|prompt| prompt.trim() == asked.trim())
            && self.contains.as_ref().is_none_or(|part| asked.contains(part.as_str()))
    }
}

/// All that the model knows.
#[derive(Debug, Clone, Default)]
pub struct Book {
    lines: Vec<Line>,
    known: HashMap<Digest, Known>,
}

impl Book {
    /// Adds a line of a script behind those that are there.
    pub fn script(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Tells the answers to a conversation.
    pub fn learn(&mut self, turns: &[Turn], known: Known) {
        let turns = turns.iter().map(|turn| (turn.role.as_str(), turn.text.as_str()));
        self.known.insert(digest(turns), known);
    }

    /// How many conversations it was told.
    #[must_use]
    pub fn size(&self) -> usize {
        self.known.len()
    }

    pub(super) fn known(&self, digest: &Digest) -> Option<&Known> {
        self.known.get(digest)
    }

    /// The line of the script for a conversation whose last turn of the user is this.
    pub(super) fn line(&self, asked: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.fits(asked))
    }
}
