//! What statistics see of graded answers: a column a fact, an entry an answer.
//!
//! A run and a file of rows that another harness graded come together here. Texts are kept once
//! and numbered, so a million answers take a few tens of megabytes.

use std::collections::{BTreeMap, HashMap};

use crate::record::{Measured, Outcome, Record};
use crate::score::{Items, ItemsError, Threshold};

/// Graded answers that have a confidence of one source.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Confidence and correctness, by clusters.
    pub items: Items,
    /// Confidence from which on an answer counts as confident, where none of its own is set.
    pub threshold: Threshold,
    /// Thresholds of their own, by index.
    own: HashMap<usize, Threshold>,
    /// A number for the case of each answer: equal for answers to one case.
    pub cases: Vec<u32>,
    /// The tags of each answer.
    pub tags: Tags,
}

/// One answer on its way into the columns.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Name of its case; none where it is the only answer to a case without a name.
    pub case: Option<&'a str>,
    /// Name of its cluster: answers of one are alike. None where nothing is like it.
    pub cluster: Option<&'a str>,
    /// What it is sorted by.
    pub tags: &'a [String],
    /// Confidence in [0, 1].
    pub confidence: f64,
    /// Whether it is right.
    pub correct: bool,
    /// Confidence from which on it counts as confident, where it is not that of all.
    pub threshold: Option<Threshold>,
}

/// The columns, being filled.
#[derive(Debug, Default)]
pub struct Columns {
    confidence: Vec<f64>,
    correct: Vec<bool>,
    own: HashMap<usize, Threshold>,
    /// Cases and clusters: most cases are clusters of that name, so texts are kept once.
    names: Numbers,
    cases: Vec<u32>,
    clusters: Vec<u32>,
    tags: Tags,
}

/// Tags by answer. Most answers share their tags with many others, so sets are kept once.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    names: Vec<String>,
    number: HashMap<String, u32>,
    sets: HashMap<Box<[u32]>, u32>,
    /// The sets by their numbers.
    listed: Vec<Box<[u32]>>,
    of_answer: Vec<u32>,
}

/// Texts, numbered in order of first appearance.
#[derive(Debug, Default)]
struct Numbers {
    known: HashMap<Box<str>, u32>,
    next: u32,
}

impl Numbers {
    fn of(&mut self, text: Option<&str>) -> u32 {
        if let Some(number) = text.and_then(|text| self.known.get(text)) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        if let Some(text) = text {
            self.known.insert(text.into(), number);
        }
        number
    }
}

impl Columns {
    /// Adds an answer.
    pub fn push(&mut self, answer: Answered<'_>) {
        if let Some(threshold) = answer.threshold {
            self.own.insert(self.confidence.len(), threshold);
        }
        self.confidence.push(answer.confidence);
        self.correct.push(answer.correct);
        self.cases.push(self.names.of(answer.case));
        self.clusters.push(self.names.of(answer.cluster));
        self.tags.push(answer.tags);
    }

    /// Number of answers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.confidence.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.confidence.is_empty()
    }

    /// The answers, for statistics.
    ///
    /// # Errors
    /// A confidence that is no number in [0, 1].
    pub fn finish(self, threshold: Threshold) -> Result<Scored, ItemsError> {
        let Columns { confidence, correct, own, names, cases, clusters, tags } = self;
        drop(names);
        let items = Items::new(confidence, correct)?.in_clusters(clusters)?;
        Ok(Scored { items, threshold, own, cases, tags })
    }
}

impl Scored {
    /// How many different cases the answers at these indices are to.
    #[must_use]
    pub fn distinct_cases(&self, indices: impl Iterator<Item = usize>) -> usize {
        // Numbers of cases are at most twice as many as answers.
        let most = self.cases.iter().max().map_or(0, |most| *most as usize + 1);
        let mut seen = vec![false; most];
        indices
            .filter(|index| !std::mem::replace(&mut seen[self.cases[*index] as usize], true))
            .count()
    }

    /// Confidence from which on the answer at an index counts as confident.
    #[must_use]
    pub fn threshold_of(&self, index: usize) -> Threshold {
        self.own.get(&index).copied().unwrap_or(self.threshold)
    }
}

impl Tags {
    /// The tags of the answer at an index.
    ///
    /// # Panics
    /// Unless there is such an answer.
    pub fn of(&self, index: usize) -> impl Iterator<Item = &str> {
        let set = &self.listed[self.of_answer[index] as usize];
        set.iter().map(|tag| self.names[*tag as usize].as_str())
    }

    fn push(&mut self, tags: &[String]) {
        let mut set: Vec<u32> = tags.iter().map(|tag| self.number_of(tag)).collect();
        set.sort_unstable();
        set.dedup();
        let next = u32::try_from(self.sets.len()).expect("fewer sets of tags than answers");
        let set: Box<[u32]> = set.into();
        let number = *self.sets.entry(set.clone()).or_insert(next);
        if number == next {
            self.listed.push(set);
        }
        self.of_answer.push(number);
    }

    fn number_of(&mut self, tag: &str) -> u32 {
        if let Some(number) = self.number.get(tag) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).expect("fewer tags than 2^32");
        self.names.push(tag.to_owned());
        self.number.insert(tag.to_owned(), number);
        number
    }
}

/// The graded answers that have a confidence of this source, and how many have none, by reason.
pub(super) fn of_records(
    source: &str,
    records: &[&Record],
    threshold: f64,
) -> (Scored, BTreeMap<String, usize>) {
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    let mut columns = Columns::default();
    for record in records.iter().filter(|record| record.outcome.is_graded() && !record.abstained) {
        let mut without = |reason: &str| *missing.entry(reason.to_owned()).or_default() += 1;
        match record.confidence.get(source) {
            Some(Measured::Known(value)) if (0.0..=1.0).contains(value) => {
                columns.push(Answered {
                    case: Some(&record.case),
                    cluster: Some(record.cluster()),
                    tags: &record.tags,
                    confidence: *value,
                    correct: record.outcome == Outcome::Correct,
                    // It comes from a file, which anybody may have written.
                    threshold: record.threshold.and_then(|own| Threshold::new(own).ok()),
                });
            }
            Some(Measured::Known(_)) => without("outside 0..1"),
            Some(Measured::Missing { missing: reason }) => without(reason),
            None => without("not asked for"),
        }
    }
    let threshold = Threshold::new(threshold).expect("a run's threshold was checked");
    let scored = columns.finish(threshold).expect("confidences were looked at above");
    (scored, missing)
}
