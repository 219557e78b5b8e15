//! From what stands in `overclaim.yaml` to a [`Spec`].
//!
//! Everything wrong is noted at its place with what to write instead, so that one look at the
//! file mends it; only a key written into it ends the reading at once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::key::{self, looks_like_a_key, names_a_secret};
use super::{
    Cassette, DEFAULT_ATTEMPTS, DEFAULT_CONCURRENCY, DEFAULT_CONNECT, DEFAULT_TIMEOUT, OpenaiChat,
    Price, Spec, Timeouts, Wire,
};
use crate::span::{Fields, Node, Problems, Spanned};

const WIRES: [&str; 2] = ["openai-chat", "cassette"];

/// Longest timeout: longer ones are slips of the keyboard.
const LONGEST: Duration = Duration::from_hours(24);

/// What is wrong with a text, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    message: String,
    remedy: String,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault { message: message.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.remedy)
    }
}

impl Spec {
    /// Reads the endpoint called `name`; relative paths in it start from `dir`, the folder of the
    /// file. None if it cannot be used, and then `problems` say why.
    pub fn read(
        name: &Spanned<String>,
        node: &Node,
        dir: &Path,
        problems: &mut Problems,
    ) -> Option<Spec> {
        if !key::refuse_keys(node, problems) {
            return None;
        }
        let mut fields = node.fields(problems)?;
        let Some(wire) = fields.take("wire") else {
            let message = format!("endpoint `{}` has no wire", name.value);
            problems.error(name.span, message, "add `wire: openai-chat` or `wire: cassette`");
            return None;
        };
        let word = wire.text(problems)?;
        let wire = match word.value.as_str() {
            "openai-chat" => openai_chat(&mut fields, dir, problems).map(Wire::OpenaiChat),
            "cassette" => cassette(&mut fields, dir, problems).map(Wire::Cassette),
            _ => {
                problems.unknown("wire", &word, &WIRES);
                return None;
            }
        };
        let (mut concurrency, mut timeout, mut price) = (None, None, None);
        let (mut timeouts, mut attempts, mut deadline) = (Timeouts::default(), None, None);
        let (mut rpm, mut tpm, mut stream) = (None, None, None);
        // What steers calls has no meaning for a recording, and is unknown there.
        if word.value != "cassette" {
            concurrency = fields.take("concurrency").and_then(|node| calls(node, problems));
            timeout = fields.take("timeout").and_then(|node| limit(node, problems));
            if let Some(node) = fields.take("timeouts") {
                phases(node, &mut timeout, &mut timeouts, problems);
            }
            attempts = fields.take("attempts").and_then(|node| tries(node, problems));
            deadline = fields.take("deadline").and_then(|node| limit(node, problems));
            rpm = fields.take("rpm").and_then(|node| rate(node, problems));
            tpm = fields.take("tpm").and_then(|node| rate(node, problems));
            price = fields.take("price").and_then(|node| prices(node, problems));
            stream = fields.take("stream").and_then(|node| node.boolean(problems));
        }
        fields.finish(problems);
        Some(Spec {
            name: name.clone(),
            wire: wire?,
            concurrency: concurrency.unwrap_or(DEFAULT_CONCURRENCY),
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            timeouts,
            attempts: attempts.unwrap_or(DEFAULT_ATTEMPTS),
            deadline,
            rpm,
            tpm,
            price,
            stream,
        })
    }
}

fn openai_chat(fields: &mut Fields, dir: &Path, problems: &mut Problems) -> Option<OpenaiChat> {
    let base_url = required(fields, "base_url", "http://127.0.0.1:8089/v1", problems)
        .and_then(|typed| checked(&typed, base_url, problems));
    let model = required(fields, "model", "the model to ask for", problems)
        .and_then(|typed| checked(&typed, |text| model_name(text).map(|()| text.into()), problems));
    let key_env = fields.take("key_env").and_then(|node| node.text(problems));
    let key_env =
        key_env.and_then(|typed| checked(&typed, |t| variable(t).map(|()| t.into()), problems));
    let headers = fields.take("headers").map(|node| headers(node, problems)).unwrap_or_default();
    let extra = fields.take("extra").map(|node| extra(node, problems)).unwrap_or_default();
    let max_completion_tokens =
        fields.take("max_completion_tokens").and_then(|node| node.boolean(problems));
    let ca_bundle = fields.take("ca_bundle").and_then(|node| path(node, dir, problems));
    Some(OpenaiChat {
        base_url: base_url?,
        model: model?,
        key_env,
        headers,
        extra,
        max_completion_tokens: max_completion_tokens.unwrap_or(false),
        ca_bundle,
    })
}

fn cassette(fields: &mut Fields, dir: &Path, problems: &mut Problems) -> Option<Cassette> {
    let model = fields.take("model").and_then(|node| node.text(problems));
    let Some(from) = fields.take("from") else {
        let remedy = "add `from: FILE`, as written by `--record FILE`";
        problems.error(fields.span, "a cassette needs a file", remedy);
        return None;
    };
    Some(Cassette { from: path(from, dir, problems)?, model: model.map(|model| model.value) })
}

fn required(
    fields: &mut Fields,
    name: &'static str,
    example: &str,
    problems: &mut Problems,
) -> Option<Spanned<String>> {
    let Some(node) = fields.take(name) else {
        let remedy = format!("add `{name}`: {example}");
        problems.error(fields.span, format!("the endpoint has no `{name}`"), remedy);
        return None;
    };
    node.text(problems)
}

fn checked(
    typed: &Spanned<String>,
    check: impl Fn(&str) -> Result<String, Fault>,
    problems: &mut Problems,
) -> Option<Spanned<String>> {
    match check(&typed.value) {
        Ok(value) => Some(Spanned::new(value, typed.span)),
        Err(fault) if fault.remedy == key::REMEDY => {
            problems.secret(typed.span, fault.message, fault.remedy);
            None
        }
        Err(fault) => {
            problems.error(typed.span, fault.message, fault.remedy);
            None
        }
    }
}

/// Checks a base URL and gives it without a trailing slash.
pub(super) fn base_url(text: &str) -> Result<String, Fault> {
    let example = "write it as http://127.0.0.1:8089/v1";
    let Ok(url) = Url::parse(text.trim()) else {
        return Err(Fault::new("the base URL cannot be read as a URL", example));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Fault::new("the base URL is neither http nor https", example));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::new("the base URL holds a user or a password", key::REMEDY));
    }
    if looks_like_a_key(text) || url.query_pairs().any(|(name, _)| names_a_secret(&name)) {
        return Err(Fault::new("the base URL holds a key", key::REMEDY));
    }
    if url.fragment().is_some() {
        return Err(Fault::new("the base URL has a fragment", "leave out `#` and what follows"));
    }
    let path = url.path().trim_end_matches('/');
    if path.ends_with("/chat/completions") || path.ends_with("/completions") {
        let remedy = "leave out /chat/completions: it is appended";
        return Err(Fault::new("the base URL is that of a call", remedy));
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{}{path}{query}", url.origin().ascii_serialization()))
}

pub(super) fn model_name(text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(Fault::new(
            "the model has no readable name",
            "write it as the server lists it",
        ));
    }
    if looks_like_a_key(text) {
        return Err(Fault::new("the model's name looks like a key", key::REMEDY));
    }
    Ok(())
}

/// Checks the name of an environment variable.
pub(super) fn variable(name: &str) -> Result<(), Fault> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if looks_like_a_key(name) {
        return Err(Fault::new("a key must not be written down", key::REMEDY));
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.bytes().all(good)
    {
        // Not quoted: it may be a key of a make that is not known here.
        let remedy = "write a name such as OPENAI_API_KEY, without a dollar sign";
        return Err(Fault::new("`key_env` is not the name of an environment variable", remedy));
    }
    Ok(())
}

fn path(node: &Node, dir: &Path, problems: &mut Problems) -> Option<Spanned<PathBuf>> {
    let typed = node.text(problems)?;
    if typed.value.is_empty() {
        problems.error(typed.span, "the path is empty", "name a file");
        return None;
    }
    Some(Spanned::new(dir.join(&typed.value), typed.span))
}

fn calls(node: &Node, problems: &mut Problems) -> Option<usize> {
    let calls = node.whole(problems)?;
    if !(1..=10_000).contains(&calls) {
        problems.error(node.span, "no such number of calls at a time", "write 1 to 10000");
        return None;
    }
    Some(calls)
}

fn rate(node: &Node, problems: &mut Problems) -> Option<u32> {
    let units = node.whole(problems)?;
    if units == 0 {
        let remedy = "write how many a minute the server allows, or leave it out";
        problems.error(node.span, "a limit of nothing", remedy);
        return None;
    }
    Some(units)
}

fn tries(node: &Node, problems: &mut Problems) -> Option<usize> {
    let tries = node.whole(problems)?;
    if !(1..=100).contains(&tries) {
        let remedy = "write 1 to 100: the first call counts, so 1 tries nothing again";
        problems.error(node.span, "no such number of attempts", remedy);
        return None;
    }
    Some(tries)
}

/// Reads `timeouts`; its `total` is another name for `timeout`.
fn phases(
    node: &Node,
    timeout: &mut Option<Duration>,
    timeouts: &mut Timeouts,
    problems: &mut Problems,
) {
    let Some(mut fields) = node.fields(problems) else { return };
    let mut time = |name| {
        let node = fields.take(name)?;
        Some((node.span, limit(node, problems)?))
    };
    let (connect, first_byte) = (time("connect"), time("first_byte"));
    let (idle, total) = (time("idle"), time("total"));
    fields.finish(problems);
    if let Some((span, total)) = total
        && timeout.replace(total).is_some()
    {
        let remedy = "keep one of them: `timeout` is `timeouts: {total}`";
        problems.error(span, "the time of the whole call is there twice", remedy);
    }
    *timeouts = Timeouts {
        connect: connect.map_or(DEFAULT_CONNECT, |(_, time)| time),
        first_byte: first_byte.map(|(_, time)| time),
        idle: idle.map(|(_, time)| time),
    };
}

fn limit(node: &Node, problems: &mut Problems) -> Option<Duration> {
    let typed = node.text(problems)?;
    let time = parse_duration(&typed.value).filter(|time| !time.is_zero() && *time <= LONGEST);
    if time.is_none() {
        let message = format!("`{}` is not a time that a call may take", typed.value);
        problems.error(typed.span, message, "write a number and its unit: 500ms, 30s or 2m");
    }
    time
}

/// Reads `500ms`, `30s`, `1.5s`, `2m`, `1h`, `7d` or `4w`. A number without a unit is not a time.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim_start() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

fn prices(node: &Node, problems: &mut Problems) -> Option<Price> {
    let mut fields = node.fields(problems)?;
    let mut price = |name, needed| {
        let Some(node) = fields.take(name) else {
            if needed {
                let remedy =
                    "write `price: {input: 0.15, output: 0.60}`, for a million tokens each";
                problems.error(fields.span, format!("the price of `{name}` is missing"), remedy);
            }
            return None;
        };
        let price = node.number(problems)?;
        if price < 0.0 {
            problems.error(node.span, "a price below zero", "write 0 for what costs nothing");
            return None;
        }
        Some(price)
    };
    let (input, output) = (price("input", true), price("output", true));
    let cached_input = price("cached_input", false);
    fields.finish(problems);
    Some(Price { input: input?, output: output?, cached_input })
}

fn headers(node: &Node, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    let Some(fields) = node.fields(problems) else { return headers };
    for (name, value) in fields.entries() {
        let Some(value) = value.text(problems) else { continue };
        let lower = name.value.to_lowercase();
        if let Err(fault) = header(&lower, &value.value) {
            problems.error(name.span, fault.message, fault.remedy);
        } else if headers.insert(lower, value.value).is_some() {
            problems.error(
                name.span,
                "this header is there twice",
                "case does not count: keep one",
            );
        }
    }
    headers
}

fn header(name: &str, value: &str) -> Result<(), Fault> {
    const OURS: [&str; 9] = [
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "te",
        "transfer-encoding",
    ];
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Fault::new("not the name of a header", "use letters, digits and dashes"));
    }
    if OURS.contains(&name) {
        return Err(Fault::new(format!("`{name}` is set by the wire"), "leave it out"));
    }
    if !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        let message = format!("the value of `{name}` cannot be a header's");
        return Err(Fault::new(message, "use printable ASCII on one line"));
    }
    Ok(())
}

fn extra(node: &Node, problems: &mut Problems) -> BTreeMap<String, Value> {
    let mut extra = BTreeMap::new();
    let Some(fields) = node.fields(problems) else { return extra };
    for (name, value) in fields.entries() {
        match reserved_parameter(&name.value) {
            Some(remedy) => {
                problems.error(name.span, format!("`extra` cannot set `{}`", name.value), remedy);
            }
            None => drop(extra.insert(name.value.clone(), value.to_json())),
        }
    }
    extra
}

/// For a parameter that must not be passed on verbatim, because the tool sets it and reasons
/// about it, where it is set instead.
#[must_use]
pub fn reserved_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "model" => "set the endpoint's `model`",
        "messages" => "they are the suite's `prompt` or `messages`",
        "stream" | "stream_options" => "set `stream: true` beside `extra`",
        "n" => "leave it out: draws and repeats are calls of their own",
        "temperature" | "top_p" | "max_tokens" | "stop" | "seed" => {
            "set it under `parameters` of the suite"
        }
        "max_completion_tokens" => {
            "set `max_tokens` under `parameters`, and `max_completion_tokens: true` beside `extra`"
        }
        "logprobs" | "top_logprobs" => "leave it out: confidence methods ask for what they need",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
