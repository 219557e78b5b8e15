//! A finished trial, and all that later stages know of it.
//!
//! A [`Record`] is owned, versioned and written as one line of JSON; reports, statistics and
//! regrading read records and nothing else, so everything after the journal works offline. The
//! space of what can become of a trial is closed ([`Outcome`]): an outage can look neither like a
//! wrong answer nor like a right one.

mod brief;
mod builder;
mod header;
mod names;
mod row;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::answer::{Confidence, Normal};
use crate::ask::Exchange;
pub use crate::ask::{
    AskError, AskErrorKind, Attempt, Digest, Draw, Fetched, Finish, Logprob, Origin, Params, Price,
    Reply, Request, Role, Speaker, Times, Token, Turn, Usage, same_model,
};
use crate::grade::Verdict;
pub use brief::{Brief, Choice, Labels, SURE, Sure};
pub use builder::{LAST, RunBuilder};
pub use header::{AskedEndpoint, FORMAT, Header, Regraded, Selected, Shard, Slice};
pub use names::{Name, Names};
pub use row::RowValues;
pub use run::{Run, Shelf, Unreadable};

/// What became of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is right.
    Correct,
    /// The answer is wrong.
    Incorrect,
    /// The model said that it does not know.
    Abstained,
    /// The model or its provider refused.
    Refused,
    /// The reply was cut off before an answer could be read.
    Truncated,
    /// There is a reply and no answer in it.
    Unparsable,
    /// There is an answer and the grader could not judge it.
    Ungraded(String),
    /// There is no reply.
    Failed(AskError),
    /// It was not asked.
    Skipped,
}

/// What became of a trial, without particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the outcomes of these names say what they are")]
pub enum Kind {
    Correct,
    Incorrect,
    Abstained,
    Refused,
    Truncated,
    Unparsable,
    Ungraded,
    Failed,
    Skipped,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Outcome::NAMES[self as usize]
    }

    /// The answer was judged right or wrong.
    #[must_use]
    pub fn is_graded(self) -> bool {
        matches!(self, Kind::Correct | Kind::Incorrect)
    }
}

impl Outcome {
    /// What it is, without particulars.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Outcome::Correct => Kind::Correct,
            Outcome::Incorrect => Kind::Incorrect,
            Outcome::Abstained => Kind::Abstained,
            Outcome::Refused => Kind::Refused,
            Outcome::Truncated => Kind::Truncated,
            Outcome::Unparsable => Kind::Unparsable,
            Outcome::Ungraded(_) => Kind::Ungraded,
            Outcome::Failed(_) => Kind::Failed,
            Outcome::Skipped => Kind::Skipped,
        }
    }

    /// Its name, without particulars.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// All names, in the order in which they are listed everywhere.
    pub const NAMES: [&'static str; 9] = [
        "correct",
        "incorrect",
        "abstained",
        "refused",
        "truncated",
        "unparsable",
        "ungraded",
        "failed",
        "skipped",
    ];

    /// What a verdict on an answer means for the trial.
    #[must_use]
    pub fn of_verdict(verdict: Verdict) -> Outcome {
        match verdict {
            Verdict::Correct => Outcome::Correct,
            Verdict::Incorrect => Outcome::Incorrect,
            Verdict::Abstained => Outcome::Abstained,
            Verdict::Truncated => Outcome::Truncated,
            Verdict::Unparsable => Outcome::Unparsable,
            Verdict::Ungraded(reason) => Outcome::Ungraded(reason),
        }
    }

    /// The answer was judged right or wrong.
    #[must_use]
    pub fn is_graded(&self) -> bool {
        self.kind().is_graded()
    }
}

/// Right or wrong, confident or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quadrant {
    /// Right, and sure of it.
    ConfidentRight,
    /// Wrong, and sure of it.
    ConfidentWrong,
    /// Right, and not sure.
    UnsureRight,
    /// Wrong, and not sure.
    UnsureWrong,
}

/// A confidence, or why it is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Measured {
    /// Probability in [0, 1].
    Known(f64),
    /// The reason why there is none.
    Missing {
        /// In words.
        missing: String,
    },
}

impl Measured {
    /// The probability, if it is known.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Measured::Known(value) => Some(*value),
            Measured::Missing { .. } => None,
        }
    }
}

impl From<&Confidence> for Measured {
    fn from(confidence: &Confidence) -> Measured {
        match &confidence.value {
            Ok(value) => Measured::Known(*value),
            Err(reason) => Measured::Missing { missing: reason.clone() },
        }
    }
}

/// Where a case is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// File as the user would write it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
}

/// An exchange as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// What it was asked for.
    pub role: Role,
    /// Identity of the request.
    pub digest: Digest,
    /// The request.
    pub request: Arc<Request>,
    /// Name of the endpoint.
    pub endpoint: Arc<str>,
    /// Where the reply came from.
    pub origin: Origin,
    /// When a stored reply was fetched, and by a run of which suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<Fetched>,
    /// Milliseconds from asking to hearing, queue and retries included.
    pub waited_ms: f64,
    /// Times of the call that fetched the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Times>,
    /// Calls made upstream, in order.
    pub attempts: Vec<Attempt>,
    /// Tokens as counted by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What fetching it cost, where the endpoint has a price. Who joined or found it paid nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// What the server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Arc<Reply>>,
    /// Why there is no reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<AskError>>,
}

impl Heard {
    /// What the journal keeps of an exchange.
    #[must_use]
    pub fn of(exchange: &Exchange, endpoint: &Arc<str>, price: Option<Price>) -> Heard {
        let reply = exchange.result.as_ref().ok().cloned();
        let usage = reply.as_ref().and_then(|reply| reply.usage);
        let price = price.filter(|_| exchange.origin == Origin::Live);
        Heard {
            role: exchange.role,
            digest: exchange.digest,
            request: Arc::clone(&exchange.request),
            endpoint: Arc::clone(endpoint),
            origin: exchange.origin,
            fetched: exchange.fetched.clone(),
            waited_ms: millis(exchange.waited),
            times: reply.as_ref().map(|reply| reply.times),
            attempts: exchange.attempts.clone(),
            usage,
            cost: price.zip(usage).map(|(price, usage)| price.of(usage)),
            reply,
            error: exchange.result.as_ref().err().cloned(),
        }
    }
}

/// A duration in milliseconds, to the microsecond.
#[must_use]
pub fn millis(duration: std::time::Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

/// One finished trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Place in the plan, from 0.
    pub index: usize,
    /// Name of the trial, unique in the run.
    pub trial: String,
    /// Name of the case.
    pub case: String,
    /// Digest of what was asked and how it was judged.
    pub content: Digest,
    /// Digest of the question and how it was judged, whatever prompt asked it; none in old runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// Name of the endpoint.
    pub endpoint: Arc<str>,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// Name of the row, where several cases are made of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// What tells the case from others of its row: prompt, variables, rotation of the choices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variant: BTreeMap<String, String>,
    /// Confidence from which on a wrong answer counts as confident, where it is not the run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Parts with a budget of their own that the case belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<String>,
    /// Cases of one group are not independent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the case is sorted by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The question for people.
    pub question: String,
    /// Its choices, the first being A; empty for open questions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The right answer for people.
    pub expected: String,
    /// What was read as the answer; none where nothing could be read.
    pub answer: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The answer, right or wrong, was that there is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abstained: bool,
    /// Right or wrong, confident or not; none without a grade or a primary confidence.
    pub quadrant: Option<Quadrant>,
    /// How sure the model was, by source.
    #[serde(default)]
    pub confidence: BTreeMap<String, Measured>,
    /// The primary confidence in [0, 1], if it is known.
    pub primary: Option<f64>,
    /// Probability mass on answer letters, where a method looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter_mass: Option<f64>,
    /// Probability of each choice, in their order, given that one is taken; where a method looked at
    /// all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice_probabilities: Option<Vec<f64>>,
    /// Where the case is written.
    pub at: At,
    /// The row as an entry of a suite's `cases:`: its variables in their types, and what names, sorts,
    /// groups and overrides it, where no variable says so. `question` is left out where it is the
    /// record's, and null where the row has none; `choices` are left out where they are the record's,
    /// turned back by the rotation that `variant` names. None in old runs, and where the row is large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_values: Option<RowValues>,
    /// Everything that was said.
    pub exchanges: Vec<Heard>,
}

impl Record {
    /// Outcome of an exchange before anything is read from it; none where there is a reply to read.
    #[must_use]
    pub fn outcome_without_reading(exchange: &Exchange) -> Option<Outcome> {
        match &exchange.result {
            Err(error) if error.kind == AskErrorKind::ContentFilter => Some(Outcome::Refused),
            Err(error) => Some(Outcome::Failed((**error).clone())),
            Ok(reply) if reply.finish == Some(Finish::ContentFilter) => Some(Outcome::Refused),
            Ok(reply) if reply.refusal.is_some() && reply.text.trim().is_empty() => {
                Some(Outcome::Refused)
            }
            Ok(_) => None,
        }
    }

    /// Name of the cluster: records of different clusters are independent, those of one may be
    /// alike. It is the group, else the case: repeats of one case are alike in any event.
    #[must_use]
    pub fn cluster(&self) -> &str {
        self.group.as_deref().or(self.row.as_deref()).unwrap_or(&self.case)
    }

    /// Right or wrong, confident or not at a threshold.
    #[must_use]
    pub fn quadrant(outcome: &Outcome, primary: Option<f64>, threshold: f64) -> Option<Quadrant> {
        let confident = primary? >= threshold;
        match (outcome, confident) {
            (Outcome::Correct, true) => Some(Quadrant::ConfidentRight),
            (Outcome::Incorrect, true) => Some(Quadrant::ConfidentWrong),
            (Outcome::Correct, false) => Some(Quadrant::UnsureRight),
            (Outcome::Incorrect, false) => Some(Quadrant::UnsureWrong),
            _ => None,
        }
    }

    /// What the model said, for people: a letter with the choice's text.
    #[must_use]
    pub fn said(&self) -> Option<String> {
        self.answer.as_deref().map(|answer| self.with_choice(answer))
    }

    /// What the model said, in the form in which answers are compared: a letter with the choice's text
    /// as it stands, another answer without capitals, punctuation and articles.
    #[must_use]
    pub fn compared(&self) -> Option<String> {
        let (answer, said) = (self.answer.as_deref()?, self.said()?);
        Some(if said == answer { Normal::default().apply(answer) } else { said })
    }

    /// What was expected, for people: a letter with the choice's text.
    #[must_use]
    pub fn wanted(&self) -> String {
        self.with_choice(&self.expected)
    }

    fn with_choice(&self, answer: &str) -> String {
        let mut letters = answer.chars();
        let choice = match (letters.next(), letters.next()) {
            (Some(letter @ 'A'..='Z'), None) => self.choices.get(letter as usize - 'A' as usize),
            _ => None,
        };
        choice.map_or_else(|| answer.to_owned(), |choice| format!("{answer}. {choice}"))
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every trial is finished.
    Complete,
    /// Every budget line was decided, and the other trials were not needed.
    Decided,
    /// Somebody stopped it.
    Interrupted,
    /// An endpoint was given up, and its other trials were not asked.
    GaveUp,
}

/// What the engine tells its consumer, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly all events are the large one")]
pub enum Event {
    /// The run starts.
    Started {
        /// Number of trials.
        planned: usize,
    },
    /// A trial is finished.
    Finished(Record),
    /// A trial was not asked, because its endpoint had been given up; it has no record.
    Unasked {
        /// The endpoint.
        endpoint: Arc<str>,
        /// Why it was given up.
        message: String,
    },
    /// Nothing follows.
    Ended(Ending),
}

#[cfg(test)]
pub(crate) mod tests;
