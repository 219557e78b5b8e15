//! The database: its tables, how a connection is set up, and how a version becomes the next.
//!
//! It is made to be looked at with `sqlite3 cache.db`: texts are texts, times are milliseconds,
//! and the view `exchange` puts the parts together.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// File of the database in the cache's directory.
pub(super) const FILE: &str = "cache.db";
/// File whose lock serialises opening and migration.
const LOCK: &str = "cache.lock";

/// Version of the tables, in `user_version`.
pub(super) const VERSION: i64 = 1;
/// "ovcl": tells this database from any other, in `application_id`.
const APPLICATION: i64 = 0x6f76_636c;

/// How long a writer waits for another process to finish its batch. A batch takes a fraction of a
/// second; half a minute means that something holds the database.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The log is cut back to this size whenever it has been written back into the database.
const LARGEST_LOG: u32 = 64 << 20;

/// Pages of the log after which it is written back. Keys are random, so every batch changes as many
/// pages of the index as it has rows, and the same ones as the batch before: the longer this waits, the
/// fewer are written back, and the seldomer the disk is waited for.
const WRITTEN_BACK: u32 = LARGEST_LOG / PAGE;

/// Pages are large because entries are: 4 kB pages would leave a third of the file empty.
const PAGE: u32 = 16384;

const TABLES: &str = "
-- What many requests have in common: {target, params} as JSON, and the tokens seen with it.
CREATE TABLE settings (
  id INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  json TEXT NOT NULL UNIQUE,
  replies INTEGER NOT NULL DEFAULT 0,
  prompt_bytes INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0
);
-- A run that used the cache, and how its requests were answered.
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  suite TEXT NOT NULL,
  started INTEGER NOT NULL,
  live INTEGER NOT NULL DEFAULT 0,
  joined INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0,
  shared INTEGER NOT NULL DEFAULT 0
);
-- A request and its reply. Rows are only ever appended: a newer reply replaces the row, so the
-- order of ids is the order of age.
CREATE TABLE entry (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  settings INTEGER NOT NULL,
  run INTEGER NOT NULL,
  repeat INTEGER NOT NULL,
  sample INTEGER NOT NULL,
  created INTEGER NOT NULL,
  first_token_ms REAL,
  head_ms REAL,
  total_ms REAL NOT NULL,
  model TEXT,
  checksum INTEGER NOT NULL,
  turns TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX entry_key ON entry (key);
-- Who is asking right now, so that processes need not ask the same twice.
CREATE TABLE lease (
  key BLOB PRIMARY KEY,
  owner TEXT NOT NULL,
  deadline INTEGER NOT NULL
) WITHOUT ROWID;
CREATE VIEW exchange AS
SELECT lower(hex(entry.key)) AS digest, run.suite, settings.model AS asked, entry.model AS served,
       datetime(entry.created / 1000.0, 'unixepoch') AS fetched, entry.repeat, entry.sample,
       entry.turns, entry.body, entry.total_ms
FROM entry LEFT JOIN run ON run.id = entry.run LEFT JOIN settings ON settings.id = entry.settings;
";

/// Page cache of a connection in KiB. Keys are random, and the index takes 36 MB for a million
/// entries: what is not here is read from the system's cache. A run of a million cases is to take no
/// more than 300 MB with all of them.
const CACHE_WRITING: i64 = 24 << 10;
const CACHE_READING: i64 = 20 << 10;

/// Opens the database for writing, making or migrating it where needed. Processes that come at the
/// same time do this one after the other: switching to WAL heeds no busy timeout.
pub(super) fn open(dir: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(FILE);
    let _lock = lock(dir)?;
    if !path.exists() {
        // Only then: closing a file drops the locks that this process has on it.
        private(&path).map_err(|error| StoreError::Directory { dir: dir.to_owned(), error })?;
    }
    let connection = Connection::open_with_flags(&path, flags() | OpenFlags::SQLITE_OPEN_CREATE);
    let connection = connection.map_err(|error| StoreError::sqlite(&path, &error))?;
    migrate(&connection, &path)?;
    set_up(&connection, CACHE_WRITING)
        .and_then(|()| {
            connection.pragma_update_and_check(None, "wal_autocheckpoint", WRITTEN_BACK, |_| Ok(()))
        })
        .map_err(|error| StoreError::sqlite(&path, &error))?;
    Ok(connection)
}

/// Opens a database that [`open`] has made, for reading.
pub(super) fn open_again(dir: &Path) -> Result<Connection, StoreError> {
    let path = dir.join(FILE);
    let connection = Connection::open_with_flags(&path, flags());
    let connection = connection.map_err(|error| StoreError::sqlite(&path, &error))?;
    set_up(&connection, CACHE_READING).map_err(|error| StoreError::sqlite(&path, &error))?;
    Ok(connection)
}

fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Holds the lock until it is dropped, or until the process dies.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let locked = private(&path).and_then(|file| {
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    let seconds = PATIENCE.as_secs();
                    let message = format!("another process has been opening it for {seconds} s");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, message));
                }
            }
        }
    });
    locked.map_err(|error| StoreError::Directory { dir: dir.to_owned(), error })
}

/// A file that only this user can read, made if it is not there. What `SQLite` puts beside it has
/// the same permissions.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).truncate(false).write(true).open(path)
}

fn migrate(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let broken = |error| StoreError::sqlite(path, &error);
    connection.busy_timeout(PATIENCE).map_err(broken)?;
    let ask =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(broken)?;
    let version = ask("user_version").map_err(broken)?;
    if objects > 0 && ask("application_id").map_err(broken)? != APPLICATION {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if version > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found: version });
    }
    if version == 0 {
        // These are fixed with the first page that is written; WAL must come after them.
        connection.pragma_update(None, "page_size", PAGE).map_err(broken)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(broken)?;
    }
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(broken)?;
    if mode != "wal" {
        connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            .map_err(broken)?;
    }
    if version == 0 {
        let create = format!(
            "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION}; \
             PRAGMA user_version = {VERSION}; COMMIT;"
        );
        connection.execute_batch(&create).map_err(broken)?;
    }
    // A table that is a view without end, a trigger, a column that computes: nothing of that is
    // ours, and all of it would run when we only look something up.
    if objects_of(connection).map_err(broken)? != expected().map_err(broken)? {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    Ok(())
}

type Object = (String, String, Option<String>);

/// Everything that the database is made of: kind, name and definition.
fn objects_of(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    // The statistics of an ANALYZE are somebody's good deed.
    let sql = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' \
               ORDER BY type, name";
    let mut select = connection.prepare(sql)?;
    let objects = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    objects.collect()
}

fn expected() -> rusqlite::Result<Vec<Object>> {
    let memory = Connection::open_in_memory()?;
    memory.execute_batch(TABLES)?;
    objects_of(&memory)
}

fn set_up(connection: &Connection, kibibytes: i64) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    // In WAL mode a killed process loses nothing it has committed, and a power cut at most the
    // last commits: what is lost is asked again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -kibibytes)?;
    connection.pragma_update_and_check(None, "journal_size_limit", LARGEST_LOG, |_| Ok(()))
}
