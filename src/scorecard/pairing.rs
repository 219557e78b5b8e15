//! Two sets of answers to the same cases, answer by answer.
//!
//! A pair is the same case, asked the same question and graded the same. A question that reads
//! otherwise or is graded otherwise is another case under an old name: it is listed as changed and
//! never compared. A prompt that changed around the same question is what people compare; such
//! cases are compared and named. An answer that nobody could judge, because it was refused, cut off
//! or lost, has no pair either, and is counted on its side.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::record::{Digest, Outcome, Record, Run, Unreadable};

/// An answer as a comparison sees it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Name of its case.
    pub case: String,
    /// Which repeat, from 0.
    pub repeat: u32,
    /// The question and how it is judged; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// The same with the prompt around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
    /// Name of its cluster.
    pub cluster: String,
    /// What it is sorted by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it is right; none where it was not graded.
    pub correct: Option<bool>,
    /// Whether it says that it does not know, which may be right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abstained: bool,
    /// How sure it was, if that is known and it is an answer.
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
    /// A record as a comparison sees it; one threshold holds for both sides.
    #[must_use]
    pub fn of(record: &Record, threshold: f64) -> Side {
        let graded = record.outcome.is_graded();
        let least = record.threshold.unwrap_or(threshold);
        let known = record.primary.filter(|sure| (0.0..=1.0).contains(sure));
        let confidence = known.filter(|_| graded && !record.abstained);
        Side {
            case: record.case.clone(),
            repeat: record.repeat,
            subject: record.subject,
            content: Some(record.content),
            cluster: record.cluster().to_owned(),
            tags: record.tags.clone(),
            correct: graded.then_some(record.outcome == Outcome::Correct),
            abstained: record.abstained,
            confidence,
            confident: confidence.is_some_and(|sure| sure >= least),
            question: record.question.clone(),
            said: record.said().unwrap_or_default(),
            expected: record.wanted(),
        }
    }

    /// Right, wrong, or not willing to say: everything but lost.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.correct.is_some() || self.abstained
    }

    /// Whether it is wrong and sure of it; none where nobody knows how sure it was. Who does not
    /// answer is not sure.
    #[must_use]
    pub fn confident_wrong(&self) -> Option<bool> {
        match (self.confidence, self.correct) {
            (Some(_), Some(correct)) => Some(self.confident && !correct),
            _ if self.abstained => Some(false),
            _ => None,
        }
    }

    /// The squared distance of its confidence from what it should have been.
    #[must_use]
    pub fn brier(&self) -> Option<f64> {
        let truth = if self.correct? { 1.0 } else { 0.0 };
        Some((self.confidence? - truth).powi(2))
    }

    /// The same question, judged the same. Where a digest is missing, in files of other harnesses
    /// and old runs, what is known of both decides.
    pub(super) fn is_of_the_same(&self, other: &Side) -> bool {
        match (self.subject, other.subject) {
            (Some(one), Some(other)) => one == other,
            _ => match (self.content, other.content) {
                (Some(one), Some(other)) => one == other,
                _ => {
                    alike(&self.question, &other.question) && alike(&self.expected, &other.expected)
                }
            },
        }
    }
}

/// Texts that do not contradict each other.
fn alike(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one == other
}

/// The answers of one endpoint of a run.
///
/// # Errors
/// A record cannot be read any more.
pub fn sides(run: &Run, endpoint: &str, threshold: f64) -> Result<Vec<Side>, Unreadable> {
    let briefs = run.of_endpoint(endpoint);
    briefs.map(|brief| Ok(Side::of(&run.record(brief)?, threshold))).collect()
}

/// Answers to the same cases, and what has no partner.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    /// Baseline and candidate, both judged, in the baseline's order.
    pub pairs: Vec<(Side, Side)>,
    /// What was left out.
    pub left_out: LeftOut,
    /// Compared cases whose prompt is another one.
    pub prompt_changed: Vec<String>,
    /// Cases that both sides know by name, changed ones included.
    pub shared: usize,
    /// The share of the answers to the same questions that were judged, in the baseline and in the
    /// candidate; none where there is no such answer.
    pub judged: Option<[f64; 2]>,
}

/// Cases that are not compared, or not with all of their repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Only the candidate has them.
    pub added: Vec<String>,
    /// Only the baseline has them.
    pub removed: Vec<String>,
    /// Another question, or graded otherwise, in the two.
    pub changed: Vec<String>,
    /// Not judged in the baseline.
    pub lost_in_baseline: Vec<String>,
    /// Not judged in the candidate.
    pub lost_in_candidate: Vec<String>,
    /// Judged in neither.
    pub lost_in_both: Vec<String>,
}

impl Pairing {
    /// Pairs answers by case and repeat.
    #[must_use]
    pub fn of(baseline: Vec<Side>, candidate: Vec<Side>) -> Pairing {
        let mut partners: BTreeMap<(String, u32), (usize, Side)> = candidate
            .into_iter()
            .enumerate()
            .map(|(place, side)| ((side.case.clone(), side.repeat), (place, side)))
            .collect();
        let (mut pairs, mut left_out) = (Vec::new(), LeftOut::default());
        let (mut prompt_changed, mut shared) = (Vec::new(), BTreeSet::new());
        let mut answers = 0;
        for base in baseline {
            let Some((_, other)) = partners.remove(&(base.case.clone(), base.repeat)) else {
                left_out.removed.push(base.case);
                continue;
            };
            shared.insert(base.case.clone());
            if !base.is_of_the_same(&other) {
                left_out.changed.push(base.case);
                continue;
            }
            answers += 1;
            let list = match (base.is_judged(), other.is_judged()) {
                (true, true) => {
                    if base.content.zip(other.content).is_some_and(|(one, two)| one != two) {
                        prompt_changed.push(base.case.clone());
                    }
                    pairs.push((base, other));
                    continue;
                }
                (false, true) => &mut left_out.lost_in_baseline,
                (true, false) => &mut left_out.lost_in_candidate,
                (false, false) => &mut left_out.lost_in_both,
            };
            list.push(base.case);
        }
        let mut added: Vec<(usize, Side)> = partners.into_values().collect();
        added.sort_by_key(|(place, _)| *place);
        left_out.added.extend(added.into_iter().map(|(_, side)| side.case));
        // Answers are counted; below, cases are named.
        let judged = judged(answers, &left_out);
        for list in left_out.lists_mut() {
            once(list);
        }
        once(&mut prompt_changed);
        Pairing { pairs, left_out, prompt_changed, shared: shared.len(), judged }
    }
}

/// The share of so many answers that was not lost, by side.
#[expect(clippy::cast_precision_loss, reason = "answers are far fewer than 2^53")]
fn judged(answers: usize, left_out: &LeftOut) -> Option<[f64; 2]> {
    let LeftOut { lost_in_baseline, lost_in_candidate, lost_in_both, .. } = left_out;
    let share = |lost: &[String]| 1.0 - (lost.len() + lost_in_both.len()) as f64 / answers as f64;
    (answers > 0).then(|| [share(lost_in_baseline), share(lost_in_candidate)])
}

/// A case that is asked several times is named once.
fn once(list: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    list.retain(|case| seen.insert(case.clone()));
}

impl LeftOut {
    fn lists_mut(&mut self) -> [&mut Vec<String>; 6] {
        let LeftOut { added, removed, changed, lost_in_baseline, lost_in_candidate, lost_in_both } =
            self;
        [added, removed, changed, lost_in_baseline, lost_in_candidate, lost_in_both]
    }

    /// Whether everything was compared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == LeftOut::default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::record::tests::judged;

    pub(crate) fn side(index: usize, correct: bool, confidence: f64) -> Side {
        let outcome = if correct { Outcome::Correct } else { Outcome::Incorrect };
        Side::of(&judged(index, outcome, Some(confidence)), 0.8)
    }

    #[test]
    fn what_has_no_partner_is_listed_and_never_compared() {
        let regraded = Side { subject: Some(Digest::of(&"regraded")), ..side(2, true, 0.9) };
        let lost = Side::of(&judged(3, Outcome::Unparsable, None), 0.8);
        let mut baseline =
            vec![side(0, true, 0.9), side(1, true, 0.9), side(2, true, 0.9), side(3, true, 0.9)];
        baseline[2].subject = Some(Digest::of(&"graded"));
        let candidate = vec![side(4, true, 0.9), lost, regraded, side(1, false, 0.9)];
        let pairing = Pairing::of(baseline.clone(), candidate);
        let compared: Vec<&str> =
            pairing.pairs.iter().map(|(base, _)| base.case.as_str()).collect();
        let left_out = &pairing.left_out;
        assert_eq!(compared, [&baseline[1].case]);
        assert_eq!(left_out.removed, [baseline[0].case.clone()]);
        assert_eq!(left_out.changed, [baseline[2].case.clone()]);
        assert_eq!(left_out.lost_in_candidate, [baseline[3].case.clone()]);
        assert_eq!(left_out.added, ["case-4"]);
        assert_eq!((pairing.shared, pairing.judged), (3, Some([1.0, 0.5])));
        assert!(!left_out.is_empty());
    }

    #[test]
    fn repeats_are_paired_with_each_other_and_named_once() {
        let repeat = |repeat| Side { repeat, ..side(0, true, 0.9) };
        let pairing = Pairing::of(vec![repeat(0), repeat(1)], vec![repeat(1), repeat(0)]);
        assert_eq!(pairing.pairs.len(), 2);
        assert!(pairing.pairs.iter().all(|(base, other)| base.repeat == other.repeat));
        let alone = Pairing::of(vec![repeat(0), side(1, true, 0.9), repeat(1)], vec![]);
        assert_eq!(alone.left_out.removed, ["case-0", "case-1"]);
        // Lost answers are counted, not their cases.
        let lost = |repeat| Side { repeat, ..Side::of(&judged(0, Outcome::Unparsable, None), 0.8) };
        let both = vec![repeat(0), repeat(1), side(1, true, 0.9), side(2, true, 0.9)];
        let some = vec![lost(0), lost(1), side(1, true, 0.9), side(2, true, 0.9)];
        let pairing = Pairing::of(both, some);
        assert_eq!(pairing.left_out.lost_in_candidate, ["case-0"]);
        assert_eq!(pairing.judged, Some([1.0, 0.5]));
    }

    #[test]
    fn another_prompt_around_the_same_question_is_compared_and_named() {
        let subject = Some(Digest::of(&"question"));
        let asked = |prompt: &str| Side {
            subject,
            content: Some(Digest::of(&prompt)),
            ..side(0, true, 0.9)
        };
        let pairing = Pairing::of(vec![asked("short")], vec![asked("long")]);
        assert_eq!((pairing.pairs.len(), pairing.prompt_changed.len()), (1, 1));
        assert!(pairing.left_out.is_empty());
        // A run that is too old to know its subjects cannot tell what changed.
        let old = Side { subject: None, ..asked("short") };
        let pairing = Pairing::of(vec![old], vec![asked("long")]);
        assert_eq!(pairing.left_out.changed, ["case-0"]);
    }

    #[test]
    fn rows_without_digests_are_held_against_their_texts() {
        let row = |question: &str, expected: &str| Side {
            case: "a".into(),
            question: question.into(),
            expected: expected.into(),
            correct: Some(true),
            ..Side::default()
        };
        let changed = |one: Side, other: Side| {
            !Pairing::of(vec![one], vec![other]).left_out.changed.is_empty()
        };
        assert!(!changed(row("How many?", "3"), row("How many?", "3")));
        assert!(!changed(row("How many?", "3"), row("", "")));
        assert!(changed(row("How many?", "3"), row("How much?", "3")));
        assert!(changed(row("", "3"), row("How many?", "4")));
    }

    #[test]
    fn who_abstains_is_judged_and_never_confidently_wrong() {
        let abstained = Side::of(&judged(0, Outcome::Abstained, None), 0.8);
        assert!(abstained.is_judged());
        assert_eq!((abstained.correct, abstained.confident_wrong()), (None, Some(false)));
        let right = Record { abstained: true, ..judged(0, Outcome::Correct, Some(0.9)) };
        let right = Side::of(&right, 0.8);
        assert_eq!((right.correct, right.confidence), (Some(true), None));
        let unsure = Side::of(&judged(0, Outcome::Incorrect, None), 0.8);
        assert_eq!((unsure.confident_wrong(), unsure.brier()), (None, None));
    }
}
