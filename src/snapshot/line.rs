//! One case in a snapshot: one line.
//!
//! ```text
//! au-capital: incorrect confident_wrong 4/5 + correct unsure_right 1/5 0.7-0.95 #3fa9c1d2e0b7 "b sydney" known_wrong 2026-11-29 "fails since March"
//! ```
//!
//! The case; what became of its draws, most of them first, each with how many of how many; the bands
//! of their confidences; the beginning of the digest of the question and how it is judged; the
//! answer that was given most often among the first; and, of a wrong answer that somebody accepted,
//! when and why. A case without a confidence has no band, one without an answer no answer. Nothing
//! is padded, so a long name changes no other line.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use unicode_normalization::char::is_combining_mark;
use unicode_width::UnicodeWidthChar;

use super::{Band, State};
use crate::record::{Digest, Kind, Quadrant, Record};

/// Most characters of an answer that are kept; its digest tells the rest apart.
const MOST_CHARS: usize = 240;

/// No suite asks a case more often. Files may come from anybody, and tests walk all draws.
const MOST_DRAWS: usize = 1000;

/// One case in a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name of the case.
    pub case: String,
    /// What became of its draws, and of how many: most of them first, never empty.
    pub states: Vec<(State, usize)>,
    /// The bands of their confidences.
    pub band: Option<Band>,
    /// The question and how it is judged.
    pub subject: Subject,
    /// The answer given most often among the draws of the first state.
    pub answer: Option<Said>,
    /// Of a wrong answer that somebody accepted.
    pub known: Option<Known>,
}

/// The beginning of a digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject(u64);

/// An answer in the form in which answers are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// At most its first 240 characters.
    pub text: String,
    /// The beginning of the digest of all of it, where that is not all.
    pub rest: Option<u32>,
}

/// That an answer is known to be wrong. It is wrong all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// When it was accepted: a date.
    pub since: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Subject {
    /// The beginning of this digest.
    #[must_use]
    pub fn of(digest: &Digest) -> Subject {
        let first = digest.short();
        Subject(first[..6].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// That of a record; old ones have only the digest of all that was asked.
    #[must_use]
    pub fn of_record(record: &Record) -> Subject {
        Subject::of(record.subject.as_ref().unwrap_or(&record.content))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:012x}", self.0)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Subject, ()> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 12).ok_or(())?;
        let digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits);
        u64::from_str_radix(digits.ok_or(())?, 16).map(Subject).map_err(|_| ())
    }
}

impl Said {
    /// An answer in the form in which answers are compared.
    #[must_use]
    pub fn new(text: &str) -> Said {
        match text.char_indices().nth(MOST_CHARS) {
            None => Said { text: text.to_owned(), rest: None },
            Some((end, _)) => {
                let rest = Digest::of_bytes(text.as_bytes()).number() >> 32;
                Said { text: text[..end].to_owned(), rest: u32::try_from(rest).ok() }
            }
        }
    }
}

impl Line {
    /// How many draws it tells of.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.states.iter().map(|(_, count)| count).sum()
    }

    /// How many draws are as this says.
    #[must_use]
    pub fn count(&self, is: impl Fn(State) -> bool) -> usize {
        self.states.iter().filter(|(state, _)| is(*state)).map(|(_, count)| count).sum()
    }

    /// How many are confidently wrong.
    #[must_use]
    pub fn confident_wrong(&self) -> usize {
        self.count(|state| state.quadrant() == Some(Quadrant::ConfidentWrong))
    }

    /// How many are right.
    #[must_use]
    pub fn right(&self) -> usize {
        self.count(|state| state.kind() == Kind::Correct)
    }

    /// How many are wrong.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.count(|state| state.kind() == Kind::Incorrect)
    }

    /// What most of its draws became.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.states.first().map(|(state, _)| *state)
    }

    /// Whether most of its draws are wrong.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.state().is_some_and(|state| state.kind() == Kind::Incorrect)
    }

    /// Whether its draws were not all judged alike: right, wrong or not answered.
    #[must_use]
    pub fn is_unstable(&self) -> bool {
        let kind = self.state().map(State::kind);
        self.states.iter().any(|(state, _)| Some(state.kind()) != kind)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", name(&self.case))?;
        let all = self.draws();
        for (place, (state, count)) in self.states.iter().enumerate() {
            let and = if place > 0 { " +" } else { "" };
            write!(f, "{and} {state} {count}/{all}")?;
        }
        if let Some(band) = self.band {
            write!(f, " {band}")?;
        }
        write!(f, " {}", self.subject)?;
        if let Some(Said { text, rest }) = &self.answer {
            write!(f, " {}", quoted(text))?;
            if let Some(rest) = rest {
                write!(f, "~{rest:08x}")?;
            }
        }
        if let Some(Known { since, reason }) = &self.known {
            f.write_str(" known_wrong")?;
            if let Some(since) = since {
                write!(f, " {since}")?;
            }
            if let Some(reason) = reason {
                write!(f, " {}", quoted(reason))?;
            }
        }
        Ok(())
    }
}

/// A name as it stands, if nothing in it can be mistaken; else quoted.
fn name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+=".contains(c);
    let is_plain = !text.is_empty() && text.chars().all(plain);
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// A text as a JSON string in which everything that cannot be seen is written out: a diff shows what
/// is there, and a line stays a line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_seen(c) => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out += &format!("\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
    out
}

/// Whether a reader sees that a character is there: it takes room, or is a mark on one that does.
pub(super) fn is_seen(c: char) -> bool {
    let takes_room = c.width().is_some_and(|width| width > 0) && !c.is_whitespace();
    let blank = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    let selects = matches!(c, '\u{34f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    c == ' ' || takes_room && !blank || is_combining_mark(c) && !selects
}

/// Why a line cannot be read, and where in it: a place in bytes, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Bytes before it.
    pub at: usize,
    /// What is wanted there.
    pub wanted: &'static str,
}

impl FromStr for Line {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Line, Malformed> {
        let mut words = Words { text, at: 0 };
        let case = words.name()?;
        words.sign(":", "a colon behind the case")?;
        let states = words.states()?;
        let band = words.band();
        let subject = words.subject()?;
        let answer = words.answer()?;
        let known = words.known()?;
        if words.at < text.len() {
            return Err(words.wants("the end of the line"));
        }
        Ok(Line { case, states, band, subject, answer, known })
    }
}

struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn wants(&self, wanted: &'static str) -> Malformed {
        Malformed { at: self.at, wanted }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn sign(&mut self, word: &str, wanted: &'static str) -> Result<(), Malformed> {
        if !self.rest().starts_with(word) {
            return Err(self.wants(wanted));
        }
        self.at += word.len();
        Ok(())
    }

    /// The next word, up to a blank, without taking it.
    fn peek(&self) -> Option<&'a str> {
        self.rest().strip_prefix(' ')?.split(' ').next().filter(|word| !word.is_empty())
    }

    fn take(&mut self, word: &str) {
        self.at += 1 + word.len();
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let rest = self.rest();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let found = values.next().and_then(Result::ok);
        let found = found.ok_or_else(|| self.wants("a text in double quotes"))?;
        self.at += values.byte_offset();
        Ok(found)
    }

    fn name(&mut self) -> Result<String, Malformed> {
        if self.rest().starts_with('"') {
            return self.string();
        }
        let name = self.rest().split([':', ' ']).next().unwrap_or_default();
        if name.is_empty() {
            return Err(self.wants("the name of a case"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    fn states(&mut self) -> Result<Vec<(State, usize)>, Malformed> {
        let (mut states, mut all) = (Vec::new(), None);
        loop {
            let outcome = self.peek().ok_or_else(|| self.wants("an outcome"))?;
            let before = self.at;
            self.take(outcome);
            let next = self.peek().ok_or_else(|| self.wants("how many draws of how many"))?;
            let quadrant = if next.contains('/') { None } else { Some(next) };
            let Some(state) = State::named(outcome, quadrant) else {
                self.at = before;
                return Err(self.wants("an outcome, and a quadrant that goes with it"));
            };
            if let Some(quadrant) = quadrant {
                self.take(quadrant);
            }
            let counts = self.peek().unwrap_or_default();
            let number = |text: &str| text.parse().ok().filter(|n| (1..=MOST_DRAWS).contains(n));
            let counted = counts.split_once('/').and_then(|(k, n)| number(k).zip(number(n)));
            let (count, of) = counted.ok_or_else(|| self.wants("how many draws of how many"))?;
            if all.is_some_and(|all| all != of) || states.iter().any(|(known, _)| *known == state) {
                return Err(self.wants("each outcome once, of the same number of draws"));
            }
            all = Some(of);
            self.take(counts);
            states.push((state, count));
            if self.peek() != Some("+") {
                break;
            }
            self.take("+");
        }
        let drawn: usize = states.iter().map(|(_, count)| count).sum();
        if Some(drawn) != all {
            return Err(self.wants("counts that add up to all draws"));
        }
        Ok(states)
    }

    fn band(&mut self) -> Option<Band> {
        let word = self.peek()?;
        let band = word.parse().ok()?;
        self.take(word);
        Some(band)
    }

    fn subject(&mut self) -> Result<Subject, Malformed> {
        let word = self.peek().unwrap_or_default();
        let subject = word.parse();
        let subject = subject.map_err(|()| self.wants("a band or the digest of the question"))?;
        self.take(word);
        Ok(subject)
    }

    fn answer(&mut self) -> Result<Option<Said>, Malformed> {
        if !self.rest().starts_with(" \"") {
            return Ok(None);
        }
        self.at += 1;
        let text = self.string()?;
        let mut said = Said { text, rest: None };
        if let Some(rest) = self.rest().strip_prefix('~') {
            let digits = rest.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            said.rest = Some(digits.ok_or_else(|| self.wants("the digest of a longer answer"))?);
            self.at += 9;
        }
        Ok(Some(said))
    }

    fn known(&mut self) -> Result<Option<Known>, Malformed> {
        if self.peek() != Some("known_wrong") {
            return Ok(None);
        }
        self.take("known_wrong");
        let mut known = Known::default();
        if let Some(date) = self.peek().filter(|word| is_date(word)) {
            self.take(date);
            known.since = Some(date.to_owned());
        }
        if self.rest().starts_with(" \"") {
            self.at += 1;
            known.reason = Some(self.string()?);
        }
        Ok(Some(known))
    }
}

/// Whether a text looks like `2026-11-29`.
#[must_use]
pub fn is_date(text: &str) -> bool {
    let shape = |(place, c): (usize, char)| match place {
        4 | 7 => c == '-',
        _ => c.is_ascii_digit(),
    };
    text.len() == 10 && text.chars().enumerate().all(shape)
}

#[cfg(test)]
pub(super) mod tests;
