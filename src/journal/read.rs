//! Reading run directories back.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{HEADER, RECORDS};
use crate::record::{
    Brief, FORMAT, Header, LAST, Record, Run, RunBuilder, Selected, Shelf, Unreadable,
};

/// Most records are longer, so there are fewer than so many for the bytes of a journal.
const USUAL_BYTES: u64 = 512;
/// No record is longer: what claims to be is not read into memory.
const LONGEST: u64 = 1 << 30;
/// Room is made at once for no more than so many: a file may only pretend to be large.
const MOST_AT_ONCE: usize = 1 << 20;

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
    /// A journal cannot be taken for writing.
    #[error("{}: cannot be written: {error}", path.display())]
    Unwritable {
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

/// Reads a run directory in one pass. A torn last line is ignored, and so is one with a hole; of two
/// records of one trial the first counts. Whole records do not stay in memory: the run reads them
/// again where they are wanted.
///
/// # Errors
/// The header or a whole line is missing or malformed, or was written by a newer version.
pub fn read(dir: &Path) -> Result<Run, ReadError> {
    read_with(dir, read_header(dir)?, &mut |_, _| {})
}

/// The same where the header is read already, for somebody who looks at every record that counts
/// while it passes, in the order in which they were finished.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    dir: &Path,
    header: Header,
    look: &mut dyn FnMut(&Record, &Brief),
) -> Result<Run, ReadError> {
    let path = dir.join(RECORDS);
    let io_error = |error| ReadError::Io { path: path.clone(), error };
    let file = File::open(&path).map_err(io_error)?;
    let bytes = file.metadata().map_err(io_error)?.len();
    let about = usize::try_from(bytes / USUAL_BYTES).unwrap_or(MOST_AT_ONCE);
    let planned = header.trials_of_all();
    let mut run = RunBuilder::new(header, about.min(MOST_AT_ONCE));
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let (mut line, mut end) = (Vec::new(), 0);
    for number in 1.. {
        line.clear();
        let start = end;
        let mut limited = Read::by_ref(&mut reader).take(LONGEST + 1);
        let length = limited.read_until(b'\n', &mut line).map_err(io_error)? as u64;
        end += length;
        if length > LONGEST {
            let (what, message) = ("a record of this run", "it is longer than 1 GiB".to_owned());
            return Err(ReadError::Malformed { path, line: number, what, message });
        }
        if end == start || line.last() != Some(&b'\n') {
            break;
        }
        let wrong = match serde_json::from_slice::<Record>(&line) {
            Ok(record) if record.index < planned && record.index <= LAST => {
                if let Some(brief) = run.add(&record, start) {
                    look(&record, brief);
                }
                continue;
            }
            Ok(record) => format!("it is of trial {} of {planned}", record.index.saturating_add(1)),
            // What was written but not synced before a power cut may come back as NUL bytes, which
            // no record holds. Its trial is one that was not finished.
            Err(_) if line.contains(&0) => continue,
            Err(error) => error.to_string(),
        };
        let (what, dir) = ("a record of this run", dir.display());
        let message = format!(
            "{wrong}; without this line its trial is asked again by `overclaim run --resume {dir}`"
        );
        return Err(ReadError::Malformed { path, line: number, what, message });
    }
    let reader = Mutex::new(Reader { reader, place: end });
    Ok(run.finish(Arc::new(OnDisk { path, reader })))
}

/// The journal that records are read from again. It stays open, so that they are there whatever
/// becomes of the directory.
#[derive(Debug)]
struct OnDisk {
    path: PathBuf,
    reader: Mutex<Reader>,
}

#[derive(Debug)]
struct Reader {
    reader: BufReader<File>,
    /// Where in the file it stands.
    place: u64,
}

impl Shelf for OnDisk {
    fn record(&self, place: u64) -> Result<Record, Unreadable> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = Vec::new();
        let read = reader.line_at(place, &mut line);
        drop(reader);
        let told = |error: &dyn fmt::Display| {
            let path = self.path.display();
            Unreadable(format!("{path}: the record at byte {place} cannot be read again: {error}"))
        };
        read.map_err(|error| told(&error))?;
        serde_json::from_slice(&line).map_err(|error| told(&error))
    }
}

impl Reader {
    /// Records that follow each other are mostly in the buffer already.
    fn line_at(&mut self, place: u64, line: &mut Vec<u8>) -> io::Result<()> {
        // Below 2^63, as lengths of files are.
        self.reader.seek_relative(place.cast_signed() - self.place.cast_signed())?;
        self.place = place;
        self.place += self.reader.read_until(b'\n', line)? as u64;
        Ok(())
    }
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

/// The directories below a directory, by name; links that lead to one are as good.
///
/// # Errors
/// The directory cannot be read.
pub fn directories(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a directory claims to be a run's.
#[must_use]
pub fn is_run(dir: &Path) -> bool {
    dir.join(HEADER).is_file()
}

/// The run directory that was started last, below a directory of suites.
#[must_use]
pub fn latest(reports: &Path) -> Option<PathBuf> {
    let below = |dir: &Path| directories(dir).unwrap_or_default();
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
            // A share of the cases is held against the same share, or against all of them.
            let whole = whole && (earlier.shard.is_none() || earlier.shard == header.shard);
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
