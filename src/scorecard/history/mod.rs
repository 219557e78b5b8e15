//! The history of a suite, night by night, and the changes in it that are changes.
//!
//! A line that goes up and down every night says nothing. Two things are asked of every night, each
//! at a level so small that on the whole page a false alarm is improbable ([`FalseAlarms`]): does it
//! lie outside what the earlier nights make of it (`watched`), and did more answers turn one way
//! than the other since the night before ([`Turned`])? Both look at the same questions, so that a
//! suite that changes is compared on what it kept. What else changed between two nights, the model's
//! version, the suite, its threshold and budget, is told beside it as an [`Event`]: whether it was the
//! reason is for the reader.
//!
//! Numbers are those of the runs' own documents. Answers are held of two nights at a time; of the
//! ones before, a count for each case.

mod answers;
mod documents;
mod events;
mod listing;
mod nights;
mod standing;
mod turned;
mod watched;

use serde::Serialize;

pub use answers::Answers;
pub use documents::{Damaged, Documents};
pub use events::{Event, EventKind};
pub use listing::{Listed, Listing};
pub use nights::{HistoryBuilder, NightOf};
pub use standing::Standing;
pub use turned::Turned;

/// Version of the document.
const FORMAT: u32 = 1;

/// Probability of a false alarm on the page of a suite.
pub const ALARM: f64 = 0.05;

/// Nights that a page is of, at least, for this probability.
pub const NIGHTS: usize = 30;

/// What is drawn of every night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Confident wrong answers among those graded with a confidence.
    ConfidentWrong,
    /// Right answers among those graded.
    Accuracy,
    /// Brier score of the primary confidence.
    Brier,
    /// Median milliseconds of answers that were fetched live.
    LiveP50,
    /// Their 95th percentile.
    LiveP95,
    /// What the calls cost.
    Cost,
}

impl Measure {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Measure; 6] = [
        Measure::ConfidentWrong,
        Measure::Accuracy,
        Measure::Brier,
        Measure::LiveP50,
        Measure::LiveP95,
        Measure::Cost,
    ];

    /// Whether more of it is better.
    #[must_use]
    pub fn more_is_better(self) -> bool {
        self == Measure::Accuracy
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Measure::ConfidentWrong => "confident wrong",
            Measure::Accuracy => "accuracy",
            Measure::Brier => "Brier score",
            Measure::LiveP50 => "latency, median",
            Measure::LiveP95 => "latency, 95th percentile",
            Measure::Cost => "cost",
        }
    }
}

/// The runs of a suite in the order in which their models were asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// Version of this document.
    pub format: u32,
    /// Name of the suite.
    pub suite: String,
    /// How false alarms are kept rare.
    pub false_alarms: FalseAlarms,
    /// The nights, the first one first.
    pub nights: Vec<Night>,
    /// Runs and other directories that are no night of this suite, with the reason.
    pub left_out: Vec<LeftOutRun>,
    /// Nights before the first of these that are not shown.
    pub earlier: usize,
}

/// How the probability of a false alarm is shared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FalseAlarms {
    /// Of any on the page, at most.
    pub probability: f64,
    /// Nights that it is shared by.
    pub nights: usize,
    /// Endpoints that it is shared by.
    pub endpoints: usize,
    /// Two-sided level of a night's limits, for each of six measures.
    pub limits: f64,
    /// Two-sided level of a comparison with the night before, for each of two measures.
    pub neighbours: f64,
}

impl FalseAlarms {
    /// For a page of so many nights and endpoints: half is for the limits, half for neighbours. The
    /// bound is Bonferroni's, which holds whatever depends on what.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nights and endpoints are few")]
    pub fn of(nights: usize, endpoints: usize) -> FalseAlarms {
        let (nights, endpoints) = (nights.max(NIGHTS), endpoints.max(1));
        let each = |tests: usize| 0.5 * ALARM / (nights * endpoints * tests) as f64;
        FalseAlarms {
            probability: ALARM,
            nights,
            endpoints,
            limits: each(Measure::ALL.len()),
            neighbours: each(Turned::TESTS),
        }
    }
}

/// A directory that is no night of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOutRun {
    /// Its name.
    pub directory: String,
    /// Why.
    pub reason: String,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Night {
    /// Name of its directory.
    pub directory: String,
    /// Name of the run.
    pub run: String,
    /// When its models were asked, RFC 3339.
    pub started: String,
    /// Whether it counts.
    pub standing: Standing,
    /// What its decision says.
    pub verdict: Verdict,
    /// One entry an endpoint, in the run's order.
    pub endpoints: Vec<EndpointNight>,
    /// What became different since the last night that counts.
    pub events: Vec<Event>,
}

/// What the budget says of a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the budget.
    Passed,
    /// Beyond it, or what could not be decided counts as that.
    Failed,
    /// Too little was measured.
    NotMeasured,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NotMeasured => "not measured",
        }
    }
}

/// An endpoint on one night.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndpointNight {
    /// The user's name for it.
    pub endpoint: String,
    /// The model that was asked.
    pub model: String,
    /// The model that most replies say they are from; null where none says.
    pub served: Option<String>,
    /// What the budget says of it.
    pub verdict: Verdict,
    /// Lines of the budget that do not pass, in words.
    pub failing: Vec<String>,
    /// Trials that were planned.
    pub planned: usize,
    /// Answers that were graded.
    pub graded: usize,
    /// What was measured.
    pub measured: Vec<Measured>,
    /// The answers against those of the night before; null where they were not compared.
    pub turned: Option<Turned>,
    /// The changes that are changes.
    pub marks: Vec<Mark>,
}

impl EndpointNight {
    /// What was measured of this.
    #[must_use]
    pub fn measured(&self, measure: Measure) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.of == measure)
    }

    /// The change that is marked at this measure.
    #[must_use]
    pub fn mark(&self, measure: Measure) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.of == measure)
    }
}

/// A number of a night.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// What it is.
    pub of: Measure,
    /// The number: a share, a score, milliseconds, or an amount.
    pub value: f64,
    /// How many, where it is a share of a count.
    pub count: Option<usize>,
    /// Of how many.
    pub n: usize,
    /// Its interval at 95 %, as its scorecard has it; of confident wrong answers the two one-sided
    /// limits at 95 % each.
    pub limits95: Option<[f64; 2]>,
    /// The range in which it is what the earlier nights make of it; null before there are enough.
    pub usual: Option<[f64; 2]>,
}

/// A change that is one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// Of what.
    pub of: Measure,
    /// Whether it is for the worse.
    pub worse: bool,
    /// What says so.
    pub by: By,
    /// The evidence in words.
    pub sentence: String,
}

/// What says that a change is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The range of the earlier nights.
    Limits,
    /// The answers of the night before.
    Neighbour,
    /// Both.
    Both,
}

#[cfg(test)]
mod tests;
