//! A fake model server: a model that is right, and sure, as often as one likes, behind a server that
//! goes wrong as often as one likes.
//!
//! It speaks the shape of `OpenAI` chat completions over HTTP/1.1. What it says is a function of the
//! seed and of the conversation, so the same prompt has the same answer whoever asks, in whatever
//! order; a call that sends a seed and a temperature above 0 gets a draw of its own. What goes wrong
//! is a function of the seed, the prompt, and how often it was asked before.
//!
//! ```text
//! wire → chat → book, model → chat → wire          what is answered
//!               trouble → fault → spoil → wire     what goes wrong with it
//! ```
//!
//! It knows nothing of the rest of the crate: which answers are right is told to it.

use std::time::Duration;

mod book;
mod chance;
mod chat;
mod counts;
mod fault;
mod gzip;
mod latency;
mod model;
mod server;
mod spoil;
mod trouble;
mod wire;

pub use book::{Book, Known, Line, Turn};
pub use fault::Fault;
pub use latency::{Latency, duration};
pub use model::Skill;
pub use server::Mock;
pub use trouble::{FailFirst, Rated, Scheduled, Trouble};

/// What kind of model and of server it is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names all that is drawn.
    pub seed: u64,
    /// How good the model is.
    pub skill: Skill,
    /// Time to the first token.
    pub latency: Latency,
    /// Time between tokens.
    pub pace: Duration,
    /// The model that replies say they are from; the one that was asked for where none is named.
    pub serves: Option<String>,
    /// Share of a prompt's tokens that usage tells to come from a cache, if it tells that.
    pub cached: Option<f64>,
    /// What goes wrong.
    pub trouble: Trouble,
    /// What a 429 says to wait.
    pub hint: Duration,
    /// From when to when after the start the port is closed.
    pub down: Option<(Duration, Duration)>,
}
