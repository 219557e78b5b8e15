//! How long to wait before another try.
//!
//! Callers that failed together must not come back together: the wait is drawn from all of the
//! time up to a limit that doubles with every try ("full jitter"; M. Brooker, *Exponential Backoff
//! And Jitter*, AWS Architecture Blog, 2015). A time that the server names is kept to, and the
//! random part comes on top of it.

use std::time::Duration;

use crate::ask::{Digest, PauseReason};

/// The limit before the second try.
const FIRST: Duration = Duration::from_millis(500);

/// The limit never exceeds this.
const LONGEST: Duration = Duration::from_secs(30);

/// Most of what is added to a time that the server named.
const ADDED: Duration = Duration::from_secs(1);

/// Random waits that a seed repeats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    seed: u64,
}

/// A wait and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    pub time: Duration,
    pub reason: PauseReason,
}

impl Backoff {
    pub(super) fn seeded(seed: u64) -> Backoff {
        Backoff { seed }
    }

    /// The pause of a request after so many tries, at least one.
    pub(super) fn pause(self, request: Digest, tries: usize, hint: Option<Duration>) -> Pause {
        let share = self.share(request, tries);
        if let Some(hint) = hint.filter(|hint| !hint.is_zero()) {
            // A tenth is enough to come apart, and late by no more than that.
            let time = hint + (hint / 10).min(ADDED).mul_f64(share);
            return Pause { time, reason: PauseReason::Server };
        }
        let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
        let limit = FIRST.saturating_mul(1 << doublings).min(LONGEST);
        Pause { time: limit.mul_f64(share), reason: PauseReason::Backoff }
    }

    /// A number in [0, 1) that depends on all of these.
    fn share(self, request: Digest, tries: usize) -> f64 {
        let drawn = Digest::of(&(self.seed, request, tries)).number();
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
        let share = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_fill_all_of_a_limit_that_doubles() {
        let backoff = Backoff::seeded(7);
        for (tries, limit) in [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (10_000, 30.0)] {
            let waits: Vec<f64> = (0..2000)
                .map(|i| backoff.pause(Digest::of(&i), tries, None))
                .inspect(|pause| assert_eq!(pause.reason, PauseReason::Backoff))
                .map(|pause| pause.time.as_secs_f64())
                .collect();
            let mean = waits.iter().sum::<f64>() / 2000.0;
            let (least, most) =
                waits.iter().fold((limit, 0.0_f64), |(a, b), w| (w.min(a), w.max(b)));
            assert!((mean / limit - 0.5).abs() < 0.03, "{tries}: {mean}");
            assert!(least < 0.01 * limit && most > 0.99 * limit && most < limit, "{tries}");
        }
    }

    #[test]
    fn a_servers_time_is_never_undercut() {
        let backoff = Backoff::seeded(1);
        for (hint, most) in [(0.12, 0.132), (3.0, 3.3), (60.0, 61.0)] {
            let hint = Duration::from_secs_f64(hint);
            for i in 0..500 {
                let pause = backoff.pause(Digest::of(&i), 1, Some(hint));
                assert_eq!(pause.reason, PauseReason::Server);
                assert!((hint..=Duration::from_secs_f64(most)).contains(&pause.time), "{pause:?}");
            }
        }
        // "At once" would bring all of them back together.
        let at_once = backoff.pause(Digest::of(&1), 1, Some(Duration::ZERO));
        assert_eq!(at_once.reason, PauseReason::Backoff);
    }

    #[test]
    fn a_seed_repeats_its_waits_and_no_other_does() {
        let pause = |seed| Backoff::seeded(seed).pause(Digest::of(&"q"), 2, None);
        assert_eq!(pause(3), pause(3));
        assert_ne!(pause(3), pause(4));
    }
}
