//! A measure of an endpoint, watched from night to night.
//!
//! Every night is held against all earlier ones of the same level. A night outside is marked and
//! stays out of what later ones are held against; if the next one is outside on the same side, the
//! level has changed: the two are the beginning of a new one, and the second is not marked again.

use std::collections::HashMap;

use super::answers::Unit;
use crate::score::{Individuals, Spread, Tally, Usual, usual_count, usual_sum};

/// Nights that limits need before them: those of fewer would be as wide as the page.
const FEWEST: usize = 5;

/// Times and amounts change by at least 5 %, or they do not change.
const LEAST: f64 = 0.05;

/// What the earlier nights of a level were like.
pub(super) trait Level: Default {
    /// A night.
    type Night;
    /// The range for a night, in units of its own sum; `None` while nothing can be said.
    fn usual(&self, night: &Self::Night, alpha: f64) -> Option<Usual>;
    /// One more night of this level.
    fn add(&mut self, night: &Self::Night);
}

/// A measure with its level and the night that lay outside, if that was the last one.
#[derive(Debug)]
pub(super) struct Watched<L: Level> {
    level: L,
    outside: Option<(i8, L::Night)>,
}

/// What a night is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// What was seen, and the range.
    pub usual: Usual,
    /// The side on which it is marked: −1 below, 1 above, 0 where it is not.
    pub marked: i8,
}

impl<L: Level> Default for Watched<L> {
    fn default() -> Watched<L> {
        Watched { level: L::default(), outside: None }
    }
}

impl<L: Level> Watched<L> {
    /// Holds a night against the earlier ones, and adds it to them.
    pub(super) fn see(&mut self, night: L::Night, alpha: f64) -> Option<Seen> {
        let usual = self.level.usual(&night, alpha);
        let side = usual.map_or(0, |usual| usual.side());
        let before = self.outside.take();
        let mut marked = side;
        match before {
            _ if side == 0 => self.level.add(&night),
            Some((same, first)) if same == side => {
                self.level = L::default();
                self.level.add(&first);
                self.level.add(&night);
                marked = 0;
            }
            _ => self.outside = Some((side, night)),
        }
        usual.map(|usual| Seen { usual, marked })
    }
}

/// Counts of the same units.
#[derive(Debug, Default)]
pub(super) struct Counts {
    nights: usize,
    units: HashMap<u64, Tally>,
}

impl Level for Counts {
    type Night = Vec<Unit>;

    fn usual(&self, night: &Vec<Unit>, alpha: f64) -> Option<Usual> {
        let known = night.iter().filter_map(|unit| Some((self.units.get(&unit.key)?, whole(unit))));
        let mut known = known.peekable();
        (self.nights >= FEWEST && known.peek().is_some()).then(|| usual_count(known, alpha))
    }

    fn add(&mut self, night: &Vec<Unit>) {
        self.nights += 1;
        for unit in night {
            self.units.entry(unit.key).or_default().add(whole(unit));
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of flags")]
fn whole(unit: &Unit) -> u32 {
    unit.sum.round() as u32
}

/// Scores of the same units.
#[derive(Debug, Default)]
pub(super) struct Scores {
    nights: usize,
    units: HashMap<u64, Spread>,
}

impl Level for Scores {
    type Night = Vec<Unit>;

    fn usual(&self, night: &Vec<Unit>, alpha: f64) -> Option<Usual> {
        let known = night.iter().filter_map(|unit| Some((*self.units.get(&unit.key)?, unit.sum)));
        let mut known = known.peekable();
        (self.nights >= FEWEST && known.peek().is_some()).then(|| usual_sum(known, alpha))
    }

    fn add(&mut self, night: &Vec<Unit>) {
        self.nights += 1;
        for unit in night {
            self.units.entry(unit.key).or_default().add(unit.sum);
        }
    }
}

/// A positive number a night: a time or an amount. What varies is its logarithm.
#[derive(Debug, Default)]
pub(super) struct Amounts(Individuals);

impl Level for Amounts {
    type Night = f64;

    fn usual(&self, night: &f64, alpha: f64) -> Option<Usual> {
        let least = LEAST.ln_1p();
        let limits = (self.0.n() >= FEWEST).then(|| self.0.limits(alpha, least)).flatten();
        limits.map(|[low, high]| Usual { seen: night.ln(), low, high })
    }

    fn add(&mut self, night: &f64) {
        self.0.add(night.ln());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(nights: &[f64]) -> Vec<i8> {
        let mut watched = Watched::<Amounts>::default();
        let marked = |night: &f64| watched.see(*night, 1e-3).map_or(0, |seen| seen.marked);
        nights.iter().map(marked).collect()
    }

    #[test]
    fn one_night_outside_is_marked_and_forgotten() {
        let usual = [100.0, 103.0, 98.0, 101.0, 99.0, 102.0, 100.0];
        let mut nights = usual.to_vec();
        nights.extend([190.0, 101.0, 99.0, 180.0]);
        assert_eq!(marks(&nights)[7..], [1, 0, 0, 1]);
    }

    #[test]
    fn a_new_level_is_marked_once_and_is_what_later_nights_are_held_against() {
        let mut nights = vec![100.0, 103.0, 98.0, 101.0, 99.0, 102.0];
        nights.extend([190.0, 200.0, 195.0, 193.0, 201.0, 197.0, 60.0]);
        assert_eq!(marks(&nights)[6..], [1, 0, 0, 0, 0, 0, -1]);
    }

    #[test]
    fn what_is_less_than_a_twentieth_is_no_change() {
        let last = |value: f64| {
            let nights: Vec<f64> = [100.0; 9].into_iter().chain([value]).collect();
            marks(&nights)[9]
        };
        assert_eq!([last(104.9), last(105.1), last(95.4), last(95.0)], [0, 1, 0, -1]);
    }

    #[test]
    fn cases_that_are_new_are_held_against_nothing() {
        let night = |hits: u64, from: u64| -> Vec<Unit> {
            (from..from + 40)
                .map(|key| Unit { key, sum: f64::from(u8::from(key < from + hits)) })
                .collect()
        };
        let mut watched = Watched::<Counts>::default();
        for _ in 0..8 {
            assert_eq!(watched.see(night(3, 0), 1e-3).map_or(0, |seen| seen.marked), 0);
        }
        assert_eq!(watched.see(night(30, 100), 1e-3), None, "no case is known");
        assert_eq!(watched.see(night(30, 0), 1e-3).unwrap().marked, 1);
    }
}
