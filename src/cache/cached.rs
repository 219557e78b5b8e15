//! The cache as an asker: what is stored is found, what is under way is joined, and the rest is
//! asked once.
//!
//! A request is looked up by its caller, and once more by the flight that it starts where another
//! flight may have landed in between. A flight stores its reply before it ends for newcomers, so
//! there is no moment in which a reply is neither under way nor stored.
//!
//! Failures are not stored. Within a run they are remembered: a run asks each request once, with
//! its retries, and all cases that ask the same share the reply or the error.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::difference::{differences, nearest};
use super::{
    Decode, Entry, Flights, Found, Freshness, KEPT, Landings, Session, Since, Store, StoreError,
    Watch, lock,
};
use crate::ask::{
    Ask, AskError, AskErrorKind, Attempt, Digest, Exchange, Fetched, Origin, Posed, Reply, Request,
    Role,
};

/// How many misses of a replay are explained by their nearest entry.
const EXPLAINED: usize = 20;

/// Among how many of the latest entries the nearest is looked for.
const CANDIDATES: usize = 2000;

/// How the cache is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What is stored and fresh is not asked again.
    Use,
    /// Nothing is asked: what is not stored is an error. However old, what is stored counts.
    Replay,
    /// Everything is asked anew, once, and replaces what is stored.
    Refresh,
}

/// The cache of a process.
pub struct Cache {
    store: Store,
    mode: Mode,
    freshness: Freshness,
    decode: Decode,
    flights: Arc<Flights<Digest, Flown>>,
    /// Entries older than this do not count where all is asked anew.
    started_ms: i64,
    /// The first thing that went wrong with reading. The run goes on: what is not found is asked.
    trouble: Mutex<Option<StoreError>>,
    explained: AtomicUsize,
    latest: OnceLock<Vec<(Request, i64)>>,
    /// Runs of this process.
    runs: Mutex<HashSet<i64>>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.store.path();
        f.debug_struct("Cache")
            .field("path", &path)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// What a flight brought home.
#[derive(Debug, Clone)]
enum Flown {
    /// It was fetched, or the attempt failed.
    Asked { attempts: Vec<Attempt>, result: Result<Arc<Reply>, Arc<AskError>> },
    /// It was found: somebody else had stored it in the meantime.
    Found(Hit),
    /// It had failed before in this run.
    Failed(Arc<AskError>),
}

/// A reply that was stored.
#[derive(Debug, Clone)]
struct Hit {
    reply: Arc<Reply>,
    origin: Origin,
    fetched: Option<Fetched>,
}

/// Why a lookup found or did not find something.
#[derive(Debug, Clone, PartialEq)]
pub enum Explanation {
    /// It is there.
    Hit {
        /// When it was fetched, and for whom.
        fetched: Fetched,
        /// The age at which it is asked again, if it ages.
        limit: Option<Duration>,
    },
    /// It is there and too old.
    Stale {
        /// When it was fetched, and for whom.
        fetched: Fetched,
        /// The age at which it was to be asked again.
        limit: Duration,
    },
    /// It is there and damaged.
    Corrupt,
    /// It is not there.
    Miss {
        /// In what the nearest entry differs, and when that was fetched; none in an empty cache.
        nearest: Option<(String, i64)>,
        /// Among how many entries the nearest was looked for.
        among: usize,
    },
}

impl Cache {
    /// A cache over a store. Recorded bodies are read by `decode`.
    #[must_use]
    pub fn new(store: Store, mode: Mode, freshness: Freshness, decode: Decode) -> Cache {
        Cache {
            store,
            mode,
            freshness,
            decode,
            flights: Arc::default(),
            started_ms: now_ms(),
            trouble: Mutex::default(),
            explained: AtomicUsize::new(0),
            latest: OnceLock::new(),
            runs: Mutex::default(),
        }
    }

    /// What replies are kept in.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Writes what is waiting.
    ///
    /// # Errors
    /// Something could not be read or written, now or earlier. The run is whole all the same.
    pub fn finish(&self, session: &Session) -> Result<(), StoreError> {
        let finished = self.store.finish(session);
        let trouble = lock(&self.trouble).take();
        finished.and(trouble.map_or(Ok(()), Err))
    }

    /// Whether a run would find this request now.
    #[must_use]
    pub fn holds(&self, request: &Request) -> bool {
        let key = request.digest().short();
        let found = self.store.get_at(&key, request).ok().flatten();
        found.is_some_and(|found| {
            self.counts(request, &key, &found) && self.decoded(request, &found).is_some()
        })
    }

    /// Why a run would find this request, or would not. Searching for the nearest entry of one that
    /// is not there takes its time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn explain(&self, request: &Request, search: bool) -> Result<Explanation, StoreError> {
        let key = request.digest().short();
        if let Some(found) = self.store.get_at(&key, request)? {
            let limit = self.freshness.limit(&request.target.model, &key);
            let fetched = self.fetched(&found);
            return Ok(match limit {
                _ if self.decoded(request, &found).is_none() => Explanation::Corrupt,
                Some(limit) if age(found.created_ms) > limit => {
                    Explanation::Stale { fetched, limit }
                }
                limit => Explanation::Hit { fetched, limit },
            });
        }
        let latest = if search { self.latest()? } else { &[] };
        let nearest = nearest(request, latest.iter().map(|(request, _)| request));
        let created_ms = |near: &Request| {
            latest.iter().find(|(request, _)| std::ptr::eq(request, near)).map_or(0, |(_, at)| *at)
        };
        Ok(match nearest {
            Some(near) if near == request => Explanation::Corrupt,
            near => Explanation::Miss {
                nearest: near.map(|near| (differences(request, near, "stored"), created_ms(near))),
                among: latest.len(),
            },
        })
    }

    fn latest(&self) -> Result<&[(Request, i64)], StoreError> {
        if let Some(latest) = self.latest.get() {
            return Ok(latest);
        }
        let latest = self.store.latest(CANDIDATES)?;
        Ok(self.latest.get_or_init(|| latest))
    }

    /// What a replay says of a request that is not stored.
    fn not_stored(&self, request: &Request) -> AskError {
        let mut message =
            "the cache has no such exchange, and `--cache replay` asks nothing".to_owned();
        let explained = self.explained.fetch_add(1, Ordering::Relaxed) < EXPLAINED;
        match explained.then(|| self.explain(request, true)) {
            Some(Ok(Explanation::Miss { nearest: Some((differences, _)), .. })) => {
                message += &format!("; the nearest differs in {differences}");
            }
            Some(Ok(Explanation::Corrupt)) => message += "; its entry is damaged",
            _ => {}
        }
        AskError::new(AskErrorKind::NotRecorded, message)
    }

    /// Whether an entry stands for the model of today.
    fn counts(&self, request: &Request, key: &[u8; 16], found: &Found) -> bool {
        match self.mode {
            Mode::Replay => true,
            // What claims to be from tomorrow is not what was fetched just now.
            Mode::Refresh => (self.started_ms..=now_ms()).contains(&found.created_ms),
            Mode::Use => {
                let limit = self.freshness.limit(&request.target.model, key);
                limit.is_none_or(|limit| age(found.created_ms) <= limit)
            }
        }
    }

    fn decoded(&self, request: &Request, found: &Found) -> Option<Reply> {
        (self.decode)(&request.target, &found.body, found.times).ok()
    }

    fn fetched(&self, found: &Found) -> Fetched {
        Fetched { at_ms: found.created_ms, suite: self.store.suite(found.run) }
    }

    /// Ends the views of the store in time, however long nobody looks anything up.
    fn watch(self: &Arc<Self>) {
        // A cache that nobody uses any more is closed at once, and its views with it.
        let cache = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(KEPT).await;
            if let Some(cache) = cache.upgrade() {
                cache.store.rest();
            }
        });
    }

    fn find(
        self: &Arc<Self>,
        request: &Request,
        digest: &Digest,
        session: &Session,
    ) -> Option<Hit> {
        let key = digest.short();
        let found = match self.store.look_up(&key, request) {
            Ok((found, watch)) => {
                if watch == Watch::Mine {
                    self.watch();
                }
                found?
            }
            Err(error) => {
                lock(&self.trouble).get_or_insert(error);
                return None;
            }
        };
        if found.run != session.id && !self.counts(request, &key, &found) {
            return None;
        }
        let reply = Arc::new(self.decoded(request, &found)?);
        let (origin, fetched) = if found.run == session.id {
            (Origin::Joined, None)
        } else if found.created_ms >= session.started_ms && !lock(&self.runs).contains(&found.run) {
            (Origin::Shared, Some(self.fetched(&found)))
        } else {
            (Origin::Stored, Some(self.fetched(&found)))
        };
        Some(Hit { reply, origin, fetched })
    }
}

/// An endpoint behind the cache, for one run.
#[derive(Clone)]
pub struct Cached {
    cache: Arc<Cache>,
    session: Arc<Session>,
    inner: Arc<dyn Ask>,
    /// What failed in this run.
    failed: Arc<Mutex<HashMap<Digest, Arc<AskError>>>>,
}

impl Cached {
    /// Puts the cache in front of an asker.
    #[must_use]
    pub fn new(cache: Arc<Cache>, session: Arc<Session>, inner: Arc<dyn Ask>) -> Cached {
        lock(&cache.runs).insert(session.id);
        Cached { cache, session, inner, failed: Arc::default() }
    }

    /// The work of a flight. Where none has landed since the caller looked, nothing new is stored.
    async fn fly(self, posed: Posed, since: Since) -> Flown {
        let digest = posed.digest();
        if let Some(error) = lock(&self.failed).get(&digest) {
            return Flown::Failed(Arc::clone(error));
        }
        if since == Since::MayHaveLanded
            && let Some(hit) = self.cache.find(&posed, &digest, &self.session)
        {
            return Flown::Found(hit);
        }
        let request = posed.request();
        let Exchange { attempts, result, .. } = self.inner.ask(posed).await;
        match &result {
            Ok(reply) => {
                let reply = Arc::clone(reply);
                let entry = Entry { request, reply, created_ms: now_ms() };
                self.cache.store.put_at(digest.short(), entry, &self.session).await;
            }
            Err(error) => {
                lock(&self.failed).insert(digest, Arc::clone(error));
            }
        }
        Flown::Asked { attempts, result }
    }

    async fn answer(&self, posed: &Posed) -> Answer {
        let digest = posed.digest();
        let flights = &self.cache.flights;
        let mut looked = flights.landings(&digest);
        if let Some(hit) = self.cache.find(posed, &digest, &self.session) {
            return Answer::hit(hit);
        }
        if self.cache.mode == Mode::Replay {
            let error = self.cache.not_stored(posed);
            return Answer::of(Origin::Stored, Err(error.into()));
        }
        let landed = loop {
            let work = |since| self.clone().fly(posed.clone(), since);
            let landed = flights.observe(digest, looked, work).await;
            // What this flight left behind is looked for by the next.
            looked = Landings::default();
            // Another endpoint of the same target led: its key, its deadline and so its failure
            // are its own. It remembers that, so this happens once for each such endpoint.
            let failed = matches!(
                &landed.outcome,
                Ok(Flown::Asked { result: Err(_), .. } | Flown::Failed(_))
            );
            if !failed || landed.led || lock(&self.failed).contains_key(&digest) {
                break landed;
            }
        };
        let origin = if landed.led { Origin::Live } else { Origin::Joined };
        match landed.outcome {
            Ok(Flown::Asked { attempts, result }) => {
                // Calls are made once and counted once: with the one who led.
                let attempts = if landed.led { attempts } else { Vec::new() };
                Answer { attempts, ..Answer::of(origin, result) }
            }
            Ok(Flown::Found(hit)) => Answer::hit(hit),
            Ok(Flown::Failed(error)) => Answer::of(Origin::Joined, Err(error)),
            Err(lost) => {
                let error =
                    AskError::new(AskErrorKind::Interrupted, format!("internal error: {lost}"));
                Answer::of(origin, Err(error.into()))
            }
        }
    }
}

struct Answer {
    origin: Origin,
    fetched: Option<Fetched>,
    attempts: Vec<Attempt>,
    result: Result<Arc<Reply>, Arc<AskError>>,
}

impl Answer {
    fn of(origin: Origin, result: Result<Arc<Reply>, Arc<AskError>>) -> Answer {
        Answer { origin, fetched: None, attempts: Vec::new(), result }
    }

    fn hit(hit: Hit) -> Answer {
        Answer { fetched: hit.fetched, ..Answer::of(hit.origin, Ok(hit.reply)) }
    }
}

impl Ask for Cached {
    fn ask(&self, posed: Posed) -> BoxFuture<'_, Exchange> {
        async move {
            let start = Instant::now();
            let answer = self.answer(&posed).await;
            // A replay that found nothing was not answered by the store.
            if answer.result.is_ok() || answer.origin != Origin::Stored {
                self.session.answered(answer.origin);
            }
            Exchange {
                digest: posed.digest(),
                request: posed.request(),
                role: Role::Answer,
                origin: answer.origin,
                fetched: answer.fetched,
                waited: start.elapsed(),
                attempts: answer.attempts,
                result: answer.result,
            }
        }
        .boxed()
    }
}

/// Milliseconds since 1970 in UTC.
#[must_use]
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// How long ago that was. Clocks differ a little; a time further to come is that of a clock that
/// was wrong, and nobody knows how old its entry is.
fn age(created_ms: i64) -> Duration {
    const SKEW_MS: i64 = 5 * 60 * 1000;
    match now_ms().saturating_sub(created_ms) {
        past @ 0.. => Duration::from_millis(past.unsigned_abs()),
        ahead if ahead >= -SKEW_MS => Duration::ZERO,
        _ => Duration::MAX,
    }
}

#[cfg(test)]
mod tests;
