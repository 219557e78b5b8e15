//! Answers that another harness graded: rows of confidence and correctness, from any log.
//!
//! A row counts when both can be read. One without a confidence is counted as such and never given
//! one, one without a grade is counted beside the rest, and a row that says something else in their
//! place is bad: it is refused with its number and the reason, or skipped and counted where the
//! user asks for that. Rows of several sources, such as models or confidence methods, are never
//! pooled.

mod pick;
mod sides;
mod value;
mod wrong;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

pub use sides::{Rows, SourceSides};
pub use wrong::Wrong;

use serde_json::Value;

use crate::score::Threshold;
use crate::scorecard::{Answered, Columns, Scored};
use crate::suite::{Placed, Table, TableError};
use pick::{field_names, pick};
use value::{confidence, correct, tags, text};
use wrong::Surest;

/// More sources than this are a sign that the field holds something else.
const MOST_SOURCES: usize = 100;

/// How many bad rows are kept with their reasons; all are counted.
const BAD_KEPT: usize = 20;

/// What a row without a source is called by.
const ONLY_SOURCE: &str = "confidence";

/// Which fields of a row are meant. A name is a path such as `scores.match.value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// How sure the model was, in [0, 1].
    pub confidence: String,
    /// Whether its answer is right.
    pub correct: String,
    /// Name of the case; rows of one case are alike.
    pub id: String,
    /// Name of a group of cases that are alike.
    pub group: String,
    /// What the case is sorted by: a list, or a text.
    pub tags: String,
    /// Whose confidence it is, where a file has several.
    pub source: String,
    /// The question for people.
    pub question: String,
    /// What the model said, for people.
    pub answer: String,
    /// What is right, for people.
    pub expected: String,
}

impl Default for Fields {
    fn default() -> Fields {
        let name = |name: &str| name.to_owned();
        Fields {
            confidence: name("confidence"),
            correct: name("correct"),
            id: name("id"),
            group: name("group"),
            tags: name("tags"),
            source: name("source"),
            question: name("question"),
            answer: name("answer"),
            expected: name("expected"),
        }
    }
}

/// What was read.
#[derive(Debug)]
pub struct Graded {
    /// Rows of the file, bad ones included.
    pub rows: usize,
    /// Rows without a grade.
    pub ungraded: usize,
    /// Rows that were skipped because they are bad.
    pub skipped: usize,
    /// The first of them.
    pub bad: Vec<BadRow>,
    /// One entry a source, in the order of first appearance.
    pub sources: Vec<Source>,
}

/// The answers of one source.
#[derive(Debug)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its answers with a confidence.
    pub scored: Scored,
    /// Its graded answers without one, by reason.
    pub missing: BTreeMap<String, usize>,
    /// Its confident wrong answers, the surest first, as many as were asked for.
    pub wrong: Vec<Wrong>,
}

/// A row that says something else where a confidence or a grade should stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its number, from 1.
    pub row: usize,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong with it and what to do about it.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadRow { row, line, reason } = self;
        if row == line {
            write!(f, "row {row}: {reason}")
        } else {
            write!(f, "row {row} (line {line}): {reason}")
        }
    }
}

/// Why rows cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScoredError {
    /// The file cannot be read, or read further.
    Table(TableError),
    /// Rows are bad: the first of them, and how many there are.
    Bad(Vec<BadRow>, usize),
    /// No row has this field: what it is for, its name, and the fields of the first row.
    NoField(&'static str, String, Vec<String>),
    /// The field of sources holds something else.
    TooManySources(String),
}

impl fmt::Display for ScoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScoredError::Table(error) => error.fmt(f),
            ScoredError::Bad(_, count) => {
                let rows = if *count == 1 { "row is" } else { "rows are" };
                write!(f, "{count} {rows} bad; mend them, or leave them out with --skip-bad")
            }
            ScoredError::NoField(what, name, fields) => write!(
                f,
                "no row has the field `{name}`; name the one that has it with --{what}-field (the first row has {})",
                fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
            ),
            ScoredError::TooManySources(name) => write!(
                f,
                "`{name}` has more than {MOST_SOURCES} different values; is it the name of a model or of a confidence method? (choose another with --source-field)"
            ),
        }
    }
}

/// How rows are read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Which fields are meant.
    pub fields: Fields,
    /// Confidence from which on an answer counts as confident.
    pub threshold: Threshold,
    /// Bad rows are skipped and counted.
    pub skip_bad: bool,
    /// How many confident wrong answers of each source are kept.
    pub top: usize,
}

impl Reading {
    /// Reads all rows.
    ///
    /// # Errors
    /// See [`ScoredError`].
    pub fn read(&self, mut table: Table) -> Result<Graded, ScoredError> {
        let mut reader = Reader::new(self);
        while let Some(placed) = table.next_row() {
            reader.row(placed)?;
        }
        reader.finish()
    }
}

/// Reads one row after the other.
struct Reader<'a> {
    reading: &'a Reading,
    names: [&'a str; 9],
    rows: usize,
    ungraded: usize,
    bad: Vec<BadRow>,
    bad_count: usize,
    /// The fields of the first row.
    first: Vec<String>,
    /// Whether any row has the field of confidences, and that of grades.
    seen: [bool; 2],
    sources: Vec<Filling>,
    number: HashMap<String, usize>,
}

/// A source, being read.
struct Filling {
    name: String,
    columns: Columns,
    without: usize,
    surest: Surest,
}

/// A row, read.
struct Answer {
    confidence: Option<f64>,
    /// None where it was not graded.
    correct: Option<bool>,
    id: Option<String>,
    group: Option<String>,
    tags: Vec<String>,
    source: Option<String>,
    question: Option<String>,
    answer: Option<String>,
    expected: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(reading: &'a Reading) -> Reader<'a> {
        let Fields { confidence, correct, id, group, tags, source, question, answer, expected } =
            &reading.fields;
        Reader {
            reading,
            names: [confidence, correct, id, group, tags, source, question, answer, expected],
            rows: 0,
            ungraded: 0,
            bad: Vec::new(),
            bad_count: 0,
            first: Vec::new(),
            seen: [false; 2],
            sources: Vec::new(),
            number: HashMap::new(),
        }
    }

    fn row(&mut self, placed: Placed<'_>) -> Result<(), ScoredError> {
        let number = placed.number;
        let Some(answer) = self.read(placed)? else { return Ok(()) };
        let Some(correct) = answer.correct else {
            self.ungraded += 1;
            return Ok(());
        };
        self.add(number, answer, correct)
    }

    /// The answer of the next row; none where the row is bad.
    fn read(&mut self, placed: Placed<'_>) -> Result<Option<Answer>, ScoredError> {
        let Placed { number, line, row } = placed;
        let read = match row {
            Ok(row) => {
                if self.first.is_empty() {
                    self.first = field_names(&row);
                }
                pick(row, &self.names).and_then(|picked| self.answer(picked))
            }
            Err(error) if error.last => return Err(ScoredError::Table(error)),
            Err(error) => Err(format!("{} ({})", error.message, error.remedy)),
        };
        self.rows = number;
        match read {
            Ok(answer) => Ok(Some(answer)),
            Err(reason) => {
                self.bad_count += 1;
                if self.bad.len() < BAD_KEPT {
                    self.bad.push(BadRow { row: number, line, reason });
                }
                Ok(None)
            }
        }
    }

    fn answer(&mut self, picked: Vec<Option<Value>>) -> Result<Answer, String> {
        let mut picked = picked.into_iter();
        let mut next = || picked.next().flatten();
        let (sure, right) = (next(), next());
        self.seen = [self.seen[0] || sure.is_some(), self.seen[1] || right.is_some()];
        let (confidence, correct) = (confidence(sure)?, correct(right)?);
        Ok(Answer {
            confidence,
            correct,
            id: text(next()),
            group: text(next()),
            tags: tags(next()),
            source: text(next()),
            question: text(next()),
            answer: text(next()),
            expected: text(next()),
        })
    }

    fn add(&mut self, row: usize, answer: Answer, correct: bool) -> Result<(), ScoredError> {
        let threshold = self.reading.threshold.get();
        let source = self.source(answer.source.as_deref().unwrap_or(ONLY_SOURCE))?;
        let Some(confidence) = answer.confidence else {
            source.without += 1;
            return Ok(());
        };
        source.columns.push(Answered {
            case: answer.id.as_deref(),
            cluster: answer.group.as_deref().or(answer.id.as_deref()),
            tags: &answer.tags,
            confidence,
            correct,
            threshold: None,
        });
        if !correct && confidence >= threshold {
            let Answer { id, question, answer, expected, .. } = answer;
            source.surest.offer(Wrong { confidence, row, id, question, answer, expected });
        }
        Ok(())
    }

    fn source(&mut self, name: &str) -> Result<&mut Filling, ScoredError> {
        let at = match self.number.get(name) {
            Some(at) => *at,
            None if self.sources.len() == MOST_SOURCES => {
                return Err(ScoredError::TooManySources(self.reading.fields.source.clone()));
            }
            None => {
                self.number.insert(name.to_owned(), self.sources.len());
                self.sources.push(Filling {
                    name: name.to_owned(),
                    columns: Columns::default(),
                    without: 0,
                    surest: Surest::new(self.reading.top),
                });
                self.sources.len() - 1
            }
        };
        Ok(&mut self.sources[at])
    }

    /// Bad rows, and fields that no row has.
    fn check(&mut self) -> Result<(), ScoredError> {
        let fields = &self.reading.fields;
        let wanted = [("confidence", &fields.confidence), ("correct", &fields.correct)];
        // Bad rows are told of first: it may be they that have the field.
        if self.bad_count > 0 && !self.reading.skip_bad {
            return Err(ScoredError::Bad(std::mem::take(&mut self.bad), self.bad_count));
        }
        for ((what, name), seen) in wanted.into_iter().zip(self.seen) {
            if !seen && self.rows > self.bad_count {
                let first = std::mem::take(&mut self.first);
                return Err(ScoredError::NoField(what, name.clone(), first));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Graded, ScoredError> {
        self.check()?;
        let threshold = self.reading.threshold;
        let source = |filling: Filling| {
            let missing = [("not stated".to_owned(), filling.without)];
            Source {
                name: filling.name,
                scored: filling.columns.finish(threshold).expect("confidences were looked at"),
                missing: missing.into_iter().filter(|(_, count)| *count > 0).collect(),
                wrong: filling.surest.ranked(),
            }
        };
        Ok(Graded {
            rows: self.rows,
            ungraded: self.ungraded,
            skipped: self.bad_count,
            bad: self.bad,
            sources: self.sources.into_iter().map(source).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
