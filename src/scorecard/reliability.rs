//! What a page draws of a source beside its card: curves, which no table holds.
//!
//! A card is written to `scorecard.json` and stays small; a curve follows from the records and is
//! made when somebody looks.

use std::num::NonZeroUsize;

use super::Scored;
use super::source::BinCard;
use crate::score::{
    BandPoint, Closed, ClusteredMean, ClusteredProportion, Interval, Level, Pooled, corp_band,
    corp_curve, equal_width_bins,
};

/// Parts of `[0, 1]` by which confidences are counted.
const PARTS: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// Answers that the band draws, in all.
const ANSWERS_DRAWN: usize = 20_000_000;

/// Seed of its draws.
const SEED: u64 = 1;

/// The reliability diagram of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Answers that it is made of.
    pub n: usize,
    /// The isotonic fit, a stretch a value, ascending.
    pub curve: Vec<Pooled>,
    /// Where chance alone would put it, at 95 %.
    pub band: Vec<BandPoint>,
    /// Draws of the band.
    pub draws: usize,
    /// The bins of the card, each with the limits of its share.
    pub bins: Vec<BinLimits>,
    /// Answers by confidence, in parts of a twentieth; those that are empty are left out.
    pub parts: Vec<BinCard>,
}

/// The share of right answers in a bin with its two-sided 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinLimits {
    /// The bin.
    pub bin: BinCard,
    /// Clopper and Pearson's interval, or Korn and Graubard's where clusters hold several.
    pub interval95: [f64; 2],
    /// Whether that is the exact one.
    pub exact: bool,
}

impl Reliability {
    /// The diagram of a source's answers, with the bins of its card; none without answers.
    #[must_use]
    pub fn of(scored: &Scored, bins: &[BinCard]) -> Option<Reliability> {
        let items = &scored.items;
        if items.is_empty() {
            return None;
        }
        let draws = (ANSWERS_DRAWN / items.len()).clamp(99, 999);
        Some(Reliability {
            n: items.len(),
            curve: corp_curve(items),
            band: corp_band(items, draws, SEED, Level::P95),
            draws,
            bins: BinLimits::of(scored, bins),
            parts: equal_width_bins(items, PARTS, Closed::Left).iter().map(BinCard::from).collect(),
        })
    }
}

impl BinLimits {
    /// The bins of a card, which hold the answers by ascending confidence, with their limits.
    fn of(scored: &Scored, bins: &[BinCard]) -> Vec<BinLimits> {
        let items = &scored.items;
        let mut rest = items.order();
        let limits = bins.iter().map(|bin| {
            let (inside, above) = rest.split_at(bin.n.min(rest.len()));
            rest = above;
            let flags = inside.iter().map(|&at| (items.clusters()[at], items.correct()[at]));
            let share = ClusteredProportion::of(flags);
            let exact = !share.is_clustered();
            let Interval { lower, upper } = if exact {
                share.share().clopper_pearson(Level::P95)
            } else {
                share.korn_graubard(Level::P95)
            };
            BinLimits { bin: *bin, interval95: [lower, upper], exact }
        });
        limits.collect()
    }
}

/// The two-sided 95 % interval of a source's mean confidence, by Student's t over clusters; none
/// with fewer than two of them.
#[must_use]
pub fn mean_confidence95(scored: &Scored) -> Option<[f64; 2]> {
    let items = &scored.items;
    let stated = items.clusters().iter().zip(items.confidence().iter().copied());
    let Interval { lower, upper } = ClusteredMean::of(stated)?.interval(Level::P95)?;
    Some([lower.max(0.0), upper.min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Outcome, Run};
    use crate::scorecard::{Scorecard, primary};

    fn of(answers: &[(f64, bool)], in_a_group: usize) -> (Reliability, Scorecard) {
        let records = answers.iter().enumerate().map(|(index, (confidence, right))| {
            let outcome = if *right { Outcome::Correct } else { Outcome::Incorrect };
            let mut record = judged(index, outcome, Some(*confidence));
            record.group = Some((index / in_a_group).to_string());
            record
        });
        let run = Run::of(header(answers.len()), records.collect());
        let card = Scorecard::of(&run).unwrap();
        let scored = primary(&run, "model").unwrap();
        let bins = &card.endpoints[0].primary().unwrap().bins_mass15;
        (Reliability::of(&scored, bins).unwrap(), card)
    }

    #[test]
    fn a_bin_holds_in_its_limits_what_the_card_counts() {
        let answers: Vec<(f64, bool)> =
            (0..97_u8).map(|at| (f64::from(at % 11) / 10.0, at % 3 > 0)).collect();
        let (drawn, card) = of(&answers, 1);
        let bins = &card.endpoints[0].primary().unwrap().bins_mass15;
        assert_eq!(drawn.bins.len(), bins.len());
        for (limits, bin) in drawn.bins.iter().zip(bins) {
            let exact = crate::score::Proportion::new(bin.correct, bin.n).unwrap();
            let Interval { lower, upper } = exact.clopper_pearson(Level::P95);
            assert_eq!((limits.interval95, limits.exact), ([lower, upper], true), "{bin:?}");
        }
        let counted: usize = drawn.parts.iter().map(|part| part.n).sum();
        assert_eq!((counted, drawn.n), (97, 97));
    }

    #[test]
    fn answers_that_are_alike_get_wider_limits() {
        let answers: Vec<(f64, bool)> = (0..60_u8).map(|at| (0.9, at / 5 % 2 == 0)).collect();
        let (alone, _) = of(&answers, 1);
        let (alike, _) = of(&answers, 5);
        let width = |of: &Reliability| of.bins[0].interval95[1] - of.bins[0].interval95[0];
        assert!(width(&alike) > 1.5 * width(&alone));
        assert!(alone.bins[0].exact && !alike.bins[0].exact);
        let band = |of: &Reliability| of.band[0].upper - of.band[0].lower;
        assert!(band(&alike) > band(&alone), "{:?} {:?}", alike.band, alone.band);
    }
}
