//! A text cut into words, marks and line breaks, each with its place.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Letters and digits with the apostrophes between them, in small letters.
    Word(String),
    /// Any other character that is not white space.
    Mark(char),
    /// The end of a line.
    Break,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its bytes.
    pub(crate) at: Range<usize>,
    /// What it is.
    pub(crate) sort: Sort,
    capital: bool,
}

impl Piece {
    /// Whether it is a word that begins with a capital.
    pub(crate) fn capital(&self) -> bool {
        self.capital
    }
}

/// All pieces of a text.
#[derive(Debug)]
pub(crate) struct Pieces(pub(crate) Vec<Piece>);

impl Pieces {
    pub(crate) fn of(text: &str) -> Pieces {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            let c = plain(c);
            let mut end = start + text[start..].chars().next().map_or(1, char::len_utf8);
            if c == '\n' {
                pieces.push(Piece { at: start..end, sort: Sort::Break, capital: false });
            } else if c.is_alphanumeric() {
                let mut word: String = c.to_lowercase().collect();
                while let Some((at, next)) = chars.peek().map(|(at, next)| (*at, plain(*next))) {
                    let after = text[at..].chars().nth(1).is_some_and(char::is_alphanumeric);
                    if !(next.is_alphanumeric() || (next == '\'' && after)) {
                        break;
                    }
                    word.extend(next.to_lowercase());
                    end = at + text[at..].chars().next().map_or(1, char::len_utf8);
                    chars.next();
                }
                pieces.push(Piece {
                    at: start..end,
                    sort: Sort::Word(word),
                    capital: c.is_uppercase(),
                });
            } else if !c.is_whitespace() {
                pieces.push(Piece { at: start..end, sort: Sort::Mark(c), capital: false });
            }
        }
        Pieces(pieces)
    }

    /// The capital form of the letter that stands alone at a piece.
    pub(crate) fn letter(&self, i: usize) -> Option<char> {
        let piece = self.0.get(i)?;
        let Sort::Word(word) = &piece.sort else { return None };
        let mut chars = word.chars();
        let letter = chars.next().filter(char::is_ascii_alphabetic)?;
        if chars.next().is_some() {
            return None;
        }
        // `C++`, `A-level`, `R&D`, `e.g.`, `x_1`: the letter is part of something longer.
        let mark = |i: usize, marks: &str| matches!(self.0.get(i), Some(Piece { sort: Sort::Mark(mark), .. }) if marks.contains(*mark));
        let word = |i: usize| matches!(self.0.get(i), Some(Piece { sort: Sort::Word(_), .. }));
        let longer_after = self.touch(i)
            && (mark(i + 1, "+#'") && !word(i + 2) && !mark(i + 1, "'")
                || mark(i + 1, "-&._@'^=") && self.touch(i + 1) && word(i + 2));
        let before = i.checked_sub(1);
        let longer_before = before.is_some_and(|before| {
            self.touch(before)
                && (mark(before, "\\@")
                    || mark(before, "-&._'^+=")
                        && before > 0
                        && self.touch(before - 1)
                        && word(before - 1))
        });
        (!longer_after && !longer_before).then(|| letter.to_ascii_uppercase())
    }

    /// Whether nothing stands between a piece and the next.
    pub(crate) fn touch(&self, i: usize) -> bool {
        self.0.get(i).zip(self.0.get(i + 1)).is_some_and(|(one, next)| one.at.end == next.at.start)
    }

    /// The first piece from `i` on that does not pass.
    pub(crate) fn skip(&self, i: usize, pass: impl Fn(&Sort) -> bool) -> usize {
        (i..self.0.len()).find(|i| !pass(&self.0[*i].sort)).unwrap_or(self.0.len())
    }

    pub(crate) fn is_word(&self, i: usize, words: &[&str]) -> bool {
        matches!(self.0.get(i), Some(Piece { sort: Sort::Word(word), .. }) if words.contains(&word.as_str()))
    }

    pub(crate) fn is_mark(&self, i: usize, mark: char) -> bool {
        self.0.get(i).is_some_and(|piece| piece.sort == Sort::Mark(mark))
    }

    pub(crate) fn is_break(&self, i: usize) -> bool {
        self.0.get(i).is_some_and(|piece| piece.sort == Sort::Break)
    }

    /// Whether a word is a command as in `\boxed`.
    pub(crate) fn is_command(&self, i: usize) -> bool {
        i > 0 && self.is_mark(i - 1, '\\')
    }

    /// Whether nothing but marks stands before it on its line.
    pub(crate) fn starts_line(&self, i: usize) -> bool {
        let before = self.0[..i].iter().rev().take_while(|piece| piece.sort != Sort::Break);
        before.into_iter().all(|piece| matches!(piece.sort, Sort::Mark(_)))
    }

    /// Whether a word is closed off after it: by the end of the text or line, or by a delimiter.
    pub(crate) fn ends_here(&self, i: usize) -> bool {
        match self.0.get(i + 1).map(|piece| &piece.sort) {
            None | Some(Sort::Break) => true,
            Some(Sort::Mark(mark)) => ")]}.:;,*!?$\"'`_<|–—-".contains(*mark),
            Some(Sort::Word(_)) => false,
        }
    }

    /// The first mark after a word that is not emphasis or a bracket.
    pub(crate) fn next_mark(&self, i: usize) -> Option<char> {
        let j = self.skip(i + 1, |sort| matches!(sort, Sort::Mark('*' | '_' | ')' | ']' | '"')));
        match self.0.get(j).map(|piece| &piece.sort) {
            Some(Sort::Mark(mark)) => Some(*mark),
            _ => None,
        }
    }

    /// The words from `i` on, across marks and lines.
    pub(crate) fn next_words(&self, i: usize) -> impl Iterator<Item = &str> {
        self.0.iter().skip(i).filter_map(|piece| match &piece.sort {
            Sort::Word(word) => Some(word.as_str()),
            _ => None,
        })
    }

    /// Up to `most` words before `i` in its sentence, the nearest first.
    pub(crate) fn words_before(&self, i: usize, most: usize) -> impl Iterator<Item = &str> {
        let sentence =
            |piece: &&Piece| !matches!(piece.sort, Sort::Break | Sort::Mark('.' | '!' | '?' | ';'));
        let before = self.0[..i.min(self.0.len())].iter().rev().take_while(sentence);
        before
            .filter_map(|piece| match &piece.sort {
                Sort::Word(word) => Some(word.as_str()),
                _ => None,
            })
            .take(most)
    }

    /// The word before `i` in its sentence.
    pub(crate) fn word_before(&self, i: usize) -> Option<&str> {
        self.words_before(i, 1).next()
    }
}

/// The one plain character that NFKC makes of it (full-width and circled letters), or itself.
fn plain(c: char) -> char {
    if matches!(c, '\u{2018}' | '\u{2019}') {
        return '\'';
    }
    let mut folded = std::iter::once(c).nfkc();
    folded.next().filter(|_| folded.next().is_none()).unwrap_or(c)
}
