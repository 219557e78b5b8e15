//! Compensated summation: a mean of a million answers keeps its last digits.

/// A running sum with Neumaier's correction: the error of the total is a few
/// units in the last place of `Σ|x|`, whatever the number of terms.
///
/// Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
/// Summen, ZAMM 54 (1974), algorithm IV.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// Adds one term.
    pub(super) fn add(&mut self, term: f64) {
        let next = self.total + term;
        self.lost += if self.total.abs() >= term.abs() {
            (self.total - next) + term
        } else {
            (term - next) + self.total
        };
        self.total = next;
    }

    /// The sum of what was added so far.
    pub(super) fn value(self) -> f64 {
        self.total + self.lost
    }
}

/// The compensated sum of all terms, 0 if there is none.
pub(super) fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    for term in terms {
        sum.add(term);
    }
    sum.value()
}

/// The arithmetic mean, `None` if there is no term.
pub(super) fn mean(terms: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let n = terms.len();
    (n > 0).then(|| sum(terms) / n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_plain_addition_loses() {
        let small = std::iter::repeat_n(1e-10, 1_000_000);
        let terms = std::iter::once(1e8).chain(small).chain([-1e8]);
        assert!((sum(terms) - 1e-4).abs() < 1e-12);
        assert!((sum([1.0, 1e100, 1.0, -1e100]) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_mean_of_nothing_is_undefined() {
        assert_eq!(mean([].into_iter()), None);
    }
}
