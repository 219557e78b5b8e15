//! A file of rows, open: its rows one after the other, or those at places that are known.

use std::fs::File;
use std::io::{self, BufReader};
use std::sync::Arc;
use std::time::SystemTime;

use super::csv::Header;
use super::files::{DataFile, Format};
use super::split::{Fault, Place, Splitter, Stop, Wrong};
use super::{Malformed, RowError, Variables, json};

/// Bytes read at a time, from the first row to the last.
pub(super) const STREAM: usize = 1 << 16;

/// Bytes read at a time, here and there.
pub(super) const SEEK: usize = 1 << 12;

/// What shows that a file was written to.
pub(super) type Stamp = (u64, Option<SystemTime>);

/// A file of rows.
#[derive(Debug)]
pub(super) struct Reader {
    file: Arc<DataFile>,
    splitter: Splitter<BufReader<File>>,
    /// The names of columns, and where they stand.
    header: Option<(Header, Place)>,
    /// The row that was read last.
    row: Vec<u8>,
    any: bool,
}

impl Reader {
    /// Opens a file in front of its first row.
    pub fn open(file: &Arc<DataFile>, buffer: usize) -> Result<Reader, RowError> {
        let unreadable = |error| unreadable(file, &error);
        let opened = File::open(&file.path).map_err(unreadable)?;
        let bytes = BufReader::with_capacity(buffer, opened);
        let splitter = Splitter::new(bytes, file.format.machine()).map_err(unreadable)?;
        let file = Arc::clone(file);
        let mut reader = Reader { file, splitter, header: None, row: Vec::new(), any: false };
        if let Format::Csv(delimiter) = reader.file.format {
            let Some(place) = reader.split()? else {
                let wrong = Wrong::new("an empty file", "write a header: the names of the columns");
                return Err(reader.malformed(Place { offset: 0, line: 1 }, wrong));
            };
            let header = Header::read(&reader.row, delimiter);
            let header = header.map_err(|fault| reader.fault(place, fault))?;
            reader.header = Some((header, place));
        }
        Ok(reader)
    }

    /// Reads the next row and says where it begins. After an error the file has no more.
    pub fn next(&mut self) -> Result<Option<Place>, RowError> {
        let place = self.split()?;
        if let (None, false, Some((_, header))) = (place, self.any, &self.header) {
            let wrong = Wrong::new("a header and no rows", "add a row below this");
            return Err(self.malformed(*header, wrong));
        }
        self.any = true;
        Ok(place)
    }

    /// Reads the row at a place.
    pub fn at(&mut self, place: Place) -> Result<Variables, RowError> {
        self.splitter.go_to(place).map_err(|error| unreadable(&self.file, &error))?;
        self.split()?;
        self.variables(place)
    }

    /// The variables of the row that was read last, which begins at the place.
    pub fn variables(&self, place: Place) -> Result<Variables, RowError> {
        let variables = match &self.header {
            Some((header, _)) => header.row(&self.row),
            None => json::object(&self.row),
        };
        variables.map_err(|fault| self.fault(place, fault))
    }

    /// What would show that the file was written to.
    pub fn stamp(&self) -> Result<Stamp, RowError> {
        let data = self.splitter.file().metadata();
        let data = data.map_err(|error| unreadable(&self.file, &error))?;
        Ok((data.len(), data.modified().ok()))
    }

    fn split(&mut self) -> Result<Option<Place>, RowError> {
        match self.splitter.next(&mut self.row) {
            Ok(place) => Ok(place),
            Err(Stop::Io(error)) => Err(unreadable(&self.file, &error)),
            Err(Stop::Lost { at, began, wrong }) => {
                // Where a bracket is found missing is not where it should have been.
                let json = matches!(self.file.format, Format::Json | Format::Jsonl);
                let before = began.filter(|_| json).and_then(|began| {
                    json::wrong_so_far(&self.row).map(|fault| self.fault(began, fault))
                });
                Err(before.unwrap_or_else(|| self.malformed(at, wrong)))
            }
        }
    }

    /// What is wrong in the row that was read last.
    fn fault(&self, row: Place, fault: Fault) -> RowError {
        let before = &self.row[..fault.at];
        let lines = before.split(|byte| *byte == b'\n').count() - 1;
        let at = Place { offset: row.offset + fault.at as u64, line: row.line + lines };
        self.malformed(at, fault.wrong)
    }

    fn malformed(&self, at: Place, wrong: Wrong) -> RowError {
        RowError::Malformed(Malformed {
            file: Arc::clone(&self.file),
            at,
            message: wrong.message.into_owned(),
            remedy: wrong.remedy.into_owned(),
        })
    }
}

fn unreadable(file: &DataFile, error: &io::Error) -> RowError {
    RowError::Unreadable {
        message: format!("{} cannot be read: {error}", file.name),
        remedy: "check the path, which is relative to the suite",
    }
}
