//! Ordinals: `24th`, `the 24th week`.
//!
//! An ordinal mostly counts something else than what was asked for (`the 50th state`), so it is read
//! only where nothing else can be the answer: no number stands in the answer but full dates, years
//! and numbers of the question, and one ordinal does. It must stand in a few words of its own, or
//! before a word of the question: `the 24th week` answers `In which week …?`. The day of a month
//! (`the 24th of June`), a century where a year is asked for, and ordinals in words are not read.

use super::{Number, dated, denied, scan};

/// Longer answers are sentences, which may count anything.
const FEW_WORDS: usize = 4;

/// The ordinal that is the answer in this part of a reply, if nothing else can be.
pub(in super::super) fn ordinal(part: &[char], question: &[char], years: bool) -> Option<Number> {
    let asked = scan(question);
    let rival = |number: &Number| {
        let repeated = asked.iter().any(|known| known.value.to_bits() == number.value.to_bits());
        !repeated && !in_date(part, number.start) && (years || !dated(part, number))
    };
    if scan(part).iter().any(rival) {
        return None;
    }
    let found = ordinals(part);
    let first = found.first()?;
    if found.iter().any(|other| other.value.to_bits() != first.value.to_bits()) {
        return None;
    }
    let few = words(part).len() <= FEW_WORDS;
    let asked_words = words(question);
    let asked_for = |number: &Number| asked_words.contains(&next_word(part, number.end));
    let century = |number: &Number| years && next_word(part, number.end).starts_with("centur");
    let repeats =
        ordinals(question).iter().any(|known| known.value.to_bits() == first.value.to_bits());
    let meant = |number: &&Number| {
        !repeats
            && !denied(part, number)
            && !in_month(part, number)
            && !century(number)
            && (few || asked_for(number))
    };
    found.iter().find(meant).cloned()
}

/// All ordinals in digits.
fn ordinals(text: &[char]) -> Vec<Number> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let digits = text[start..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == 0 {
            start += 1;
            continue;
        }
        let (from, end) = (start, start + digits + 2);
        start += digits;
        // `1/5th`, `mid-19th`, `10-20th` and `x5th` are something else.
        let joined = from
            .checked_sub(1)
            .is_some_and(|i| text[i].is_alphanumeric() || ".,:/_^-$".contains(text[i]));
        let Some(suffix) = text.get(end - 2..end) else { continue };
        let suffix: String = suffix.iter().map(char::to_ascii_lowercase).collect();
        let whole = !text.get(end).is_some_and(|c| c.is_alphanumeric());
        if joined || !whole || !["st", "nd", "rd", "th"].contains(&suffix.as_str()) {
            continue;
        }
        let digits: String = text[from..end - 2].iter().collect();
        if let Some(value) = digits.parse::<f64>().ok().filter(|value| value.is_finite()) {
            found.push(Number { value, unit: None, start: from, end });
        }
    }
    found
}

/// Whether a place lies in a date such as `2094-06-23`.
fn in_date(text: &[char], at: usize) -> bool {
    const LENGTH: usize = 10;
    let fits = |from: usize| {
        let window = text.get(from..from + LENGTH);
        window.is_some_and(|window| {
            window.iter().enumerate().all(|(i, c)| match i {
                4 | 7 => *c == '-',
                _ => c.is_ascii_digit(),
            })
        })
    };
    ((at + 1).saturating_sub(LENGTH)..=at).any(fits)
}

/// `24th of June`, `June 24th`.
fn in_month(text: &[char], number: &Number) -> bool {
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
    let month = |word: &String| {
        word.len() >= 3 && MONTHS.iter().any(|month| month.starts_with(word.as_str()))
    };
    let near = number.end + 16;
    let before = words(&text[number.start.saturating_sub(16)..number.start]);
    let after = words(&text[number.end..near.min(text.len())]);
    before.iter().rev().find(|word| *word != "the").is_some_and(month)
        || after.iter().find(|word| *word != "of").is_some_and(month)
}

fn words(text: &[char]) -> Vec<String> {
    let text: String = text.iter().collect::<String>().to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// The word behind a place.
fn next_word(text: &[char], from: usize) -> String {
    let letters = text[from..].iter().skip_while(|c| " *_".contains(**c));
    letters.take_while(|c| c.is_alphanumeric()).flat_map(|c| c.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;

    fn read(part: &str, question: &str) -> Option<f64> {
        ordinal(&plain(part), &plain(question), false).map(|number| number.value)
    }

    #[test]
    fn an_ordinal_answers_where_nothing_else_can() {
        let week = "In which week by ISO 8601 does 23 June 2094 lie? Give the number of the week.";
        for (part, question) in [
            ("24th", ""),
            ("the 24th week", ""),
            ("the 24th marathon", ""),
            ("24th, maybe", ""),
            ("**24th**", ""),
            ("24ᵗʰ", ""),
            ("the 24th week of 2094", week),
            ("2094-06-23 is in the 24th week of 2094.", week),
            ("23 June 2094 lies in the 24th week.", week),
            ("It is the 24th week, yes, the 24th.", week),
        ] {
            assert_eq!(read(part, question), Some(24.0), "{part:?}");
        }
    }

    #[test]
    fn a_long_answer_costs_linear_time() {
        for piece in ["24th ", "24th of May ", "2094-06-23 ", "2094-06-23 is the 24th day "] {
            assert_eq!(read(&piece.repeat(20_000), "Which?"), None, "{piece:?}");
        }
    }

    #[test]
    fn an_ordinal_that_counts_something_else_is_no_answer() {
        for (part, question) in [
            ("Hawaii is the 50th state of the union.", "How many people live in Hawaii?"),
            ("the 24th or 25th week", "In which week?"),
            ("the 24th week of 52", "In which week?"),
            ("not the 24th week", "In which week?"),
            ("24th of June", "In which week?"),
            ("June the 24th", "In which week?"),
            ("24th June", "In which week?"),
            ("Sep 24th", "In which week?"),
            ("the 3rd power", "What is the 3rd power of 5?"),
            ("1/5th", ""),
            ("10-20th", ""),
            ("mid-19th", ""),
            ("x5th", ""),
            ("24 the", ""),
            ("", ""),
        ] {
            assert_eq!(read(part, question), None, "{part:?}");
        }
        let century = plain("the 19th century");
        assert_eq!(ordinal(&century, &[], true), None);
        assert!(ordinal(&century, &[], false).is_some());
    }
}
