//! The same protocol, answered piece by piece.
//!
//! What makes a reply must be known to be whole: a stream counts only if it gave a reason why it
//! ended and then its end mark, since servers that are interrupted close it in good order and
//! leave a shorter answer behind. Pieces that came twice or out of order are refused where that can be
//! told: text behind the reason why it ended, the first role behind text, the same last piece twice.
//! Where the bytes are cut on their way does not matter.

use std::time::Duration;

use serde_json::Value;

use super::{Said, error_in, finish, interrupted, name, not_utf8, some_text, tokens, usage};
use crate::ask::{AskError, AskErrorKind, Finish, Reply, Times, Token, Usage};
use crate::endpoint::failure::{self, excerpt};
use crate::endpoint::json::Json;
use crate::endpoint::sse::Events;
use crate::endpoint::{WireResponse, millis};

/// A reply that is being read.
#[derive(Debug, Default)]
pub struct Stream {
    events: Events,
    pieces: Pieces,
}

impl Stream {
    /// Reads more bytes that came `at` this time after the start of the call, if anybody looked at
    /// the clock. True once nothing more is needed: the end mark came, or an error.
    pub fn push(&mut self, bytes: &[u8], at: Option<Duration>) -> bool {
        self.pieces.at = at;
        let pieces = &mut self.pieces;
        self.events.push(bytes, |data| pieces.event(data));
        self.pieces.is_over()
    }

    /// The body is at its end.
    pub fn close(&mut self) {
        let pieces = &mut self.pieces;
        self.events.finish(|data| pieces.event(data));
    }

    /// The times of a call with those of the pieces filled in.
    #[must_use]
    pub fn times(&self, call: Times) -> Times {
        let Pieces { first, last, longest_gap, count, .. } = &self.pieces;
        Times {
            first_token_ms: first.map(millis),
            final_ms: last.map(millis),
            longest_gap_ms: (*count > 1 && last.is_some()).then(|| millis(*longest_gap)),
            pieces: Some(*count).filter(|count| *count > 0),
            ..call
        }
    }

    /// The reply, if it is whole. Times, status and body are those of the response.
    ///
    /// # Errors
    /// The error that the stream told of, or why it is no whole reply.
    pub fn reply(self, response: &WireResponse) -> Result<Reply, AskError> {
        let raw = String::from_utf8_lossy(&response.body);
        let unusable = |what: String| AskError {
            status: Some(response.status),
            ..AskError::new(AskErrorKind::BadBody, what)
        };
        let pieces = self.pieces;
        if let Some(trouble) = pieces.trouble {
            return Err(match trouble {
                Trouble::Told(error) => failure::of_success(response.status, &error),
                Trouble::Unusable(what) => unusable(what),
            });
        }
        let came = match pieces.count {
            0 => "before its first piece".to_owned(),
            1 => "after one piece".to_owned(),
            count => format!("after {count} pieces"),
        };
        if response.body.trim_ascii().is_empty() {
            return Err(unusable(EMPTY.to_owned()));
        }
        if !pieces.done {
            return Err(unusable(format!(
                "the stream broke off {came}, without its end mark `[DONE]`: {HABIT}"
            )));
        }
        let Some(finish) = pieces.finish else {
            return Err(unusable(format!(
                "the stream ended {came}, without a finish reason: {HABIT}"
            )));
        };
        interrupted(Some(&finish)).map_err(unusable)?;
        not_utf8(&response.body, Some(&finish)).map_err(unusable)?;
        let tokens = pieces.tokens.filter(|tokens| !tokens.is_empty() && !pieces.has_holes);
        Ok(Reply {
            text: pieces.said.text,
            reasoning: some_text(pieces.said.reasoning),
            refusal: some_text(pieces.said.refusal),
            tokens,
            finish: Some(finish),
            usage: pieces.usage,
            model: pieces.model,
            fingerprint: pieces.fingerprint,
            times: response.times,
            raw: raw.into(),
        })
    }
}

/// As some servers answer a question that is too long.
pub(super) const EMPTY: &str = "the stream is empty: the question may be too long for the model, or look into the server's log";

const HABIT: &str = "where the server always ends like this, set `stream: false` for the endpoint";

/// Why there is no reply.
#[derive(Debug)]
enum Trouble {
    /// The server says so: its `error`.
    Told(Value),
    /// What came is none.
    Unusable(String),
}

/// What was put together so far.
#[derive(Debug)]
struct Pieces {
    said: Said,
    /// None once one of them was malformed.
    tokens: Option<Vec<Token>>,
    /// Some text came without the tokens that it is made of.
    has_holes: bool,
    finish: Option<Finish>,
    /// The event that carried it.
    last_event: Vec<u8>,
    usage: Option<Usage>,
    model: Option<String>,
    fingerprint: Option<String>,
    has_role: bool,
    done: bool,
    trouble: Option<Trouble>,
    /// When the bytes came that are being read.
    at: Option<Duration>,
    first: Option<Duration>,
    last: Option<Duration>,
    longest_gap: Duration,
    count: u32,
}

impl Default for Pieces {
    fn default() -> Pieces {
        Pieces {
            said: Said::default(),
            tokens: Some(Vec::new()),
            has_holes: false,
            finish: None,
            last_event: Vec::new(),
            usage: None,
            model: None,
            fingerprint: None,
            has_role: false,
            done: false,
            trouble: None,
            at: None,
            first: None,
            last: None,
            longest_gap: Duration::ZERO,
            count: 0,
        }
    }
}

impl Pieces {
    fn is_over(&self) -> bool {
        self.done || self.trouble.is_some()
    }

    fn event(&mut self, data: &[u8]) {
        if self.is_over() {
            return;
        }
        match data.trim_ascii() {
            b"" => {}
            b"[DONE]" => self.done = true,
            data => {
                if let Err(trouble) = self.chunk(data) {
                    self.trouble = Some(trouble);
                }
            }
        }
    }

    fn chunk(&mut self, data: &[u8]) -> Result<(), Trouble> {
        let text = String::from_utf8_lossy(data);
        let unusable =
            |what: &str| Trouble::Unusable(format!("{what}; the piece is: {}", excerpt(&text)));
        let chunk: Json<'_> = serde_json::from_str(&text)
            .map_err(|error| unusable(&format!("a piece of the stream is not JSON ({error})")))?;
        let choice = match &chunk["choices"] {
            Json::Array(choices) => choices.iter().find(|choice| is_first(choice)),
            Json::Null => None,
            _ => return Err(unusable("`choices` is not a list")),
        };
        let choice = choice.unwrap_or(&Json::Null);
        // Some servers send the error itself in place of an object that holds it.
        let bare = (chunk["choices"].is_null() && chunk["message"].is_string()).then_some(&chunk);
        if let Some(error) = error_in(&chunk).or_else(|| error_in(choice)).or(bare) {
            return Err(Trouble::Told(error.to_value()));
        }
        if let Some(counts) = usage(&chunk["usage"]) {
            self.usage = Some(counts);
        }
        self.model = self.model.take().or_else(|| name(&chunk, "model"));
        self.fingerprint = self.fingerprint.take().or_else(|| name(&chunk, "system_fingerprint"));
        let grew = self.delta(&choice["delta"]).map_err(|what| unusable(&what))?;
        if grew {
            if self.finish.is_some() {
                return Err(unusable(&format!(
                    "a piece of the reply came behind its end: {HABIT}"
                )));
            }
            self.count = self.count.saturating_add(1);
            self.clock();
        }
        self.more_tokens(&choice["logprobs"], !choice["delta"]["content"].is_null() && grew);
        match &choice["finish_reason"] {
            Json::Null => {}
            Json::String(reason) if reason.is_empty() => {}
            Json::String(_) if self.finish.is_some() => {
                if self.last_event == data {
                    return Err(unusable(&format!("the last piece came twice: {HABIT}")));
                }
            }
            Json::String(reason) => {
                self.finish = Some(finish(reason));
                self.last_event = data.to_vec();
            }
            _ => return Err(unusable("`finish_reason` is not a text")),
        }
        Ok(())
    }

    /// Adds what a delta says; true if it says anything.
    fn delta(&mut self, delta: &Json<'_>) -> Result<bool, String> {
        let length = |said: &Said| said.text.len() + said.reasoning.len() + said.refusal.len();
        let before = length(&self.said);
        if delta["role"].is_string() {
            if before > 0 && !self.has_role {
                return Err(format!(
                    "the beginning of the reply came behind a piece of it: {HABIT}"
                ));
            }
            self.has_role = true;
        }
        self.said.content(&delta["content"])?;
        let thought = ["reasoning_content", "reasoning"].map(|field| delta[field].as_str());
        if let Some(thought) = thought.into_iter().flatten().find(|thought| !thought.is_empty()) {
            self.said.reasoning.push_str(thought);
        }
        self.said.refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        Ok(length(&self.said) > before)
    }

    /// Adds the tokens of a piece, `with_text` or without.
    fn more_tokens(&mut self, logprobs: &Json<'_>, with_text: bool) {
        match logprobs["content"].as_array() {
            Some(listed) if !listed.is_empty() => {
                let more = tokens(logprobs);
                self.tokens = self.tokens.take().zip(more).map(|(mut all, more)| {
                    all.extend(more);
                    all
                });
            }
            _ => self.has_holes |= with_text,
        }
    }

    fn clock(&mut self) {
        let Some(at) = self.at else { return };
        if let Some(last) = self.last {
            self.longest_gap = self.longest_gap.max(at.saturating_sub(last));
        }
        self.first.get_or_insert(at);
        self.last = Some(at);
    }
}

/// Of several choices the first is read, wherever it stands.
fn is_first(choice: &Json<'_>) -> bool {
    choice["index"].as_u64().unwrap_or_default() == 0
}

#[cfg(test)]
mod tests;
