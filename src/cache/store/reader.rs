//! Looking up: one hit after another in one view of the database.
//!
//! To begin and to end a read costs half as much as the read: locks, the state of the log, the size of
//! the file. Where a lookup finds something, the next one will too, since a suite that was asked is
//! asked again; so the view is kept for what comes after a hit. It is given up as soon as this process
//! has written something, or one lookup finds nothing, and after [`KEPT`] in any case: other processes'
//! replies must not be overlooked for longer, nor their log be kept from being written back.

use std::time::{Duration, Instant};

use rusqlite::Connection;

/// How long a view is kept.
pub(in crate::cache) const KEPT: Duration = Duration::from_millis(5);

/// A connection that reads.
#[derive(Debug)]
pub(super) struct Reader {
    connection: Connection,
    view: Option<View>,
}

#[derive(Debug)]
struct View {
    /// What this process had written when it began.
    commits: u64,
    began: Instant,
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Reader {
        Reader { connection, view: None }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Looks something up that was stored before this process had committed so often, and whether
    /// a view began with it.
    pub(super) fn look_up<T>(
        &mut self,
        commits: u64,
        look: impl FnOnce(&Connection) -> rusqlite::Result<Option<T>>,
    ) -> rusqlite::Result<(Option<T>, bool)> {
        let old = |view: &View| view.commits != commits || view.began.elapsed() >= KEPT;
        if self.view.as_ref().is_some_and(old) {
            self.rest();
        }
        let found = look(&self.connection);
        if !matches!(found, Ok(Some(_))) {
            self.rest();
            return Ok((found?, false));
        }
        let begins = self.view.is_none();
        if begins {
            // Only the next lookup locks anything.
            self.connection.execute_batch("BEGIN")?;
            self.view = Some(View { commits, began: Instant::now() });
        }
        Ok((found?, begins))
    }

    /// Gives the view up, and the pages that are held.
    pub(super) fn shrink(&mut self) {
        self.rest();
        let _ = self.connection.execute_batch("PRAGMA shrink_memory");
    }

    /// Gives the view up.
    pub(super) fn rest(&mut self) {
        if self.view.take().is_some() {
            // Nothing was written in it, so there is nothing that could fail to be.
            let _ = self.connection.execute_batch("COMMIT");
        }
    }
}
