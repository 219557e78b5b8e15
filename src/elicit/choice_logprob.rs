//! How probable the answered letter was among all letters.
//!
//! At the place of the answer the model chose one token among many, and servers tell how probable
//! each of the likeliest was. A letter can be spelt by several tokens (`B`, ` B`, `(B`, `b`), whose
//! probabilities add up to the letter's mass. The confidence is the mass of the letter that was
//! answered over that of all letters: given that the model answers with a letter at all, how
//! probable was this one?
//!
//! The letter and its place come from the reader that the `choice` grader uses, so that confidence
//! and grade speak of the same letter, after reasoning too. There is no confidence if most of the
//! mass is not on letters: the model was then about to say something else.

use crate::answer::letters::{self, NoLetter};
use crate::answer::{Confidence, Question};
use crate::ask::{Reply, Request, Token};
use crate::elicit::Conflict;
use crate::span::{Node, Problems};

/// The most alternatives that servers list.
const MOST: u8 = 20;

/// Under this mass on letters there is no confidence.
const LEAST_LETTER_MASS: f64 = 0.5;

/// Log probabilities at or under this stand for "not known".
const UNKNOWN: f64 = -9999.0;

/// Settings of `choice_logprob`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChoiceLogprob {
    /// How many alternatives to ask for, if not the most.
    top: Option<u8>,
}

impl ChoiceLogprob {
    pub(super) fn read(settings: Option<&Node>, problems: &mut Problems) -> Option<ChoiceLogprob> {
        let Some(node) = settings else { return Some(ChoiceLogprob::default()) };
        let mut fields = node.fields(problems)?;
        let typed = fields.take("top_logprobs");
        fields.finish(problems);
        let Some(node) = typed else { return Some(ChoiceLogprob::default()) };
        let top: u8 = node.whole(problems)?;
        if !(2..=MOST).contains(&top) {
            let message = format!("{top} alternatives are not of use");
            problems.error(node.span, message, "write a number from 2 to 20");
            return None;
        }
        Some(ChoiceLogprob { top: Some(top) })
    }

    /// Asks for log probabilities; a larger wish that is already there stays.
    pub(super) fn prepare(self, mut base: Request) -> Result<Request, Conflict> {
        for name in ["logprobs", "top_logprobs"] {
            if base.params.extra.contains_key(name) {
                return Err(Conflict {
                    message: format!("`{name}` is also passed on verbatim"),
                    remedy: format!("remove `{name}` from the parameters: choice_logprob sets it"),
                });
            }
        }
        let wanted = match (self.top, base.params.top_logprobs) {
            (None, None) => MOST,
            (None, Some(set)) => set,
            (Some(top), set) => top.max(set.unwrap_or(0)),
        };
        if !(2..=MOST).contains(&wanted) {
            return Err(Conflict {
                message: format!("top_logprobs is {wanted}"),
                remedy: "leave it out, or set it from 2 to 20".into(),
            });
        }
        base.params.top_logprobs = Some(wanted);
        Ok(base)
    }
}

/// Reads the confidence in the letter that a reply answers.
pub(super) fn read(question: &Question, reply: &Reply) -> Confidence {
    let letters: Vec<char> = question.letters().collect();
    if letters.is_empty() {
        return Confidence::missing("the question has no choices");
    }
    let Some(tokens) = reply.tokens.as_deref().filter(|tokens| !tokens.is_empty()) else {
        return Confidence::missing("the reply has no log probabilities");
    };
    let found = match letters::read(question, &reply.text) {
        Ok(found) => found,
        Err(reason @ (NoLetter::Absent | NoLetter::Several | NoLetter::Beyond(_))) => {
            return Confidence::missing(reason.to_string());
        }
    };
    let Some(at) = found.at else {
        return Confidence::missing("the reply names its choice by text, not by letter");
    };
    let Some(token) = token_at(question, reply, tokens, found.letter, at) else {
        return Confidence::missing(format!(
            "no token of the reply is the letter {}",
            found.letter
        ));
    };
    if token.top.is_empty() {
        return Confidence::missing("the reply lists no alternatives to its tokens");
    }
    let mut top: Vec<(&str, f64)> =
        token.top.iter().map(|entry| (entry.token.as_str(), entry.logprob)).collect();
    // Drawn at a temperature, the token may be none of the likeliest.
    if !token.top.iter().any(|entry| entry.token == token.token) {
        top.push((&token.token, token.logprob));
    }
    let masses = letter_masses(&top, &letters);
    let letter_mass = Some(masses.letter_mass.min(1.0));
    if masses.letter_mass < LEAST_LETTER_MASS {
        let shown = (masses.letter_mass * 100.0).floor() / 100.0;
        let value = Err(format!("letter mass {shown:.2} is under {LEAST_LETTER_MASS}"));
        return Confidence { value, letter_mass, choices: None };
    }
    let share = |mass: f64| (mass / masses.letter_mass).clamp(0.0, 1.0);
    let choices = masses.mass.iter().map(|(_, mass)| share(*mass)).collect();
    Confidence { value: Ok(share(masses.of(found.letter))), letter_mass, choices: Some(choices) }
}

/// The token that spells the letter standing at a byte of the reply's text.
fn token_at<'a>(
    question: &Question,
    reply: &Reply,
    tokens: &'a [Token],
    letter: char,
    at: usize,
) -> Option<&'a Token> {
    // Some servers send the vocabulary's own marks for spaces and newlines.
    let plain =
        |token: &Token| token.token.replace(['\u{2581}', '\u{120}'], " ").replace('\u{10a}', "\n");
    let mut spelt = String::new();
    let mut starts = Vec::with_capacity(tokens.len());
    for token in tokens {
        starts.push(spelt.len());
        spelt += &plain(token);
    }
    let said = reply.text.trim();
    let lead = reply.text.len() - reply.text.trim_start().len();
    // From the right, since tokens of a thought that the text leaves out come first.
    let aligned = spelt.rfind(said).and_then(|start| (start + at).checked_sub(lead));
    let place = aligned.or_else(|| {
        let found = letters::read(question, &spelt).ok()?;
        found.at.filter(|_| found.letter == letter)
    })?;
    let token = &tokens[starts.partition_point(|start| *start <= place).checked_sub(1)?];
    (letter_of(&token.token) == Some(letter)).then_some(token)
}

/// The letter that a token spells: one character, as a capital, once marks are taken off.
fn letter_of(token: &str) -> Option<char> {
    let bare = token
        .trim_start_matches([' ', '\u{2581}', '\u{120}', '(', '*', '\n'])
        .trim_end_matches([')', '.', ':', '*', ' ']);
    let mut capitals = bare.chars().next()?.to_uppercase();
    let letter = capitals.next()?;
    let one = bare.chars().nth(1).is_none() && capitals.next().is_none();
    one.then_some(letter)
}

/// Probability on each letter and beside them; all in [0, 1] but for rounding of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct LetterMasses {
    /// Mass of each letter in the order given.
    pub mass: Vec<(char, f64)>,
    /// Mass of all letters.
    pub letter_mass: f64,
    /// Mass of all tokens listed, letters or not.
    pub listed_mass: f64,
    /// What was not listed.
    pub missing_mass: f64,
    /// The letter with the largest mass, the first of equals; none without letters.
    pub best: Option<char>,
    /// Mass of the best letter.
    pub confidence_raw: f64,
    /// That as a share of the letter mass; none if that is 0.
    pub confidence_renormalised: Option<f64>,
    /// The best letter's mass if all that was not listed were its own.
    pub confidence_upper: f64,
}

impl LetterMasses {
    /// The mass of a letter.
    #[must_use]
    pub fn of(&self, letter: char) -> f64 {
        self.mass.iter().find(|(known, _)| *known == letter).map_or(0.0, |(_, mass)| *mass)
    }
}

/// Adds up tokens with their natural log probabilities by the letter that they spell. Entries that
/// are not numbers, or that stand for "not known" (-9999 or less), are left out.
#[must_use]
pub fn letter_masses(top: &[(&str, f64)], letters: &[char]) -> LetterMasses {
    let mut mass: Vec<(char, f64)> = letters.iter().map(|letter| (*letter, 0.0)).collect();
    let mut listed_mass = 0.0;
    for (token, logprob) in top.iter().filter(|(_, logprob)| *logprob > UNKNOWN) {
        // No probability is above 1, whatever was sent.
        let probability = logprob.min(0.0).exp();
        listed_mass += probability;
        let spelt = letter_of(token);
        if let Some((_, mass)) = mass.iter_mut().find(|(letter, _)| spelt == Some(*letter)) {
            *mass += probability;
        }
    }
    let letter_mass: f64 = mass.iter().map(|(_, mass)| mass).sum();
    let missing_mass = (1.0 - listed_mass).max(0.0);
    let ahead = |best: Option<(char, f64)>, (letter, mass): &(char, f64)| match best {
        Some((_, most)) if *mass <= most => best,
        _ => Some((*letter, *mass)),
    };
    let best = mass.iter().fold(None, ahead);
    let confidence_raw = best.map_or(0.0, |(_, mass)| mass);
    LetterMasses {
        letter_mass,
        listed_mass,
        missing_mass,
        best: best.map(|(letter, _)| letter),
        confidence_raw,
        confidence_renormalised: (letter_mass > 0.0).then(|| confidence_raw / letter_mass),
        confidence_upper: (confidence_raw + missing_mass).min(1.0),
        mass,
    }
}

#[cfg(test)]
mod tests;
