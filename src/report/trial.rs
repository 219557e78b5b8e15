//! One trial, for reading: what became of it, and then every word that was said.
//!
//! The page is for the moment in which a number of the report is not believed. So nothing is cut:
//! a text that is too long for a line goes on in the next one.

use crate::record::{Header, Measured, Outcome, Quadrant, Record};

use super::exchange::exchange;
use super::sharers::Sharers;
use super::style::{Style, label, labelled, line, title};

/// A trial with everything that was said in it.
#[must_use]
pub fn trial(header: &Header, record: &Record, sharers: &Sharers, style: Style) -> String {
    let mut out = String::new();
    heading(&mut out, header, record, style);
    place(&mut out, record, style);
    labelled(&mut out, 2, "question", &record.question, style);
    let said = record.said().unwrap_or_else(|| "nothing that could be read".into());
    labelled(&mut out, 2, "said", &said, style);
    labelled(&mut out, 2, "expected", &record.wanted(), style);
    outcome(&mut out, record, style);
    confidence(&mut out, header, record, style);
    for place in 0..record.exchanges.len() {
        line(&mut out, "");
        exchange(&mut out, place, record, sharers, style);
    }
    out
}

/// A trial's name and what became of it.
#[must_use]
pub fn trial_headline(header: &Header, record: &Record, style: Style) -> String {
    let mut out = String::new();
    heading(&mut out, header, record, style);
    outcome(&mut out, record, style);
    out
}

fn heading(out: &mut String, header: &Header, record: &Record, style: Style) {
    let asked = header.endpoints.iter().find(|asked| asked.name == record.endpoint);
    let mut parts = vec![record.case.clone(), record.endpoint.to_string()];
    parts.extend(asked.map(|asked| asked.target.model.clone()));
    let of = header.repeats.get();
    if of > 1 {
        parts.push(format!("repeat {} of {of}", record.repeat.saturating_add(1)));
    }
    title(out, "", 4, &parts.join(" · "), style);
}

/// Where the case is written, and among which it belongs.
fn place(out: &mut String, record: &Record, style: Style) {
    labelled(out, 2, "written", &format!("{}:{}", record.at.file, record.at.line), style);
    if !record.tags.is_empty() {
        labelled(out, 2, "tags", &record.tags.join(", "), style);
    }
    if let Some(group) = &record.group {
        labelled(out, 2, "group", group, style);
    }
}

/// What became of a trial: its outcome, and how sure it was where that counts.
pub(super) fn outcome_in_words(record: &Record) -> String {
    let mut words = vec![record.outcome.name()];
    words.extend(record.quadrant.map(quadrant));
    if record.abstained && record.outcome != Outcome::Abstained {
        words.push("declined to answer");
    }
    words.join(" · ")
}

fn outcome(out: &mut String, record: &Record, style: Style) {
    let words = style.text(&outcome_in_words(record));
    let painted = match &record.outcome {
        Outcome::Correct => style.green(&words),
        Outcome::Incorrect => style.red(&words),
        _ => style.yellow(&words),
    };
    line(out, &format!("{}{painted}", label(2, "outcome", style)));
    match &record.outcome {
        Outcome::Ungraded(reason) => labelled(out, 2, "", reason, style),
        Outcome::Failed(error) => labelled(out, 2, "", &error.to_string(), style),
        _ => {}
    }
}

fn quadrant(quadrant: Quadrant) -> &'static str {
    match quadrant {
        Quadrant::ConfidentRight => "confidently right",
        Quadrant::ConfidentWrong => "confidently wrong",
        Quadrant::UnsureRight => "right, but not sure",
        Quadrant::UnsureWrong => "wrong, and not sure",
    }
}

fn confidence(out: &mut String, header: &Header, record: &Record, style: Style) {
    let mut name = "confidence";
    for text in confidence_in_words(header, record) {
        labelled(out, 2, name, &text, style);
        name = "";
    }
    if let Some(mass) = record.letter_mass {
        labelled(out, 2, "on letters", &format!("{mass:.3} of the probability"), style);
    }
}

/// Every source, the primary first, with what decides whether it counts as confident.
pub(super) fn confidence_in_words(header: &Header, record: &Record) -> Vec<String> {
    let primary = header.sources.first();
    let mut sources: Vec<(&String, &Measured)> = record.confidence.iter().collect();
    sources.sort_by_key(|(source, _)| Some(*source) != primary);
    let told = sources.into_iter().map(|(source, measured)| {
        let mut text = match measured {
            Measured::Known(value) => format!("{value:.3} by {source}"),
            Measured::Missing { missing } => format!("missing by {source}: {missing}"),
        };
        if Some(source) == primary && measured.value().is_some() {
            let threshold = record.threshold.unwrap_or(header.threshold);
            text += &format!(", confident from {threshold:.3} on");
        }
        text
    });
    told.collect()
}

#[cfg(test)]
mod tests;
