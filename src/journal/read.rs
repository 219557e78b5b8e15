//! Reading run directories back.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{HEADER, RECORDS};
use crate::record::{FORMAT, Header, Record, Run, Selected};

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
