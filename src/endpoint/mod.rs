//! Where questions are asked, and how they are put into bytes.
//!
//! A [`Spec`] is an endpoint as `overclaim.yaml` names it. A wire is a codec: a pure pair of
//! functions that turn a request into a [`WireRequest`] and a [`WireResponse`] into a reply. No
//! code here does any IO, so every quirk of every server can be pinned by a test over recorded
//! bytes, and one transport carries all wires. What failing statuses mean is the same on every
//! wire and lives beside the codecs; so does the rule that a key is named by its environment
//! variable and never written down.

pub mod failure;
mod json;
mod key;
pub mod openai_chat;
mod read;
pub mod sse;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

pub use key::looks_like_a_key;
pub use read::{parse_duration, reserved_parameter};

pub use crate::ask::Price;
use crate::ask::{Target, Times};
use crate::span::{Span, Spanned};

/// Calls at a time where the author names no number.
pub const DEFAULT_CONCURRENCY: usize = 8;

/// Time for one call where the author names none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// Calls for one request, the first included, where the author names no number.
pub const DEFAULT_ATTEMPTS: usize = 4;

/// Time for a connection to stand where the author names none.
pub const DEFAULT_CONNECT: Duration = Duration::from_secs(10);

/// Time for all calls of a request where the author names none, unless two calls take longer.
const DEFAULT_DEADLINE: Duration = Duration::from_mins(5);

/// What the parts of a call may take; the whole is [`Spec::timeout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// From the start of the call to the head of the answer; none leaves it to the whole.
    pub first_byte: Option<Duration>,
    /// Between two pieces of the body; none leaves it to the whole.
    pub idle: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { connect: DEFAULT_CONNECT, first_byte: None, idle: None }
    }
}

/// An endpoint as its author described it.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The name that suites and reports call it by.
    pub name: Spanned<String>,
    /// How it is reached.
    pub wire: Wire,
    /// Most calls at a time, at least 1.
    pub concurrency: usize,
    /// Most time that one call may take, from its start to its last byte.
    pub timeout: Duration,
    /// Most time for parts of a call.
    pub timeouts: Timeouts,
    /// Most calls for one request, the first included, at least 1.
    pub attempts: usize,
    /// Most time for all calls of a request and the pauses between them, if the author named one.
    pub deadline: Option<Duration>,
    /// Most calls that begin in a minute, if the author named a number.
    pub rpm: Option<u32>,
    /// Most tokens, read and written, in a minute, if the author named a number.
    pub tpm: Option<u32>,
    /// What tokens cost; none if it was not given, and then no cost is known.
    pub price: Option<Price>,
    /// Whether replies are fetched as streams, if the author said; a suite that budgets the first
    /// token wants them.
    pub stream: Option<bool>,
}

/// The kinds of endpoints.
#[derive(Debug, Clone, PartialEq)]
pub enum Wire {
    /// A server that speaks the chat completions protocol.
    OpenaiChat(OpenaiChat),
    /// Recorded exchanges.
    Cassette(Cassette),
}

/// A server that speaks the chat completions protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenaiChat {
    /// URL up to, and without, `/chat/completions`; without credentials and trailing slash.
    pub base_url: Spanned<String>,
    /// The model to ask for.
    pub model: Spanned<String>,
    /// Environment variable that holds the key; none sends no key.
    pub key_env: Option<Spanned<String>>,
    /// Further headers, names in lower case. They can change replies, so they are part of a
    /// request's identity, and never secret.
    pub headers: BTreeMap<String, String>,
    /// Parameters passed on verbatim; none that the tool sets itself.
    pub extra: BTreeMap<String, Value>,
    /// Send the token limit as `max_completion_tokens`.
    pub max_completion_tokens: bool,
    /// PEM file of certificate authorities to trust besides the system's.
    pub ca_bundle: Option<Spanned<PathBuf>>,
}

/// Recorded exchanges in place of a server.
#[derive(Debug, Clone, PartialEq)]
pub struct Cassette {
    /// The file of exchanges.
    pub from: Spanned<PathBuf>,
    /// Which of the recorded models is meant, where the file holds several.
    pub model: Option<String>,
}

impl Spec {
    /// An endpoint given on the command line; it is called by its model's name.
    ///
    /// # Errors
    /// What is wrong with the URL, the model or the variable, and what to do about it.
    pub fn ad_hoc(url: &str, model: &str, key_env: Option<&str>) -> Result<Spec, String> {
        let base_url = read::base_url(url).map_err(|fault| fault.to_string())?;
        read::model_name(model).map_err(|fault| fault.to_string())?;
        if let Some(name) = key_env {
            read::variable(name).map_err(|fault| fault.to_string())?;
        }
        let typed = |text: &str| Spanned::new(text.to_owned(), Span::default());
        Ok(Spec {
            name: typed(model),
            wire: Wire::OpenaiChat(OpenaiChat {
                base_url: typed(&base_url),
                model: typed(model),
                key_env: key_env.map(typed),
                headers: BTreeMap::new(),
                extra: BTreeMap::new(),
                max_completion_tokens: false,
                ca_bundle: None,
            }),
            concurrency: DEFAULT_CONCURRENCY,
            timeout: DEFAULT_TIMEOUT,
            timeouts: Timeouts::default(),
            attempts: DEFAULT_ATTEMPTS,
            deadline: None,
            rpm: None,
            tpm: None,
            price: None,
            stream: None,
        })
    }

    /// Where its requests go. A cassette has no target of its own: it answers for those whose
    /// exchanges it holds.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let Wire::OpenaiChat(chat) = &self.wire else { return None };
        Some(Target {
            wire: openai_chat::WIRE.into(),
            url: openai_chat::url(&chat.base_url.value),
            model: chat.model.value.clone(),
            max_completion_tokens: chat.max_completion_tokens,
            headers: chat.headers.clone(),
        })
    }

    /// Most time for all calls of a request and the pauses between them, the queue not counted.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline.unwrap_or_else(|| DEFAULT_DEADLINE.max(2 * self.timeout))
    }

    /// The same without a key, for those who ask nothing.
    #[must_use]
    pub fn without_key(&self) -> Spec {
        let mut spec = self.clone();
        if let Wire::OpenaiChat(chat) = &mut spec.wire {
            chat.key_env = None;
        }
        spec
    }

    /// The environment variable that holds its key.
    #[must_use]
    pub fn key_env(&self) -> Option<&str> {
        match &self.wire {
            Wire::OpenaiChat(chat) => chat.key_env.as_ref().map(|name| name.value.as_str()),
            Wire::Cassette(_) => None,
        }
    }
}

/// What a codec wants sent: a `POST` to the target's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// Headers, names in lower case; the transport adds those of the connection and the key.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back, whole and with any status.
#[derive(Debug, Clone, PartialEq)]
pub struct WireResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers as they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When it came.
    pub times: Times,
}

/// Milliseconds to the microsecond: more digits would only be noise in a cassette.
#[must_use]
pub fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl WireResponse {
    /// The first header of this name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Largest body that is read. Replies of language models are a few kilobytes, with log probabilities a
/// few hundred; what is larger is not a reply.
pub const LARGEST_BODY: usize = 64 << 20;

/// Appends to what came of a body so far. One that is large already gets the room of the largest: memory
/// that is not touched costs nothing, and to move into a larger place takes both places.
pub fn append(body: &mut Vec<u8>, bytes: &[u8]) {
    const LARGE: usize = 8 << 20;
    let length = body.len() + bytes.len();
    if length > body.capacity() && (LARGE..LARGEST_BODY).contains(&length) {
        body.reserve_exact(LARGEST_BODY - body.len());
    }
    body.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_is_moved_once_and_a_small_one_takes_no_more_than_it_needs() {
        let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        let mut body = Vec::new();
        let mut places = std::collections::BTreeSet::new();
        for blocks in 1..=64 {
            append(&mut body, &block);
            assert_eq!(body.len(), blocks << 20);
            assert!(body.capacity() <= if blocks < 8 { 16 << 20 } else { LARGEST_BODY });
            places.insert(body.capacity());
        }
        assert!(body.chunks(block.len()).all(|part| part == block));
        assert_eq!(places.last(), Some(&LARGEST_BODY));
        assert!(places.len() <= 5, "{places:?}");
    }
}
