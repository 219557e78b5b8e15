//! Brings what was written to the disk, a short while after.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a written line may wait for the disk; half of what is promised, for slow disks.
const SYNC_AFTER: Duration = Duration::from_millis(25);

/// A thread that syncs a file a short while after it was written to.
#[derive(Debug)]
pub(super) struct Syncer {
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
    pub(super) fn start(file: File) -> io::Result<Syncer> {
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

    pub(super) fn wrote(&self) -> io::Result<()> {
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

    pub(super) fn stop(mut self) -> io::Result<()> {
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
