//! Parts of the cases that have a budget of their own.

use serde::Serialize;

use super::{Evidence, Rate};
use crate::record::{Brief, Run};

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
pub(super) fn of(run: &Run, briefs: &[&Brief]) -> Vec<SliceCard> {
    let card = |name: &String| {
        let belongs = |brief: &&Brief| run.labels(brief).slices.contains(name);
        let of = || briefs.iter().copied().filter(belongs);
        let right = of().filter_map(|brief| Some((brief, brief.right()?)));
        let judged = of().filter_map(|brief| Some((brief, brief.confident_wrong()?)));
        let abstained = of().filter(|brief| brief.abstained()).count();
        SliceCard {
            name: name.clone(),
            finished: of().count(),
            unmeasured: (of().count() - abstained).saturating_sub(judged.clone().count()),
            accuracy: Evidence::of(run, right).into(),
            confident_wrong: Evidence::of(run, judged).into(),
        }
    };
    run.header.slices.iter().map(|slice| card(&slice.name)).collect()
}
