//! Parts of the cases by tag: is the model otherwise there?
//!
//! With twenty tags, one looks odd by chance. So every tag that is large enough to be told from the
//! rest is tested against it, and the tests are corrected for how many there are. Of smaller ones a
//! page says that they are too small, instead of showing rates that mean nothing.

use serde::Serialize;

use super::rate::{Evidence, Rate, distinct};
use super::scored::Scored;
use crate::record::{Brief, Run};
use crate::score::{ClusteredProportion, Errors, Multiplicity, Tails, Whole, part_sample_size};

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

/// An answer with its tags.
#[derive(Clone, Copy)]
struct Answer {
    /// The number of its set of tags.
    tags: u32,
    /// Numbers of its case and of its cluster.
    case: u32,
    cluster: u32,
    /// Whether it is right; none where it was not graded.
    right: Option<bool>,
    /// Whether it is confidently wrong; none without a grade or a confidence.
    confident_wrong: Option<bool>,
}

impl Answer {
    /// What the test is about; none where the answer says nothing of it.
    fn flag(&self, by_confidence: bool) -> Option<bool> {
        if by_confidence { self.confident_wrong } else { self.right }
    }
}

/// The cards of a run's trials at one endpoint.
pub(super) fn of_briefs(run: &Run, briefs: &[&Brief], by_confidence: bool) -> Vec<TagCard> {
    let sets = run.all_labels().iter();
    let sets: Vec<Vec<&str>> =
        sets.map(|labels| labels.tags.iter().map(String::as_str).collect()).collect();
    let answers = briefs.iter().map(|brief| Answer {
        tags: u32::try_from(run.labels_number(brief)).expect("fewer labels than trials"),
        case: brief.case().number(),
        cluster: brief.cluster().number(),
        right: brief.right(),
        confident_wrong: brief.confident_wrong(),
    });
    cards(&answers.collect::<Vec<_>>(), &sets, by_confidence)
}

/// The cards of graded answers with a confidence.
#[must_use]
pub fn by_tag(scored: &Scored) -> Vec<TagCard> {
    let items = &scored.items;
    let answers: Vec<Answer> = items
        .pairs()
        .enumerate()
        .map(|(index, (confidence, right))| Answer {
            tags: scored.tags.set_of(index),
            case: scored.cases[index].number(),
            cluster: u32::try_from(items.clusters()[index]).unwrap_or(u32::MAX),
            right: Some(right),
            confident_wrong: Some(!right && confidence >= scored.threshold_of(index).get()),
        })
        .collect();
    cards(&answers, &scored.tags.sets(), true)
}

/// A card a tag, those first that are least likely by chance; none where cases have no tags.
fn cards(answers: &[Answer], sets: &[Vec<&str>], by_confidence: bool) -> Vec<TagCard> {
    let mut used = vec![false; sets.len()];
    for answer in answers {
        used[answer.tags as usize] = true;
    }
    let mut tags: Vec<&str> = sets
        .iter()
        .zip(used)
        .filter(|(_, used)| *used)
        .flat_map(|(set, _)| set.iter().copied())
        .collect();
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > MOST {
        return Vec::new();
    }
    let has: Vec<Vec<usize>> = sets
        .iter()
        .map(|set| {
            let mut places: Vec<usize> =
                set.iter().filter_map(|tag| tags.binary_search(tag).ok()).collect();
            places.sort_unstable();
            places.dedup();
            places
        })
        .collect();
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); tags.len()];
    for (answer, index) in answers.iter().zip(0..) {
        has[answer.tags as usize].iter().for_each(|tag| members[*tag].push(index));
    }
    // The answers that the test is about, and where each stands among them.
    let mut place: Vec<Option<u32>> = vec![None; answers.len()];
    let (mut clusters, mut flags) = (Vec::new(), Vec::new());
    for (place, answer) in place.iter_mut().zip(answers) {
        if let Some(flag) = answer.flag(by_confidence) {
            *place = u32::try_from(flags.len()).ok();
            clusters.push(answer.cluster);
            flags.push(flag);
        }
    }
    let whole = Whole::of(clusters, flags);
    // The share of all: a part that differs much needs no other size than its rest.
    let overall = whole.share().unwrap_or(0.5);
    let needed = part_sample_size(overall, DIFFERENCE, ERRORS).unwrap_or(1);
    let all = whole.clusters();
    let mut cards: Vec<TagCard> = tags
        .into_iter()
        .zip(members)
        .map(|(tag, members)| {
            let counted = members.iter().filter_map(|index| place[*index as usize]);
            let counted: Vec<usize> = counted.map(|place| place as usize).collect();
            let part = whole.part(&counted);
            let enough = part.clusters() >= needed && all - part.clusters() >= needed;
            let of = || members.iter().map(|index| &answers[*index as usize]);
            TagCard {
                tag: tag.to_owned(),
                accuracy: rate(of(), |at| at.right),
                confident_wrong: rate(of(), |at| at.confident_wrong),
                needed,
                p_value: enough.then(|| part.p_value(SEED)).flatten(),
                adjusted: None,
                elsewhere: part.elsewhere(),
            }
        })
        .collect();
    let p: Vec<f64> = cards.iter().filter_map(|card| card.p_value).collect();
    let mut adjusted = Multiplicity::BenjaminiHochberg.adjusted(&p).into_iter();
    for card in &mut cards {
        card.adjusted = card.p_value.and_then(|_| adjusted.next());
    }
    let chance = |card: &TagCard| card.p_value.unwrap_or(2.0);
    cards.sort_by(|one, other| chance(one).total_cmp(&chance(other)));
    cards
}

/// How many of the answers have a flag set, of those that have it at all.
fn rate<'a>(
    answers: impl Iterator<Item = &'a Answer> + Clone,
    flag: fn(&Answer) -> Option<bool>,
) -> Rate {
    let flags = answers.filter_map(|at| Some((at, flag(at)?)));
    let cases = distinct(flags.clone().map(|(at, _)| at.case));
    let share = ClusteredProportion::of(flags.map(|(at, flag)| (at.cluster, flag)));
    Rate::from(Evidence { share, cases })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Outcome, Record};

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
        let run = Run::of(header(records.len()), records.to_vec());
        of_briefs(&run, &run.briefs().iter().collect::<Vec<_>>(), true)
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
