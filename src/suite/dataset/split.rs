//! Where the rows of a file begin and end, found in one pass that holds one row at most.
//!
//! A format is a small machine that sees one byte after the other and says what it is to a row, so
//! that the rows are the same whatever pieces the file arrives in. A machine only tells rows apart;
//! what a row means, and whether it is well formed, is the business of its format's parser. Where a
//! machine can no longer tell rows apart it gives up the file, for every row after that place
//! would be a guess.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Seek};

use super::csv::Records;
use super::json::List;
use super::jsonl::Lines;

/// Longest row, in bytes: a file that is not what its name says must not fill the memory.
pub(super) const LONGEST_ROW: usize = 16 << 20;

/// The byte order mark, which says nothing in UTF-8 and stands in front of many files.
pub(super) const BOM: &[u8] = "\u{feff}".as_bytes();

/// What a byte is to a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It stands between rows.
    Skip,
    /// It belongs to a row; the first one begins the row.
    Take,
    /// It belongs to a row and is its last.
    Last,
    /// It stands between rows, and the row before it has ended.
    Ended,
    /// The rows cannot be told apart from here on.
    Lost(Wrong),
}

/// What is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub message: Cow<'static, str>,
    pub remedy: Cow<'static, str>,
}

impl Wrong {
    pub fn new(
        message: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Wrong {
        Wrong { message: message.into(), remedy: remedy.into() }
    }
}

/// What is wrong at a byte of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: usize,
    pub wrong: Wrong,
}

impl Fault {
    pub fn new(
        at: usize,
        message: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Fault {
        Fault { at, wrong: Wrong::new(message, remedy) }
    }
}

/// A row as text.
pub(super) fn utf8(row: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(row)
        .map_err(|error| Fault::new(error.valid_up_to(), "not UTF-8", "save the file as UTF-8"))
}

/// The machine of a format.
#[derive(Debug, Clone)]
pub(super) enum Machine {
    Lines(Lines),
    List(List),
    Records(Records),
}

impl Machine {
    fn step(&mut self, byte: u8) -> Step {
        match self {
            Machine::Lines(lines) => lines.step(byte),
            Machine::List(list) => list.step(byte),
            Machine::Records(records) => records.step(byte),
        }
    }

    /// How many of the next bytes belong to the row that has begun, hold no line end and leave the
    /// machine as it is; it may say too few.
    fn plain(&self, bytes: &[u8]) -> usize {
        match self {
            Machine::Lines(lines) => lines.plain(bytes),
            Machine::List(_) | Machine::Records(_) => 0,
        }
    }

    fn finish(&self) -> Result<(), Wrong> {
        match self {
            Machine::Lines(_) | Machine::Records(_) => Ok(()),
            Machine::List(list) => list.finish(),
        }
    }

    /// The same machine in front of a row.
    fn before_row(&self) -> Machine {
        match self {
            Machine::Lines(_) => Machine::Lines(Lines::default()),
            Machine::List(_) => Machine::List(List::before_row()),
            Machine::Records(records) => Machine::Records(Records::new(records.delimiter())),
        }
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Byte, from 0.
    pub offset: u64,
    /// Line, from 1.
    pub line: usize,
}

/// Why there are no further rows.
#[derive(Debug)]
pub(super) enum Stop {
    /// They cannot be told apart.
    Lost {
        at: Place,
        /// Where the row began that it happened in, whose bytes are kept.
        began: Option<Place>,
        wrong: Wrong,
    },
    /// The file cannot be read.
    Io(io::Error),
}

/// Reads the rows of a file.
#[derive(Debug)]
pub(super) struct Splitter<R> {
    reader: R,
    machine: Machine,
    next: Place,
    /// The last byte that is no blank, which is where a file ends for its reader.
    solid: Place,
    ended: bool,
}

impl<R: BufRead + Seek> Splitter<R> {
    /// Stands in front of the first row, or of what the format has there instead.
    pub fn new(mut reader: R, machine: Machine) -> io::Result<Splitter<R>> {
        let mut head = Vec::new();
        reader.by_ref().take(BOM.len() as u64).read_to_end(&mut head)?;
        if head != BOM {
            reader.rewind()?;
            head.clear();
        }
        let top = Place { offset: head.len() as u64, line: 1 };
        Ok(Splitter { reader, machine, next: top, solid: top, ended: false })
    }
}

impl<R: BufRead> Splitter<R> {
    /// Stands where the reader stands, without a byte order mark.
    pub fn here(reader: R, machine: Machine) -> Splitter<R> {
        let top = Place { offset: 0, line: 1 };
        Splitter { reader, machine, next: top, solid: top, ended: false }
    }

    /// Reads the next row into `row` and says where it begins; none at the end of the file.
    pub fn next(&mut self, row: &mut Vec<u8>) -> Result<Option<Place>, Stop> {
        row.clear();
        let mut began = None;
        while !self.ended {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    return Err(Stop::Io(error));
                }
            };
            if chunk.is_empty() {
                self.ended = true;
                return match self.machine.finish() {
                    Ok(()) => Ok(began),
                    Err(wrong) => Err(Stop::Lost { at: began.unwrap_or(self.solid), began, wrong }),
                };
            }
            let mut taken = 0..0;
            let mut result = None;
            let mut used = 0;
            while let Some(&byte) = chunk.get(used) {
                let here = self.next;
                let plain = if began.is_some() { self.machine.plain(&chunk[used..]) } else { 0 };
                if plain > 0 {
                    let run = &chunk[used..used + plain];
                    if let Some(at) = run.iter().rposition(|byte| !byte.is_ascii_whitespace()) {
                        self.solid = Place { offset: here.offset + at as u64, ..here };
                    }
                    if taken.is_empty() {
                        taken = used..used;
                    }
                    used += plain;
                    taken.end = used;
                    self.next.offset += plain as u64;
                    continue;
                }
                let step = self.machine.step(byte);
                if !byte.is_ascii_whitespace() {
                    self.solid = here;
                }
                if matches!(step, Step::Take | Step::Last) {
                    if began.is_none() {
                        began = Some(here);
                    }
                    if taken.is_empty() {
                        taken = used..used;
                    }
                    taken.end = used + 1;
                }
                if let Step::Lost(wrong) = step {
                    self.ended = true;
                    result = Some(Err(Stop::Lost { at: here, began, wrong }));
                    break;
                }
                used += 1;
                self.next.offset += 1;
                self.next.line += usize::from(byte == b'\n');
                if matches!(step, Step::Last | Step::Ended) {
                    result = Some(Ok(began));
                    break;
                }
            }
            row.extend_from_slice(&chunk[taken]);
            self.reader.consume(used);
            if let Some(result) = result {
                return result;
            }
            if let Some(at) = began.filter(|_| row.len() > LONGEST_ROW) {
                self.ended = true;
                row.clear();
                let message = format!("a row of more than {} MiB", LONGEST_ROW >> 20);
                let wrong = Wrong::new(message, "is a quote or a bracket not closed?");
                return Err(Stop::Lost { at, began: None, wrong });
            }
        }
        Ok(None)
    }
}

impl<R: Read + Seek> Splitter<io::BufReader<R>> {
    /// Goes to where a row begins, so that it is the next.
    pub fn go_to(&mut self, place: Place) -> io::Result<()> {
        let (here, there) = (self.next.offset.cast_signed(), place.offset.cast_signed());
        self.reader.seek_relative(there - here)?;
        self.next = place;
        self.machine = self.machine.before_row();
        self.ended = false;
        Ok(())
    }

    /// What is read from.
    pub fn file(&self) -> &R {
        self.reader.get_ref()
    }
}
