//! Text into cells: where colours and faces come in, and nothing goes beyond its place.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::report;

use super::super::ink::{Ink, Span};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Look {
    pub color: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
}

impl Look {
    /// The same for texts that the reports render.
    pub(in super::super) fn style(self, columns: usize) -> report::Style {
        report::Style { color: true, unicode: self.unicode, width: columns }
    }

    /// What this terminal can show of a text.
    pub(in super::super) fn text(self, text: &str) -> String {
        self.style(0).text(text)
    }

    fn paint(self, ink: Ink) -> Style {
        let style = Style::new();
        let colored = |color: Color| if self.color { style.fg(color) } else { style };
        match ink {
            Ink::Plain => style,
            Ink::Quiet => style.add_modifier(Modifier::DIM),
            Ink::Strong => style.add_modifier(Modifier::BOLD),
            Ink::Good => colored(Color::Green).add_modifier(Modifier::BOLD),
            Ink::Bad => colored(Color::Red).add_modifier(Modifier::BOLD),
            Ink::Removed => colored(Color::Red).add_modifier(Modifier::CROSSED_OUT),
            Ink::Added => colored(Color::Green),
        }
    }
}

/// Draws into a buffer.
pub(super) struct Pen<'b> {
    buffer: &'b mut Buffer,
    look: Look,
}

impl<'b> Pen<'b> {
    pub(super) fn new(buffer: &'b mut Buffer, look: Look) -> Pen<'b> {
        Pen { buffer, look }
    }

    /// Spans in a row, with an ellipsis where they do not all have room. Says how many columns they
    /// took.
    pub(super) fn spans(&mut self, row: Rect, spans: &[Span]) -> u16 {
        self.patched(row, spans, Style::new())
    }

    fn patched(&mut self, row: Rect, spans: &[Span], over: Style) -> u16 {
        if row.height == 0 || row.width == 0 {
            return 0;
        }
        let room = usize::from(row.width);
        let texts: Vec<(Ink, String)> =
            spans.iter().map(|span| (span.ink, self.look.text(&span.text))).collect();
        let all: usize = texts.iter().map(|(_, text)| text.width()).sum();
        let ellipsis = if self.look.unicode { "…" } else { "..." };
        let mut x = row.x;
        for (place, (ink, text)) in texts.iter().enumerate() {
            let left = usize::from(row.right() - x);
            let rest: usize = texts[place..].iter().map(|(_, text)| text.width()).sum();
            let style = self.look.paint(*ink).patch(over);
            let is_cut = all > room && rest > left && text.width() + ellipsis.width() > left;
            let shown = if is_cut {
                // One column less makes it too wide, so that the ellipsis stands there.
                let most = left.min(text.width().saturating_sub(1).max(ellipsis.width()));
                report::fit(text, most, ellipsis).into_owned()
            } else {
                text.clone()
            };
            (x, _) = self.buffer.set_stringn(x, row.y, &shown, left, style);
            if is_cut {
                break;
            }
        }
        x - row.x
    }

    /// Spans in a row whose ground is the other colour, over its whole width.
    pub(super) fn band(&mut self, row: Rect, spans: &[Span]) {
        let over = Style::new().add_modifier(Modifier::REVERSED);
        self.buffer.set_style(row, over);
        self.patched(Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row }, spans, over);
    }

    /// Lines from the top of a place on, as many as have room.
    pub(super) fn lines(&mut self, area: Rect, lines: &[Vec<Span>]) {
        for (y, line) in (area.y..area.bottom()).zip(lines) {
            self.spans(Rect { y, height: 1, ..area }, line);
        }
    }

    /// A line across, or down.
    pub(super) fn rule(&mut self, area: Rect) {
        let across = area.height == 1;
        let mark = match (across, self.look.unicode) {
            (true, true) => "─",
            (true, false) => "-",
            (false, true) => "│",
            (false, false) => "|",
        };
        let style = self.look.paint(Ink::Quiet);
        for y in area.y..area.bottom() {
            for x in area.x..area.right() {
                self.buffer.set_string(x, y, mark, style);
            }
        }
    }

    /// A name and what is typed behind it, its end where it is too long; says where the cursor is.
    pub(super) fn typed(&mut self, row: Rect, name: &str, text: &str) -> Position {
        let used = self.spans(row, &[Span::new(Ink::Strong, name)]);
        let span = Span::new(Ink::Plain, text);
        let mut shown = self.look.text(&span.text);
        let room = usize::from(row.width - used).saturating_sub(1);
        while shown.width() > room {
            shown.remove(0);
        }
        let place = Rect { x: row.x + used, width: row.width - used, ..row };
        let (x, _) =
            self.buffer.set_stringn(place.x, row.y, &shown, room, self.look.paint(Ink::Plain));
        Position { x, y: row.y }
    }
}
