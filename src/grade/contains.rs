//! `contains` and `contains_with`: the expected text stands in the reply.
//!
//! Both are normalised as for `exact`, and the expected text must stand there as whole words
//! (`words: false` finds it anywhere). Where a reply marks its answer, only the answer and what
//! follows it are searched: reasons given before `Answer: London` may well name Paris.
//!
//! Finding a text is no proof that the reply says it, so an occurrence does not count where it is
//!
//! - denied: `not Paris`, `isn't Paris`, `never Paris`, `neither London nor Paris`, `rather than
//!   Paris`, `instead of Paris`, `unlike Paris`, `other than Paris`, `Paris is not the capital`,
//!   `Paris is wrong`;
//! - hearsay or taken back: `many believe it is Paris`, `Paris? No, …`;
//! - one of several: `Paris or London`, `either Paris …`, `Paris. Or London?`.
//!
//! A denial reaches no further than its clause. One occurrence that counts is enough.

use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::said::{Mark, plain, said};
use crate::answer::{Normal, Spaces, abstains};
use crate::span::{Node, Problems, Spanned};

/// `contains: "{{ answer }}"` or `contains_with: {answer: …, words: false, case: keep, …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Template of the text to be found.
    pub answer: Spanned<String>,
    normal: Normal,
    words: bool,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec {
            answer: settings::expectation(node, problems)?,
            normal: Normal::default(),
            words: true,
        })
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = settings::answer(&mut fields, problems);
        let normal = settings::normal(&mut fields, problems);
        let words = settings::switch(&mut fields, "words", true, problems);
        fields.finish(problems);
        let (normal, words) = (normal?, words?);
        if words && normal.spaces == Spaces::Ignore {
            let message = "`spaces: ignore` leaves no words to be told apart";
            problems.error(node.span, message, "add `words: false`, or leave out `spaces`");
            return None;
        }
        Some(Spec { answer: answer?, normal, words })
    }

    pub(super) fn bind(&self, answer: &str) -> Result<Contains, Unfit> {
        Ok(Contains {
            answer: Unfit::unless_empty(answer, self.answer.span)?.to_owned(),
            key: self.normal.apply(answer),
            normal: self.normal,
            words: self.words,
        })
    }
}

/// Expects a text somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contains {
    answer: String,
    key: String,
    normal: Normal,
    words: bool,
}

impl Contains {
    pub(super) fn expected(&self) -> String {
        self.answer.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        let said = said(text);
        // A text that is expected is an answer, even where it sounds like declining.
        if self.normal.apply(&said.text) != self.key && abstains(text) {
            return Verdict::Abstained.into();
        }
        let marked = matches!(said.mark, Mark::Enclosed | Mark::Label);
        let (searched, read) =
            if marked { (&*said.rest, &*said.text) } else { (text, text.trim()) };
        // `Newton's` is about Newton, and `Fermat's Last Theorem` is a name.
        let bare = searched.replace("'s", " ").replace("\u{2019}s", " ");
        let right = self.found(searched) || (bare.len() < searched.len() && self.found(&bare));
        Judgement::of(right, read)
    }

    fn found(&self, text: &str) -> bool {
        let hay = Hay::of(text, self.normal);
        hay.text.match_indices(&self.key).any(|(at, key)| {
            let end = at + key.len();
            (!self.words || hay.whole_words(at, end)) && hay.affirmed(at, end)
        })
    }
}

/// Marks the end of a sentence in a text that is about to lose its punctuation.
const SENTENCE: char = '\u{e000}';
/// Marks the end of a clause.
const CLAUSE: char = '\u{e001}';

/// A normalised text that still knows its words and clauses.
struct Hay {
    text: String,
    words: Vec<Word>,
}

struct Word {
    start: usize,
    end: usize,
    /// A sentence or clause ends before it.
    after: Option<char>,
}

impl Hay {
    fn of(text: &str, normal: Normal) -> Hay {
        let spaced = match normal.spaces {
            Spaces::Ignore => Spaces::Collapse,
            spaces => spaces,
        };
        let normalised = Normal { spaces: spaced, ..normal }.apply(&marked(&plain(text)));
        let mut hay = Hay { text: String::with_capacity(normalised.len()), words: Vec::new() };
        let (mut open, mut after) = (false, None);
        let mut chars = normalised.chars().peekable();
        while let Some(c) = chars.next() {
            if c == SENTENCE || c == CLAUSE {
                after = after.filter(|after| *after == SENTENCE).or(Some(c));
                open = false;
                // The mark stood between two spaces, one of which goes with it.
                let doubled = hay.text.is_empty() || hay.text.ends_with(' ');
                if spaced == Spaces::Collapse && doubled && chars.peek() == Some(&' ') {
                    chars.next();
                }
            } else if c.is_whitespace() {
                open = false;
                if normal.spaces != Spaces::Ignore {
                    hay.text.push(c);
                }
            } else {
                let start = hay.text.len();
                hay.text.push(c);
                let end = hay.text.len();
                if let Some(word) = hay.words.last_mut().filter(|_| open) {
                    word.end = end;
                } else {
                    hay.words.push(Word { start, end, after: after.take() });
                }
                open = true;
            }
        }
        hay
    }

    /// Whether neither end lies inside a word, a number or a name such as `C++`.
    fn whole_words(&self, start: usize, end: usize) -> bool {
        let key = &self.text[start..end];
        let mut before = self.text[..start].chars().rev();
        let mut after = self.text[end..].chars();
        parts(before.next(), before.next(), key.chars().next())
            && parts(after.next(), after.next(), key.chars().next_back())
    }

    /// The words of a span, small and without apostrophes.
    fn word(&self, i: usize) -> String {
        let Some(word) = self.words.get(i) else { return String::new() };
        let text = &self.text[word.start..word.end];
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    }

    /// Whether what stands here is said to be so: neither denied nor one of several.
    fn affirmed(&self, start: usize, end: usize) -> bool {
        let first = self.words.partition_point(|word| word.end <= start);
        let past = self.words.partition_point(|word| word.start < end);
        !self.denied_before(first) && !self.denied_after(past) && !self.alternative(first, past)
    }

    /// How many words before the text a denial of it may stand.
    const REACH: usize = 6;

    fn denied_before(&self, first: usize) -> bool {
        let mut clause: Vec<String> = Vec::new();
        let mut joined = true;
        let mut i = first;
        while i > 0 && clause.len() < Hay::REACH {
            match self.words.get(i).and_then(|word| word.after) {
                Some(SENTENCE) => break,
                // `not London, Paris or Rome` denies all, `not London, it is Paris` does not.
                Some(_) if !joined => break,
                _ => {}
            }
            i -= 1;
            let word = self.word(i);
            if matches!(word.as_str(), "but" | "however" | "yet" | "although" | "though") {
                break;
            }
            let listed = self.words.get(i).is_some_and(|word| word.after.is_some());
            joined = matches!(word.as_str(), "or" | "and" | "nor") || (joined && listed);
            clause.push(word);
        }
        clause.reverse();
        let said = clause.join(" ");
        let phrases = ["rather than", "instead of", "other than", "opposed to", "far from"];
        let denies = |(i, word): (usize, &String)| {
            let only = clause.get(i + 1).is_some_and(|next| {
                ["only", "just", "merely", "simply", "surprisingly"].contains(&next.as_str())
            });
            DENIALS.contains(&word.as_str()) && !only
        };
        // `Many believe it is Paris`: others do.
        let has = |words: &[&str]| clause.iter().any(|word| words.contains(&word.as_str()));
        let hearsay = has(OTHERS) && has(BELIEVE) && !has(&["i"]);
        phrases.iter().any(|phrase| said.contains(phrase))
            || clause.iter().enumerate().any(denies)
            || hearsay
            || self.neither(first)
    }

    /// Whether a list begun by `neither` goes on to here.
    fn neither(&self, first: usize) -> bool {
        let sentence = (0..first)
            .rev()
            .take(20)
            .take_while(|i| self.words.get(i + 1).is_none_or(|word| word.after != Some(SENTENCE)));
        sentence.into_iter().any(|i| self.word(i) == "neither")
    }

    fn denied_after(&self, past: usize) -> bool {
        // `Paris? No, it is London.`
        let ends = |i: usize| self.words.get(i).is_none_or(|word| word.after.is_some());
        let refused = matches!(self.word(past).as_str(), "no" | "nope" | "wrong" | "incorrect");
        if refused && ends(past) && ends(past + 1) {
            return true;
        }
        // `I thought it was Paris, but it's actually Rome.`
        let turned = |i: usize| matches!(self.word(i).as_str(), "actually" | "really");
        if self.word(past) == "but" && (past + 1..past + 4).any(turned) {
            return true;
        }
        let here = |i: usize| {
            let ends = (past..=i).any(|i| self.words.get(i).is_some_and(|w| w.after.is_some()));
            if ends { String::new() } else { self.word(i) }
        };
        let (one, two, three) = (here(past), here(past + 1), here(past + 2));
        let is = matches!(one.as_str(), "is" | "was" | "are" | "were" | "would" | "can");
        let denied = match (one.as_str(), two.as_str()) {
            ("isnt" | "wasnt" | "arent" | "werent" | "cannot" | "cant" | "wouldnt", rest) => {
                Some(rest)
            }
            (_, "not" | "never") if is => Some(three.as_str()),
            _ => None,
        };
        // `Paris is not far away` and `Paris is not only …` deny something else.
        let elsewhere = |rest: &str| AFTER_NOT.contains(&rest);
        denied.is_some_and(|rest| !elsewhere(rest)) || (is && BLAME.contains(&two.as_str()))
    }

    fn alternative(&self, first: usize, past: usize) -> bool {
        let before = first.checked_sub(1).map(|i| self.word(i)).unwrap_or_default();
        let fresh = self.words.get(first).is_some_and(|word| word.after == Some(SENTENCE));
        (!fresh && matches!(before.as_str(), "or" | "either")) || self.word(past) == "or"
    }
}

/// Words that deny what follows them in their clause.
const DENIALS: &[&str] = &[
    "not",
    "never",
    "nor",
    "neither",
    "without",
    "except",
    "excluding",
    "unlike",
    "cannot",
    "cant",
    "isnt",
    "wasnt",
    "arent",
    "werent",
    "dont",
    "doesnt",
    "didnt",
    "wont",
    "wouldnt",
    "couldnt",
    "shouldnt",
    "aint",
    "hardly",
    "mistakenly",
    "wrongly",
    "incorrectly",
    "falsely",
];

/// Who may be wrong, and what they do.
const OTHERS: &[&str] =
    &["many", "most", "some", "people", "often", "commonly", "popularly", "frequently"];
const BELIEVE: &[&str] = &[
    "believe", "believed", "think", "thought", "assume", "assumed", "say", "said", "claim",
    "claimed", "guess", "confused", "mistaken",
];

/// Words after `is not` by which it denies something else than the name before it.
const AFTER_NOT: &[&str] = &[
    "only", "just", "merely", "simply", "alone", "as", "in", "on", "at", "far", "near", "from",
    "part",
];

/// Words after `is` that deny the name before it.
const BLAME: &[&str] = &["wrong", "incorrect", "false", "mistaken", "out"];

/// Whether the character at an end of a text parts it from what stands beside it.
fn parts(beside: Option<char>, beyond: Option<char>, inner: Option<char>) -> bool {
    let Some(c) = beside else { return true };
    match c {
        c if c.is_whitespace() => true,
        '.' | ',' | ':' | '\'' => !beyond.is_some_and(char::is_alphanumeric),
        '$' => inner.is_some_and(char::is_alphabetic),
        _ => "<>|\\=→;!?()[]{}\"\u{201c}\u{201d}".contains(c),
    }
}

/// A text with marks of our own where sentences and clauses end.
fn marked(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().filter(|c| !matches!(*c, SENTENCE | CLAUSE)).peekable();
    while let Some(c) = chars.next() {
        let ends = chars.peek().is_none_or(|next| next.is_whitespace() || "*\"_)".contains(*next));
        let mark = match c {
            '\n' | ';' | '(' | ')' => Some(SENTENCE),
            '.' | '!' | '?' if ends => Some(SENTENCE),
            ',' | ':' if ends => Some(CLAUSE),
            '—' => Some(CLAUSE),
            _ => None,
        };
        marked.push(c);
        if let Some(mark) = mark {
            marked.push(mark);
        }
    }
    marked
}

#[cfg(test)]
mod tests;
