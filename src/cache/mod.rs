//! Replies that need not be asked for again.
//!
//! A cache is an asker around an asker: those who ask do not know of it.

mod cassette;

pub use cassette::{Cassette, CassetteError, Decode, Recorded, Recorder};
