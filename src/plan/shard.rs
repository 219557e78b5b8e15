//! A share of a plan, for one of several machines.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// Every so-manieth case of a plan. The shards of a plan have all its cases between them, each case
/// with all its trials, and their trials keep their places in the whole plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: NonZeroU32,
    of: NonZeroU32,
}

impl Shard {
    /// The shard of this number, from 1; none if there are not so many.
    #[must_use]
    pub fn new(number: NonZeroU32, of: NonZeroU32) -> Option<Shard> {
        (number <= of).then_some(Shard { number, of })
    }

    /// Which one it is, from 1.
    #[must_use]
    pub fn number(self) -> NonZeroU32 {
        self.number
    }

    /// How many there are.
    #[must_use]
    pub fn of(self) -> NonZeroU32 {
        self.of
    }

    /// Whether the case of this number, from 0, belongs to it.
    #[must_use]
    pub fn has(self, case: usize) -> bool {
        case % self.of.get() as usize == self.number.get() as usize - 1
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Shard, &'static str> {
        let numbers = text.split_once('/').and_then(|(number, of)| {
            Shard::new(number.trim().parse().ok()?, of.trim().parse().ok()?)
        });
        numbers.ok_or("write the number of the shard and how many there are, such as 1/4")
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_all_cases() {
        let shards = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Shard>().unwrap());
        assert_eq!(shards[1].to_string(), "2/3");
        for case in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.has(case)).count(), 1, "{case}");
        }
        for text in ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/5", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
