//! What a run has to say of the cases under review: question, expected answer, every draw.
//!
//! A snapshot keeps a line a case; the words are in the records of the run that proposed it. They
//! are read by threads of their own, so that the list is there at once. A run may be gone, or
//! another one than the proposal is of: then its words are not shown as if they were.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use crate::journal;
use crate::record::{Record, Run};
use crate::report::{Sharers, Style, trial};
use crate::snapshot::{Change, Line, Tallies};
use crate::suite::display;

use super::super::pending::Pending;
use super::super::report::as_needed;

/// Most trials of a run that are looked through for those that shared a call.
const MOST_SHARERS: usize = 5000;

/// An endpoint and a case.
type Key = (String, String);

/// What is known of one case.
#[derive(Debug)]
pub(super) enum Evidence {
    /// Its run is being read.
    Reading,
    /// Nobody knows where it comes from, or it cannot be read: in words.
    Missing(String),
    Here(Facts),
}

/// What a run has of a case.
#[derive(Debug)]
pub(super) struct Facts {
    pub question: String,
    /// Its choices, the first being A; empty for open questions.
    pub choices: Vec<String>,
    /// The right answer for people.
    pub expected: String,
    pub tags: Vec<String>,
    /// Where the case is written.
    pub written: String,
    /// What was said, word for word, and how often; the most frequent first. Empty where the run
    /// says otherwise than the line.
    pub said: Vec<(String, usize)>,
    /// The primary confidences of the draws, from the smallest up.
    pub sure: Vec<f64>,
    /// The draws. Empty where the run says otherwise than the line.
    pub records: Vec<Record>,
    /// Why there are no draws.
    pub remark: Option<String>,
    run: Arc<Read>,
}

/// A run that was read.
#[derive(Debug)]
pub(super) struct Read {
    dir: PathBuf,
    run: Run,
    /// By endpoint and case the places of the trials, for cases under review.
    trials: HashMap<Key, Vec<usize>>,
    /// The questions of these cases.
    questions: HashMap<Key, String>,
}

/// A run that was read, or why it was not.
type Told = Result<Arc<Read>, String>;

/// The runs of a review.
#[derive(Debug)]
pub(super) struct Library {
    /// Of each snapshot its endpoint and the directory of its run.
    of: Vec<(String, Option<PathBuf>)>,
    runs: BTreeMap<PathBuf, Told>,
}

/// A run was read.
#[derive(Debug)]
pub(super) struct Arrived {
    dir: PathBuf,
    told: Told,
}

impl Library {
    /// Begins to read the runs; each arrives as soon as it is read.
    pub(super) fn open<T: From<Arrived> + Send + 'static>(
        pending: &[Pending],
        arrived: &Sender<T>,
    ) -> Library {
        let of: Vec<_> = pending
            .iter()
            .map(|pending| (pending.proposed.of.endpoint.clone(), pending.run.clone()))
            .collect();
        let mut wanted: BTreeMap<PathBuf, HashSet<Key>> = BTreeMap::new();
        for pending in pending {
            let Some(dir) = &pending.run else { continue };
            let endpoint = &pending.proposed.of.endpoint;
            let cases = pending.changes.iter().chain(&pending.quiet);
            let cases = cases.map(|change| (endpoint.clone(), change.case.clone()));
            wanted.entry(dir.clone()).or_default().extend(cases);
        }
        for (dir, cases) in wanted {
            let arrived = arrived.clone();
            let read = move || {
                let told = Read::of(&dir, &cases).map(Arc::new);
                // Who does not listen any more has ended the review.
                let _ = arrived.send(Arrived { dir, told }.into());
            };
            // Without a thread nothing arrives, and the list stays as it is.
            let _ = thread::Builder::new().name("run".to_owned()).spawn(read);
        }
        Library { of, runs: BTreeMap::new() }
    }

    /// Puts a run there, and says of which snapshots it is.
    pub(super) fn put(&mut self, arrived: Arrived) -> Vec<usize> {
        let Arrived { dir, told } = arrived;
        let of = self.of.iter().enumerate().filter(|(_, (_, of))| of.as_ref() == Some(&dir));
        let places = of.map(|(place, _)| place).collect();
        self.runs.insert(dir, told);
        places
    }

    /// The question of a case of a snapshot, if its run is here.
    pub(super) fn question(&self, place: usize, case: &str) -> Option<&str> {
        let (endpoint, dir) = &self.of[place];
        let read = self.runs.get(dir.as_ref()?)?.as_ref().ok()?;
        read.questions.get(&(endpoint.clone(), case.to_owned())).map(String::as_str)
    }

    /// Whether every run is here, or will not come.
    pub(super) fn is_complete(&self) -> bool {
        self.of.iter().filter_map(|(_, dir)| dir.as_ref()).all(|dir| self.runs.contains_key(dir))
    }

    /// What is known of a change of a snapshot.
    pub(super) fn evidence(&self, place: usize, change: &Change) -> Evidence {
        let (endpoint, dir) = &self.of[place];
        let Some(dir) = dir else {
            let what = "no run is at hand: question and exchange are in the run that proposed it";
            return Evidence::Missing(what.to_owned());
        };
        match self.runs.get(dir) {
            None => Evidence::Reading,
            Some(Err(why)) => Evidence::Missing(why.clone()),
            Some(Ok(read)) => read.evidence(endpoint, change).unwrap_or_else(Evidence::Missing),
        }
    }
}

impl Read {
    fn of(dir: &Path, cases: &HashSet<Key>) -> Result<Read, String> {
        let told = |error: journal::ReadError| error.to_string();
        let header = journal::read_header(dir).map_err(told)?;
        let mut questions = HashMap::new();
        let mut look = |record: &Record| {
            let key = (record.endpoint.to_string(), record.case.clone());
            if cases.contains(&key) {
                questions.entry(key).or_insert_with(|| record.question.clone());
            }
        };
        let run = journal::read_with(dir, header, &mut |record, _| look(record)).map_err(told)?;
        Ok(Read::with(dir, as_needed(run), questions, cases))
    }

    fn with(dir: &Path, run: Run, questions: HashMap<Key, String>, cases: &HashSet<Key>) -> Read {
        let mut trials: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, brief) in run.briefs().iter().enumerate() {
            let endpoint = brief.endpoint().map(|place| &run.header.endpoints[place].name);
            let Some(endpoint) = endpoint else { continue };
            let key = (endpoint.to_string(), run.name(brief.case()).to_owned());
            if cases.contains(&key) {
                trials.entry(key).or_default().push(at);
            }
        }
        Read { dir: dir.to_owned(), run, trials, questions }
    }

    fn evidence(self: &Arc<Read>, endpoint: &str, change: &Change) -> Result<Evidence, String> {
        let shown = display(&self.dir);
        let key = (endpoint.to_owned(), change.case.clone());
        let trials = self.trials.get(&key);
        let trials = trials.ok_or_else(|| format!("the run {shown} does not ask this case"))?;
        let records = trials.iter().map(|at| self.run.record(&self.run.briefs()[*at]));
        let records: Vec<Record> =
            records.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let mut tallies = Tallies::default();
        for record in &records {
            tallies.add(record, self.run.header.threshold);
        }
        let line = tallies.lines().remove(&change.case);
        let subject = line.as_ref().map(|line| line.subject);
        let ours = change.after.as_ref().or(change.before.as_ref());
        if subject.is_none() || subject != ours.map(|line| line.subject) {
            return Err(format!("the run {shown} asks another question under this name"));
        }
        let first = &records[0];
        let mut facts = Facts {
            question: first.question.clone(),
            choices: first.choices.clone(),
            expected: first.wanted(),
            tags: first.tags.clone(),
            written: format!("{}:{}", first.at.file, first.at.line),
            said: Vec::new(),
            sure: Vec::new(),
            records: Vec::new(),
            remark: None,
            run: Arc::clone(self),
        };
        if change.after.as_ref().zip(line.as_ref()).is_some_and(|(ours, line)| same(ours, line)) {
            facts.said = most_frequent(records.iter().filter_map(Record::said));
            facts.sure = records.iter().filter_map(|record| record.primary).collect();
            facts.sure.sort_by(f64::total_cmp);
            facts.records = records;
        } else {
            let other = format!("the run {shown} says otherwise: its exchange is not of this line");
            facts.remark = Some(other);
        }
        Ok(Evidence::Here(facts))
    }
}

impl Facts {
    /// Everything that was said, as `overclaim show` prints it.
    pub(super) fn exchange(&self, style: Style) -> String {
        let run = &self.run.run;
        let few = run.briefs().len() <= MOST_SHARERS;
        let sharers = if few { Sharers::of(&self.records, run.records()).ok() } else { None };
        let sharers = sharers.unwrap_or_default();
        let pages = self.records.iter().map(|record| trial(&run.header, record, &sharers, style));
        pages.collect::<Vec<_>>().join("\n")
    }
}

/// Whether two lines say the same; that an answer is known to be wrong is no part of it.
fn same(one: &Line, other: &Line) -> bool {
    Line { known: None, ..one.clone() } == Line { known: None, ..other.clone() }
}

fn most_frequent(said: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for text in said {
        match counts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => counts.push((text, 1)),
        }
    }
    counts.sort_by(|(_, one), (_, other)| other.cmp(one));
    counts
}

#[cfg(test)]
pub(super) mod tests;
