//! What statistics see of graded answers: a column a fact, an entry an answer.
//!
//! A run and a file of rows that another harness graded come together here. Texts are kept once
//! and numbered, so a million answers take a few tens of megabytes.

use std::collections::{BTreeMap, HashMap};

use crate::record::{Brief, Name, Names, Run, Sure};
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
    pub cases: Vec<Name>,
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
    names: Names,
    cases: Vec<Name>,
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

impl Columns {
    /// Adds an answer.
    pub fn push(&mut self, answer: Answered<'_>) {
        if let Some(threshold) = answer.threshold {
            self.own.insert(self.confidence.len(), threshold);
        }
        self.confidence.push(answer.confidence);
        self.correct.push(answer.correct);
        let mut number = |text: Option<&str>| match text {
            Some(text) => self.names.add(text),
            None => self.names.nameless(),
        };
        self.cases.push(number(answer.case));
        self.clusters.push(number(answer.cluster).number());
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
        let items = Items::new(confidence, correct)?.in_keyed_clusters(&clusters)?;
        Ok(Scored { items, threshold, own, cases, tags })
    }
}

impl Scored {
    /// How many different cases the answers at these indices are to.
    #[must_use]
    pub fn distinct_cases(&self, indices: impl Iterator<Item = usize>) -> usize {
        let most = self.cases.iter().max().map_or(0, |most| most.place() + 1);
        let mut seen = vec![false; most];
        indices
            .filter(|index| !std::mem::replace(&mut seen[self.cases[*index].place()], true))
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
        self.names_of(&self.listed[self.of_answer[index] as usize])
    }

    /// The number of the set of tags of the answer at an index.
    pub(super) fn set_of(&self, index: usize) -> u32 {
        self.of_answer[index]
    }

    /// The sets by their numbers.
    pub(super) fn sets(&self) -> Vec<Vec<&str>> {
        self.listed.iter().map(|set| self.names_of(set).collect()).collect()
    }

    fn names_of(&self, set: &[u32]) -> impl Iterator<Item = &str> {
        set.iter().map(|tag| self.names[*tag as usize].as_str())
    }

    fn push(&mut self, tags: &[String]) {
        let set = self.set(tags);
        self.of_answer.push(set);
    }

    /// The number of a set of tags, a new one if it was not known.
    fn set(&mut self, tags: &[String]) -> u32 {
        let mut set: Vec<u32> = tags.iter().map(|tag| self.number_of(tag)).collect();
        set.sort_unstable();
        set.dedup();
        let next = u32::try_from(self.sets.len()).expect("fewer sets of tags than answers");
        let set: Box<[u32]> = set.into();
        let number = *self.sets.entry(set.clone()).or_insert(next);
        if number == next {
            self.listed.push(set);
        }
        number
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

/// The graded answers that have a confidence of this source, by its place in the header, and how many
/// have none, by reason.
pub(super) fn of_briefs(
    run: &Run,
    source: usize,
    briefs: &[&Brief],
) -> (Scored, BTreeMap<String, usize>) {
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    let most = briefs.len();
    let (mut confidence, mut correct) = (Vec::with_capacity(most), Vec::with_capacity(most));
    let (mut cases, mut clusters) = (Vec::with_capacity(most), Vec::with_capacity(most));
    let mut own = HashMap::new();
    let mut tags = Tags::default();
    let mut sets: Vec<Option<u32>> = vec![None; run.all_labels().len()];
    let graded = briefs.iter().filter(|brief| !brief.abstained());
    for (brief, right) in graded.filter_map(|brief| Some((*brief, brief.right()?))) {
        let mut without = |reason: &str| *missing.entry(reason.to_owned()).or_default() += 1;
        let value = match run.sure(brief, source) {
            Sure::Known(value) => value,
            Sure::Missing(reason) => {
                without(run.name(reason));
                continue;
            }
        };
        let labels = run.labels(brief);
        // It comes from a file, which anybody may have written.
        if let Some(threshold) = labels.threshold.and_then(|own| Threshold::new(own).ok()) {
            own.insert(confidence.len(), threshold);
        }
        confidence.push(value);
        correct.push(right);
        cases.push(brief.case());
        clusters.push(brief.cluster().number());
        let set = &mut sets[run.labels_number(brief)];
        let set = *set.get_or_insert_with(|| tags.set(&labels.tags));
        tags.of_answer.push(set);
    }
    let threshold = Threshold::new(run.header.threshold).expect("a run's threshold was checked");
    let items = Items::new(confidence, correct).and_then(|at| at.in_keyed_clusters(&clusters));
    let items = items.expect("confidences were looked at above, each with its cluster");
    (Scored { items, threshold, own, cases, tags }, missing)
}
