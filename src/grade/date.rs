//! `date` and `date_with`: the reply gives the expected date.
//!
//! `dates` says how dates are written. The expectation says how precise an answer must be: `1938`
//! wants a year, `March 1938` a month, `12 March 1938` a day, `12 March` a day of any year; what a
//! reply says beyond that is not looked at. A reply that says less can still be wrong, if what it
//! says contradicts; otherwise it is not readable, and neither is `12/03/1938` where only one of its
//! two meanings is right.
//!
//! Where several dates stand in a reply, the first of these that there is counts:
//!
//! 1. the first date of the part that the reply marks as its answer (`answer is`, `Answer:`,
//!    `<answer>`, `\boxed`), or of a line of its own;
//! 2. the date that is as precise as the expectation, if there is only one or all are the same;
//! 3. the less precise one, in the same way.
//!
//! Several different dates, none of them marked, are not readable. `within_days` widens an
//! expectation that is a day.

use super::dates::{Date, DayOrder, Found, scan};
use super::settings;
use super::{Judgement, Unfit, Verdict};
use crate::answer::abstains;
use crate::answer::said::{Mark, said};
use crate::span::{Node, Problems, Spanned};

/// `date: "{{ answer }}"` or `date_with: {answer: …, within_days: 1, order: dmy}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Template of the right date.
    pub answer: Spanned<String>,
    within_days: u32,
    order: Option<DayOrder>,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec { answer: settings::expectation(node, problems)?, within_days: 0, order: None })
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = settings::answer(&mut fields, problems);
        let within_days =
            fields.take("within_days").map_or(Some(0), |node| node.whole::<u32>(problems));
        let order = settings::keyword(&mut fields, "order", &["none", "dmy", "mdy"], problems);
        fields.finish(problems);
        let order = match order? {
            "dmy" => Some(DayOrder::DayFirst),
            "mdy" => Some(DayOrder::MonthFirst),
            _ => None,
        };
        Some(Spec { answer: answer?, within_days: within_days?, order })
    }

    pub(super) fn bind(&self, answer: &str) -> Result<On, Unfit> {
        let shown = Unfit::unless_empty(answer, self.answer.span)?.to_owned();
        let unfit = |message: String, remedy: &str| {
            Err(Unfit { span: self.answer.span, message, remedy: remedy.into() })
        };
        let found = scan(&shown, self.order, true);
        let example = "give one date such as 1938-03-12, 12 March 1938, March 1938 or 1938";
        let [Found { readings, .. }] = found.as_slice() else {
            let short = Unfit::shown(&shown);
            return match found.len() {
                0 => unfit(format!("`{short}` is not a date"), example),
                n => unfit(format!("`{short}` holds {n} dates"), example),
            };
        };
        let date = match readings.as_slice() {
            [date] => *date,
            [] => {
                let message = format!("`{}` is no day of the calendar", Unfit::shown(&shown));
                return unfit(message, example);
            }
            _ => {
                let message = format!(
                    "`{}` is two dates, as the day or the month may come first",
                    Unfit::shown(&shown)
                );
                return unfit(message, "write 1938-03-12, or add `order: dmy` or `order: mdy`");
            }
        };
        if self.within_days > 0 && date.civil().is_none() {
            let message = format!("`{}` is no day, so no days are near it", Unfit::shown(&shown));
            return unfit(message, "give day, month and year, or leave out `within_days`");
        }
        Ok(On { shown, date, within_days: self.within_days, order: self.order })
    }
}

/// Expects a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    shown: String,
    date: Date,
    within_days: u32,
    order: Option<DayOrder>,
}

/// How a date of a reply stands to the one expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    Other,
    /// It may be either.
    Open,
}

impl On {
    pub(super) fn expected(&self) -> String {
        self.shown.clone()
    }

    pub(super) fn judge(&self, text: &str) -> Judgement {
        if abstains(text) {
            return Verdict::Abstained.into();
        }
        let Some((likeness, read)) = self.answering(text) else {
            return Verdict::Unparsable.into();
        };
        match likeness {
            Likeness::Same => Judgement::of(true, read),
            Likeness::Other => Judgement::of(false, read),
            Likeness::Open => Verdict::Unparsable.into(),
        }
    }

    fn scan(&self, text: &str) -> Vec<Found> {
        scan(text, self.order, self.date.year.is_some_and(|year| year < 1000))
    }

    /// The date that answers, as it stands there.
    fn answering(&self, text: &str) -> Option<(Likeness, String)> {
        let said = said(text);
        let taken = |text: &str, found: &Found| {
            (self.likeness(&found.readings), text[found.at.clone()].to_owned())
        };
        if said.mark != Mark::None
            && let Some(found) = self.scan(&said.text).first()
        {
            return Some(taken(&said.text, found));
        }
        let found = self.scan(text);
        let (precise, vague): (Vec<&Found>, Vec<&Found>) = found
            .iter()
            .filter(|found| !found.readings.is_empty())
            .partition(|found| found.readings.iter().all(|date| self.projected(*date).is_some()));
        let candidates = if precise.is_empty() { vague } else { precise };
        let first = candidates.first()?;
        let shape = |found: &Found| {
            let shapes = found.readings.iter().map(|date| self.projected(*date).unwrap_or(*date));
            shapes.collect::<Vec<Date>>()
        };
        let same = candidates.iter().all(|found| shape(found) == shape(first));
        same.then(|| taken(text, first))
    }

    /// The part of a date that is expected, if it has that part.
    fn projected(&self, date: Date) -> Option<Date> {
        let part = Date {
            year: self.date.year.and(date.year),
            month: self.date.month.and(date.month),
            day: self.date.day.and(date.day),
        };
        let whole = part.year.is_some() == self.date.year.is_some()
            && part.month.is_some() == self.date.month.is_some()
            && part.day.is_some() == self.date.day.is_some();
        whole.then_some(part)
    }

    fn likeness(&self, readings: &[Date]) -> Likeness {
        let mut all = readings.iter().map(|date| self.like(*date));
        match all.next() {
            Some(first) if all.all(|other| other == first) => first,
            _ => Likeness::Open,
        }
    }

    fn like(&self, date: Date) -> Likeness {
        if let Some(part) = self.projected(date) {
            let same = match (part.civil(), self.date.civil()) {
                (Some(one), Some(other)) => {
                    let days = one.duration_until(other).as_hours().unsigned_abs() / 24;
                    days <= u64::from(self.within_days)
                }
                _ => part == self.date,
            };
            return if same { Likeness::Same } else { Likeness::Other };
        }
        let differs = |one: Option<i16>, other: Option<i16>| {
            one.zip(other).is_some_and(|(one, other)| one != other)
        };
        let contradicts = differs(date.year, self.date.year)
            || differs(date.month.map(i16::from), self.date.month.map(i16::from))
            || differs(date.day.map(i16::from), self.date.day.map(i16::from));
        // Days that are near may lie in another month or year.
        if contradicts && self.within_days == 0 { Likeness::Other } else { Likeness::Open }
    }
}

#[cfg(test)]
mod tests;
