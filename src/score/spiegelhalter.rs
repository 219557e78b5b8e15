//! Spiegelhalter's test of calibration.

use super::items::{Items, indicator};
use super::normal;
use super::sum::Sum;

/// The test, and the answers about which it has nothing to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spiegelhalter {
    /// `Σ(y−c)(1−2c) / √Σ(1−2c)²c(1−c)`, standard normal under perfect calibration as `n`
    /// grows. `None` where the denominator is 0: every confidence is 0, ½ or 1.
    pub z: Option<f64>,
    /// The probability of a `|Z|` at least so large. `None` with it.
    pub p_two_sided: Option<f64>,
    /// Answers stated with confidence 1 that are wrong, and with 0 that are right. One of
    /// them refutes calibration without any test, and the variance does not see it.
    pub certain_and_wrong: usize,
}

/// The test of a sample. `None` without items.
///
/// Spiegelhalter, Probabilistic prediction in patient management and clinical trials,
/// Statistics in Medicine 5 (1986).
#[must_use]
pub fn spiegelhalter(items: &Items) -> Option<Spiegelhalter> {
    let (mut excess, mut variance) = (Sum::default(), Sum::default());
    let mut certain_and_wrong = 0;
    for (c, y) in items.pairs() {
        let slope = 1.0 - 2.0 * c;
        excess.add((indicator(y) - c) * slope);
        variance.add(slope * slope * c * (1.0 - c));
        certain_and_wrong += usize::from((indicator(y) - c).abs() >= 1.0);
    }
    let scale = variance.value().sqrt();
    let z = (scale > 0.0).then(|| excess.value() / scale);
    let p_two_sided = z.map(|z| (2.0 * normal::upper_tail(z.abs())).min(1.0));
    (!items.is_empty()).then_some(Spiegelhalter { z, p_two_sided, certain_and_wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_answers_have_no_variance_and_are_told_apart() {
        let certain =
            Items::new(vec![1.0, 1.0, 0.0, 0.0, 0.5], vec![true, false, true, false, true]);
        let test = spiegelhalter(&certain.unwrap()).unwrap();
        assert_eq!(test, Spiegelhalter { z: None, p_two_sided: None, certain_and_wrong: 2 });
    }
}
