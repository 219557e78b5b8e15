//! The model says how sure it is, in the reply that answers.
//!
//! A number is a confidence only beside a word that makes it one: after `confidence` or
//! `certainty` (`Confidence: 90%`), before `sure`, `confident` or `certain` (`I am 90% sure`), after
//! `probability` or `likelihood` where they head a line or speak of being right. A last line that is
//! nothing but a percentage counts too, below an answer, and so does a percentage set apart at the
//! very end (`Paris, 90%`), if we asked for one. `95% confidence interval`, `not 100% sure` and bare
//! numbers are none. Of several statements the last counts.
//!
//! How numbers are read: with a percent sign (or the word) they are percent; `9/10` and `9 out of 10`
//! are shares; a bare number up to 1 is a probability, so `1` is certainty, and a bare number above 1
//! is percent, so `90` is 0.9. What lies outside of [0, 1] is missing, with its text. So are ranges
//! (`80-90%`), bounds (`over 90%`) and words (`high`): no number that the model did not state is made
//! up for it.

use std::borrow::Cow;
use std::ops::Range;

use crate::answer::Confidence;
use crate::ask::{Request, Speaker};
use crate::elicit::Conflict;
use crate::span::{Node, Problems};

mod figures;
mod statements;

use statements::Statements;

/// What is asked for unless the suite says otherwise.
const INSTRUCTION: &str = "On the last line, say how likely it is that your answer is correct, in the \
                           form `Confidence: N%` with N from 0 to 100.";

/// Tokens that an answer and its confidence need at the very least.
const LEAST_TOKENS: u32 = 12;

/// Settings of `verbalized`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verbalized {
    /// What is added to the question; none if the suite's own prompt asks for the confidence.
    instruction: Option<String>,
}

impl Default for Verbalized {
    fn default() -> Verbalized {
        Verbalized { instruction: Some(INSTRUCTION.into()) }
    }
}

impl Verbalized {
    pub(super) fn read(settings: Option<&Node>, problems: &mut Problems) -> Option<Verbalized> {
        let Some(node) = settings else { return Some(Verbalized::default()) };
        let mut fields = node.fields(problems)?;
        let typed = fields.take("instruction");
        fields.finish(problems);
        let Some(node) = typed else { return Some(Verbalized::default()) };
        let text = node.text(problems)?;
        let text = text.value.trim();
        if text.is_empty() {
            let remedy = "write `none` if your prompt asks for the confidence itself";
            problems.error(node.span, "an empty instruction", remedy);
            return None;
        }
        Some(Verbalized { instruction: (text != "none").then(|| text.to_owned()) })
    }

    /// Adds the instruction to the last turn of the user.
    pub(super) fn prepare(&self, mut base: Request) -> Result<Request, Conflict> {
        let conflict =
            |message: String, remedy: &str| Err(Conflict { message, remedy: remedy.into() });
        if let Some(most) = base.params.max_tokens.filter(|most| *most < LEAST_TOKENS) {
            let message =
                format!("max_tokens is {most}, too few for an answer with its confidence");
            return conflict(message, "raise it to 32 or more, or take another confidence method");
        }
        if base.params.stop.iter().any(|stop| stop.trim_matches(' ').chars().all(|c| c == '\n')) {
            let message = "a newline in `stop` ends the reply before its confidence".to_owned();
            return conflict(message, "remove it from `stop`");
        }
        let Some(instruction) = &self.instruction else { return Ok(base) };
        let mut turns = base.turns.to_vec();
        let Some(turn) = turns.iter_mut().rfind(|turn| turn.speaker == Speaker::User) else {
            let message = "no turn of the user can take the instruction".to_owned();
            return conflict(message, "add a `user` message, or write `instruction: none`");
        };
        turn.text = format!("{}\n\n{instruction}", turn.text.trim_end());
        base.turns = turns.into();
        Ok(base)
    }

    /// The confidence that a reply states. Where the token limit cut the reply off within the number,
    /// nobody knows what it would have become: `Confidence: 9` is no 9 %.
    #[must_use]
    pub fn confidence(&self, text: &str, truncated: bool) -> Confidence {
        let last = |text| Statements::of(text, self.instruction.is_some()).last();
        let stated = last(text).map(|statement| statement.value);
        let open = text.trim_end_matches(['.', ',', '/']).ends_with(|c: char| c.is_ascii_digit());
        if truncated && open && stated.as_ref().is_some_and(Result::is_ok) {
            // One more digit tells whether it is this number that stands at the end.
            let longer = last(&format!("{text}5")).map(|statement| statement.value);
            if longer != stated {
                return Confidence::missing("the token limit cut the confidence off");
            }
        }
        match stated {
            Some(Ok(value)) => Confidence::known(value),
            Some(Err(reason)) => Confidence::missing(reason),
            None => Confidence::missing("no confidence stated"),
        }
    }

    /// The text without the statements of confidence. A clause that says nothing else goes as a
    /// whole; from one that also answers, only the number does.
    #[must_use]
    pub fn strip<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut cuts: Vec<Range<usize>> =
            Statements::of(text, self.instruction.is_some()).all().map(|s| s.cut).collect();
        cuts.sort_by_key(|cut| cut.start);
        if cuts.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for cut in cuts {
            if cut.start > from {
                kept += &text[from..cut.start];
            }
            from = from.max(cut.end);
        }
        kept += &text[from..];
        let kept = kept.trim_end();
        if text.starts_with(kept) {
            Cow::Borrowed(&text[..kept.len()])
        } else {
            Cow::Owned(kept.to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
