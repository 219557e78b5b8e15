//! Text with its meaning, before it is known on what it is shown: a colour and a face come later, or
//! never. Everything that strangers wrote is made visible here, at the one door.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::visible;

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    /// Said beside the matter.
    Quiet,
    Strong,
    /// Something became better.
    Good,
    /// Something became worse.
    Bad,
    /// Words that went.
    Removed,
    /// Words that came.
    Added,
}

/// A text in one ink, nothing in which can steer a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub ink: Ink,
    pub text: String,
}

impl Span {
    pub(super) fn new(ink: Ink, text: &str) -> Span {
        Span { ink, text: visible(text).into_owned() }
    }
}

/// Spans in lines of at most so many columns, broken at blanks; a longer word is cut.
pub(super) fn wrap(spans: &[Span], columns: usize) -> Vec<Vec<Span>> {
    let columns = columns.max(2);
    let mut lines = Lines { done: Vec::new(), line: Vec::new(), used: 0 };
    for word in words(spans) {
        let wide: usize = word.iter().map(|span| span.text.width()).sum();
        if lines.used > 0 && lines.used + 1 + wide > columns {
            lines.end();
        } else if lines.used > 0 {
            // Within a text the blank is of its ink; between two it is of neither.
            let next = word.first().map(|span| span.ink);
            let last = lines.line.last().map(|span| span.ink);
            let ink = next.filter(|_| next == last).unwrap_or(Ink::Plain);
            lines.put(ink, ' ', 1);
        }
        for Span { ink, text } in &word {
            for c in text.chars() {
                // The selector of emoji can make the character before it wide.
                let wide = if c == '\u{fe0f}' { 1 } else { c.width().unwrap_or(1) };
                if lines.used + wide > columns {
                    lines.end();
                }
                lines.put(*ink, c, wide);
            }
        }
    }
    if !lines.line.is_empty() {
        lines.end();
    }
    lines.done
}

/// The lines so far, and the one that is being filled.
struct Lines {
    done: Vec<Vec<Span>>,
    line: Vec<Span>,
    used: usize,
}

impl Lines {
    fn put(&mut self, ink: Ink, c: char, wide: usize) {
        self.used += wide;
        match self.line.last_mut() {
            Some(last) if last.ink == ink => last.text.push(c),
            _ => self.line.push(Span { ink, text: c.to_string() }),
        }
    }

    fn end(&mut self) {
        self.used = 0;
        self.done.push(std::mem::take(&mut self.line));
    }
}

/// What stands between blanks, over the borders of spans.
fn words(spans: &[Span]) -> Vec<Vec<Span>> {
    let (mut words, mut ended) = (Vec::<Vec<Span>>::new(), true);
    for Span { ink, text } in spans {
        for (place, part) in text.split(' ').enumerate() {
            ended |= place > 0;
            if part.is_empty() {
                continue;
            }
            let span = Span { ink: *ink, text: part.to_owned() };
            match words.last_mut() {
                Some(word) if !ended => word.push(span),
                _ => words.push(vec![span]),
            }
            ended = false;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(spans: &[Span], columns: usize) -> Vec<String> {
        let text = |line: &Vec<Span>| line.iter().map(|span| span.text.as_str()).collect();
        wrap(spans, columns).iter().map(text).collect()
    }

    #[test]
    fn a_word_may_be_of_several_inks() {
        let spans = [
            Span::new(Ink::Plain, "one two"),
            Span::new(Ink::Removed, "[-three-]"),
            Span::new(Ink::Added, "{+four five+}"),
        ];
        assert_eq!(shown(&spans, 20), ["one", "two[-three-]{+four", "five+}"]);
        assert_eq!(shown(&spans, 80), ["one two[-three-]{+four five+}"]);
        let inks: Vec<Ink> = wrap(&spans, 80)[0].iter().map(|span| span.ink).collect();
        assert_eq!(inks, [Ink::Plain, Ink::Removed, Ink::Added]);
    }

    #[test]
    fn wide_characters_and_long_words_are_cut_by_columns() {
        assert_eq!(shown(&[Span::new(Ink::Plain, "漢字漢字")], 5), ["漢字", "漢字"]);
        assert_eq!(shown(&[Span::new(Ink::Plain, "a\u{1b}[2Jb\nc")], 80), ["a␛[2Jb c"]);
        assert!(shown(&[Span::new(Ink::Plain, "  ")], 5).is_empty());
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_is_lost(
            texts in proptest::collection::vec(any::<String>(), 0..4), columns in 2_usize..30
        ) {
            let inks = [Ink::Plain, Ink::Removed, Ink::Added, Ink::Bad];
            let spans: Vec<Span> =
                texts.iter().zip(inks).map(|(text, ink)| Span::new(ink, text)).collect();
            let lines = shown(&spans, columns);
            for line in &lines {
                prop_assert!(line.width() <= columns, "{line:?}");
            }
            let without = |text: &str| text.replace(' ', "");
            let all: String = spans.iter().map(|span| without(&span.text)).collect();
            prop_assert_eq!(without(&lines.concat()), all);
        }
    }
}
