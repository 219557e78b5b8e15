//! The one writer of a process.
//!
//! A commit costs about as much as two thousand rows, and many small commits of several processes
//! swell the log faster than it can be written back. So entries wait for each other: a batch is
//! written when it is full or 50 ms after its first entry came.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fmt, io};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};
use tokio::sync::Semaphore;

use super::StoreError;
use super::row::{self, Entry, Found, Settings};
use crate::ask::Origin;
use crate::cache::lock;

/// Entries that are written at once.
pub(super) const BATCH: usize = 2048;

/// How long an entry waits for others to be written with.
const GATHER: Duration = Duration::from_millis(50);

/// Entries that may wait for the disk. With more, those who bring them wait.
const WAITING: usize = 4 * BATCH;

/// A run as the store knows it: for whom entries are fetched, and how its requests were answered.
#[derive(Debug)]
pub struct Session {
    /// Number of the run, by chance: no process needs to ask another for it.
    pub id: i64,
    /// Suite of the run.
    pub suite: Arc<str>,
    /// Its start in milliseconds since 1970 in UTC.
    pub started_ms: i64,
    answered: [AtomicU64; 4],
}

impl Session {
    /// A new run.
    #[must_use]
    pub fn new(suite: &str, started_ms: i64) -> Session {
        // Seeded by the system, anew in each process and for each call.
        let random = RandomState::new().build_hasher().finish();
        let id = i64::from_ne_bytes((random >> 1).to_ne_bytes());
        Session { id, suite: suite.into(), started_ms, answered: Default::default() }
    }

    /// Counts a request by where its reply came from.
    pub fn answered(&self, origin: Origin) {
        if let Some(counter) = column(origin) {
            self.answered[counter].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests that were answered so.
    #[must_use]
    pub fn count(&self, origin: Origin) -> u64 {
        column(origin).map_or(0, |counter| self.answered[counter].load(Ordering::Relaxed))
    }
}

fn column(origin: Origin) -> Option<usize> {
    match origin {
        Origin::Live => Some(0),
        Origin::Joined => Some(1),
        Origin::Stored => Some(2),
        Origin::Shared => Some(3),
        Origin::Replayed => None,
    }
}

/// An entry on its way to the disk.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    key: [u8; 16],
    pub entry: Entry,
    session: Arc<Session>,
}

impl Waiting {
    fn new(key: [u8; 16], entry: Entry, session: &Arc<Session>) -> Arc<Waiting> {
        Arc::new(Waiting { key, entry, session: Arc::clone(session) })
    }

    pub(super) fn found(&self) -> Found {
        let Entry { reply, created_ms, .. } = &self.entry;
        let (body, times) = (Arc::clone(&reply.raw), reply.times);
        Found { body, times, created_ms: *created_ms, run: self.session.id }
    }
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<Waiting>>,
    /// What is in the queue or being written, by key.
    pending: HashMap<[u8; 16], Arc<Waiting>>,
    writing: bool,
    /// Somebody waits for the queue to be empty, so nothing waits for company.
    hurry: bool,
    closing: bool,
    failure: Option<StoreError>,
}

struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    room: Semaphore,
    /// Batches that were committed.
    commits: AtomicU64,
    /// Another process has kept the database to itself for longer than we wait.
    gave_up: AtomicBool,
    base: Mutex<Base>,
}

/// The connection that writes, and what it knows of the tables.
struct Base {
    connection: Connection,
    /// Numbers of settings by their JSON.
    settings: HashMap<String, i64>,
    /// The settings that were looked up last, which are mostly those of the next entry.
    last: Option<(Settings, i64)>,
}

/// The thread that writes.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, path: PathBuf) -> io::Result<Writer> {
        let shared = Arc::new(Shared {
            path,
            state: Mutex::default(),
            changed: Condvar::new(),
            room: Semaphore::new(WAITING),
            commits: AtomicU64::new(0),
            gave_up: AtomicBool::new(false),
            base: Mutex::new(Base { connection, settings: HashMap::new(), last: None }),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("cache-writer".into())
            .spawn(move || while theirs.write_next() {})?;
        Ok(Writer { shared, thread: Some(thread) })
    }

    pub(super) fn pending(&self, key: &[u8; 16]) -> Option<Arc<Waiting>> {
        lock(&self.shared.state).pending.get(key).cloned()
    }

    /// How many batches this process has committed. What is not pending any more is in one of them.
    pub(super) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Acquire)
    }

    pub(super) async fn put(&self, key: [u8; 16], entry: Entry, session: &Arc<Session>) {
        // The semaphore is never closed; without a permit the entry would only queue unbounded.
        if let Ok(permit) = self.shared.room.acquire().await {
            permit.forget();
        }
        let waiting = Waiting::new(key, entry, session);
        let mut state = lock(&self.shared.state);
        state.pending.insert(waiting.key, Arc::clone(&waiting));
        state.queue.push_back(waiting);
        // The thread waits for a first entry, and then for a full batch.
        if state.queue.len() == 1 || state.queue.len() == BATCH {
            self.shared.changed.notify_all();
        }
    }

    pub(super) fn put_all(
        &self,
        entries: impl IntoIterator<Item = Entry>,
        session: &Arc<Session>,
    ) -> Result<usize, StoreError> {
        let mut entries = entries.into_iter();
        let mut new = 0;
        loop {
            let waiting =
                |entry: Entry| Waiting::new(entry.request.digest().short(), entry, session);
            let batch: Vec<Arc<Waiting>> = entries.by_ref().take(BATCH).map(waiting).collect();
            if batch.is_empty() {
                return Ok(new);
            }
            new += self.shared.write(&batch, Conflict::Keep)?;
        }
    }

    pub(super) fn finish(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = lock(&self.shared.state);
        state.hurry = true;
        self.shared.changed.notify_all();
        let idle = |state: &mut State| !state.queue.is_empty() || state.writing;
        let waited = self.shared.changed.wait_while(state, idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.hurry = false;
        let failure = state.failure.take();
        drop(state);
        let counted = self.with(|connection| {
            let count = |origin| i64::try_from(session.count(origin)).unwrap_or(i64::MAX);
            connection.execute(
                "INSERT INTO run (id, suite, started, live, joined, stored, shared) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET \
                 live = excluded.live, joined = excluded.joined, stored = excluded.stored, \
                 shared = excluded.shared",
                params![
                    session.id,
                    &*session.suite,
                    session.started_ms,
                    count(Origin::Live),
                    count(Origin::Joined),
                    count(Origin::Stored),
                    count(Origin::Shared)
                ],
            )
        });
        match failure {
            Some(failure) => Err(failure),
            None => counted.map(|_| ()),
        }
    }

    /// Does something with the connection that writes.
    pub(super) fn with<T>(
        &self,
        write: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        write(&mut lock(&self.shared.base).connection)
            .map_err(|error| StoreError::sqlite(&self.shared.path, &error))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        lock(&self.shared.state).closing = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does not panic: its work returns errors.
            let _ = thread.join();
        }
        // Leaves one file behind instead of three. With other processes at it, it is theirs to do.
        let base = lock(&self.shared.base);
        let _ = base.connection.busy_timeout(Duration::from_millis(50));
        let _ =
            base.connection.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()));
    }
}

/// What happens to an entry whose key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Replace,
    Keep,
}

impl Shared {
    /// Waits for a batch and writes it. False when the queue is empty and stays so.
    fn write_next(&self) -> bool {
        let batch = self.gather();
        if batch.is_empty() {
            return false;
        }
        // Who has waited once for a process that keeps the database to itself does not wait for it
        // with every batch: the run has its replies, and would only become slow.
        let written = if self.gave_up.load(Ordering::Relaxed) {
            Ok(0)
        } else {
            self.write(&batch, Conflict::Replace)
        };
        let mut state = lock(&self.state);
        for waiting in &batch {
            let key = waiting.key;
            // A newer entry of the same key may be waiting by now.
            if state.pending.get(&key).is_some_and(|pending| Arc::ptr_eq(pending, waiting)) {
                state.pending.remove(&key);
            }
        }
        if let Err(error) = written {
            // The first one is the cause. Entries are lost to the cache, not to the run.
            state.failure.get_or_insert(error);
        }
        state.writing = false;
        drop(state);
        self.room.add_permits(batch.len());
        self.changed.notify_all();
        true
    }

    fn gather(&self) -> Vec<Arc<Waiting>> {
        let empty = |state: &mut State| state.queue.is_empty() && !state.closing;
        let waited = self.changed.wait_while(lock(&self.state), empty);
        let mut state: MutexGuard<'_, State> = waited.unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + GATHER;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let full = state.queue.len() >= BATCH;
            if full || state.closing || state.hurry || left.is_zero() {
                break;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let size = state.queue.len().min(BATCH);
        state.writing = size > 0;
        state.queue.drain(..size).collect()
    }

    fn write(&self, batch: &[Arc<Waiting>], conflict: Conflict) -> Result<usize, StoreError> {
        let mut base = lock(&self.base);
        let written = base.write(batch, conflict);
        // Before it stops pending: a view that was begun earlier does not have it.
        self.commits.fetch_add(1, Ordering::Release);
        written.map_err(|error| {
            // The numbers of settings that were not committed are nobody's.
            base.settings.clear();
            base.last = None;
            let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            self.gave_up.fetch_or(busy, Ordering::Relaxed);
            StoreError::sqlite(&self.path, &error)
        })
    }
}

/// What a batch adds to what is known of some settings.
#[derive(Default)]
struct Usage {
    replies: i64,
    prompt_bytes: i64,
    input_tokens: i64,
    output_tokens: i64,
}

impl Base {
    fn write(&mut self, batch: &[Arc<Waiting>], conflict: Conflict) -> rusqlite::Result<usize> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let sessions: BTreeMap<i64, &Session> =
            batch.iter().map(|waiting| (waiting.session.id, &*waiting.session)).collect();
        for session in sessions.values() {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO run (id, suite, started) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![session.id, &*session.suite, session.started_ms])?;
        }
        let mut usage: BTreeMap<i64, Usage> = BTreeMap::new();
        let mut new = 0;
        for waiting in batch {
            let request = &waiting.entry.request;
            let settings = match &self.last {
                Some((last, id)) if last.are_of(request) => *id,
                _ => {
                    let settings = Settings::of(request);
                    let id = settings_id(&transaction, &mut self.settings, &settings)?;
                    self.last = Some((settings, id));
                    id
                }
            };
            if insert(&transaction, waiting, settings, conflict)? {
                new += 1;
                usage.entry(settings).or_default().add(&waiting.entry);
            }
        }
        for (settings, usage) in usage {
            transaction
                .prepare_cached(
                    "UPDATE settings SET replies = replies + ?2, prompt_bytes = prompt_bytes + ?3, \
                     input_tokens = input_tokens + ?4, output_tokens = output_tokens + ?5 \
                     WHERE id = ?1",
                )?
                .execute(params![
                    settings,
                    usage.replies,
                    usage.prompt_bytes,
                    usage.input_tokens,
                    usage.output_tokens
                ])?;
        }
        transaction.commit()?;
        Ok(new)
    }
}

impl Usage {
    fn add(&mut self, entry: &Entry) {
        // Replies whose tokens nobody counted teach nothing about tokens.
        let Some(usage) = entry.reply.usage else { return };
        // A server may say anything; sums of what fits here cannot overflow.
        let count = |count: u64| u32::try_from(count).map_or(0, i64::from);
        self.replies += 1;
        self.prompt_bytes += count(row::prompt_bytes(&entry.request));
        self.input_tokens = self.input_tokens.saturating_add(count(usage.input_tokens));
        self.output_tokens = self.output_tokens.saturating_add(count(usage.output_tokens));
    }
}

fn settings_id(
    connection: &Connection,
    known: &mut HashMap<String, i64>,
    settings: &Settings,
) -> rusqlite::Result<i64> {
    let json = serde_json::to_string(settings).expect("settings have string keys");
    if let Some(id) = known.get(&json) {
        return Ok(*id);
    }
    connection
        .prepare_cached("INSERT OR IGNORE INTO settings (model, json) VALUES (?1, ?2)")?
        .execute([&settings.target.model, &json])?;
    let id = connection
        .prepare_cached("SELECT id FROM settings WHERE json = ?1")?
        .query_row([&json], |row| row.get(0))?;
    known.insert(json, id);
    Ok(id)
}

/// Whether the entry was written.
fn insert(
    connection: &Connection,
    waiting: &Waiting,
    settings: i64,
    conflict: Conflict,
) -> rusqlite::Result<bool> {
    let otherwise = match conflict {
        Conflict::Replace => "REPLACE",
        Conflict::Keep => "IGNORE",
    };
    let sql = format!(
        "INSERT OR {otherwise} INTO entry (key, settings, run, repeat, sample, created, \
         first_token_ms, head_ms, total_ms, model, checksum, turns, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    );
    let Entry { request, reply, created_ms } = &waiting.entry;
    let changed = connection.prepare_cached(&sql)?.execute(params![
        &waiting.key[..],
        settings,
        waiting.session.id,
        request.draw.repeat,
        request.draw.sample,
        created_ms,
        reply.times.first_token_ms,
        reply.times.head_ms,
        reply.times.total_ms,
        reply.model,
        row::checksum(&reply.raw, &reply.times, *created_ms),
        row::turns(request),
        &*reply.raw,
    ])?;
    Ok(changed > 0)
}
