//! Isotonic regression: the best fit that never decreases.
//!
//! It is what calibration without bins rests on: sorted by confidence, the shares of
//! right answers are pooled until they rise, and no width and no number of bins had
//! to be chosen.

use super::sum::sum;

/// An observation: `y` at `x`, with a weight above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Where.
    pub x: f64,
    /// What.
    pub y: f64,
    /// How much it counts.
    pub weight: f64,
}

/// A non-decreasing function of `x`, linear between its knots and constant outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Isotonic {
    knots: Vec<[f64; 2]>,
}

impl Isotonic {
    /// The weighted least-squares fit among the functions that never decrease. Equal
    /// `x` become one point with the weighted mean of their `y`. `None` without
    /// observations, and if one is not finite or has no positive weight.
    ///
    /// Pool adjacent violators: Ayer, Brunk, Ewing, Reid and Silverman, An empirical
    /// distribution function for sampling with incomplete information, Annals of
    /// Mathematical Statistics 26 (1955).
    #[must_use]
    pub fn fit(observations: impl IntoIterator<Item = Observation>) -> Option<Self> {
        let mut all: Vec<Observation> = observations.into_iter().collect();
        let sound = |at: &Observation| {
            at.x.is_finite() && at.y.is_finite() && at.weight.is_finite() && at.weight > 0.0
        };
        if all.is_empty() || !all.iter().all(sound) {
            return None;
        }
        all.sort_by(|one, other| one.x.total_cmp(&other.x));
        #[expect(clippy::float_cmp, reason = "equal x are one point; others are not")]
        let points: Vec<Observation> =
            all.chunk_by(|one, next| one.x == next.x).map(pool).collect();
        let fitted = non_decreasing(points.iter().map(|point| (point.y, point.weight)));
        // Inside a block, the knots are its ends.
        let differs = |one: usize, other: usize| fitted[one].to_bits() != fitted[other].to_bits();
        let last = points.len() - 1;
        let is_knot =
            |&at: &usize| at == 0 || at == last || differs(at, at - 1) || differs(at, at + 1);
        let knots = (0..points.len()).filter(is_knot).map(|at| [points[at].x, fitted[at]]);
        Some(Self { knots: knots.collect() })
    }

    /// The function with these knots. `None` unless there is one at least, all are finite, `x`
    /// rises from each to the next, and `y` never falls.
    #[must_use]
    pub fn of_knots(knots: Vec<[f64; 2]>) -> Option<Self> {
        let finite = knots.iter().flatten().all(|number| number.is_finite());
        let rises = knots.is_sorted_by(|one, next| one[0] < next[0] && one[1] <= next[1]);
        (finite && rises && !knots.is_empty()).then_some(Self { knots })
    }

    /// The points `[x, y]` between which it is linear, ascending in `x`; at least one.
    #[must_use]
    pub fn knots(&self) -> &[[f64; 2]] {
        &self.knots
    }

    /// The value at `x`: on the line between the knots around it, that of the outermost
    /// knot beyond it.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        let above = self.knots.partition_point(|knot| knot[0] < x);
        let Some(&[right, high]) = self.knots.get(above) else {
            return self.knots[self.knots.len() - 1][1];
        };
        match above.checked_sub(1).map(|below| self.knots[below]) {
            Some([left, low]) if x < right => low + (high - low) * ((x - left) / (right - left)),
            _ => high,
        }
    }
}

/// Observations of one `x` as one.
fn pool(alike: &[Observation]) -> Observation {
    if let [alone] = alike {
        return *alone;
    }
    let weight = sum(alike.iter().map(|at| at.weight));
    let y = sum(alike.iter().map(|at| at.weight * at.y)) / weight;
    Observation { x: alike[0].x, y, weight }
}

/// Neighbouring points of one fitted value.
struct Block {
    total: f64,
    weight: f64,
    points: usize,
}

impl Block {
    fn mean(&self) -> f64 {
        self.total / self.weight
    }
}

/// The fitted values of `(y, weight)` in this order: neighbours are pooled as long as
/// one is at or above the next. All points of a block have the same bits.
pub(super) fn non_decreasing(points: impl IntoIterator<Item = (f64, f64)>) -> Vec<f64> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut n = 0;
    for (y, weight) in points {
        let mut block = Block { total: y * weight, weight, points: 1 };
        while blocks.last().is_some_and(|before| before.mean() >= block.mean()) {
            if let Some(before) = blocks.pop() {
                block.total += before.total;
                block.weight += before.weight;
                block.points += before.points;
            }
        }
        blocks.push(block);
        n += 1;
    }
    let mut fitted = Vec::with_capacity(n);
    for block in &blocks {
        fitted.resize(fitted.len() + block.points, block.mean());
    }
    fitted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fit(points: &[(f64, f64)]) -> Isotonic {
        let of = |&(x, y): &(f64, f64)| Observation { x, y, weight: 1.0 };
        Isotonic::fit(points.iter().map(of)).unwrap()
    }

    /// Fitted value at `i` by the min-max formula: `max_{a ≤ i} min_{b ≥ i}` of the mean
    /// of `y` from `a` to `b`.
    fn by_min_max(points: &[(f64, f64)]) -> Vec<f64> {
        let mean = |a: usize, b: usize| {
            let (total, weight) = points[a..=b]
                .iter()
                .fold((0.0, 0.0), |(total, weight), (y, w)| (total + y * w, weight + w));
            total / weight
        };
        let at = |i: usize| {
            let least = |a: usize| (i..points.len()).map(|b| mean(a, b)).fold(f64::MAX, f64::min);
            (0..=i).map(least).fold(f64::MIN, f64::max)
        };
        (0..points.len()).map(at).collect()
    }

    proptest! {
        #[test]
        fn is_the_min_max_of_means(
            points in prop::collection::vec((-1.0..1.0_f64, 0.1..3.0_f64), 1..30),
        ) {
            let fitted = non_decreasing(points.iter().copied());
            for (fast, slow) in fitted.iter().zip(by_min_max(&points)) {
                prop_assert!((fast - slow).abs() < 1e-12);
            }
        }

        #[test]
        fn never_falls_and_stays_among_the_observations(
            points in prop::collection::vec(((0..20_u8).prop_map(f64::from), 0.0..1.0_f64), 1..40),
        ) {
            let curve = fit(&points);
            let values: Vec<f64> =
                (0..=44).map(|step| curve.at(f64::from(step) / 2.0 - 1.0)).collect();
            prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
            prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn knots_are_the_ends_of_blocks_and_lines_join_them() {
        let curve = fit(&[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (3.0, 0.5), (4.0, 2.0)]);
        assert_eq!(curve.knots(), [[0.0, 0.0], [1.0, 0.5], [3.0, 0.5], [4.0, 2.0]]);
        for (x, y) in [(-1.0, 0.0), (0.5, 0.25), (2.0, 0.5), (3.5, 1.25), (9.0, 2.0)] {
            assert!((curve.at(x) - y).abs() < f64::EPSILON, "{x}");
        }
    }

    #[test]
    fn nothing_and_nonsense_have_no_fit() {
        assert_eq!(Isotonic::fit([]), None);
        for (x, y, weight) in [(f64::NAN, 0.0, 1.0), (0.0, f64::INFINITY, 1.0), (0.0, 0.0, 0.0)] {
            assert_eq!(Isotonic::fit([Observation { x, y, weight }]), None);
        }
    }
}
