//! Answers that turned, an entry each: the question, what was said, what is said now.

use crate::scorecard::{Comparison, Flip, Flipped, Said};

use super::style::{Style, line};
use super::text::{fit, width};
use super::visible;

/// How many of those that turned for the better are shown.
const GOOD: usize = 3;

/// Columns of the confidences before and after.
const SURE: usize = 11;

/// The answers that turned this way, the surest first.
pub(super) fn flipped(
    out: &mut String,
    comparison: &Comparison,
    flip: Flip,
    top: usize,
    style: Style,
) {
    let all: Vec<&Flipped> = comparison.flips.iter().filter(|entry| entry.flip == flip).collect();
    if all.is_empty() {
        return;
    }
    let (name, most) = match flip {
        Flip::NewlyConfidentWrong => ("Newly confident wrong", top),
        Flip::NewlyWrong => ("Newly wrong, not confidently", top),
        Flip::Fixed => ("Right now, wrong before", top.min(GOOD)),
        Flip::NoLongerConfidentWrong => ("No longer confident wrong, and not right", top.min(GOOD)),
    };
    line(out, "");
    let count = comparison.count(flip);
    line(out, &format!("  {}  {}", style.bold(name), style.dim(&count.to_string())));
    for entry in all.iter().take(most) {
        show(out, entry, style);
    }
    if all.len() > most {
        let rest = all.len() - most;
        let more = if most < top {
            format!("  … {rest} more: --json has all")
        } else {
            format!("  … {rest} more: --top {}", all.len())
        };
        line(out, &style.dim(&style.text(&more)));
    }
}

fn show(out: &mut String, entry: &Flipped, style: Style) {
    let sure = |said: &Said| match said.confidence {
        Some(sure) => format!("{sure:.2}"),
        None => " n/a".to_owned(),
    };
    let sure = style.text(&format!("{} → {}", sure(&entry.baseline), sure(&entry.candidate)));
    let painted = match entry.flip {
        Flip::NewlyConfidentWrong => style.red(&sure),
        Flip::NewlyWrong => style.yellow(&sure),
        Flip::Fixed | Flip::NoLongerConfidentWrong => style.green(&sure),
    };
    let times =
        if entry.of > 1 { format!("{} of {}  ", entry.times, entry.of) } else { String::new() };
    let shown = |text: &str| style.text(&visible(text));
    let named = if entry.question.is_empty() { &entry.case } else { &entry.question };
    let room = style.width.saturating_sub(2 + width(&sure) + 2 + width(&times));
    line(out, &format!("  {painted}  {times}{}", fit(&shown(named), room, style.ellipsis())));
    let indent = 2 + SURE + 2;
    let room = style.width.saturating_sub(indent);
    let answers = answers(entry, style);
    if answers.is_empty() {
        return;
    }
    let third = room.saturating_sub(LABELS) / 3;
    let mut text = String::new();
    for (label, answer) in answers {
        let gap = if text.is_empty() { "" } else { "   " };
        let answer = fit(&answer, third, style.ellipsis()).into_owned();
        text += &format!("{gap}{} {answer}", style.dim(label));
    }
    let used = width(&super::style::strip(&text));
    let id = shown(&entry.case);
    if !entry.question.is_empty() && used + 3 + width(&id) <= room {
        text += &format!("{}{}", " ".repeat(room - used - width(&id)), style.dim(&id));
    }
    line(out, &format!("{}{text}", " ".repeat(indent)));
}

/// Columns of `was `, `now `, `expected ` and the blanks between.
const LABELS: usize = 23;

/// What there is to say of an entry's answers.
fn answers(entry: &Flipped, style: Style) -> Vec<(&'static str, String)> {
    let said = |said: &Said| {
        if said.abstained && said.answer.is_empty() {
            "no answer".to_owned()
        } else {
            said.answer.clone()
        }
    };
    let all = [
        ("was", said(&entry.baseline)),
        ("now", said(&entry.candidate)),
        ("expected", entry.expected.clone()),
    ];
    let known = all.into_iter().filter(|(_, text)| !text.is_empty());
    known.map(|(label, text)| (label, style.text(&visible(&text)))).collect()
}
