//! How many calls, or tokens, in a minute.
//!
//! A bucket that fills evenly: a call takes its share and the next waits until the bucket has
//! recovered, first come, first served. The tokens of a call are known only afterwards, so an
//! estimate is reserved and settled when the reply is there; whoever waits meanwhile hears of it.
//! A hundredth of a minute's worth may come at once: that makes up for timers that are late.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Notify};
use tokio::time::{Instant, sleep_until};

use super::lock;

/// How far behind an even pace a caller may be and still catch up.
const SLACK: Duration = Duration::from_millis(600);

/// Longest time that one call can make others wait.
const LONGEST: f64 = 3600.0;

/// So many units in a minute.
#[derive(Debug)]
pub(super) struct Rate {
    seconds_each: f64,
    /// Whoever is next holds it while it waits; it is fair.
    turn: Turn<()>,
    free_at: Mutex<Instant>,
    settled: Notify,
}

impl Rate {
    /// At most so many a minute, at least one.
    pub(super) fn per_minute(units: u32) -> Rate {
        Rate {
            seconds_each: 60.0 / f64::from(units.max(1)),
            turn: Turn::default(),
            free_at: Mutex::new(Instant::now()),
            settled: Notify::new(),
        }
    }

    /// Waits until the bucket has recovered and takes so many units from it.
    pub(super) async fn reserve(&self, units: f64) {
        let _turn = self.turn.lock().await;
        loop {
            let free_at = *lock(&self.free_at);
            if free_at <= Instant::now() {
                break;
            }
            tokio::select! {
                () = sleep_until(free_at) => {}
                () = self.settled.notified() => {}
            }
        }
        let mut free_at = lock(&self.free_at);
        let earliest = Instant::now().checked_sub(SLACK).unwrap_or(*free_at);
        *free_at = (*free_at).max(earliest) + self.time(units);
    }

    /// Corrects what was reserved to what it was.
    pub(super) fn settle(&self, reserved: f64, actual: f64) {
        let mut free_at = lock(&self.free_at);
        if actual >= reserved {
            *free_at += self.time(actual - reserved);
        } else {
            *free_at = free_at.checked_sub(self.time(reserved - actual)).unwrap_or(*free_at);
        }
        drop(free_at);
        self.settled.notify_one();
    }

    fn time(&self, units: f64) -> Duration {
        Duration::from_secs_f64((units * self.seconds_each).clamp(0.0, LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// When so many callers, who all come at once, had their turns; each reserves `units`, and
    /// settles for `actual` of them after `takes`.
    async fn turns(
        rate: Rate,
        callers: usize,
        units: f64,
        actual: f64,
        takes: Duration,
    ) -> Vec<(usize, f64)> {
        let start = Instant::now();
        let rate = Arc::new(rate);
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks = (0..callers).map(|caller| {
            let (rate, order) = (Arc::clone(&rate), Arc::clone(&order));
            tokio::spawn(async move {
                rate.reserve(units).await;
                lock(&order).push((caller, start.elapsed().as_secs_f64()));
                tokio::time::sleep(takes).await;
                rate.settle(units, actual);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        lock(&order).clone()
    }

    /// The most turns that lie within a minute of each other.
    fn most_in_a_minute(turns: &[(usize, f64)]) -> usize {
        let within =
            |from: f64| turns.iter().filter(move |(_, at)| (from..from + 60.0).contains(at));
        turns.iter().map(|(_, from)| within(*from).count()).max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn every_minute_is_filled_and_none_overflows() {
        for limit in [60, 600, 6000] {
            let callers = usize::try_from(limit).unwrap() * 3;
            let turns =
                turns(Rate::per_minute(limit), callers, 1.0, 1.0, Duration::from_millis(100)).await;
            let limit = f64::from(limit);
            #[expect(clippy::cast_precision_loss, reason = "thousands")]
            let most = most_in_a_minute(&turns) as f64;
            assert!(most <= limit * 1.02 && most >= limit * 0.99, "{most} of {limit}");
            let last = turns.last().unwrap().1;
            assert!((177.0..=182.0).contains(&last), "{last} s for three minutes' worth");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn first_come_first_served() {
        let turns = turns(Rate::per_minute(600), 200, 1.0, 1.0, Duration::from_millis(1)).await;
        assert!(turns.iter().map(|(caller, _)| *caller).eq(0..200));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_used_is_given_back_at_once() {
        // Ten times too much is reserved: by estimate 600 calls would take ten minutes.
        let takes = Duration::from_millis(50);
        let turns = turns(Rate::per_minute(60_000), 600, 1000.0, 100.0, takes).await;
        let last = turns.last().unwrap().1;
        assert!((57.0..=70.0).contains(&last), "{last}");
        assert!(turns.iter().map(|(caller, _)| *caller).eq(0..600), "in order");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_used_beyond_the_estimate_is_paid() {
        let takes = Duration::from_millis(1);
        let turns = turns(Rate::per_minute(6000), 100, 10.0, 100.0, takes).await;
        let last = turns.last().unwrap().1;
        assert!((98.0..=101.0).contains(&last), "{last}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_time_saves_up_no_more_than_the_slack() {
        let rate = Rate::per_minute(60);
        tokio::time::advance(Duration::from_mins(10)).await;
        let turns = turns(rate, 61, 1.0, 1.0, Duration::ZERO).await;
        assert!(turns[60].1 >= 59.0, "{turns:?}");
    }
}
