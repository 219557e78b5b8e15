//! Why a request was not found: the nearest one that is known, and what differs.

use std::collections::{BTreeMap, BTreeSet};

use crate::ask::{Draw, Params, Request, Target};

/// Of the known requests the one that differs least from what was asked; of equals the first in
/// the order of their digests, so that everybody hears the same.
pub(super) fn nearest<'a>(
    asked: &Request,
    known: impl Iterator<Item = &'a Request>,
) -> Option<&'a Request> {
    let distance = |known: &&Request| {
        let weight: f64 = parts(asked, known, "").iter().map(|difference| difference.weight).sum();
        (Weight(weight), known.digest())
    };
    known.min_by_key(distance)
}

/// What differs between a request and a known one, in words; empty if nothing does. `word` says
/// how it is known.
#[must_use]
pub fn differences(asked: &Request, known: &Request, word: &str) -> String {
    let parts: Vec<String> = parts(asked, known, word).into_iter().map(|part| part.words).collect();
    parts.join("; ")
}

/// What differs between two requests, in words; empty if nothing does.
#[must_use]
pub fn compared(first: &Request, second: &Request) -> String {
    differences(first, second, "the other")
}

/// A sum of weights, which are never NaN, in their order.
#[derive(PartialEq)]
struct Weight(f64);

impl Eq for Weight {}

impl PartialOrd for Weight {
    fn partial_cmp(&self, other: &Weight) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Weight {
    fn cmp(&self, other: &Weight) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// One component in which two requests differ.
struct Difference {
    weight: f64,
    words: String,
}

fn parts(asked: &Request, known: &Request, word: &str) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |weight: f64, what: &str, asked: &str, known: &str| {
        if asked != known {
            let (asked, known) = (excerpt(asked, known), excerpt(known, asked));
            let words = format!("{what} (asked {asked}, {word} {known})");
            found.push(Difference { weight, words });
        }
    };
    let (here, there) = (&asked.target, &known.target);
    differ(1.0, "the model", &here.model, &there.model);
    differ(1.0, "the wire", &here.wire, &there.wire);
    let place = if here.url.contains("://") { "the URL" } else { "the path" };
    differ(0.5, place, &here.url, &there.url);
    let switch = |target: &Target| target.max_completion_tokens.to_string();
    differ(0.5, "max_completion_tokens", &switch(here), &switch(there));
    differ(0.5, "the headers", &format!("{:?}", here.headers), &format!("{:?}", there.headers));
    let (here, there) = (parameters(&asked.params), parameters(&known.params));
    let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    for name in names {
        let value =
            |params: &BTreeMap<String, String>| params.get(name).cloned().unwrap_or("none".into());
        differ(0.2, &format!("the parameter {name}"), &value(&here), &value(&there));
    }
    differ(0.2, "the draw", &draw(asked.draw), &draw(known.draw));
    let counts = (asked.turns.len(), known.turns.len());
    differ(2.0, "the number of messages", &counts.0.to_string(), &counts.1.to_string());
    for (index, (here, there)) in asked.turns.iter().zip(known.turns.iter()).enumerate() {
        if here != there {
            let unlike = 1.0 - strsim::sorensen_dice(beginning(&here.text), beginning(&there.text));
            differ(0.1 + unlike, &format!("message {}", index + 1), &here.text, &there.text);
        }
    }
    found
}

/// A draw as trials and pages name it: repeats from 1.
fn draw(draw: Draw) -> String {
    format!("repeat {}, sample {}", draw.repeat.saturating_add(1), draw.sample)
}

/// As much of a text as is compared for likeness.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(512)]
}

fn parameters(params: &Params) -> BTreeMap<String, String> {
    let value = serde_json::to_value(params).unwrap_or_default();
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), value.to_string())).collect()
}

/// The part of a text around where it first differs from another.
fn excerpt(text: &str, other: &str) -> String {
    const AROUND: usize = 24;
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(AROUND / 2);
    let part: String = text.chars().skip(from).take(AROUND).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if text.chars().count() > from + AROUND { "…" } else { "" };
    format!("{before}{part:?}{after}")
}
