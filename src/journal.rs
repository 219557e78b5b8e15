//! Run directories: what a run wrote while it ran, and reading it back.
//!
//! `run.json` is written first and says what was planned. `records.jsonl` is the journal: a
//! finished trial is one line, written with one call before anybody is shown it, so a killed
//! process loses nothing that was seen; a thread of its own brings the lines to the disk within
//! 50 ms, so a power cut loses no more than that. A line without its end is a torn write and is
//! ignored when the journal is read back.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

use crate::record::{FORMAT, Header, Record, Run, Selected};

/// Name of the header in a run directory.
const HEADER: &str = "run.json";
/// Name of the journal in a run directory.
const RECORDS: &str = "records.jsonl";
/// How long a written line may wait for the disk; half of what is promised, for slow disks.
const SYNC_AFTER: Duration = Duration::from_millis(25);

/// A run directory that is being written.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    /// Locked as long as this or a copy of it is open: nobody else writes here.
    records: File,
    durable: bool,
    syncer: Syncer,
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
        Ok(Journal { dir: dir.to_owned(), records, durable: false, syncer })
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
        Ok((Journal { dir: dir.to_owned(), records, durable: false, syncer }, run))
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
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.records.write_all(&line)?;
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

/// A thread that syncs a file a short while after it was written to.
#[derive(Debug)]
struct Syncer {
    shared: Arc<(Mutex<SyncState>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct SyncState {
    dirty: bool,
    stopping: bool,
    error: Option<io::Error>,
}

impl Syncer {
    fn start(file: File) -> io::Result<Syncer> {
        let shared = Arc::new((Mutex::new(SyncState::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("journal-sync".into()).spawn(move || {
            let (state, changed) = &*theirs;
            loop {
                let guard = state.lock().unwrap_or_else(PoisonError::into_inner);
                let waited = changed.wait_while(guard, |state| !state.dirty && !state.stopping);
                let guard = waited.unwrap_or_else(PoisonError::into_inner);
                // One sync serves all lines written meanwhile; a stop cuts the wait short.
                let waited = changed.wait_timeout_while(guard, SYNC_AFTER, |state| !state.stopping);
                let (mut guard, _) = waited.unwrap_or_else(PoisonError::into_inner);
                if guard.stopping {
                    return;
                }
                guard.dirty = false;
                drop(guard);
                if let Err(error) = file.sync_data() {
                    state.lock().unwrap_or_else(PoisonError::into_inner).error = Some(error);
                }
            }
        })?;
        Ok(Syncer { shared, thread: Some(thread) })
    }

    fn wrote(&self) -> io::Result<()> {
        let mut state = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        if !state.dirty {
            state.dirty = true;
            self.shared.1.notify_one();
        }
        Ok(())
    }

    fn stop(mut self) -> io::Result<()> {
        self.join();
        let mut state = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.error.take().map_or(Ok(()), Err)
    }

    fn join(&mut self) {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).stopping = true;
        self.shared.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot panic: it only waits and syncs.
            let _ = thread.join();
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.join();
    }
}

/// Why a run directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file is missing or unreadable.
    #[error("{}: cannot be read: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file holds something else.
    #[error("{}:{line}: not {what}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A newer version of the tool wrote it.
    #[error(
        "{}: written in format {found} by a newer version; this one reads up to {FORMAT}: update overclaim",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
}

/// Reads a run directory. A torn last line is ignored; of two records of one trial the first
/// counts.
///
/// # Errors
/// The header or a whole line is missing or malformed, or was written by a newer version.
pub fn read(dir: &Path) -> Result<Run, ReadError> {
    let header = read_header(dir)?;
    let path = dir.join(RECORDS);
    let io_error = |error| ReadError::Io { path: path.clone(), error };
    let mut reader = BufReader::with_capacity(1 << 16, File::open(&path).map_err(io_error)?);
    let mut records: Vec<Record> = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(io_error)? == 0
            || line.last() != Some(&b'\n')
        {
            break;
        }
        records.push(serde_json::from_slice(&line).map_err(|error| ReadError::Malformed {
            path: path.clone(),
            line: number,
            what: "a record",
            message: error.to_string(),
        })?);
    }
    records.sort_by_key(|record| record.index);
    records.dedup_by(|later, first| later.index == first.index);
    Ok(Run { header, records })
}

/// Reads the header of a run directory.
///
/// # Errors
/// As [`read`].
pub fn read_header(dir: &Path) -> Result<Header, ReadError> {
    let path = dir.join(HEADER);
    let text = fs::read(&path).map_err(|error| ReadError::Io { path: path.clone(), error })?;
    let malformed = |error: serde_json::Error| ReadError::Malformed {
        path: path.clone(),
        line: error.line(),
        what: "a run's header",
        message: error.to_string(),
    };
    // The format is asked before anything else is: a newer header may have any shape.
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(malformed)?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found > u64::from(FORMAT) => Err(ReadError::Newer { path, found }),
        _ => {
            let header: Header = serde_json::from_value(value).map_err(malformed)?;
            match header.fault() {
                None => Ok(header),
                Some(message) => Err(ReadError::Malformed {
                    path,
                    line: 1,
                    what: "a run's header",
                    message: message.to_owned(),
                }),
            }
        }
    }
}

/// The run directory that was started last, below a directory of suites.
#[must_use]
pub fn latest(reports: &Path) -> Option<PathBuf> {
    let below = |dir: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let started = |run: &PathBuf| read_header(run).ok().map(|header| header.started);
    let runs = below(reports).into_iter().flat_map(|suite| below(&suite));
    let runs = runs.filter_map(|run| Some((started(&run)?, run)));
    runs.max().map(|(_, run)| run)
}

/// The last run of a suite before another one that can stand against it: whole, at the same
/// endpoints, and of all cases or of the same selection.
#[must_use]
pub fn previous(reports: &Path, header: &Header) -> Option<(PathBuf, Run)> {
    let entries = fs::read_dir(reports).into_iter().flatten().flatten();
    let mut runs: Vec<((String, String), String, PathBuf)> = entries
        .filter_map(|entry| {
            let earlier = read_header(&entry.path()).ok()?;
            let whole = [&Selected::default(), &header.selection].contains(&&earlier.selection);
            // A name tells apart what started in the same millisecond. What was graded again is as
            // old as its replies, and comes behind the grades before.
            let before = earlier.asked() < header.asked();
            let asked = |name| earlier.endpoints.iter().any(|endpoint| endpoint.name == name);
            let asked = header.endpoints.iter().all(|endpoint| asked(Arc::clone(&endpoint.name)));
            let same = earlier.suite == header.suite && before && whole && asked;
            let (started, run) = earlier.asked();
            let order = (started.to_owned(), run.to_owned());
            same.then(|| (order, earlier.started, entry.path()))
        })
        .collect();
    runs.sort();
    let complete = |dir: PathBuf| {
        let run = read(&dir).ok()?;
        run.is_complete().then_some((dir, run))
    };
    runs.into_iter().rev().find_map(|(_, _, dir)| complete(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, record};

    #[test]
    fn what_is_written_is_read_back_in_plan_order() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let mut journal = Journal::create(&run, &header(3)).unwrap();
        for index in [2, 0, 1] {
            journal.append(&record(index)).unwrap();
        }
        journal.finish(&[("decision.json", &serde_json::json!({"a": 1}))]).unwrap();
        let read = read(&run).unwrap();
        assert_eq!(read.header, header(3));
        assert_eq!(read.records, [record(0), record(1), record(2)]);
        assert!(read.is_complete());
        assert_eq!(fs::read_to_string(run.join("decision.json")).unwrap(), "{\n  \"a\": 1\n}\n");
    }

    #[test]
    fn a_torn_last_line_is_ignored_and_a_broken_middle_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(dir.path(), &header(3)).unwrap();
        journal.append(&record(0)).unwrap();
        journal.append(&record(1)).unwrap();
        drop(journal);
        let path = dir.path().join(RECORDS);
        let whole = fs::read(&path).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in first..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read(dir.path()).unwrap().records, [record(0)], "cut at {cut}");
        }
        fs::write(&path, [b"{}\n".as_slice(), &whole].concat()).unwrap();
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("records.jsonl:1: not a record: missing field"), "{error}");
    }

    #[test]
    fn a_run_that_was_torn_goes_on_behind_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(dir.path(), &header(3)).unwrap();
        journal.append(&record(1)).unwrap();
        let taken = Journal::resume(dir.path()).unwrap_err().to_string();
        assert!(taken.contains("another process is writing this run"), "{taken}");
        drop(journal);
        let path = dir.path().join(RECORDS);
        let whole = fs::read(&path).unwrap();
        for torn in ["", "{", "{\"index\":2", &"x".repeat(200_000)] {
            fs::write(&path, [&whole, torn.as_bytes()].concat()).unwrap();
            let (mut journal, run) = Journal::resume(dir.path()).unwrap();
            assert_eq!(run.records, [record(1)]);
            assert_eq!(fs::read(&path).unwrap(), whole);
            journal.append(&record(0)).unwrap();
            journal.finish(&[]).unwrap();
            assert_eq!(read(dir.path()).unwrap().records, [record(0), record(1)]);
        }
        fs::write(&path, "torn").unwrap();
        assert_eq!(Journal::resume(dir.path()).unwrap().1.records, []);
    }

    #[test]
    fn a_directory_holds_one_run() {
        let dir = tempfile::tempdir().unwrap();
        drop(Journal::create(dir.path(), &header(1)).unwrap());
        let error = Journal::create(dir.path(), &header(1)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_header_that_no_run_can_have_is_refused() {
        type Change = fn(&mut Header);
        let changes: [(Change, &str); 6] = [
            (|header| header.endpoints.clear(), "it names no endpoint"),
            (|header| header.threshold = 7.0, "its threshold is outside 0..1"),
            (|header| header.threshold = -0.1, "its threshold is outside 0..1"),
            (
                |header| header.budget.accuracy = Some(crate::record::tests::at_least(0.9, 1.0)),
                "a level of its budget is not between 0 and 1",
            ),
            (
                |header| header.budget.accuracy = Some(crate::record::tests::at_least(0.9, 1e-17)),
                "a level of its budget is not between 0 and 1",
            ),
            (
                |header| {
                    let mut budget = header.budget.clone();
                    budget.accuracy = Some(crate::record::tests::at_least(0.9, 2.0));
                    header.slices = vec![crate::record::Slice { name: "part".into(), budget }];
                },
                "a level of its budget is not between 0 and 1",
            ),
        ];
        for (change, expected) in changes {
            let dir = tempfile::tempdir().unwrap();
            let mut header = header(1);
            change(&mut header);
            drop(Journal::create(dir.path(), &header).unwrap());
            let error = read(dir.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(HEADER), "{\"format\": 99, \"anything\": []}").unwrap();
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("written in format 99 by a newer version"), "{error}");
    }

    #[test]
    fn the_previous_run_is_whole_and_of_the_same_cases() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, change: fn(&mut Header), records: usize| {
            let mut header = header(2);
            header.run = name.into();
            header.started = format!("2026-01-{name}T00:00:00.000Z");
            change(&mut header);
            let mut journal = Journal::create(&dir.path().join(name), &header).unwrap();
            (0..records).for_each(|index| journal.append(&record(index)).unwrap());
            header
        };
        write("01", |_| {}, 2);
        let some = |header: &mut Header| header.selection.limit = Some(1);
        write("02", some, 2);
        write("03", |_| {}, 1);
        write("04", |header| header.suite = "other".into(), 2);
        write("041", |header| header.endpoints[0].name = "other".into(), 2);
        let now = write("05", |_| {}, 2);
        write("06", |_| {}, 2);
        let name = |header: &Header| {
            let (found, run) = previous(dir.path(), header)?;
            assert!(run.is_complete());
            Some(found.file_name().unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(name(&now).as_deref(), Some("01"));
        let mut limited = now.clone();
        some(&mut limited);
        assert_eq!(name(&limited).as_deref(), Some("02"));
        let mut first = now;
        first.started = "2025".into();
        assert_eq!(name(&first), None);
    }
}
