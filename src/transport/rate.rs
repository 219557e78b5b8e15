//! How many calls, or tokens, in a minute.
//!
//! Two rules hold at once. A *pace*: a call takes its share of a minute and the next waits for so
//! long, first come, first served. Whoever is late may catch up a little: by a hundredth of a minute's
//! worth of calls, and a twentieth of tokens, of which more is given back unforeseen. And a *window*:
//! what began within any minute is never more than the limit, whatever the pace has let through.
//!
//! The tokens of a call are known only afterwards, so an estimate is reserved and settled when the
//! reply is there; whoever waits meanwhile hears of it. Reserved too much, calls that are under way
//! hold what others could use, and the limit is never reached; so the rate learns by how much the
//! estimates are off: what the latest calls used, over what was estimated for them.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Notify};
use tokio::time::{Instant, sleep_until};

use super::lock;

/// How far behind an even pace calls may be and still catch up.
const CALLS_LATE: Duration = Duration::from_millis(600);

/// The same for tokens.
const TOKENS_LATE: Duration = Duration::from_secs(3);

/// A minute, and a quarter of a second by which a call may be longer on its way than another.
const WINDOW: Duration = Duration::from_millis(60_250);

/// A call that begins so soon after its turn begins at its turn.
const PUNCTUAL: Duration = Duration::from_millis(100);

/// Longest time that one call can make others wait.
const LONGEST: f64 = 3600.0;

/// How much of what was learned is left after one more call: the latest 50 count.
const MEMORY: f64 = 0.98;

/// As how many calls that were just as estimated the first one begins: one reply says little.
const CAUTION: f64 = 5.0;

/// So many units in a minute.
#[derive(Debug)]
pub(super) struct Rate {
    limit: f64,
    /// How late one may be and still catch up.
    slack: Duration,
    /// Whoever is next holds it while it waits; it is fair.
    turn: Turn<()>,
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Debug)]
struct State {
    free_at: Instant,
    /// When calls of the last minute began, and their units as far as they are known.
    recent: VecDeque<(Instant, f64)>,
    /// The number of the first of them, among all calls.
    first: u64,
    /// Their units.
    sum: f64,
    /// Of the latest settled calls: units that were used, and that were estimated.
    used: f64,
    estimated: f64,
}

/// What was reserved for a call.
#[derive(Debug)]
pub(super) struct Share {
    number: u64,
    estimated: f64,
    reserved: f64,
}

impl Rate {
    /// At most so many calls a minute, at least one.
    pub(super) fn calls(a_minute: u32) -> Rate {
        Rate::new(a_minute, CALLS_LATE)
    }

    /// At most so many tokens a minute, at least one.
    pub(super) fn tokens(a_minute: u32) -> Rate {
        Rate::new(a_minute, TOKENS_LATE)
    }

    fn new(units: u32, slack: Duration) -> Rate {
        Rate {
            limit: f64::from(units.max(1)),
            slack,
            turn: Turn::default(),
            state: Mutex::new(State {
                free_at: Instant::now(),
                recent: VecDeque::new(),
                first: 0,
                sum: 0.0,
                used: 0.0,
                estimated: 0.0,
            }),
            settled: Notify::new(),
        }
    }

    /// Waits for the turn of a call that takes about so many units, and takes them.
    pub(super) async fn reserve(&self, estimated: f64) -> Share {
        let _turn = self.turn.lock().await;
        loop {
            let at = match self.take(estimated) {
                Ok(share) => return share,
                Err(at) => at,
            };
            tokio::select! {
                () = sleep_until(at) => {}
                () = self.settled.notified() => {}
            }
        }
    }

    /// The share of a call that begins now, or when it may begin as far as that is known.
    fn take(&self, estimated: f64) -> Result<Share, Instant> {
        let mut state = lock(&self.state);
        let now = Instant::now();
        state.forget(now);
        let reserved = state.expected(estimated);
        let at = state.free_at.max(state.room_at(now, reserved, self.limit));
        if at > now {
            return Err(at);
        }
        let earliest = now.checked_sub(self.slack).unwrap_or(state.free_at);
        state.free_at = state.free_at.max(earliest) + self.time(reserved);
        let number = state.first + state.recent.len() as u64;
        state.recent.push_back((now, reserved));
        state.sum += reserved;
        Ok(Share { number, estimated, reserved })
    }

    /// The call begins only now, since it had to wait for something else meanwhile: it belongs to
    /// this minute, not to the one in which it had its turn here.
    pub(super) fn begins(&self, share: &mut Share) {
        let mut state = lock(&self.state);
        let now = Instant::now();
        state.forget(now);
        if let Some(place) = state.place(share)
            && let Some((at, units)) = state.recent.get_mut(place)
        {
            if now.duration_since(*at) < PUNCTUAL {
                return;
            }
            let units = std::mem::take(units);
            state.sum -= units;
        }
        share.number = state.first + state.recent.len() as u64;
        state.recent.push_back((now, share.reserved));
        state.sum += share.reserved;
    }

    /// Corrects what was reserved to what it was. A call that used nothing, because it was refused,
    /// says nothing of estimates.
    pub(super) fn settle(&self, share: &Share, used: f64) {
        // A count that is more than a minute allows is a slip of the server's, and must not stop
        // all others for longer.
        let used = used.min(self.limit.max(share.reserved));
        let mut state = lock(&self.state);
        let surplus = self.time(share.reserved - used);
        state.free_at += self.time(used - share.reserved);
        state.free_at = state.free_at.checked_sub(surplus).unwrap_or(state.free_at);
        if let Some(place) = state.place(share)
            && let Some((_, units)) = state.recent.get_mut(place)
        {
            *units = used;
            state.sum += used - share.reserved;
        }
        if used > 0.0 {
            if state.estimated == 0.0 {
                state.estimated = CAUTION * share.estimated;
                state.used = state.estimated;
            }
            state.used = state.used * MEMORY + used;
            state.estimated = state.estimated * MEMORY + share.estimated;
        }
        drop(state);
        self.settled.notify_one();
    }

    /// The time in which so many units come; none for less than nothing.
    fn time(&self, units: f64) -> Duration {
        Duration::from_secs_f64((units * 60.0 / self.limit).clamp(0.0, LONGEST))
    }
}

impl State {
    /// What a call will use if it is like the latest ones.
    fn expected(&self, estimated: f64) -> f64 {
        if self.estimated > 0.0 { estimated * self.used / self.estimated } else { estimated }
    }

    /// Where a share stands among those of the last minute.
    fn place(&self, share: &Share) -> Option<usize> {
        usize::try_from(share.number.checked_sub(self.first)?).ok()
    }

    /// Drops what began more than a minute ago.
    fn forget(&mut self, now: Instant) {
        while let Some((_, units)) = self.recent.pop_front_if(|(at, _)| now >= *at + WINDOW) {
            self.first += 1;
            self.sum -= units;
        }
        if self.recent.is_empty() {
            // Rounding must not add up.
            self.sum = 0.0;
        }
    }

    /// When so many units more are within the limit of a minute. A call that is larger than the
    /// limit gets a minute of its own.
    fn room_at(&self, now: Instant, units: f64, limit: f64) -> Instant {
        let mut at = now;
        let mut sum = self.sum;
        for (began, units_then) in &self.recent {
            // A millionth of a unit is rounding.
            if sum + units <= limit + 1e-6 {
                break;
            }
            sum -= units_then;
            at = *began + WINDOW;
        }
        at
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
                let share = rate.reserve(units).await;
                lock(&order).push((caller, start.elapsed().as_secs_f64()));
                tokio::time::sleep(takes).await;
                rate.settle(&share, actual);
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
    async fn a_count_that_cannot_be_stops_others_for_no_more_than_a_minute() {
        let rate = Rate::tokens(600);
        let share = rate.reserve(10.0).await;
        rate.settle(&share, 1.8e19);
        let start = Instant::now();
        rate.reserve(10.0).await;
        assert!(start.elapsed() <= Duration::from_secs(61), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn every_minute_is_filled_and_none_overflows() {
        for limit in [60, 600, 6000] {
            let callers = usize::try_from(limit).unwrap() * 3;
            let turns =
                turns(Rate::calls(limit), callers, 1.0, 1.0, Duration::from_millis(100)).await;
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
        let turns = turns(Rate::calls(600), 200, 1.0, 1.0, Duration::from_millis(1)).await;
        assert!(turns.iter().map(|(caller, _)| *caller).eq(0..200));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_are_held_up_after_their_turn_count_when_they_begin() {
        // Eight calls have their turns while somebody else holds all permits.
        let rate = Rate::calls(10);
        let mut shares = Vec::new();
        for _ in 0..8 {
            shares.push(rate.reserve(1.0).await);
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        for share in &mut shares {
            rate.begins(share);
        }
        let begun = Instant::now();
        for _ in 0..2 {
            rate.reserve(1.0).await;
        }
        assert!(begun.elapsed() < WINDOW);
        rate.settle(&shares[0], 1.0);
        rate.reserve(1.0).await;
        assert!(begun.elapsed() >= WINDOW, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_used_is_given_back_at_once() {
        // Ten times too much is reserved: by estimate 600 calls would take ten minutes.
        let takes = Duration::from_millis(50);
        let turns = turns(Rate::tokens(60_000), 600, 1000.0, 100.0, takes).await;
        let last = turns.last().unwrap().1;
        assert!((57.0..=70.0).contains(&last), "{last}");
        assert!(turns.iter().map(|(caller, _)| *caller).eq(0..600), "in order");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_used_beyond_the_estimate_is_paid() {
        let takes = Duration::from_millis(1);
        let turns = turns(Rate::tokens(6000), 100, 10.0, 100.0, takes).await;
        let last = turns.last().unwrap().1;
        assert!((98.0..=101.0).contains(&last), "{last}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_time_saves_up_no_more_than_the_slack() {
        let rate = Rate::calls(60);
        tokio::time::advance(Duration::from_mins(10)).await;
        let turns = turns(rate, 61, 1.0, 1.0, Duration::ZERO).await;
        assert!(turns[60].1 >= 59.0, "{turns:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_calls_than_a_small_limit_even_at_the_beginning() {
        for limit in [1, 3, 10, 40] {
            let callers = usize::try_from(limit).unwrap() * 4;
            let turns = turns(Rate::calls(limit), callers, 1.0, 1.0, Duration::ZERO).await;
            assert_eq!(most_in_a_minute(&turns), usize::try_from(limit).unwrap());
        }
    }

    /// Tokens of calls that began within a minute of each other, least and most, of full minutes.
    fn minutes(calls: &[(f64, f64)]) -> (f64, f64) {
        let last = calls.last().unwrap().0;
        let full = calls.iter().map(|(at, _)| *at).filter(|from| from + 60.0 <= last);
        full.fold((f64::MAX, 0.0_f64), |(least, most), from| {
            let within = calls.iter().filter(|(at, _)| (from..from + 60.0).contains(at));
            let tokens = within.map(|(_, tokens)| tokens).sum::<f64>();
            (least.min(tokens), most.max(tokens))
        })
    }

    #[tokio::test(start_paused = true)]
    async fn minutes_are_full_though_estimates_are_four_times_too_high_and_replies_differ() {
        // 64 calls at a time of 2 to 4 s each; one call in three is four times as long as others.
        const LIMIT: u32 = 100_000;
        let rate = Arc::new(Rate::tokens(LIMIT));
        let permits = Arc::new(tokio::sync::Semaphore::new(64));
        let start = Instant::now();
        let calls = (0..2400_u32).map(|call| {
            let (rate, permits) = (Arc::clone(&rate), Arc::clone(&permits));
            tokio::spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                let used = if call % 3 == 0 { 300.0 } else { 75.0 };
                let share = rate.reserve(600.0).await;
                let at = start.elapsed().as_secs_f64();
                tokio::time::sleep(Duration::from_millis(2000 + u64::from(call * 7 % 2000))).await;
                rate.settle(&share, used);
                (at, used)
            })
        });
        let mut done = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            done.push(call.await.unwrap());
        }
        done.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(done.last().unwrap().0 > 180.0, "{:?}", done.last());
        // Until the first replies nobody knows how long they are.
        let learned = done.iter().position(|(at, _)| *at >= 5.0).unwrap();
        let (least, most) = minutes(&done[learned..]);
        let limit = f64::from(LIMIT);
        assert!(most <= 1.02 * limit && least >= 0.95 * limit, "{least} to {most} of {limit}");
    }
}
