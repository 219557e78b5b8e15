//! Has it become worse than a run that was good enough, or than what was accepted?
//!
//! The line fails when the comparison's family of tests says "worse" at the line's level. Otherwise
//! it passes, which does not say that nothing became worse: so its sentence says how large a change
//! would have been seen. Where not even the largest would be, the line is undecided, and where there
//! is nothing to compare with it is not measured. Beside it a limit on the cases that are newly
//! confident wrong is a line of its own: the one says whether there is a trend, the other names the
//! cases.

mod accepted;
mod before;
mod newly;

use std::fmt;
use std::sync::Arc;

use super::{Line, Verdict, Versus, percent};
use crate::budget::{COVERAGE_FLOOR, Regression};
use crate::record::{Run, Unreadable};
use crate::scorecard::{Change, Comparison, Direction, EndpointCard, Flip, Tested};
use before::Before;

/// From this share of changed cases on, what is left is another suite.
const MOST_CHANGED: f64 = 0.1;

/// Seed of comparisons whose run has none.
pub const SEED: u64 = 20_140_915;

/// Why a comparison decides nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Obstacle {
    /// The two have no case in common.
    NothingShared,
    /// The question or the grader of too many cases is another one: so many, of so many.
    Changed(usize, usize),
    /// Of the shared cases none was judged on both sides.
    NothingJudged,
    /// Too few of the baseline's answers were judged: the share.
    LostInBaseline(f64),
    /// Too few of the candidate's answers were judged: the share.
    LostInCandidate(f64),
}

impl Obstacle {
    /// What stands in the way of a comparison, the gravest first; none where nothing does.
    #[must_use]
    pub fn of(comparison: &Comparison) -> Option<Obstacle> {
        let (changed, shared) = (comparison.left_out.changed.len(), comparison.shared);
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let too_many = changed as f64 > MOST_CHANGED * shared as f64;
        if shared == 0 {
            Some(Obstacle::NothingShared)
        } else if too_many {
            Some(Obstacle::Changed(changed, shared))
        } else if comparison.direction == Direction::NothingCompared {
            Some(Obstacle::NothingJudged)
        } else {
            Obstacle::of_losses(comparison)
        }
    }

    /// The same where changed cases are expected, and left out.
    #[must_use]
    pub fn of_losses(comparison: &Comparison) -> Option<Obstacle> {
        match (comparison.direction, comparison.judged) {
            (Direction::NothingCompared, _) | (_, None) => Some(Obstacle::NothingJudged),
            (_, Some([base, _])) if base < COVERAGE_FLOOR => Some(Obstacle::LostInBaseline(base)),
            (_, Some([_, other])) if other < COVERAGE_FLOOR => {
                Some(Obstacle::LostInCandidate(other))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let floor = percent(COVERAGE_FLOOR);
        match self {
            Obstacle::NothingShared => write!(f, "the two have no case in common"),
            Obstacle::Changed(changed, shared) => write!(
                f,
                "the question or the grader of {changed} of {shared} cases is another one, and what changed cannot be compared"
            ),
            Obstacle::NothingJudged => write!(f, "no case was judged on both sides"),
            Obstacle::LostInBaseline(share) => write!(
                f,
                "only {} of the baseline's answers could be judged, and a comparison needs {floor}",
                percent(*share)
            ),
            Obstacle::LostInCandidate(share) => write!(
                f,
                "only {} of the candidate's answers could be judged, and a comparison needs {floor}",
                percent(*share)
            ),
        }
    }
}

/// The lines of one endpoint: whether it became worse as a whole, and how many cases became
/// confidently wrong where a limit on these is set.
pub(super) fn lines(
    card: &EndpointCard,
    run: &Run,
    regression: &Regression,
    versus: Versus<'_>,
) -> Result<Vec<Line>, Unreadable> {
    let limit = regression.newly_confident_wrong;
    let before = match Before::of(card, run, regression, versus) {
        Ok(before) => before,
        Err(why) => {
            let newly = limit.map(|limit| newly::unmeasured(card, regression, limit, why.clone()));
            return Ok([Some(bare(card, regression, why)), newly].into_iter().flatten().collect());
        }
    };
    let comparison = before.compared(card, run, regression)?;
    let obstacle = Obstacle::of(&comparison);
    let told = before.told(run);
    let mut lines = vec![line(card, regression, &told, &comparison, obstacle)];
    if let Some(limit) = limit {
        let known = versus.standings.iter().find(|known| known.endpoint() == &*card.endpoint);
        let held = before.held(card, run, &comparison, known)?;
        let against = (told.as_str(), &held);
        lines.push(newly::line(card, regression, limit, against, obstacle));
    }
    Ok(lines)
}

/// Whether it became worse as a whole.
fn line(
    card: &EndpointCard,
    regression: &Regression,
    against: &str,
    comparison: &Comparison,
    obstacle: Option<Obstacle>,
) -> Line {
    if let Some(obstacle) = obstacle {
        return bare(card, regression, format!("against {against}: {obstacle}"));
    }
    let verdict = match comparison.direction {
        Direction::Worse => Verdict::Fail,
        _ if !comparison.sees_anything() => Verdict::Undecided,
        _ => Verdict::Pass,
    };
    Line {
        verdict,
        estimate: comparison.p_worse(),
        level: Some(1.0 - regression.alpha),
        count: Some(
            comparison.count(Flip::NewlyConfidentWrong) + comparison.count(Flip::NewlyWrong),
        ),
        n: comparison.pairs,
        ..bare(card, regression, format!("against {against}: {}", of_line(comparison)))
    }
}

/// The verdict as the line tells it. Its estimate is the smallest p of the tests for "worse"; where
/// the answers became better, the p values of the sentence are those of the tests for that.
fn of_line(comparison: &Comparison) -> String {
    let sentence = in_words(comparison);
    match (comparison.direction, comparison.p_worse()) {
        (Direction::Better, Some(worse)) => format!(
            "{sentence} (the p of better; of worse, which the line is about, {})",
            p_value(worse)
        ),
        _ => sentence,
    }
}

/// A line without evidence.
fn bare(card: &EndpointCard, regression: &Regression, sentence: String) -> Line {
    Line {
        endpoint: Arc::clone(&card.endpoint),
        line: "regression",
        slice: None,
        verdict: Verdict::NotMeasured,
        limit: regression.alpha,
        estimate: None,
        interval: None,
        level: None,
        count: None,
        early: None,
        n: 0,
        clustering: None,
        sentence,
    }
}

/// The verdict of a comparison in one sentence.
#[must_use]
pub fn in_words(comparison: &Comparison) -> String {
    match comparison.direction {
        Direction::Worse => {
            let newly = comparison.count(Flip::NewlyConfidentWrong);
            // Answers are compared, and of a case asked several times there are several.
            let answers = if comparison.pairs > comparison.cases { "answers " } else { "" };
            let newly = (newly > 0).then(|| format!("{newly} {answers}newly confident wrong; "));
            let changes = significant(comparison, |test| test.adjusted);
            format!("worse: {}{changes}", newly.unwrap_or_default())
        }
        Direction::Better => {
            format!("better: {}", significant(comparison, |test| test.adjusted_better))
        }
        Direction::NoChange => {
            let p = comparison.p_worse().map(p_value).unwrap_or_default();
            format!("no significant change, {p}; {}", resolution(comparison))
        }
        Direction::NothingCompared => "nothing could be compared".to_owned(),
    }
}

/// The changes that cannot be chance.
fn significant(comparison: &Comparison, p: fn(&Tested) -> f64) -> String {
    let tests = comparison.tests.iter().filter(|test| p(test) <= comparison.alpha);
    let told =
        tests.map(|test| format!("{}, {}", change_in_words(comparison, test.of), p_value(p(test))));
    told.collect::<Vec<_>>().join("; ")
}

/// What could have been seen.
fn resolution(comparison: &Comparison) -> String {
    let visible = |change: &Option<Change>| change.as_ref().and_then(Change::visible);
    if let Some(seen) = visible(&comparison.accuracy) {
        return format!("these cases can show a drop of {} in accuracy", points(seen.change));
    }
    if let Some(seen) = visible(&comparison.confident_wrong) {
        let change = points(seen.change);
        return format!("these cases can show a rise of {change} in confident wrong answers");
    }
    match &comparison.accuracy {
        Some(accuracy) if accuracy.resolution.is_some() => {
            let share = percent(accuracy.baseline);
            format!("an accuracy of {share} leaves no room for a drop that would show")
        }
        _ => "so few independent cases can show no drop in accuracy, however large".to_owned(),
    }
}

fn change_in_words(comparison: &Comparison, of: &str) -> String {
    let shares =
        |change: &Change| format!("{} → {}", percent(change.baseline), percent(change.candidate));
    let scores = |change: &Change| format!("{:.3} → {:.3}", change.baseline, change.candidate);
    let (name, change, told): (&str, _, fn(&Change) -> String) = match of {
        "brier" => ("Brier", &comparison.brier, scores),
        "confident_wrong" => ("confident wrong", &comparison.confident_wrong, shares),
        _ => ("accuracy", &comparison.accuracy, shares),
    };
    change.as_ref().map_or_else(|| name.to_owned(), |change| format!("{name} {}", told(change)))
}

/// A difference of shares in percentage points.
#[must_use]
pub fn points(change: f64) -> String {
    let points = format!("{:.1}", change * 100.0);
    let points = points.strip_suffix(".0").unwrap_or(&points);
    if points == "1" { "1 point".to_owned() } else { format!("{points} points") }
}

/// A p value with three decimals.
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") }
}

#[cfg(test)]
mod tests;
