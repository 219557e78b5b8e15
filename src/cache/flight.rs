//! Single flight: however many ask for the same at once, the work is done once.
//!
//! The work is a task of its own, and everybody, the first caller included, only observes it. So a
//! caller that gives up, is cancelled, or is simply not polled any more holds up nobody: there is
//! no leader among the callers whose fate the others share. Each caller holds a seat; the last one
//! to leave its seat ends the work.
//!
//! A flight ends for newcomers before it ends for its observers: the task first leaves the map,
//! then publishes. Whoever comes after that starts a new flight, and finds what the old one has
//! stored, or tries again what failed.
//!
//! Whoever looks first whether there is something stored, and then comes here, may have looked just
//! before a flight landed. To look again is only needed then; so landings are counted, and new work is
//! told whether one of its key can have been missed ([`Since`]).

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash, RandomState};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable};
use tokio::sync::watch;

use super::lock;

/// The flights that are under way, by key.
#[derive(Debug)]
pub struct Flights<K, T> {
    map: Mutex<HashMap<K, Flight<T>>>,
    generations: AtomicU64,
    /// Flights that have landed, by a part of the key's hash. They count up with the map locked.
    landed: [AtomicU64; COUNTERS],
    hasher: RandomState,
}

/// With so many counters, a landing of another key is seldom taken for one of this.
const COUNTERS: usize = 1024;

/// How many flights had landed when somebody looked; none stands for never looked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Landings(Option<u64>);

/// What new work is told of the time since its caller looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// No flight of this key has landed.
    NoneHasLanded,
    /// One may have.
    MayHaveLanded,
}

/// One piece of work under way.
#[derive(Debug)]
struct Flight<T> {
    /// Tells this flight from an earlier or later one of the same key.
    generation: u64,
    /// Callers that observe it.
    seats: usize,
    outcome: watch::Receiver<Option<Result<T, Lost>>>,
    abort: AbortHandle,
    claim: Arc<Claim>,
}

/// To whom the work is attributed: to the caller who brought it, or, if that one left, to the
/// first who heard of the outcome.
#[derive(Debug, Default)]
struct Claim {
    bringer_left: AtomicBool,
    taken: AtomicBool,
}

/// Why work has no outcome. All observers hear the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It panicked with this message.
    #[error("the work panicked: {0}")]
    Panicked(Arc<str>),
    /// The runtime ended it.
    #[error("the work was ended with the runtime")]
    Ended,
}

/// What an observer got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed<T> {
    /// The outcome, the same for all observers.
    pub outcome: Result<T, Lost>,
    /// The work is attributed to this observer: the caller who brought it, or, if that one left
    /// before the end, the first who heard of it. At most one observer is told so.
    pub led: bool,
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Flights<K, T> {
        let landed = std::array::from_fn(|_| AtomicU64::new(0));
        let hasher = RandomState::new();
        Flights { map: Mutex::default(), generations: AtomicU64::new(0), landed, hasher }
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Observes the work that is under way for this key, or this work, if there is none. `looked` is
    /// how many flights had landed when the caller last looked for what they leave behind.
    ///
    /// Dropping the returned future gives up the seat, so deadlines of single callers are put
    /// around it; a deadline of the work belongs into the work.
    pub async fn observe<F>(
        self: &Arc<Self>,
        key: K,
        looked: Landings,
        work: impl FnOnce(Since) -> F,
    ) -> Landed<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut seat = self.seat(key, looked, work);
        let outcome = match seat.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(Lost::Ended)),
            // The task is gone without a word: only the end of the runtime does that.
            Err(_) => Err(Lost::Ended),
        };
        Landed { outcome, led: seat.claim() }
    }

    fn seat<F>(
        self: &Arc<Self>,
        key: K,
        looked: Landings,
        work: impl FnOnce(Since) -> F,
    ) -> Seat<K, T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (seat, brought) = match self.lock().entry(key) {
            Entry::Occupied(mut entry) => {
                entry.get_mut().seats += 1;
                (Seat::at(self, entry.key(), entry.get(), false), None)
            }
            Entry::Vacant(entry) => {
                let generation = self.generations.fetch_add(1, Ordering::Relaxed);
                let (publish, outcome) = watch::channel(None);
                let (abort, aborting) = AbortHandle::new_pair();
                let claim = Arc::new(Claim::default());
                let fresh = Flight { generation, seats: 1, outcome, abort, claim };
                let seat = Seat::at(self, entry.key(), &fresh, true);
                // The map is locked, so no flight lands between this and the insertion.
                let since = match looked {
                    Landings(None) => Since::MayHaveLanded,
                    known if known == self.landings(entry.key()) => Since::NoneHasLanded,
                    _ => Since::MayHaveLanded,
                };
                entry.insert(fresh);
                (seat, Some((publish, aborting, since)))
            }
        };
        // Made and spawned when the map is free: either may run code of the work.
        if let Some((publish, aborting, since)) = brought {
            let (work, flights) = (work(since), Arc::clone(self));
            let (landing, generation) = (seat.key.clone(), seat.generation);
            let task = async move {
                let outcome = AssertUnwindSafe(work).catch_unwind().await;
                let outcome = outcome.map_err(|panic| Lost::Panicked(message(&*panic).into()));
                // First out of the map, then published: who comes in between starts anew.
                drop(flights.land(&landing, generation));
                publish.send_replace(Some(outcome));
            };
            tokio::spawn(Abortable::new(task, aborting));
        }
        seat
    }
}

impl<K: Eq + Hash, T> Flights<K, T> {
    /// How many observe the work of this key.
    pub fn seats(&self, key: &K) -> usize {
        self.lock().get(key).map_or(0, |flight| flight.seats)
    }

    /// How many flights have landed, to be asked before one looks for what they leave behind.
    pub fn landings(&self, key: &K) -> Landings {
        Landings(Some(self.counter(key).load(Ordering::Acquire)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "any part of a hash will do")]
    fn counter(&self, key: &K) -> &AtomicU64 {
        &self.landed[self.hasher.hash_one(key) as usize % COUNTERS]
    }

    /// Takes this very flight out of the map, if it is still there.
    fn land(&self, key: &K, generation: u64) -> Option<Flight<T>> {
        let mut map = self.lock();
        self.counter(key).fetch_add(1, Ordering::Release);
        map.get(key).filter(|flight| flight.generation == generation)?;
        map.remove(key)
    }

    /// One fewer observes; the flight, if that was the last.
    fn leave(&self, key: &K, generation: u64) -> Option<Flight<T>> {
        let mut map = self.lock();
        let flight = map.get_mut(key).filter(|flight| flight.generation == generation)?;
        flight.seats -= 1;
        if flight.seats > 0 {
            return None;
        }
        // It may have left something behind all the same.
        self.counter(key).fetch_add(1, Ordering::Release);
        map.remove(key)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<T>>> {
        lock(&self.map)
    }
}

/// A caller's place at a flight.
struct Seat<K: Eq + Hash, T> {
    flights: Arc<Flights<K, T>>,
    key: K,
    generation: u64,
    brought: bool,
    outcome: watch::Receiver<Option<Result<T, Lost>>>,
    claim: Arc<Claim>,
}

impl<K: Clone + Eq + Hash, T> Seat<K, T> {
    fn at(flights: &Arc<Flights<K, T>>, key: &K, flight: &Flight<T>, brought: bool) -> Seat<K, T> {
        Seat {
            flights: Arc::clone(flights),
            key: key.clone(),
            generation: flight.generation,
            brought,
            outcome: flight.outcome.clone(),
            claim: Arc::clone(&flight.claim),
        }
    }

    /// Whether the work is attributed to this caller.
    fn claim(&self) -> bool {
        (self.brought || self.claim.bringer_left.load(Ordering::Acquire))
            && !self.claim.taken.swap(true, Ordering::AcqRel)
    }
}

impl<K: Eq + Hash, T> Drop for Seat<K, T> {
    fn drop(&mut self) {
        if self.brought {
            self.claim.bringer_left.store(true, Ordering::Release);
        }
        // Ended outside the lock: that may run code of the work.
        if let Some(flight) = self.flights.leave(&self.key, self.generation) {
            flight.abort.abort();
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no message".into())
}

#[cfg(test)]
mod tests;
