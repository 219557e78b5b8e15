//! The newest night in short: the first thing on the page, a row of the index, a line in a terminal.

use serde::Serialize;

use super::{SuiteTrend, symbols, words};
use crate::report::Style;
use crate::report::text::{counted, visible};
use crate::scorecard::history::{History, Measure, Night, Verdict};

/// How many endpoints are told of in short.
const ENDPOINTS: usize = 6;

/// The newest night.
#[derive(Debug, Serialize)]
pub(super) struct Newest {
    pub when: String,
    pub link: Option<String>,
    pub sign: &'static str,
    pub class: &'static str,
    pub verdict: &'static str,
    /// Why it does not count, if it does not.
    pub reason: Option<String>,
    /// The first endpoints in a sentence each, and how many more there are.
    pub endpoints: Vec<String>,
    /// What changed, in short.
    pub changed: Vec<String>,
}

/// The newest night; none where there is none.
pub(super) fn of(suite: &SuiteTrend) -> Option<Newest> {
    let history = &suite.history;
    let night = history.nights.last()?;
    let mut endpoints = endpoints(history, night);
    let more = endpoints.len().saturating_sub(ENDPOINTS);
    if more > 1 {
        endpoints.truncate(ENDPOINTS);
        endpoints.push(format!("and {more} more"));
    }
    Some(Newest {
        when: words::when(history, history.nights.len() - 1),
        link: suite.runs.get(&night.directory).cloned(),
        sign: symbols::sign(night.verdict),
        class: symbols::class(night.verdict),
        verdict: night.verdict.word(),
        reason: night.standing.reason().map(str::to_owned),
        endpoints,
        changed: changed(night),
    })
}

fn endpoints(history: &History, night: &Night) -> Vec<String> {
    let several = super::drawing::endpoints(history).len() > 1;
    let told = night.endpoints.iter().map(|told| {
        let name = if several { format!("{}: ", told.endpoint) } else { String::new() };
        match told.measured(Measure::ConfidentWrong) {
            Some(wrong) => {
                let rate = words::share(wrong.value);
                format!("{name}{} confidently wrong ({rate})", words::counted_from(wrong))
            }
            None => match told.measured(Measure::Accuracy) {
                Some(right) => format!("{name}{} right", words::counted_from(right)),
                None => format!("{name}nothing was graded"),
            },
        }
    });
    told.collect()
}

/// What changed on a night, in short.
pub(super) fn changed(night: &Night) -> Vec<String> {
    let mut changed: Vec<String> = [true, false]
        .into_iter()
        .filter_map(|worse| {
            let of = marked(night, worse);
            let way = if worse { "worse" } else { "better" };
            (!of.is_empty()).then(|| format!("{way}: {}", of.join(", ")))
        })
        .collect();
    let mut kinds: Vec<&str> = night.events.iter().map(|event| event.kind.word()).collect();
    kinds.dedup();
    changed.extend(kinds.iter().map(|kind| format!("another {kind}")));
    changed
}

/// The measures that are marked for the worse, or for the better, at any endpoint.
fn marked(night: &Night, worse: bool) -> Vec<&'static str> {
    let marks = night.endpoints.iter().flat_map(|told| &told.marks);
    let mut of: Vec<Measure> =
        marks.filter(|mark| mark.worse == worse).map(|mark| mark.of).collect();
    of.sort_unstable();
    of.dedup();
    of.into_iter().map(Measure::name).collect()
}

/// A line for the terminal.
#[must_use]
pub fn line(suite: &SuiteTrend, style: Style) -> String {
    let history = &suite.history;
    let mut parts = vec![history.suite.clone(), counted(history.nights.len(), "night")];
    if let Some(night) = history.nights.last() {
        parts.push(night.verdict.word().to_uppercase());
        parts.extend(night.standing.reason().map(str::to_owned));
        parts.extend(of(suite).map(|newest| newest.endpoints).unwrap_or_default());
    }
    let mut changes = 0;
    for (worse, way) in [(true, "worse"), (false, "better")] {
        let last = history.nights.iter().enumerate().rev();
        let mut last = last.map(|(place, night)| (place, marked(night, worse)));
        if let Some((place, of)) = last.find(|(_, of)| !of.is_empty()) {
            parts.push(format!("{way} on {}: {}", words::when(history, place), of.join(", ")));
            changes += 1;
        }
    }
    if changes == 0 && history.nights.len() > 1 {
        parts.push("no change that could not be chance".to_owned());
    }
    let left_out = history.left_out.len();
    if left_out > 0 {
        parts.push(format!("{left_out} left out"));
    }
    let text = style.text(&visible(&parts.join(" · ")));
    match history.nights.last().map(|night| night.verdict) {
        Some(Verdict::Passed) => style.green(&text),
        Some(Verdict::Failed) => style.red(&text),
        Some(_) => style.yellow(&text),
        None => text,
    }
}
