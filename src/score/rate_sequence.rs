//! Limits of a rate that hold at any moment, so that one may look after every answer.
//!
//! Limits for a fixed number of answers are wrong more often than they say when they are looked
//! at again and again until they please. A confidence sequence is right at all moments together
//! with its level, and pays for that with some width.

use statrs::function::gamma::ln_gamma;

use super::level::Level;
use super::proportion::{Interval, Proportion};

/// Halvings on each side of the rate: all that its numbers can tell.
const HALVINGS: usize = 64;

/// A confidence sequence for a rate of independent answers.
///
/// At every moment the rates `p` are kept at which the likelihood ratio of a beta mixture with
/// shapes ½ and ½ to `p`, `B(½+S, ½+t−S)/B(½, ½) / (p^S (1−p)^{t−S})`, is at most `1/α`; it is
/// what a mixture of gamblers owns who bet against `p`.
///
/// Robbins, Statistical methods related to the law of the iterated logarithm, Annals of
/// Mathematical Statistics 41 (1970); as a confidence sequence: Howard, Ramdas, `McAuliffe` and
/// Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of Statistics
/// 49 (2021), section 3.1.
#[derive(Debug, Clone, Copy)]
pub struct RateSequence {
    level: Level,
    seen: usize,
    count: usize,
}

impl RateSequence {
    /// Before the first answer.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self { level, seen: 0, count: 0 }
    }

    /// The level at which all its intervals hold together.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The next answer: is it counted?
    pub fn add(&mut self, counted: bool) {
        self.seen += 1;
        self.count += usize::from(counted);
    }

    /// What was seen so far.
    #[must_use]
    pub fn share(&self) -> Proportion {
        Proportion::of_counts(self.count, self.seen)
    }

    /// The interval now, of this moment alone: all of `[0, 1]` before the first answer.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let rate = self.share().rate().unwrap_or(0.5);
        let end = |bound: f64| {
            let (mut inside, mut outside) = (rate, bound);
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(inside, outside);
                if self.excludes(middle) { outside = middle } else { inside = middle }
            }
            outside
        };
        Interval {
            lower: if self.count == 0 { 0.0 } else { end(0.0) },
            upper: if self.count == self.seen { 1.0 } else { end(1.0) },
        }
    }

    /// Whether the rate is ruled out now, being lower than what was seen.
    #[must_use]
    pub fn is_above(&self, rate: f64) -> bool {
        self.count as f64 > rate * self.seen as f64 && self.excludes(rate)
    }

    /// Whether the rate is ruled out now, being higher than what was seen.
    #[must_use]
    pub fn is_below(&self, rate: f64) -> bool {
        (self.count as f64) < rate * self.seen as f64 && self.excludes(rate)
    }

    fn excludes(&self, rate: f64) -> bool {
        let (hits, misses) = (self.count as f64, (self.seen - self.count) as f64);
        let log = |times: f64, of: f64| if times > 0.0 { times * of.ln() } else { 0.0 };
        let mixture = ln_gamma(0.5 + hits) + ln_gamma(0.5 + misses)
            - ln_gamma(1.0 + hits + misses)
            - std::f64::consts::PI.ln();
        mixture - log(hits, rate) - log(misses, 1.0 - rate) > -self.level.alpha().ln()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::random::Stream;
    use super::*;

    fn after(count: usize, seen: usize) -> RateSequence {
        RateSequence { level: Level::P95, seen, count }
    }

    proptest! {
        #[test]
        fn an_interval_is_what_is_not_ruled_out(
            (count, seen) in (1..400_usize).prop_flat_map(|n| (0..=n, Just(n))),
            rate in 0.001..0.999_f64,
        ) {
            let sequence = after(count, seen);
            let Interval { lower, upper } = sequence.interval();
            let clear = (rate - lower).abs() > 1e-9 && (rate - upper).abs() > 1e-9;
            prop_assume!(clear);
            prop_assert_eq!(sequence.is_above(rate), rate < lower);
            prop_assert_eq!(sequence.is_below(rate), rate > upper);
        }
    }

    #[test]
    fn nothing_seen_rules_nothing_out() {
        let Interval { lower, upper } = after(0, 0).interval();
        assert_eq!((lower, upper), (0.0, 1.0));
        assert!(!after(0, 0).is_above(0.0) && !after(0, 0).is_below(1.0));
        assert!(after(0, 30).interval().lower.abs() < f64::EPSILON);
        assert!((after(30, 30).interval().upper - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_true_rate_is_hardly_ever_ruled_out_however_often_one_looks() {
        let ruled_out = (0..2000).filter(|&replicate| {
            let mut stream = Stream::of(11, replicate);
            let mut sequence = RateSequence::new(Level::P95);
            (0..500).any(|_| {
                sequence.add(stream.unit() < 0.1);
                sequence.is_above(0.1) || sequence.is_below(0.1)
            })
        });
        // 5 % of 2,000 are 100; looking once at fixed limits each time would give about 500.
        assert!(ruled_out.count() <= 100);
    }
}
