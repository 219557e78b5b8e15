//! Rows for a comparison: every answer by the name of its case, those that were not graded included.

use std::collections::HashMap;

use crate::scorecard::Side;
use crate::suite::Table;

use super::value::Grade;
use super::{Answer, MOST_SOURCES, ONLY_SOURCE, Reader, Reading, ScoredError};

/// What was read for a comparison.
#[derive(Debug)]
pub struct Rows {
    /// Rows that were skipped because they are bad.
    pub skipped: usize,
    /// Rows without the name of a case, which cannot be paired.
    pub nameless: usize,
    /// One entry a source, in the order of first appearance.
    pub sources: Vec<SourceSides>,
}

/// The answers of one source.
#[derive(Debug)]
pub struct SourceSides {
    /// Its name.
    pub name: String,
    /// Its answers; rows of one name are repeats, in their order.
    pub sides: Vec<Side>,
}

impl Reading {
    /// Reads all rows for a comparison.
    ///
    /// # Errors
    /// See [`ScoredError`].
    pub fn sides(&self, mut table: Table) -> Result<Rows, ScoredError> {
        let mut reader = Reader::new(self);
        let mut sources: Vec<SourceSides> = Vec::new();
        let mut repeats: HashMap<(usize, String), u32> = HashMap::new();
        let mut nameless = 0;
        while let Some(placed) = table.next_row() {
            let Some(answer) = reader.read(placed)? else { continue };
            let name = answer.source.as_deref().unwrap_or(ONLY_SOURCE);
            let at = match sources.iter().position(|source| source.name == name) {
                Some(at) => at,
                None if sources.len() == MOST_SOURCES => {
                    return Err(ScoredError::TooManySources(self.fields.source.clone()));
                }
                None => {
                    sources.push(SourceSides { name: name.to_owned(), sides: Vec::new() });
                    sources.len() - 1
                }
            };
            let Some(case) = answer.id.clone() else {
                nameless += 1;
                continue;
            };
            let repeat = repeats.entry((at, case.clone())).or_default();
            sources[at].sides.push(self.side(answer, case, *repeat));
            *repeat += 1;
        }
        reader.check()?;
        Ok(Rows { skipped: reader.bad_count, nameless, sources })
    }

    fn side(&self, answer: Answer, case: String, repeat: u32) -> Side {
        let correct = match answer.grade {
            Some(Grade::Answered(correct)) => Some(correct),
            Some(Grade::NotAttempted) | None => None,
        };
        let confidence = answer.confidence.filter(|_| correct.is_some());
        Side {
            repeat,
            cluster: answer.group.unwrap_or_else(|| case.clone()),
            case,
            tags: answer.tags,
            correct,
            confidence,
            confident: confidence.is_some_and(|sure| sure >= self.threshold.get()),
            question: answer.question.unwrap_or_default(),
            said: answer.said.unwrap_or_default(),
            expected: answer.expected.unwrap_or_default(),
            ..Side::default()
        }
    }
}
