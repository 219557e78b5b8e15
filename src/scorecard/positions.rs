//! Does the place of a choice decide, rather than what it says?
//!
//! A model without such a bias says each letter as often as it is right, finds the right choice
//! wherever it stands, and takes the same choice when the choices are put into another order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::record::{Outcome, Record};

/// Where an endpoint's answers stood among the choices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Positions {
    /// By letter.
    pub letters: BTreeMap<String, Position>,
    /// Standard deviation of the letters' recalls (`RStd`; Zheng et al. 2024, arXiv 2309.03882);
    /// null unless two letters have one.
    pub recall_std: Option<f64>,
    /// Rows that were asked in several orders, and answered with a choice each time.
    pub reordered: usize,
    /// Those of them in which it was the same choice every time.
    pub same_choice: usize,
}

/// One letter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Position {
    /// How often it was answered.
    pub said: usize,
    /// How often it was right, among graded answers.
    pub right: usize,
    /// How often it was answered where it was right.
    pub found: usize,
}

impl Positions {
    /// Of the graded answers that are letters; none without any.
    pub(super) fn of(records: &[&Record]) -> Option<Positions> {
        let mut letters: BTreeMap<String, Position> = BTreeMap::new();
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        for record in records {
            let Some((said, choice)) = answered(record) else { continue };
            letters.entry(said.to_owned()).or_default().said += 1;
            let expected = letters.entry(record.expected.clone()).or_default();
            expected.right += 1;
            expected.found += usize::from(record.outcome == Outcome::Correct);
            if let Some(row) = &record.row {
                let row = rows.entry(row).or_default();
                row.orders.insert(&record.choices);
                row.choices.insert(choice);
            }
        }
        if letters.is_empty() {
            return None;
        }
        let several = || rows.values().filter(|row| row.orders.len() > 1);
        let recalls = letters.values().filter(|letter| letter.right > 0);
        let recalls: Vec<f64> = recalls.map(|letter| share(letter.found, letter.right)).collect();
        Some(Positions {
            recall_std: deviation(&recalls),
            reordered: several().count(),
            same_choice: several().filter(|row| row.choices.len() == 1).count(),
            letters,
        })
    }
}

/// The choices of a row in the orders in which they were shown, and those that were taken.
#[derive(Default)]
struct Row<'a> {
    orders: BTreeSet<&'a Vec<String>>,
    choices: BTreeSet<&'a str>,
}

/// The letter and text of the choice that a graded record took, where letters are what is expected.
fn answered(record: &Record) -> Option<(&str, &str)> {
    let place = |text: &str| match text.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(usize::from(letter - b'A')),
        _ => None,
    };
    let said = record.answer.as_deref().filter(|_| record.outcome.is_graded())?;
    place(&record.expected).filter(|index| *index < record.choices.len())?;
    Some((said, record.choices.get(place(said)?)?))
}

fn share(part: usize, whole: usize) -> f64 {
    count(part) / count(whole)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(n: usize) -> f64 {
    n as f64
}

/// Population standard deviation; none of fewer than two.
fn deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let n = count(values.len());
    let mean = values.iter().sum::<f64>() / n;
    Some((values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;

    fn choice(row: &str, choices: [&str; 2], expected: &str, said: &str) -> Record {
        let outcome = if expected == said { Outcome::Correct } else { Outcome::Incorrect };
        Record {
            row: Some(row.into()),
            choices: choices.map(str::to_owned).to_vec(),
            expected: expected.into(),
            answer: Some(said.into()),
            outcome,
            ..record(0)
        }
    }

    #[test]
    fn a_model_that_always_says_a_is_found_out() {
        let records = [
            choice("one", ["x", "y"], "A", "A"),
            choice("one", ["y", "x"], "B", "A"),
            choice("two", ["p", "q"], "B", "B"),
            choice("two", ["q", "p"], "A", "A"),
        ];
        let positions = Positions::of(&records.iter().collect::<Vec<_>>()).unwrap();
        let letter = |name: &str| positions.letters[name];
        assert_eq!(letter("A"), Position { said: 3, right: 2, found: 2 });
        assert_eq!(letter("B"), Position { said: 1, right: 2, found: 1 });
        assert_eq!((positions.reordered, positions.same_choice), (2, 1));
        assert!((positions.recall_std.unwrap() - 0.25).abs() < 1e-12);
    }

    #[test]
    fn free_answers_have_no_positions() {
        let free = Record { choices: Vec::new(), ..record(0) };
        assert_eq!(Positions::of(&[&free]), None);
        let other = Record { answer: Some("Paris".into()), ..record(0) };
        assert_eq!(Positions::of(&[&other]), None);
    }
}
