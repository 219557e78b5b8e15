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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::Fields;
    use super::*;
    use crate::score::Threshold;

    fn rows(text: &'static str) -> Result<Rows, ScoredError> {
        let threshold = Threshold::new(0.8).unwrap();
        let reading = Reading { fields: Fields::default(), threshold, skip_bad: false, top: 0 };
        reading.sides(Table::stream(Cursor::new(text)).unwrap())
    }

    #[test]
    fn every_answer_is_kept_by_the_name_of_its_case() {
        let rows = rows(
            "id,confidence,correct,group,source\n\
             a,0.9,0,g,one\na,0.8,1,g,one\nb,,1,,one\nc,0.7,,,one\n,0.7,1,,one\na,0.1,0,,two\n",
        )
        .unwrap();
        assert_eq!((rows.nameless, rows.skipped, rows.sources.len()), (1, 0, 2));
        let told: Vec<_> = rows.sources[0]
            .sides
            .iter()
            .map(|side| (side.case.as_str(), side.repeat, side.correct, side.confidence))
            .collect();
        assert_eq!(
            told,
            [
                ("a", 0, Some(false), Some(0.9)),
                ("a", 1, Some(true), Some(0.8)),
                ("b", 0, Some(true), None),
                ("c", 0, None, None),
            ]
        );
        let clusters: Vec<&str> =
            rows.sources[0].sides.iter().map(|side| side.cluster.as_str()).collect();
        assert_eq!(clusters, ["g", "g", "b", "c"]);
        assert!(rows.sources[0].sides[0].confident && !rows.sources[1].sides[0].confident);
    }

    #[test]
    fn bad_rows_are_refused_as_in_scoring() {
        let refused = rows("id,confidence,correct\na,1.9,1\n").unwrap_err();
        assert!(matches!(refused, ScoredError::Bad(_, 1)), "{refused:?}");
        let missing = rows("id,sure,correct\na,0.9,1\n").unwrap_err();
        assert!(matches!(missing, ScoredError::NoField("confidence", ..)), "{missing:?}");
    }
}
