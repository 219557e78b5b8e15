//! Which of the lettered choices a reply takes.
//!
//! The grader and the confidence read from log probabilities must mean the same letter, so both
//! ask this reader, which also says where the letter stands. A letter counts only in a place where
//! it can be nothing but a choice. In order, the first that holds:
//!
//! 1. the reply is a letter, dressed or not, alone or with its choice's text: `B`, `b)`, `(B)`,
//!    `**B**`, `B. Paris`, `Option B`;
//! 2. the reply is the text of exactly one choice;
//! 3. a letter is marked as the answer: `\boxed{B}`, `the answer is (B)`, `Answer: B`, `the correct
//!    option is B`; the last one, since models correct themselves;
//! 4. the reply begins with a letter and a delimiter (`B. Because …`), unless it goes on to list
//!    other choices in the same way;
//! 5. a letter is chosen (`I choose B`) or called right (`B is correct`), and no other is;
//! 6. the last line is a letter (alone, or with its text), or the last words are `…, so B.`;
//! 7. a short reply names one choice by its text, and no other.
//!
//! An explicit correction behind the letter (`Wait, actually B.`) counts instead of it. Without one,
//! another letter that is chosen later on leaves none.
//!
//! `A` and `I` before another word are an article and a pronoun, not letters; letters inside words,
//! initials (`B. F. Skinner`), `C++`, `A-level` and negations (`the answer is not B`) are none
//! either. `A or B` is no choice but two. `A:` before something that reads as an answer by itself
//! means `answer:`.

use std::fmt;
use std::ops::Range;

use super::{Normal, Question, abstains, spoken_range};

mod closing;
mod corrected;
mod grammar;
mod named;

use super::pieces::{Pieces, Sort};

/// A letter that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    /// The letter, a capital in use by the question.
    pub letter: char,
    /// The byte of the text where it stands; none if the choice was named by its text.
    pub at: Option<usize>,
    /// In what kind of place.
    pub place: Place,
}

/// What kind of place a letter was read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The reply opens with it, so nothing that was cut off could change it.
    Start,
    /// It is marked as the answer, or chosen, somewhere.
    Marked,
    /// The reply ends with it.
    End,
    /// The choice was named by its text.
    Text,
}

/// Why no letter was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLetter {
    /// None stands in a decisive place.
    Absent,
    /// Several do: none of them is marked as the answer, or none taken back for another.
    Several,
    /// This one is not among the choices.
    Beyond(char),
}

impl fmt::Display for NoLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoLetter::Absent => f.write_str("no letter is marked as the answer"),
            NoLetter::Several => {
                f.write_str("several letters, none of them marked as the only answer")
            }
            NoLetter::Beyond(letter) => write!(f, "`{letter}` is not among the choices"),
        }
    }
}

/// Reads which choice a reply takes.
///
/// # Errors
/// Why no letter can be read.
pub fn read(question: &Question, text: &str) -> Result<Letter, NoLetter> {
    let Range { start: offset, end } = spoken_range(text);
    let answer = &text[offset..end];
    let pieces = Pieces::of(answer);
    let mut letter = Reader { question, text: answer, pieces, labelled: false }.read()?;
    if !question.letters().any(|known| known == letter.letter) {
        return Err(NoLetter::Beyond(letter.letter));
    }
    letter.at = letter.at.map(|at| at + offset);
    Ok(letter)
}

struct Reader<'a> {
    question: &'a Question,
    text: &'a str,
    pieces: Pieces,
    /// The text stood behind the label `A:`.
    labelled: bool,
}

/// Words that begin a reason.
const REASONS: &[&str] = &["because", "since", "as", "given", "due", "based"];

type Read = Result<Letter, NoLetter>;

/// How many pieces after a label may stand between it and the letter it points to.
const REACH: usize = 60;

impl Reader<'_> {
    fn read(&self) -> Read {
        match (self.whole(), self.by_text(self.text)) {
            // `X` is the text of a choice where there are but three letters.
            (Some(Ok(found)), Some(letter)) if !self.is_known(found.letter) => {
                return Ok(Letter { letter, at: None, place: Place::Text });
            }
            (Some(found), _) => return found,
            (None, Some(letter)) => return Ok(Letter { letter, at: None, place: Place::Text }),
            (None, None) => {}
        }
        let opening = || self.opening().map(|read| (read.map_or(0, |l| l.at.unwrap_or(0)), read));
        let (from, found) = if let Some((from, read)) = self.marked().or_else(opening) {
            (from, Some(self.uncontradicted(from, read)))
        } else {
            let found = self.chosen().or_else(|| self.closing()).or_else(|| self.named());
            let at = found.and_then(|read| read.ok()?.at);
            (at.unwrap_or(0), found)
        };
        self.corrected(from, found.as_ref()).or(found).unwrap_or(Err(NoLetter::Absent))
    }

    /// What is far longer than every choice is none of them, and need not be normalised.
    fn longest(&self) -> usize {
        4 * self.question.choices.iter().map(String::len).max().unwrap_or(0) + 200
    }

    /// The choice whose text this is, if it is that of one only.
    fn by_text(&self, text: &str) -> Option<char> {
        let normal = Normal::default();
        let wanted = if text.len() > self.longest() { return None } else { normal.apply(text) };
        if wanted.is_empty() {
            return None;
        }
        let only = |same: &dyn Fn(&str) -> bool| {
            let mut found = self
                .question
                .letters()
                .filter(|letter| self.question.choice(*letter).is_some_and(same));
            found.next().filter(|_| found.next().is_none())
        };
        only(&|choice| choice.trim() == text.trim())
            .or_else(|| only(&|choice| normal.apply(choice) == wanted))
    }

    /// The letter at a piece, with its byte.
    fn take(&self, i: usize, place: Place) -> Read {
        if self.joined_with_another(i) {
            return Err(NoLetter::Several);
        }
        let letter = self.pieces.letter(i).ok_or(NoLetter::Absent)?;
        Ok(Letter { letter, at: Some(self.pieces.0[i].at.start), place })
    }

    /// First rule: the text is a letter, with nothing else but its choice's text.
    fn whole(&self) -> Option<Read> {
        let i = self.first_letter()?;
        let after = self.rest(i);
        if self.pieces.next_words(i + 1).next().is_none() {
            return Some(self.take(i, Place::Start));
        }
        let letter = self.pieces.letter(i)?;
        let named = self.by_text(after)?;
        let dressed = self.pieces.ends_here(i) || self.pieces.0[i].capital();
        // `C. Paris` takes C, even where Paris is another choice: the letter is what was asked for.
        let delimited =
            self.pieces.ends_here(i) && !(letter == 'A' && self.pieces.next_mark(i) == Some(':'));
        ((dressed && named == letter) || delimited).then(|| self.take(i, Place::Start))
    }

    /// The first piece that is not dress, if it is a letter.
    fn first_letter(&self) -> Option<usize> {
        let mut i = self.pieces.skip(0, |sort| !matches!(sort, Sort::Word(_)));
        while self
            .pieces
            .is_word(i, &["option", "choice", "letter", "boxed", "text", "mathbf", "textbf"])
        {
            i = self.pieces.skip(i + 1, |sort| !matches!(sort, Sort::Word(_)));
        }
        self.pieces.letter(i).map(|_| i)
    }

    /// The text after a piece.
    fn rest(&self, i: usize) -> &str {
        let rest = &self.text[self.pieces.0[i].at.end..];
        rest.trim_start_matches(|c: char| c.is_whitespace() || ")].:*-–—".contains(c))
    }

    /// The rest of the line after a piece, as far as it may be the text of a choice.
    fn rest_of_line(&self, i: usize) -> &str {
        let rest = self.rest(i);
        let mut end = rest.len().min(self.longest() + 1);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        rest[..end].lines().next().unwrap_or("")
    }

    /// The rest of the line from a piece on.
    fn line_from(&self, i: usize) -> &str {
        self.text[self.pieces.0[i].at.start..].lines().next().unwrap_or("")
    }

    fn is_known(&self, letter: char) -> bool {
        self.question.letters().any(|known| known == letter)
    }

    /// Third rule: the last letter that is marked as the answer, with the byte of its mark.
    fn marked(&self) -> Option<(usize, Read)> {
        let labels = ["answer", "boxed", "option", "choice", "response", "solution", "conclusion"];
        let marks = (0..self.pieces.0.len()).filter(|i| self.pieces.is_word(*i, &labels));
        let opens = self.pieces.skip(0, |sort| !matches!(sort, Sort::Word(_)));
        let read = |i: usize| {
            let mut found = self.after_label(i)?;
            let first = i <= opens + 4
                && !(opens..i).any(|j| self.pieces.is_break(j) || self.pieces.is_mark(j, '.'));
            if let (Ok(letter @ Letter { place: Place::Marked, .. }), true) = (&mut found, first) {
                letter.place = Place::Start;
            }
            Some((self.pieces.0[i].at.start, found))
        };
        marks.rev().find_map(read)
    }

    /// The letter that a label at `i` points to.
    fn after_label(&self, i: usize) -> Option<Read> {
        const FILLERS: &[&str] = &[
            "to",
            "this",
            "the",
            "question",
            "choice",
            "option",
            "letter",
            "would",
            "should",
            "must",
            "be",
            "is",
            "was",
            "therefore",
            "thus",
            "clearly",
            "definitely",
            "most",
            "likely",
            "probably",
            "correct",
            "right",
            "best",
            "final",
            "my",
            "text",
            "mathbf",
            "textbf",
            "mathrm",
            "boxed",
            "here",
            "hence",
            "so",
            "then",
            "indeed",
            "actually",
            "problem",
            "above",
            "one",
            "simply",
            "in",
            "fact",
            "i",
            "think",
            "believe",
            "going",
        ];
        let pieces = &self.pieces;
        if !self.is_label(i) {
            return None;
        }
        let mut linked = pieces.is_word(i, &["boxed"]);
        // Nobody points further than this, and `\boxed{\boxed{…` must not be walked anew from each.
        for j in (i + 1..pieces.0.len()).take(REACH) {
            match &pieces.0[j].sort {
                Sort::Break | Sort::Mark(':' | '=' | '>' | '→' | '⇒') => linked = true,
                Sort::Mark('.' | '!' | '?' | ';') => return None,
                Sort::Mark(_) => {}
                Sort::Word(_)
                    if self.is_no_word(j)
                        && pieces.letter(j).is_some_and(|letter| {
                            self.is_known(letter) || self.by_text(self.line_from(j)).is_none()
                        }) =>
                {
                    return (linked && !self.denied(j)).then(|| self.take(j, Place::Marked));
                }
                Sort::Word(word) if FILLERS.contains(&word.as_str()) => {
                    linked |= matches!(word.as_str(), "is" | "be" | "was");
                }
                Sort::Word(_) => {
                    // `The answer is Paris.`
                    let letter =
                        if linked { self.by_text(self.line_from(j))? } else { return None };
                    return Some(Ok(Letter { letter, at: None, place: Place::Text }));
                }
            }
        }
        None
    }

    /// Fourth rule: the reply opens with a letter and a delimiter.
    fn opening(&self) -> Option<Read> {
        let i = self.first_letter()?;
        let letter = self.pieces.letter(i)?;
        let rest = self.rest(i);
        // Once: a row of labels must not be read within each other.
        if letter == 'A' && self.pieces.next_mark(i) == Some(':') && !self.labelled {
            let (question, pieces) = (self.question, Pieces::of(rest));
            let labelled = Reader { question, text: rest, pieces, labelled: true };
            if abstains(rest) {
                return Some(Err(NoLetter::Absent));
            }
            if let Ok(found) = labelled.read() {
                let offset = self.text.len() - rest.len();
                return Some(Ok(Letter { at: found.at.map(|at| at + offset), ..found }));
            }
        }
        let initials = self.pieces.is_mark(i + 1, '.')
            && self.pieces.letter(i + 2).is_some()
            && self.pieces.is_mark(i + 3, '.');
        let delimited = if self.pieces.is_mark(i + 1, ',') {
            self.pieces.is_word(i + 2, REASONS)
        } else {
            self.pieces.ends_here(i) || self.leads_on(i)
        } || self.joined_with_another(i);
        if initials || !delimited || self.denied(i) {
            return None;
        }
        let lists = self.line_letters().any(|j| self.pieces.letter(j) != Some(letter));
        if lists {
            self.closing().or(Some(Err(NoLetter::Several)))
        } else {
            Some(self.take(i, Place::Start))
        }
    }

    /// Letters with which lines begin.
    fn line_letters(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.pieces.0.len()).filter(|i| {
            self.pieces.letter(*i).is_some()
                && self.pieces.ends_here(*i)
                && self.pieces.starts_line(*i)
        })
    }

    /// Fifth rule: letters that are chosen or called right, if they are all the same.
    fn chosen(&self) -> Option<Read> {
        let mut found: Option<Letter> = None;
        for at in self.chosen_letters() {
            match self.take(at, Place::Marked) {
                Ok(letter) if found.is_none_or(|before| before.letter == letter.letter) => {
                    found = Some(letter);
                }
                Ok(_) => return Some(Err(NoLetter::Several)),
                failed => return Some(failed),
            }
        }
        found.map(Ok)
    }

    /// Where letters stand that are chosen or called right.
    fn chosen_letters(&self) -> impl Iterator<Item = usize> + '_ {
        const VERBS: &[&str] = &[
            "choose",
            "chose",
            "choosing",
            "pick",
            "picking",
            "select",
            "selecting",
            "go",
            "going",
            "opt",
        ];
        const FILLERS: &[&str] =
            &["with", "for", "option", "choice", "letter", "answer", "the", "is", "to", "be"];
        let pieces = &self.pieces;
        (0..pieces.0.len()).filter_map(|i| {
            if pieces.is_word(i, VERBS) {
                let refused = ["not", "never", "cannot", "don't", "wouldn't", "can't", "if"];
                let j = pieces.skip(i + 1, |sort| match sort {
                    Sort::Word(word) => FILLERS.contains(&word.as_str()),
                    Sort::Mark(mark) => "*([\"'`:".contains(*mark),
                    Sort::Break => false,
                });
                let sure = !pieces.words_before(i, 3).any(|word| refused.contains(&word));
                (sure && pieces.letter(j).is_some() && self.is_no_word(j)).then_some(j)
            } else {
                (pieces.letter(i).is_some() && self.called_right(i)).then_some(i)
            }
        })
    }
}

#[cfg(test)]
mod tests;
