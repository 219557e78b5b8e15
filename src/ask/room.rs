//! How many trials are under way at an endpoint, and whose turn is next.
//!
//! A trial holds a place from its first request to its record. Places are first come, first served,
//! and whoever starts trials asks for one place at a time: so those who share a room take turns,
//! and a small suite does not wait behind a big one. A trial that only waits steps aside, and
//! another one starts in its place. When it comes back it does not wait for a place, since the
//! holders of all others may be waiting for its reply: the room is then too full for a moment, and
//! the next place that is left stays empty.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// The places at an endpoint. Clones are the same room.
#[derive(Debug, Clone)]
pub struct Room(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    free: Semaphore,
    /// Trials beyond the number of places.
    owed: Mutex<usize>,
}

/// A trial's place; dropping it leaves it to the next.
#[derive(Debug)]
pub struct Place(Room);

/// A trial that waits without its place; dropping it brings it back.
#[derive(Debug)]
pub struct Aside(Room);

impl Room {
    /// A room of so many places, at least one.
    #[must_use]
    pub fn new(places: usize) -> Room {
        let free = Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS));
        Room(Arc::new(Shared { free, owed: Mutex::default() }))
    }

    /// Waits for a place.
    pub async fn enter(self) -> Place {
        // The semaphore is never closed.
        if let Ok(permit) = self.0.free.acquire().await {
            permit.forget();
        }
        Place(self)
    }

    /// Leaves a place to others for as long as the result is kept.
    #[must_use]
    pub fn step_aside(&self) -> Aside {
        self.give();
        Aside(self.clone())
    }

    fn give(&self) {
        let mut owed = self.owed();
        match owed.checked_sub(1) {
            Some(rest) => *owed = rest,
            None => self.0.free.add_permits(1),
        }
    }

    fn owed(&self) -> MutexGuard<'_, usize> {
        self.0.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.give();
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let mut owed = self.0.owed();
        *owed += 1 - self.0.0.free.forget_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn enter(room: &Room) -> Option<Place> {
        room.clone().enter().now_or_never()
    }

    #[test]
    fn a_place_is_for_one() {
        let room = Room::new(2);
        let (first, second) = (enter(&room), enter(&room));
        assert!(first.is_some() && second.is_some() && enter(&room).is_none());
        drop(first);
        assert!(enter(&room).is_some());
        assert!(Room::new(0).enter().now_or_never().is_some(), "there is one at least");
    }

    #[test]
    fn who_steps_aside_makes_room_and_comes_back_without_waiting() {
        let room = Room::new(1);
        let waiting = enter(&room);
        let aside = room.step_aside();
        let other = enter(&room);
        assert!(other.is_some() && enter(&room).is_none());
        // Both are inside now; only the second who leaves makes room for a third.
        drop(aside);
        drop(other);
        assert!(enter(&room).is_none());
        drop(waiting);
        assert!(enter(&room).is_some());
    }

    #[test]
    fn a_place_that_nobody_took_meanwhile_is_taken_back() {
        let room = Room::new(1);
        let waiting = enter(&room);
        drop(room.step_aside());
        assert!(enter(&room).is_none());
        drop(waiting);
        assert!(enter(&room).is_some() && enter(&room).is_some());
    }

    #[test]
    fn several_aside_at_a_time_owe_what_they_took() {
        let room = Room::new(2);
        let held = [enter(&room), enter(&room)];
        let aside = [room.step_aside(), room.step_aside()];
        let others = [enter(&room), enter(&room)];
        drop(aside);
        // One more steps aside while two are owed: it only pays back.
        let again = room.step_aside();
        assert!(enter(&room).is_none());
        drop(again);
        drop(held);
        assert!(enter(&room).is_none());
        drop(others);
        let places = [enter(&room), enter(&room)];
        assert!(places.iter().all(Option::is_some) && enter(&room).is_none());
    }
}
