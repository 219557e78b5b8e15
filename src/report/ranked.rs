//! Cases worth a look, an entry each: the confidently wrong ones, and those that change from one
//! repeat to the next.

use std::fmt::Write;

use crate::record::{Run, Unreadable};
use crate::scorecard::{ConfidentlyWrong, EndpointCard};

use super::changes::{KnownWrong, Marks, Wrong};
use super::style::{Style, line};
use super::text::{fit, shell_word, width, wrap};
use super::{Page, visible};

/// Columns of `said `, three blanks and `expected `.
const LABELS: usize = 17;

/// Columns before a question: its confidence.
const INDENT: usize = 8;

/// A text that takes more lines than this is better read on the page of its case.
const LINES: usize = 4;

/// How many of the known ones are shown.
const KNOWN: usize = 3;

/// How many unstable cases are shown.
const UNSTABLE: usize = 5;

/// The cases with confident wrong answers, the surest first.
pub(super) fn ranked(
    out: &mut String,
    page: &Page<'_>,
    card: &EndpointCard,
    marks: &Marks<'_>,
    style: Style,
) -> Result<(), Unreadable> {
    let all = Wrong::of(page, &card.endpoint, marks);
    let wrong = &all.unknown;
    if !wrong.is_empty() {
        line(out, "");
        line(out, &format!("  {}", style.bold("Confidently wrong, the surest first")));
    }
    for case in wrong.iter().take(page.top) {
        entry(out, case, page.run, card.repeats.is_some(), style)?;
    }
    if wrong.len() > page.top {
        let rest = wrong.len() - page.top;
        let more = format!(
            "  … {rest} more: overclaim report {} --top {}",
            shell_word(page.dir),
            wrong.len()
        );
        line(out, &style.dim(&style.text(&more)));
    }
    known(out, page, &all, card.repeats.is_some(), style)
}

/// Those that are known, apart: how many, and the surest with since when and why.
fn known(
    out: &mut String,
    page: &Page<'_>,
    wrong: &Wrong<'_>,
    repeated: bool,
    style: Style,
) -> Result<(), Unreadable> {
    let Some(how_many) = wrong.known_of_all() else { return Ok(()) };
    line(out, "");
    line(out, &format!("  {}  {how_many}, in every rate all the same", style.bold("Known wrong")));
    let most = KNOWN.min(page.top);
    for (case, accepted) in wrong.known.iter().take(most) {
        entry(out, case, page.run, repeated, style)?;
        let text = style.text(&visible(&KnownWrong::of(accepted).in_words()));
        let text = fit(&text, style.width - INDENT, style.ellipsis()).into_owned();
        line(out, &format!("{}{}", " ".repeat(INDENT), style.dim(&text)));
    }
    if wrong.known.len() > most {
        let rest = wrong.known.len() - most;
        let more = format!("  … {rest} more: {}/changes.json", visible(page.dir));
        line(out, &style.dim(&style.text(&more)));
    }
    Ok(())
}

fn entry(
    out: &mut String,
    case: &ConfidentlyWrong<'_>,
    run: &Run,
    repeated: bool,
    style: Style,
) -> Result<(), Unreadable> {
    let record = run.record(case.brief)?;
    let times =
        if repeated { format!("{} of {}  ", case.times, case.graded) } else { String::new() };
    let (said, expected) = (record.said().unwrap_or_default(), record.wanted());
    let entry = Entry {
        confidence: record.primary.unwrap_or(0.0),
        times: &times,
        question: &record.question,
        said: &said,
        expected: &expected,
        name: &record.case,
    };
    entry.show(out, style);
    Ok(())
}

/// A confident wrong answer: in two lines, or in as many as it takes where there is room.
pub(super) struct Entry<'a> {
    pub confidence: f64,
    /// How often, of how often; empty where a case is asked once.
    pub times: &'a str,
    pub question: &'a str,
    pub said: &'a str,
    pub expected: &'a str,
    pub name: &'a str,
}

impl Entry<'_> {
    pub(super) fn show(&self, out: &mut String, style: Style) {
        let room = style.width.saturating_sub(INDENT);
        let shown = |text: &str| style.text(&visible(text));
        let sure = format!("{:.2}", self.confidence);
        let question = shown(self.question);
        let mut first = format!("  {}  {}", style.red(&sure), self.times);
        for text in in_full(&question, room.saturating_sub(width(self.times)), style) {
            line(out, &format!("{first}{text}"));
            first = " ".repeat(INDENT + width(self.times));
        }
        let (said, wanted) = (shown(self.said), shown(self.expected));
        let id = shown(self.name);
        if style.has_room() && LABELS + width(&said) + width(&wanted) > room {
            block(out, "said    ", &said, style);
            block(out, "expected", &wanted, style);
            if INDENT + width(&id) <= style.width {
                line(out, &format!("{}{}", " ".repeat(INDENT), style.dim(&id)));
            }
            return;
        }
        let half = room.saturating_sub(LABELS) / 2;
        let spare = half.saturating_sub(width(&wanted));
        let said = fit(&said, half + spare, style.ellipsis()).into_owned();
        let left = room.saturating_sub(LABELS + width(&said));
        let wanted = fit(&wanted, left, style.ellipsis());
        let indent = " ".repeat(INDENT);
        let mut text =
            format!("{indent}{} {said}   {} {wanted}", style.dim("said"), style.dim("expected"));
        let used = INDENT + LABELS + width(&said) + width(&wanted);
        if used + 3 + width(&id) <= style.width {
            // At the right edge of sentences, or behind what is longer.
            let gap = style.measure().saturating_sub(used + width(&id)).max(3);
            let _ = write!(text, "{}{}", " ".repeat(gap), style.dim(&id));
        }
        line(out, &text);
    }
}

/// An answer in lines of its own, beside its label.
fn block(out: &mut String, label: &str, text: &str, style: Style) {
    let indent = INDENT + label.len() + 1;
    let mut first = format!("{}{} ", " ".repeat(INDENT), style.dim(label));
    for text in in_full(text, style.width - indent, style) {
        line(out, &format!("{first}{text}"));
        first = " ".repeat(indent);
    }
}

/// The lines of a text: one, or where there is room as many as it takes, up to a few.
fn in_full(text: &str, columns: usize, style: Style) -> Vec<String> {
    if !style.has_room() || width(text) <= columns {
        return vec![fit(text, columns, style.ellipsis()).into_owned()];
    }
    let mut lines = wrap(text, columns);
    if lines.len() > LINES {
        lines.truncate(LINES);
        let last = &mut lines[LINES - 1];
        *last = fit(last, columns - width(style.ellipsis()), "").into_owned() + style.ellipsis();
    }
    lines
}

/// The cases that are right at times and wrong at others, the worst first.
pub(super) fn unstable(out: &mut String, page: &Page<'_>, card: &EndpointCard, style: Style) {
    let Some(repeats) = card.repeats.as_ref().filter(|repeats| repeats.unstable > 0) else {
        return;
    };
    line(out, "");
    line(out, &format!("  {}", style.bold("Unstable, the worst first")));
    for case in repeats.cases.iter().take(UNSTABLE) {
        let right = format!("{} of {} right", case.right, case.graded);
        let id = style.text(&visible(&case.case));
        let id = fit(&id, style.width / 3, style.ellipsis());
        let room = style.width.saturating_sub(2 + width(&right) + 2);
        let question = style.text(&visible(&case.question));
        let question = fit(&question, room.saturating_sub(width(&id) + 3), style.ellipsis());
        let gap = room.saturating_sub(width(&question) + width(&id));
        let right = style.yellow(&right);
        line(out, &format!("  {right}  {question}{}{}", " ".repeat(gap), style.dim(&id)));
    }
    if repeats.unstable > UNSTABLE {
        let rest = repeats.unstable - UNSTABLE;
        let more = format!("  … {rest} more: {}/scorecard.json", page.dir);
        line(out, &style.dim(&style.text(&more)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(question: &str, said: &str, width: usize) -> String {
        let entry = Entry {
            confidence: 0.97,
            times: "2 of 3  ",
            question,
            said,
            expected: "Paris",
            name: "capitals/fr",
        };
        let mut out = String::new();
        entry.show(&mut out, Style { width, ..Style::PLAIN });
        out
    }

    #[test]
    fn a_wide_terminal_has_questions_and_answers_whole() {
        let question = "What is the capital of France, of which Napoleon said that it was always his \
                        favourite mistress, and which he left for two islands, of which one is small?";
        let said = "The capital of France is, as everybody knows who has ever been there on a \
                    Sunday afternoon in the rain, Lyon, and has been so since the Romans built it.";
        insta::assert_snapshot!(shown(question, said, 140), @"
        0.97  2 of 3  What is the capital of France, of which Napoleon said that it was always his favourite mistress, and which he left for two
                      islands, of which one is small?
              said     The capital of France is, as everybody knows who has ever been there on a Sunday afternoon in the rain, Lyon, and has been
                       so since the Romans built it.
              expected Paris
              capitals/fr
        ");
        insta::assert_snapshot!(shown(question, said, 80), @"
        0.97  2 of 3  What is the capital of France, of which Napoleon said that it w…
              said The capital of France is, as everybody knows who…   expected Paris
        ");
        insta::assert_snapshot!(shown("What is the capital of France?", "Lyon", 200), @"
        0.97  2 of 3  What is the capital of France?
              said Lyon   expected Paris                                                                           capitals/fr
        ");
    }

    #[test]
    fn a_text_without_an_end_gets_a_few_lines() {
        let page = shown(&"where ".repeat(10_000), &"x".repeat(1_000_000), 200);
        assert_eq!(page.lines().count(), 4 + 4 + 1 + 1);
        assert_eq!(page.matches('…').count(), 2);
        assert!(page.lines().all(|line| width(line) <= 200), "{page}");
        assert_eq!(shown("", "", 200).lines().count(), 2);
    }
}
