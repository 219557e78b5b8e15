//! Where the drawn rows stand, found in one pass over the files and kept.
//!
//! A suite's rows are iterated several times, to be checked, counted and asked. A draw needs to
//! know how many there are, so the first time finds their places, sixteen bytes a row, and every
//! time the drawn rows are read at theirs.

use std::collections::HashMap;
use std::slice;
use std::sync::Arc;

use super::files::DataFile;
use super::order::Order;
use super::reader::{Reader, SEEK, STREAM, Stamp};
use super::split::Place;
use super::{Row, RowError};

/// Files that are open at once, at most.
const OPEN: usize = 64;

/// The places of the drawn rows.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: Vec<Entry>,
    total: usize,
    files: Vec<Indexed>,
    errors: Vec<RowError>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    line: u32,
    /// Among all rows, from 0.
    number: u32,
}

#[derive(Debug)]
struct Indexed {
    file: Arc<DataFile>,
    stamp: Stamp,
    /// Number of its first row, or of the next file's where it has none.
    first: u32,
}

impl Index {
    /// Finds the rows of all files and draws from them.
    pub fn new(files: &[Arc<DataFile>], order: &Order) -> Index {
        let mut index = Index::default();
        for file in files {
            if let Err(error) = index.add(file) {
                index.errors.push(error);
            }
        }
        index.total = index.rows.len();
        order.draw(&mut index.rows, |row| row.number);
        index
    }

    /// How many rows there were to draw from, unless some could not be told apart.
    pub fn total(&self) -> Option<usize> {
        self.errors.is_empty().then_some(self.total)
    }

    fn add(&mut self, file: &Arc<DataFile>) -> Result<(), RowError> {
        let many = || RowError::Unreadable {
            message: format!("{} has too many rows to draw from", file.name),
            remedy: "split the dataset: a draw takes up to 4 billion rows and lines",
        };
        let first = u32::try_from(self.rows.len()).map_err(|_| many())?;
        let mut reader = Reader::open(file, STREAM)?;
        self.files.push(Indexed { file: Arc::clone(file), stamp: reader.stamp()?, first });
        while let Some(place) = reader.next()? {
            let number = u32::try_from(self.rows.len()).map_err(|_| many())?;
            let line = u32::try_from(place.line).map_err(|_| many())?;
            self.rows.push(Entry { offset: place.offset, line, number });
        }
        Ok(())
    }

    /// Reads the drawn rows; where a file has no rows to be told apart, what is wrong with it.
    pub fn iter(&self) -> impl Iterator<Item = Result<Row, RowError>> + Send + '_ {
        let rows = if self.errors.is_empty() { self.rows.iter() } else { [].iter() };
        self.errors.iter().cloned().map(Err).chain(Drawn { rows, picked: self.picked() })
    }

    /// Reads drawn rows in any order.
    pub fn picked(&self) -> Picked<'_> {
        Picked { index: self, open: HashMap::new() }
    }
}

/// Reads the drawn rows.
struct Drawn<'a> {
    rows: slice::Iter<'a, Entry>,
    picked: Picked<'a>,
}

/// Reads rows by their place among those that are drawn.
pub(super) struct Picked<'a> {
    index: &'a Index,
    open: HashMap<usize, Reader>,
}

impl Picked<'_> {
    /// The row at a place, from 0; none beyond the last.
    pub fn row(&mut self, place: usize) -> Option<Result<Row, RowError>> {
        let entry = *self.index.rows.get(place)?;
        Some(self.read(entry))
    }

    fn read(&mut self, entry: Entry) -> Result<Row, RowError> {
        let files = &self.index.files;
        let which = files.partition_point(|file| file.first <= entry.number) - 1;
        let Indexed { file, stamp, first } = &files[which];
        if !self.open.contains_key(&which) {
            let reader = Reader::open(file, SEEK)?;
            if reader.stamp()? != *stamp {
                return Err(RowError::Unreadable {
                    message: format!("{} was written to while it was read", file.name),
                    remedy: "run again",
                });
            }
            if self.open.len() == OPEN {
                self.open.clear();
            }
            self.open.insert(which, reader);
        }
        let place = Place { offset: entry.offset, line: entry.line as usize };
        let variables = self.open.get_mut(&which).map(|reader| reader.at(place));
        Ok(Row {
            number: entry.number as usize + 1,
            nth: (entry.number - first) as usize + 1,
            file: Arc::clone(&file.name),
            line: place.line,
            span: None,
            variables: Arc::new(variables.transpose()?.unwrap_or_default()),
        })
    }
}

impl Iterator for Drawn<'_> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Result<Row, RowError>> {
        let entry = *self.rows.next()?;
        Some(self.picked.read(entry))
    }
}
