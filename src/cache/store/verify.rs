//! What is still whole in the store.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;

use super::walk::{Looked, STEP};
use super::{Store, StoreError};
use crate::cache::Decode;

/// What verifying came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Entries that are whole.
    pub entries: u64,
    /// Entries that were not, and were dropped.
    pub corrupt: u64,
    /// The corrupt ones by what was wrong.
    pub reasons: BTreeMap<String, u64>,
    /// What is wrong with the file itself and could not be mended; null if nothing is.
    pub damage: Option<String>,
}

impl Verified {
    /// Whether everything was as it should be.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.corrupt == 0 && self.damage.is_none()
    }
}

impl Store {
    /// Reads every entry the way a run would, drops those that are not whole, and has the file
    /// itself checked.
    ///
    /// # Errors
    /// The database cannot be read or written at all.
    pub fn verify(&self, decode: &Decode) -> Result<Verified, StoreError> {
        let mut verified = Verified::default();
        let last = self.read(|connection| {
            connection.query_row("SELECT ifnull(max(id), 0) FROM entry", [], |row| row.get(0))
        });
        let last: i64 = match last {
            // Not even the first page can be read: there is nothing to go through.
            Err(StoreError::Damaged { message, .. }) => {
                return Ok(Verified { damage: Some(message), ..verified });
            }
            last => last?,
        };
        let mut after = i64::MIN;
        while after < last {
            let (rows, next) = match self.step(after) {
                Ok(rows) => {
                    let next = rows.last().map_or(last, |row| row.id);
                    (rows, next)
                }
                // Somewhere in here the file is broken: one by one, what is whole is still found.
                Err(StoreError::Damaged { .. }) => match self.next_by_index(after) {
                    Some(first) => (self.one_by_one(first)?, first.saturating_add(STEP - 1)),
                    None => break,
                },
                Err(error) => return Err(error),
            };
            let mut corrupt = Vec::new();
            for row in rows {
                match row.fault(decode) {
                    None => verified.entries += 1,
                    Some(fault) => {
                        *verified.reasons.entry(fault).or_insert(0) += 1;
                        corrupt.push(row.id);
                    }
                }
            }
            verified.corrupt += corrupt.len() as u64;
            // What cannot even be deleted shows in the check of the file, and keeps nothing else.
            if self.delete(&corrupt).is_err() {
                for id in &corrupt {
                    let _ = self.delete(&[*id]);
                }
            }
            after = next;
        }
        verified.damage = self.mend()?;
        Ok(verified)
    }

    /// What is wrong with the file itself after what can be mended was mended.
    fn mend(&self) -> Result<Option<String>, StoreError> {
        let check = |connection: &mut Connection| {
            let mut check = connection.prepare("PRAGMA integrity_check(1)")?;
            check.query_row([], |row| row.get::<_, String>(0))
        };
        for again in [true, false] {
            match self.writer.with(check) {
                Ok(text) if text == "ok" => return Ok(None),
                Ok(text) if !again => return Ok(Some(text)),
                Err(StoreError::Damaged { message, .. }) if !again => return Ok(Some(message)),
                Ok(_) | Err(StoreError::Damaged { .. }) => {
                    // An index can be made anew from its table; a failure shows in the next check.
                    let _ = self.writer.with(|connection| connection.execute_batch("REINDEX"));
                }
                Err(error) => return Err(error),
            }
        }
        unreachable!("the second check returns")
    }
}

impl Looked {
    fn fault(&self, decode: &Decode) -> Option<String> {
        let stored = match &self.stored {
            Err(fault) => return Some((*fault).to_owned()),
            Ok(stored) => stored,
        };
        if self.key != stored.request.digest().short() {
            return Some("the request was altered".into());
        }
        let decoded = decode(&stored.request.target, &stored.body, stored.times);
        decoded.is_err().then(|| "the reply cannot be decoded".into())
    }
}
