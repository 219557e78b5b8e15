//! The shape of `OpenAI` chat completions: what comes in, whole answers, streams.

use serde::Deserialize;
use serde_json::{Value, json};

use super::book::{Digest, digest};
use super::model::{Piece, tokens};

/// What is asked, as far as the mock heeds it.
#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    pub(super) model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    logprobs: Option<bool>,
    #[serde(default)]
    top_logprobs: Option<u8>,
    #[serde(default)]
    max_tokens: Option<usize>,
    #[serde(default)]
    max_completion_tokens: Option<usize>,
    #[serde(default)]
    seed: Option<i64>,
    #[serde(default)]
    temperature: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            None => String::new(),
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => parts.iter().map(|part| part.text.as_str()).collect(),
        }
    }
}

impl Chat {
    /// Reads a request.
    pub(super) fn read(body: &[u8]) -> Result<Chat, String> {
        let chat: Chat = serde_json::from_slice(body)
            .map_err(|error| format!("the request is no chat completion: {error}"))?;
        if chat.messages.is_empty() {
            return Err("`messages` is empty".into());
        }
        Ok(chat)
    }

    pub(super) fn streams(&self) -> bool {
        self.stream == Some(true)
    }

    /// Identity of the conversation, parameters and model left out.
    pub(super) fn digest(&self) -> Digest {
        let turns: Vec<(&str, String)> =
            self.messages.iter().map(|message| (message.role.as_str(), message.text())).collect();
        digest(turns.iter().map(|(role, text)| (*role, text.as_str())))
    }

    /// The last turn of the user.
    pub(super) fn asked(&self) -> String {
        let user = self.messages.iter().rfind(|message| message.role == "user");
        user.map(Message::text).unwrap_or_default()
    }

    /// All turns.
    pub(super) fn text(&self) -> String {
        self.messages.iter().map(Message::text).collect::<Vec<_>>().join("\n")
    }

    /// The seed, where it can change an answer: at a temperature.
    pub(super) fn draw(&self) -> u64 {
        let warm = self.temperature.is_some_and(|temperature| temperature > 0.0);
        self.seed.filter(|_| warm).map_or(0, i64::cast_unsigned)
    }

    /// What the model said, as an answer to this request.
    pub(super) fn answer(&self, mut pieces: Vec<Piece>) -> Answer<'_> {
        let most = self.max_completion_tokens.or(self.max_tokens).unwrap_or(usize::MAX);
        let cut = pieces.len() > most;
        pieces.truncate(most);
        let read = self.messages.iter().map(|message| tokens(&message.text()).count()).sum();
        let finish = if cut { "length" } else { "stop" };
        let mut id = String::from("chatcmpl-");
        for byte in &self.digest()[..8] {
            id += &format!("{byte:02x}");
        }
        Answer { chat: self, id, read, cached: None, pieces, finish }
    }
}

/// An answer, to be written whole or as a stream.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    chat: &'a Chat,
    id: String,
    read: usize,
    cached: Option<usize>,
    pub(super) pieces: Vec<Piece>,
    finish: &'static str,
}

impl Answer<'_> {
    /// The same, with this share of the prompt's tokens told to come from a cache.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a part of a count of tokens"
    )]
    pub(super) fn cached(self, share: f64) -> Self {
        Answer { cached: Some((self.read as f64 * share) as usize), ..self }
    }

    /// The body of a whole answer.
    pub(super) fn whole(&self) -> Vec<u8> {
        let text: String = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let choice = json!({
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": self.logprobs(&self.pieces),
            "finish_reason": self.finish,
        });
        let body = json!({
            "id": self.id, "object": "chat.completion", "created": 0, "model": self.chat.model,
            "choices": [choice], "usage": self.usage(),
        });
        body.to_string().into_bytes()
    }

    /// The events of a stream without its end mark: the role, a chunk a token, why it ended, and
    /// usage if it was asked for.
    pub(super) fn events(&self) -> Vec<String> {
        let options = self.chat.stream_options.as_ref();
        let usage = options.is_some_and(|options| options.include_usage);
        let event = |choices: Value, counts: Value| {
            let mut chunk = json!({
                "id": self.id, "object": "chat.completion.chunk", "created": 0,
                "model": self.chat.model, "choices": choices,
            });
            if usage {
                chunk["usage"] = counts;
            }
            format!("data: {chunk}\n\n")
        };
        let choice = |delta: Value, logprobs: Value, finish: Value| json!([{"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]);
        let role = json!({"role": "assistant", "content": "", "refusal": null});
        let mut events = vec![event(choice(role, Value::Null, Value::Null), Value::Null)];
        for piece in &self.pieces {
            let logprobs = self.logprobs(std::slice::from_ref(piece));
            let delta = json!({"content": piece.text});
            events.push(event(choice(delta, logprobs, Value::Null), Value::Null));
        }
        let end = choice(json!({}), Value::Null, self.finish.into());
        events.push(event(end, Value::Null));
        if usage {
            events.push(event(json!([]), self.usage()));
        }
        events
    }

    fn usage(&self) -> Value {
        let (read, written) = (self.read, self.pieces.len());
        let mut usage = json!({"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written});
        if let Some(cached) = self.cached {
            usage["prompt_tokens_details"] = json!({"cached_tokens": cached});
        }
        usage
    }

    fn logprobs(&self, pieces: &[Piece]) -> Value {
        if self.chat.logprobs != Some(true) {
            return Value::Null;
        }
        let entry =
            |text: &str, ln: f64| json!({"token": text, "logprob": ln, "bytes": text.as_bytes()});
        let most = usize::from(self.chat.top_logprobs.unwrap_or(0));
        let token = |piece: &Piece| {
            let mut token = entry(&piece.text, piece.ln);
            let top = piece.top.iter().take(most).map(|(text, ln)| entry(text, *ln));
            token["top_logprobs"] = top.collect();
            token
        };
        json!({"content": pieces.iter().map(token).collect::<Vec<Value>>()})
    }
}

/// The end mark of a stream.
pub(super) const DONE: &str = "data: [DONE]\n\n";

/// The body of an error.
pub(super) fn error(status: u16, quota: bool) -> Vec<u8> {
    let (kind, code, message) = match status {
        _ if quota => (
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        400 => ("invalid_request_error", "invalid_request", "The request was refused."),
        401 => ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
        403 => ("permission_error", "permission_denied", "The key may not do this."),
        404 => ("invalid_request_error", "model_not_found", "The model does not exist."),
        429 => ("requests", "rate_limit_exceeded", "Rate limit reached, please try again later."),
        503 | 529 => ("overloaded_error", "overloaded", "The server is overloaded."),
        _ => ("server_error", "internal_error", "The server had an error."),
    };
    told(kind, code, message)
}

/// The body of an error with words of its own.
pub(super) fn told(kind: &str, code: &str, message: &str) -> Vec<u8> {
    let error = json!({"message": message, "type": kind, "param": null, "code": code});
    json!({"error": error}).to_string().into_bytes()
}
