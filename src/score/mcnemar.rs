//! `McNemar`'s test: do two ways of asking the same cases differ in how often they are right?
//!
//! Only the cases on which they differ say something: `baseline_only` are right under the first
//! way alone, `candidate_only` under the second alone. If neither is better, each such case falls
//! to either side like a coin (`McNemar` 1947, Psychometrika 12:153). The tail of that binomial is
//! exact at any size; mid-p counts half of what was seen itself (Fagerland, Lydersen and Laake
//! 2013, BMC Medical Research Methodology 13:91). "Regression" is one-sided against the candidate.

use statrs::function::erf::erfc;

use super::binomial_tail::{at_most, exactly};
use super::level::Level;
use super::normal;
use super::proportion::Interval;

/// Counts of the cases that only one of two ways gets right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct McNemar {
    /// Right under the baseline, wrong under the candidate.
    pub baseline_only: usize,
    /// Wrong under the baseline, right under the candidate.
    pub candidate_only: usize,
}

impl McNemar {
    /// Exact two-sided p, `min(1, 2·P(Bin(m, ½) ≤ min))`; 1 where no case differs.
    #[must_use]
    pub fn exact_two_sided(self) -> f64 {
        (2.0 * at_most(self.discordant(), self.smaller(), 0.5)).min(1.0)
    }

    /// Two-sided mid-p; 1 where both counts are the same.
    #[must_use]
    pub fn midp_two_sided(self) -> f64 {
        let (m, smaller) = (self.discordant(), self.smaller());
        if self.baseline_only == self.candidate_only {
            return 1.0;
        }
        (2.0 * at_most(m, smaller, 0.5) - exactly(m, smaller, 0.5)).clamp(0.0, 1.0)
    }

    /// Exact one-sided p against the candidate, `P(Bin(m, ½) ≥ baseline_only)`.
    #[must_use]
    pub fn exact_regression(self) -> f64 {
        // By symmetry of the fair coin.
        at_most(self.discordant(), self.candidate_only, 0.5)
    }

    /// One-sided mid-p against the candidate: the exact p less half the probability of what was
    /// seen.
    #[must_use]
    pub fn midp_regression(self) -> f64 {
        self.exact_regression() - 0.5 * exactly(self.discordant(), self.baseline_only, 0.5)
    }

    /// The chi-square statistic `(b − k)²/m`; none where no case differs.
    #[must_use]
    pub fn chi2(self) -> Option<f64> {
        self.statistic(0.0)
    }

    /// The same with continuity correction, `(|b − k| − 1)²/m`. Not clamped: equal counts give
    /// `1/m`, as in published software.
    #[must_use]
    pub fn chi2_continuity(self) -> Option<f64> {
        self.statistic(1.0)
    }

    /// p of [`Self::chi2`] at one degree of freedom.
    #[must_use]
    pub fn chi2_p(self) -> Option<f64> {
        self.chi2().map(chi2_tail)
    }

    /// p of [`Self::chi2_continuity`], for comparison with published numbers.
    #[must_use]
    pub fn chi2_continuity_p(self) -> Option<f64> {
        self.chi2_continuity().map(chi2_tail)
    }

    /// The same where the correction stops at 0, so that equal counts give 1.
    #[must_use]
    pub fn chi2_continuity_clamped_p(self) -> Option<f64> {
        let equal = self.baseline_only == self.candidate_only;
        self.chi2_continuity().map(|x| if equal { 1.0 } else { chi2_tail(x) })
    }

    /// Bonett and Price's interval for the change of the share that is right, candidate minus
    /// baseline, among `n` independent cases of which these differ; cut to `[−1, 1]`. With
    /// `p₁ = (b+1)/(n+2)` and `p₂ = (k+1)/(n+2)`:
    /// `p₂ − p₁ ∓ z √((p₁ + p₂ − (p₂−p₁)²)/(n+2))`.
    ///
    /// Bonett and Price, Adjusted Wald confidence interval for a difference of binomial proportions
    /// based on paired data, Journal of Educational and Behavioral Statistics 37 (2012).
    #[must_use]
    pub fn bonett_price(self, n: usize, level: Level) -> Interval {
        let all = n as f64 + 2.0;
        let one = (self.baseline_only as f64 + 1.0) / all;
        let other = (self.candidate_only as f64 + 1.0) / all;
        let change = other - one;
        let variance = (one + other - change * change).max(0.0) / all;
        let half = normal::upper_quantile(0.5 * level.alpha()) * variance.sqrt();
        Interval { lower: (change - half).max(-1.0), upper: (change + half).min(1.0) }
    }

    /// Cases on which the two differ.
    #[must_use]
    pub fn discordant(self) -> usize {
        self.baseline_only + self.candidate_only
    }

    fn smaller(self) -> usize {
        self.baseline_only.min(self.candidate_only)
    }

    fn statistic(self, correction: f64) -> Option<f64> {
        let m = self.discordant() as f64;
        let apart = self.baseline_only.abs_diff(self.candidate_only) as f64 - correction;
        (m > 0.0).then(|| apart * apart / m)
    }
}

/// Upper tail of the chi-square distribution with one degree of freedom.
fn chi2_tail(x: f64) -> f64 {
    erfc((0.5 * x).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(baseline_only: usize, candidate_only: usize) -> McNemar {
        McNemar { baseline_only, candidate_only }
    }

    #[test]
    fn small_tables_by_hand() {
        let is = |p: f64, truth: f64| (p - truth).abs() < 1e-12;
        assert!(is(table(0, 0).exact_two_sided(), 1.0));
        assert!(is(table(0, 0).midp_two_sided(), 1.0));
        // 3 of 3 on one side: 2 · 1/8.
        assert!(is(table(3, 0).exact_two_sided(), 0.25));
        assert!(is(table(3, 0).exact_regression(), 0.125));
        assert!(is(table(3, 0).midp_regression(), 0.0625));
        assert!(is(table(0, 3).exact_regression(), 1.0));
        assert!(is(table(4, 4).midp_two_sided(), 1.0));
        assert!(is(table(4, 4).chi2_continuity_clamped_p().unwrap(), 1.0));
    }

    #[test]
    fn where_no_case_differs_chi_square_is_undefined() {
        let same = table(0, 0);
        assert_eq!((same.chi2(), same.chi2_p()), (None, None));
        assert_eq!((same.chi2_continuity(), same.chi2_continuity_p()), (None, None));
        assert_eq!(same.chi2_continuity_clamped_p(), None);
    }

    /// Exact p of lopsided tables from 40-digit arithmetic: tails are small numbers, not zeros.
    #[test]
    fn tails_keep_their_digits() {
        for (b, k, p) in [
            (60, 0, 8.673_617_379_884_035e-19),
            (1000, 0, 9.332_636_185_032_189e-302),
            (700, 300, 8.832_839_003_975_068e-38),
            (52_000, 48_000, 5.765_469_333_361_488e-37),
        ] {
            let regression = table(b, k).exact_regression();
            assert!((regression / p - 1.0).abs() < 1e-11, "{b}, {k}: {regression:e}, not {p:e}");
        }
    }

    #[test]
    fn an_interval_of_few_cases_stays_within_what_is_possible() {
        let wide = table(0, 1).bonett_price(1, Level::new(0.999_999).unwrap());
        assert!(wide.lower >= -1.0 && wide.upper <= 1.0 && wide.lower < wide.upper);
        let none = table(0, 0).bonett_price(0, Level::P95);
        assert!(none.lower < 0.0 && none.upper > 0.0);
    }
}
