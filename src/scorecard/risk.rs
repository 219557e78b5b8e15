//! How often answers are wrong against how many are given, with the advice that `overclaim advise`
//! gives where nobody asks for another promise.

use super::Scored;
use super::advice::{Advice, Point, Wanted};
use crate::score::{Guarantee, Level, Risk, answering};

/// What `overclaim advise` promises by default: at most so large a share of errors among what is
/// answered, and that with this error probability.
const MAX_ERROR: f64 = 0.05;
const DELTA: f64 = 0.05;

/// Seed of one answer a cluster, as `overclaim advise` has it by default.
const SEED: u64 = 0;

/// The risk–coverage curve of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskCurve {
    /// The advice and the curve, over one answer of each cluster.
    pub advice: Advice,
    /// What answering from the suite's threshold on does to the same answers; none where nothing
    /// would be answered.
    pub at_threshold: Option<Point>,
}

impl RiskCurve {
    /// The curve of a source's answers; none without any.
    #[must_use]
    pub fn of(scored: &Scored) -> Option<RiskCurve> {
        if scored.items.is_empty() {
            return None;
        }
        let wanted = Wanted {
            promise: Guarantee::new(MAX_ERROR, DELTA).ok()?,
            level: Level::P95,
            risk: Risk::Selective,
            threshold: None,
            seed: SEED,
        };
        let drawn = scored.items.one_a_cluster(SEED);
        let at_threshold = answering(&drawn, &[scored.threshold]);
        let at_threshold = at_threshold.first().filter(|row| row.answered > 0);
        Some(RiskCurve {
            at_threshold: at_threshold.map(Point::of),
            advice: Advice::of(&scored.items, wanted),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Outcome, Run};
    use crate::scorecard::primary;

    #[test]
    fn the_suites_threshold_stands_on_the_curve() {
        let records = (0..200).map(|index| {
            let sure = [0.99, 0.85, 0.6][index % 3];
            let wrong = index % 10 == 9;
            let outcome = if wrong { Outcome::Incorrect } else { Outcome::Correct };
            judged(index, outcome, Some(sure))
        });
        let run = Run::of(header(200), records.collect());
        let curve = RiskCurve::of(&primary(&run, "model").unwrap()).unwrap();
        let at = curve.at_threshold.unwrap();
        assert_eq!((at.answered, at.threshold.to_bits()), (134, 0.8_f64.to_bits()));
        let same = curve.advice.curve.iter().find(|point| point.answered == 134).unwrap();
        assert_eq!(same.wrong, at.wrong);
        assert_eq!(RiskCurve::of(&primary(&Run::of(header(0), vec![]), "model").unwrap()), None);
    }
}
