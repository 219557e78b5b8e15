//! What may go from the store.
//!
//! Everything here goes in small steps. A reader is never in the way of a writer nor a writer of
//! it; but writers wait for each other, and none should wait long for an upkeep.

use serde::Serialize;

use super::{Store, StoreError};

/// Entries that are deleted in one step.
const STEP: i64 = 512;

/// Pages that are given back to the system in one step.
const PAGES: u32 = 256;

/// What is to be deleted. Age and model go together: what is deleted is both.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Entries fetched before this time, in milliseconds since 1970 in UTC.
    pub before_ms: Option<i64>,
    /// Entries of models that this glob matches.
    pub model: Option<glob::Pattern>,
    /// The oldest entries, until those left take at most so many bytes of the file.
    pub most_bytes: Option<u64>,
}

/// What pruning came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Entries deleted.
    pub deleted: u64,
    /// Entries left.
    pub left: u64,
    /// Bytes that the file is smaller.
    pub freed_bytes: u64,
}

impl Store {
    /// Deletes what is beyond the limits and gives the space back, step by step.
    ///
    /// # Errors
    /// The database cannot be read or written. What is deleted by then stays deleted.
    pub fn prune(&self, limits: &Limits) -> Result<Pruned, StoreError> {
        let before = self.pages()?;
        let models = self.settings_of(limits.model.as_ref())?;
        let among = models.as_ref().map_or(String::new(), |ids| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!(" AND settings IN ({})", ids.join(","))
        });
        let mut sweep =
            Sweep { store: self, among, after: i64::MIN, left: self.entries()?, deleted: 0 };
        if limits.before_ms.is_some() || limits.most_bytes.is_none() {
            while sweep.step(limits.before_ms, STEP)? {}
        }
        if let Some(most) = limits.most_bytes {
            sweep.after = i64::MIN;
            loop {
                let used = self.pages()?.used_bytes();
                if used <= most || sweep.left == 0 {
                    break;
                }
                // As many as make up for the excess, and never many at once.
                let excess = (used - most).div_ceil((used / sweep.left).max(1));
                if !sweep.step(None, i64::try_from(excess).unwrap_or(STEP).min(STEP))? {
                    break;
                }
            }
        }
        let (deleted, left) = (sweep.deleted, sweep.left);
        self.give_back()?;
        let freed_bytes = before.all_bytes().saturating_sub(self.pages()?.all_bytes());
        Ok(Pruned { deleted, left, freed_bytes })
    }

    /// Numbers of the settings of models that a glob matches; none if every model is meant.
    fn settings_of(&self, model: Option<&glob::Pattern>) -> Result<Option<Vec<i64>>, StoreError> {
        let Some(model) = model else { return Ok(None) };
        let all: Vec<(i64, String)> = self.read(|connection| {
            connection
                .prepare_cached("SELECT id, model FROM settings")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        let matching = all.into_iter().filter(|(_, name)| model.matches(name));
        Ok(Some(matching.map(|(id, _)| id).collect()))
    }

    pub(super) fn delete(&self, ids: &[i64]) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        self.writer.with(|connection| {
            let transaction = connection.transaction()?;
            let mut deleted = 0;
            for id in ids {
                deleted +=
                    transaction.prepare_cached("DELETE FROM entry WHERE id = ?1")?.execute([id])?;
            }
            transaction.commit()?;
            Ok(deleted as u64)
        })
    }

    /// Shortens the file by the pages that nothing uses.
    fn give_back(&self) -> Result<(), StoreError> {
        loop {
            let free = self.pages()?.free;
            if free == 0 {
                break;
            }
            self.writer.with(|connection| {
                let sql = format!("PRAGMA incremental_vacuum({PAGES})");
                let mut vacuum = connection.prepare(&sql)?;
                let mut rows = vacuum.query([])?;
                while rows.next()?.is_some() {}
                Ok(())
            })?;
            if self.pages()?.free >= free {
                break;
            }
        }
        self.writer.with(|connection| {
            connection.pragma_update_and_check(None, "wal_checkpoint", "PASSIVE", |_| Ok(()))
        })
    }

    fn pages(&self) -> Result<Pages, StoreError> {
        self.read(|connection| {
            let ask = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
            Ok(Pages {
                all: ask("page_count")?,
                free: ask("freelist_count")?,
                size: ask("page_size")?,
            })
        })
    }
}

/// A walk over the entries from the oldest to the newest, deleting on the way.
struct Sweep<'a> {
    store: &'a Store,
    /// What else must hold of those deleted, in SQL.
    among: String,
    after: i64,
    left: u64,
    deleted: u64,
}

impl Sweep<'_> {
    /// Deletes the next few, of those fetched before a time. False when there are no more.
    fn step(&mut self, before_ms: Option<i64>, most: i64) -> Result<bool, StoreError> {
        let Sweep { among, after, .. } = self;
        let sql = format!(
            "SELECT id FROM entry WHERE id > ?1 AND created < ?2{among} ORDER BY id LIMIT ?3"
        );
        let values = [*after, before_ms.unwrap_or(i64::MAX), most];
        let ids: Vec<i64> = self.store.read(|connection| {
            connection.prepare_cached(&sql)?.query_map(values, |row| row.get(0))?.collect()
        })?;
        let Some(last) = ids.last() else { return Ok(false) };
        self.after = *last;
        let deleted = self.store.delete(&ids)?;
        self.deleted += deleted;
        self.left = self.left.saturating_sub(deleted);
        Ok(true)
    }
}

/// The pages of the file.
#[derive(Debug, Clone, Copy)]
struct Pages {
    all: u64,
    free: u64,
    size: u64,
}

impl Pages {
    fn used_bytes(self) -> u64 {
        self.all.saturating_sub(self.free) * self.size
    }

    fn all_bytes(self) -> u64 {
        self.all * self.size
    }
}
