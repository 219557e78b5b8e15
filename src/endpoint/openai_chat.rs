//! The wire `openai-chat/1`: chat completions, answered whole or [as a stream](stream).
//!
//! The protocol is spoken by dozens of servers, each a little differently, so decoding keeps two
//! rules apart. What the answer rests on — the message, its text, why it ended — must be well
//! formed, or there is no reply. What merely accompanies it — log probabilities, usage, names —
//! is left out where it is missing or malformed: a confidence may then be missing, which is
//! counted, but no answer is lost for it.
//!
//! How a reply travels is no part of what was asked. So the body of a stream is kept as any other
//! and told apart by how it begins, and a reply that came in one way serves those who would have
//! fetched it in the other.

pub mod stream;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use stream::Stream;

use super::failure::{self, excerpt};
use super::json::Json;
use super::sse::begins_like_events;
use super::{WireRequest, WireResponse};
use crate::ask::{AskError, AskErrorKind, Finish, Logprob, Reply, Request, Token, Turn, Usage};

/// Name and version of the wire. A new version is another request, so stored replies of one are
/// not taken for those of another.
pub const WIRE: &str = "openai-chat/1";

/// What a server means that writes no log probability for a token: not known.
const UNKNOWN: f64 = -9999.0;

/// The URL of a call, from a base URL without a trailing slash.
#[must_use]
pub fn url(base: &str) -> String {
    let (path, query) = base.split_at(base.find('?').unwrap_or(base.len()));
    format!("{path}/chat/completions{query}")
}

/// Puts a request into bytes. Fields stand in a fixed order; parameters passed on verbatim come
/// last and never replace one that the tool sets. A `stream` is asked for with its usage.
///
/// # Panics
/// Never: everything in a request can be written as JSON.
#[must_use]
pub fn encode(request: &Request, stream: bool) -> WireRequest {
    let json = "application/json";
    let accept = if stream { "text/event-stream" } else { json };
    let mut headers =
        vec![("content-type".into(), json.to_owned()), ("accept".into(), accept.to_owned())];
    headers.extend(request.target.headers.iter().map(|(k, v)| (k.clone(), v.clone())));
    let body = serde_json::to_vec(&Body { request, stream }).expect("string keys only");
    WireRequest { headers, body }
}

struct Body<'a> {
    request: &'a Request,
    stream: bool,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Body { request, stream } = *self;
        let (target, params) = (&request.target, &request.params);
        let limit =
            if target.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
        let alternatives = params.top_logprobs.filter(|n| *n > 0);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &target.model)?;
        map.serialize_entry("messages", &Messages(&request.turns))?;
        let mut written = vec!["model", "messages", "stream", "stream_options"];
        macro_rules! entry {
            ($name:expr, $value:expr) => {
                if let Some(value) = $value {
                    written.push($name);
                    map.serialize_entry($name, &value)?;
                }
            };
        }
        if stream {
            map.serialize_entry("stream", &true)?;
            map.serialize_entry("stream_options", &BTreeMap::from([("include_usage", true)]))?;
        }
        entry!("temperature", params.temperature);
        entry!("top_p", params.top_p);
        entry!(limit, params.max_tokens);
        entry!("stop", (!params.stop.is_empty()).then_some(&params.stop));
        entry!("seed", request.wire_seed());
        entry!("logprobs", alternatives.map(|_| true));
        entry!("top_logprobs", alternatives);
        for (name, value) in &params.extra {
            if !written.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

struct Messages<'a>(&'a [Turn]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Message<'a> {
            role: &'static str,
            content: &'a str,
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for turn in self.0 {
            list.serialize_element(&Message { role: turn.speaker.name(), content: &turn.text })?;
        }
        list.end()
    }
}

/// Reads what came back, whole or as a stream. Bytes that are not UTF-8 are read as U+FFFD where a
/// token limit may have cut a character in two.
///
/// # Errors
/// What the server refused or why its body cannot be used, with a short excerpt of it.
pub fn decode(response: &WireResponse) -> Result<Reply, AskError> {
    if !(200..300).contains(&response.status) {
        return Err(failure::of_status(response));
    }
    let text = String::from_utf8_lossy(&response.body);
    if begins_like_events(&text) {
        let mut stream = Stream::default();
        stream.push(&response.body, None);
        stream.close();
        return stream.reply(response);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let unusable = |what: String| AskError {
        status: Some(response.status),
        ..AskError::new(AskErrorKind::BadBody, what)
    };
    let body: Json<'_> = serde_json::from_str(text)
        .map_err(|error| unusable(not_json(text, &error, response.header("content-type"))))?;
    if let Some(error) = error_in(&body).or_else(|| error_in(&body["choices"][0])) {
        return Err(failure::of_success(response.status, &error.to_value()));
    }
    let answer = Answer::read(&body)
        .map_err(|what| unusable(format!("{what}; the body is: {}", excerpt(text))))?;
    interrupted(answer.finish.as_ref()).map_err(unusable)?;
    not_utf8(&response.body, answer.finish.as_ref()).map_err(unusable)?;
    Ok(Reply {
        text: answer.said.text,
        reasoning: some_text(answer.said.reasoning),
        refusal: some_text(answer.said.refusal),
        tokens: answer.tokens,
        finish: answer.finish,
        usage: usage(&body["usage"]),
        model: name(&body, "model"),
        fingerprint: name(&body, "system_fingerprint"),
        times: response.times,
        raw: text.into(),
    })
}

fn error_in<'a, 'b>(value: &'b Json<'a>) -> Option<&'b Json<'a>> {
    value.get("error").filter(|error| !matches!(error, Json::Null | Json::Bool(false)))
}

/// A name that the server gives, if it gives one.
fn name(body: &Json<'_>, field: &str) -> Option<String> {
    body[field].as_str().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Refuses bytes that are no text in a reply that its model ended by itself: they were damaged.
fn not_utf8(body: &[u8], finish: Option<&Finish>) -> Result<(), String> {
    match std::str::from_utf8(body) {
        Err(error) if finish == Some(&Finish::Stop) => {
            Err(format!("the reply is not UTF-8 from byte {} on", error.valid_up_to()))
        }
        _ => Ok(()),
    }
}

/// Refuses what a server cut short itself and says so: an answer to that length is not the model's.
fn interrupted(finish: Option<&Finish>) -> Result<(), String> {
    const WORDS: [&str; 6] =
        ["abort", "aborted", "cancelled", "canceled", "error", "insufficient_system_resource"];
    match finish {
        Some(Finish::Other(word)) if WORDS.contains(&word.as_str()) => Err(format!(
            "the server broke the reply off (finish reason `{word}`): try again, or look into its log"
        )),
        _ => Ok(()),
    }
}

fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn not_json(text: &str, error: &serde_json::Error, content_type: Option<&str>) -> String {
    let start = text.trim_start();
    let streams = content_type.is_some_and(|kind| kind.contains("event-stream"));
    let mut what = if start.is_empty() && streams {
        return stream::EMPTY.into();
    } else if start.is_empty() {
        return "the body is empty".into();
    } else if start.starts_with('<') {
        "a page came in place of JSON: check `base_url`, which usually ends in /v1".to_owned()
    } else if error.is_eof() {
        format!("the body breaks off after {} bytes", text.len())
    } else {
        format!("the body is not JSON ({error})")
    };
    if let Some(kind) = content_type.filter(|kind| !kind.contains("json")) {
        let _ = write!(what, "; its content type is {}", excerpt(kind));
    }
    let _ = write!(what, "; it begins: {}", excerpt(text));
    what
}

/// The first choice.
struct Answer {
    said: Said,
    tokens: Option<Vec<Token>>,
    finish: Option<Finish>,
}

impl Answer {
    fn read(body: &Json<'_>) -> Result<Answer, String> {
        let choice = match &body["choices"] {
            Json::Array(choices) => choices.first().ok_or("`choices` is empty")?,
            Json::Null => return Err("there are no `choices`".into()),
            _ => return Err("`choices` is not a list".into()),
        };
        let message = match &choice["message"] {
            message @ Json::Object(_) => message,
            Json::Null => return Err("the choice has no `message`".into()),
            _ => return Err("`message` is not an object".into()),
        };
        let mut said = Said::default();
        said.content(&message["content"])?;
        for field in ["reasoning_content", "reasoning"] {
            if said.reasoning.is_empty() {
                said.reasoning.push_str(message[field].as_str().unwrap_or_default());
            }
        }
        if said.refusal.is_empty() {
            said.refusal.push_str(message["refusal"].as_str().unwrap_or_default());
        }
        let finish = match &choice["finish_reason"] {
            Json::Null => None,
            Json::String(reason) => Some(finish(reason)),
            _ => return Err("`finish_reason` is not a text".into()),
        };
        Ok(Answer { said, tokens: tokens(&choice["logprobs"]), finish })
    }
}

/// The texts of a message.
#[derive(Debug, Default)]
struct Said {
    text: String,
    reasoning: String,
    refusal: String,
}

impl Said {
    /// Content is a text, nothing, or a list of parts: texts, thoughts and refusals in turn.
    fn content(&mut self, content: &Json<'_>) -> Result<(), String> {
        match content {
            Json::Null => Ok(()),
            Json::String(text) => {
                self.text.push_str(text);
                Ok(())
            }
            Json::Array(parts) => parts.iter().try_for_each(|part| self.part(part)),
            _ => Err("`content` is neither a text nor a list of parts".into()),
        }
    }

    fn part(&mut self, part: &Json<'_>) -> Result<(), String> {
        let words = |field: &str| part[field].as_str().unwrap_or_default();
        match (part, part["type"].as_str()) {
            (Json::String(text), _) => self.text.push_str(text),
            (Json::Object(_), Some("refusal")) => self.refusal.push_str(words("refusal")),
            (Json::Object(_), Some("thinking" | "reasoning")) => match &part["thinking"] {
                Json::Array(thoughts) => {
                    thoughts
                        .iter()
                        .filter_map(|thought| thought["text"].as_str())
                        .for_each(|thought| self.reasoning.push_str(thought));
                }
                Json::String(thought) => self.reasoning.push_str(thought),
                _ => self.reasoning.push_str(words("text")),
            },
            // Parts of other kinds (images, tools) are not part of the answer's text.
            (Json::Object(_), _) => self.text.push_str(words("text")),
            _ => return Err("a part of `content` is neither a text nor an object".into()),
        }
        Ok(())
    }
}

/// Why it ended. Servers that are older than the protocol have words of their own.
fn finish(reason: &str) -> Finish {
    match reason {
        "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" => Finish::Stop,
        "length" | "max_tokens" | "model_length" => Finish::Length,
        "content_filter" => Finish::ContentFilter,
        other => Finish::Other(other.to_owned()),
    }
}

/// The tokens, if each has its text; a list with holes cannot be lined up with the answer.
fn tokens(logprobs: &Json<'_>) -> Option<Vec<Token>> {
    let content = logprobs["content"].as_array().filter(|tokens| !tokens.is_empty())?;
    let token = |value: &Json<'_>| {
        let Logprob { token, logprob: chosen } = logprob(value)?;
        let top = value["top_logprobs"].as_array().unwrap_or_default();
        Some(Token { token, logprob: chosen, top: top.iter().filter_map(logprob).collect() })
    };
    content.iter().map(token).collect()
}

/// A token and its log probability. Above zero by a rounding error it is zero; by more it is no
/// logarithm of a probability, and not known.
fn logprob(value: &Json<'_>) -> Option<Logprob> {
    let token = value["token"].as_str()?.to_owned();
    let logprob = match value["logprob"].as_f64() {
        Some(ln) if ln <= 0.0 => ln,
        Some(ln) if ln <= 0.01 => 0.0,
        _ => UNKNOWN,
    };
    Some(Logprob { token, logprob })
}

/// Both counts, or none: a missing one is not 0.
fn usage(usage: &Json<'_>) -> Option<Usage> {
    Some(Usage {
        input_tokens: usage["prompt_tokens"].as_u64()?,
        output_tokens: usage["completion_tokens"].as_u64()?,
        cached_input_tokens: usage["prompt_tokens_details"]["cached_tokens"].as_u64(),
    })
}

#[cfg(test)]
mod tests;
