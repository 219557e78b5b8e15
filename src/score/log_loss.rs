//! Log loss, with the clip that keeps it finite.

use super::items::Items;
use super::level::OutOfRange;
use super::sum::mean;

/// How close to 0 and 1 a confidence may come before its logarithm is taken,
/// in `(0, ½)`. One wrong answer at confidence 1 would otherwise make the loss
/// infinite, so the clip decides what such an answer costs: `-ln(clip)`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Clip(f64);

impl Clip {
    /// The clip of reports, `1e-6`: a certain wrong answer costs 13.8.
    pub const DEFAULT: Clip = Clip(1e-6);

    /// A clip such as `1e-6`.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `2^-53 ≤ clip < ½`; a smaller one would leave
    /// `1 − clip` at 1.
    pub fn new(clip: f64) -> Result<Self, OutOfRange> {
        if (f64::EPSILON / 2.0..0.5).contains(&clip) {
            Ok(Self(clip))
        } else {
            Err(OutOfRange {
                what: "clip",
                value: clip,
                allowed: "at least 2^-53 and below 0.5, such as 1e-6",
            })
        }
    }

    /// The clip as given.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Log loss and how much of it the clip decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogLoss {
    /// The mean loss in nats, at least 0.
    pub mean: f64,
    /// How many confidences were outside `[clip, 1 − clip]` and were moved.
    pub clipped: usize,
}

/// The log loss `−Σ[y ln p + (1−y) ln(1−p)]/n` in nats, where `p` is `c` cut to
/// `[clip, 1 − clip]`. `None` without items.
///
/// Good, Rational decisions, Journal of the Royal Statistical Society B 14 (1952).
#[must_use]
pub fn log_loss(items: &Items, clip: Clip) -> Option<LogLoss> {
    let (low, high) = (clip.0, 1.0 - clip.0);
    let loss = |(c, y): (f64, bool)| {
        let p = c.clamp(low, high);
        if y { -p.ln() } else { -(-p).ln_1p() }
    };
    Some(LogLoss {
        mean: mean(items.pairs().map(loss))?,
        clipped: items.confidence().iter().filter(|&&c| c < low || c > high).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(confidence: &[f64], correct: &[bool]) -> Items {
        Items::new(confidence.to_vec(), correct.to_vec()).unwrap()
    }

    #[test]
    fn counts_what_the_clip_moved_and_nothing_else() {
        let at_the_clip =
            items(&[0.0, 1e-6, 0.5, 0.999_999, 1.0], &[false, false, true, true, true]);
        assert_eq!(log_loss(&at_the_clip, Clip::DEFAULT).unwrap().clipped, 2);
    }

    #[test]
    fn a_certain_wrong_answer_costs_minus_the_logarithm_of_the_clip() {
        let certain = items(&[1.0], &[false]);
        for clip in [1e-6, 1e-3, f64::EPSILON / 2.0] {
            let loss = log_loss(&certain, Clip::new(clip).unwrap()).unwrap().mean;
            assert!((loss + clip.ln()).abs() < 1e-9, "{clip}: {loss}");
        }
    }

    #[test]
    fn a_clip_that_would_not_clip_is_refused() {
        for clip in [0.0, 1e-17, 0.5, -1e-6, f64::NAN] {
            assert!(Clip::new(clip).is_err());
        }
    }
}
