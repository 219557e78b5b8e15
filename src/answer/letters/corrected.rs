//! What a reply says about its choice after it has made one.
//!
//! The last settled answer counts. A correction is explicit: a word that takes something back
//! (`wait`, `actually`, `no`, `correction`, …) opens a clause, and nothing but fillers stand between
//! it and a letter, or the text of a choice, that ends the clause: `Answer: C. Wait, it's B.`
//! Letters that are denied on the way (`no, not C but B`) are passed over. A letter that is only
//! guessed at (`maybe B`, `B?`) or one of several takes the first answer back without giving another,
//! and so does one with which the reply ends after such a word, in a sentence that is not understood.
//!
//! Where two answers stand and no word takes one back (`Answer: C` above a last line `B`), none is
//! read: it would be the reader's choice and not the model's.

use super::{Letter, NoLetter, Place, REASONS, Read, Reader};
use crate::answer::pieces::Sort;

/// How many pieces after its first word a correction may take to come to the point.
const REACH: usize = 24;

/// Words that take back what was said before them.
const CUES: &[&str] = &[
    "wait",
    "actually",
    "no",
    "nope",
    "correction",
    "sorry",
    "apologies",
    "oops",
    "scratch",
    "edit",
    "update",
];

/// The same in two words.
const PAIRS: &[(&str, &[&str])] = &[
    ("or", &["rather"]),
    ("my", &["mistake", "bad", "error", "apologies"]),
    ("on", &["second", "reflection"]),
    ("i", &["meant", "mean", "made", "misread", "misspoke", "was", "apologize"]),
    ("i'm", &["sorry"]),
    ("let", &["me"]),
    ("make", &["that"]),
    ("that's", &["wrong", "incorrect", "not"]),
];

/// Words before a cue that open its clause with it.
const OPENERS: &[&str] = &["but", "oh", "ah", "hmm", "well", "and", "so"];

/// Words between a cue and the answer.
const FILLERS: &[&str] = &[
    "a",
    "again",
    "answer",
    "apologies",
    "apologize",
    "bad",
    "be",
    "believe",
    "better",
    "but",
    "check",
    "choice",
    "choose",
    "correct",
    "double",
    "error",
    "for",
    "go",
    "hmm",
    "i",
    "i'd",
    "i'll",
    "i'm",
    "incorrect",
    "is",
    "it",
    "it's",
    "its",
    "let",
    "letter",
    "made",
    "make",
    "me",
    "mean",
    "meant",
    "misread",
    "misspoke",
    "mistake",
    "must",
    "my",
    "myself",
    "oh",
    "on",
    "option",
    "or",
    "pick",
    "rather",
    "reconsider",
    "reflection",
    "right",
    "second",
    "select",
    "should",
    "so",
    "that",
    "that's",
    "the",
    "this",
    "think",
    "thought",
    "to",
    "was",
    "with",
    "would",
    "wrong",
];

/// Words that deny the letter behind them: `not C`, `instead of C`.
const DENIALS: &[&str] = &["neither", "nor", "not", "isn't", "wasn't", "never", "of", "than"];

/// Words by which the letter behind them is only guessed at.
const HEDGES: &[&str] = &[
    "maybe", "perhaps", "possibly", "might", "may", "could", "either", "between", "if", "whether",
];

/// Words of others' answers: `many would say that B is correct`.
const HEARSAY: &[&str] = &[
    "think", "thinks", "believe", "say", "says", "claim", "claims", "may", "might", "could",
    "would", "seem", "seems", "people", "many", "some",
];

impl Reader<'_> {
    /// What the last correction behind the byte `from` makes of an answer found there.
    pub(super) fn corrected(&self, from: usize, found: Option<&Read>) -> Option<Read> {
        let pieces = &self.pieces;
        let letters = || (0..pieces.0.len()).find(|i| self.names(*i).is_some());
        // There must be something to take back.
        let first = if found.is_some() { 0 } else { letters()? };
        let before = found.and_then(|read| read.as_ref().ok()).map(|letter| letter.letter);
        (first + 1..pieces.0.len())
            .rev()
            .take_while(|i| pieces.0[*i].at.start > from)
            .filter(|i| self.takes_back(*i))
            .find_map(|i| {
                let read = self.correction(i, before)?;
                let at = read.ok().and_then(|letter| letter.at);
                Some(self.uncontradicted(at.unwrap_or(pieces.0[i].at.start), read))
            })
            .or_else(|| self.ends_otherwise(from, before?).then_some(Err(NoLetter::Several)))
    }

    /// An answer, unless another is given behind the byte `from` and nothing takes one of them back.
    pub(super) fn uncontradicted(&self, from: usize, found: Read) -> Read {
        let letter = found?.letter;
        let other = |i: usize| {
            self.pieces.0[i].at.start > from && self.names(i).is_some_and(|other| other != letter)
        };
        let firsthand = |i: &usize| {
            let mut before = self.pieces.words_before(*i, 6);
            let own = ["i", "i'd", "i'll", "i'm", "we", "let's"];
            self.called_right(*i) && !before.any(|word| HEARSAY.contains(&word))
                || self.pieces.words_before(*i, 6).any(|word| own.contains(&word))
        };
        let chosen = self.chosen_letters().filter(firsthand).any(other);
        let ends = [self.last_line(), self.last_words().filter(|_| self.concludes())];
        let ended = ends
            .into_iter()
            .flatten()
            .filter_map(Read::ok)
            .any(|last| last.letter != letter && last.at.is_some_and(|at| at > from));
        if chosen || ended { Err(NoLetter::Several) } else { found }
    }

    /// Whether something is taken back behind the byte `from`, in words that this reader does not know,
    /// and the last of all words is another letter: `Wait, the Seine flows through B.`
    fn ends_otherwise(&self, from: usize, letter: char) -> bool {
        let Some(last) = self.last_word() else { return false };
        let other = self.names(last).is_some_and(|other| other != letter);
        let denied = ["not", "isn't", "wasn't", "never", "than", "of", "vitamin", "hepatitis"];
        other
            && !self.pieces.words_before(last, 4).any(|word| denied.contains(&word))
            && (1..last)
                .rev()
                .take(2 * REACH)
                .any(|i| self.pieces.0[i].at.start > from && self.takes_back(i))
    }

    /// The known letter at a piece that is no word.
    fn names(&self, i: usize) -> Option<char> {
        let letter = self.pieces.letter(i).filter(|letter| self.is_known(*letter))?;
        let small = || !matches!(letter, 'A' | 'I') && self.pieces.ends_here(i);
        ((self.pieces.0[i].capital() || small()) && self.is_no_word(i)).then_some(letter)
    }

    /// Whether a correction begins at a piece.
    fn takes_back(&self, i: usize) -> bool {
        let pieces = &self.pieces;
        let pair = |(one, next): &(&str, &[&str])| {
            pieces.is_word(i, &[one]) && pieces.is_word(i + 1, next)
        };
        let opens = !matches!(pieces.0[i - 1].sort, Sort::Word(_))
            || pieces.is_word(i - 1, OPENERS)
            || pieces.is_word(i - 1, CUES);
        opens && (pieces.is_word(i, CUES) || PAIRS.iter().any(pair))
    }

    /// What a correction that begins at a piece comes to.
    fn correction(&self, cue: usize, before: Option<char>) -> Option<Read> {
        let pieces = &self.pieces;
        let (mut denied, mut hedged, mut dropped) = (false, false, false);
        for i in (cue + 1..pieces.0.len()).take(REACH) {
            let word = match &pieces.0[i].sort {
                Sort::Word(word) => word,
                // `That's not right. It is B.`
                sort => {
                    denied &= !matches!(sort, Sort::Break | Sort::Mark('.' | '!' | ';'));
                    continue;
                }
            };
            if let Some(letter) = self.names(i) {
                let joined = self.joined_with_another(i);
                if denied || self.denied(i) {
                    dropped |= before == Some(letter);
                    denied &= pieces
                        .next_words(i + 1)
                        .next()
                        .is_some_and(|word| word == "or" || word == "nor");
                    continue;
                }
                if joined
                    && pieces.next_words(i + 1).take(8).any(|word| word == "wrong" || word == "not")
                {
                    return None;
                }
                let settled = self.settles(i)?;
                let sure = settled && !hedged && !joined;
                return Some(if sure {
                    self.take(i, Place::Marked)
                } else {
                    Err(NoLetter::Several)
                });
            }
            match word.as_str() {
                word if DENIALS.contains(&word) => denied = true,
                word if HEDGES.contains(&word) => hedged = true,
                word if FILLERS.contains(&word) || CUES.contains(&word) => {}
                _ if denied || hedged => break,
                _ => {
                    let text = self.clause_from(i);
                    if let Some(letter) = self.by_text(text) {
                        return Some(Ok(Letter { letter, at: None, place: Place::Text }));
                    }
                    break;
                }
            }
        }
        dropped.then_some(Err(NoLetter::Absent))
    }

    /// Whether the clause ends with a letter, or goes on as only an answer does; none where the letter
    /// is the subject of something else (`actually, (C) is a city`).
    fn settles(&self, i: usize) -> Option<bool> {
        let pieces = &self.pieces;
        let next = pieces
            .skip(i + 1, |sort| matches!(sort, Sort::Mark(mark) if ")]}*_\"'`$".contains(*mark)));
        let reasons = |i: usize| {
            pieces.is_word(i, REASONS)
                || pieces.is_word(i, &["not", "which", "instead", "rather", "so", "then", "sorry"])
        };
        let named = || self.by_text(self.clause_from(next)) == pieces.letter(i);
        match pieces.0.get(next).map(|piece| &piece.sort) {
            Some(Sort::Mark('?')) => Some(false),
            Some(Sort::Mark(',')) => Some(reasons(next + 1)),
            None | Some(Sort::Break | Sort::Mark(_)) => Some(true),
            // `A or B` settles nothing, as its reader will see; `A and B` may have a verb.
            Some(Sort::Word(word)) if word == "or" => Some(true),
            Some(Sort::Word(word)) if word == "and" && self.names(next + 1).is_some() => {
                pieces.ends_here(next + 1).then_some(false)
            }
            Some(Sort::Word(_)) => {
                (reasons(next) || self.called_right(i) || named()).then_some(true)
            }
        }
    }

    /// From a piece to the end of its clause, but not far.
    fn clause_from(&self, i: usize) -> &str {
        let pieces = &self.pieces.0[i..];
        let stop = |sort: &Sort| matches!(sort, Sort::Break | Sort::Mark('.' | '!' | '?' | ';'));
        let inside = pieces.iter().take(40).take_while(|piece| !stop(&piece.sort));
        inside.last().map_or("", |last| &self.text[pieces[0].at.start..last.at.end])
    }
}
