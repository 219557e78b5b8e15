//! What became of answers that are not what they were, the gravest first.

use std::collections::HashMap;

use serde::Serialize;

use super::pairing::Side;

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flip {
    /// Confidently wrong now, and not before.
    NewlyConfidentWrong,
    /// Wrong now, not confidently; right before.
    NewlyWrong,
    /// Right now, wrong before.
    Fixed,
    /// Neither right nor confidently wrong now; confidently wrong before.
    NoLongerConfidentWrong,
}

impl Flip {
    /// Every kind, the gravest first.
    pub const ALL: [Flip; 4] =
        [Flip::NewlyConfidentWrong, Flip::NewlyWrong, Flip::Fixed, Flip::NoLongerConfidentWrong];

    /// The kind of a pair that differs.
    #[must_use]
    pub fn of(baseline: &Side, candidate: &Side) -> Option<Flip> {
        let sure = |side: &Side| side.confident_wrong() == Some(true);
        match (baseline.correct, candidate.correct) {
            _ if sure(candidate) && !sure(baseline) => Some(Flip::NewlyConfidentWrong),
            (Some(true), Some(false)) => Some(Flip::NewlyWrong),
            (Some(false), Some(true)) => Some(Flip::Fixed),
            _ if sure(baseline) && !sure(candidate) => Some(Flip::NoLongerConfidentWrong),
            _ => None,
        }
    }

    /// Its name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Flip::NewlyConfidentWrong => "newly_confident_wrong",
            Flip::NewlyWrong => "newly_wrong",
            Flip::Fixed => "fixed",
            Flip::NoLongerConfidentWrong => "no_longer_confident_wrong",
        }
    }
}

/// What one side said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// Its answer.
    pub answer: String,
    /// Whether it is right; null where it was not graded.
    pub correct: Option<bool>,
    /// Whether it says that it does not know.
    pub abstained: bool,
    /// How sure it was.
    pub confidence: Option<f64>,
}

/// A case that is not what it was. Of several repeats that went the same way, the surest is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flipped {
    /// What became of it.
    pub flip: Flip,
    /// Name of the case.
    pub case: String,
    /// How many of its repeats went this way.
    pub times: usize,
    /// Of how many that were compared.
    pub of: usize,
    /// The question for people.
    pub question: String,
    /// What is right, for people.
    pub expected: String,
    /// What the baseline said.
    pub baseline: Said,
    /// What the candidate said.
    pub candidate: Said,
    /// What the case is sorted by.
    pub tags: Vec<String>,
}

impl Flipped {
    /// The flips of all pairs: by kind, then the surest first, then in the order of the pairs.
    pub(super) fn of(pairs: &[(Side, Side)]) -> Vec<Flipped> {
        let mut asked: HashMap<&str, usize> = HashMap::new();
        for (baseline, _) in pairs {
            *asked.entry(&baseline.case).or_default() += 1;
        }
        Flipped::among(pairs, &asked)
    }

    /// The same of pairs that may be those that differ alone, with how often each case was compared.
    pub(super) fn among(pairs: &[(Side, Side)], asked: &HashMap<&str, usize>) -> Vec<Flipped> {
        let mut place: HashMap<(&str, Flip), usize> = HashMap::new();
        let mut flips: Vec<Flipped> = Vec::new();
        for (baseline, candidate) in pairs {
            let Some(flip) = Flip::of(baseline, candidate) else { continue };
            let entry = Flipped::new(flip, baseline, candidate, asked[baseline.case.as_str()]);
            match place.get(&(baseline.case.as_str(), flip)) {
                None => {
                    place.insert((&baseline.case, flip), flips.len());
                    flips.push(entry);
                }
                Some(&at) => {
                    let times = flips[at].times + 1;
                    if entry.sureness() > flips[at].sureness() {
                        flips[at] = entry;
                    }
                    flips[at].times = times;
                }
            }
        }
        flips.sort_by(|one, other| {
            one.flip.cmp(&other.flip).then(other.sureness().total_cmp(&one.sureness()))
        });
        flips
    }

    fn new(flip: Flip, baseline: &Side, candidate: &Side, of: usize) -> Flipped {
        let said = |side: &Side| Said {
            answer: side.said.clone(),
            correct: side.correct,
            abstained: side.abstained,
            confidence: side.confidence,
        };
        Flipped {
            flip,
            case: baseline.case.clone(),
            times: 1,
            of,
            question: [&candidate.question, &baseline.question]
                .into_iter()
                .find(|text| !text.is_empty())
                .cloned()
                .unwrap_or_default(),
            expected: [&candidate.expected, &baseline.expected]
                .into_iter()
                .find(|text| !text.is_empty())
                .cloned()
                .unwrap_or_default(),
            baseline: said(baseline),
            candidate: said(candidate),
            tags: candidate.tags.clone(),
        }
    }

    /// How sure the side was that is told of.
    fn sureness(&self) -> f64 {
        let side = match self.flip {
            Flip::NoLongerConfidentWrong | Flip::Fixed => &self.baseline,
            _ => &self.candidate,
        };
        side.confidence.unwrap_or(-1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairing::tests::side;
    use super::*;
    use crate::record::Outcome;
    use crate::record::tests::judged;

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
        let abstained = Side::of(&judged(0, Outcome::Abstained, None), 0.8);
        let invented = side(0, false, 0.9);
        assert_eq!(Flip::of(&abstained, &invented), Some(Flip::NewlyConfidentWrong));
        assert_eq!(Flip::of(&invented, &abstained), Some(Flip::NoLongerConfidentWrong));
    }

    #[test]
    fn the_gravest_and_surest_come_first_and_repeats_are_counted() {
        let pair = |index, repeat, from: (bool, f64), to: (bool, f64)| {
            let of = |(right, sure)| Side { repeat, ..side(index, right, sure) };
            (of(from), of(to))
        };
        let pairs = [
            pair(0, 0, (false, 0.3), (true, 0.9)),
            pair(1, 0, (true, 0.9), (false, 0.85)),
            pair(1, 1, (true, 0.9), (false, 0.95)),
            pair(1, 2, (true, 0.9), (true, 0.9)),
            pair(2, 0, (true, 0.9), (false, 0.99)),
            pair(3, 0, (true, 0.9), (false, 0.1)),
        ];
        let told: Vec<_> = Flipped::of(&pairs)
            .into_iter()
            .map(|flip| (flip.flip, flip.case, flip.times, flip.of, flip.candidate.confidence))
            .collect();
        let case = |index| format!("case-{index}");
        assert_eq!(
            told,
            [
                (Flip::NewlyConfidentWrong, case(2), 1, 1, Some(0.99)),
                (Flip::NewlyConfidentWrong, case(1), 2, 3, Some(0.95)),
                (Flip::NewlyWrong, case(3), 1, 1, Some(0.1)),
                (Flip::Fixed, case(0), 1, 1, Some(0.9)),
            ]
        );
    }
}
