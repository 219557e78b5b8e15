//! Two sets of answers to the same cases, answer by answer.
//!
//! A pair is the same case, asked the same and graded the same. What was reworded or is graded
//! otherwise is another case under an old name: it is listed and never compared.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::{Digest, Outcome, Record, Run};

/// An answer as a comparison sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Name of its case.
    pub case: String,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The question and how it is judged; none where that is not known.
    pub subject: Option<Digest>,
    /// Name of its cluster.
    pub cluster: String,
    /// What it is sorted by.
    pub tags: Vec<String>,
    /// Whether it is right; none where it was not graded.
    pub correct: Option<bool>,
    /// How sure it was, if that is known.
    pub confidence: Option<f64>,
    /// Whether that counts as confident.
    pub confident: bool,
    /// The question for people.
    pub question: String,
    /// What was said, for people.
    pub said: String,
    /// What is right, for people.
    pub expected: String,
}

impl Side {
    /// Graded, and with a confidence.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.correct.is_some() && self.confidence.is_some()
    }

    /// Wrong, and sure of it.
    #[must_use]
    pub fn is_confident_wrong(&self) -> bool {
        self.correct == Some(false) && self.confident
    }
}

impl Side {
    /// A record as a comparison sees it; one threshold holds for both sides.
    #[must_use]
    pub fn of(record: &Record, threshold: f64) -> Side {
        let graded = record.outcome.is_graded() && !record.abstained;
        let least = record.threshold.unwrap_or(threshold);
        let confidence = record.primary.filter(|sure| (0.0..=1.0).contains(sure));
        Side {
            case: record.case.clone(),
            repeat: record.repeat,
            subject: Some(record.subject.unwrap_or(record.content)),
            cluster: record.cluster().to_owned(),
            tags: record.tags.clone(),
            correct: graded.then_some(record.outcome == Outcome::Correct),
            confidence,
            confident: confidence.is_some_and(|sure| sure >= least),
            question: record.question.clone(),
            said: record.said().unwrap_or_default(),
            expected: record.wanted(),
        }
    }
}

/// The answers of one endpoint of a run.
#[must_use]
pub fn sides(run: &Run, endpoint: &str, threshold: f64) -> Vec<Side> {
    run.of_endpoint(endpoint).map(|record| Side::of(record, threshold)).collect()
}

/// Answers to the same cases, and what has no partner.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    /// Baseline and candidate, both graded, in the baseline's order.
    pub pairs: Vec<(Side, Side)>,
    /// What was left out.
    pub left_out: LeftOut,
}

/// Cases that are not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Only the candidate has them.
    pub added: Vec<String>,
    /// Only the baseline has them.
    pub removed: Vec<String>,
    /// Asked or graded otherwise in the two.
    pub changed: Vec<String>,
    /// Not graded in the baseline, graded in the candidate.
    pub graded_in_candidate_only: Vec<String>,
    /// Graded in the baseline, not graded in the candidate.
    pub graded_in_baseline_only: Vec<String>,
    /// Graded in neither.
    pub graded_in_neither: Vec<String>,
}

impl Pairing {
    /// Pairs answers by case and repeat.
    #[must_use]
    pub fn of(baseline: Vec<Side>, candidate: Vec<Side>) -> Pairing {
        let mut partners: BTreeMap<(String, u32), Side> =
            candidate.into_iter().map(|side| ((side.case.clone(), side.repeat), side)).collect();
        let (mut pairs, mut left_out) = (Vec::new(), LeftOut::default());
        for base in baseline {
            let Some(other) = partners.remove(&(base.case.clone(), base.repeat)) else {
                left_out.removed.push(base.case);
                continue;
            };
            let list = match (base.subject == other.subject, base.correct, other.correct) {
                (false, ..) => &mut left_out.changed,
                (_, Some(_), Some(_)) => {
                    pairs.push((base, other));
                    continue;
                }
                (_, None, Some(_)) => &mut left_out.graded_in_candidate_only,
                (_, Some(_), None) => &mut left_out.graded_in_baseline_only,
                (_, None, None) => &mut left_out.graded_in_neither,
            };
            list.push(base.case);
        }
        left_out.added.extend(partners.into_values().map(|side| side.case));
        left_out.once();
        Pairing { pairs, left_out }
    }
}

impl LeftOut {
    /// A case that is asked several times is named once.
    fn once(&mut self) {
        let LeftOut {
            added,
            removed,
            changed,
            graded_in_candidate_only,
            graded_in_baseline_only,
            graded_in_neither,
        } = self;
        let graded = [graded_in_candidate_only, graded_in_baseline_only, graded_in_neither];
        for list in [added, removed, changed].into_iter().chain(graded) {
            list.dedup();
        }
    }

    /// Whether everything was compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == LeftOut::default()
    }
}

/// What became of an answer that is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flip {
    /// Confidently wrong now, and not before.
    NewlyConfidentWrong,
    /// Wrong now, not confidently; right before.
    NewlyWrong,
    /// Right now, wrong before.
    Fixed,
    /// Wrong as before, and no longer confidently.
    NoLongerConfidentWrong,
}

impl Flip {
    /// Every kind, the gravest first.
    pub const ALL: [Flip; 4] =
        [Flip::NewlyConfidentWrong, Flip::NewlyWrong, Flip::Fixed, Flip::NoLongerConfidentWrong];

    /// The kind of a pair that differs.
    #[must_use]
    pub fn of(baseline: &Side, candidate: &Side) -> Option<Flip> {
        match (baseline.correct?, candidate.correct?) {
            _ if candidate.is_confident_wrong() && !baseline.is_confident_wrong() => {
                Some(Flip::NewlyConfidentWrong)
            }
            (true, false) => Some(Flip::NewlyWrong),
            (false, true) => Some(Flip::Fixed),
            _ if baseline.is_confident_wrong() && !candidate.is_confident_wrong() => {
                Some(Flip::NoLongerConfidentWrong)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::judged;

    fn side(index: usize, correct: bool, confidence: f64) -> Side {
        let outcome = if correct { Outcome::Correct } else { Outcome::Incorrect };
        Side::of(&judged(index, outcome, Some(confidence)), 0.8)
    }

    #[test]
    fn what_has_no_partner_is_listed_and_never_compared() {
        let reworded = Side { subject: Some(Digest::of(&"reworded")), ..side(2, true, 0.9) };
        let abstained = Side::of(&judged(3, Outcome::Abstained, None), 0.8);
        let baseline =
            vec![side(0, true, 0.9), side(1, true, 0.9), side(2, true, 0.9), side(3, true, 0.9)];
        let candidate = vec![side(4, true, 0.9), abstained, reworded, side(1, false, 0.9)];
        let Pairing { pairs, left_out } = Pairing::of(baseline.clone(), candidate);
        let compared: Vec<&str> = pairs.iter().map(|(base, _)| base.case.as_str()).collect();
        assert_eq!(compared, [&baseline[1].case]);
        assert_eq!(left_out.removed, [baseline[0].case.clone()]);
        assert_eq!(left_out.changed, [baseline[2].case.clone()]);
        assert_eq!(left_out.graded_in_baseline_only, [baseline[3].case.clone()]);
        assert_eq!(left_out.added.len(), 1);
        assert!(!left_out.is_empty());
    }

    #[test]
    fn repeats_are_paired_with_each_other_and_named_once() {
        let repeat = |repeat| Side { repeat, ..side(0, true, 0.9) };
        let pairing = Pairing::of(vec![repeat(0), repeat(1)], vec![repeat(1), repeat(0)]);
        assert_eq!(pairing.pairs.len(), 2);
        assert!(pairing.pairs.iter().all(|(base, other)| base.repeat == other.repeat));
        let alone = Pairing::of(vec![repeat(0), repeat(1)], vec![]);
        assert_eq!(alone.left_out.removed.len(), 1);
    }

    #[test]
    fn a_change_is_of_one_kind() {
        let (right, unsure_right) = ((true, 0.9), (true, 0.5));
        let (wrong, unsure_wrong) = ((false, 0.9), (false, 0.5));
        for (from, to, flip) in [
            (right, wrong, Some(Flip::NewlyConfidentWrong)),
            (unsure_wrong, wrong, Some(Flip::NewlyConfidentWrong)),
            (right, unsure_wrong, Some(Flip::NewlyWrong)),
            (wrong, right, Some(Flip::Fixed)),
            (unsure_wrong, unsure_right, Some(Flip::Fixed)),
            (wrong, unsure_wrong, Some(Flip::NoLongerConfidentWrong)),
            (right, unsure_right, None),
            (wrong, wrong, None),
        ] {
            let kind = Flip::of(&side(0, from.0, from.1), &side(0, to.0, to.1));
            assert_eq!(kind, flip, "{from:?} to {to:?}");
        }
    }
}
