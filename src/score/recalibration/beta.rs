//! Beta calibration: the two ends bent apart.

use super::super::items::indicator;
use super::logistic::fit_line;
use super::newton::{Target, minimise};
use super::temperature::mean_loss;
use super::{clipped, logistic};

/// `S(a ln q − b ln(1−q) + intercept)`; with `a = b` it is a line on the logit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    /// Weight of `ln q`: how the end near 0 bends.
    pub a: f64,
    /// Weight of `−ln(1−q)`: how the end near 1 bends.
    pub b: f64,
    /// Added to both.
    pub intercept: f64,
}

impl Beta {
    /// Maximum likelihood with all three parameters free. `None` where it has no maximum.
    ///
    /// Kull, Silva Filho and Flach, Beyond sigmoids, Electronic Journal of Statistics 11
    /// (2017), section 4.
    #[must_use]
    pub fn unconstrained(pairs: &[(f64, bool)]) -> Option<Self> {
        if is_separable(pairs) {
            return None;
        }
        let item = |&(c, y): &(f64, bool)| {
            let [one, other] = bends(c);
            Target { features: [one, other, 1.0], target: indicator(y) }
        };
        let items: Vec<Target<3>> = pairs.iter().map(item).collect();
        let [a, b, intercept] = minimise(&items, [0.0; 3])?;
        Some(Self { a, b, intercept })
    }

    /// The same, a negative weight set to 0 and the rest fitted again: first `a`, else `b`, as
    /// its authors have it. The weight that is left can still be negative, if wrong answers
    /// are the surer ones.
    #[must_use]
    pub fn increasing(pairs: &[(f64, bool)]) -> Option<Self> {
        let free = Self::unconstrained(pairs)?;
        let line = |end: usize| {
            let points: Vec<_> = pairs.iter().map(|&(c, y)| (bends(c)[end], y)).collect();
            fit_line(&points)
        };
        if free.a < 0.0 {
            let line = line(1)?;
            Some(Self { a: 0.0, b: line.slope, intercept: line.intercept })
        } else if free.b < 0.0 {
            let line = line(0)?;
            Some(Self { a: line.slope, b: 0.0, intercept: line.intercept })
        } else {
            Some(free)
        }
    }

    /// The recalibrated confidence.
    #[must_use]
    pub fn apply(self, confidence: f64) -> f64 {
        logistic(self.eta(confidence))
    }

    /// The mean log loss in nats over these pairs. `None` without pairs.
    #[must_use]
    pub fn nll(self, pairs: &[(f64, bool)]) -> Option<f64> {
        mean_loss(pairs, |c| self.eta(c))
    }

    /// The confidence that becomes ½: `a ln m − b ln(1−m) + intercept = 0`. Where no
    /// confidence does, the end that comes nearest. `None` if both weights are 0, or of
    /// different signs, as then it may be none or two.
    #[must_use]
    pub fn midpoint(self) -> Option<f64> {
        let Self { a, b, intercept } = self;
        if a == 0.0 && b == 0.0 || a * b < 0.0 {
            None
        } else if a == 0.0 {
            Some((-(intercept / b).exp_m1()).clamp(0.0, 1.0))
        } else if b == 0.0 {
            Some((-intercept / a).exp().clamp(0.0, 1.0))
        } else {
            Some(self.crossing())
        }
    }

    /// The midpoint where both ends bend alike, by halving; 2^−60 is below rounding.
    fn crossing(self) -> f64 {
        let rises = self.a > 0.0;
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle: f64 = 0.5 * (low + high);
            let eta = self.a * middle.ln() - self.b * (-middle).ln_1p() + self.intercept;
            if (eta < 0.0) == rises { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    fn eta(self, confidence: f64) -> f64 {
        let [one, other] = bends(confidence);
        self.a * one + self.b * other + self.intercept
    }
}

/// `ln q` and `−ln(1−q)` of a clipped confidence.
fn bends(confidence: f64) -> [f64; 2] {
    let q = clipped(confidence);
    [q.ln(), -(-q).ln_1p()]
}

/// Whether the likelihood has no maximum: whether a line in the plane of the two features leaves
/// all right answers on one side and all wrong ones on the other, either side closed (Albert
/// and Anderson 1984). The points lie on a convex curve, which a line meets at most twice. So
/// it is to ask whether, by rising confidence, one class is followed by the other and that by
/// the first, each of them perhaps absent, with any mixture at the two places of change.
fn is_separable(pairs: &[(f64, bool)]) -> bool {
    let mut sorted: Vec<(f64, bool)> = pairs.iter().map(|&(c, y)| (clipped(c), y)).collect();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let ties = || sorted.chunk_by(|one, next| one.0.to_bits() == next.0.to_bits());
    [true, false].into_iter().any(|inner| {
        // Furthest along: outside, at the first change, inside, at the second, outside again.
        let outside = |tie: &[(f64, bool)]| tie.iter().all(|(_, y)| *y != inner);
        let inside = |tie: &[(f64, bool)]| tie.iter().all(|(_, y)| *y == inner);
        let mut may = [true, false, false, false, false];
        for tie in ties() {
            let reached = |to: usize, may: &[bool; 5]| may[..=to].iter().any(|may| *may);
            may = [
                may[0] && outside(tie),
                may[0],
                reached(2, &may) && inside(tie),
                reached(2, &may),
                reached(4, &may) && outside(tie),
            ];
        }
        may.iter().any(|may| *may)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether a line through two of the points, or beside one, separates: every pair is tried.
    fn separable_by_any_line(pairs: &[(f64, bool)]) -> bool {
        let points: Vec<([f64; 2], bool)> = pairs.iter().map(|&(c, y)| (bends(c), y)).collect();
        let mut confidences: Vec<f64> = pairs.iter().map(|pair| clipped(pair.0)).collect();
        confidences.sort_by(f64::total_cmp);
        confidences.dedup();
        if confidences.len() < 3 {
            return true;
        }
        // Lines through two points of the curve, shifted ends included, and tangents.
        let places: Vec<f64> = confidences.clone();
        let mut lines = Vec::new();
        for (index, &one) in places.iter().enumerate() {
            for &other in &places[index..] {
                let (p, q) = (bends(one), bends(other));
                let along = if one.to_bits() == other.to_bits() {
                    [1.0 / one, 1.0 / (1.0 - one)]
                } else {
                    [q[0] - p[0], q[1] - p[1]]
                };
                lines.push((p, along));
            }
            // A line that meets the curve there and never again.
            lines.push((bends(one), [1.0, 0.0]));
        }
        lines.iter().any(|&(p, along)| {
            let side = |point: [f64; 2]| {
                let side = along[0] * (point[1] - p[1]) - along[1] * (point[0] - p[0]);
                if side.abs() < 1e-9 { 0.0 } else { side }
            };
            [1.0, -1.0].into_iter().any(|sign| {
                let fits = |&(point, y): &([f64; 2], bool)| {
                    sign * side(point) * if y { 1.0 } else { -1.0 } >= 0.0
                };
                points.iter().all(fits)
            })
        })
    }

    proptest! {
        #[test]
        fn separable_is_what_a_line_separates(
            pairs in prop::collection::vec(
                ((1..=9_u8).prop_map(|step| f64::from(step) / 10.0), any::<bool>()), 1..9),
        ) {
            prop_assert_eq!(is_separable(&pairs), separable_by_any_line(&pairs));
        }

        #[test]
        fn what_is_not_separable_has_a_fit_whose_residuals_balance(
            pairs in prop::collection::vec(
                ((0..=20_u8).prop_map(|step| f64::from(step) / 20.0), any::<bool>()), 1..50),
        ) {
            let fit = Beta::unconstrained(&pairs);
            prop_assert_eq!(fit.is_none(), is_separable(&pairs));
            if let Some(fit) = fit {
                for feature in [|_| 1.0, |c| bends(c)[0], |c| bends(c)[1]] as [fn(f64) -> f64; 3] {
                    let rest = |&(c, y): &(f64, bool)| (indicator(y) - fit.apply(c)) * feature(c);
                    let rest: f64 = pairs.iter().map(rest).sum();
                    prop_assert!(rest.abs() < 1e-6, "{:?}: {}", fit, rest);
                }
            }
        }
    }

    #[test]
    fn the_midpoint_becomes_one_half() {
        for (a, b, intercept) in [(0.8, 1.4, 0.3), (0.0, 0.77, -0.82), (1.2, 0.0, 0.4)] {
            let fit = Beta { a, b, intercept };
            let middle = fit.midpoint().unwrap();
            assert!((fit.apply(middle) - 0.5).abs() < 1e-9, "{fit:?}: {middle}");
        }
        let never = |a, b, intercept| Beta { a, b, intercept }.midpoint();
        assert_eq!(never(0.0, 1.0, 0.5), Some(0.0), "everything is above one half");
        assert_eq!(never(1.0, 0.0, -0.5), Some(1.0), "nothing is");
        assert_eq!(never(0.0, 0.0, 0.5), None);
    }
}
