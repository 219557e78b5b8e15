//! Is today's value one more of the earlier ones?
//!
//! Times and amounts of a night have no cases that could be exchanged: a busy server is slow with all
//! of them. What is known is how they varied from night to night, and little of that. So the limits
//! are those of a prediction: where the earlier values are normal, a new one lies outside with exactly
//! the stated probability, however few there are, and the alarms of successive nights are
//! independent. A chart with limits of three standard deviations raises several times as many as it
//! says where the deviation is estimated from ten nights.
//!
//! Quesenberry, SPC Q charts for start-up processes and short or long runs, Journal of Quality
//! Technology 23 (1991): Q statistics of case `n`, mean and deviation unknown.

use super::student;

/// The values so far, as their number, mean and sum of squared deviations.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Individuals {
    n: usize,
    mean: f64,
    squares: f64,
}

impl Individuals {
    /// Adds a finite value. Welford's update (Technometrics 4, 1962).
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let apart = value - self.mean;
        self.mean += apart / self.n as f64;
        self.squares += apart * (value - self.mean);
    }

    /// How many there are.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// The limits outside which one more value lies with a probability of `alpha` in (0, 1):
    /// `x̄ ∓ t s √(1 + 1/n)` with `t` of `n − 1` degrees of freedom. They are never nearer than `least`
    /// to the mean: a smaller change is none. `None` for fewer than two values.
    #[must_use]
    pub fn limits(&self, alpha: f64, least: f64) -> Option<[f64; 2]> {
        let df = self.n.checked_sub(1).filter(|df| *df > 0)?;
        let n = self.n as f64;
        let deviation = (self.squares / df as f64).sqrt();
        let t = student::upper_quantile(0.5 * alpha, df);
        let reach = (t * deviation * (1.0 + 1.0 / n).sqrt()).max(least);
        Some([self.mean - reach, self.mean + reach])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::normal;
    use crate::score::random::Stream;

    #[test]
    fn limits_by_hand() {
        let mut values = Individuals::default();
        assert_eq!(values.limits(0.05, 0.0), None);
        for value in [9.0, 11.0, 10.0] {
            values.add(value);
        }
        // t of 2 degrees of freedom at 2.5 % is 4.30265; s = 1; √(4/3).
        let [low, high] = values.limits(0.05, 0.0).unwrap();
        assert!((high - 10.0 - 4.302_652_729_7 * (4.0_f64 / 3.0).sqrt()).abs() < 1e-9);
        assert!((low + high - 20.0).abs() < 1e-12);
        assert_eq!(values.limits(0.05, 8.0), Some([2.0, 18.0]));
        let mut same = Individuals::default();
        for value in [2.5; 9] {
            same.add(value);
        }
        assert_eq!((same.n(), same.limits(0.01, 0.25)), (9, Some([2.25, 2.75])));
    }

    #[test]
    fn where_nothing_changed_alarms_are_as_rare_as_said() {
        let (mut alarms, mut looked) = (0_u32, 0_u32);
        for history in 0..1000 {
            let mut draw = Stream::of(5, history);
            let mut values = Individuals::default();
            for night in 0..25 {
                // Twelve uniform numbers would have no tails; the quantile has.
                let value = normal::upper_quantile(draw.unit().max(1e-15));
                if night >= 5 {
                    let [low, high] = values.limits(0.01, 0.0).unwrap();
                    alarms += u32::from(value < low || value > high);
                    looked += 1;
                }
                values.add(value);
            }
        }
        // 20,000 looks: 200 alarms, and four standard deviations of 14 either way.
        assert_eq!(looked, 20_000);
        assert!((144..=256).contains(&alarms), "{alarms}");
    }
}
