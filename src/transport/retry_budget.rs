//! How much of an endpoint's load may be retries.
//!
//! When a server fails half of its calls, trying each of them again doubles the load on something
//! that is on its knees. So every call earns a fifth of a retry, and a retry costs a whole one.
//! Chance puts some failures next to each other: a reserve pays for those, and for all of a small
//! run. With one call in ten failing, retries come to a ninth of the calls, and the reserve runs out
//! in fewer than one run in a billion (Cramér–Lundberg: the ruin of a walk with steps of mean
//! −0.089 from 20, whose adjustment coefficient is 1.09, has a probability below e⁻²¹).

use std::sync::Mutex;

use super::lock;

/// What a call earns, in fifths of a retry.
const EARNED: u32 = 1;
/// What a retry costs.
const COST: u32 = 5;
/// What there is at the beginning: 20 retries.
const RESERVE: u32 = 20 * COST;
/// The most that can be saved up, so that a long good time does not pay for a long storm.
const MOST: u32 = 100 * COST;

/// The retries that an endpoint may still have.
#[derive(Debug)]
pub(super) struct RetryBudget {
    left: Mutex<u32>,
}

impl Default for RetryBudget {
    fn default() -> RetryBudget {
        RetryBudget { left: Mutex::new(RESERVE) }
    }
}

impl RetryBudget {
    /// A call that is not a retry.
    pub(super) fn earn(&self) {
        let mut left = lock(&self.left);
        *left = (*left + EARNED).min(MOST);
    }

    /// Takes a retry, if there is one.
    pub(super) fn take(&self) -> bool {
        let mut left = lock(&self.left);
        let enough = left.checked_sub(COST);
        if let Some(rest) = enough {
            *left = rest;
        }
        enough.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Retries refused, and calls per request, in a run of so many requests of up to four tries
    /// each, 64 of them at once, of which this share of calls fails.
    fn run(requests: u64, failing: f64, seed: u64) -> (usize, f64) {
        let budget = RetryBudget::default();
        let mut state = seed;
        let mut fails = || {
            // splitmix64
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            #[expect(clippy::cast_precision_loss, reason = "only its size counts")]
            let share = (z ^ (z >> 31)) as f64 / u64::MAX as f64;
            share < failing
        };
        let (mut refused, mut calls, mut left) = (0, 0_u32, requests);
        let mut flying = vec![0_u8; 64];
        while !flying.is_empty() {
            flying.retain_mut(|tries| {
                if *tries == 0 {
                    if left == 0 {
                        return false;
                    }
                    left -= 1;
                    budget.earn();
                }
                *tries += 1;
                calls += 1;
                let again = fails() && *tries < 4;
                if again && budget.take() {
                    return true;
                }
                refused += usize::from(again);
                *tries = 0;
                true
            });
        }
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let amplification = f64::from(calls) / requests as f64;
        (refused, amplification)
    }

    #[test]
    fn no_allowed_retry_is_lost_at_a_tenth_of_faults() {
        for seed in 0..200 {
            let (refused, amplification) = run(5000, 0.1, seed);
            assert_eq!(refused, 0, "seed {seed}");
            assert!(amplification <= 1.15, "{amplification}");
        }
    }

    #[test]
    fn a_failing_server_is_not_stormed() {
        for seed in 0..20 {
            let (refused, amplification) = run(5000, 0.6, seed);
            assert!(refused > 0 && amplification <= 1.21, "{amplification}");
        }
    }

    #[test]
    fn a_small_run_may_try_everything_again() {
        assert_eq!(run(6, 1.0, 1), (0, 4.0));
    }
}
