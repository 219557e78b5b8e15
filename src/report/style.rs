//! What a terminal can show, and how lines are put on it.

use super::text::{no_commands, visible, width, wrap};

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

/// Columns of a sentence, at most.
const MEASURE: usize = 120;

impl Style {
    /// Neither colours nor anything that a log could break.
    pub const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

    /// Columns of sentences: longer lines are hard to read, however wide the terminal is.
    pub(super) fn measure(self) -> usize {
        self.width.min(MEASURE)
    }

    /// Whether there is room for texts in full; elsewhere they get a line.
    pub(super) fn has_room(self) -> bool {
        self.width > MEASURE
    }

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

    /// Text for this terminal: what it cannot show is written in ASCII. What breaks a command to a CI
    /// system takes a column, and is put in before anything is measured.
    #[must_use]
    pub fn text(self, text: &str) -> String {
        let text = &*no_commands(text);
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
    for (index, text) in wrap(text, style.measure().saturating_sub(indent)).iter().enumerate() {
        if index == 0 {
            line(out, &format!("{first}{text}"));
        } else {
            line(out, &format!("{}{text}", " ".repeat(indent)));
        }
    }
}

/// Adds a text in bold, in as many lines as it takes, all but the first indented.
pub(super) fn title(out: &mut String, first: &str, indent: usize, text: &str, style: Style) {
    let mut first = first.to_owned();
    for text in shown(&visible(text), style.width.saturating_sub(indent), style) {
        line(out, &style.bold(&format!("{first}{text}")));
        first = " ".repeat(indent);
    }
}

/// Columns of a label with the gap behind it.
const LABEL: usize = 12;

/// A label at the start of a line.
pub(super) fn label(indent: usize, name: &str, style: Style) -> String {
    if name.is_empty() {
        return " ".repeat(indent + LABEL);
    }
    let gap = LABEL.saturating_sub(name.len());
    format!("{}{}{}", " ".repeat(indent), style.dim(name), " ".repeat(gap))
}

/// Adds a text beside its label.
pub(super) fn labelled(out: &mut String, indent: usize, name: &str, text: &str, style: Style) {
    let beside = indent + LABEL;
    let mut first = label(indent, name, style);
    for text in shown(text, style.width.saturating_sub(beside), style) {
        line(out, &format!("{first}{text}"));
        first = " ".repeat(beside);
    }
}

/// Adds a text below its label, a little further in.
pub(super) fn block(out: &mut String, indent: usize, name: &str, text: &str, style: Style) {
    line(out, &format!("{}{}", " ".repeat(indent), style.dim(name)));
    let indent = indent + 2;
    for text in shown(text, style.width.saturating_sub(indent), style) {
        line(out, &format!("{}{text}", " ".repeat(indent)));
    }
}

/// The lines of a text that strangers may have written. Its line breaks and indentation are kept,
/// all of it is visible, and a line that is too wide goes on in the next one.
fn shown(text: &str, columns: usize, style: Style) -> Vec<String> {
    if text.trim().is_empty() {
        let nothing = if text.is_empty() { "(empty)" } else { "(nothing but blanks)" };
        return vec![nothing.to_owned()];
    }
    let mut lines = Vec::new();
    for text in text.lines() {
        let text = style.text(&visible(&text.replace('\t', "    ")));
        let text = text.trim_end();
        if width(text) <= columns {
            lines.push(text.to_owned());
            continue;
        }
        let blanks = text.len() - text.trim_start_matches(' ').len();
        let indent = " ".repeat(blanks.min(columns / 2));
        let wrapped = wrap(text, columns - indent.len());
        lines.extend(wrapped.iter().map(|text| format!("{indent}{text}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_command_of_a_log_is_there_before_columns_are_counted() {
        assert_eq!(Style::PLAIN.text("##vso[a] ##[b]"), "## vso[a] ## [b]");
    }

    #[test]
    fn lines_keep_their_breaks_and_indentation() {
        let lines = |text: &str| shown(text, 12, Style::PLAIN);
        assert_eq!(lines("a  b\r\n\n\tcode  \nend\n"), ["a  b", "", "    code", "end"]);
        assert_eq!(lines("  one two three four"), ["  one two", "  three four"]);
        assert_eq!(lines(&format!("{}deep down", " ".repeat(40))), ["      deep", "      down"]);
        assert_eq!(lines(&format!("a\n{}\nb", " ".repeat(40))), ["a", "", "b"]);
        assert_eq!(lines("漢字漢字漢字漢字"), ["漢字漢字漢字", "漢字"]);
        assert_eq!(lines("a\rb\u{1b}[2Jc"), ["a b␛[2Jc"]);
        assert_eq!(lines(""), ["(empty)"]);
        assert_eq!(lines(" \n\t"), ["(nothing but blanks)"]);
        let ascii = shown("2 × ü ≥ 漢", 40, Style { unicode: false, ..Style::PLAIN });
        assert_eq!(ascii, ["2 x \\u{fc} >= \\u{6f22}"]);
    }
}
