//! The store: replies on disk, shared by all processes of a user on this machine.
//!
//! It is `SQLite` in WAL mode: any number of processes read while one writes, a killed one leaves
//! nothing half-written, and a person can look inside with `sqlite3`. Readers look things up on
//! the spot, which takes microseconds; writes go through one thread, which gathers them into
//! batches, since it is the commit that costs. What waits for its batch is already found by this
//! process.

mod prune;
mod reader;
mod row;
mod schema;
mod size;
mod verify;
mod walk;
mod writer;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row};

use super::lock;
use crate::ask::{Draw, Request, Times};
use reader::Reader;
use row::Settings;
use writer::Writer;

pub use prune::{Limits, Pruned};
pub(super) use reader::KEPT;
pub use row::{Entry, Found, prompt_bytes};
pub use size::{ModelSize, Seen, Size, SuiteSize};
pub use verify::Verified;
pub use walk::{Stored, Wanted};
pub use writer::Session;

/// Reads that may go on at once. More would only wait for the disk.
const READERS: usize = 2;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nobody knows where it should be.
    #[error(
        "there is no home directory to keep the cache in: set OVERCLAIM_CACHE_DIR to a directory, or use `--cache off`"
    )]
    Homeless,
    /// Its directory is out of reach.
    #[error("the cache directory {} cannot be used: {error}; set OVERCLAIM_CACHE_DIR to another, or use `--cache off`", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Its directory is not on this machine.
    #[error(
        "the cache directory {} is on a network file system ({kind}), where a database that several processes share gets corrupted: set OVERCLAIM_CACHE_DIR to a directory on a local disk, or use `--cache off`",
        dir.display()
    )]
    Network {
        /// The directory.
        dir: PathBuf,
        /// The kind of file system.
        kind: String,
    },
    /// A newer version wrote it.
    #[error(
        "{}: written in format {found} by a newer version; this one reads up to {}: update overclaim, or set OVERCLAIM_CACHE_DIR to another directory",
        path.display(), schema::VERSION
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// It is something else.
    #[error("{}: not a cache of overclaim; set OVERCLAIM_CACHE_DIR to another directory", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The database is damaged.
    #[error(
        "{}: the database is damaged ({message}): `overclaim cache verify` drops what is broken; if that does not help, delete the file, and what it held is asked again",
        path.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What `SQLite` says.
        message: String,
    },
    /// The database cannot be read or written.
    #[error("{}: {message}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What `SQLite` says.
        message: String,
    },
}

impl StoreError {
    fn sqlite(path: &Path, error: &rusqlite::Error) -> StoreError {
        let (path, message) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged { path, message }
            }
            _ => StoreError::Database { path, message },
        }
    }
}

/// Replies on disk.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    readers: [Mutex<Reader>; READERS],
    /// Somebody has taken it upon himself to end the views that were begun.
    watched: AtomicBool,
    /// Settings by their number. A store knows few, and they never change.
    settings: Mutex<HashMap<i64, Arc<Settings>>>,
    suites: Mutex<HashMap<i64, Arc<str>>>,
    writer: Writer,
}

impl Store {
    /// Opens the store in a directory, making both where needed.
    ///
    /// # Errors
    /// The directory is on a network file system or out of reach, or holds something else.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        super::place::prepare(dir)?;
        let connection = schema::open(dir)?;
        let path = dir.join(schema::FILE);
        let reader = || schema::open_again(dir).map(Reader::new).map(Mutex::new);
        let readers = [reader()?, reader()?];
        let writer = Writer::start(connection, path.clone())
            .map_err(|error| StoreError::Directory { dir: dir.to_owned(), error })?;
        let (settings, suites) = (Mutex::default(), Mutex::default());
        let watched = AtomicBool::new(false);
        Ok(Store { path, readers, watched, settings, suites, writer })
    }

    /// Opens the store in a directory if there is one, and makes none.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_existing(dir: &Path) -> Result<Option<Store>, StoreError> {
        if dir.join(schema::FILE).exists() { Store::open(dir).map(Some) } else { Ok(None) }
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The entry of a request: of this very request, whatever else has the same key, and whole.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn get(&self, request: &Request) -> Result<Option<Found>, StoreError> {
        self.get_at(&request.digest().short(), request)
    }

    /// As [`Store::get`], for who knows the first half of the request's digest already.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn get_at(&self, key: &[u8; 16], request: &Request) -> Result<Option<Found>, StoreError> {
        if let Some(entry) = self.writer.pending(key) {
            let whole = *entry.entry.request == *request;
            return Ok(whole.then(|| entry.found()));
        }
        self.read(|connection| self.select(connection, key, request))
    }

    /// As [`Store::get_at`], for one of many that are looked up: what other processes have stored in
    /// the last 5 ms may be overlooked. Whoever is told to watch calls [`Store::rest`] 5 ms later.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn look_up(
        &self,
        key: &[u8; 16],
        request: &Request,
    ) -> Result<(Option<Found>, Watch), StoreError> {
        if let Some(entry) = self.writer.pending(key) {
            let whole = *entry.entry.request == *request;
            return Ok((whole.then(|| entry.found()), Watch::Others));
        }
        // What was waiting until just now is written, and so counted.
        let commits = self.writer.commits();
        let look = |connection: &Connection| self.select(connection, key, request);
        let (found, begins) = self
            .reader()
            .look_up(commits, look)
            .map_err(|error| StoreError::sqlite(&self.path, &error))?;
        let mine = begins && !self.watched.swap(true, Ordering::AcqRel);
        Ok((found, if mine { Watch::Mine } else { Watch::Others }))
    }

    /// Ends the views that lookups have begun.
    pub(super) fn rest(&self) {
        // Whoever begins one from here on is told to watch.
        self.watched.store(false, Ordering::Release);
        self.readers.iter().for_each(|reader| lock(reader).rest());
    }

    fn select(
        &self,
        connection: &Connection,
        key: &[u8; 16],
        request: &Request,
    ) -> rusqlite::Result<Option<Found>> {
        let mut select = connection.prepare_cached(
            "SELECT settings, turns, repeat, sample, body, first_token_ms, head_ms, total_ms, \
             created, checksum, run FROM entry WHERE key = ?1",
        )?;
        let mut rows = select.query([&key[..]])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        // Columns of another type than we write are somebody else's: not our entry.
        let Ok(settings) = row.get(0) else { return Ok(None) };
        let Some(settings) = self.settings(connection, settings)? else { return Ok(None) };
        Ok(verified(row, request, &settings))
    }

    /// Stores an entry. It is found at once, by this process, and on disk within 50 ms. Waits
    /// only when the disk is far behind.
    pub async fn put(&self, entry: Entry, session: &Arc<Session>) {
        self.put_at(entry.request.digest().short(), entry, session).await;
    }

    /// As [`Store::put`], for who knows the first half of the request's digest already.
    pub async fn put_at(&self, key: [u8; 16], entry: Entry, session: &Arc<Session>) {
        self.remember(session);
        self.writer.put(key, entry, session).await;
    }

    /// Stores entries, in large batches. Those whose key is there already are left as they are.
    /// Returns how many are new.
    ///
    /// # Errors
    /// The database cannot be written. The batches before that stay.
    pub fn put_all(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        session: &Arc<Session>,
    ) -> Result<usize, StoreError> {
        self.remember(session);
        self.writer.put_all(entries, session)
    }

    /// Writes what is waiting, and how the requests of a run were answered.
    ///
    /// # Errors
    /// Something could not be written, now or earlier.
    pub fn finish(&self, session: &Session) -> Result<(), StoreError> {
        let finished = self.writer.finish(session);
        // What follows wants the room that pages of the index take; whoever asks on reads them again.
        for reader in &self.readers {
            lock(reader).shrink();
        }
        let _ = self.writer.with(|connection| connection.execute_batch("PRAGMA shrink_memory"));
        finished
    }

    /// The suite of the run that fetched an entry.
    #[must_use]
    pub fn suite(&self, run: i64) -> Arc<str> {
        if let Some(suite) = lock(&self.suites).get(&run) {
            return Arc::clone(suite);
        }
        let asked = self.read(|connection| {
            connection
                .query_row("SELECT suite FROM run WHERE id = ?1", [run], |row| row.get(0))
                .optional()
        });
        let suite: Option<String> = asked.ok().flatten();
        // Another process may be about to say; until it has, nothing is settled.
        let Some(suite) = suite else { return "unknown".into() };
        let suite: Arc<str> = suite.into();
        lock(&self.suites).insert(run, Arc::clone(&suite));
        suite
    }

    /// Entries are found before their run is on disk, and so is its suite.
    fn remember(&self, session: &Session) {
        let mut suites = lock(&self.suites);
        suites.entry(session.id).or_insert_with(|| Arc::clone(&session.suite));
    }

    /// The requests whose digest starts with these hexadecimal digits, at most two.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn with_digest(&self, digits: &str) -> Result<Vec<Request>, StoreError> {
        let digits = digits.to_lowercase();
        let of_key = digits.get(..32).unwrap_or(&digits).to_uppercase();
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT settings, turns, repeat, sample, created FROM entry \
                 WHERE substr(hex(key), 1, length(?1)) = ?1",
            )?;
            let mut rows = select.query([&of_key])?;
            let mut found = Vec::new();
            while found.len() < 2
                && let Some(row) = rows.next()?
            {
                // The key is half of a digest, and a row may bear another's.
                let request = self.request(connection, row)?.map(|(request, _)| request);
                let meant = |request: &Request| request.digest().to_string().starts_with(&digits);
                found.extend(request.filter(meant));
            }
            Ok(found)
        })
    }

    /// The requests stored last, the latest first, at most so many. Those that cannot be read are
    /// left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn latest(&self, most: usize) -> Result<Vec<(Request, i64)>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT settings, turns, repeat, sample, created FROM entry ORDER BY id DESC LIMIT ?1",
            )?;
            let mut rows = select.query([i64::try_from(most).unwrap_or(i64::MAX)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.extend(self.request(connection, row)?);
            }
            Ok(found)
        })
    }

    /// The request of a row of settings, turns, repeat and sample, and what is in its column 4.
    fn request(
        &self,
        connection: &Connection,
        row: &Row<'_>,
    ) -> rusqlite::Result<Option<(Request, i64)>> {
        let (Ok(settings), Ok(repeat), Ok(sample)) = (row.get(0), row.get(2), row.get(3)) else {
            return Ok(None);
        };
        let Some(settings) = self.settings(connection, settings)? else { return Ok(None) };
        let draw = Draw { repeat, sample };
        let request = text(row, 1).and_then(|turns| settings.request(turns, draw).ok());
        Ok(request.zip(row.get(4).ok()))
    }

    fn settings(
        &self,
        connection: &Connection,
        id: i64,
    ) -> rusqlite::Result<Option<Arc<Settings>>> {
        if let Some(settings) = lock(&self.settings).get(&id) {
            return Ok(Some(Arc::clone(settings)));
        }
        let read =
            |row: &Row<'_>| Ok(text(row, 0).and_then(|json| serde_json::from_str(json).ok()));
        let settings = connection
            .prepare_cached("SELECT json FROM settings WHERE id = ?1")?
            .query_row([id], read)
            .optional()?;
        let settings = settings.flatten().map(Arc::new);
        if let Some(settings) = &settings {
            lock(&self.settings).insert(id, Arc::clone(settings));
        }
        Ok(settings)
    }

    /// Reads on whatever connection is free.
    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut reader = self.reader();
        // Who comes alone wants to see what is there now.
        reader.rest();
        read(reader.connection()).map_err(|error| StoreError::sqlite(&self.path, &error))
    }

    /// Whatever reader is free.
    fn reader(&self) -> MutexGuard<'_, Reader> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| lock(&self.readers[0]))
    }
}

/// Whose it is to end, a little later, the views that were begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// The caller's.
    Mine,
    /// Somebody else's, or there is none.
    Others,
}

/// The entry in a row, if it is whole and that of this request with these settings.
fn verified(row: &Row<'_>, request: &Request, settings: &Settings) -> Option<Found> {
    let draw = Draw { repeat: row.get(2).ok()?, sample: row.get(3).ok()? };
    let times = times(row, 5)?;
    let checksum: i64 = row.get(9).ok()?;
    let (created_ms, run) = (row.get(8).ok()?, row.get(10).ok()?);
    let (turns, body) = (text(row, 1)?, text(row, 4)?);
    let same = draw == request.draw && settings.are_of(request) && turns == row::turns(request);
    let whole = row::checksum(body, &times, created_ms) == checksum;
    (same && whole).then(|| Found { body: body.into(), times, created_ms, run })
}

/// A text of a row; none where somebody has put something else there.
fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text)) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

/// The times in three columns of a row, from this one on.
fn times(row: &Row<'_>, first: usize) -> Option<Times> {
    let times = Times {
        first_token_ms: row.get(first).ok()?,
        head_ms: row.get(first + 1).ok()?,
        total_ms: row.get(first + 2).ok()?,
        // The pace of a stream is told where it was read; of a stored reply it says nothing of today.
        ..Times::default()
    };
    times.are_sound().then_some(times)
}

#[cfg(test)]
mod tests;
