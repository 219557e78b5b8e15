//! `McNemar`'s test: do two ways of asking the same cases differ in how often they are right?
//!
//! Only the cases on which they differ say something: `baseline_only` are right under the first
//! way alone, `candidate_only` under the second alone. If neither is better, each such case falls
//! to either side like a coin (`McNemar` 1947, Psychometrika 12:153). The tail of that binomial is
//! exact at any size; mid-p counts half of what was seen itself (Fagerland, Lydersen and Laake
//! 2013, BMC Medical Research Methodology 13:91).

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;
use statrs::function::factorial::ln_binomial;

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
        (2.0 * at_most(self.discordant(), self.smaller())).min(1.0)
    }

    /// Two-sided mid-p; 1 where both counts are the same.
    #[must_use]
    pub fn midp_two_sided(self) -> f64 {
        let (m, smaller) = (self.discordant(), self.smaller());
        if self.baseline_only == self.candidate_only {
            return 1.0;
        }
        (2.0 * at_most(m, smaller) - exactly(m, smaller)).clamp(0.0, 1.0)
    }

    /// Exact one-sided p against the candidate, `P(Bin(m, ½) ≥ baseline_only)`.
    #[must_use]
    pub fn exact_regression(self) -> f64 {
        // By symmetry of the fair coin.
        at_most(self.discordant(), self.candidate_only)
    }

    /// p of the chi-square test with continuity correction, `(|b − k| − 1)²/m` at one degree of
    /// freedom, for comparison with published numbers; none where no case differs.
    #[must_use]
    pub fn chi2_continuity(self) -> Option<f64> {
        let m = self.discordant() as f64;
        let apart = self.baseline_only.abs_diff(self.candidate_only) as f64 - 1.0;
        (m > 0.0).then(|| erfc((apart * apart / m / 2.0).sqrt()))
    }

    /// Cases on which the two differ.
    #[must_use]
    pub fn discordant(self) -> usize {
        self.baseline_only + self.candidate_only
    }

    fn smaller(self) -> usize {
        self.baseline_only.min(self.candidate_only)
    }
}

/// `P(Bin(m, ½) ≤ k)`, by the regularised incomplete beta function.
fn at_most(m: usize, k: usize) -> f64 {
    if k >= m { 1.0 } else { beta_reg((m - k) as f64, k as f64 + 1.0, 0.5) }
}

/// `P(Bin(m, ½) = k)`.
fn exactly(m: usize, k: usize) -> f64 {
    (ln_binomial(m as u64, k as u64) - m as f64 * std::f64::consts::LN_2).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_by_hand() {
        let table = |baseline_only, candidate_only| McNemar { baseline_only, candidate_only };
        let is_one = |p: f64| (p - 1.0).abs() < 1e-12;
        assert!(is_one(table(0, 0).exact_two_sided()));
        // 3 of 3 on one side: 2 · 1/8.
        assert!((table(3, 0).exact_two_sided() - 0.25).abs() < 1e-12);
        assert!((table(3, 0).exact_regression() - 0.125).abs() < 1e-12);
        assert!(is_one(table(0, 3).exact_regression()));
        assert!(is_one(table(4, 4).midp_two_sided()));
    }
}
