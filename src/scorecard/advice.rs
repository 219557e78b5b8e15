//! From which confidence on a model may answer: a threshold with a promise, what it costs, and
//! what it would take where there is none.
//!
//! The promise is made for new questions of the same kind, so it is judged on independent ones: of
//! answers that are alike, one a cluster is drawn by a seed. The grid of thresholds is the same for
//! all data, and the walk down it begins where enough answers are left that two of them might be
//! wrong; both are chosen before any grade is looked at (Learn then test, see
//! [`crate::score::Guarantee`]).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Scored;
use super::scored;
use crate::record::{Brief, Run};
use crate::score::{Answering, Guarantee, Items, Proportion, Risk, Threshold, answering};
use crate::score::{Level, threshold_grid};

/// How many wrong answers the first threshold that is tested shall be able to bear. Chosen once:
/// with none, a single wrong answer among the surest would end the walk where it begins.
const ERRORS_BORNE: usize = 2;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The promise.
    pub promise: Guarantee,
    /// The level, `1 − δ`, as it was given.
    pub level: Level,
    /// Which risk the promise is about.
    pub risk: Risk,
    /// A threshold that was chosen before, to be judged; else one is looked for.
    pub threshold: Option<Threshold>,
    /// Draws one answer of each cluster, and the folds of cross-fitting.
    pub seed: u64,
}

/// Whether a threshold keeps a promise, which one, and at what price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The largest risk that is promised.
    pub max_error: f64,
    /// The probability with which the promise holds.
    pub level: f64,
    /// The risk that decides: `selective` or `joint`.
    pub risk: &'static str,
    /// Seed of what was drawn.
    pub seed: u64,
    /// Graded answers with a confidence.
    pub answers: usize,
    /// Independent ones that the promise rests on: one a cluster.
    pub n: usize,
    /// Fewest answers above a threshold for it to be tested.
    pub least_answers: Option<usize>,
    /// `P(wrong | answered)`.
    pub selective: Advised,
    /// `P(wrong and answered)`.
    pub joint: Advised,
    /// Conformal risk control of `P(wrong and answered)`: at most `max_error` on average over samples,
    /// without any level. Null where a threshold was chosen before.
    pub joint_in_expectation: Option<Point>,
    /// What each threshold does, strictest first; of thresholds that answer the same, the strictest.
    pub curve: Vec<Point>,
}

/// What was found for one risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advised {
    /// Where to answer from; null where no threshold keeps the promise.
    pub at: Option<Point>,
    /// The exact p of "the risk is above what is promised" at that threshold.
    pub p_value: Option<f64>,
    /// The exact upper limit of the risk at the level; only for a threshold that was chosen before.
    /// Of one that was looked for, the promise itself is the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper_limit: Option<f64>,
    /// What would help where nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacking: Option<Lacking>,
}

/// Why no threshold keeps the promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacking {
    /// About so many independent answers in all would do, if errors stay as they are here.
    Answers(usize),
    /// No number would: errors are above what is promised everywhere, by their lower limits; this is
    /// the point with the fewest.
    BetterAnswers(Point),
    /// Whether a number would cannot be told: this is the point with the fewest errors, and in this
    /// sample they are too many.
    Unclear(Point),
    /// No number would: from this point on surer answers are wrong more often than that, though less
    /// sure ones are not, and the walk ends there.
    BetterConfidence(Point),
}

/// What answering from a threshold on does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// The smallest confidence that is answered.
    pub threshold: f64,
    /// Answers at or above it.
    pub answered: usize,
    /// Those of them that are wrong.
    pub wrong: usize,
    /// Share that is answered.
    pub coverage: f64,
    /// Share of the answered that are wrong; null where nothing is answered.
    pub error: Option<f64>,
    /// Share of all that are answered and wrong.
    pub error_of_all: f64,
}

impl Point {
    pub(super) fn of(row: &Answering) -> Point {
        #[expect(clippy::cast_precision_loss, reason = "a count of answers")]
        let share = |count: usize, of: usize| (of > 0).then(|| count as f64 / of as f64);
        Point {
            threshold: row.threshold.get(),
            answered: row.answered,
            wrong: row.wrong,
            coverage: share(row.answered, row.n).unwrap_or(0.0),
            error: share(row.wrong, row.answered),
            error_of_all: share(row.wrong, row.n).unwrap_or(0.0),
        }
    }
}

impl Advice {
    /// The advice for graded answers of one source.
    #[must_use]
    pub fn of(items: &Items, wanted: Wanted) -> Advice {
        let drawn = items.one_a_cluster(wanted.seed);
        let all = answering(&drawn, &threshold_grid());
        let (rows, least) = match wanted.threshold {
            Some(threshold) => (answering(&drawn, &[threshold]), Some(0)),
            None => (all.clone(), wanted.promise.least_answers(ERRORS_BORNE)),
        };
        let walk = Walk { rows: &rows, least: least.unwrap_or(usize::MAX), wanted };
        let in_expectation = wanted.promise.conformal(&rows).map(|at| strictest(&rows, at));
        let in_expectation = in_expectation.filter(|row| row.answered > 0).map(Point::of);
        Advice {
            max_error: wanted.promise.alpha(),
            level: wanted.level.get(),
            risk: match wanted.risk {
                Risk::Selective => "selective",
                Risk::Joint => "joint",
            },
            seed: wanted.seed,
            answers: items.len(),
            n: drawn.len(),
            least_answers: least.filter(|least| *least > 0),
            selective: walk.advised(Risk::Selective),
            joint: walk.advised(Risk::Joint),
            joint_in_expectation: in_expectation.filter(|_| wanted.threshold.is_none()),
            curve: curve(&all),
        }
    }

    /// Whether a threshold that was chosen before was judged, rather than one looked for.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.selective.upper_limit.is_some()
    }

    /// What was found for the risk that decides.
    #[must_use]
    pub fn decisive(&self) -> &Advised {
        if self.risk == "joint" { &self.joint } else { &self.selective }
    }
}

/// The thresholds to walk down.
struct Walk<'a> {
    rows: &'a [Answering],
    /// Fewest answers for a test of the selective risk.
    least: usize,
    wanted: Wanted,
}

impl Walk<'_> {
    fn advised(&self, risk: Risk) -> Advised {
        let promise = self.wanted.promise;
        let least = if risk == Risk::Joint { 0 } else { self.least };
        let found = promise.fixed_sequence(risk, self.rows, least);
        let found = found.map(|at| strictest(self.rows, at));
        // To answer nothing keeps any promise about answers, and is no advice.
        let found = found.filter(|row| row.answered > 0);
        let limit = |row: &Answering| {
            let share = Proportion::new(row.wrong, answers(risk, row)).ok()?;
            Some(share.upper_limit(self.wanted.level))
        };
        let chosen = self.wanted.threshold.and(self.rows.first());
        Advised {
            at: found.map(Point::of),
            p_value: found.or(chosen).map(|row| promise.p_value(risk, row)),
            upper_limit: chosen.and_then(limit),
            lacking: if found.is_some() { None } else { self.lacking(risk, least) },
        }
    }

    /// Scales the sample up, errors at each threshold staying what they are here, until the walk
    /// finds a threshold. Half an error is added to each: none of five is not never.
    fn lacking(&self, risk: Risk, least: usize) -> Option<Lacking> {
        let n = self.rows.first().map(|row| row.n).filter(|n| *n > 0)?;
        let mut larger = n;
        while larger <= n.saturating_mul(MOST_TIMES) {
            if self.would_do(risk, least, larger) {
                return Some(Lacking::Answers(rounded(larger)));
            }
            // Steps of 2 %: it is an estimate.
            larger += 1 + larger / 50;
        }
        let alpha = self.wanted.promise.alpha();
        let seen: Vec<&Answering> = self.rows.iter().filter(|row| self.is_seen(row)).collect();
        let error = |row: &Answering| expected_error(risk, row);
        let fewest =
            seen.iter().copied().min_by(|one, other| error(one).total_cmp(&error(other)))?;
        let above = |row: &Answering| {
            let share = Proportion::new(row.wrong, answers(risk, row)).ok();
            share.is_some_and(|share| share.lower_limit(self.wanted.level) > alpha)
        };
        Some(if seen.iter().all(|row| above(row)) {
            Lacking::BetterAnswers(Point::of(fewest))
        } else if raw_error(risk, fewest) < alpha
            && let Some(blocking) = seen.iter().find(|row| above(row))
        {
            Lacking::BetterConfidence(Point::of(blocking))
        } else {
            Lacking::Unclear(Point::of(fewest))
        })
    }

    /// Whether a threshold is answered by more than a handful, which says nothing; or by as many as
    /// any is.
    fn is_seen(&self, row: &Answering) -> bool {
        let most = self.rows.iter().map(|row| row.answered).max().unwrap_or(0);
        row.answered > 0 && row.answered >= HANDFUL.min(most)
    }

    /// Whether the walk would find a threshold among so many answers.
    fn would_do(&self, risk: Risk, least: usize, n: usize) -> bool {
        let promise = self.wanted.promise;
        for row in self.rows.iter().filter(|row| self.is_seen(row)) {
            let answered = scaled(row.answered, n, row.n);
            if answered < least {
                continue;
            }
            let expected = expected_error(risk, row);
            let then = Answering { threshold: row.threshold, n, answered, wrong: 0 };
            let row_then = Answering { wrong: ceil(expected, answers(risk, &then)), ..then };
            if promise.p_value(risk, &row_then) <= promise.delta() {
                return true;
            }
            // Half an error too many by estimate alone: it might not end the walk.
            let unknown = raw_error(risk, row) <= promise.alpha() && expected > promise.alpha();
            if !unknown {
                return false;
            }
        }
        false
    }
}

/// Fewer answers than this are no point of the curve that anything is said of.
const HANDFUL: usize = 10;

/// More than so many times the answers at hand nobody should foretell.
const MOST_TIMES: usize = 100;

/// Of the thresholds before this one that answer the same, the strictest: it promises the same with
/// the same evidence, and is one that was stated.
fn strictest(rows: &[Answering], at: usize) -> &Answering {
    let same = |row: &&Answering| row.answered == rows[at].answered;
    rows[..=at].iter().rev().take_while(same).last().unwrap_or(&rows[at])
}

/// Each set of answers once, with the strictest of its thresholds.
fn curve(rows: &[Answering]) -> Vec<Point> {
    let sets = rows.chunk_by(|one, next| one.answered == next.answered);
    sets.filter(|set| set[0].answered > 0).map(|set| Point::of(&set[0])).collect()
}

/// What errors are counted of.
fn answers(risk: Risk, row: &Answering) -> usize {
    if risk == Risk::Joint { row.n } else { row.answered }
}

#[expect(clippy::cast_precision_loss, reason = "counts of answers")]
fn raw_error(risk: Risk, row: &Answering) -> f64 {
    row.wrong as f64 / answers(risk, row).max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts of answers")]
fn expected_error(risk: Risk, row: &Answering) -> f64 {
    (row.wrong as f64 + 0.5) / (answers(risk, row) as f64 + 1.0)
}

/// Two digits of a count, rounded up: more would pretend to know more.
fn rounded(count: usize) -> usize {
    let digits = count.checked_ilog10().unwrap_or(0);
    let unit = 10_usize.pow(digits.saturating_sub(1));
    count.div_ceil(unit) * unit
}

/// A part of `of` in the same proportion to `n`, rounded down.
fn scaled(part: usize, n: usize, of: usize) -> usize {
    usize::try_from(part as u128 * n as u128 / of.max(1) as u128).unwrap_or(usize::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count of answers"
)]
fn ceil(share: f64, of: usize) -> usize {
    (share * of as f64).ceil() as usize
}

/// The graded answers of an endpoint that have a confidence of this source, by its place in
/// the header, and why others have none.
#[must_use]
pub fn graded(run: &Run, endpoint: &str, source: usize) -> (Scored, BTreeMap<String, usize>) {
    let briefs: Vec<&Brief> = run.of_endpoint(endpoint).collect();
    scored::of_briefs(run, source, &briefs)
}

/// Trials of an endpoint that its advice says nothing of, by what became of them, most first.
#[must_use]
pub fn left_out(run: &Run, endpoint: &str, source: usize) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for brief in run.of_endpoint(endpoint) {
        let what = match brief.kind().is_graded() {
            true if brief.abstained() => "abstained",
            true => continue,
            false => brief.kind().name(),
        };
        *counts.entry(what.to_owned()).or_default() += 1;
    }
    let (_, missing) = graded(run, endpoint, source);
    for (reason, count) in missing {
        *counts.entry(format!("without a confidence ({reason})")).or_default() += count;
    }
    let finished = run.of_endpoint(endpoint).count();
    let planned = run.header.planned / run.header.endpoints.len().max(1);
    if planned > finished {
        counts.insert("not asked".to_owned(), planned - finished);
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(alpha: f64, risk: Risk) -> Wanted {
        Wanted {
            promise: Guarantee::new(alpha, 0.05).unwrap(),
            level: Level::P95,
            risk,
            threshold: None,
            seed: 0,
        }
    }

    /// So many answers of each confidence, the first of them wrong.
    fn items(stated: &[(f64, usize, usize)]) -> Items {
        let answers = stated.iter().flat_map(|&(confidence, n, wrong)| {
            (0..n).map(move |index| (confidence, index >= wrong))
        });
        let (confidence, correct) = answers.unzip();
        Items::new(confidence, correct).unwrap()
    }

    #[test]
    fn the_threshold_is_one_that_was_stated() {
        let items = items(&[(1.0, 150, 1), (0.9, 150, 2), (0.8, 100, 60)]);
        let advice = Advice::of(&items, wanted(0.05, Risk::Selective));
        let at = advice.selective.at.unwrap();
        assert_eq!((at.threshold, at.answered, at.wrong), (0.9, 300, 3));
        assert!((at.coverage - 0.75).abs() < 1e-12);
        assert_eq!(advice.curve.len(), 3);
        assert_eq!(advice.least_answers, Some(124));
        assert_eq!(advice.decisive().lacking, None);
    }

    #[test]
    fn a_threshold_chosen_before_is_judged_alone() {
        let items = items(&[(1.0, 6, 6), (0.9, 100, 0)]);
        let of = |threshold| {
            let threshold = Some(Threshold::new(threshold).unwrap());
            Advice::of(&items, Wanted { threshold, ..wanted(0.1, Risk::Selective) }).selective
        };
        let found = of(0.9);
        assert_eq!(found.at.map(|at| at.wrong), None, "6 of 106 could be more than a tenth");
        assert!(found.upper_limit.unwrap() > 0.1);
        assert!(matches!(found.lacking, Some(Lacking::Answers(107..=250))), "{found:?}");
        assert_eq!(
            of(1.0).lacking,
            Some(Lacking::BetterAnswers(Point {
                threshold: 1.0,
                answered: 6,
                wrong: 6,
                coverage: 6.0 / 106.0,
                error: Some(1.0),
                error_of_all: 6.0 / 106.0,
            }))
        );
    }

    #[test]
    fn what_is_lacking_is_said() {
        let of = |stated: &[(f64, usize, usize)]| {
            Advice::of(&items(stated), wanted(0.05, Risk::Selective)).selective.lacking
        };
        assert!(matches!(of(&[(0.9, 60, 0), (0.5, 60, 30)]), Some(Lacking::Answers(200..=300))));
        assert!(matches!(of(&[(0.9, 60, 20)]), Some(Lacking::BetterAnswers(_))));
        assert!(matches!(of(&[(0.9, 57, 3)]), Some(Lacking::Unclear(at)) if at.wrong == 3));
        // Two answers of which one is right are not the best point of a hundred.
        let best = of(&[(1.0, 2, 1), (0.9, 100, 60)]);
        assert!(matches!(best, Some(Lacking::BetterAnswers(at)) if at.answered == 102));
        let reversed = of(&[(0.9, 200, 60), (0.5, 9000, 0)]);
        assert!(matches!(reversed, Some(Lacking::BetterConfidence(at)) if at.wrong == 60));
        assert_eq!(of(&[]), None);
    }

    proptest! {
        #[test]
        fn more_evidence_of_the_same_kind_keeps_what_was_found(
            counts in prop::collection::vec((1..80_usize, 0.0..0.3_f64), 1..6),
            times in 2..5_usize,
        ) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss,
                clippy::cast_precision_loss, reason = "counts")]
            let stated = |times: usize| -> Vec<(f64, usize, usize)> {
                let of = |(index, &(n, share)): (usize, &(usize, f64))| {
                    let wrong = (share * n as f64) as usize;
                    (1.0 - 0.1 * index as f64, n * times, wrong * times)
                };
                counts.iter().enumerate().map(of).collect()
            };
            // The joint test has no least number of answers: with more of the same it only gains.
            let joint = |times| Advice::of(&items(&stated(times)), wanted(0.2, Risk::Joint)).joint;
            if let Some(at) = joint(1).at {
                let more = joint(times).at;
                prop_assert!(more.is_some_and(|more| more.threshold <= at.threshold));
            }
        }

        #[test]
        fn nothing_is_found_and_lacking_at_once(
            stated in prop::collection::vec(((0..=20_u8), any::<bool>()), 0..300),
            alpha in 0.01..0.5_f64,
        ) {
            let (confidence, correct) =
                stated.into_iter().map(|(c, y)| (f64::from(c) / 20.0, y)).unzip();
            let items = Items::new(confidence, correct).unwrap();
            let advice = Advice::of(&items, wanted(alpha, Risk::Selective));
            for found in [&advice.selective, &advice.joint] {
                prop_assert!(found.at.is_none() || found.lacking.is_none());
                prop_assert!(found.at.is_some() || found.lacking.is_some() || items.is_empty());
            }
        }
    }
}
