//! The confidence level of a limit or an interval.

use std::fmt;

/// A parameter outside its domain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfRange {
    /// What the parameter is, as its author would call it.
    pub what: &'static str,
    /// What was given.
    pub value: f64,
    /// What is allowed.
    pub allowed: &'static str,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, allowed } = self;
        write!(f, "{what} is {value}, it must be {allowed}")
    }
}

impl std::error::Error for OutOfRange {}

/// The confidence level of a limit or an interval, strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f64);

impl Level {
    /// 95 %.
    pub const P95: Level = Level(0.95);

    /// 50 %: as much as nothing.
    pub const HALF: Level = Level(0.5);

    /// A level such as `0.95`.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `0 < level < 1`, and so far from 0 that `1 − level`
    /// is not 1 after rounding.
    pub fn new(level: f64) -> Result<Self, OutOfRange> {
        let alpha = 1.0 - level;
        if alpha > 0.0 && alpha < 1.0 {
            Ok(Self(level))
        } else {
            Err(OutOfRange {
                what: "level",
                value: level,
                allowed: "strictly between 0 and 1, such as 0.95",
            })
        }
    }

    /// The level as given, in `(0, 1)`.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The probability left over, `α = 1 − level`, in `(0, 1)`: all of it in one
    /// tail for a one-sided limit, half of it in each for an interval.
    #[must_use]
    pub fn alpha(self) -> f64 {
        1.0 - self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_strictly_inside_the_unit_interval() {
        for level in [0.0, 1e-17, 1.0, -0.1, 95.0, f64::NAN, f64::INFINITY] {
            assert!(Level::new(level).is_err());
        }
        assert_eq!(
            Level::new(95.0).unwrap_err().to_string(),
            "level is 95, it must be strictly between 0 and 1, such as 0.95"
        );
    }
}
