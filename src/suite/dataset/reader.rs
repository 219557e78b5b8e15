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
    header: Option<(Arc<Header>, Place)>,
    /// The row that was read last.
    row: Vec<u8>,
    any: bool,
}

/// A row as it is written, not yet read: whoever reads it may be another than who found it.
#[derive(Debug)]
pub(super) struct Written {
    file: Arc<DataFile>,
    header: Option<Arc<Header>>,
    row: Box<[u8]>,
    pub place: Place,
}

impl Written {
    /// Its file, as the user would write the path.
    pub fn file(&self) -> &Arc<str> {
        &self.file.name
    }

    /// Its variables.
    pub fn variables(&self) -> Result<Variables, RowError> {
        variables(&self.file, self.header.as_deref(), &self.row, self.place)
    }
}

/// The variables of a row that begins at the place.
fn variables(
    file: &Arc<DataFile>,
    header: Option<&Header>,
    row: &[u8],
    place: Place,
) -> Result<Variables, RowError> {
    let variables = match header {
        Some(header) => header.row(row),
        None => json::object(row),
    };
    variables.map_err(|fault| wrong_in(file, row, place, fault))
}

/// What is wrong in a row.
fn wrong_in(file: &Arc<DataFile>, row: &[u8], place: Place, fault: Fault) -> RowError {
    let lines = row[..fault.at].split(|byte| *byte == b'\n').count() - 1;
    let at = Place { offset: place.offset + fault.at as u64, line: place.line + lines };
    malformed(file, at, fault.wrong)
}

fn malformed(file: &Arc<DataFile>, at: Place, wrong: Wrong) -> RowError {
    RowError::Malformed(Malformed {
        file: Arc::clone(file),
        at,
        message: wrong.message.into_owned(),
        remedy: wrong.remedy.into_owned(),
    })
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
                return Err(malformed(&reader.file, Place { offset: 0, line: 1 }, wrong));
            };
            let header = Header::read(&reader.row, delimiter);
            let header =
                header.map_err(|fault| wrong_in(&reader.file, &reader.row, place, fault))?;
            reader.header = Some((Arc::new(header), place));
        }
        Ok(reader)
    }

    /// Reads the next row and says where it begins. After an error the file has no more.
    pub fn next(&mut self) -> Result<Option<Place>, RowError> {
        let place = self.split()?;
        if let (None, false, Some((_, header))) = (place, self.any, &self.header) {
            let wrong = Wrong::new("a header and no rows", "add a row below this");
            return Err(malformed(&self.file, *header, wrong));
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

    /// The row that was read last, which begins at the place.
    pub fn written(&self, place: Place) -> Written {
        Written {
            file: Arc::clone(&self.file),
            header: self.header.as_ref().map(|(header, _)| Arc::clone(header)),
            row: self.row.as_slice().into(),
            place,
        }
    }

    /// The row that was read last, as it is written.
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// The names of columns, where the file has them.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref().map(|(header, _)| &**header)
    }

    /// The variables of a row that is written so.
    pub fn read_as(&self, row: &[u8], place: Place) -> Result<Variables, RowError> {
        variables(&self.file, self.header(), row, place)
    }

    /// Its variables.
    fn variables(&self, place: Place) -> Result<Variables, RowError> {
        self.read_as(&self.row, place)
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
                    let fault = json::wrong_so_far(&self.row)?;
                    Some(wrong_in(&self.file, &self.row, began, fault))
                });
                Err(before.unwrap_or_else(|| malformed(&self.file, at, wrong)))
            }
        }
    }
}

fn unreadable(file: &DataFile, error: &io::Error) -> RowError {
    RowError::Unreadable {
        message: format!("{} cannot be read: {error}", file.name),
        remedy: "check the path, which is relative to the suite",
    }
}
