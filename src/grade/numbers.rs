//! Numbers as people and models write them.
//!
//! Read are: thousands separators (`1,234.5`, `1 234`, `1'234`, `1_000`; `1.234,5` and `1.234.567`,
//! which can mean nothing else), a decimal comma where the digits after it are no group of three
//! (`0,5`; `1,234` is a thousand), fractions and mixed numbers (`3/4`, `1 1/2`, `½`, `\frac{3}{4}`),
//! powers and scientific notation (`1.2e5`, `1.2 × 10^5`, `1.2*10⁵`, `2^10`), percent, scale words
//! (`1.2 million`), a minus in any of its Unicode forms, a leading currency and a trailing unit.
//!
//! Not numbers are digits inside words (`H2O`, `COVID-19`), ordinals (`5th`; `ordinals` says where
//! one answers all the same), times and ratios (`10:30`),
//! dates and versions (`1/2/2020`, `1.2.3`): reading a part of them would read something else.

mod context;
mod ordinals;

use super::units::unit;
use crate::answer::unify;

pub(super) use context::{dated, denied, enumerates, is_year, joined, tolerance};
pub(super) use ordinals::ordinal;

/// A number found in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// Canonical name of a known unit, `%` and currencies included.
    pub(super) unit: Option<&'static str>,
    /// First and one past the last character, currency and unit included.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A text made ready to be scanned: TeX and Unicode spelt plainly.
pub(super) fn plain(text: &str) -> Vec<char> {
    let mut text = text.to_owned();
    for (tex, plain) in [
        ("\\dfrac", "\\frac"),
        ("\\tfrac", "\\frac"),
        ("\\times", "×"),
        ("\\cdot", "×"),
        ("{,}", ","),
        ("\\,", ""),
        ("\\!", ""),
        ("\\%", "%"),
        ("\\$", "$"),
        ("^\\circ", "°"),
        ("\\text{", " "),
        ("\\mathrm{", " "),
        ("\\approx", "≈"),
        ("\\pm", "±"),
    ] {
        text = text.replace(tex, plain);
    }
    while let Some((before, (over, under, after))) =
        text.split_once("\\frac{").and_then(|(before, rest)| Some((before, split_fraction(rest)?)))
    {
        text = format!("{before} {over}/{under}{after}");
    }
    unify(&text).chars().collect()
}

fn split_fraction(rest: &str) -> Option<(&str, &str, &str)> {
    let (over, rest) = rest.split_once("}{")?;
    let (under, after) = rest.split_once('}')?;
    Some((over, under, after))
}

/// All numbers of a text made [`plain`].
pub(super) fn scan(text: &[char]) -> Vec<Number> {
    let scanner = Scanner(text);
    let mut numbers = Vec::new();
    let mut i = 0;
    while i < text.len() {
        if !scanner.starts(i) {
            i += 1;
            continue;
        }
        if let Some(number) = scanner.number(i) {
            i = number.end.max(i + 1);
            numbers.push(number);
        } else {
            // The whole run is something else: a part of it is not a number.
            let in_run = |c: char| c.is_alphanumeric() || ".,:/_-^".contains(c);
            while scanner.is(i, in_run) {
                i += 1;
            }
        }
    }
    numbers
}

struct Scanner<'a>(&'a [char]);

impl Scanner<'_> {
    fn at(&self, i: usize) -> Option<char> {
        self.0.get(i).copied()
    }

    fn is(&self, i: usize, test: impl Fn(char) -> bool) -> bool {
        self.at(i).is_some_and(test)
    }

    fn digit(&self, i: usize) -> bool {
        self.is(i, |c| c.is_ascii_digit())
    }

    fn digits(&self, i: usize) -> usize {
        self.0[i.min(self.0.len())..].iter().take_while(|c| c.is_ascii_digit()).count()
    }

    fn starts(&self, i: usize) -> bool {
        self.digit(i) || (self.at(i) == Some('.') && self.digit(i + 1))
    }

    fn spaces(&self, i: usize) -> usize {
        i + self.0[i.min(self.0.len())..].iter().take_while(|c| **c == ' ').count()
    }

    /// The number whose first digit stands at `i`.
    fn number(&self, i: usize) -> Option<Number> {
        let (negative, mut start, mut unit) = self.lead(i)?;
        let (mantissa, j) = self.mantissa(i)?;
        let (mut value, mut end) = self.combined(i, mantissa, j)?;
        if self.at(end) == Some(':') && self.digit(end + 1) {
            return None;
        }
        if let Some((scale, after)) = self.scale_word(end) {
            value *= scale;
            end = after;
        }
        if unit == Some("$") && self.at(end) == Some('$') {
            // `$5$` is mathematics.
            unit = None;
            start += usize::from(self.at(start) == Some('$'));
        } else if let Some((found, after)) = self.unit_after(end) {
            unit = Some(found);
            end = after;
        } else if self.is(end, char::is_alphanumeric) {
            return None;
        }
        let value = if negative { -value } else { value };
        value.is_finite().then_some(Number { value, unit, start, end })
    }

    /// Sign and currency before the first digit.
    fn lead(&self, i: usize) -> Option<(bool, usize, Option<&'static str>)> {
        let before = |i: usize| i.checked_sub(1).and_then(|i| self.at(i));
        let mut start = i;
        let mut currency = None;
        if let Some(c) = before(start).filter(|c| "$€£¥₹".contains(*c)) {
            currency = unit(&c.to_string());
            start -= 1;
        }
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == ')');
        let negative = before(start) == Some('-') && !joins(before(start - 1));
        if negative {
            start -= 1;
        } else {
            let c = before(i);
            let in_word = c.is_some_and(|c| c.is_alphabetic() || c == '_' || c == '^');
            let named = c == Some('-') && i >= 2 && self.is(i - 2, char::is_alphabetic);
            if in_word || named {
                return None;
            }
        }
        let said: String =
            self.0[..start].iter().rev().take(20).collect::<Vec<_>>().into_iter().rev().collect();
        let said = said.to_lowercase();
        let minus = said.strip_suffix("minus ").is_some_and(|rest| {
            let rest = rest.trim_end();
            rest.is_empty() || rest.ends_with([':', '=']) || rest.ends_with(" is")
        });
        let word = if minus { "minus " } else { "negative " };
        let spelt = minus || said.ends_with(word);
        Some((negative || spelt, if spelt { start - word.len() } else { start }, currency))
    }

    /// Digits with their separators, as text that Rust reads, and where they end.
    fn mantissa(&self, i: usize) -> Option<(String, usize)> {
        let lead = self.digits(i);
        let mut text: String = self.0[i..i + lead].iter().collect();
        let mut j = i + lead;
        let groupable = (1..=3).contains(&lead) && !text.starts_with('0');
        let group =
            |j: usize, separator: char| self.at(j) == Some(separator) && self.digits(j + 1) == 3;
        let mut separator = None;
        if let Some(found) =
            self.at(j).filter(|c| groupable && ",. '_".contains(*c) && group(j, *c))
        {
            let groups = (0..self.0.len()).take_while(|n| group(j + 4 * n, found)).count();
            let after = j + 4 * groups;
            // `1.234` is a decimal number unless more follows that makes it a thousand.
            let comma = self.at(after) == Some(',') && self.digit(after + 1);
            let dotted = found == '.' && groups == 1 && !comma;
            let letters = found == ' ' && self.is(after, char::is_alphabetic);
            if !dotted && !letters {
                separator = Some(found);
                text.extend(self.0[j..after].iter().filter(|c| c.is_ascii_digit()));
                j = after;
            }
        }
        let points: &[char] = match separator {
            Some(',') => &['.'],
            Some('.') => &[','],
            _ => &['.', ','],
        };
        if let Some(point) = self.at(j).filter(|c| points.contains(c) && self.digit(j + 1)) {
            let decimals = self.digits(j + 1);
            text.push('.');
            text.extend(&self.0[j + 1..=j + decimals]);
            j += decimals + 1;
            // `1.2.3` and `1,2,3` are not one number, and neither is their beginning.
            if self.at(j) == Some(point) && self.digit(j + 1) {
                return None;
            }
        } else if self.is(j, |c| ".,".contains(c)) && self.digit(j + 1) {
            return None;
        }
        Some((text, j))
    }

    /// Mantissa with fraction, power or exponent.
    fn combined(&self, i: usize, mantissa: String, j: usize) -> Option<(f64, usize)> {
        let value: f64 = if mantissa.starts_with('.') { format!("0{mantissa}") } else { mantissa }
            .parse()
            .ok()?;
        let whole = self.digits(i) == j - i;
        if self.is(j, |c| c == 'e' || c == 'E')
            && let Some((exponent, end)) = self.exponent(j + 1)
        {
            return Some((value * 10f64.powi(exponent), end));
        }
        if let Some(power) = self.power_sign(j)
            && let Some((exponent, end)) = self.exponent(power)
        {
            return Some((value.powi(exponent), end));
        }
        if whole {
            if let Some((under, end)) = self.denominator(j) {
                return Some((value / under?, end));
            }
            let over = self.digits(j + 1);
            if self.at(j) == Some(' ')
                && over > 0
                && self.at(j + 1 + over) == Some('/')
                && let Some((under, end)) = self.denominator(j + 1 + over)
            {
                let numerator: String = self.0[j + 1..=j + over].iter().collect();
                return Some((value + numerator.parse::<f64>().ok()? / under?, end));
            }
        }
        let times = self.spaces(j);
        if self.is(times, |c| "×x*·✕".contains(c)) {
            let ten = self.spaces(times + 1);
            if self.at(ten) == Some('1')
                && self.at(ten + 1) == Some('0')
                && let Some(power) = self.power_sign(ten + 2)
                && let Some((exponent, end)) = self.exponent(power)
            {
                return Some((value * 10f64.powi(exponent), end));
            }
        }
        Some((value, j))
    }

    /// Past `^` or `**`.
    fn power_sign(&self, j: usize) -> Option<usize> {
        match (self.at(j), self.at(j + 1)) {
            (Some('^'), _) => Some(j + 1),
            (Some('*'), Some('*')) => Some(j + 2),
            _ => None,
        }
    }

    /// A small whole number with its sign, perhaps in brackets.
    fn exponent(&self, mut j: usize) -> Option<(i32, usize)> {
        let bracket = self.is(j, |c| c == '{' || c == '(');
        j += usize::from(bracket);
        let negative = self.at(j) == Some('-');
        j += usize::from(self.is(j, |c| c == '-' || c == '+'));
        let digits = self.digits(j);
        let text: String = self.0.get(j..j + digits)?.iter().collect();
        let exponent = text.parse::<i32>().ok().filter(|exponent| *exponent < 1000)?;
        let end = j + digits;
        if bracket && !self.is(end, |c| c == '}' || c == ')') {
            return None;
        }
        let end = end + usize::from(bracket);
        Some((if negative { -exponent } else { exponent }, end))
    }

    /// The denominator after a slash: none inside if it is no number or a date.
    fn denominator(&self, j: usize) -> Option<(Option<f64>, usize)> {
        let slash = self.spaces(j);
        let start = self.spaces(slash + 1);
        let digits = self.digits(start);
        if self.at(slash) != Some('/') || digits == 0 {
            return None;
        }
        let end = start + digits;
        let date = self.at(end) == Some('/') && self.digit(end + 1);
        let under: String = self.0[start..end].iter().collect();
        let under = under.parse::<f64>().ok().filter(|under| *under != 0.0 && !date);
        Some((under, end))
    }

    fn word(&self, j: usize) -> (String, usize) {
        let start = self.spaces(j);
        let letters =
            self.0[start.min(self.0.len())..].iter().take_while(|c| c.is_alphabetic()).count();
        (
            self.0[start.min(self.0.len())..][..letters].iter().collect::<String>().to_lowercase(),
            start + letters,
        )
    }

    fn scale_word(&self, j: usize) -> Option<(f64, usize)> {
        let (word, end) = self.word(j);
        let scale = match word.as_str() {
            "hundred" => 1e2,
            "thousand" => 1e3,
            "million" => 1e6,
            "billion" => 1e9,
            "trillion" => 1e12,
            _ => return None,
        };
        Some((scale, end))
    }

    /// A known unit after the number, at most a space away; the longest that is one.
    fn unit_after(&self, j: usize) -> Option<(&'static str, usize)> {
        let start = if self.at(j) == Some(' ') { j + 1 } else { j };
        if self.digit(start) {
            return None;
        }
        let longest = self.0[start.min(self.0.len())..]
            .iter()
            .take(24)
            .take_while(|c| c.is_alphanumeric() || " °%$€£¥₹/^".contains(**c))
            .count();
        let ends = (1..=longest).rev().map(|length| start + length);
        ends.filter(|end| {
            let inside = |i: usize| self.is(i, char::is_alphanumeric);
            !(inside(*end) && inside(end - 1)) && self.at(end - 1) != Some(' ')
        })
        .find_map(|end| {
            let text: String = self.0[start..end].iter().collect();
            let per_cent = text.eq_ignore_ascii_case("per cent");
            // A currency sign after a space belongs to the next number.
            let next = start > j && "$€£¥₹".contains(&text) && self.digit(end);
            unit(if per_cent { "%" } else { &text }).filter(|_| !next).map(|unit| (unit, end))
        })
    }
}

#[cfg(test)]
mod tests;
