//! The words that travel between those who want an answer and those who can get one.
//!
//! A [`Request`] is a fully rendered question and its digest is its identity everywhere: in the
//! cache, the journal and a cassette. An [`Exchange`] is what one caller experienced when asking
//! it. Eliciting and grading never await: they look at what was [`Heard`] so far and either are
//! done or name what else must be asked ([`Step`]), so the only asynchronous code in the tool is
//! the driver that does the asking.

mod attempt;
mod digest;
mod digests;
mod failure;
mod model;
mod posed;
mod room;
mod usage;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use attempt::{Attempt, PauseReason};
pub use digest::Digest;
pub use digests::Digests;
pub use failure::{AskError, AskErrorKind, Phase};
pub use model::same_model;
pub use posed::Posed;
pub use room::{Aside, Place, Room};
pub use usage::{Price, Usage};

/// Version of the canonical form that is hashed. Raised when the same request would hash to
/// something else, so that stored entries of another form are never mistaken for this one.
const KEY_SCHEMA: u32 = 1;

/// Where and how a request is asked; everything that can change the reply, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Wire codec and its version, such as `openai-chat/1`.
    pub wire: String,
    /// Full URL of the call, without credentials.
    pub url: String,
    /// Model name as asked for.
    pub model: String,
    /// The token limit travels as `max_completion_tokens`: some servers heed only one of the names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub max_completion_tokens: bool,
    /// Headers that may affect the reply (never credentials).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

impl Target {
    /// The same target without scheme and host, so that what was recorded on one machine is found
    /// again on another.
    #[must_use]
    pub fn portable(&self) -> Target {
        let path = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| {
            rest.find('/').map_or("/", |slash| &rest[slash..])
        });
        Target { url: path.to_owned(), ..self.clone() }
    }
}

/// Who speaks in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// Instructions of the application.
    System,
    /// The person asking.
    User,
    /// The model, in few-shot examples and in second turns.
    Assistant,
}

impl Speaker {
    /// Lower-case name as used in suites and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Speaker::System => "system",
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        }
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Turn {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said.
    pub text: String,
}

/// Everything that steers sampling. Absent means that the server's default holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Softmax temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Nucleus sampling mass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Most tokens in the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Texts that end the reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Seed of the run. What goes on the wire is [`Request::wire_seed`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many alternatives a token's log probabilities list; none asks for no log probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_logprobs: Option<u8>,
    /// Parameters passed on verbatim.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, serde_json::Value>,
}

/// Which of several draws of the same question this is. Draws never collapse into one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draw {
    /// Repeat of the trial, from 0.
    pub repeat: u32,
    /// Sample within the trial, from 0; 0 is the answer that is graded.
    pub sample: u32,
}

impl Draw {
    /// A number of its own for each draw with fewer than 65,536 samples a repeat.
    #[must_use]
    pub fn number(self) -> u64 {
        (u64::from(self.repeat) << 16) + u64::from(self.sample)
    }
}

/// A fully rendered question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Where it goes.
    pub target: Arc<Target>,
    /// What is said, in order.
    pub turns: Arc<[Turn]>,
    /// How the reply is sampled.
    pub params: Params,
    /// Which draw it is.
    #[serde(default)]
    pub draw: Draw,
}

impl Request {
    /// Identity in journal and cache: blake3 over the canonical JSON of all parts.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&(KEY_SCHEMA, &self.target, &self.turns, &self.params, self.draw))
    }

    /// Identity in a cassette: as [`Request::digest`], but without the URL's scheme and host.
    #[must_use]
    pub fn portable_digest(&self) -> Digest {
        Digest::of(&(KEY_SCHEMA, &self.target.portable(), &self.turns, &self.params, self.draw))
    }

    /// The same question drawn once more.
    #[must_use]
    pub fn sample(&self, sample: u32) -> Request {
        Request { draw: Draw { sample, ..self.draw }, ..self.clone() }
    }

    /// The conversation continued by further turns.
    #[must_use]
    pub fn followed_by(&self, turns: impl IntoIterator<Item = Turn>) -> Request {
        Request { turns: self.turns.iter().cloned().chain(turns).collect(), ..self.clone() }
    }

    /// The seed that is sent: the run's seed plus the draw's number, so that draws differ.
    #[must_use]
    pub fn wire_seed(&self) -> Option<u64> {
        self.params.seed.map(|seed| seed.wrapping_add(self.draw.number()))
    }
}

/// Log probability of a token, natural logarithm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logprob {
    /// The token's text.
    pub token: String,
    /// ln p, at most 0; servers write -9999 for "not known".
    pub logprob: f64,
}

/// A token of the reply with its likeliest alternatives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// The token's text.
    pub token: String,
    /// ln p of the token that was drawn.
    pub logprob: f64,
    /// Alternatives as listed by the server, usually with the drawn token among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<Logprob>,
}

/// Why the reply ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model was done.
    Stop,
    /// The token limit was reached.
    Length,
    /// The provider's filter cut in.
    ContentFilter,
    /// Anything else, as the server wrote it.
    Other(String),
}

/// Times of one upstream call in milliseconds, from its start to each event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// First token of the reply; only streams know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<f64>,
    /// Last byte of the response head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_ms: Option<f64>,
    /// Last piece of the reply; only streams know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_ms: Option<f64>,
    /// Longest time between two pieces of the reply; only streams of several pieces know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_gap_ms: Option<f64>,
    /// Number of pieces in which the reply came; a token each at most servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<u32>,
    /// Last byte of the body.
    pub total_ms: f64,
}

impl Times {
    /// Whether a call can have taken so long: every time is a number of milliseconds, and no more
    /// than thirty years.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        let Times { first_token_ms, head_ms, final_ms, longest_gap_ms, total_ms, .. } = *self;
        let all = [first_token_ms, head_ms, final_ms, longest_gap_ms, Some(total_ms)];
        all.into_iter().flatten().all(|ms| (0.0..=1e12).contains(&ms))
    }

    /// Mean milliseconds from one piece of the reply to the next; none without two pieces of a
    /// stream.
    #[must_use]
    pub fn between_pieces_ms(&self) -> Option<f64> {
        let gaps = self.pieces?.checked_sub(1).filter(|gaps| *gaps > 0)?;
        Some((self.final_ms? - self.first_token_ms?) / f64::from(gaps))
    }
}

/// What the server said. Shared by all who asked the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The answer's text, empty if there was none.
    pub text: String,
    /// Thinking that the server sent apart from the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The model's own words of refusal, where the wire has a place for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The answer's tokens with log probabilities, if they were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Vec<Token>>,
    /// Why it ended; none if the server did not say.
    pub finish: Option<Finish>,
    /// Tokens as counted by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The model that answered, as it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Build of the serving system, as it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Times of the call that fetched it.
    #[serde(default)]
    pub times: Times,
    /// The body as it came, for cassettes and caches. The journal keeps what was read from it.
    #[serde(skip)]
    pub raw: Arc<str>,
}

/// Where a caller's reply came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Fetched by this caller, now.
    Live,
    /// Fetched now by another caller of this run, who asked the same.
    Joined,
    /// Taken from the local store.
    Stored,
    /// Taken from, or fetched by, another process or machine.
    Shared,
    /// Taken from a cassette or an earlier run.
    Replayed,
}

/// When and for whom a stored reply was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// Suite of the run that fetched it.
    pub suite: Arc<str>,
}

/// What a request was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The answer that is graded.
    Answer,
    /// How sure the model is.
    Confidence,
    /// What a judge says.
    Judge,
}

/// What one caller experienced when asking.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Identity of the request.
    pub digest: Digest,
    /// The request itself.
    pub request: Arc<Request>,
    /// What it was asked for.
    pub role: Role,
    /// Where the reply came from.
    pub origin: Origin,
    /// When it was fetched, if it was stored then.
    pub fetched: Option<Fetched>,
    /// From asking to hearing, queue and retries included.
    pub waited: Duration,
    /// The calls made upstream, in order.
    pub attempts: Vec<Attempt>,
    /// The reply, shared with all who asked the same, or why there is none.
    pub result: Result<Arc<Reply>, Arc<AskError>>,
}

impl Exchange {
    /// What somebody experienced who asked a server now.
    #[must_use]
    pub fn live(
        posed: &Posed,
        waited: Duration,
        attempts: Vec<Attempt>,
        result: Result<Reply, AskError>,
    ) -> Exchange {
        Exchange {
            digest: posed.digest(),
            request: posed.request(),
            role: Role::Answer,
            origin: Origin::Live,
            fetched: None,
            waited,
            attempts,
            result: result.map(Arc::new).map_err(Arc::new),
        }
    }
}

/// Something that can be asked: a server behind a transport, a cassette, a cache around either.
pub trait Ask: Send + Sync + 'static {
    /// Asks once. Never panics for what a server does: failure is in the exchange. The role is
    /// [`Role::Answer`]; the driver, who knows better, overwrites it.
    fn ask(&self, posed: Posed) -> BoxFuture<'_, Exchange>;
}

/// The exchanges that a trial has heard so far.
#[derive(Debug, Default)]
pub struct Heard(HashMap<Digest, Exchange>);

impl Heard {
    /// The outcome of each request in their order, or those that have not been asked yet.
    ///
    /// # Errors
    /// The requests that must be asked first.
    pub fn need(
        &self,
        requests: Vec<Request>,
    ) -> Result<Vec<Result<&Reply, &AskError>>, Vec<Request>> {
        let digests: Vec<Digest> = requests.iter().map(Request::digest).collect();
        if digests.iter().all(|digest| self.0.contains_key(digest)) {
            let outcome = |digest| match &self.0[digest].result {
                Ok(reply) => Ok(&**reply),
                Err(error) => Err(&**error),
            };
            return Ok(digests.iter().map(outcome).collect());
        }
        let mut missing = requests;
        let mut heard = digests.iter().map(|digest| self.0.contains_key(digest));
        missing.retain(|_| !heard.next().unwrap_or(false));
        Err(missing)
    }

    /// Adds an exchange.
    pub fn insert(&mut self, exchange: Exchange) {
        self.0.insert(exchange.digest, exchange);
    }

    /// The exchange of a request, if it was asked.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<&Exchange> {
        self.0.get(digest)
    }
}

impl FromIterator<Exchange> for Heard {
    fn from_iter<I: IntoIterator<Item = Exchange>>(exchanges: I) -> Heard {
        Heard(exchanges.into_iter().map(|exchange| (exchange.digest, exchange)).collect())
    }
}

/// Where a method stands: it needs more, or it is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<T, R = Request> {
    /// These requests must be heard first.
    Ask(Vec<R>),
    /// The result.
    Done(T),
}

#[cfg(test)]
mod tests;
