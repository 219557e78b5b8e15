//! `numeric` and `numeric_with`: the reply gives the expected number.
//!
//! `numbers` says how numbers are written. Where several stand in a reply, the first of
//! these that there is counts:
//!
//! 1. the number that the reply encloses: in `\boxed{…}`, `<answer>…</answer>`, or as the `answer`
//!    of its JSON;
//! 2. the number after the last `answer is`, `answer:` or `####`: behind the last `=` of that
//!    sentence if it has one, the first otherwise; on the next line if the sentence ends there;
//! 3. a last line, or else a first line, that is nothing but a number;
//! 4. the number right after the last `=` or `≈`;
//! 5. the last number of the last sentence that has one, but for numbers in brackets behind it,
//!    numbers of the question, and years (`in 1995`) unless a year is expected.
//!
//! Numbers of an enumeration (`1. …`, `2. …`, `Step 3`), tolerances (`± 0.1`) and numbers that are
//! denied (`not 5`, `rather than 5`) are passed over. An end of a range (`10–20`, `between 10 and
//! 20`), one of two alternatives (`10 or 20`) and a part of a date are no answer: where one of them
//! would count, none is read. An ordinal (`24th`) is read where the answer has nothing else to offer.
//! Tolerances add up to the larger of both; without any, numbers must agree to nine digits. A unit, given in the spec or
//! standing in the expected text, must not differ from one in the reply; a reply without a unit,
//! or with a word that is no known unit, is judged by its number. Percent: if only the reply has
//! it, `50%` is read as 0.5 where the expected number lies between −1 and 1, else as 50; if only
//! the expectation has it, 50 and 0.5 both are `50%`.

use super::numbers::{
    Number, dated, denied, enumerates, is_year, joined, ordinal, plain, scan, tolerance,
};
use super::settings;
use super::units::unit;
use super::{Judgement, Unfit, Verdict};
use crate::answer::said::{enclosed, said};
use crate::answer::{Normal, abstains};
use crate::span::{Node, Problems, Spanned};

/// `numeric: "{{ answer }}"` or `numeric_with: {answer: …, tolerance: 0.1, relative: 1%, unit: km}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Template of the right number.
    pub answer: Spanned<String>,
    /// Template of its unit.
    pub unit: Option<Spanned<String>>,
    tolerance: f64,
    relative: f64,
}

impl Spec {
    pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Spec> {
        Some(Spec {
            answer: settings::expectation(node, problems)?,
            unit: None,
            tolerance: 0.0,
            relative: 0.0,
        })
    }

    pub(super) fn read_with(node: &Node, problems: &mut Problems) -> Option<Spec> {
        let mut fields = node.fields(problems)?;
        let answer = settings::answer(&mut fields, problems);
        let tolerance = fields.take("tolerance").map_or(Some(0.0), |node| {
            let number = node.number(problems)?;
            if number < 0.0 {
                problems.error(
                    node.span,
                    "a negative tolerance",
                    "write how far off an answer may be",
                );
                return None;
            }
            Some(number)
        });
        let relative = fields.take("relative").map_or(Some(0.0), |node| node.share(problems));
        let unit = fields.take("unit").map(|node| node.text(problems));
        fields.finish(problems);
        let unit = unit.map_or(Some(None), |unit| unit.map(Some))?;
        Some(Spec { answer: answer?, unit, tolerance: tolerance?, relative: relative? })
    }

    pub(super) fn bind(&self, answer: &str, unit_name: Option<&str>) -> Result<Numeric, Unfit> {
        let answer = answer.trim();
        let numbers = scan(&plain(answer));
        let [number] = numbers.as_slice() else {
            let shown: String = answer.chars().take(60).collect();
            let message = if answer.is_empty() {
                "the expected number is empty".into()
            } else if numbers.is_empty() {
                format!("`{shown}` is not a number")
            } else {
                format!("`{shown}` holds {} numbers", numbers.len())
            };
            let remedy = "give one number such as 206, 1,234.5, 1.2e5 or 3/4".into();
            return Err(Unfit { span: self.answer.span, message, remedy });
        };
        let named = unit_name.map(str::trim).filter(|name| !name.is_empty());
        let unit =
            named.map_or_else(|| number.unit.map(str::to_owned), |name| Some(canonical(name)));
        let shown = match named {
            Some(name) if number.unit.is_none() => format!("{answer} {name}"),
            _ => answer.to_owned(),
        };
        let (tolerance, relative) = (self.tolerance, self.relative);
        Ok(Numeric { shown, value: number.value, unit, tolerance, relative })
    }
}

fn canonical(name: &str) -> String {
    unit(name).map_or_else(|| Normal::default().apply(name), str::to_owned)
}

/// Expects a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Numeric {
    shown: String,
    value: f64,
    unit: Option<String>,
    tolerance: f64,
    relative: f64,
}

impl Numeric {
    pub(super) fn expected(&self) -> String {
        self.shown.clone()
    }

    pub(super) fn judge(&self, question: &str, text: &str) -> Judgement {
        if abstains(text) {
            return Verdict::Abstained.into();
        }
        let (question, years) = (plain(question), self.unit.is_none() && is_year(self.value));
        if self.unit.is_none() && self.value.fract() == 0.0 {
            let part = plain(&said(text).text);
            if let Some(number) = ordinal(&part, &question, years) {
                let read: String = part[number.start..number.end].iter().collect();
                return Judgement::of(self.near(number.value), read);
            }
        }
        let enclosed =
            enclosed(text).map(|inside| plain(&inside)).filter(|text| !scan(text).is_empty());
        let text = enclosed.unwrap_or_else(|| plain(text));
        let asked: Vec<f64> = scan(&question).iter().map(|number| number.value).collect();
        let Some(number) = choose(&text, &asked, years) else { return Verdict::Unparsable.into() };
        let read: String = text[number.start..number.end].iter().collect();
        Judgement::of(self.accepts(&number), read)
    }

    fn accepts(&self, number: &Number) -> bool {
        match (self.unit.as_deref(), number.unit) {
            (Some("%"), None) => self.near(number.value) || self.near(number.value * 100.0),
            (None, Some("%")) if self.value.abs() < 1.0 => self.near(number.value / 100.0),
            (Some(expected), Some(found)) => expected == found && self.near(number.value),
            _ => self.near(number.value),
        }
    }

    fn near(&self, value: f64) -> bool {
        let rounding = 1e-9 * self.value.abs();
        let allowed = self.tolerance.max(self.relative * self.value.abs());
        // The rounding stays on top: 1.1 is within 0.1 of 1.
        (value - self.value).abs() <= allowed + rounding
    }
}

/// The number that is the answer, by the rule above; `asked` are those of the question, and `years`
/// says whether a year may answer it.
fn choose(text: &[char], asked: &[f64], years: bool) -> Option<Number> {
    let mut numbers = scan(text);
    let steps: Vec<bool> = numbers.iter().map(|number| enumerates(text, number)).collect();
    if steps.iter().filter(|step| **step).count() > 1 {
        let mut step = steps.iter();
        numbers.retain(|_| !step.next().is_some_and(|step| *step));
    }
    numbers.retain(|number| !tolerance(text, number) && !denied(text, number));
    let joined = joined(text, &numbers);
    let reply = Reply { text, lower: text.iter().map(char::to_ascii_lowercase).collect(), numbers };
    if reply.numbers.len() < 2 {
        return reply.numbers.into_iter().next();
    }
    let found = reply.boxed().or_else(|| reply.labelled()).or_else(|| reply.alone());
    let found = found.or_else(|| reply.concluded()).or_else(|| reply.last(asked, years))?;
    let one_of_several =
        reply.numbers.iter().zip(joined).any(|(number, joined)| joined && number == found);
    (!one_of_several).then(|| found.clone())
}

struct Reply<'a> {
    text: &'a [char],
    lower: Vec<char>,
    /// At least two.
    numbers: Vec<Number>,
}

impl Reply<'_> {
    fn boxed(&self) -> Option<&Number> {
        let start = self.find_last("boxed{")?;
        let end =
            (start..self.text.len()).find(|i| self.text[*i] == '}').unwrap_or(self.text.len());
        self.between(start, end).next_back()
    }

    fn labelled(&self) -> Option<&Number> {
        let is_at = |i: usize, word: &str| {
            word.chars().zip(i..).all(|(c, i)| self.lower.get(i) == Some(&c))
        };
        (0..self.lower.len()).rev().find_map(|i| {
            let hashes = is_at(i, "####");
            (hashes || is_at(i, "answer")).then(|| self.after_label(i, hashes))?
        })
    }

    fn after_label(&self, label: usize, linked: bool) -> Option<&Number> {
        let end = self.sentence_end(label);
        let sentence: String = self.lower[label..end].iter().collect();
        let links = [" is", ":", "=", " be ", " was", "\""];
        let link =
            links.iter().filter_map(|link| sentence.find(link).map(|at| at + link.len())).min();
        if !linked && link.is_none() {
            return None;
        }
        let from = label + link.map_or(0, |at| sentence[..at].chars().count());
        if let Some(equals) = (from..end).rev().find(|i| "=≈".contains(self.text[*i]))
            && let Some(number) = self.between(equals, end).next()
        {
            return Some(number);
        }
        if let Some(number) = self.between(from, end).next() {
            let between: String = self.lower[label..number.start].iter().collect();
            return (!between.contains(" not ")).then_some(number);
        }
        // `Answer:` with the number on a line of its own.
        let next = self.numbers.iter().find(|number| number.start >= end)?;
        let bare =
            |from: usize, to: usize| !self.lower[from..to].iter().any(|c| c.is_alphanumeric());
        (bare(from, end) && bare(end, next.start)).then_some(next)
    }

    /// The number of a last or first line that is nothing else.
    fn alone(&self) -> Option<&Number> {
        let bare = |number: &Number, from: usize, to: usize| {
            let dress = |range: &[char]| {
                !range.iter().any(|c| c.is_alphanumeric() || "=+/^<>".contains(*c))
            };
            dress(&self.text[from..number.start]) && dress(&self.text[number.end..to])
        };
        let is_break = |i: &usize| self.text[*i] == '\n';
        let last = self.numbers.last()?;
        let line = (0..last.start).rev().find(is_break);
        if let Some(line) = line.filter(|line| bare(last, *line, self.text.len())) {
            return self.between(line, self.text.len()).next();
        }
        let first = self.numbers.first()?;
        let line = (first.end..self.text.len()).find(is_break)?;
        bare(first, 0, line).then_some(first)
    }

    /// The number behind the last `=`, or one that a later sentence ends with: `So it is 381.`
    fn concluded(&self) -> Option<&Number> {
        let equated = self.equated()?;
        let later = self.numbers.iter().rev().take_while(|number| number.start > equated.start);
        later.into_iter().find(|number| self.is_said_last(number)).or(Some(equated))
    }

    fn equated(&self) -> Option<&Number> {
        let signs = (0..self.text.len()).rev().filter(|i| "=≈".contains(self.text[*i]));
        signs.into_iter().find_map(|sign| {
            let number = self.numbers.iter().find(|number| number.start > sign)?;
            let gap = &self.text[sign + 1..number.start];
            let tied = gap.iter().all(|c| " *~_({\\`$£€".contains(*c));
            (tied && !self.restates(sign, number)).then_some(number)
        })
    }

    /// `1.35 pens = 1.35 pens` works nothing out.
    fn restates(&self, sign: usize, number: &Number) -> bool {
        let line = (0..sign).rev().find(|i| self.text[*i] == '\n').map_or(0, |at| at + 1);
        let mut before = self.between(line, sign);
        let operators = || self.text[line..sign].iter().any(|c| "+-*/×^÷".contains(*c));
        before.next().is_some_and(|only| only.value.to_bits() == number.value.to_bits())
            && before.next().is_none()
            && !operators()
    }

    /// Whether a sentence ends with the number behind its verb: `… is 381.`
    fn is_said_last(&self, number: &Number) -> bool {
        let before: String = self.lower[..number.start].iter().rev().take(12).collect();
        let before: String = before.chars().rev().collect();
        let said = [" is", " are", " was", " equals", " costs", " makes", " get"];
        let said = said.iter().any(|verb| before.trim_end_matches([' ', '*', '$']).ends_with(verb));
        let end = self.sentence_end(number.end);
        said && !self.text[number.end..end].iter().any(|c| c.is_alphanumeric())
    }

    /// The last number that is no aside, such as `(3.1 miles)` behind another number, and no number
    /// of the question; where there are only such, the one that a sentence ends with.
    fn last(&self, asked: &[f64], years: bool) -> Option<&Number> {
        // A percentage is worked out, even where it has the digits of a number of the question.
        let repeated = |number: &Number| {
            let same = asked.iter().any(|known| known.to_bits() == number.value.to_bits());
            same && number.unit != Some("%")
        };
        if self.numbers.iter().all(&repeated) {
            return self.numbers.iter().rev().find(|number| self.is_said_last(number));
        }
        let aside = |number: &Number| {
            let line = (0..number.start).rev().take(80).take_while(|i| self.text[*i] != '\n');
            let open = line.into_iter().find(|i| "()".contains(self.text[*i]))?;
            let behind = open > 0 && self.text[open] == '(' && self.text[open - 1] == ' ';
            behind.then(|| self.numbers.iter().any(|n| n.end <= open && open - n.end < 30))
        };
        let mut said = self.numbers.iter().rev();
        let fresh = |number: &&Number| !repeated(number) && (years || !dated(self.text, number));
        said.find(|number| aside(number) != Some(true) && fresh(number))
            .or_else(|| self.numbers.iter().rev().find(fresh))
            .or(self.numbers.last())
    }

    fn between(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &Number> {
        self.numbers.iter().filter(move |number| number.start >= from && number.start < to)
    }

    fn find_last(&self, word: &str) -> Option<usize> {
        let word: Vec<char> = word.chars().collect();
        self.lower.windows(word.len()).rposition(|window| window == word)
    }

    fn sentence_end(&self, from: usize) -> usize {
        let ends = |i: &usize| match self.text[*i] {
            '\n' | '!' | '?' | ';' => true,
            '.' => self.text.get(i + 1).is_none_or(|next| next.is_whitespace()),
            _ => false,
        };
        // A label marks nothing that far away.
        let most = self.text.len().min(from + 400);
        (from..most).find(ends).unwrap_or(most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_answering_number_is_found_among_others() {
        for (text, read) in [
            ("206", "206"),
            ("There are 206 bones.", "206"),
            ("**206**", "206"),
            ("An adult has 206 bones; a baby has about 270. The answer is 206.", "206"),
            ("The answer is 206, not 208 as some say.", "206"),
            ("The answer is 3 + 4 = 7.", "7"),
            ("The answer is 5 km, that is 5000 m.", "5 km"),
            ("3 + 4 = 7. That adds 2 numbers.", "7"),
            ("With 3 apples and 4 pears you have 7", "7"),
            ("x = 5 and y = 6, so x + y = 11", "11"),
            ("First 12, then 15. In the end 18 remain.", "18"),
            ("Answer: 42\n\nBecause 6 * 7 is 42 and 1 + 1 is 2.", "42"),
            ("**Answer:** 42 (out of 100)", "42"),
            ("Answer:\n42\nas 100 says", "42"),
            ("5 steps.\n#### 18", "18"),
            ("\\boxed{7} since 3 + 5 = 8 is too much", "7"),
            ("7\n\nThere are 3 red and 5 blue, less 1.", "7"),
            ("There are 3 red and 5 blue, less 1.\n\n**7**", "7"),
            ("1. Take 3.\n2. Add 4.\nThat makes 7.", "7"),
            ("Step 1: take 3. Step 2: add 4. You get 7", "7"),
            ("The answer to question 3 is 7.", "7"),
            ("The answer is not 8. It is 7.", "7"),
            ("The answer is ½", "1/2"),
            ("I say 1,234.5 of 2,000. The answer is 1,234.5.", "1,234.5"),
            ("{\"answer\": 7, \"steps\": 3}", "7"),
            ("The distance is 5 km (3.1 miles).", "5 km"),
            ("It weighs 5 ± 0.1 kg", "5"),
            ("From 10 to 20 it takes 7 steps", "7"),
            ("There were 42 in 1995.", "42"),
            ("As of 2021 there are 42.", "42"),
            ("There were 42 of 1995.", "1995"),
            ("Sum it: 20 - 13 = 7", "7"),
        ] {
            let plain = plain(text);
            let number = choose(&plain, &[], false).unwrap_or_else(|| panic!("{text:?}"));
            let found: String = plain[number.start..number.end].iter().collect();
            assert_eq!(found.trim(), read, "{text:?}");
        }
    }

    #[test]
    fn an_end_of_a_range_is_no_answer() {
        for text in [
            "10–20",
            "10-20",
            "10 to 20",
            "$10-$20",
            "The answer is 10–20.",
            "It takes between 10 and 20 days.",
            "10 or 20",
            "Answer: **10** or **20**",
            "\\boxed{10-20}",
            "It takes 10-20 days.",
            "on 2020-05-12",
            "In 1990 it was 1990–1995.",
        ] {
            assert_eq!(choose(&plain(text), &[], false), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(answer| is |=|\n|\\. |5|1/2|boxed\\{|\\}|####|½|-|a|:){0,16}|\\PC{0,30}") {
            let text = plain(&text);
            if let Some(number) = choose(&text, &[], false) {
                prop_assert!(number.end <= text.len());
            }
        }
    }
}
