//! What stands around a number and makes something else of it than an answer.

use super::Number;

/// For each number, whether it is an end of a range (`10–20`, `10 to 20`, `between 10 and 20`), one
/// of two alternatives (`10 or 20`) or a part of a row such as `2020-05-12`.
pub(in super::super) fn joined(text: &[char], numbers: &[Number]) -> Vec<bool> {
    let mut joined = vec![false; numbers.len()];
    for n in 1..numbers.len() {
        let (one, other) = (&numbers[n - 1], &numbers[n]);
        if joins(text, one, other) {
            joined[n - 1] = true;
            joined[n] = true;
        }
    }
    joined
}

fn joins(text: &[char], one: &Number, other: &Number) -> bool {
    // A minus that joins two numbers is read as the sign of neither.
    let gap = text.get(one.end..other.start).unwrap_or_default();
    if gap.len() > 12 || gap.contains(&'\n') {
        return false;
    }
    let gap: String = gap.iter().filter(|c| !"*$\\() ".contains(**c)).collect();
    // `5 km or 3.1 miles` says one thing twice.
    let alike = one.unit.is_none() || other.unit.is_none() || one.unit == other.unit;
    match gap.to_lowercase().as_str() {
        "-" | "--" | "—" | "to" => alike,
        "or" => alike && (one.value - other.value).abs() > f64::EPSILON * one.value.abs(),
        "and" => {
            let before: String = text[..one.start].iter().rev().take(12).collect();
            before.trim_start_matches([' ', '*', '$']).to_lowercase().starts_with("neewteb")
        }
        _ => false,
    }
}

/// Whether a number is how far off another one may be: `5 ± 0.1`.
pub(in super::super) fn tolerance(text: &[char], number: &Number) -> bool {
    let before: String = text[..number.start].iter().rev().take(20).collect();
    let before = before.trim_start().to_lowercase();
    ["±", "-/+", "sunim ro sulp"].iter().any(|sign| before.starts_with(sign))
}

/// `not 5`, `isn't exactly 5`, `rather than 5`: no answer stands there.
pub(in super::super) fn denied(text: &[char], number: &Number) -> bool {
    let before: String = text[number.start.saturating_sub(40)..number.start].iter().collect();
    let before = before.to_lowercase();
    let clause = before.rsplit(['.', ',', ';', ':', '!', '?', '\n']).next().unwrap_or("");
    let mark = |c: char| !c.is_alphanumeric() && c != '\'';
    let mut words = clause.split(mark).filter(|word| !word.is_empty()).rev().skip_while(|word| {
        matches!(*word, "exactly" | "equal" | "to" | "the" | "number" | "really" | "quite" | "a")
    });
    match words.next() {
        Some("not" | "never" | "unlike") => true,
        Some("than") => matches!(words.next(), Some("rather" | "other")),
        Some("of") => words.next() == Some("instead"),
        Some(word) => word.ends_with("n't"),
        None => false,
    }
}

/// Whether a number could be that of a year.
pub(in super::super) fn is_year(value: f64) -> bool {
    value.fract() == 0.0 && (1000.0..=2100.0).contains(&value)
}

/// `in 1995`: when it was, not how much.
pub(in super::super) fn dated(text: &[char], number: &Number) -> bool {
    const WORDS: &[&str] = &[
        "in",
        "since",
        "during",
        "until",
        "year",
        "as of",
        "by",
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
    let before: String = text[number.start.saturating_sub(12)..number.start].iter().collect();
    let before = before.trim_end().to_lowercase();
    let said = WORDS.iter().any(|word| {
        before.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
    });
    let bare = text[number.start..number.end].iter().all(char::is_ascii_digit);
    said && bare && number.unit.is_none() && is_year(number.value)
}

/// `1. …` at the start of a line, or `Step 1`.
pub(in super::super) fn enumerates(text: &[char], number: &Number) -> bool {
    let before: String = text[..number.start].iter().rev().take(12).collect();
    let before: String = before.chars().rev().collect::<String>().to_lowercase();
    if ["step", "question", "part", "case"].iter().any(|word| before.trim_end().ends_with(word)) {
        return true;
    }
    let line = before.rsplit('\n').next().unwrap_or("");
    let opens =
        (before.contains('\n') || number.start < 12) && line.chars().all(|c| " #*-(".contains(c));
    let closed = text.get(number.end).is_some_and(|c| ".):".contains(*c));
    let follows = text.get(number.end + 1).is_some_and(|c| " *".contains(*c));
    opens && closed && follows && number.value.fract() == 0.0
}
