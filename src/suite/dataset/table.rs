//! The rows of one file or stream as they are written, for readers that pick what they need.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use super::Variables;
use super::csv::Header;
use super::files::Format;
use super::reader::STREAM;
use super::split::{BOM, Fault, Splitter, Stop};

/// Rows of JSONL, JSON, CSV or TSV, one after the other; one row is in memory at a time.
pub struct Table {
    splitter: Splitter<Box<dyn BufRead>>,
    header: Option<Header>,
    row: Vec<u8>,
    rows: usize,
}

/// A row that is not read yet.
#[derive(Debug)]
pub enum RawRow<'a> {
    /// A JSON value, an object if all is well.
    Json(&'a [u8]),
    /// The cells of a row by column.
    Cells(Variables),
}

/// Why a row, or the rest of them, cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// Number of the row, from 1; none where the fault is in no row.
    pub row: Option<usize>,
    /// Line, from 1; none where the file cannot be read at all.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
    /// Whether no further row can be read.
    pub last: bool,
}

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{} ({})", self.message, self.remedy)
    }
}

/// A row with its place.
#[derive(Debug)]
pub struct Placed<'a> {
    /// Number of the row, from 1.
    pub number: usize,
    /// Line where it begins, from 1.
    pub line: usize,
    /// The row.
    pub row: Result<RawRow<'a>, TableError>,
}

impl Table {
    /// Opens a file; its extension says the format, and where that says nothing, its first byte.
    ///
    /// # Errors
    /// The file cannot be read, or has no header where it needs one.
    pub fn open(path: &Path) -> Result<Table, TableError> {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        if path.is_dir() {
            return Err(unreadable(&io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Table::read(BufReader::with_capacity(STREAM, file), Format::of(path))
    }

    /// Reads a stream such as standard input; its first byte says the format: `[` a JSON list, `{`
    /// JSONL, anything else CSV.
    ///
    /// # Errors
    /// The stream cannot be read, or has no header where it needs one.
    pub fn stream(stream: impl Read + 'static) -> Result<Table, TableError> {
        Table::read(BufReader::with_capacity(STREAM, stream), None)
    }

    fn read(
        mut bytes: impl BufRead + 'static,
        format: Option<Format>,
    ) -> Result<Table, TableError> {
        let mut head = Vec::new();
        let format = sniff(&mut bytes, &mut head, format).map_err(|error| unreadable(&error))?;
        let bytes: Box<dyn BufRead> = Box::new(Cursor::new(head).chain(bytes));
        let splitter = Splitter::here(bytes, format.machine());
        let mut table = Table { splitter, header: None, row: Vec::new(), rows: 0 };
        if let Format::Csv(delimiter) = format {
            let begins = table.split()?;
            let Some(line) = begins else {
                let message = "there is nothing in it".to_owned();
                let remedy = "write a header, the names of the columns, and rows".into();
                return Err(TableError { row: None, line: None, message, remedy, last: true });
            };
            let header = Header::read(&table.row, delimiter);
            table.header = Some(header.map_err(|fault| table.fault(None, line, fault))?);
        }
        Ok(table)
    }

    /// The next row, or why there is none; none at the end.
    pub fn next_row(&mut self) -> Option<Placed<'_>> {
        let line = match self.split() {
            Ok(line) => line?,
            Err(error) => {
                let (number, line) = (self.rows + 1, error.line.unwrap_or_default());
                return Some(Placed { number, line, row: Err(error) });
            }
        };
        self.rows += 1;
        let number = self.rows;
        let row = match &self.header {
            None => Ok(RawRow::Json(&self.row)),
            Some(header) => {
                let cells = header.row(&self.row).map(RawRow::Cells);
                cells.map_err(|fault| self.fault(Some(number), line, fault))
            }
        };
        Some(Placed { number, line, row })
    }

    fn split(&mut self) -> Result<Option<usize>, TableError> {
        match self.splitter.next(&mut self.row) {
            Ok(place) => Ok(place.map(|place| place.line)),
            Err(Stop::Io(error)) => Err(unreadable(&error)),
            Err(Stop::Lost { at, wrong, .. }) => Err(TableError {
                row: Some(self.rows + 1),
                line: Some(at.line),
                message: wrong.message.into_owned(),
                remedy: wrong.remedy,
                last: true,
            }),
        }
    }

    fn fault(&self, row: Option<usize>, line: usize, fault: Fault) -> TableError {
        let lines = self.row[..fault.at].split(|byte| *byte == b'\n').count() - 1;
        TableError {
            row,
            line: Some(line + lines),
            message: fault.wrong.message.into_owned(),
            remedy: fault.wrong.remedy,
            last: row.is_none(),
        }
    }
}

/// Takes what is in front of the rows, and says the format where none is given.
fn sniff(
    bytes: &mut impl BufRead,
    head: &mut Vec<u8>,
    format: Option<Format>,
) -> io::Result<Format> {
    bytes.take(BOM.len() as u64).read_to_end(head)?;
    if head == BOM {
        head.clear();
    }
    if let Some(format) = format {
        return Ok(format);
    }
    // Blanks may stand in front of the first byte that tells.
    while head.iter().all(u8::is_ascii_whitespace) {
        if bytes.take(1).read_to_end(head)? == 0 {
            break;
        }
    }
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(match first {
        Some(b'[') => Format::Json,
        Some(b'{') | None => Format::Jsonl,
        Some(_) => Format::Csv(b','),
    })
}

fn unreadable(error: &io::Error) -> TableError {
    let message = format!("it cannot be read: {error}");
    TableError { row: None, line: None, message, remedy: "check the path".into(), last: true }
}
