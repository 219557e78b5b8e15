//! Parts of the cases by tag: is the model otherwise there?
//!
//! With twenty tags, one looks odd by chance. So every tag that is large enough to be told from the
//! rest is tested against it, and the tests are corrected for how many there are. Of smaller ones a
//! page says that they are too small, instead of showing rates that mean nothing.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::rate::{Evidence, Rate};
use crate::record::{Outcome, Quadrant, Record};
use crate::score::{Errors, Multiplicity, Tails, part_against_rest, part_sample_size};

/// A part shows a difference of so much, or is too small.
const DIFFERENCE: f64 = 0.2;

/// How the size of a part that shows it is reckoned.
const ERRORS: Errors = Errors { alpha: 0.05, power: 0.8, tails: Tails::Two };

/// Share of false alarms among the parts that are said to differ.
pub const FALSE_ALARMS: f64 = 0.05;

/// More tags than this are no tags but names.
const MOST: usize = 500;

/// Seed of the tests.
const SEED: u64 = 1;

/// The cases with one tag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TagCard {
    /// The tag.
    pub tag: String,
    /// Right answers among those graded.
    pub accuracy: Rate,
    /// Confidently wrong among graded answers with a primary confidence.
    pub confident_wrong: Rate,
    /// Independent cases without which a difference of 20 points would not show.
    pub needed: usize,
    /// Two-sided p of the hypothesis that the cases without the tag are confidently wrong as often,
    /// or, without confidence methods, right as often. Null where there are fewer than needed on
    /// either side, where all cases have the tag, and where a cluster is only partly in it.
    pub p_value: Option<f64>,
    /// The same, corrected for the number of tags that are tested (Benjamini–Hochberg).
    pub adjusted: Option<f64>,
    /// Share of the cases without the tag, for the same answers as `p_value`.
    pub elsewhere: Option<f64>,
}

impl TagCard {
    /// Whether it can be told from the rest.
    #[must_use]
    pub fn is_assessable(&self) -> bool {
        self.p_value.is_some()
    }

    /// Whether it is said to differ from the rest.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.adjusted.is_some_and(|p| p <= FALSE_ALARMS)
    }
}

/// An answer as it is counted.
struct Counted<'a> {
    record: &'a Record,
    cluster: usize,
    flag: bool,
}

/// A card a tag, those first that are least likely by chance; none where cases have no tags.
pub(super) fn of(records: &[&Record], by_confidence: bool) -> Vec<TagCard> {
    let counted = counted(records, by_confidence);
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        for tag in &record.tags {
            let members = members.entry(tag).or_default();
            if members.last() != Some(&index) {
                members.push(index);
            }
        }
    }
    if members.len() > MOST {
        return Vec::new();
    }
    let mut cards: Vec<TagCard> =
        members.into_iter().map(|(tag, members)| card(tag, &members, records, &counted)).collect();
    let p: Vec<f64> = cards.iter().filter_map(|card| card.p_value).collect();
    let mut adjusted = Multiplicity::BenjaminiHochberg.adjusted(&p).into_iter();
    for card in &mut cards {
        card.adjusted = card.p_value.and_then(|_| adjusted.next());
    }
    let chance = |card: &TagCard| card.p_value.unwrap_or(2.0);
    cards.sort_by(|one, other| chance(one).total_cmp(&chance(other)));
    cards
}

/// The answers that the test is about.
fn counted<'a>(records: &[&'a Record], by_confidence: bool) -> Vec<Counted<'a>> {
    let mut number: HashMap<&str, usize> = HashMap::new();
    let mut counted = Vec::new();
    for record in records {
        let flag = if by_confidence {
            record.quadrant.map(|at| at == Quadrant::ConfidentWrong)
        } else {
            record.outcome.is_graded().then_some(record.outcome == Outcome::Correct)
        };
        let Some(flag) = flag else { continue };
        let next = number.len();
        let cluster = *number.entry(record.cluster()).or_insert(next);
        counted.push(Counted { record, cluster, flag });
    }
    counted
}

fn card(tag: &str, members: &[usize], records: &[&Record], counted: &[Counted<'_>]) -> TagCard {
    let of = members.iter().map(|index| records[*index]);
    let graded = of.clone().filter(|record| record.outcome.is_graded());
    let right = graded.map(|record| (record, record.outcome == Outcome::Correct));
    let wrong =
        of.filter_map(|record| Some((record, record.quadrant? == Quadrant::ConfidentWrong)));
    let inside: Vec<bool> =
        counted.iter().map(|at| at.record.tags.iter().any(|known| known == tag)).collect();
    let outside = counted.iter().zip(&inside).filter(|(_, inside)| !**inside);
    let elsewhere = share(outside.map(|(at, _)| at));
    // The share of all: a part that differs much needs no other size than its rest.
    let overall = share(counted.iter());
    let needed = part_sample_size(overall.unwrap_or(0.5), DIFFERENCE, ERRORS).unwrap_or(1);
    let clusters = |wanted: bool| {
        let of = counted.iter().zip(&inside).filter(|(_, inside)| **inside == wanted);
        of.map(|(at, _)| at.cluster).collect::<std::collections::HashSet<_>>().len()
    };
    let enough = clusters(true) >= needed && clusters(false) >= needed;
    let columns = || {
        let clusters: Vec<usize> = counted.iter().map(|at| at.cluster).collect();
        let flags: Vec<bool> = counted.iter().map(|at| at.flag).collect();
        part_against_rest(&clusters, &flags, &inside, SEED)
    };
    TagCard {
        tag: tag.to_owned(),
        accuracy: Evidence::of(right.collect::<Vec<_>>().into_iter()).into(),
        confident_wrong: Evidence::of(wrong.collect::<Vec<_>>().into_iter()).into(),
        needed,
        p_value: enough.then(columns).flatten(),
        adjusted: None,
        elsewhere,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn share<'a>(of: impl Iterator<Item = &'a Counted<'a>>) -> Option<f64> {
    let (mut flagged, mut n) = (0_usize, 0_usize);
    for at in of {
        flagged += usize::from(at.flag);
        n += 1;
    }
    (n > 0).then(|| flagged as f64 / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::judged;

    /// Answers with these tags, so many of each confidently wrong.
    fn records(parts: &[(&str, usize, usize)]) -> Vec<Record> {
        let mut records = Vec::new();
        for (tag, n, wrong) in parts {
            for item in 0..*n {
                let outcome = if item < *wrong { Outcome::Incorrect } else { Outcome::Correct };
                let tags = tag.split(' ').map(str::to_owned).collect();
                records.push(Record { tags, ..judged(records.len(), outcome, Some(0.9)) });
            }
        }
        records
    }

    fn cards(records: &[Record]) -> Vec<TagCard> {
        of(&records.iter().collect::<Vec<_>>(), true)
    }

    #[test]
    fn a_tag_that_differs_stands_first_and_a_small_one_is_not_assessed() {
        let records = records(&[("a", 60, 30), ("b", 60, 5), ("c x", 60, 6), ("d", 3, 3)]);
        let cards = cards(&records);
        let told: Vec<(&str, bool, bool)> = cards
            .iter()
            .map(|card| (card.tag.as_str(), card.is_assessable(), card.differs()))
            .collect();
        assert_eq!(told[0], ("a", true, true));
        assert_eq!(told.last(), Some(&("d", false, false)), "{told:?}");
        assert_eq!((cards[0].confident_wrong.count, cards[0].confident_wrong.n), (30, 60));
        let elsewhere = cards[0].elsewhere.unwrap();
        assert!((elsewhere - 14.0 / 123.0).abs() < 1e-12);
        assert!(cards[0].adjusted.unwrap() > cards[0].p_value.unwrap());
    }

    #[test]
    fn among_many_equal_tags_hardly_one_is_said_to_differ() {
        let parts: Vec<(String, usize, usize)> =
            (0..20).map(|tag| (format!("t{tag}"), 40, 4 + tag % 4)).collect();
        let parts: Vec<(&str, usize, usize)> =
            parts.iter().map(|(tag, n, wrong)| (tag.as_str(), *n, *wrong)).collect();
        assert!(cards(&records(&parts)).iter().all(|card| card.is_assessable() && !card.differs()));
    }

    #[test]
    fn repeats_of_a_case_are_one_case() {
        let mut records = records(&[("a", 40, 20), ("b", 120, 12)]);
        for (index, record) in records.iter_mut().enumerate() {
            record.case = format!("case-{}", index / 4);
        }
        assert!(cards(&records).iter().all(|card| !card.is_assessable()), "10 cases are too few");
    }
}
