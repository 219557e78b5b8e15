//! Replies that need not be asked for again.
//!
//! A cache is an asker around an asker: those who ask do not know of it. What is asked right now is
//! joined ([`Flights`]), what was asked before is kept ([`Store`]), and [`Cached`] puts the two in
//! front of an endpoint. A [`Cassette`] is recorded exchanges in a file, an asker of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

mod cached;
mod cassette;
mod difference;
mod flight;
mod freshness;
mod place;
mod recorder;
mod store;

pub use cached::{Cache, Cached, Explanation, Mode, now_ms};
pub use cassette::{Cassette, CassetteError, Decode, Line, Lines, Recorded};
pub use difference::{compared, differences};
pub use flight::{Flights, Landed, Landings, Lost, Since};
pub use freshness::{Freshness, is_fixed};
pub use place::{VARIABLE, directory};
pub use recorder::{ExportError, Recorder, export};
pub use store::{
    Entry, Found, Limits, ModelSize, Pruned, Seen, Session, Size, Store, StoreError, Stored,
    SuiteSize, Verified, Wanted, prompt_bytes,
};

use store::{KEPT, Watch};

/// The content of a mutex. Nothing in here leaves it half-changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
