//! Records on their way into a [`Run`]: one at a time, and forgotten when their briefs are made.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::brief::{NO_LETTER, NONE, SURE, UNKNOWN};
use super::{Brief, Choice, Header, Labels, Measured, Name, Names, Outcome, Record, Run, Shelf};

/// The last place that a plan can have.
pub const LAST: usize = u32::MAX as usize - 1;

/// A run that is being read: records in any order, of which each leaves its brief.
#[derive(Debug)]
pub struct RunBuilder {
    header: Header,
    briefs: Vec<Brief>,
    names: Names,
    labels: Vec<Labels>,
    known_labels: HashMap<u64, Vec<u32>>,
    choices: Vec<Choice>,
    probabilities: Vec<f64>,
    sures: Vec<f64>,
    known: Known,
    nothing: Name,
    hasher: RandomState,
}

impl RunBuilder {
    /// No record yet; about so many are expected.
    #[must_use]
    pub fn new(header: Header, records: usize) -> RunBuilder {
        let mut names = Names::with_capacity(records);
        let nothing = names.nameless();
        RunBuilder {
            briefs: Vec::with_capacity(records),
            sures: Vec::with_capacity(records),
            header,
            names,
            labels: Vec::new(),
            known_labels: HashMap::new(),
            choices: Vec::new(),
            probabilities: Vec::new(),
            known: Known::default(),
            nothing,
            hasher: RandomState::new(),
        }
    }

    /// Adds a record that the shelf has at this place; none where the trial has one already.
    ///
    /// # Panics
    /// If its place in the plan is beyond [`LAST`].
    pub fn add(&mut self, record: &Record, place: u64) -> Option<&Brief> {
        assert!(record.index <= LAST, "a plan has no place {}", record.index);
        let index = u32::try_from(record.index).expect("the last place is below 2^32");
        if !self.known.add(index) {
            return None;
        }
        let number = u32::try_from(self.briefs.len()).expect("fewer than 2^32 records");
        let case = self.names.add(&record.case);
        let name = |names: &mut Names, text: &str| {
            if text == record.case { case } else { names.add(text) }
        };
        let cluster = name(&mut self.names, record.cluster());
        let row = record.row.as_deref().map_or(case, |row| name(&mut self.names, row));
        let said = match surely_said(record) {
            Some(said) => self.names.add(&said),
            None => self.nothing,
        };
        let asked = self.header.endpoints.iter().position(|asked| asked.name == record.endpoint);
        let (probabilities, classes) = self.probabilities(record);
        for source in &self.header.sources {
            let missing = match record.confidence.get(source) {
                Some(Measured::Known(value)) if (0.0..=1.0).contains(value) => {
                    // -0.0 + 0.0 is 0.0.
                    self.sures.push(value + 0.0);
                    continue;
                }
                Some(Measured::Known(_)) => "outside 0..1",
                Some(Measured::Missing { missing }) => missing,
                None => "not asked for",
            };
            self.sures.push(self.names.add(missing).below_zero());
        }
        let brief = Brief {
            place,
            primary: record.primary.unwrap_or(f64::NAN),
            index,
            number,
            labels: self.labels(record),
            choice: self.choice(record),
            probabilities,
            case,
            cluster,
            row,
            said,
            repeat: record.repeat,
            endpoint: asked.and_then(|place| u16::try_from(place).ok()).unwrap_or(UNKNOWN),
            classes,
            kind: record.outcome.kind(),
            quadrant: record.quadrant,
            label: letter(&record.expected).unwrap_or(NO_LETTER),
            letter: said_letter(record).unwrap_or(NO_LETTER),
            abstained: record.abstained,
        };
        self.briefs.push(brief);
        self.briefs.last()
    }

    /// All records were added, and this shelf has them.
    #[must_use]
    pub fn finish(self, shelf: Arc<dyn Shelf>) -> Run {
        let RunBuilder {
            header,
            mut briefs,
            mut names,
            labels,
            choices,
            probabilities,
            sures,
            nothing,
            ..
        } = self;
        names.close();
        briefs.sort_unstable_by_key(|brief| brief.index);
        Run { header, briefs, names, labels, choices, probabilities, sures, shelf, nothing }
    }

    fn labels(&mut self, record: &Record) -> u32 {
        let hash = self.hasher.hash_one((
            &record.tags,
            &record.slices,
            &record.variant,
            record.threshold.map(f64::to_bits),
        ));
        let known = self.known_labels.entry(hash).or_default();
        let same = |number: &&u32| {
            let Labels { tags, slices, variant, threshold } = &self.labels[**number as usize];
            (tags, slices, variant) == (&record.tags, &record.slices, &record.variant)
                && threshold.map(f64::to_bits) == record.threshold.map(f64::to_bits)
        };
        if let Some(number) = known.iter().find(same) {
            return *number;
        }
        let number = u32::try_from(self.labels.len()).expect("fewer labels than records");
        known.push(number);
        self.labels.push(Labels {
            tags: record.tags.clone(),
            slices: record.slices.clone(),
            variant: record.variant.clone(),
            threshold: record.threshold,
        });
        number
    }

    /// The choice that a record took, where its row has several cases.
    fn choice(&mut self, record: &Record) -> u32 {
        let said = said_letter(record).filter(|_| record.row.is_some());
        let Some(text) = said.and_then(|said| record.choices.get(usize::from(said))) else {
            return NONE;
        };
        let order = self.hasher.hash_one(&record.choices);
        self.choices.push(Choice { order, text: self.hasher.hash_one(text) });
        u32::try_from(self.choices.len() - 1).expect("fewer choices than records")
    }

    /// Where the probabilities of its choices start, and how many there are.
    fn probabilities(&mut self, record: &Record) -> (u32, u8) {
        let Some(all) = &record.choice_probabilities else { return (NONE, 0) };
        let start = u32::try_from(self.probabilities.len()).ok().filter(|start| *start != NONE);
        let (Some(start), Ok(classes)) = (start, u8::try_from(all.len())) else {
            return (NONE, 0);
        };
        self.probabilities.extend(all);
        (start, classes)
    }
}

/// Which trials have a record. They are finished almost in plan order, so only those are listed that
/// are ahead of one that is not finished.
#[derive(Debug, Default)]
struct Known {
    /// All below are known.
    below: u32,
    ahead: HashSet<u32>,
}

impl Known {
    /// Adds a trial; false if it is known.
    fn add(&mut self, index: u32) -> bool {
        if index < self.below || !self.ahead.insert(index) {
            return false;
        }
        while self.ahead.remove(&self.below) {
            self.below += 1;
        }
        true
    }
}

/// Place of a lone letter among the letters.
fn letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(letter - b'A'),
        _ => None,
    }
}

/// Place of the letter that a graded record says, where a letter with a choice is what is expected.
fn said_letter(record: &Record) -> Option<u8> {
    let said = record.answer.as_deref().filter(|_| record.outcome.is_graded())?;
    let has = |letter: &u8| usize::from(*letter) < record.choices.len();
    letter(&record.expected).filter(has)?;
    letter(said).filter(has)
}

/// What is said, in the form in which answers are compared, where it is wrong and sure.
fn surely_said(record: &Record) -> Option<String> {
    record.primary.filter(|sure| *sure >= SURE)?;
    let said = record.answer.as_deref().filter(|_| record.outcome == Outcome::Incorrect)?;
    let said = said.trim_end_matches('.').to_lowercase();
    Some(said.split_whitespace().collect::<Vec<_>>().join(" "))
}
