//! Parts of the cases that have a budget of their own.

use serde::Serialize;

use super::Rate;
use crate::record::{Header, Outcome, Quadrant, Record};
use crate::score::Proportion;

/// What the budget of a part is judged by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SliceCard {
    /// The words that select the part.
    pub name: String,
    /// Number of finished trials.
    pub finished: usize,
    /// Finished trials about which the confident-wrong count says nothing.
    pub unmeasured: usize,
    /// Right answers among those graded.
    pub accuracy: Rate,
    /// Confidently wrong among graded answers with a primary confidence.
    pub confident_wrong: Rate,
}

/// One card for each part that the header names.
pub(super) fn of(header: &Header, records: &[&Record]) -> Vec<SliceCard> {
    let card = |name: &String| {
        let of = || records.iter().filter(|record| record.slices.contains(name));
        let graded = of().filter(|record| record.outcome.is_graded());
        let judged: Vec<Quadrant> = of().filter_map(|record| record.quadrant).collect();
        let abstained = of().filter(|record| record.abstained).count();
        SliceCard {
            name: name.clone(),
            finished: of().count(),
            unmeasured: (of().count() - abstained).saturating_sub(judged.len()),
            accuracy: Proportion::of(graded.map(|r| r.outcome == Outcome::Correct)).into(),
            confident_wrong: Proportion::of(
                judged.iter().map(|quadrant| *quadrant == Quadrant::ConfidentWrong),
            )
            .into(),
        }
    };
    header.slices.iter().map(|slice| card(&slice.name)).collect()
}
