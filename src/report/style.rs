//! What a terminal can show, and how lines are put on it.

use super::text::wrap;

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// Neither colours nor anything that a log could break.
    pub const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// Text for this terminal: what it cannot show is written in ASCII.
    pub(super) fn text(self, text: &str) -> String {
        if self.unicode {
            return text.to_owned();
        }
        let ascii = |c: char| match c {
            '·' => "-".to_owned(),
            '≥' => ">=".to_owned(),
            '…' => "...".to_owned(),
            '→' => "->".to_owned(),
            '✓' => "+".to_owned(),
            '✗' | '×' => "x".to_owned(),
            c if c.is_ascii() => c.to_string(),
            c => c.escape_unicode().to_string(),
        };
        text.chars().map(ascii).collect()
    }
}

/// A painted text without its paint.
pub(super) fn strip(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("\x1b[") {
        plain.push_str(&rest[..start]);
        rest = rest[start..].find('m').map_or("", |end| &rest[start + end + 1..]);
    }
    plain + rest
}

/// Adds a line, without blanks at its end.
pub(super) fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Adds a text in as many lines as it takes, all but the first indented.
pub(super) fn hanging(out: &mut String, first: &str, indent: usize, text: &str, style: Style) {
    for (index, text) in wrap(text, style.width.saturating_sub(indent)).iter().enumerate() {
        if index == 0 {
            line(out, &format!("{first}{text}"));
        } else {
            line(out, &format!("{}{text}", " ".repeat(indent)));
        }
    }
}
