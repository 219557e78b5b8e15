//! What changed, in words: the marks of the drawing, and what else was different on their nights.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{SuiteTrend, words};
use crate::scorecard::history::{By, History};

/// A night on which something was different.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    /// Its number in the drawing; none where nothing but numbers changed.
    flag: Option<usize>,
    when: String,
    link: Option<String>,
    changes: Vec<Change>,
    events: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Change {
    worse: bool,
    /// Whether the number went up.
    up: bool,
    endpoint: Option<String>,
    of: &'static str,
    by: &'static str,
    sentence: String,
    /// Cases that are newly confidently wrong, where these are what changed.
    cases: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Said {
    kind: &'static str,
    endpoint: Option<String>,
    sentence: String,
}

/// The numbers of the nights on which something else than the numbers was different, by their place.
pub(super) fn flags(history: &History) -> BTreeMap<usize, usize> {
    let nights = history.nights.iter().enumerate();
    let different = nights.filter(|(_, night)| !night.events.is_empty());
    different.map(|(place, _)| place).zip(1..).collect()
}

/// Those nights and the ones with a mark, the newest first.
pub(super) fn told(suite: &SuiteTrend, flags: &BTreeMap<usize, usize>) -> Vec<Told> {
    let history = &suite.history;
    let several = super::drawing::endpoints(history).len() > 1;
    let name = |endpoint: &str| several.then(|| endpoint.to_owned());
    let told = history.nights.iter().enumerate().map(|(place, night)| {
        let changes = night.endpoints.iter().flat_map(|told| {
            told.marks.iter().map(|mark| {
                let newly = told.turned.as_ref().map(|turned| &turned.newly_confident_wrong_cases);
                let named =
                    mark.worse && mark.of == crate::scorecard::history::Measure::ConfidentWrong;
                Change {
                    worse: mark.worse,
                    up: mark.worse != mark.of.more_is_better(),
                    endpoint: name(&told.endpoint),
                    of: mark.of.name(),
                    by: match mark.by {
                        By::Limits => "against the earlier nights",
                        By::Neighbour => "against the night before",
                        By::Both => "against the earlier nights and the night before",
                    },
                    sentence: mark.sentence.clone(),
                    cases: newly.filter(|_| named).cloned().unwrap_or_default(),
                }
            })
        });
        let events = night.events.iter().map(|event| Said {
            kind: event.kind.word(),
            endpoint: event.endpoint.as_deref().and_then(name),
            sentence: event.sentence.clone(),
        });
        Told {
            flag: flags.get(&place).copied(),
            when: words::when(history, place),
            link: suite.runs.get(&night.directory).cloned(),
            changes: changes.collect(),
            events: events.collect(),
        }
    });
    let mut told: Vec<Told> =
        told.filter(|told| !(told.changes.is_empty() && told.events.is_empty())).collect();
    told.reverse();
    told
}
