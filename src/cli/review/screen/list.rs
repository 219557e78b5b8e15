//! The list of changes: a heading a kind, a row a change.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::snapshot::{Change, Line};

use super::super::detail::{cut, ink, state_in_words};
use super::super::ink::{Ink, Span};
use super::super::session::{Entry, Mark, Session};
use super::{Pen, View};

/// Columns between two columns of text.
const GAP: u16 = 2;

/// Rows that the list has, headings included.
pub(super) fn rows(session: &Session<'_>) -> usize {
    session.entries().len() + session.groups().len()
}

/// The row of an entry.
fn row(session: &Session<'_>, entry: usize) -> usize {
    entry + session.groups().iter().filter(|(_, range)| range.start <= entry).count()
}

/// Draws the part of the list around the chosen entry.
pub(super) fn draw(view: &View<'_>, area: Rect, pen: &mut Pen<'_>) {
    let session = view.session;
    let height = usize::from(area.height);
    let middle = row(session, session.at()).saturating_sub(height / 2);
    let first = middle.min(rows(session).saturating_sub(height));
    let columns = Columns::of(view, area.width);
    for y in area.y..area.bottom() {
        let at = first + usize::from(y - area.y);
        let place = Rect { y, height: 1, ..area };
        let group =
            session.groups().iter().rev().find(|(_, range)| row(session, range.start) <= at + 1);
        let Some((kind, range)) = group else { continue };
        let heading = row(session, range.start) - 1;
        if at == heading {
            let text = format!(" {}", kind.words());
            let count = format!(" · {}", range.len());
            pen.spans(place, &[Span::new(ink(*kind), &text), Span::new(Ink::Quiet, &count)]);
        } else if let Some(entry) =
            Some(range.start + at - heading - 1).filter(|at| range.contains(at))
        {
            columns.draw(view, entry, place, pen);
        }
    }
}

/// How wide the columns are.
struct Columns {
    case: u16,
    /// None where all are of one snapshot.
    place: u16,
}

impl Columns {
    fn of(view: &View<'_>, width: u16) -> Columns {
        let wide = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
        // Longer names than these are cut; to know which are there, few are enough.
        let at = view.session.at();
        let near = view.session.entries().iter().skip(at.saturating_sub(100)).take(200);
        let case = near.map(|entry| wide(&entry.change.case)).max().unwrap_or(0);
        let places = view.places.iter().map(|place| wide(&place.name)).max().unwrap_or(0);
        let places = if view.places.len() > 1 { places } else { 0 };
        Columns { case: case.clamp(8, width * 2 / 5), place: places.min(width / 4) }
    }

    fn draw(&self, view: &View<'_>, at: usize, row: Rect, pen: &mut Pen<'_>) {
        let session = view.session;
        let Entry { place, change } = &session.entries()[at];
        let mark = match session.mark(at) {
            None => "  ",
            Some(Mark::Accepted(_)) => "✓ ",
            Some(Mark::Rejected) => "✗ ",
            Some(Mark::Skipped) => "- ",
        };
        let chosen = at == session.at();
        let pointer = if chosen { "> " } else { "  " };
        let strong = if chosen { Ink::Strong } else { Ink::Plain };
        let mut x =
            row.x + pen.spans(row, &[Span::new(strong, pointer), Span::new(Ink::Strong, mark)]);
        let mut column = |width: u16, spans: &[Span], pen: &mut Pen<'_>| {
            let width = width.min(row.right().saturating_sub(x));
            pen.spans(Rect { x, width, ..row }, spans);
            x += (width + GAP).min(row.right() - x);
        };
        column(self.case, &[Span::new(strong, &change.case)], pen);
        if self.place > 0 {
            column(self.place, &[Span::new(Ink::Quiet, &view.places[*place].name)], pen);
        }
        let told = in_short(change);
        column(u16::MAX, &[Span::new(if chosen { Ink::Plain } else { Ink::Quiet }, &told)], pen);
    }
}

/// What is another now, in one line: the answer, or else the confidence.
fn in_short(change: &Change) -> String {
    let answer = |line: &Line| {
        let state = || line.state().map(state_in_words).unwrap_or_default().to_owned();
        line.answer.as_ref().map_or_else(state, cut)
    };
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return change.after.as_ref().or(change.before.as_ref()).map(answer).unwrap_or_default();
    };
    let (old, new) = (answer(before), answer(after));
    match (before.band, after.band) {
        _ if old != new => format!("{old} → {new}"),
        (Some(before), Some(after)) if before != after => format!("{before} → {after}  {new}"),
        _ => new,
    }
}
