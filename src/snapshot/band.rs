//! A confidence as a snapshot tells it: the band that it lies in.
//!
//! The third decimal of a confidence differs from night to night, and nobody wants to accept it.
//! Bands are narrow where it matters, near 1, and the threshold is always an edge, so that no band
//! is confident and unsure at once.

use std::fmt;
use std::str::FromStr;

/// Where one band ends and the next begins.
const EDGES: [f64; 9] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

/// The confidences from the first number up to the second, which belongs to it only where it is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// In [0, 1].
    pub from: f64,
    /// In [0, 1].
    pub to: f64,
}

impl Band {
    /// The band of a confidence, both in [0, 1]; the threshold is an edge.
    #[must_use]
    pub fn of(confidence: f64, threshold: f64) -> Band {
        let edges = || EDGES.into_iter().chain([threshold]);
        let from = edges().filter(|edge| *edge <= confidence && *edge < 1.0);
        let to = edges().filter(|edge| *edge > confidence);
        Band {
            from: from.max_by(f64::total_cmp).unwrap_or(0.0),
            to: to.min_by(f64::total_cmp).unwrap_or(1.0),
        }
    }

    /// The smallest one that holds both.
    #[must_use]
    pub fn with(self, other: Band) -> Band {
        Band { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    /// Whether at least a whole band lies between the two: neighbours may be a hair apart.
    #[must_use]
    pub fn is_far_from(self, other: Band) -> bool {
        self.to < other.from || other.to < self.from
    }

    /// Its middle.
    #[must_use]
    pub fn middle(self) -> f64 {
        f64::midpoint(self.from, self.to)
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl FromStr for Band {
    type Err = ();

    fn from_str(text: &str) -> Result<Band, ()> {
        let (from, to) = text.split_once('-').ok_or(())?;
        let edge = |text: &str| text.parse::<f64>().ok().filter(|edge| (0.0..=1.0).contains(edge));
        let (from, to) = (edge(from).ok_or(())?, edge(to).ok_or(())?);
        if from < to { Ok(Band { from, to }) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_threshold_is_an_edge_and_one_lies_in_the_last() {
        let of = |sure, threshold| Band::of(sure, threshold).to_string();
        assert_eq!(of(0.97, 0.8), "0.95-0.99");
        assert_eq!(of(0.84, 0.85), "0.8-0.85");
        assert_eq!(of(0.85, 0.85), "0.85-0.9");
        assert_eq!((of(1.0, 0.8), of(1.0, 1.0)), ("0.99-1".into(), "0.99-1".into()));
        assert_eq!((of(0.0, 0.8), of(0.0, 0.0)), ("0-0.5".into(), "0-0.5".into()));
    }

    #[test]
    fn neighbours_are_not_far_apart() {
        let band = |text: &str| text.parse::<Band>().unwrap();
        assert!(!band("0.8-0.9").is_far_from(band("0.9-0.95")));
        assert!(band("0.8-0.9").is_far_from(band("0.95-0.99")));
        assert!(band("0.95-1").is_far_from(band("0.5-0.9")));
        assert!(!band("0.5-0.95").is_far_from(band("0.6-0.7")));
        for broken in ["0.9", "0.9-0.8", "0.9-0.9", "0.5-1.5", "NaN-1", "a-b"] {
            assert!(broken.parse::<Band>().is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn a_band_holds_its_confidence_on_one_side_of_the_threshold(
            sure in 0.0..=1.0_f64, threshold in 0.0..=1.0_f64
        ) {
            let band = Band::of(sure, threshold);
            prop_assert!(band.from <= sure && (sure < band.to || band.to >= 1.0));
            prop_assert!(band.from >= threshold || band.to <= threshold || threshold >= 1.0);
            prop_assert_eq!(band.to_string().parse::<Band>(), Ok(band));
        }
    }
}
