//! Numbers that are only together a statement: the ends of a range, alternatives, parts of a date.

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
