//! What the words around a single letter make of it.

use super::{REASONS, Reader};
use crate::answer::pieces::Sort;

impl Reader<'_> {
    /// Whether a word such as `answer` points to what follows it: not in `the wrong answer is`, nor
    /// in `if the answer is`.
    pub(super) fn is_label(&self, i: usize) -> bool {
        let pieces = &self.pieces;
        let boxed = pieces.is_word(i, &["boxed"]);
        if boxed && !pieces.is_command(i) {
            return false;
        }
        let qualifiers = ["correct", "right", "best", "final", "true", "my", "only"];
        let labelled = pieces.starts_line(i) && pieces.next_mark(i) == Some(':');
        if pieces.is_word(i, &["option", "choice", "response", "solution", "conclusion"])
            && !labelled
            && !pieces.word_before(i).is_some_and(|word| qualifiers.contains(&word))
        {
            return false;
        }
        let doubts = [
            "if",
            "whether",
            "suppose",
            "assume",
            "assuming",
            "unless",
            "wrong",
            "incorrect",
            "possible",
            "not",
        ];
        !pieces.words_before(i, 3).any(|word| doubts.contains(&word))
    }

    /// Whether a single letter is not an article or a pronoun: anything but `A` and `I` (and small
    /// letters), or those where no word follows that they could belong to.
    pub(super) fn is_no_word(&self, i: usize) -> bool {
        let pieces = &self.pieces;
        if !matches!(pieces.letter(i), Some('A' | 'I')) || pieces.ends_here(i) {
            return true;
        }
        !matches!(pieces.0.get(i + 1).map(|piece| &piece.sort), Some(Sort::Word(_)))
            || self.called_right(i)
            || self.leads_on(i)
    }

    /// Whether the words right after a capital can only follow a letter: a reason or the choice's
    /// text.
    pub(super) fn leads_on(&self, i: usize) -> bool {
        let named = || self.by_text(self.rest_of_line(i));
        self.pieces.0[i].capital()
            && (self.pieces.is_word(i + 1, REASONS)
                || self.pieces.is_word(i + 1, &["or", "and"])
                || named().is_some_and(|letter| Some(letter) == self.pieces.letter(i)))
    }

    /// `B is correct`, `(B) is the right answer`; not `if B is correct`.
    pub(super) fn called_right(&self, i: usize) -> bool {
        let doubts = [
            "if", "whether", "suppose", "assume", "assuming", "unless", "that", "neither", "nor",
            "or", "and",
        ];
        let mut words = self.pieces.next_words(i + 1);
        let is = words.next() == Some("is");
        let mut rest = words
            .take(5)
            .skip_while(|word| ["the", "most", "clearly", "therefore", "thus"].contains(word));
        let praise = ["correct", "right", "answer", "best", "true"];
        is && rest.next().is_some_and(|word| praise.contains(&word))
            && self.pieces.0[i].capital()
            && !self.pieces.words_before(i, 2).any(|word| doubts.contains(&word))
    }

    /// `B is wrong`, `B cannot be right`.
    pub(super) fn denied(&self, i: usize) -> bool {
        let mut words = self.pieces.next_words(i + 1);
        let denials =
            ["not", "wrong", "incorrect", "false", "out", "unlikely", "impossible", "eliminated"];
        match words.next() {
            Some("isn't" | "isn’t" | "can't" | "cannot" | "wasn't") => true,
            Some("is" | "was" | "can" | "are") => words.take(2).any(|word| denials.contains(&word)),
            _ => false,
        }
    }

    /// `A or B`, `A, C`, `A/B`: another letter follows as its equal.
    pub(super) fn joined_with_another(&self, i: usize) -> bool {
        let pieces = &self.pieces;
        let dress =
            |sort: &Sort| matches!(sort, Sort::Mark(mark) if ")]}*_\"'`([{$".contains(*mark));
        let mut j = pieces.skip(i + 1, dress);
        let mut joined = false;
        while pieces.is_word(j, &["and", "or", "nor"])
            || [',', '/', '&', '+', ';'].iter().any(|mark| pieces.is_mark(j, *mark))
        {
            joined = true;
            j = pieces.skip(j + 1, dress);
        }
        j = if pieces.is_word(j, &["option", "choice"]) { pieces.skip(j + 1, dress) } else { j };
        let rival = pieces.letter(j).filter(|rival| Some(*rival) != pieces.letter(i));
        let known =
            rival.is_some_and(|rival| self.question.letters().any(|letter| letter == rival));
        let subject = matches!(
            pieces.next_words(j + 1).next(),
            Some("is" | "isn't" | "was" | "would" | "has")
        );
        let small = pieces.0.get(j).is_some_and(|piece| !piece.capital()) && pieces.0[i].capital();
        joined && known && !subject && !small && self.is_no_word(j)
    }
}
