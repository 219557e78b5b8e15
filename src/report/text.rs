//! Text that strangers wrote, made fit for a terminal: nothing in it can move the cursor, change a
//! colour, turn the reading direction or break a column.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with every character visible: controls become their pictures, marks that change the
/// direction or join invisibly become escapes, line breaks become blanks.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
        return Cow::Borrowed(text);
    }
    let mut marks = Marks::default();
    if !text.chars().any(|c| is_break(c) || is_hidden(c) || marks.flood(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut marks = Marks::default();
    for c in text.chars() {
        let flood = marks.flood(c);
        match c {
            c if is_break(c) => {
                if !shown.ends_with(' ') {
                    shown.push(' ');
                }
            }
            '\u{7f}' => shown.push('␡'),
            c if c < ' ' => shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            c if flood || is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Most marks that are put on one character; what follows is written beside it. No writing has as
/// many, and hundreds of them would be drawn over the lines above and below.
const MOST_MARKS: usize = 8;

/// Counts the characters without a width of their own that follow each other.
#[derive(Debug, Default)]
struct Marks(usize);

impl Marks {
    fn flood(&mut self, c: char) -> bool {
        let is_mark = !c.is_ascii() && c.width() == Some(0);
        self.0 = if is_mark { self.0 + 1 } else { 0 };
        self.0 > MOST_MARKS
    }
}

/// The same, with its line breaks and tabs kept.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\t']) {
        return visible(text);
    }
    let mut shown = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            shown.push('\n');
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        for (index, part) in line.split('\t').enumerate() {
            if index > 0 {
                shown.push('\t');
            }
            shown.push_str(&visible(part));
        }
    }
    Cow::Owned(shown)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}')
}

/// Controls, characters that Unicode says may be ignored (the selectors of emoji and text apart),
/// blanks that look like letters, and those that are no characters.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The start of a text with every character visible, in at most so many characters; an ellipsis at
/// its end where something is left out. No more of a long text is looked at than can be shown.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    let text = text.trim();
    let end = text.char_indices().nth(most + 1).map_or(text.len(), |(end, _)| end);
    let shown = visible(&text[..end]);
    if end == text.len() && shown.chars().count() <= most {
        return shown.into_owned();
    }
    let kept: String = shown.chars().take(most.saturating_sub(1)).collect();
    kept.trim_end().to_owned() + "…"
}

/// A text for a log in which no line is a command to the CI system that reads the log: a line that
/// starts like `::error::`, and `##[error]` and its kin anywhere, get a blank that breaks them.
#[must_use]
pub fn no_commands(text: &str) -> Cow<'_, str> {
    const ANYWHERE: [&str; 3] = ["##[", "##vso[", "##teamcity["];
    let is_command =
        |line: &str| line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    let mut text = Cow::Borrowed(text);
    for start in ANYWHERE.into_iter().filter(|start| text.contains(start)).collect::<Vec<_>>() {
        text = Cow::Owned(text.replace(start, &start.replacen("##", "## ", 1)));
    }
    if !text.lines().any(is_command) {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        if is_command(line) {
            lines.push_str(&line.replacen("::", ": :", 1));
        } else {
            lines.push_str(line);
        }
    }
    Cow::Owned(lines)
}

/// A word for a shell, quoted where it must be.
#[must_use]
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@#:".contains(c);
    let word = visible(word);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('#') {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// An amount of money: cents where there are any, and two digits that say something below that.
#[must_use]
pub fn amount(amount: f64) -> String {
    if amount == 0.0 || amount >= 0.01 {
        return format!("{amount:.2}");
    }
    // 0.000038 has its first digit at the fifth place.
    let places = (1..=12).find(|places| amount * 10_f64.powi(*places) >= 1.0).unwrap_or(12);
    format!("{amount:.*}", usize::try_from(places).unwrap_or(12) + 1)
}

/// Milliseconds as people write them.
#[must_use]
pub(super) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// So many of a thing, in the singular where it is one.
pub(super) fn counted(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Bytes of the longest start of a text that takes at most so many columns.
fn start(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        // The selector of emoji takes no column itself, but can make the character before it wide.
        used += if c == '\u{fe0f}' { 1 } else { c.width().unwrap_or(1) };
        if used > columns {
            return at;
        }
    }
    text.len()
}

/// The text in at most so many columns, an ellipsis at the end where something is left out.
#[must_use]
pub fn fit<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let kept = &text[..start(text, columns.saturating_sub(width(ellipsis)))];
    Cow::Owned(kept.trim_end().to_owned() + ellipsis)
}

/// The text in lines of at most so many columns, broken at blanks; a longer word is cut.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => {
                let mut rest = word;
                loop {
                    let cut = start(rest, columns);
                    if cut == 0 || cut == rest.len() {
                        break;
                    }
                    lines.push(rest[..cut].to_owned());
                    rest = &rest[cut..];
                }
                lines.push(rest.to_owned());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_shown_instead() {
        assert_eq!(visible("plain ünïcode 漢字 👍"), "plain ünïcode 漢字 👍");
        assert_eq!(visible("a\u{1b}[31mred\u{7}"), "a␛[31mred␇");
        assert_eq!(visible("a\r\n\tb"), "a b");
        assert_eq!(visible("x\u{202e}evil\u{200b}"), "x\\u{202e}evil\\u{200b}");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
    }

    #[test]
    fn what_is_no_character_or_looks_like_a_blank_is_shown_too() {
        assert_eq!(visible("a\u{fffe}b\u{1ffff}"), "a\\u{fffe}b\\u{1ffff}");
        assert_eq!(visible("\u{3164}\u{2800}\u{e0100}"), "\\u{3164}\\u{2800}\\u{e0100}");
        assert_eq!(visible("☺\u{fe0f} e\u{301}"), "☺\u{fe0f} e\u{301}");
        let flood = format!("a{}b", "\u{300}".repeat(10));
        let kept = format!("a{}\\u{{300}}\\u{{300}}b", "\u{300}".repeat(8));
        assert_eq!(visible(&flood), kept);
    }

    #[test]
    fn an_excerpt_says_that_it_is_one() {
        assert_eq!(excerpt("  short\n", 5), "short");
        assert_eq!(excerpt("a\u{202e}longer", 4), "a\\u…");
        assert_eq!(excerpt(&"x".repeat(1 << 20), 3), "xx…");
        assert_eq!(excerpt("one two three", 5), "one…");
    }

    #[test]
    fn no_line_of_a_log_is_a_command() {
        for (text, shown) in [
            ("x\n  ::error file=a::b\n", "x\n  : :error file=a::b\n"),
            ("a ##[set-output name=x;]y", "a ## [set-output name=x;]y"),
            ("##vso[task.complete]", "## vso[task.complete]"),
            ("::std\n2::3::4", "::std\n2::3::4"),
        ] {
            assert_eq!(no_commands(text), shown);
        }
    }

    #[test]
    fn small_amounts_keep_two_digits() {
        for (money, text) in [
            (0.0, "0.00"),
            (12.345, "12.35"),
            (0.01, "0.01"),
            (0.0384, "0.04"),
            (0.000_038_4, "0.000038"),
        ] {
            assert_eq!(amount(money), text);
        }
    }

    #[test]
    fn fitting_counts_columns() {
        assert_eq!(fit("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(fit("short", 5, "…"), "short");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
    }

    #[test]
    fn words_that_look_empty_or_grow_are_cut_as_well() {
        for word in ["\u{3000}", "\u{a0}", "☺\u{fe0f}", "e\u{301}", "👩🏽", "﷽"] {
            let text = word.repeat(30);
            let lines = wrap(&text, 8);
            assert_eq!(lines.concat(), text);
            assert!(lines.iter().all(|line| width(line) <= 8), "{lines:?}");
            assert!(width(&fit(&text, 8, "…")) <= 8, "{word}");
        }
    }

    #[test]
    fn a_command_can_be_pasted() {
        assert_eq!(shell_word("bones@gpt"), "bones@gpt");
        assert_eq!(shell_word("it's $(rm)"), r"'it'\''s $(rm)'");
        assert_eq!(shell_word("a\nb"), "'a b'");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>(), columns in 4_usize..40) {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(|c| is_hidden(c) || is_break(c)));
            prop_assert!(width(&fit(&shown, columns, "…")) <= columns);
            for line in wrap(&shown, columns) {
                prop_assert!(width(&line) <= columns.max(2), "{line:?}");
            }
        }
    }
}
