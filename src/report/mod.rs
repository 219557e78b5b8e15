//! A run for people and for programs. Renderers give bytes; somebody else writes them.

mod comparison;
mod diagram;
mod exchange;
mod style;
mod terminal;
mod text;
mod trial;

use serde::Serialize;

pub use style::Style;
pub use terminal::{headline, terminal};
pub use text::{amount, visible};
pub use trial::{trial, trial_headline};

use crate::gate::Decision;
use crate::record::{Header, Record, Run};
use crate::scorecard::{Operations, Scorecard, confident_wrong};

/// Everything that is reported of a run.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Header and records.
    pub run: &'a Run,
    /// Statistics of answers.
    pub scorecard: &'a Scorecard,
    /// The budget, judged.
    pub decision: &'a Decision,
    /// How the run went.
    pub operations: &'a Operations,
    /// The run directory as the user would write it.
    pub dir: &'a str,
    /// How many confident wrong answers are shown.
    pub top: usize,
}

/// The run as one document, for `--json`.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// The run directory as the user would write it.
    pub directory: &'a str,
    /// What was planned.
    pub run: &'a Header,
    /// Statistics of answers.
    pub scorecard: &'a Scorecard,
    /// How the run went.
    pub operations: &'a Operations,
    /// The budget, judged.
    pub decision: &'a Decision,
    /// The confident wrong answers of each endpoint, the surest first; all of them.
    pub confident_wrong: Vec<Ranked<'a>>,
}

/// A confident wrong answer in a document.
#[derive(Debug, Serialize)]
pub struct Ranked<'a> {
    endpoint: &'a str,
    case: &'a str,
    confidence: Option<f64>,
    question: &'a str,
    said: Option<String>,
    expected: String,
    tags: &'a [String],
    at: &'a crate::record::At,
}

impl<'a> Page<'a> {
    /// The page as one document.
    #[must_use]
    pub fn document(&self) -> Document<'a> {
        let endpoints = self.run.header.endpoints.iter();
        let ranked = endpoints.flat_map(|asked| confident_wrong(self.run, &asked.name));
        Document {
            directory: self.dir,
            run: &self.run.header,
            scorecard: self.scorecard,
            operations: self.operations,
            decision: self.decision,
            confident_wrong: ranked.map(Ranked::of).collect(),
        }
    }
}

impl<'a> Ranked<'a> {
    fn of(record: &'a Record) -> Ranked<'a> {
        Ranked {
            endpoint: &record.endpoint,
            case: &record.case,
            confidence: record.primary,
            question: &record.question,
            said: record.said(),
            expected: record.wanted(),
            tags: &record.tags,
            at: &record.at,
        }
    }
}
