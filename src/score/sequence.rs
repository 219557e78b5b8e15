//! How probable a model's own words were to it.
//!
//! These are scores of an answer, not probabilities that it is right: a long answer is
//! improbable whatever it says. They rank answers, and want recalibration before they are
//! read as confidence.

use super::sum::sum;

/// Probabilities of a sequence of tokens, each in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SequenceProbability {
    /// Of the whole sequence, `exp(Σℓ)`.
    pub probability: f64,
    /// Of a token in the geometric mean, `exp(Σℓ/n)`.
    ///
    /// Murray and Chiang, Correcting length bias in neural machine translation, WMT
    /// 2018.
    pub length_normalised: f64,
    /// Of the least probable token, `exp(min ℓ)`.
    pub minimum: f64,
}

/// The probabilities of tokens with these natural log probabilities; one above 0 counts
/// as 0. `None` without tokens, or if one is not a number.
#[must_use]
pub fn sequence_probability(logprobs: &[f64]) -> Option<SequenceProbability> {
    if logprobs.is_empty() || logprobs.iter().any(|logprob| logprob.is_nan()) {
        return None;
    }
    let bounded = || logprobs.iter().map(|logprob| logprob.min(0.0));
    let total = sum(bounded().filter(|logprob| logprob.is_finite()));
    let impossible = bounded().any(f64::is_infinite);
    let total = if impossible { f64::NEG_INFINITY } else { total };
    Some(SequenceProbability {
        probability: total.exp(),
        length_normalised: (total / logprobs.len() as f64).exp(),
        minimum: bounded().fold(0.0, f64::min).exp(),
    })
}

/// The share of the likeliest of several continuations among all of them,
/// `1/Σ exp(ℓ_i − max ℓ)`: the confidence in a choice that is made by likelihood. `None`
/// without any, if all are impossible, or if one is not a number.
#[must_use]
pub fn choice_confidence(log_likelihoods: &[f64]) -> Option<f64> {
    let largest = log_likelihoods.iter().copied().reduce(f64::max)?;
    let sound = largest.is_finite() && !log_likelihoods.iter().any(|one| one.is_nan());
    sound.then(|| sum(log_likelihoods.iter().map(|one| (one - largest).exp())).recip())
}

/// P(True): the probability that a model gives to its answer being true when it is asked
/// whether it is, `T/(T+F)` of the masses on the two words. `None` where both are 0.
///
/// Kadavath et al., Language models (mostly) know what they know, arXiv 2207.05221
/// (2022), section 4.
#[must_use]
pub fn p_true(mass_true: f64, mass_false: f64) -> Option<f64> {
    let both = mass_true + mass_false;
    (both > 0.0).then(|| mass_true / both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_the_product_of_its_tokens() {
        let of = |probabilities: &[f64]| {
            let logprobs: Vec<f64> = probabilities.iter().map(|p| p.ln()).collect();
            sequence_probability(&logprobs).unwrap()
        };
        let SequenceProbability { probability, length_normalised, minimum } = of(&[0.5, 0.125]);
        assert!((probability - 0.0625).abs() < 1e-15);
        assert!((length_normalised - 0.25).abs() < 1e-15);
        assert!((minimum - 0.125).abs() < 1e-15);
        let impossible = of(&[0.5, 0.0]);
        assert!(impossible.probability.abs() < 1e-300 && impossible.minimum.abs() < 1e-300);
    }

    #[test]
    fn nothing_has_no_probability() {
        assert_eq!(sequence_probability(&[]), None);
        assert_eq!(sequence_probability(&[-1.0, f64::NAN]), None);
        assert_eq!(choice_confidence(&[]), None);
        assert_eq!(choice_confidence(&[f64::NEG_INFINITY; 2]), None);
        assert_eq!(choice_confidence(&[-1.0, f64::NAN]), None);
        assert_eq!(p_true(0.0, 0.0), None);
        assert_eq!(p_true(0.3, 0.1), Some(0.3 / 0.4));
    }
}
