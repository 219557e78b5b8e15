//! What became different between two nights, whatever it did to the answers.

use serde::Serialize;

use super::{EndpointNight, Turned};
use crate::record::Header;

/// What kind of thing became different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The model, or the version that it reports.
    Model,
    /// What is asked, or how it is judged.
    Suite,
    /// What counts as confident.
    Threshold,
    /// What is allowed.
    Budget,
    /// What tokens cost.
    Price,
    /// This program.
    Tool,
}

impl EventKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EventKind::Model => "model",
            EventKind::Suite => "suite",
            EventKind::Threshold => "threshold",
            EventKind::Budget => "budget",
            EventKind::Price => "price",
            EventKind::Tool => "overclaim",
        }
    }
}

/// Something that became different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What kind of thing.
    pub kind: EventKind,
    /// The endpoint that it is of; null where it is of all.
    pub endpoint: Option<String>,
    /// In words.
    pub sentence: String,
}

/// What a header says that a later one may say otherwise.
#[derive(Debug)]
pub(super) struct Before {
    /// Without the suite's text.
    pub header: Header,
    pub endpoints: Vec<(String, Option<String>)>,
}

/// Whether two runs call the same answers confident.
pub(super) fn same_confident(one: &Header, other: &Header) -> bool {
    (one.threshold - other.threshold).abs() < 1e-12 && one.sources.first() == other.sources.first()
}

/// Compares a night with the one before.
pub(super) fn events(before: &Before, now: &Header, endpoints: &[EndpointNight]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut add = |kind, endpoint: Option<&str>, sentence: String| {
        events.push(Event { kind, endpoint: endpoint.map(str::to_owned), sentence });
    };
    let was = &before.header;
    for asked in &now.endpoints {
        let name = &*asked.name;
        let same = |endpoint: &&crate::record::AskedEndpoint| endpoint.name == asked.name;
        let Some(earlier) = was.endpoints.iter().find(same) else {
            add(EventKind::Model, Some(name), "asked for the first time".to_owned());
            continue;
        };
        if earlier.target.model != asked.target.model {
            let (one, other) = (&earlier.target.model, &asked.target.model);
            add(EventKind::Model, Some(name), format!("asks “{other}”, before “{one}”"));
        }
        let served = |of: Option<&Option<String>>| of.cloned().flatten();
        let is =
            served(endpoints.iter().find(|told| told.endpoint == name).map(|told| &told.served));
        let old = before.endpoints.iter().find(|(told, _)| told == name);
        if let (Some(is), Some(old)) = (is, served(old.map(|(_, served)| served)))
            && is != old
        {
            add(EventKind::Model, Some(name), format!("reports that it is “{is}”, before “{old}”"));
        }
        if earlier.price != asked.price {
            add(EventKind::Price, Some(name), "has other prices".to_owned());
        }
    }
    let gone = was
        .endpoints
        .iter()
        .filter(|asked| !now.endpoints.iter().any(|endpoint| endpoint.name == asked.name));
    for asked in gone {
        add(EventKind::Model, Some(&asked.name), "is not asked any more".to_owned());
    }
    if let Some(sentence) = suite(was, now, endpoints) {
        add(EventKind::Suite, None, sentence);
    }
    if (was.threshold - now.threshold).abs() > 1e-12 {
        let (one, other) = (was.threshold, now.threshold);
        add(
            EventKind::Threshold,
            None,
            format!(
                "confident is from {other} on, before from {one} on: confident wrong answers before and after are not compared"
            ),
        );
    }
    if was.sources.first() != now.sources.first() {
        let name = |header: &Header| {
            header.sources.first().cloned().unwrap_or_else(|| "nothing".to_owned())
        };
        add(
            EventKind::Suite,
            None,
            format!(
                "confidence is by “{}”, before by “{}”: Brier scores and confident wrong answers before and after are not compared",
                name(now),
                name(was)
            ),
        );
    }
    if was.budget != now.budget || was.slices != now.slices {
        add(EventKind::Budget, None, "the budget is another one".to_owned());
    }
    if was.version != now.version {
        add(EventKind::Tool, None, format!("version {}, before {}", now.version, was.version));
    }
    events.sort_by_key(|event| event.kind);
    events
}

/// What became of the cases.
fn suite(was: &Header, now: &Header, endpoints: &[EndpointNight]) -> Option<String> {
    let turned = endpoints.iter().filter_map(|endpoint| endpoint.turned.as_ref());
    let different = turned.max_by_key(|turned| {
        turned.added + turned.removed + turned.changed + turned.prompt_changed
    });
    let parts = different.map(words).unwrap_or_default();
    let pairs = different.map_or(0, |turned| turned.pairs);
    match (parts.is_empty(), was.digest == now.digest) {
        (true, true) => None,
        (true, false) => Some("its text is another one; its cases are the same".to_owned()),
        (false, _) => Some(format!(
            "{}: compared are the {pairs} answers to cases of both nights",
            parts.join(", ")
        )),
    }
}

fn words(turned: &Turned) -> Vec<String> {
    let of = |n: usize, what: &str| {
        let cases = if n == 1 { "case" } else { "cases" };
        (n > 0).then(|| format!("{n} {cases} {what}"))
    };
    [
        of(turned.added, "added"),
        of(turned.removed, "removed"),
        of(turned.changed, "with another question or grader"),
        of(turned.prompt_changed, "with another prompt"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
