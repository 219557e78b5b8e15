//! The surest wrong answers of a file, as many as are shown.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A confident wrong answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// How sure it was.
    pub confidence: f64,
    /// Number of its row, from 1.
    pub row: usize,
    /// Name of its case.
    pub id: Option<String>,
    /// The question.
    pub question: Option<String>,
    /// What the model said.
    pub answer: Option<String>,
    /// What is right.
    pub expected: Option<String>,
}

/// The first so many of a ranking, whatever passes by: the surest, and of equals the earlier row.
#[derive(Debug)]
pub(super) struct Surest {
    most: usize,
    kept: BinaryHeap<Reverse<Ranked>>,
}

impl Surest {
    pub fn new(most: usize) -> Surest {
        Surest { most, kept: BinaryHeap::new() }
    }

    /// Takes it if it is among the first so far.
    pub fn offer(&mut self, wrong: Wrong) {
        self.kept.push(Reverse(Ranked(wrong)));
        if self.kept.len() > self.most {
            self.kept.pop();
        }
    }

    /// The ranking, the first of it first.
    pub fn ranked(self) -> Vec<Wrong> {
        self.kept.into_sorted_vec().into_iter().map(|Reverse(Ranked(wrong))| wrong).collect()
    }
}

/// Ordered by confidence, then by the earlier row.
#[derive(Debug)]
struct Ranked(Wrong);

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> Ordering {
        let surer = self.0.confidence.total_cmp(&other.0.confidence);
        surer.then(other.0.row.cmp(&self.0.row))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surest_are_kept_and_of_equals_the_first() {
        let mut surest = Surest::new(3);
        for (row, confidence) in [0.5, 0.9, 0.7, 0.9, 1.0, 0.9].into_iter().enumerate() {
            let nothing = None::<String>;
            surest.offer(Wrong {
                confidence,
                row: row + 1,
                id: nothing.clone(),
                question: nothing.clone(),
                answer: nothing.clone(),
                expected: nothing,
            });
        }
        let rows: Vec<usize> = surest.ranked().into_iter().map(|wrong| wrong.row).collect();
        assert_eq!(rows, [5, 2, 4]);
    }
}
