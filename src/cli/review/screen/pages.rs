//! The pages that cover the list: the exchange, the help, and what will be written.

use ratatui::layout::Rect;

use super::super::ink::{Ink, Span, wrap};
use super::super::session::Count;
use super::super::summary;
use super::{Pen, View};

/// A text of the reports with its paint, in lines.
pub(in super::super) fn painted(text: &str) -> Vec<Vec<Span>> {
    let line = |text: &str| {
        let (mut spans, mut ink, mut rest) = (Vec::new(), Ink::Plain, text);
        while let Some(start) = rest.find("\x1b[") {
            let (plain, code) = (&rest[..start], &rest[start + 2..]);
            let (code, after) = code.split_once('m').unwrap_or((code, ""));
            if !plain.is_empty() {
                spans.push(Span::new(ink, plain));
            }
            ink = match code {
                "1" | "1;33" => Ink::Strong,
                "2" => Ink::Quiet,
                "1;31" => Ink::Bad,
                "1;32" => Ink::Good,
                _ => Ink::Plain,
            };
            rest = after;
        }
        if !rest.is_empty() {
            spans.push(Span::new(ink, rest));
        }
        spans
    };
    text.lines().map(line).collect()
}

pub(super) fn exchange(view: &View<'_>, from: usize, area: Rect, pen: &mut Pen<'_>) {
    let lines = view.exchange;
    let from = from.min(lines.len().saturating_sub(area.height.into()));
    let area = Rect { x: area.x + 1, width: area.width - 1, ..area };
    pen.lines(area, &lines[from..]);
}

pub(super) fn help(area: Rect, pen: &mut Pen<'_>) {
    let keys = [
        ("a", "accept; of a wrong answer a reason may be given"),
        ("r", "reject: what was accepted stays"),
        ("s", "skip: it stays pending"),
        ("A", "accept all of this kind that are undecided"),
        ("u", "undo"),
        ("d m", "dispute the label, or mend it by a patch: it is wrong, or in doubt"),
    ];
    let moves = [
        ("e Enter", "the whole exchange"),
        ("/ n N", "search case, question and answers; next, previous"),
        ("j k g G", "down, up, first, last; arrows and PgUp PgDn too"),
        ("q", "finish: shows what will be written, and asks"),
        ("Ctrl-C", "leave, nothing is written"),
    ];
    let row = |(key, text): &(&str, &str)| {
        vec![Span::new(Ink::Strong, &format!("{key:<10}")), Span::new(Ink::Plain, text)]
    };
    let mut lines: Vec<Vec<Span>> = keys.iter().chain(&moves).map(row).collect();
    if usize::from(area.height) > lines.len() + 5 {
        lines.push(Vec::new());
    }
    for text in [
        "A wrong answer that is accepted is known wrong: it stays wrong in every rate.",
        "[-removed-] {+added+}: words of the answer before and now.",
        "p: how likely chance alone makes the draws differ so (Fisher's exact test).",
    ] {
        lines.push(vec![Span::new(Ink::Quiet, text)]);
    }
    pen.lines(Rect { x: area.x + 2, width: area.width - 2, ..area }, &lines);
}

/// What will be written.
pub(super) fn summary(view: &View<'_>, area: Rect, pen: &mut Pen<'_>) {
    let Count { accepted, known_wrong, rejected, left } = view.session.count(None);
    let mut lines = vec![Vec::new()];
    let mut row = |name: &str, n: usize, remark: &str| {
        let text = format!("{name:<12}{n:>6}   ");
        lines.push(vec![Span::new(Ink::Plain, &text), Span::new(Ink::Quiet, remark)]);
    };
    row("accepted", accepted, "");
    if known_wrong > 0 {
        row("  wrong", known_wrong, "known wrong from now on, and wrong in every rate");
    }
    row("rejected", rejected, "what was accepted before stays");
    row("left", left, "pending as before");
    let labels = view.session.disputed().count();
    if labels > 0 {
        row("labels", labels, "disputed or mended");
    }
    lines.push(Vec::new());
    for text in summary::changes(view.session, view.places) {
        lines.extend(wrap(&[Span::new(Ink::Plain, &text)], usize::from(area.width) - 4));
    }
    lines.push(Vec::new());
    lines.push(vec![Span::new(
        Ink::Strong,
        "write this?  y yes   n no, leave everything as it was",
    )]);
    let room = usize::from(area.height);
    if lines.len() > room {
        // The question is what must be seen.
        let rest = lines.len() - room + 1;
        let end = lines.len() - 2;
        let more = format!("and {rest} lines more");
        lines.splice(end - rest..end, [vec![Span::new(Ink::Quiet, &more)]]);
    }
    pen.lines(Rect { x: area.x + 2, width: area.width - 2, ..area }, &lines);
}
