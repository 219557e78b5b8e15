//! Dates as people and models write them.
//!
//! Read are `1938-03-12`, `1938/03/12`, `12 March 1938`, `12th of March, 1938`, `March 12, 1938`,
//! `12-Mar-1938`, `12.03.1938` (the day first), `12/03/1938` where an order is given or only one is
//! possible, and dates that leave something out: `March 1938`, `12 March`, `1938`, `44 BC`. Names of
//! months are English, in full or as three letters.
//!
//! A day that the calendar does not have (`31 February`) is no date, and neither is a part of it. The
//! ends of a range (`1914–1918`, `12–14 March`, `between 1914 and 1918`) and alternatives (`1938 or
//! 1939`) are found as what cannot be read: taking one of them would read something else. Dates that
//! only bound another (`before 1938`) or are denied (`not 1938`) are passed over.

use std::ops::Range;

use jiff::civil;

use super::units::unit;
use crate::answer::pieces::{Pieces, Sort};

/// Which of two numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayOrder {
    DayFirst,
    MonthFirst,
}

/// A date, perhaps without its day, its month or its year. The year 0 is 1 BC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: Option<i16>,
    pub(super) month: Option<i8>,
    pub(super) day: Option<i8>,
}

impl Date {
    fn new(year: Option<i16>, month: Option<i8>, day: Option<i8>) -> Option<Date> {
        // 2000 has every day that some year has.
        let valid = civil::Date::new(year.unwrap_or(2000), month.unwrap_or(1), day.unwrap_or(1));
        valid.is_ok().then_some(Date { year, month, day })
    }

    /// The day of the calendar, if it is one.
    pub(super) fn civil(self) -> Option<civil::Date> {
        civil::Date::new(self.year?, self.month?, self.day?).ok()
    }
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What it may mean: one date, two where the order of day and month is open, none where it is a
    /// range or no day of the calendar.
    pub(super) readings: Vec<Date>,
    /// Its bytes.
    pub(super) at: Range<usize>,
}

/// All dates of a text. Numbers of three digits are years only if asked for.
pub(super) fn scan(text: &str, order: Option<DayOrder>, early: bool) -> Vec<Found> {
    let scanner = Scanner { pieces: Pieces::of(text), order, early };
    let mut spans: Vec<Span> = Vec::new();
    let mut i = 0;
    while i < scanner.pieces.0.len() {
        match scanner.date(i) {
            Some((readings, end)) => {
                spans.push(Span { readings, at: i..end });
                i = end;
            }
            None => i += 1,
        }
    }
    scanner.join_ranges(&mut spans);
    let pieces = &scanner.pieces.0;
    let kept = spans.iter().filter(|span| !scanner.only_bounds(span.at.start));
    let found = |span: &Span| Found {
        readings: span.readings.clone(),
        at: pieces[span.at.start].at.start..pieces[span.at.end - 1].at.end,
    };
    kept.map(found).collect()
}

/// Readings with the pieces that they were read from.
struct Span {
    readings: Vec<Date>,
    at: Range<usize>,
}

type Read = Option<(Vec<Date>, usize)>;

struct Scanner {
    pieces: Pieces,
    order: Option<DayOrder>,
    early: bool,
}

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Scanner {
    /// The date that begins at a piece.
    fn date(&self, i: usize) -> Read {
        self.numeric(i)
            .or_else(|| self.day_month(i))
            .or_else(|| self.month_day(i))
            .or_else(|| self.year_alone(i))
    }

    fn word(&self, i: usize) -> Option<&str> {
        match &self.pieces.0.get(i)?.sort {
            Sort::Word(word) => Some(word),
            _ => None,
        }
    }

    fn mark(&self, i: usize) -> Option<char> {
        match self.pieces.0.get(i)?.sort {
            Sort::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    /// The number at a piece with its count of digits.
    fn number(&self, i: usize) -> Option<(i16, usize)> {
        let word = self.word(i)?;
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        Some((word.parse().ok().filter(|_| digits && word.len() <= 4)?, word.len()))
    }

    fn month(&self, i: usize) -> Option<i8> {
        let word = self.word(i)?;
        let named = |name: &&str| {
            let short = word.len() == 3 || word == "sept";
            *name == word || (short && name.starts_with(word))
        };
        i8::try_from(MONTHS.iter().position(named)? + 1).ok()
    }

    fn day(&self, i: usize) -> Option<i8> {
        let word = self.word(i)?;
        let digits = ["st", "nd", "rd", "th"].iter().find_map(|th| word.strip_suffix(th));
        let digits = digits.unwrap_or(word);
        let number = digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|day| number && (1..=31).contains(day))
    }

    /// A year in a date that has a month, with its era: up to four digits.
    fn year(&self, i: usize) -> Option<(i16, usize)> {
        // `AD 79`
        let before = self.word(i).is_some_and(|word| matches!(word, "ad" | "ce"));
        let i = i + usize::from(before);
        let (year, digits) = self.number(i)?;
        let (ancient, end) = match self.era(i + 1) {
            Some(era) => era,
            // The day of another date, or a number that belongs to what follows.
            None if digits < 3 && !before => return None,
            None => (false, i + 1),
        };
        Some((if ancient { 1 - year } else { year }, end))
    }

    /// Whether an era is that before Christ, and the piece after it.
    fn era(&self, i: usize) -> Option<(bool, usize)> {
        match self.word(i)? {
            "bc" | "bce" => Some((true, i + 1)),
            "ad" | "ce" => Some((false, i + 1)),
            first @ ("b" | "a") => {
                let second = self.word(i + 2)?;
                let dotted = self.mark(i + 1) == Some('.') && self.pieces.touch(i);
                let known = matches!((first, second), ("b", "c") | ("a", "d"));
                let end = i + 3 + usize::from(self.mark(i + 3) == Some('.'));
                (dotted && known).then_some((first == "b", end))
            }
            _ => None,
        }
    }

    /// Three numbers with marks between them.
    fn numeric(&self, i: usize) -> Read {
        let separator = self.mark(i + 1).filter(|mark| "-/.‐‑–".contains(*mark))?;
        let touching = (i..i + 4).all(|i| self.pieces.touch(i));
        if !touching || self.mark(i + 3) != Some(separator) || self.inside_number(i) {
            return None;
        }
        let ((one, first), (two, _)) = (self.number(i)?, self.number(i + 2)?);
        // `1938-03-12T10:00`
        let last = self.word(i + 4)?;
        let third = last.split_once('t').map_or(last, |(date, _)| date);
        if !third.bytes().all(|b| b.is_ascii_digit()) || third.len() > 4 {
            return None;
        }
        let three: i16 = third.parse().ok()?;
        let end = i + 5;
        if self.mark(end) == Some(separator)
            && self.pieces.touch(end - 1)
            && self.number(end + 1).is_some()
        {
            return None;
        }
        let small = |n: i16| i8::try_from(n).ok();
        let date = |year, month, day| Date::new(Some(year), Some(small(month)?), Some(small(day)?));
        let readings = match (first, third.len()) {
            (4, 1 | 2) => date(one, two, three).into_iter().collect(),
            (1 | 2, 4) => {
                let day_first = date(three, two, one);
                let month_first = date(three, one, two);
                match self.order {
                    _ if separator == '.' => day_first.into_iter().collect(),
                    Some(DayOrder::DayFirst) => day_first.into_iter().collect(),
                    Some(DayOrder::MonthFirst) => month_first.into_iter().collect(),
                    None => {
                        let mut both: Vec<Date> =
                            day_first.into_iter().chain(month_first).collect();
                        both.dedup();
                        both
                    }
                }
            }
            // The century is not ours to guess.
            (1 | 2, 2) => Vec::new(),
            _ => return None,
        };
        Some((readings, end))
    }

    /// `12 March 1938`, `12th of March`, `12-Mar-1938`.
    fn day_month(&self, i: usize) -> Read {
        let day = self.day(i)?;
        if self.inside_number(i) {
            return None;
        }
        // `12–14 March`, `12 and 13 March`
        let (j, several) = self.other_days(i + 1);
        let mut j = self.past(j, &["-", "/", "."]);
        j += usize::from(self.pieces.is_word(j, &["of"]));
        let month = self.month(j)?;
        let (year, end) = self.year_after(j + 1);
        let date = Date::new(year, Some(month), Some(day)).filter(|_| !several);
        Some((date.into_iter().collect(), end))
    }

    /// `March 12, 1938`, `March 1938`, `March 12`.
    fn month_day(&self, i: usize) -> Read {
        let month = self.month(i)?;
        let mut j = self.past(i + 1, &["."]);
        j += usize::from(self.pieces.is_word(j, &["the"]));
        let short = self.number(j).is_none_or(|(_, digits)| digits <= 2);
        let Some(day) = self.day(j).filter(|_| short && self.era(j + 1).is_none()) else {
            let (year, end) = self.year_after(i + 1);
            return Some((vec![Date::new(Some(year?), Some(month), None)?], end));
        };
        let (j, several) = self.other_days(j + 1);
        let (year, end) = self.year_after(j);
        let date = Date::new(year, Some(month), Some(day)).filter(|_| !several);
        Some((date.into_iter().collect(), end))
    }

    /// Past other days that are joined to the one before a piece, and whether there are any.
    fn other_days(&self, i: usize) -> (usize, bool) {
        let joined = |j: usize| {
            self.mark(j).is_some_and(|mark| "-–—,&/".contains(mark))
                || self.pieces.is_word(j, &["and", "or", "to"])
        };
        let short = |j: usize| self.number(j).is_none_or(|(_, digits)| digits <= 2);
        // Nobody names more, and a long row of numbers must not be walked anew from each.
        let more = (0..8).take_while(|n| {
            let j = i + 2 * n;
            joined(j) && self.day(j + 1).is_some() && short(j + 1)
        });
        let more = more.count();
        (i + 2 * more, more > 0)
    }

    /// The year after a month or a day, behind marks and `of`, and the piece after all of it.
    fn year_after(&self, j: usize) -> (Option<i16>, usize) {
        let k = self.past(j, &[".", "-", "/"]);
        let k = self.past(k, &[","]);
        let k = k + usize::from(self.pieces.is_word(k, &["of", "in"]));
        match self.year(k) {
            Some((year, end)) => (Some(year), end),
            None => (None, j),
        }
    }

    fn past(&self, i: usize, marks: &[&str]) -> usize {
        let skip = self.mark(i).is_some_and(|mark| marks.iter().any(|m| m.starts_with(mark)));
        i + usize::from(skip)
    }

    fn year_alone(&self, i: usize) -> Read {
        let (year, digits) = self.number(i)?;
        let marked = self.mark(i.wrapping_sub(1)).filter(|_| i > 0 && self.pieces.touch(i - 1));
        let priced = marked.is_some_and(|mark| "$€£¥₹#=+^_\\".contains(mark));
        if self.inside_number(i) || priced {
            return None;
        }
        let led = i > 0 && self.pieces.is_word(i - 1, &["ad", "ce"]);
        if let Some((ancient, end)) = self.era(i + 1) {
            let date = Date::new(Some(if ancient { 1 - year } else { year }), None, None)?;
            return Some((vec![date], end));
        }
        // `1914-18`
        let dash = self.mark(i + 1).is_some_and(|mark| "-–‐‑/".contains(mark));
        if digits == 4
            && dash
            && self.pieces.touch(i)
            && self.pieces.touch(i + 1)
            && self.number(i + 2).is_some()
        {
            return Some((Vec::new(), i + 3));
        }
        let counts = self.word(i + 1).is_some_and(|word| unit(word).is_some())
            || self.mark(i + 1).is_some_and(|mark| mark == '%' || mark == '°');
        let plausible = digits == 4 || (digits == 3 && self.early) || led;
        if !plausible || counts || year == 0 {
            return None;
        }
        Some((vec![Date::new(Some(year), None, None)?], i + 1))
    }

    /// Whether digits stand right before or after a piece, with a mark that makes them one number.
    fn inside_number(&self, i: usize) -> bool {
        let joins = |mark: Option<char>| mark.is_some_and(|mark| ".,:/".contains(mark));
        let digits =
            |i: usize| self.word(i).is_some_and(|word| word.bytes().any(|b| b.is_ascii_digit()));
        let before = i > 1
            && joins(self.mark(i - 1))
            && self.pieces.touch(i - 1)
            && self.pieces.touch(i - 2)
            && digits(i - 2);
        let decimal = matches!(self.mark(i + 1), Some('.' | ',' | ':'))
            && self.pieces.touch(i)
            && self.pieces.touch(i + 1)
            && digits(i + 2)
            && self.numeric_shape(i).is_none();
        before || decimal
    }

    /// Whether two more numbers follow with the same mark.
    fn numeric_shape(&self, i: usize) -> Option<()> {
        let mark = self.mark(i + 1)?;
        (self.mark(i + 3) == Some(mark) && self.word(i + 4).is_some()).then_some(())
    }

    /// Two dates that are the ends of a range or alternatives become one that cannot be read.
    fn join_ranges(&self, spans: &mut Vec<Span>) {
        let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans.drain(..) {
            match joined.last_mut() {
                Some(before) if self.ranges(before, span.at.start) => {
                    before.readings.clear();
                    before.at.end = span.at.end;
                }
                _ => joined.push(span),
            }
        }
        *spans = joined;
    }

    fn ranges(&self, before: &Span, next: usize) -> bool {
        let gap = before.at.end..next;
        if gap.len() > 3 {
            return false;
        }
        let dash = gap.len() == 1 && self.mark(gap.start).is_some_and(|m| "-–—~/".contains(m));
        let word =
            gap.clone().any(|i| self.pieces.is_word(i, &["to", "until", "till", "or", "through"]));
        let between = gap.clone().any(|i| self.pieces.is_word(i, &["and"]))
            && self.pieces.words_before(before.at.start, 2).any(|word| word == "between");
        let only = gap.clone().all(|i| !self.pieces.is_break(i) && self.mark(i) != Some('.'));
        (dash || word || between) && only
    }

    /// `before 1938`, `not 1938`: no answer stands there.
    fn only_bounds(&self, start: usize) -> bool {
        let mut before = self.pieces.words_before(start, 6).skip_while(|word| {
            ["in", "on", "the", "about", "around", "circa", "c", "early", "late", "year", "of"]
                .contains(word)
                || ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
                    .contains(word)
        });
        match before.next() {
            Some("before" | "after" | "until" | "till" | "since" | "by" | "not" | "never") => true,
            Some("than" | "to") => {
                matches!(before.next(), Some("later" | "earlier" | "rather" | "prior" | "other"))
            }
            Some(word) => word.ends_with("n't"),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
