//! Parts of the cases that have a budget of their own.

use serde::Serialize;

use super::{Evidence, Rate};
use crate::record::{Header, Outcome, Quadrant, Record};

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
        let of = || records.iter().copied().filter(|record| record.slices.contains(name));
        let graded = of().filter(|record| record.outcome.is_graded());
        let right = graded.map(|record| (record, record.outcome == Outcome::Correct));
        let judged: Vec<(&Record, bool)> = of()
            .filter_map(|record| Some((record, record.quadrant? == Quadrant::ConfidentWrong)))
            .collect();
        let abstained = of().filter(|record| record.abstained).count();
        SliceCard {
            name: name.clone(),
            finished: of().count(),
            unmeasured: (of().count() - abstained).saturating_sub(judged.len()),
            accuracy: Evidence::of(right).into(),
            confident_wrong: Evidence::of(judged.into_iter()).into(),
        }
    };
    header.slices.iter().map(|slice| card(&slice.name)).collect()
}
