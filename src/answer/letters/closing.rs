//! A letter with which a reply ends.
//!
//! Reasoning comes to its point last: in a line of its own, or in the words `…, so B.` What denies
//! other letters on the way there (`it can't be A or C`) takes nothing from a conclusion.

use super::{NoLetter, Place, Read, Reader};
use crate::answer::pieces::Sort;

impl Reader<'_> {
    /// Sixth rule: the reply ends with a letter.
    pub(super) fn closing(&self) -> Option<Read> {
        self.last_line().or_else(|| self.last_words())
    }

    pub(super) fn last_word(&self) -> Option<usize> {
        self.pieces.0.iter().rposition(|piece| matches!(piece.sort, Sort::Word(_)))
    }

    /// A letter that is the last line, alone or with its text.
    pub(super) fn last_line(&self) -> Option<Read> {
        let pieces = &self.pieces;
        let last_word = self.last_word()?;
        let line = (0..=last_word).rev().find(|i| pieces.is_break(*i)).map_or(0, |i| i + 1);
        let first = pieces.skip(line, |sort| matches!(sort, Sort::Mark(_)));
        if pieces.letter(first).is_some() && pieces.starts_line(first) {
            let letter = pieces.letter(first)?;
            let alone = first == last_word;
            let named = self.by_text(self.rest(first)) == Some(letter);
            let rival = self.line_letters().any(|j| {
                let bare = pieces.0.get(j + 1).is_none_or(|piece| piece.sort == Sort::Break);
                j != first && pieces.letter(j) != Some(letter) && (bare || named)
            });
            if alone || named {
                return Some(if rival {
                    Err(NoLetter::Several)
                } else {
                    self.take(first, Place::End)
                });
            }
        }
        None
    }

    /// A letter that is the last word, behind one that leads to it.
    pub(super) fn last_words(&self) -> Option<Read> {
        let pieces = &self.pieces;
        let last_word = self.last_word()?;
        if !pieces.0[last_word].capital() || pieces.letter(last_word).is_none() {
            return None;
        }
        let leads = [
            "so",
            "hence",
            "therefore",
            "thus",
            "is",
            "be",
            "option",
            "choice",
            "letter",
            "answer",
        ];
        let led = pieces.word_before(last_word).is_some_and(|word| leads.contains(&word))
            || pieces.0[..last_word].last().is_some_and(|piece| {
                matches!(piece.sort, Sort::Mark('(' | '*' | ':' | '→' | '⇒' | '='))
            });
        let denials = [
            "not",
            "cannot",
            "can't",
            "isn't",
            "don't",
            "neither",
            "nor",
            "except",
            "eliminate",
            "out",
            "wrong",
            "incorrect",
            "or",
            "and",
        ];
        let open = ["between", "if", "whether", "unsure"];
        // What `so it must be B` concludes from may well deny other letters.
        let denied = !self.concludes()
            && pieces.words_before(last_word, 12).any(|word| denials.contains(&word));
        let doubted = denied || pieces.words_before(last_word, 12).any(|word| open.contains(&word));
        (led && !doubted).then(|| self.take(last_word, Place::End))
    }

    /// Whether the last words are a conclusion: `so B`, `hence it must be B`; not `so is B`.
    pub(super) fn concludes(&self) -> bool {
        const BETWEEN: &[&str] = &[
            "it", "it's", "that", "this", "the", "answer", "correct", "right", "only", "must",
            "has", "to", "be", "is", "option", "choice", "letter",
        ];
        let Some(last_word) = self.last_word() else { return false };
        let mut verb_first = false;
        for word in self.pieces.words_before(last_word, 8) {
            if ["so", "hence", "therefore", "thus"].contains(&word) {
                return !verb_first;
            }
            if !BETWEEN.contains(&word) {
                return false;
            }
            verb_first = ["is", "must", "be", "has", "to"].contains(&word);
        }
        false
    }
}
