//! How many calls are made at a time.
//!
//! The author names the most. A server that says it has too many gets fewer: the limit is halved,
//! and grows again by one for every round of calls that succeed (additive increase, multiplicative
//! decrease; Chiu and Jain, 1989). Only "too many requests" and "overloaded" lower it: a bug of the
//! server is no lack of room. Calls that were under way when it was halved say nothing new.
//!
//! Beside each endpoint's own limit there may be one for all endpoints together ([`AllCalls`]).

use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::lock;

/// A semaphore whose number of permits moves. First come, first served.
#[derive(Debug)]
pub(super) struct Limit {
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    most: usize,
    /// Successes since the limit last moved.
    served: usize,
    /// Permits to be taken away as soon as they come back.
    owed: usize,
    lowered: Option<Instant>,
}

/// The right to make one call; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    limit: &'a Limit,
    held: Option<SemaphorePermit<'a>>,
    since: Instant,
}

/// All that a call needs to begin; dropping it lets the next ones begin.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _endpoint: Permit<'a>,
    _among_all: Option<SemaphorePermit<'a>>,
}

impl<'a> Permit<'a> {
    /// The turn of a call that holds a permit among all endpoints, too, where there is such a limit.
    pub(super) fn turn(self, among_all: Option<SemaphorePermit<'a>>) -> Turn<'a> {
        Turn { _endpoint: self, _among_all: among_all }
    }
}

/// The calls of several endpoints, so many at a time. Clones are the same limit.
#[derive(Debug, Clone)]
pub struct AllCalls(Arc<Semaphore>);

impl AllCalls {
    /// At most so many calls at a time, at least one.
    #[must_use]
    pub fn at_most(calls: usize) -> AllCalls {
        AllCalls(Arc::new(Semaphore::new(calls.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Waits for its turn. First come, first served.
    pub(super) async fn acquire(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.acquire().await.ok()
    }
}

impl Limit {
    /// At most so many calls at a time, at least one.
    pub(super) fn new(most: usize) -> Limit {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let state = State { limit: most, most, served: 0, owed: 0, lowered: None };
        Limit { permits: Semaphore::new(most), state: Mutex::new(state) }
    }

    /// Waits for its turn.
    pub(super) async fn acquire(&self) -> Permit<'_> {
        // The semaphore is never closed.
        let held = self.permits.acquire().await.ok();
        Permit { limit: self, held, since: Instant::now() }
    }

    /// Calls allowed at a time just now.
    #[cfg(test)]
    fn now(&self) -> usize {
        lock(&self.state).limit
    }
}

impl Permit<'_> {
    /// The call was answered.
    pub(super) fn served(&self) {
        let mut state = lock(&self.limit.state);
        state.served += 1;
        if state.served < state.limit {
            return;
        }
        state.served = 0;
        if state.limit < state.most {
            state.limit += 1;
            match state.owed.checked_sub(1) {
                Some(rest) => state.owed = rest,
                None => self.limit.permits.add_permits(1),
            }
        }
    }

    /// The server said that it had too many calls.
    pub(super) fn too_many(&self) {
        let mut state = lock(&self.limit.state);
        if state.lowered.is_some_and(|lowered| self.since <= lowered) {
            return;
        }
        let fewer = (state.limit / 2).max(1);
        let gone = state.limit - fewer;
        state.owed += gone - self.limit.permits.forget_permits(gone);
        state.limit = fewer;
        state.served = 0;
        state.lowered = Some(Instant::now());
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.limit.state);
        if let (Some(rest), Some(permit)) = (state.owed.checked_sub(1), self.held.take()) {
            state.owed = rest;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn held(limit: &Limit, count: usize) -> Vec<Permit<'_>> {
        let mut permits = Vec::new();
        for _ in 0..count {
            permits.push(limit.acquire().await);
        }
        permits
    }

    async fn later() {
        tokio::time::advance(Duration::from_millis(1)).await;
    }

    fn free(limit: &Limit) -> usize {
        limit.permits.available_permits()
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_halves_it_once_for_all_that_were_under_way() {
        let limit = Limit::new(16);
        let permits = held(&limit, 16).await;
        later().await;
        permits.iter().for_each(Permit::too_many);
        assert_eq!(limit.now(), 8);
        drop(permits);
        assert_eq!(free(&limit), 8);
        later().await;
        limit.acquire().await.too_many();
        assert_eq!((limit.now(), free(&limit)), (4, 4));
        for _ in 0..5 {
            later().await;
            limit.acquire().await.too_many();
        }
        assert_eq!((limit.now(), free(&limit)), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_of_successes_adds_one_up_to_the_most() {
        let limit = Limit::new(4);
        later().await;
        limit.acquire().await.too_many();
        assert_eq!(limit.now(), 2);
        for (successes, now) in [(1, 2), (1, 3), (2, 3), (1, 4), (50, 4)] {
            for _ in 0..successes {
                limit.acquire().await.served();
            }
            assert_eq!((limit.now(), free(&limit)), (now, now));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn permits_that_are_owed_can_be_earned_back() {
        let limit = Limit::new(4);
        let permits = held(&limit, 4).await;
        later().await;
        permits[0].too_many();
        permits[1].served();
        permits[2].served();
        assert_eq!(limit.now(), 3);
        drop(permits);
        assert_eq!(free(&limit), 3);
    }
}
