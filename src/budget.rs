//! What a suite allows, as typed by its author. Judging is the gate's business.

use serde::{Deserialize, Serialize};

/// Confidence level of a budget line whose author names none.
pub const LEVEL: f64 = 0.95;

/// Least share of the planned trials that must have been measured, even where no line says so.
pub const COVERAGE_FLOOR: f64 = 0.95;

/// The lines of a budget. An absent line is not judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// How many confident wrong answers are tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confident_wrong: Option<ConfidentWrong>,
    /// Least share of right answers among those graded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<AtLeast>,
    /// Least share of planned trials that were measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<AtLeast>,
    /// What an undecided line means for the exit code.
    pub undecided: Verdict,
    /// What a line that was not measured means for the exit code.
    pub not_measured: NotMeasured,
}

/// Limits on confident wrong answers; one or both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConfidentWrong {
    /// Largest tolerated rate in [0, 1], over graded answers with a primary confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rate: Option<f64>,
    /// Largest tolerated number of answers; a case that is asked several times can count as often.
    /// No inference: these cases and no others are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<u64>,
    /// Confidence level of the rate's limits.
    pub level: f64,
}

/// A lower limit on a rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtLeast {
    /// Least tolerated rate in [0, 1].
    pub min: f64,
    /// Confidence level of the limits.
    pub level: f64,
}

/// How a line that could not be decided counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As failed: a gate that cannot say "good" does not open.
    #[default]
    Fail,
    /// As passed.
    Pass,
}

/// How a line without anything to judge counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotMeasured {
    /// It is shown and decides nothing.
    #[default]
    Show,
    /// As failed.
    Fail,
}
