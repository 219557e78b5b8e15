//! Replies that need not be asked for again.
//!
//! A cache is an asker around an asker: those who ask do not know of it.

mod cassette;
mod flight;

pub use cassette::{Cassette, CassetteError, Decode, Recorded, Recorder};
pub use flight::{Flights, Landed, Lost};
