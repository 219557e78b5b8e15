//! Walking through the whole store, in steps: entries on their way out.

use rusqlite::{Connection, Row};

use super::row::checksum;
use super::{Draw, Store, StoreError, Times, text, times};
use crate::ask::{Digest, Request};

/// Entries that are looked at in one step; their bodies are all in memory then.
pub(super) const STEP: i64 = 64;

/// An entry on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What was asked.
    pub request: Request,
    /// Times of the call.
    pub times: Times,
    /// The body as it came.
    pub body: String,
    /// When it came, in milliseconds since 1970 in UTC.
    pub created_ms: i64,
}

/// Which entries are meant.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those fetched by runs of this suite.
    pub suite: Option<String>,
    /// Those of models that this glob matches.
    pub model: Option<glob::Pattern>,
}

impl Store {
    /// Gives every wanted entry, sorted by the portable digest of its request and then by age.
    ///
    /// # Errors
    /// The database cannot be read, or the receiver fails.
    pub fn export<E: From<StoreError>>(
        &self,
        wanted: &Wanted,
        mut each: impl FnMut(Stored) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut order: Vec<(Digest, i64)> = Vec::new();
        let mut after = i64::MIN;
        loop {
            let step = self.step(after)?;
            let Some(last) = step.last() else { break };
            after = last.id;
            for row in step {
                if let Ok(stored) = row.stored
                    && wanted.includes(self, &stored.request, row.run)
                {
                    order.push((stored.request.portable_digest(), row.id));
                }
            }
        }
        order.sort_unstable();
        for (_, id) in order {
            if let Some(Looked { stored: Ok(stored), .. }) = self.one(id)? {
                each(stored)?;
            }
        }
        Ok(())
    }

    /// The entries that follow, as many as one step takes.
    pub(super) fn step(&self, after: i64) -> Result<Vec<Looked>, StoreError> {
        self.read(|connection| {
            let sql = format!("{LOOK} WHERE id > ?1 ORDER BY id LIMIT ?2");
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query([after, STEP])?;
            let mut looked = Vec::new();
            while let Some(row) = rows.next()? {
                looked.push(self.look(connection, row)?);
            }
            Ok(looked)
        })
    }

    fn one(&self, id: i64) -> Result<Option<Looked>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(&format!("{LOOK} WHERE id = ?1"))?;
            let mut rows = select.query([id])?;
            rows.next()?.map(|row| self.look(connection, row)).transpose()
        })
    }

    /// The entry that follows, where the entries themselves cannot be walked: the index tells.
    pub(super) fn next_by_index(&self, after: i64) -> Option<i64> {
        let next = self.read(|connection| {
            connection.query_row(
                "SELECT min(id) FROM entry INDEXED BY entry_key WHERE id > ?1",
                [after],
                |row| row.get(0),
            )
        });
        next.ok().flatten()
    }

    /// A step's entries, those that cannot be read among them.
    pub(super) fn one_by_one(&self, first: i64) -> Result<Vec<Looked>, StoreError> {
        let unreadable = |id| Looked { id, run: 0, key: Vec::new(), stored: Err("unreadable") };
        let look = |id| match self.one(id) {
            Ok(looked) => looked.map(Ok),
            Err(StoreError::Damaged { .. }) => Some(Ok(unreadable(id))),
            // A disk that is out of reach for a moment says nothing about the entry.
            Err(error) => Some(Err(error)),
        };
        (first..first.saturating_add(STEP)).filter_map(look).collect()
    }

    fn look(&self, connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Looked> {
        let settings = match row.get(0) {
            Ok(settings) => self.settings(connection, settings)?,
            Err(_) => None,
        };
        let request = || {
            let draw = Draw { repeat: row.get(2).ok()?, sample: row.get(3).ok()? };
            settings?.request(text(row, 1)?, draw).ok()
        };
        let run: Option<i64> = row.get(12).ok();
        let body = || {
            // Without a run a reply is not given either.
            run?;
            Some((times(row, 5)?, row.get(8).ok()?, text(row, 4)?.to_owned()))
        };
        let sum: Option<i64> = row.get(9).ok();
        let stored = match (request(), body()) {
            (None, _) => Err("the request cannot be read"),
            (_, None) => Err("the reply cannot be read"),
            (Some(request), Some((times, created_ms, body))) => {
                if sum == Some(checksum(&body, &times, created_ms)) {
                    Ok(Stored { request, times, body, created_ms })
                } else {
                    Err("the reply was altered")
                }
            }
        };
        let key = row.get(10).unwrap_or_default();
        Ok(Looked { id: row.get(11)?, run: run.unwrap_or(0), key, stored })
    }
}

const LOOK: &str = "SELECT settings, turns, repeat, sample, body, first_token_ms, head_ms, \
                    total_ms, created, checksum, key, id, run FROM entry";

/// An entry that was looked at for its own sake.
pub(super) struct Looked {
    pub id: i64,
    run: i64,
    pub key: Vec<u8>,
    /// What it holds, or what is wrong with it.
    pub stored: Result<Stored, &'static str>,
}

impl Wanted {
    fn includes(&self, store: &Store, request: &Request, run: i64) -> bool {
        let suite = self.suite.as_ref().is_none_or(|suite| **suite == *store.suite(run));
        suite && self.model.as_ref().is_none_or(|model| model.matches(&request.target.model))
    }
}
