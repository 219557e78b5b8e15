//! How sure the model was of its answer.
//!
//! A method first prepares the question ([`Method::prepare`]), so that the reply will hold what the
//! method wants to see, and then reads a [`Confidence`] from what was heard ([`Method::step`]). All
//! methods share the one prepared question: what each adds to it must bear with the others, and
//! what one adds to the answer it takes off again ([`Method::strip`]) before the answer is graded.
//!
//! A confidence is never filled in. Where a reply does not hold one, the reason stands in its
//! place, with the words that could not be read.
//!
//! A new method is a file with its settings and its reading, and an arm in each function here.

pub mod choice_logprob;
pub mod verbalized;

use std::borrow::Cow;

use crate::answer::{Confidence, Question};
use crate::ask::{Finish, Heard, Posed, Reply, Request, Step};
use crate::span::{Node, Problems, Value};

pub use choice_logprob::ChoiceLogprob;
pub use verbalized::Verbalized;

/// A way to learn how sure the model was, with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Log probability of the letter that was answered.
    ChoiceLogprob(ChoiceLogprob),
    /// The model states it in its reply.
    Verbalized(Verbalized),
}

/// Names by which suites call methods.
const KNOWN: &[&str] = &["choice_logprob", "verbalized"];

/// Why a method cannot work with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {remedy}")]
pub struct Conflict {
    /// What is in the way, a lower-case fragment.
    pub message: String,
    /// What to do about it, a lower-case fragment.
    pub remedy: String,
}

impl Method {
    /// Reads a method, noting every problem.
    pub fn read(node: &Node, problems: &mut Problems) -> Option<Method> {
        let (name, settings) = node.tagged("confidence method", problems)?;
        let settings = settings.filter(|settings| settings.value != Value::Null);
        match name.value.as_str() {
            "choice_logprob" => ChoiceLogprob::read(settings, problems).map(Method::ChoiceLogprob),
            "verbalized" => Verbalized::read(settings, problems).map(Method::Verbalized),
            _ => {
                problems.unknown("confidence method", &name, KNOWN);
                None
            }
        }
    }

    /// The name by which suites call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Method::ChoiceLogprob(_) => KNOWN[0],
            Method::Verbalized(_) => KNOWN[1],
        }
    }

    /// The question as this method needs it asked.
    ///
    /// # Errors
    /// What in the request is in the way.
    pub fn prepare(&self, base: Request) -> Result<Request, Conflict> {
        match self {
            Method::ChoiceLogprob(method) => method.prepare(base),
            Method::Verbalized(method) => method.prepare(base),
        }
    }

    /// Reads the confidence, or names what must be heard first. `base` is the question as prepared
    /// by all methods.
    #[must_use]
    pub fn step(&self, question: &Question, base: &Posed, heard: &Heard) -> Step<Confidence> {
        match self {
            Method::ChoiceLogprob(_) => {
                of_reply(base, heard, |reply| choice_logprob::read(question, reply))
            }
            Method::Verbalized(method) => {
                let truncated = |reply: &Reply| reply.finish == Some(Finish::Length);
                of_reply(base, heard, |reply| method.confidence(&reply.text, truncated(reply)))
            }
        }
    }

    /// The answer's text without what this method added to it.
    #[must_use]
    pub fn strip<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self {
            Method::ChoiceLogprob(_) => Cow::Borrowed(text),
            Method::Verbalized(method) => method.strip(text),
        }
    }
}

/// What a method reads from the reply to the question itself.
fn of_reply(base: &Posed, heard: &Heard, read: impl Fn(&Reply) -> Confidence) -> Step<Confidence> {
    match heard.get(&base.digest()).map(|exchange| &exchange.result) {
        None => Step::Ask(vec![(**base).clone()]),
        Some(Ok(reply)) => Step::Done(read(reply)),
        Some(Err(_)) => Step::Done(Confidence::missing("no reply")),
    }
}

#[cfg(test)]
mod tests;
