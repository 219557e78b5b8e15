//! A run for people and for programs. Renderers give bytes; somebody else writes them.

mod advice;
mod budgets;
mod calibration;
mod changes;
mod compared;
mod comparison;
mod contested;
mod csv;
mod diagram;
mod ending;
mod exchange;
mod failures;
mod figure;
mod flipped;
mod github;
mod html;
mod junit;
mod live;
mod markdown;
mod measured;
mod overview;
mod pace;
mod parts;
mod ranked;
mod risk_curve;
mod scored;
mod sharers;
#[cfg(test)]
mod staged;
mod standing;
mod style;
mod terminal;
mod text;
mod trend;
mod trial;

use std::borrow::Cow;

use serde::Serialize;

pub use advice::{AdvicePage, advice, advice_in_short};
pub use changes::{ChangesDocument, KnownWrong};
pub use compared::{ComparedPage, compared, compared_headline};
pub use contested::Contested;
pub use csv::csv;
pub use github::github;
pub use html::html;
pub use junit::{TestPer, junit};
pub use live::{
    LiveAnswer, LiveEndpoint, LiveLogprobs, LiveTold, LogprobState, live, live_headline,
};
pub use markdown::markdown;
pub use overview::{Summary, overview};
pub use scored::{ScoredPage, scored, scored_headline, scored_in_short};
pub use sharers::Sharers;
pub use style::Style;
pub use terminal::{headline, terminal};
pub use text::{amount, fit, no_commands, shell_word, visible};
pub use trend::{SuiteTrend, index as trend_index, line as trend_line, page as trend_page};
pub use trial::{trial, trial_headline};

use crate::gate::Decision;
use crate::record::{At, Header, Run, Unreadable};
use crate::scorecard::{Changes, ConfidentlyWrong, Operations, Scorecard, confident_wrong};
use crate::snapshot::Standing;
use changes::Marks;

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
    /// What became of answers since the run before, an entry an endpoint; empty where none is kept.
    pub changes: &'a [Changes],
    /// Where it stands against what was accepted, an entry an endpoint that has a snapshot.
    pub standings: &'a [Standing],
    /// What is disputed of its labels; none where nothing is.
    pub contested: Option<Contested<'a>>,
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
    pub run: Cow<'a, Header>,
    /// Statistics of answers.
    pub scorecard: &'a Scorecard,
    /// How the run went.
    pub operations: &'a Operations,
    /// The budget, judged.
    pub decision: &'a Decision,
    /// The confident wrong answers of each endpoint, an entry a case, the surest first; all of them.
    pub confident_wrong: Vec<Ranked<'a>>,
    /// Where it stands against what was accepted; left out where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<ChangesDocument<'a>>,
    /// Labels that somebody disputes, with the statistics of the run without their cases; left out
    /// where nothing is disputed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disputed: Option<Contested<'a>>,
}

/// A case with a confident wrong answer in a document.
#[derive(Debug, Serialize)]
pub struct Ranked<'a> {
    /// Name of the endpoint.
    endpoint: &'a str,
    /// Name of the case.
    case: String,
    /// How sure the model was, in [0, 1], by the primary method.
    confidence: Option<f64>,
    /// How often it was confidently wrong and how often graded; only where cases are asked several
    /// times. The rest is of its surest confident wrong answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<Times>,
    /// The question for people.
    question: String,
    /// What was read as the answer, for people: a letter with the choice's text.
    said: Option<String>,
    /// What was expected, for people: a letter with the choice's text.
    expected: String,
    /// What the case is sorted by.
    tags: Vec<String>,
    /// Where the case is written.
    at: At,
    /// Since when and why it is known; left out where it is not. It is wrong all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_wrong: Option<KnownWrong<'a>>,
}

/// How often something happened to the repeats of a case.
#[derive(Debug, Serialize)]
pub struct Times {
    /// Repeats that are confidently wrong.
    confidently_wrong: usize,
    /// Repeats that were graded.
    graded: usize,
}

impl<'a> Page<'a> {
    /// The page as one document.
    ///
    /// # Errors
    /// A record that is shown cannot be read any more.
    pub fn document(&self) -> Result<Document<'a>, Unreadable> {
        let repeated = self.run.header.repeats.get() > 1;
        let marks = Marks::of(self.standings);
        let endpoints = self.run.header.endpoints.iter();
        let ranked = endpoints.flat_map(|asked| {
            let wrong = confident_wrong(self.run, &asked.name);
            let known = |case: &ConfidentlyWrong<'_>| {
                let known = marks.at(&asked.name, self.run.name(case.brief.case())).known;
                known.map(KnownWrong::of)
            };
            let ranked = wrong.into_iter().map(|wrong| {
                let known_wrong = known(&wrong);
                let ranked = Ranked::of(&asked.name, &wrong, self.run, repeated)?;
                Ok(Ranked { known_wrong, ..ranked })
            });
            ranked.collect::<Vec<_>>()
        });
        let confident_wrong = ranked.collect::<Result<_, _>>()?;
        let mut run = Cow::Borrowed(&self.run.header);
        if let Some(early) = self.decision.early {
            // The page is of the trials that were needed; the plan is what it was.
            run.to_mut().planned = early.planned;
        }
        Ok(Document {
            directory: self.dir,
            run,
            scorecard: self.scorecard,
            operations: self.operations,
            decision: self.decision,
            confident_wrong,
            changes: ChangesDocument::of(self.standings),
            disputed: self.contested,
        })
    }
}

impl<'a> Ranked<'a> {
    fn of(
        endpoint: &'a str,
        wrong: &ConfidentlyWrong<'_>,
        run: &Run,
        repeated: bool,
    ) -> Result<Ranked<'a>, Unreadable> {
        let record = run.record(wrong.brief)?;
        let times = Times { confidently_wrong: wrong.times, graded: wrong.graded };
        Ok(Ranked {
            endpoint,
            confidence: record.primary,
            times: repeated.then_some(times),
            said: record.said(),
            expected: record.wanted(),
            case: record.case,
            question: record.question,
            tags: record.tags,
            at: record.at,
            known_wrong: None,
        })
    }
}
