//! The full screen: above the changes by gravity, below the chosen one in full, at the bottom the
//! keys. Where there is room the two stand side by side.
//!
//! Drawing is a pure function into a buffer of cells. What is shown follows from the session and from
//! what is known of the chosen case; nothing is remembered between two pictures.

mod list;
mod pages;
mod pen;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::detail::Detail;
use super::ink::{Ink, Span, wrap};
use super::session::{Asked, Count, Mode, Session, Window};
use super::summary::Place;
pub(super) use pages::painted;
pub(super) use pen::Look;
use pen::Pen;

/// The smallest screen that is drawn on.
const SMALLEST: (u16, u16) = (60, 15);
/// From so many columns on list and change stand side by side.
const BESIDE: u16 = 110;
/// From so many rows on every choice has a line of its own.
const ROOMY: usize = 18;
/// Columns of a label with the gap behind it.
const LABEL: u16 = 12;

/// Everything that is on the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub session: &'a Session<'a>,
    /// The chosen change.
    pub detail: Detail<'a>,
    /// The snapshots under review.
    pub places: &'a [Place],
    /// The lines of the exchange, where it is shown.
    pub exchange: &'a [Vec<Span>],
    /// Whether runs are being read still.
    pub reading: bool,
    pub look: Look,
}

/// Where things are.
#[derive(Debug, Clone, Copy)]
struct Frame {
    list: Rect,
    /// Between the list and the change: a line, or a column.
    rule: Rect,
    change: Rect,
    /// The page that covers both.
    page: Rect,
    /// What is typed, or what the last key had to say.
    prompt: Rect,
    keys: Rect,
}

impl Frame {
    fn of(area: Rect, list_rows: usize) -> Frame {
        let row = |y, height| Rect { x: area.x, y, width: area.width, height };
        let page = row(area.y + 1, area.height.saturating_sub(3));
        let (list, rule, change) = if area.width >= BESIDE {
            let width = area.width * 9 / 20;
            let list = Rect { width, ..page };
            let rule = Rect { x: area.x + width, width: 1, ..page };
            (list, rule, Rect { x: rule.x + 1, width: area.width - width - 1, ..page })
        } else {
            let most = (page.height * 2 / 5).max(4);
            let height = u16::try_from(list_rows).unwrap_or(most).clamp(1, most);
            let below = page.y + height;
            (row(page.y, height), row(below, 1), row(below + 1, page.height - height - 1))
        };
        let bottom = area.bottom();
        Frame { list, rule, change, page, prompt: row(bottom - 2, 1), keys: row(bottom - 1, 1) }
    }
}

/// How much is seen at once on a screen of this size.
pub(super) fn window(session: &Session<'_>, area: Rect, lines: usize) -> Window {
    if is_small(area) {
        return Window { entries: 1, rows: 1, lines };
    }
    let frame = Frame::of(area, list::rows(session));
    Window { entries: frame.list.height.into(), rows: frame.page.height.into(), lines }
}

fn is_small(area: Rect) -> bool {
    area.width < SMALLEST.0 || area.height < SMALLEST.1
}

/// Draws everything; says where the cursor is, where something is typed.
pub(super) fn draw(view: &View<'_>, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut pen = Pen::new(buffer, view.look);
    if is_small(area) {
        let (columns, rows) = SMALLEST;
        let text = format!(
            "this window is too small: {columns} columns and {rows} rows are needed; q ends"
        );
        let lines = wrap(&[Span::new(Ink::Plain, &text)], area.width.into());
        pen.lines(area, &lines);
        return None;
    }
    let frame = Frame::of(area, list::rows(view.session));
    header(view, area, &mut pen);
    match view.session.mode() {
        Mode::Help => pages::help(frame.page, &mut pen),
        Mode::Summary => pages::summary(view, frame.page, &mut pen),
        Mode::Exchange { from } => pages::exchange(view, *from, frame.page, &mut pen),
        _ => {
            list::draw(view, frame.list, &mut pen);
            pen.rule(frame.rule);
            change(&view.detail, frame.change, &mut pen);
        }
    }
    keys(view, frame.keys, &mut pen);
    prompt(view, frame.prompt, &mut pen)
}

fn header(view: &View<'_>, area: Rect, pen: &mut Pen<'_>) {
    let Count { accepted, rejected, left, .. } = view.session.count(None);
    let all = view.session.entries().len();
    let changes = if all == 1 { "change" } else { "changes" };
    let mut text = format!(
        "overclaim review · {all} {changes} · {left} left · {accepted} accepted · {rejected} rejected"
    );
    if view.reading {
        text += " · reading the run";
    }
    pen.band(Rect { height: 1, ..area }, &[Span::new(Ink::Strong, &text)]);
}

/// What may be shortened where there is no room, to how many lines, the first ones first. The
/// exchange has all of it.
const SHORTER: [(&str, usize); 10] = [
    ("question", 4),
    ("choices", 2),
    ("said", 2),
    ("answer", 3),
    ("question", 2),
    ("tags", 0),
    ("written", 0),
    ("choices", 0),
    ("said", 0),
    ("question", 1),
];

/// The chosen change.
fn change(detail: &Detail<'_>, area: Rect, pen: &mut Pen<'_>) {
    let columns = usize::from(area.width).saturating_sub(2);
    let room = usize::from(area.height);
    let title = wrap(&detail.title(), columns);
    let title = if room < ROOMY { vec![detail.title()] } else { title };
    let mut blocks: Vec<(&'static str, Vec<Vec<Span>>)> = vec![("", title)];
    for row in detail.rows(room >= ROOMY) {
        blocks.push((row.label, row.lines(columns.saturating_sub(LABEL.into()))));
    }
    for (label, most) in SHORTER {
        let all: usize = blocks.iter().map(|(_, lines)| lines.len()).sum();
        let Some((_, lines)) = blocks.iter_mut().find(|(known, _)| *known == label) else {
            continue;
        };
        let keep = lines.len().saturating_sub(all.saturating_sub(room)).max(most);
        if keep < lines.len() {
            lines.truncate(keep);
            if let Some(last) = lines.last_mut() {
                last.push(Span::new(Ink::Quiet, " …"));
            }
        }
    }
    let mut y = area.y;
    for (label, lines) in blocks {
        for (place, line) in lines.iter().enumerate() {
            if y >= area.bottom() {
                return;
            }
            let row = Rect { x: area.x + 1, y, width: area.width - 1, height: 1 };
            if label.is_empty() {
                pen.spans(row, line);
            } else {
                if place == 0 {
                    pen.spans(row, &[Span::new(Ink::Quiet, label)]);
                }
                pen.spans(Rect { x: row.x + LABEL, width: row.width - LABEL, ..row }, line);
            }
            y += 1;
        }
    }
}

/// What is typed, with its cursor, or what the last key had to say.
fn prompt(view: &View<'_>, area: Rect, pen: &mut Pen<'_>) -> Option<Position> {
    let session = view.session;
    let row = Rect { x: area.x + 1, width: area.width - 2, ..area };
    let typed = match session.mode() {
        Mode::Search(text) => ("search: ".to_owned(), text),
        Mode::Reason { of, text } => {
            let answers = match of.len() {
                1 => "it is a wrong answer".to_owned(),
                n => format!("{n} answers, wrong ones among them"),
            };
            (format!("{answers}; reason (or none): "), text)
        }
        Mode::Label { asked: Asked::Answer, text, .. } => ("the right answer: ".to_owned(), text),
        Mode::Label { text, .. } => ("what is wrong with the label: ".to_owned(), text),
        Mode::Exchange { from } => {
            let Window { rows, lines, .. } = session.window;
            let to = (from + rows).min(lines);
            let text = format!("line {} to {to} of {lines}", from + 1);
            if lines > rows {
                pen.spans(row, &[Span::new(Ink::Quiet, &text)]);
            }
            return None;
        }
        _ => {
            let notice = session.notice().map(str::to_owned).or_else(|| {
                let (wanted, found) = session.searched()?;
                Some(format!("'{wanted}' is in {found}; n next, N previous, Esc ends"))
            });
            if let Some(notice) = notice {
                pen.spans(row, &[Span::new(Ink::Strong, &notice)]);
            }
            return None;
        }
    };
    let (name, text) = typed;
    Some(pen.typed(row, &name, text))
}

/// The keys that mean something now; on a narrow screen the most important ones.
fn keys(view: &View<'_>, area: Rect, pen: &mut Pen<'_>) {
    let keys: &[(&str, &str, u8)] = match view.session.mode() {
        Mode::List => &[
            ("a", "accept", 0),
            ("r", "reject", 0),
            ("s", "skip", 0),
            ("A", "all of kind", 2),
            ("u", "undo", 1),
            ("/", "search", 3),
            ("e", "exchange", 2),
            ("?", "help", 0),
            ("q", "finish", 0),
        ],
        Mode::Exchange { .. } => &[
            ("a", "accept", 0),
            ("r", "reject", 0),
            ("s", "skip", 0),
            ("j/k", "scroll", 0),
            ("Esc", "back", 0),
        ],
        Mode::Summary => &[("y", "write", 0), ("n", "leave all as it was", 0), ("Esc", "back", 0)],
        Mode::Help => &[("any key", "back", 0)],
        Mode::Search(_) => &[("Enter", "go", 0), ("Esc", "back", 0)],
        Mode::Reason { .. } => &[("Enter", "accept", 0), ("Esc", "back", 0)],
        Mode::Label { .. } => &[("Enter", "go on", 0), ("Esc", "back", 0)],
    };
    let columns = usize::from(area.width).saturating_sub(1);
    let wide = |least: u8| -> usize {
        let shown = keys.iter().filter(|(.., rank)| *rank <= least);
        shown.map(|(key, word, _)| key.len() + word.len() + 3).sum::<usize>().saturating_sub(2)
    };
    let least = (0..=3).rev().find(|least| wide(*least) <= columns).unwrap_or(0);
    let mut spans = Vec::new();
    for (key, word, _) in keys.iter().filter(|(.., rank)| *rank <= least) {
        if !spans.is_empty() {
            spans.push(Span::new(Ink::Quiet, "  "));
        }
        spans.push(Span::new(Ink::Strong, key));
        spans.push(Span::new(Ink::Quiet, &format!(" {word}")));
    }
    pen.spans(Rect { x: area.x + 1, width: area.width - 1, ..area }, &spans);
}

#[cfg(test)]
mod tests;
