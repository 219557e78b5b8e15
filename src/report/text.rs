//! Text that strangers wrote, made fit for a terminal: nothing in it can move the cursor, change a
//! colour, turn the reading direction or break a column.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with every character visible: controls become their pictures, marks that change the
/// direction or join invisibly become escapes, line breaks become blanks.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_break(c) || is_hidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_break(c) => {
                if !shown.ends_with(' ') {
                    shown.push(' ');
                }
            }
            '\u{7f}' => shown.push('␡'),
            c if c < ' ' => shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
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

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
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
pub(super) fn fit<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
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
