//! Run directories: what a run wrote while it ran, and reading it back.
//!
//! `run.json` is written first and says what was planned. `records.jsonl` is the journal: a
//! finished trial is one line, written before anybody is shown it, with one call for all that are
//! finished at the moment, so a killed process loses nothing that was seen; a thread of its own brings the lines to the disk within
//! 50 ms, so a power cut loses no more than that. A line without its end is a torn write and is
//! ignored when the journal is read back.

mod read;
mod sync;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::record::{Header, Record, Run};
pub use read::{ReadError, latest, previous, read, read_header};
use sync::Syncer;

/// Name of the header in a run directory.
const HEADER: &str = "run.json";
/// Name of the journal in a run directory.
const RECORDS: &str = "records.jsonl";

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
        fs::create_dir_all(dir)?;
        let path = dir.join(RECORDS);
        let records =
            OpenOptions::new().append(true).create_new(true).open(&path).map_err(|error| {
                match error.kind() {
                    io::ErrorKind::AlreadyExists => io::Error::new(
                        error.kind(),
                        "the directory holds a run already; choose another",
                    ),
                    _ => error,
                }
            })?;
        lock(&records)?;
        if let Err(error) = write_json(&dir.join(HEADER), header) {
            // Without its header it is no run, and must not be in the way of the next.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
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
        let io_error = |error| ReadError::Io { path: path.clone(), error };
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

    /// Brings everything to the disk and writes the documents that follow from the records.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn finish(self, documents: &[(&str, &dyn erased::Json)]) -> io::Result<()> {
        self.syncer.stop()?;
        self.records.sync_data()?;
        for (name, document) in documents {
            let mut text = document.pretty()?;
            text.push(b'\n');
            write_whole(&self.dir.join(name), &text)?;
        }
        Ok(())
    }
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

/// Values of different types in one list of documents.
pub mod erased {
    /// Anything that can be written as JSON.
    pub trait Json {
        /// Indented JSON.
        ///
        /// # Errors
        /// The value has no JSON form.
        fn pretty(&self) -> serde_json::Result<Vec<u8>>;
    }

    impl<T: serde::Serialize> Json for T {
        fn pretty(&self) -> serde_json::Result<Vec<u8>> {
            serde_json::to_vec_pretty(self)
        }
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    write_whole(path, &text)
}

/// Writes a file so that it is there whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // The first error is the one to tell; a leftover is found by its name.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests;
