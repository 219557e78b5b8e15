//! Does the place of a choice decide, rather than what it says?
//!
//! A model without such a bias says each letter as often as it is right, finds the right choice
//! wherever it stands, and takes the same choice when the choices are put into another order.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::record::{Brief, Name, Run};

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
    pub(super) fn of(run: &Run, briefs: &[&Brief]) -> Option<Positions> {
        let mut letters: BTreeMap<String, Position> = BTreeMap::new();
        let mut rows: HashMap<Name, Row> = HashMap::new();
        for brief in briefs {
            let Some((said, right)) = brief.letter().zip(brief.label()) else { continue };
            letters.entry(letter(said)).or_default().said += 1;
            let expected = letters.entry(letter(right)).or_default();
            expected.right += 1;
            expected.found += usize::from(brief.right() == Some(true));
            // A row that is one case was asked in one order.
            if let Some(choice) = run.choice(brief) {
                let first = Row { order: choice.order, choice: choice.text, ..Row::default() };
                let row = rows.entry(brief.row()).or_insert(first);
                row.reordered |= choice.order != row.order;
                row.wavering |= choice.text != row.choice;
            }
        }
        if letters.is_empty() {
            return None;
        }
        let several = || rows.values().filter(|row| row.reordered);
        let recalls = letters.values().filter(|letter| letter.right > 0);
        let recalls: Vec<f64> = recalls.map(|letter| share(letter.found, letter.right)).collect();
        Some(Positions {
            recall_std: deviation(&recalls),
            reordered: several().count(),
            same_choice: several().filter(|row| !row.wavering).count(),
            letters,
        })
    }
}

/// A row: the first order of its choices and the first choice taken, and whether others followed.
#[derive(Default)]
struct Row {
    order: u64,
    choice: u64,
    reordered: bool,
    wavering: bool,
}

/// The letter at a place.
fn letter(place: u8) -> String {
    char::from(b'A' + place).to_string()
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
    use crate::record::tests::{header, record};
    use crate::record::{Outcome, Record};

    fn positions(records: Vec<Record>) -> Option<Positions> {
        let records = records.into_iter().enumerate();
        let records = records.map(|(index, record)| Record { index, ..record }).collect();
        let run = Run::of(header(4), records);
        Positions::of(&run, &run.briefs().iter().collect::<Vec<_>>())
    }

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
        let positions = positions(records.to_vec()).unwrap();
        let letter = |name: &str| positions.letters[name];
        assert_eq!(letter("A"), Position { said: 3, right: 2, found: 2 });
        assert_eq!(letter("B"), Position { said: 1, right: 2, found: 1 });
        assert_eq!((positions.reordered, positions.same_choice), (2, 1));
        assert!((positions.recall_std.unwrap() - 0.25).abs() < 1e-12);
    }

    #[test]
    fn free_answers_have_no_positions() {
        let free = Record { choices: Vec::new(), ..record(0) };
        assert_eq!(positions(vec![free]), None);
        let other = Record { answer: Some("Paris".into()), ..record(0) };
        assert_eq!(positions(vec![other]), None);
    }
}
