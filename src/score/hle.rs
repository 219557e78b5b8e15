//! The calibration error that "Humanity's Last Exam" publishes.
//!
//! Its script sorts by confidence, makes bins of a hundred, and leaves the last one out
//! of the sum: the most confident answers, where the error is. Numbers to compare with
//! published ones need that; everybody else wants all bins.

use super::bins::Bin;
use super::items::Items;
use super::sum::sum;

/// Items of a bin.
const SIZE: usize = 100;

/// The root-mean-square calibration error of the script, with the last bin and without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HleRms {
    /// `√(Σ_b (n_b/n)(ȳ_b − c̄_b)²)` without the most confident bin, over the full `n`, as
    /// published; 0 with one bin only. `None` below 100 items, where the script fails.
    pub as_published: Option<f64>,
    /// The same with every bin.
    pub all_bins: f64,
}

/// Both errors over bins of 100 in ascending order of confidence, ties in input order;
/// what is left over joins the last bin, and below 100 items there is one bin. `None`
/// without items.
///
/// Phan et al., Humanity's Last Exam, arXiv 2501.14249 (2025), its evaluation script.
#[must_use]
pub fn hle_rms(items: &Items) -> Option<HleRms> {
    let n = items.len();
    let count = (n / SIZE).max(1);
    let end = |bin: usize| if bin + 1 == count { n } else { (bin + 1) * SIZE };
    let squared = |bin: usize| {
        let bin = Bin::of(items, bin * SIZE..end(bin), 0.0, 1.0);
        bin.map_or(0.0, |bin| bin.n as f64 * bin.gap().powi(2))
    };
    let below = sum((0..count - 1).map(squared));
    let rms = |total: f64| (total / n as f64).sqrt();
    (n > 0).then(|| HleRms {
        as_published: (n >= SIZE).then(|| rms(below)),
        all_bins: rms(below + squared(count - 1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_error_does_not_see_the_most_confident() {
        let confidence = (0..250).map(|i| if i < 100 { 0.5 } else { 1.0 }).collect();
        let correct = (0..250).map(|i| i < 50).collect();
        let items = Items::new(confidence, correct).unwrap();
        let both = hle_rms(&items).unwrap();
        assert_eq!(both.as_published, Some(0.0));
        assert!((both.all_bins - 0.6_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn fewer_than_a_hundred_are_one_bin() {
        let of = |n: usize| hle_rms(&Items::new(vec![0.75; n], vec![true; n]).unwrap());
        assert_eq!(of(0), None);
        assert_eq!(of(99).unwrap(), HleRms { as_published: None, all_bins: 0.25 });
        assert_eq!(of(199).unwrap(), HleRms { as_published: Some(0.0), all_bins: 0.25 });
    }
}
