//! Rows: from files, read as they are needed, or typed into the suite.
//!
//! A row is a map of variables for the templates, with the place it came from. Files of every
//! format are split into rows by one reader that holds one row at a time ([`split`]); the format
//! gives it the machine that tells rows apart and the parser that reads one ([`jsonl`], [`json`],
//! [`csv`]). Rows that are drawn by a seed are read at the places where one pass found them
//! ([`index`]).

mod csv;
mod edit;
mod files;
mod index;
mod json;
mod jsonl;
mod order;
mod place;
mod reader;
mod split;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::slice;
use std::sync::{Arc, OnceLock};

use crate::span::{Node, Problems, Span, Spanned, Value};

pub use edit::Edit;
pub use order::Order;
pub use place::Quote;
pub use table::{Placed, RawRow, Table, TableError};

use files::DataFile;
use index::Index;
use reader::{Reader, STREAM, Written};
use split::Place;

/// The variables of a case by name.
pub type Variables = BTreeMap<String, serde_json::Value>;

/// One row with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number of the row among all rows of the dataset, from 1, whichever are drawn.
    pub number: usize,
    /// Number of the row in its file, from 1.
    pub nth: usize,
    /// Its file, as the user would write the path.
    pub file: Arc<str>,
    /// Line of its file, from 1.
    pub line: usize,
    /// Place in the suite, for rows typed there.
    pub span: Option<Span>,
    /// Its variables.
    pub variables: Arc<Variables>,
}

impl Row {
    /// The row as error texts name it.
    #[must_use]
    pub fn name(&self) -> RowName {
        let file = self.span.is_none().then(|| Arc::clone(&self.file));
        RowName { nth: self.nth, line: self.line, file }
    }
}

/// A row that was found and is not read yet, so that several may read at the same time.
#[derive(Debug)]
pub struct Unread(Found);

#[derive(Debug)]
enum Found {
    Read(Box<Row>),
    Written { number: usize, nth: usize, row: Written },
}

impl Unread {
    /// The row itself.
    ///
    /// # Errors
    /// It is not written as the format wants it.
    pub fn read(&self) -> Result<Row, RowError> {
        match &self.0 {
            Found::Read(row) => Ok(Row::clone(row)),
            Found::Written { number, nth, row } => Ok(Row {
                number: *number,
                nth: *nth,
                file: Arc::clone(row.file()),
                line: row.place.line,
                span: None,
                variables: Arc::new(row.variables()?),
            }),
        }
    }
}

/// What a row is called.
#[derive(Debug, Clone)]
pub struct RowName {
    nth: usize,
    line: usize,
    file: Option<Arc<str>>,
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RowName { nth, line, .. } = self;
        match &self.file {
            None => write!(f, "case {nth} (line {line})"),
            Some(file) if nth == line => write!(f, "row {nth} of {file}"),
            Some(file) => write!(f, "row {nth} of {file} (line {line})"),
        }
    }
}

/// Why a row cannot be read.
#[derive(Debug, Clone)]
pub enum RowError {
    /// It is not written as the format wants it.
    Malformed(Malformed),
    /// The file cannot be read further.
    Unreadable {
        /// What is wrong.
        message: String,
        /// What to do about it.
        remedy: &'static str,
    },
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RowError::Malformed(row) => write!(f, "{}:{}: {}", row.file(), row.line(), row.message),
            RowError::Unreadable { message, .. } => f.write_str(message),
        }
    }
}

/// What is wrong at a place of a file.
#[derive(Debug, Clone)]
pub struct Malformed {
    file: Arc<DataFile>,
    at: Place,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Malformed {
    /// The file, as the user would write the path.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.at.line
    }

    /// The line itself, read again.
    #[must_use]
    pub fn quote(&self) -> Quote {
        place::quote(&self.file.path, self.at.offset)
    }
}

/// Where rows come from.
#[derive(Debug)]
pub struct Rows(Origin);

#[derive(Debug)]
enum Origin {
    Typed(Vec<Row>),
    Files { files: Vec<Arc<DataFile>>, order: Order, index: OnceLock<Index> },
}

impl Rows {
    /// Rows from the `cases:` of a suite. What is not a map is left to the caller's findings.
    #[must_use]
    pub fn typed(nodes: &[Node], file: &str) -> Rows {
        let file: Arc<str> = file.into();
        let row = |(index, node): (usize, &Node)| {
            let Value::Map(entries) = &node.value else { return None };
            Some(Row {
                number: index + 1,
                nth: index + 1,
                file: Arc::clone(&file),
                line: node.span.line as usize,
                span: Some(node.span),
                variables: Arc::new(
                    entries
                        .iter()
                        .filter(|(key, _)| key.value != "override")
                        .map(|(key, node)| (key.value.clone(), node.to_json()))
                        .collect(),
                ),
            })
        };
        Rows(Origin::Typed(nodes.iter().enumerate().filter_map(row).collect()))
    }

    /// Rows from files, which are named by paths and globs relative to `dir`. None if a name is
    /// wrong, which is then among the problems; nothing is read yet.
    pub fn open(
        from: &[Spanned<String>],
        dir: &Path,
        order: Order,
        problems: &mut Problems,
    ) -> Option<Rows> {
        let files = files::find(from, dir, problems)?;
        Some(Rows(Origin::Files { files, order, index: OnceLock::new() }))
    }

    /// Reads the rows one after the other; collected into a `Result`, all of them or the first
    /// error. A row that is malformed is an error and the next is read, unless the rows cannot be
    /// told apart any more; then those of the next file are.
    pub fn iter(&self) -> impl Iterator<Item = Result<Row, RowError>> + Send + '_ {
        self.unread().map(|row| row?.read())
    }

    /// Finds the rows one after the other, and leaves it to others to read them.
    pub fn unread(&self) -> Box<dyn Iterator<Item = Result<Unread, RowError>> + Send + '_> {
        let read = |row| Unread(Found::Read(Box::new(row)));
        match &self.0 {
            Origin::Typed(rows) => Box::new(rows.iter().cloned().map(read).map(Ok)),
            Origin::Files { files, order, .. } if order.is_as_it_stands() => {
                Box::new(Stream { files: files.iter(), reader: None, number: 0, nth: 0 })
            }
            Origin::Files { files, order, index } => {
                let rows = index.get_or_init(|| Index::new(files, order)).iter();
                Box::new(rows.map(move |row| row.map(read)))
            }
        }
    }

    /// Reads the rows at these places among all that [`Rows::iter`] gives, from 0, in this order.
    /// For files a first pass finds where they stand, sixteen bytes a row.
    pub fn at<'a>(
        &'a self,
        places: impl Iterator<Item = usize> + Send + 'a,
    ) -> Box<dyn Iterator<Item = Result<Row, RowError>> + Send + 'a> {
        match &self.0 {
            Origin::Typed(rows) => {
                Box::new(places.filter_map(|place| rows.get(place).cloned().map(Ok)))
            }
            Origin::Files { files, order, index } => {
                let mut picked = index.get_or_init(|| Index::new(files, order)).picked();
                Box::new(places.filter_map(move |place| picked.row(place)))
            }
        }
    }

    /// The rows that are typed into the suite.
    #[must_use]
    pub fn typed_rows(&self) -> &[Row] {
        match &self.0 {
            Origin::Typed(rows) => rows,
            Origin::Files { .. } => &[],
        }
    }

    /// The wanted size of a sample and the number of rows, where there are fewer; known once the
    /// rows were iterated.
    #[must_use]
    pub fn too_few(&self) -> Option<(&Spanned<usize>, usize)> {
        let Origin::Files { order, index, .. } = &self.0 else { return None };
        let (sample, total) = (order.sample.as_ref()?, index.get()?.total()?);
        (sample.value > total).then_some((sample, total))
    }
}

/// Reads files from the first row to the last.
struct Stream<'a> {
    files: slice::Iter<'a, Arc<DataFile>>,
    reader: Option<Reader>,
    number: usize,
    nth: usize,
}

impl Iterator for Stream<'_> {
    type Item = Result<Unread, RowError>;

    fn next(&mut self) -> Option<Result<Unread, RowError>> {
        loop {
            let Some(reader) = &mut self.reader else {
                let file = self.files.next()?;
                self.nth = 0;
                match Reader::open(file, STREAM) {
                    Ok(reader) => self.reader = Some(reader),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            match reader.next() {
                Ok(Some(place)) => {
                    self.number += 1;
                    self.nth += 1;
                    let (number, nth, row) = (self.number, self.nth, reader.written(place));
                    return Some(Ok(Unread(Found::Written { number, nth, row })));
                }
                Ok(None) => self.reader = None,
                Err(error) => {
                    self.reader = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
