//! One exchange, for reading: where the reply came from, the prompt as it was sent, the reply as it
//! came, and what fetching it took.

use serde::Serialize;

use crate::record::{
    Attempt, Fetched, Finish, Heard, Origin, Record, Reply, Request, Role, Times, Token,
};

use super::sharers::{Shared, Sharers};
use super::style::{Style, block, labelled, title};
use super::text::amount;

/// Columns before everything that belongs to an exchange.
const INDENT: usize = 5;
/// How many of an answer's tokens are shown, and how many alternatives of each.
const TOKENS: usize = 8;
const ALTERNATIVES: usize = 5;
/// From here down a log probability means that it is not known.
const UNKNOWN: f64 = -9999.0;

/// An exchange in words: what it was, and everything that is known of it in the order in which it is
/// read. Texts are as they came: whoever shows them makes them fit for the place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Told {
    /// What was asked for, and where the reply came from.
    pub title: String,
    /// Who else got the reply; empty where nobody did.
    pub shared: Option<Part>,
    /// The prompt, turn by turn.
    pub turns: Vec<Part>,
    /// What else is known of it.
    pub parts: Vec<Part>,
}

/// A text with its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Part {
    /// What it is.
    pub name: String,
    /// The text.
    pub text: String,
    /// Somebody's own words, or a server's: of any length.
    pub words: bool,
}

impl Told {
    /// The exchange at a place of a trial's record.
    pub(super) fn of(place: usize, record: &Record, sharers: &Sharers) -> Told {
        let heard = &record.exchanges[place];
        let shared = sharers.with(record, place);
        let mut title = role(heard.role).to_owned();
        if heard.endpoint != record.endpoint {
            title += &format!(" at {}", heard.endpoint);
        }
        title += &format!(" · {}", origin(heard, &shared));
        let part = |name: &str, text, words| Part { name: name.to_owned(), text, words };
        let turns = heard.request.turns.iter();
        let turns = turns.map(|turn| part(turn.speaker.name(), turn.text.clone(), true));
        let mut told = Told {
            title,
            shared: joined_by(heard, &shared).map(|joined| part("shared", joined, false)),
            turns: turns.collect(),
            parts: Vec::new(),
        };
        let target = &heard.request.target;
        told.field("asked", format!("{} at {}", target.model, target.url));
        told.field("parameters", parameters(&heard.request));
        if let Some(reply) = &heard.reply {
            told.said(reply);
            told.server(reply, heard);
        }
        if let Some(error) = &heard.error {
            let status =
                error.status.map(|status| format!(" (status {status})")).unwrap_or_default();
            told.words(&format!("{}{status}", error.kind.words()), error.message.clone());
        }
        let attempts = heard.attempts.iter().zip(1..).map(|(tried, number)| attempt(number, tried));
        let attempts: Vec<String> = attempts.collect();
        if !attempts.is_empty() {
            told.field("attempts", attempts.join("\n"));
        }
        told.field("times", times(heard.waited_ms, heard.times));
        told.field("digest", heard.digest.to_string()[..16].to_owned());
        told
    }

    fn field(&mut self, name: &str, text: String) {
        self.parts.push(Part { name: name.to_owned(), text, words: false });
    }

    fn words(&mut self, name: &str, text: String) {
        self.parts.push(Part { name: name.to_owned(), text, words: true });
    }

    /// The model's own words.
    fn said(&mut self, reply: &Reply) {
        if let Some(reasoning) = &reply.reasoning {
            self.words("reasoning", reasoning.clone());
        }
        if let Some(refusal) = &reply.refusal {
            self.words("refusal", refusal.clone());
        }
        self.words("reply", reply.text.clone());
    }

    /// What the server told about its reply.
    fn server(&mut self, reply: &Reply, heard: &Heard) {
        let finish = match &reply.finish {
            None => "not told",
            Some(Finish::Stop) => "stop",
            Some(Finish::Length) => "length: cut off by the token limit",
            Some(Finish::ContentFilter) => "cut off by the provider's filter",
            Some(Finish::Other(other)) => other,
        };
        self.field("finish", finish.to_owned());
        if let Some(model) = &reply.model {
            self.field("model", model.clone());
        }
        if let Some(fingerprint) = &reply.fingerprint {
            self.field("fingerprint", fingerprint.clone());
        }
        if let Some(usage) = heard.usage {
            let cost =
                heard.cost.map(|cost| format!(" · cost {}", amount(cost))).unwrap_or_default();
            let cached = usage.cached_input_tokens.filter(|cached| *cached > 0);
            let cached =
                cached.map(|cached| format!(", {cached} of them cached")).unwrap_or_default();
            let (read, written) = (usage.input_tokens, usage.output_tokens);
            self.field("tokens", format!("{read} in{cached} · {written} out{cost}"));
        }
        if let Some(tokens) = reply.tokens.as_ref().filter(|tokens| !tokens.is_empty()) {
            let mut lines: Vec<String> = tokens.iter().take(TOKENS).map(token).collect();
            lines.extend(more(tokens.len(), TOKENS));
            self.field("logprobs", lines.join("\n"));
        }
    }
}

/// Adds the exchange at a place of a trial's record.
pub(super) fn exchange(
    out: &mut String,
    place: usize,
    record: &Record,
    sharers: &Sharers,
    style: Style,
) {
    let told = Told::of(place, record, sharers);
    title(out, &format!("{:>3}  ", place + 1), INDENT, &told.title, style);
    for Part { name, text, words } in told.shared.iter().chain(&told.turns).chain(&told.parts) {
        if *words {
            block(out, INDENT, name, text, style);
        } else {
            labelled(out, INDENT, name, text, style);
        }
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Answer => "answer",
        Role::Confidence => "confidence",
        Role::Judge => "judge",
    }
}

/// Where the reply came from, in words.
fn origin(heard: &Heard, shared: &Shared) -> String {
    match (heard.origin, &heard.fetched) {
        (Origin::Live, _) if heard.reply.is_none() => "asked now".into(),
        (Origin::Live, _) => "fetched now".into(),
        (Origin::Joined, _) => match &shared.live {
            Some(live) => format!("joined: fetched by the trial {live}, which asked the same"),
            None => "joined: fetched in this run by another caller".into(),
        },
        (Origin::Stored | Origin::Shared, Some(fetched)) => {
            format!("stored: fetched {} by a run of the suite {}", when(fetched), fetched.suite)
        }
        (Origin::Stored, None) => "stored: fetched earlier".into(),
        (Origin::Shared, None) => "fetched by another process meanwhile".into(),
        (Origin::Replayed, _) if heard.reply.is_none() => "looked for in a recording".into(),
        (Origin::Replayed, _) => "replayed from a recording".into(),
    }
}

fn when(fetched: &Fetched) -> String {
    jiff::Timestamp::from_millisecond(fetched.at_ms).map_or_else(
        |_| "at an unknown time".into(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// Who got the reply of a live exchange without a call.
fn joined_by(heard: &Heard, shared: &Shared) -> Option<String> {
    if heard.origin != Origin::Live {
        return None;
    }
    let named = shared.named.join(", ");
    let rest = if shared.joined > shared.named.len() { " …" } else { "" };
    match shared.joined {
        0 => None,
        1 => Some(format!("joined by 1 other: {named}")),
        all => Some(format!("joined by {all} others: {named}{rest}")),
    }
}

/// The parameters as they were sent.
fn parameters(request: &Request) -> String {
    let Request { target, params, draw, .. } = request;
    let limit = if target.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    let stop = (!params.stop.is_empty()).then(|| format!("{:?}", params.stop));
    let alternatives = params.top_logprobs.filter(|n| *n > 0);
    let named = [
        ("temperature", params.temperature.map(|value| value.to_string())),
        ("top_p", params.top_p.map(|value| value.to_string())),
        (limit, params.max_tokens.map(|value| value.to_string())),
        ("stop", stop),
        ("seed", request.wire_seed().map(|value| value.to_string())),
        ("top_logprobs", alternatives.map(|value| value.to_string())),
    ];
    let sent = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut sent: Vec<(&str, String)> = sent.collect();
    for (name, value) in &params.extra {
        // One that the tool sets is not replaced by one that is passed on.
        if !sent.iter().any(|(known, _)| known == name) {
            sent.push((name, value.to_string()));
        }
    }
    let mut parts: Vec<String> =
        sent.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if (draw.repeat, draw.sample) != (0, 0) {
        // Repeats are named from 1, as trials are; sample 0 is the answer itself.
        let repeat = draw.repeat.saturating_add(1);
        parts.push(format!("draw of repeat {repeat}, sample {}", draw.sample));
    }
    if parts.is_empty() { "none".into() } else { parts.join(" · ") }
}

/// A token with its probability, and what could have stood there instead.
fn token(token: &Token) -> String {
    let drawn = weighed(&token.token, token.logprob);
    let top = token.top.iter().take(ALTERNATIVES);
    let mut among: Vec<String> = top.map(|top| weighed(&top.token, top.logprob)).collect();
    among.extend(more(token.top.len(), ALTERNATIVES));
    if among.is_empty() { drawn } else { format!("{drawn} of {}", among.join(" · ")) }
}

fn weighed(token: &str, logprob: f64) -> String {
    if logprob <= UNKNOWN {
        format!("{token:?} ?")
    } else {
        format!("{token:?} {:.2}", logprob.exp())
    }
}

fn more(all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| format!("… {} more", all - shown))
}

fn attempt(number: usize, attempt: &Attempt) -> String {
    let mut parts =
        vec![attempt.status.map_or_else(|| "no status".to_owned(), |status| status.to_string())];
    parts.extend(attempt.error.map(|kind| kind.words().to_owned()));
    parts.extend(attempt.phase.map(|phase| phase.words().to_owned()));
    parts.push(format!("{:.1} ms", attempt.ms));
    let mut waited = format!("waited {:.1} ms before", attempt.wait_ms);
    if let Some(reason) = attempt.reason {
        waited += &format!(", {:.1} of it {}", attempt.pause_ms, reason.words());
    }
    parts.push(waited);
    format!("{number}  {}", parts.join(" · "))
}

/// What the caller waited, and what the call took that fetched the reply.
fn times(waited_ms: f64, call: Option<Times>) -> String {
    let mut parts = vec![format!("waited {waited_ms:.1} ms")];
    if let Some(times) = call {
        let Times { first_token_ms, head_ms, final_ms, longest_gap_ms, pieces, total_ms } = times;
        parts.extend(head_ms.map(|ms| format!("head {ms:.1} ms")));
        parts.extend(first_token_ms.map(|ms| format!("first token {ms:.1} ms")));
        if let (Some(pieces), Some(mean), Some(longest)) =
            (pieces, times.between_pieces_ms(), longest_gap_ms)
        {
            parts.push(format!("{pieces} pieces {mean:.1} ms apart, {longest:.1} at most"));
        }
        parts.extend(final_ms.map(|ms| format!("last token {ms:.1} ms")));
        parts.push(format!("total {total_ms:.1} ms"));
    }
    parts.join(" · ")
}
