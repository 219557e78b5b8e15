//! What a suite allows, as typed by its author. Judging is the gate's business.

use serde::{Deserialize, Serialize};

/// Confidence level of a budget line whose author names none.
pub const LEVEL: f64 = 0.95;

/// Error level of a regression whose author names none.
pub const ALPHA: f64 = 0.05;

/// The word for the accepted state of the suite, where a regression names what it is against.
pub const SNAPSHOT: &str = "snapshot";

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
    /// How far confidence may be from what it claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// How right the answers must be that the model is surest of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selective: Option<Selective>,
    /// That nothing may have become worse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regression: Option<Regression>,
    /// How long answers may take that are fetched in this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// How many calls may be made at an endpoint, further attempts included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<AtMost>,
    /// How many tokens prompts and replies may have that are fetched at an endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<AtMost>,
    /// What calls may cost at an endpoint, in the currency of its price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<AtMost>,
    /// Whether trials may be left out once every line is decided.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub early_stop: bool,
    /// What an undecided line means for the exit code.
    pub undecided: Verdict,
    /// What a line that was not measured means for the exit code.
    pub not_measured: NotMeasured,
}

impl Budget {
    /// The same with this share of the error level of every line, which is 1 − its level.
    #[must_use]
    pub fn with_error_levels(&self, share: f64) -> Budget {
        let mut budget = self.clone();
        let scale = |level: &mut f64| *level = 1.0 - share * (1.0 - *level);
        let least = [&mut budget.accuracy, &mut budget.coverage].into_iter().flatten();
        least.for_each(|least| scale(&mut least.level));
        budget.confident_wrong.iter_mut().for_each(|limits| scale(&mut limits.level));
        budget.calibration.iter_mut().for_each(|limits| scale(&mut limits.level));
        budget.selective.iter_mut().for_each(|limits| scale(&mut limits.level));
        budget.latency.iter_mut().for_each(|limits| scale(&mut limits.level));
        budget.regression.iter_mut().for_each(|regression| regression.alpha *= share);
        budget
    }

    /// The confidence levels of its lines, each between 0 and 1 where its author could be asked.
    #[must_use]
    pub fn levels(&self) -> Vec<f64> {
        let Budget { confident_wrong, accuracy, coverage, calibration, selective, .. } = self;
        let least = [accuracy, coverage].into_iter().flatten().map(|least| least.level);
        let wrong = confident_wrong.iter().map(|limits| limits.level);
        let calibration = calibration.iter().map(|limits| limits.level);
        let selective = selective.iter().map(|limits| limits.level);
        let regression = self.regression.iter().map(|regression| 1.0 - regression.alpha);
        let latency = self.latency.iter().map(|latency| latency.level);
        let levels = least.chain(wrong).chain(calibration).chain(selective).chain(regression);
        levels.chain(latency).collect()
    }
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

/// Limits on the distance between confidence and correctness; one or more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Largest tolerated Kolmogorov–Smirnov calibration error, in (0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ks: Option<f64>,
    /// Largest tolerated Brier score, in (0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_brier: Option<f64>,
    /// Whether an error beyond what chance makes of perfect calibration fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consistent: bool,
    /// Confidence level of the limits.
    pub level: f64,
}

/// What must be right of the answers that a model is surest of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Selective {
    /// Least tolerated share of right answers among them, in [0, 1].
    pub accuracy: f64,
    /// Share of the answers that they are, in (0, 1].
    pub min_coverage: f64,
    /// Confidence level of the limits.
    pub level: f64,
}

/// Limits on the time that live answers take; one or more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Longest tolerated median, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// Longest tolerated 95th percentile, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// Longest tolerated 99th percentile, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// Longest tolerated 95th percentile of the time to the first token, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_p95: Option<f64>,
    /// Least tolerated median of the tokens of a reply by second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// How many answers may be late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    /// Confidence level of the limits.
    pub level: f64,
}

/// How many answers may be late.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// Seconds beyond which an answer is late.
    pub over: f64,
    /// Largest tolerated share of late answers, in [0, 1].
    pub max_rate: f64,
}

/// An upper limit on a total. No inference: this run and no other is meant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtMost {
    /// Largest tolerated total.
    pub max: f64,
}

/// What a run must not be worse than.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// Run directory, `previous` (the last finished run of the suite before this one), or
    /// [`snapshot`](SNAPSHOT).
    pub against: String,
    /// How many cases may be confidently wrong that were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newly_confident_wrong: Option<Cases>,
    /// Largest probability of a failure where nothing changed, in (0, 0.5].
    pub alpha: f64,
}

impl Regression {
    /// Whether it is held against the accepted state of the suite, not against a run.
    #[must_use]
    pub fn is_against_snapshot(&self) -> bool {
        self.against == SNAPSHOT
    }
}

/// An upper limit on a number of cases. These cases and no others are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cases {
    /// Largest tolerated number; may be 0.
    pub max: u64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regression_of_an_older_run_is_read_and_written_as_it_was() {
        let old = r#"{"against":"previous","alpha":0.05}"#;
        let read: Regression = serde_json::from_str(old).unwrap();
        assert_eq!(read.newly_confident_wrong, None);
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let new = r#"{"against":"snapshot","newly_confident_wrong":{"max":0},"alpha":0.05}"#;
        let read: Regression = serde_json::from_str(new).unwrap();
        assert_eq!(read.newly_confident_wrong, Some(Cases { max: 0 }));
        assert!(read.is_against_snapshot());
        assert_eq!(serde_json::to_string(&read).unwrap(), new);
    }
}
