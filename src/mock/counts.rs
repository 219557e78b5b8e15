//! What came, for a test to look at afterwards.
//!
//! Counting goes on for ever; lists of single calls and prompts stop growing at a bound, and say how
//! many they left out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use super::book::Digest;
use super::fault::Fault;

/// The most calls and prompts that are listed one by one.
const MOST: usize = 1_000_000;
/// Characters of a prompt that are shown.
const SHOWN: usize = 80;

/// What came so far.
#[derive(Debug)]
pub(super) struct Counts {
    start: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    calls: u64,
    connections: u64,
    in_flight: u64,
    most_in_flight: u64,
    statuses: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
    keys: BTreeMap<String, u64>,
    prompts: HashMap<Digest, Prompt>,
    arrivals: Vec<u64>,
    left_out: u64,
}

#[derive(Debug)]
struct Prompt {
    /// Its place in the order of first arrival.
    place: usize,
    shown: String,
    calls: u64,
    arrivals: Vec<u64>,
}

/// A call under way. Dropped without an end, its client has left.
#[derive(Debug)]
pub(super) struct Call<'a> {
    counts: &'a Counts,
    /// Among all, from 1.
    pub(super) number: u64,
    /// How often its prompt came before.
    pub(super) before: u64,
    /// What goes wrong with it.
    pub(super) fault: Option<Fault>,
    /// A status, or another way in which it ended.
    pub(super) how: Option<String>,
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let how = self.how.take().unwrap_or_else(|| "left".into());
        let mut seen = self.counts.seen();
        seen.in_flight -= 1;
        *seen.statuses.entry(how).or_default() += 1;
        if let Some(fault) = self.fault {
            *seen.faults.entry(fault.to_string()).or_default() += 1;
        }
    }
}

impl Counts {
    pub(super) fn new() -> Counts {
        Counts { start: Instant::now(), seen: Mutex::default() }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connected(&self) {
        self.seen().connections += 1;
    }

    /// The number that the next call will have.
    pub(super) fn next(&self) -> u64 {
        self.seen().calls + 1
    }

    /// A call that nothing was read of, because its connection was reset.
    pub(super) fn turned_away(&self, fault: Fault) {
        let at = self.now();
        let mut seen = self.seen();
        seen.calls += 1;
        *seen.faults.entry(fault.to_string()).or_default() += 1;
        *seen.statuses.entry("reset".into()).or_default() += 1;
        seen.arrived(at);
    }

    /// A call that was read. The prompt's text is wanted only if it is new.
    pub(super) fn arrived(
        &self,
        key: Option<&str>,
        prompt: Option<(&Digest, &dyn Fn() -> String)>,
    ) -> Call<'_> {
        let at = self.now();
        let key = key_name(key);
        let mut seen = self.seen();
        seen.calls += 1;
        seen.in_flight += 1;
        seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        *seen.keys.entry(key).or_default() += 1;
        let listed = seen.arrived(at);
        let number = seen.calls;
        let call = |before| Call { counts: self, number, before, fault: None, how: None };
        let Some((digest, text)) = prompt else { return call(0) };
        let place = seen.prompts.len();
        if place >= MOST && !seen.prompts.contains_key(digest) {
            return call(0);
        }
        let prompt = seen.prompts.entry(*digest).or_insert_with(|| Prompt {
            place,
            shown: text().chars().take(SHOWN).collect(),
            calls: 0,
            arrivals: Vec::new(),
        });
        let before = prompt.calls;
        prompt.calls += 1;
        if listed {
            prompt.arrivals.push(at);
        }
        call(before)
    }

    /// Forgets what came; calls under way stay under way.
    pub(super) fn clear(&self) {
        let mut seen = self.seen();
        let in_flight = seen.in_flight;
        *seen = Seen { in_flight, most_in_flight: in_flight, ..Seen::default() };
    }

    /// All of it; times in milliseconds since the server's start.
    pub(super) fn document(&self) -> Value {
        let now = self.now();
        let seen = self.seen();
        let mut prompts: Vec<(&Digest, &Prompt)> = seen.prompts.iter().collect();
        prompts.sort_by_key(|(_, prompt)| prompt.place);
        let prompts = prompts.into_iter().map(|(digest, prompt)| {
            json!({
                "digest": blake3::Hash::from_bytes(*digest).to_hex().as_str(),
                "prompt": prompt.shown,
                "calls": prompt.calls,
                "arrivals_ms": times(&prompt.arrivals),
            })
        });
        json!({
            "now_ms": millis(now),
            "calls": seen.calls,
            "connections": seen.connections,
            "in_flight": seen.in_flight,
            "most_in_flight": seen.most_in_flight,
            "statuses": seen.statuses,
            "faults": seen.faults,
            "keys": seen.keys,
            "prompts": prompts.collect::<Vec<Value>>(),
            "arrivals_ms": times(&seen.arrivals),
            "arrivals_left_out": seen.left_out,
        })
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let seen = self.seen();
        let statuses: Vec<String> =
            seen.statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        let calls = if seen.calls == 1 { "call" } else { "calls" };
        format!("{} {calls}  {}", seen.calls, statuses.join(" · ")).trim_end().to_owned()
    }

    /// Microseconds since the start.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Seen {
    /// Lists an arrival. False if the list is full.
    fn arrived(&mut self, at: u64) -> bool {
        let room = self.arrivals.len() < MOST;
        if room {
            self.arrivals.push(at);
        } else {
            self.left_out += 1;
        }
        room
    }
}

/// A key is counted under a hash of it: counts may be printed.
fn key_name(key: Option<&str>) -> String {
    match key {
        None => "none".into(),
        Some(key) => blake3::hash(key.as_bytes()).to_hex()[..12].to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a run are far below 2^53")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

fn times(micros: &[u64]) -> Vec<f64> {
    micros.iter().copied().map(millis).collect()
}
