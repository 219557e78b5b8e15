//! Run directories: what a run wrote while it ran, and reading it back.
//!
//! `run.json` is written first and says what was planned. `records.jsonl` is the journal: a
//! finished trial is one line, written before anybody is shown it, with one call for all that are
//! finished at the moment, so a killed process loses nothing that was seen; a thread of its own
//! brings the lines to the disk within 50 ms, so a power cut loses no more than that. A line without
//! its end is a torn write and is ignored when the journal is read back, and so is one that a power
//! cut filled with NUL bytes.

mod disk;
mod read;
mod sync;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::record::{Header, Record, Run};
pub use disk::write_whole;
pub use read::{ReadError, directories, is_run, latest, previous, read, read_header, read_with};
use sync::Syncer;

/// Name of the header in a run directory.
const HEADER: &str = "run.json";
/// Name of the journal in a run directory.
const RECORDS: &str = "records.jsonl";

/// Names of what follows from the two, and of the baseline.
const FOLLOWING: [&str; 7] = [
    "scorecard.json",
    "operations.json",
    "decision.json",
    "baseline.json",
    "report.html",
    "summary.md",
    "junit.xml",
];

/// Bytes of lines from which on no others are waited for.
const LONGEST_WRITE: usize = 1 << 18;

/// A run directory that is being written.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    /// Locked as long as this or a copy of it is open: nobody else writes here.
    records: File,
    durable: bool,
    syncer: Syncer,
    /// What is written next, kept for its room.
    lines: Vec<u8>,
}

impl Journal {
    /// Makes a run directory, which must not hold a run yet, and writes its header.
    ///
    /// # Errors
    /// The directory holds a run, or cannot be written.
    pub fn create(dir: &Path, header: &Header) -> io::Result<Journal> {
        disk::make_dir(dir)?;
        let open = OpenOptions::new().append(true).create(true).open(dir.join(RECORDS));
        let records = open.map_err(unwritten(RECORDS))?;
        // An empty journal without a header is what is left of one who could not write his; it is no
        // run, and not in the way of the next.
        let taken = match lock(&records) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
            locked => {
                locked?;
                dir.join(HEADER).exists() || records.metadata()?.len() > 0
            }
        };
        if taken {
            let told = "the directory holds a run already; choose another";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, told));
        }
        let path = dir.join(HEADER);
        let written = write_json(&path, header).and_then(|()| disk::sync_dir(dir));
        written.map_err(unwritten(HEADER)).inspect_err(|_| {
            // A run whose beginning failed has not begun.
            let _ = fs::remove_file(&path);
        })?;
        let syncer = Syncer::start(records.try_clone()?)?;
        Ok(Journal::of(dir, records, syncer))
    }

    /// Goes on with a run that was stopped or killed: what was torn off is removed, and new records
    /// are appended to those that are whole.
    ///
    /// # Errors
    /// Somebody is writing the run, or it cannot be read or written.
    pub fn resume(dir: &Path) -> Result<(Journal, Run), ReadError> {
        let path = dir.join(RECORDS);
        let io_error = |error| ReadError::Unwritable { path: path.clone(), error };
        let open = OpenOptions::new().read(true).append(true).open(&path);
        let mut records = open.map_err(io_error)?;
        lock(&records).map_err(io_error)?;
        let whole = whole_lines(&mut records).map_err(io_error)?;
        records.set_len(whole).map_err(io_error)?;
        let run = read(dir)?;
        let syncer = records.try_clone().and_then(Syncer::start).map_err(io_error)?;
        Ok((Journal::of(dir, records, syncer), run))
    }

    fn of(dir: &Path, records: File, syncer: Syncer) -> Journal {
        Journal { dir: dir.to_owned(), records, durable: false, syncer, lines: Vec::new() }
    }

    /// The same with every record on the disk before the next one is taken.
    #[must_use]
    pub fn durable(self, durable: bool) -> Journal {
        Journal { durable, ..self }
    }

    /// Appends a finished trial. When this returns, the line survives the death of the process.
    ///
    /// # Errors
    /// The line cannot be written, or an earlier one did not reach the disk.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        self.append_all([record])
    }

    /// Appends trials that were finished at the same time, a line each. When this returns, the lines
    /// survive the death of the process.
    ///
    /// # Errors
    /// A line cannot be written, or an earlier one did not reach the disk.
    pub fn append_all<'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> io::Result<()> {
        self.lines.clear();
        for record in records {
            serde_json::to_writer(&mut self.lines, record)?;
            self.lines.push(b'\n');
            // Trials that are finished at the same time are one write, unless they are large.
            if self.durable || self.lines.len() >= LONGEST_WRITE {
                self.write()?;
            }
        }
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        self.records.write_all(&self.lines)?;
        self.lines.clear();
        self.lines.shrink_to(LONGEST_WRITE);
        if self.durable {
            return self.records.sync_data();
        }
        self.syncer.wrote()
    }

    /// Brings everything to the disk and writes the files that follow from the records, each by its
    /// name.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn finish(self, files: &[(&str, Vec<u8>)]) -> io::Result<()> {
        self.syncer.stop().and_then(|()| self.records.sync_data()).map_err(unwritten(RECORDS))?;
        for (name, bytes) in files {
            write_whole(&self.dir.join(name), bytes).map_err(unwritten(name))?;
        }
        Ok(())
    }
}

/// Takes back a run directory that was made and could not be filled: what was not asked but made from
/// other runs is made again, and half of it must not pass for a run.
pub fn discard(dir: &Path) {
    // Without its header it is no run, whatever else cannot be removed.
    for name in [HEADER, RECORDS].iter().chain(&FOLLOWING) {
        let _ = fs::remove_file(dir.join(name));
    }
    // Stays if somebody else has put something there.
    let _ = fs::remove_dir(dir);
}

/// Says which file of the directory it was that the system has refused.
fn unwritten(name: &str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{name} cannot be written: {error}"))
}

/// Takes the directory for one writer; the system gives it back however the process ends.
fn lock(records: &File) -> io::Result<()> {
    match records.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another process is writing this run: wait for it, or stop it",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Bytes up to the end of the last whole line.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const BLOCK: u64 = 1 << 16;
    let mut end = file.metadata()?.len();
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        Read::by_ref(file).take(end - start).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// A document as indented JSON.
///
/// # Errors
/// The value has no JSON form.
pub fn pretty(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    write_whole(path, &pretty(value)?)
}

#[cfg(test)]
mod tests;
