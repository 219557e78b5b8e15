//! How much room a text takes in a drawing.
//!
//! Nobody knows the reader's font, so a text is measured as wide as it may be in the usual ones: by
//! the kind of each character, in a font of 12 units. A text that would not fit is cut, never drawn
//! over another.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use crate::report::text::visible;

/// Units that a text takes at a font size of 12, at most in the usual fonts.
pub(in crate::report) fn units(text: &str) -> f64 {
    text.chars().map(of).sum()
}

fn of(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' | '·' => 3.6,
        'f' | 't' | 'r' | 'I' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' | '"' => 4.9,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' | '…' => 11.9,
        'A'..='Z' | '≥' | '≤' | '&' | '+' | '=' | '<' | '>' | '~' | '–' => 8.6,
        c if c.is_ascii() => 7.1,
        c => match c.width() {
            Some(0) | None => 0.0,
            Some(1) => 9.5,
            Some(_) => 13.0,
        },
    }
}

/// The text with all of it visible, in at most so many units, an ellipsis at its end where something
/// is left out.
pub(in crate::report) fn fitted(text: &str, room: f64) -> Cow<'_, str> {
    let shown = visible(text);
    if units(&shown) <= room {
        return shown;
    }
    let mut used = of('…');
    let cut = shown.char_indices().find(|(_, c)| {
        used += of(*c);
        used > room
    });
    let kept = &shown[..cut.map_or(shown.len(), |(at, _)| at)];
    Cow::Owned(kept.trim_end().to_owned() + "…")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_text_is_cut_and_a_short_one_is_not() {
        assert_eq!(fitted("history", 60.0), "history");
        assert_eq!(fitted("WWWWWWWWWWWW", 60.0), "WWWW…");
        assert_eq!(fitted("a\u{202e}b", 120.0), "a\\u{202e}b");
        assert!(fitted("漢字漢字漢字", 50.0).ends_with('…'));
    }

    proptest! {
        #[test]
        fn what_is_fitted_fits(text in any::<String>(), room in 20.0..200.0_f64) {
            prop_assert!(units(&fitted(&text, room)) <= room);
        }
    }
}
