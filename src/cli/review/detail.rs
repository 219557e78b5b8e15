//! The chosen change in full: what was asked, what is right, what was said before and now, how sure,
//! how often.
//!
//! Rows of text with their meaning; the screen and the plain prompts show the same ones.

use crate::record::Quadrant;
use crate::report::amount;
use crate::snapshot::{About, Band, Change, ChangeKind, Line, Said, State};

use super::evidence::{Evidence, Facts};
use super::ink::{Ink, Span, wrap};
use super::session::{Disputed, Mark};
use super::words::{Fate, words};

/// A text beside its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub label: &'static str,
    /// Each begins a line.
    pub parts: Vec<Vec<Span>>,
}

impl Row {
    fn new(label: &'static str, ink: Ink, text: &str) -> Row {
        Row::of(label, vec![Span::new(ink, text)])
    }

    fn of(label: &'static str, spans: Vec<Span>) -> Row {
        Row { label, parts: vec![spans] }
    }

    /// Its lines of at most so many columns.
    pub(super) fn lines(&self, columns: usize) -> Vec<Vec<Span>> {
        self.parts.iter().flat_map(|part| wrap(part, columns)).collect()
    }
}

/// A change with everything that is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail<'a> {
    pub change: &'a Change,
    /// What its snapshot is of.
    pub of: &'a About,
    pub evidence: &'a Evidence,
    pub mark: Option<&'a Mark>,
    pub label: Option<&'a Disputed>,
}

impl Detail<'_> {
    /// Case, kind of change, and where.
    pub(super) fn title(&self) -> Vec<Span> {
        let About { suite, endpoint, model, .. } = self.of;
        vec![
            Span::new(Ink::Strong, &self.change.case),
            Span::new(Ink::Quiet, " · "),
            Span::new(ink(self.change.kind), self.change.kind.words()),
            Span::new(Ink::Quiet, &format!(" · {suite}@{endpoint} · {model}")),
        ]
    }

    /// Everything else, in the order in which it is read. Where there is no room, choices share lines.
    pub(super) fn rows(&self, roomy: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        let facts = match self.evidence {
            Evidence::Here(facts) => {
                rows.push(Row::new("question", Ink::Plain, &facts.question));
                if !facts.choices.is_empty() {
                    rows.push(choices(&facts.choices, roomy));
                }
                rows.push(Row::new("expected", Ink::Plain, &facts.expected));
                Some(facts)
            }
            Evidence::Reading => {
                rows.push(Row::new("question", Ink::Quiet, "its run is being read"));
                None
            }
            Evidence::Missing(why) => {
                rows.push(Row::new("question", Ink::Quiet, why));
                None
            }
        };
        rows.push(Row::of("answer", self.answer()));
        rows.extend(facts.and_then(|facts| self.said(facts)));
        rows.push(Row::of("draws", self.draws()));
        rows.extend(self.confidence(facts));
        if let Some(Facts { remark: Some(remark), .. }) = facts {
            rows.push(Row::new("exchange", Ink::Quiet, remark));
        }
        if let Some(facts) = facts {
            if !facts.tags.is_empty() {
                rows.push(Row::new("tags", Ink::Quiet, &facts.tags.join(", ")));
            }
            rows.push(Row::new("written", Ink::Quiet, &facts.written));
        }
        rows.extend(self.known());
        rows.extend(self.decided());
        rows
    }

    /// The old answer and the new one, word by word.
    fn answer(&self) -> Vec<Span> {
        let old = self.change.before.as_ref().and_then(|line| line.answer.as_ref());
        let new = self.change.after.as_ref().and_then(|line| line.answer.as_ref());
        if old.is_none() && new.is_none() {
            return vec![Span::new(Ink::Quiet, "none that could be read")];
        }
        let text = |said: Option<&Said>| said.map(cut).unwrap_or_default();
        let pieces = words(&text(old), &text(new)).into_iter().map(|piece| {
            let ink = match piece.fate {
                Fate::Kept => Ink::Plain,
                Fate::Removed => Ink::Removed,
                Fate::Added => Ink::Added,
            };
            Span::new(ink, &piece.bracketed())
        });
        let mut spans: Vec<Span> = pieces.collect();
        if old.is_some() && new.is_none() && self.change.after.is_some() {
            spans.push(Span::new(Ink::Quiet, " no answer now"));
        }
        spans
    }

    /// Word for word, where that is more than the line has.
    fn said(&self, facts: &Facts) -> Option<Row> {
        let (first, count) = facts.said.first()?;
        let known = self.change.after.as_ref()?.answer.as_ref();
        if facts.said.len() == 1 && known.is_some_and(|known| &known.text == first) {
            return None;
        }
        let mut text = first.clone();
        if facts.said.len() > 1 {
            text = format!("{text} ({count} of {})", facts.records.len());
            for (other, count) in facts.said.iter().skip(1).take(2) {
                text += &format!(" · {other} ({count})");
            }
            if facts.said.len() > 3 {
                text += &format!(" · {} others", facts.said.len() - 3);
            }
        }
        Some(Row::new("said", Ink::Plain, &text))
    }

    /// What became of the draws then and now.
    fn draws(&self) -> Vec<Span> {
        let told = |line: &Option<Line>, none: &str| line.as_ref().map_or(none.to_owned(), draws);
        let before = told(&self.change.before, "not in the snapshot");
        let after = told(&self.change.after, "not in the suite any more");
        if before == after {
            return vec![Span::new(Ink::Plain, &before)];
        }
        let mut spans = vec![
            Span::new(Ink::Plain, &format!("{before} → ")),
            Span::new(ink(self.change.kind), &after),
        ];
        if let Some(p) = self.change.p {
            spans.push(Span::new(Ink::Quiet, &format!(" · p {}", amount(p))));
        }
        spans
    }

    /// The band of confidences then and now, and the confidences themselves.
    fn confidence(&self, facts: Option<&Facts>) -> Option<Row> {
        let band = |line: &Option<Line>| line.as_ref().and_then(|line| line.band);
        let (before, after) = (band(&self.change.before), band(&self.change.after));
        if before.is_none() && after.is_none() {
            return None;
        }
        let told =
            |band: Option<Band>| band.map_or("none".to_owned(), |band: Band| band.to_string());
        let moved = match (&self.change.before, &self.change.after) {
            (Some(_), Some(_)) if before == after => told(after),
            (Some(_), Some(_)) => format!("{} → {}", told(before), told(after)),
            (None, _) => told(after),
            (_, None) => told(before),
        };
        let mut spans = vec![Span::new(Ink::Plain, &moved)];
        let sure = facts.map(|facts| facts.sure.as_slice()).unwrap_or_default();
        let mut quiet = match sure {
            [] => String::new(),
            [least, .., most] if format!("{least:.3}") != format!("{most:.3}") => {
                format!(" · now {least:.3} to {most:.3}")
            }
            [one, ..] => format!(" · now {one:.3}"),
        };
        quiet += &format!(" · confident from {} on", self.of.threshold);
        spans.push(Span::new(Ink::Quiet, &quiet));
        Some(Row::of("confidence", spans))
    }

    /// That the answer is known to be wrong, or the one before was.
    fn known(&self) -> Option<Row> {
        let known = |line: &Option<Line>| line.as_ref().and_then(|line| line.known.clone());
        let (known, was) = match known(&self.change.after) {
            Some(known) => (known, ""),
            None => (known(&self.change.before)?, "the answer before, "),
        };
        let since = known.since.map_or("accepted".to_owned(), |date| format!("since {date}"));
        let reason = known.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        Some(Row::new("known wrong", Ink::Plain, &format!("{was}{since}{reason}")))
    }

    /// What the reviewer said of it.
    fn decided(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(mark) = self.mark {
            let text = match mark {
                Mark::Accepted(None) => "accepted".to_owned(),
                Mark::Accepted(Some(reason)) => format!("accepted: {reason}"),
                Mark::Rejected => "rejected".to_owned(),
                Mark::Skipped => "skipped: it stays pending".to_owned(),
            };
            rows.push(Row::new("decided", Ink::Strong, &text));
        }
        if let Some(Disputed { reason, answer, .. }) = self.label {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let text = match answer {
                Some(answer) => format!("to be mended to '{answer}'{reason}"),
                None => format!("disputed{reason}"),
            };
            rows.push(Row::new("label", Ink::Strong, &text));
        }
        rows
    }
}

/// The ink of a kind of change.
pub(super) fn ink(kind: ChangeKind) -> Ink {
    match kind {
        ChangeKind::NewlyConfidentWrong | ChangeKind::NewlyWrong | ChangeKind::NotAnswered => {
            Ink::Bad
        }
        ChangeKind::Fixed | ChangeKind::NoLongerConfidentWrong => Ink::Good,
        _ => Ink::Strong,
    }
}

/// An answer as a snapshot has it, with the sign that it goes on.
pub(super) fn cut(said: &Said) -> String {
    let more = if said.rest.is_some() { "…" } else { "" };
    format!("{}{more}", said.text)
}

/// What became of the draws of a line, in words.
fn draws(line: &Line) -> String {
    let of = line.draws();
    let told = line.states.iter().map(|(state, count)| match of {
        1 => state_in_words(*state).to_owned(),
        _ => format!("{} {count} of {of}", state_in_words(*state)),
    });
    told.collect::<Vec<_>>().join(", ")
}

/// What became of a draw, in words.
pub(super) fn state_in_words(state: State) -> &'static str {
    match state.quadrant() {
        Some(Quadrant::ConfidentRight) => "confidently right",
        Some(Quadrant::ConfidentWrong) => "confidently wrong",
        Some(Quadrant::UnsureRight) => "right, not sure",
        Some(Quadrant::UnsureWrong) => "wrong, not sure",
        None => state.kind().name(),
    }
}

fn choices(choices: &[String], roomy: bool) -> Row {
    let lettered = choices.iter().zip('A'..).map(|(choice, letter)| format!("{letter}. {choice}"));
    if roomy {
        let parts = lettered.map(|choice| vec![Span::new(Ink::Plain, &choice)]).collect();
        return Row { label: "choices", parts };
    }
    Row::new("choices", Ink::Plain, &lettered.collect::<Vec<_>>().join(" · "))
}
