//! Thresholds with a guarantee: from which confidence on may a model answer?
//!
//! The one idea: a grid of thresholds is fixed before anybody looks at which answers are
//! right, every threshold is the hypothesis "answering from here on is wrong too often",
//! and an exact binomial test either rejects that or does not. Walking from the strictest
//! threshold down and stopping at the first that is not rejected, no share of the error
//! probability is spent on any of them, so a threshold that is found keeps its promise
//! with the whole probability `1 − δ`.
//!
//! Angelopoulos, Bates, Candès, Jordan and Lei, Learn then test: calibrating predictive
//! algorithms to achieve risk control (arXiv 2110.01052), with fixed-sequence testing
//! (section 4.1 there). The tests are exact where items are independent; of items that
//! are alike, take one a cluster ([`Items::one_a_cluster`]).

use super::binomial_tail::{at_most, within};
use super::confident_wrong::Threshold;
use super::items::Items;
use super::level::OutOfRange;

/// Which errors are to be rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// `P(wrong | answered)`: how often what is still answered is wrong.
    Selective,
    /// `P(wrong and answered)`: how often any question meets a wrong answer.
    Joint,
}

/// What answering from a threshold on does to a sample: `wrong ≤ answered ≤ n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answering {
    /// The smallest confidence that is answered.
    pub threshold: Threshold,
    /// Items in all.
    pub n: usize,
    /// Items answered: `#{c ≥ t}`.
    pub answered: usize,
    /// Items answered and wrong: `#{c ≥ t, y = 0}`.
    pub wrong: usize,
}

/// One entry a threshold, in the order of the grid.
#[must_use]
pub fn answering(items: &Items, grid: &[Threshold]) -> Vec<Answering> {
    let (confidence, correct) = items.ascending_columns();
    let n = items.len();
    // Wrong items from each place on.
    let mut wrong = vec![0; n + 1];
    for at in (0..n).rev() {
        wrong[at] = wrong[at + 1] + usize::from(!correct[at]);
    }
    let at = |&threshold: &Threshold| {
        let from = confidence.partition_point(|&c| c < threshold.get());
        Answering { threshold, n, answered: n - from, wrong: wrong[from] }
    };
    grid.iter().map(at).collect()
}

/// The grid of the tool, strictest first: 1, then 1 − 10⁻⁵ and on in steps 1, 2, 5 to 0.99,
/// then every hundredth down to 0. It is the same for all data; confidences that are
/// stated (0.95, 0.9, …) lie on it, and those of token probabilities crowd below 1.
#[must_use]
pub fn threshold_grid() -> Vec<Threshold> {
    let fine = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500].map(|below| (100_000 - below, 100_000));
    let hundredths = (0..100).rev().map(|hundredth| (hundredth, 100));
    let quotient = |(part, whole): (i32, i32)| f64::from(part) / f64::from(whole);
    let grid = fine.into_iter().chain(hundredths).map(quotient);
    grid.filter_map(|threshold| Threshold::new(threshold).ok()).collect()
}

/// A promise: the risk is at most `alpha`, with probability `1 − delta` over the sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guarantee {
    alpha: f64,
    delta: f64,
}

impl Guarantee {
    /// A promise with `alpha` and `delta`, such as 0.05 and 0.05.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless both are strictly between 0 and 1.
    pub fn new(alpha: f64, delta: f64) -> Result<Self, OutOfRange> {
        let inside = |value: f64| value > 0.0 && value < 1.0;
        let allowed = "strictly between 0 and 1, such as 0.05";
        if !inside(alpha) {
            return Err(OutOfRange { what: "largest error", value: alpha, allowed });
        }
        if !inside(delta) {
            return Err(OutOfRange {
                what: "probability of a broken promise",
                value: delta,
                allowed,
            });
        }
        Ok(Self { alpha, delta })
    }

    /// The largest risk that is promised, in `(0, 1)`.
    #[must_use]
    pub fn alpha(self) -> f64 {
        self.alpha
    }

    /// The probability with which the promise may be broken, in `(0, 1)`.
    #[must_use]
    pub fn delta(self) -> f64 {
        self.delta
    }

    /// The exact p of "the risk is above `alpha`": `P(Bin(answered, α) ≤ wrong)`, 1 where
    /// nothing is answered, or `P(Bin(n, α) ≤ wrong)` for the joint risk.
    #[must_use]
    pub fn p_value(self, risk: Risk, at: &Answering) -> f64 {
        match risk {
            Risk::Selective => at_most(at.answered, at.wrong, self.alpha),
            Risk::Joint => at_most(at.n, at.wrong, self.alpha),
        }
    }

    /// The smallest number of answers of which so many may be wrong: the least `m ≥ 1` with
    /// `P(Bin(m, α) ≤ errors) ≤ δ`. `None` where that is above 2^53.
    #[must_use]
    pub fn least_answers(self, errors: usize) -> Option<usize> {
        let enough = |m: usize| within(at_most(m, errors, self.alpha), self.delta);
        // It falls with m: double, then halve.
        let mut high = errors.max(1);
        while !enough(high) {
            high = high.checked_mul(2).filter(|high| *high < 1 << 53)?;
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if enough(middle) { high = middle } else { low = middle }
        }
        Some(high)
    }

    /// Fixed-sequence testing: walks the grid from its start, passes over entries with fewer
    /// than `least` answers, and stops at the first whose p is above `δ`. The index of the last
    /// that was accepted.
    ///
    /// What is passed over depends on confidences alone, not on which answers are right. An
    /// error that falls with confidence gives the walk power; its validity needs no such thing.
    #[must_use]
    pub fn fixed_sequence(self, risk: Risk, rows: &[Answering], least: usize) -> Option<usize> {
        let tested = rows.iter().enumerate().filter(|(_, row)| row.answered >= least);
        let accepted = tested.take_while(|(_, row)| within(self.p_value(risk, row), self.delta));
        accepted.last().map(|(index, _)| index)
    }

    /// Bonferroni over the whole grid: the index of the smallest threshold with
    /// `p ≤ δ/J`, `J` counting every entry.
    #[must_use]
    pub fn bonferroni(self, risk: Risk, rows: &[Answering]) -> Option<usize> {
        let each = self.delta / rows.len() as f64;
        loosest(rows, |row| within(self.p_value(risk, row), each))
    }

    /// Holm's step-down procedure over the whole grid: p in ascending order, the `i`-th (from 0)
    /// accepted while `p ≤ δ/(J−i)`. The index of the smallest threshold accepted.
    ///
    /// Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    /// Statistics 6 (1979).
    #[must_use]
    pub fn holm(self, risk: Risk, rows: &[Answering]) -> Option<usize> {
        let mut order: Vec<(f64, usize)> =
            rows.iter().enumerate().map(|(index, row)| (self.p_value(risk, row), index)).collect();
        order.sort_by(|one, other| one.0.total_cmp(&other.0));
        let accepted = order
            .iter()
            .enumerate()
            .take_while(|(rank, (p, _))| within(*p, self.delta / (rows.len() - rank) as f64));
        let accepted: Vec<usize> = accepted.map(|(_, &(_, index))| index).collect();
        accepted.into_iter().min_by(|&one, &other| by_threshold(&rows[one], &rows[other]))
    }

    /// Conformal risk control of the joint risk: walks down while `(wrong+1)/(n+1) ≤ α`; the
    /// index of the last such threshold. It holds *in expectation*, over samples and a new
    /// question together, so `delta` plays no part; the threshold at hand may do worse.
    ///
    /// Angelopoulos, Bates, Fisch, Lei and Schuster, Conformal risk control (arXiv
    /// 2208.02814), equation 4 for a loss in `[0, 1]`.
    #[must_use]
    pub fn conformal(self, rows: &[Answering]) -> Option<usize> {
        let kept = |row: &&Answering| {
            (row.wrong + 1) as f64 / (row.n + 1) as f64 <= self.alpha + CONFORMAL_SLACK
        };
        rows.iter().take_while(kept).count().checked_sub(1)
    }

    /// The index of the smallest threshold whose answers are wrong at most as often as `α` in
    /// this very sample. It promises nothing: among many thresholds one looks good by luck.
    #[must_use]
    pub fn empirical(self, rows: &[Answering]) -> Option<usize> {
        let looks = |row: &Answering| row.wrong as f64 <= self.alpha * row.answered as f64;
        loosest(rows, |row| row.answered > 0 && looks(row))
    }
}

/// Rounding of a quotient that is `α` on paper.
const CONFORMAL_SLACK: f64 = 1e-15;

/// The index of the smallest threshold with a property.
fn loosest(rows: &[Answering], has: impl Fn(&Answering) -> bool) -> Option<usize> {
    let having = rows.iter().enumerate().filter(|(_, row)| has(row));
    having.min_by(|(_, one), (_, other)| by_threshold(one, other)).map(|(index, _)| index)
}

fn by_threshold(one: &Answering, other: &Answering) -> std::cmp::Ordering {
    one.threshold.get().total_cmp(&other.threshold.get())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::items::any_items;
    use super::super::random::Stream;
    use super::*;

    fn grid(thresholds: &[f64]) -> Vec<Threshold> {
        thresholds.iter().map(|&threshold| Threshold::new(threshold).unwrap()).collect()
    }

    /// `#{c ≥ t}` and the wrong ones of them, item by item.
    fn counted(items: &Items, threshold: f64) -> (usize, usize) {
        let answered = items.pairs().filter(|&(c, _)| c >= threshold);
        let wrong = items.pairs().filter(|&(c, y)| c >= threshold && !y);
        (answered.count(), wrong.count())
    }

    /// `P(Bin(n, p) ≤ k)` by convolution.
    fn tail(k: usize, n: usize, p: f64) -> f64 {
        let mut pmf = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; pmf.len() + 1];
            for (i, mass) in pmf.iter().enumerate() {
                next[i] += mass * (1.0 - p);
                next[i + 1] += mass * p;
            }
            pmf = next;
        }
        pmf.iter().take(k + 1).sum()
    }

    proptest! {
        #[test]
        fn the_walk_is_the_naive_walk(
            items in any_items(),
            alpha in 0.05..0.6_f64,
            delta in 0.02..0.4_f64,
            least in 0..20_usize,
        ) {
            let promise = Guarantee::new(alpha, delta).unwrap();
            let rows = answering(&items, &threshold_grid());
            for risk in [Risk::Selective, Risk::Joint] {
                let mut last = None;
                for (index, threshold) in threshold_grid().iter().enumerate() {
                    let (answered, wrong) = counted(&items, threshold.get());
                    if answered < least {
                        continue;
                    }
                    let of = if risk == Risk::Joint { items.len() } else { answered };
                    let p = tail(wrong, of, alpha);
                    prop_assume!((p - delta).abs() > 1e-9);
                    if p > delta {
                        break;
                    }
                    last = Some(index);
                }
                prop_assert_eq!(promise.fixed_sequence(risk, &rows, least), last);
            }
        }

        #[test]
        fn a_weaker_promise_never_needs_a_stricter_threshold(
            items in any_items(),
            alpha in 0.02..0.5_f64,
            more in 1.0..2.0_f64,
            delta in 0.02..0.4_f64,
        ) {
            let rows = answering(&items, &threshold_grid());
            let strict = Guarantee::new(alpha, delta).unwrap();
            // The largest error alone: a larger one also wants fewer answers to begin with, and
            // then the walk may begin, and end, earlier.
            let weak = Guarantee::new((alpha * more).min(0.99), delta).unwrap();
            for risk in [Risk::Selective, Risk::Joint] {
                let found = |promise: Guarantee| promise.fixed_sequence(risk, &rows, 5);
                prop_assert!(found(strict) <= found(weak));
            }
            prop_assert!(strict.conformal(&rows) <= weak.conformal(&rows));
        }

        #[test]
        fn bonferroni_is_never_looser_than_holm(items in any_items(), alpha in 0.05..0.6_f64) {
            let promise = Guarantee::new(alpha, 0.2).unwrap();
            let rows = answering(&items, &grid(&[1.0, 0.9, 0.8, 0.5, 0.2, 0.0]));
            for risk in [Risk::Selective, Risk::Joint] {
                prop_assert!(promise.bonferroni(risk, &rows) <= promise.holm(risk, &rows));
            }
        }

        #[test]
        fn the_least_answers_are_the_least(
            errors in 0..6_usize,
            alpha in 0.02..0.9_f64,
            delta in 0.01..0.5_f64,
        ) {
            let least = Guarantee::new(alpha, delta).unwrap().least_answers(errors).unwrap();
            prop_assert!(within(at_most(least, errors, alpha), delta));
            prop_assert!(least == 1 || at_most(least - 1, errors, alpha) > delta);
        }
    }

    /// Of 500 samples at the limit, in how many a threshold is found, which breaks the promise:
    /// 150 cases asked six times with the same confidence and the same luck, one answer of
    /// each case drawn, and all answers taken for independent. A binomial test at 0.1 % allows
    /// 41 of 500 at δ = 5 %.
    #[test]
    fn at_the_limit_a_promise_is_rarely_broken_and_alike_answers_would_break_it() {
        let promise = Guarantee::new(0.2, 0.05).unwrap();
        let least = promise.least_answers(2).unwrap();
        let (mut drawn, mut naive) = (0, 0);
        for replicate in 0..500 {
            let mut stream = Stream::of(11, replicate);
            let cases: Vec<(f64, bool)> =
                (0..150).map(|_| (stream.unit(), stream.unit() >= 0.2001)).collect();
            let (confidence, correct) = cases.iter().flat_map(|case| [*case; 6]).unzip();
            let items = Items::new(confidence, correct).unwrap();
            let items = items.in_clusters((0..900).map(|index| index / 6)).unwrap();
            let finds = |items: &Items| {
                let rows = answering(items, &threshold_grid());
                promise.fixed_sequence(Risk::Selective, &rows, least).is_some()
            };
            drawn += i32::from(finds(&items.one_a_cluster(replicate)));
            naive += i32::from(finds(&items));
        }
        assert!((5..=41).contains(&drawn), "{drawn} {naive}");
        assert!(naive > 60, "{drawn} {naive}");
    }

    #[test]
    fn nothing_answered_or_nothing_at_all_promises_nothing() {
        let promise = Guarantee::new(0.1, 0.1).unwrap();
        let none = Items::new(vec![], vec![]).unwrap();
        for rows in [answering(&none, &threshold_grid()), vec![]] {
            for risk in [Risk::Selective, Risk::Joint] {
                assert_eq!(promise.fixed_sequence(risk, &rows, 0), None);
                assert_eq!(promise.bonferroni(risk, &rows), None);
                assert_eq!(promise.holm(risk, &rows), None);
            }
            assert_eq!(promise.conformal(&rows), None);
            assert_eq!(promise.empirical(&rows), None);
        }
    }

    #[test]
    fn the_grid_is_strictest_first_and_holds_what_people_state() {
        let grid: Vec<f64> = threshold_grid().iter().map(|threshold| threshold.get()).collect();
        assert!(grid.is_sorted_by(|one, next| one > next), "{grid:?}");
        for stated in [1.0, 0.999, 0.99, 0.95, 0.9, 0.85, 0.7, 0.29, 0.01, 0.0] {
            assert!(grid.contains(&stated), "{stated}");
        }
    }

    #[test]
    fn an_error_of_nothing_or_of_everything_is_refused() {
        for value in [0.0, 1.0, -0.1, 5.0, f64::NAN] {
            assert!(Guarantee::new(value, 0.05).is_err());
            assert!(Guarantee::new(0.05, value).is_err());
        }
    }
}
