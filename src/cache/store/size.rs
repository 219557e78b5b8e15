//! What is in the store.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;

use super::{Store, StoreError};

/// What is in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// The database file.
    pub path: String,
    /// Bytes on disk, the log included.
    pub file_bytes: u64,
    /// Number of entries.
    pub entries: u64,
    /// Bytes of their messages and bodies.
    pub text_bytes: u64,
    /// By suite of the run that fetched them.
    pub suites: Vec<SuiteSize>,
    /// By model asked for.
    pub models: Vec<ModelSize>,
}

/// What a suite's runs have stored and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SuiteSize {
    /// Its name.
    pub suite: String,
    /// Runs that used the cache.
    pub runs: u64,
    /// Entries that they fetched.
    pub entries: u64,
    /// Bytes of messages and bodies of those.
    pub text_bytes: u64,
    /// Requests that were asked.
    pub live: u64,
    /// Requests that joined an equal one of the same run.
    pub joined: u64,
    /// Requests that were found here.
    pub stored: u64,
    /// Requests that another process fetched meanwhile.
    pub shared: u64,
}

/// What is stored of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelSize {
    /// Its name, as asked for.
    pub model: String,
    /// Number of entries.
    pub entries: u64,
    /// Bytes of messages and bodies of those.
    pub text_bytes: u64,
    /// When the oldest was fetched, in milliseconds since 1970 in UTC.
    pub oldest_ms: Option<i64>,
    /// When the newest was fetched, in milliseconds since 1970 in UTC.
    pub newest_ms: Option<i64>,
}

/// Tokens seen with a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Replies whose tokens were counted.
    pub replies: u64,
    /// Bytes of their prompts.
    pub prompt_bytes: u64,
    /// Tokens of their prompts.
    pub input_tokens: u64,
    /// Tokens of the replies.
    pub output_tokens: u64,
}

impl Store {
    /// What is in the store.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn size(&self) -> Result<Size, StoreError> {
        let bytes = |suffix: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |file| file.len())
        };
        let (suites, models) = self.read(held)?;
        Ok(Size {
            path: self.path.display().to_string(),
            file_bytes: bytes("") + bytes("-wal"),
            entries: models.iter().map(|model| model.entries).sum(),
            text_bytes: models.iter().map(|model| model.text_bytes).sum(),
            suites,
            models,
        })
    }

    /// Number of entries.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn entries(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            connection.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
        })
    }

    /// Tokens seen with a model.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn seen(&self, model: &str) -> Result<Seen, StoreError> {
        let sql = "SELECT ifnull(sum(replies), 0), ifnull(sum(prompt_bytes), 0), \
                   ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0) \
                   FROM settings WHERE model = ?1";
        self.read(|connection| {
            connection.query_row(sql, [model], |row| {
                Ok(Seen {
                    replies: row.get(0)?,
                    prompt_bytes: row.get(1)?,
                    input_tokens: row.get(2)?,
                    output_tokens: row.get(3)?,
                })
            })
        })
    }
}

/// Both lists from one walk over the entries: that is all of the file.
fn held(connection: &Connection) -> rusqlite::Result<(Vec<SuiteSize>, Vec<ModelSize>)> {
    let mut suites: BTreeMap<String, SuiteSize> = BTreeMap::new();
    let mut models: BTreeMap<String, ModelSize> = BTreeMap::new();
    let mut runs = connection.prepare_cached(
        "SELECT CAST(suite AS TEXT), count(*), max(0, sum(live)), max(0, sum(joined)), \
         max(0, sum(stored)), max(0, sum(shared)) FROM run GROUP BY 1",
    )?;
    let mut rows = runs.query([])?;
    while let Some(row) = rows.next()? {
        let suite: String = row.get(0)?;
        let size = SuiteSize {
            suite: suite.clone(),
            runs: row.get(1)?,
            live: row.get(2)?,
            joined: row.get(3)?,
            stored: row.get(4)?,
            shared: row.get(5)?,
            ..SuiteSize::default()
        };
        suites.insert(suite, size);
    }
    let mut entries = connection.prepare_cached(
        "SELECT CAST(ifnull(run.suite, 'unknown') AS TEXT), \
         CAST(ifnull(settings.model, 'unknown') AS TEXT), n, bytes, oldest, \
         newest FROM (SELECT run, settings, count(*) AS n, min(created) AS oldest, \
         max(created) AS newest, sum(octet_length(turns) + octet_length(body)) AS bytes \
         FROM entry GROUP BY run, settings) AS held \
         LEFT JOIN run ON run.id = held.run LEFT JOIN settings ON settings.id = held.settings",
    )?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let (suite, model): (String, String) = (row.get(0)?, row.get(1)?);
        let (entries, bytes): (u64, u64) = (row.get(2)?, row.get(3)?);
        // A time that is no number is for verifying to find; the rest is counted all the same.
        let (oldest, newest): (Option<i64>, Option<i64>) = (row.get(4).ok(), row.get(5).ok());
        let by_suite = suites.entry(suite.clone()).or_default();
        by_suite.suite = suite;
        by_suite.entries += entries;
        by_suite.text_bytes += bytes;
        let by_model = models.entry(model.clone()).or_default();
        by_model.model = model;
        by_model.entries += entries;
        by_model.text_bytes += bytes;
        by_model.oldest_ms = by_model.oldest_ms.into_iter().chain(oldest).min();
        by_model.newest_ms = by_model.newest_ms.into_iter().chain(newest).max();
    }
    Ok((suites.into_values().collect(), models.into_values().collect()))
}
