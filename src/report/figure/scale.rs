//! From a number to its place in a drawing.

/// A linear scale: what lies outside its domain is drawn at its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Scale {
    /// The least and the largest number.
    pub domain: [f64; 2],
    /// Where they are drawn.
    pub range: [f64; 2],
}

impl Scale {
    /// The place of a number.
    pub(in crate::report) fn at(&self, value: f64) -> f64 {
        let Scale { domain: [low, high], range: [from, to] } = *self;
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        from + share.clamp(0.0, 1.0) * (to - from)
    }

    /// Round numbers from the least to the largest, about as many as wanted: steps of 1, 2 or 5.
    pub(in crate::report) fn ticks(&self, wanted: u32) -> Vec<f64> {
        let [low, high] = self.domain;
        let span = high - low;
        if !(span > 0.0 && span.is_finite()) {
            return vec![low];
        }
        let raw = span / f64::from(wanted.max(1));
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|of| of * power);
        let step = step.into_iter().find(|step| *step >= raw * 0.999).unwrap_or(10.0 * power);
        let mut ticks = Vec::new();
        let mut number = (low / step - 1e-9).ceil();
        while number * step <= high + step * 1e-9 {
            // Adding 0 makes 0 of −0.
            ticks.push(number * step + 0.0);
            number += 1.0;
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round_numbers() {
        let ticks = |low, high, wanted| {
            let of = Scale { domain: [low, high], range: [0.0, 1.0] };
            of.ticks(wanted).iter().map(|tick| (tick * 1e6).round() / 1e6).collect::<Vec<_>>()
        };
        assert_eq!(ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(ticks(0.0, 0.07, 4), [0.0, 0.02, 0.04, 0.06]);
        assert_eq!(ticks(-3.0, 9.0, 5), [0.0, 5.0]);
        assert_eq!(ticks(2.0, 2.0, 5), [2.0]);
    }

    proptest! {
        #[test]
        fn places_stay_inside_and_keep_the_order(a in -1e6..1e6, b in -1e6..1e6, span in 1e-3..1e6) {
            let scale = Scale { domain: [a, a + span], range: [10.0, 200.0] };
            prop_assert!((10.0..=200.0).contains(&scale.at(b)));
            prop_assert!(scale.at(b) <= scale.at(b + 1.0));
            prop_assert!(scale.ticks(5).len() <= 12);
        }
    }
}
