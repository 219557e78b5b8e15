//! The store at size: `cargo bench --bench cache [ENTRIES]`, a million by default.
//!
//! Prints how fast entries of 2 kB are inserted in batches and found again on one thread, what the
//! process and the file take, and how long a reader ever waits while half of them are pruned.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use overclaim::ask::{
    AskError, AskErrorKind, Draw, Finish, Params, Reply, Request, Speaker, Target, Times, Turn,
    Usage,
};
use overclaim::cache::{Decode, Entry, Limits, Session, Store};

/// Bytes of messages and body of an entry.
const SIZE: usize = 2048;

fn main() {
    let entries = std::env::args().find_map(|word| word.parse().ok());
    let entries: usize = entries.unwrap_or(1_000_000);
    let dir = tempfile::Builder::new().prefix("overclaim-bench").tempdir_in(".").expect("a disk");
    let store = Store::open(dir.path()).expect("a store");
    let session = Arc::new(Session::new("bench", 0));
    let target = Arc::new(Target {
        wire: "openai-chat/1".into(),
        url: "https://api.example.com/v1/chat/completions".into(),
        model: "model-2026-01-01".into(),
        max_completion_tokens: false,
        headers: std::collections::BTreeMap::new(),
    });
    let request = |number: usize| request(&target, number);

    let start = Instant::now();
    let all = (0..entries).map(|number| entry(request(number), number));
    let new = store.put_all(all, &session).expect("it is written");
    assert_eq!(new, entries);
    rate("inserted in batches", entries, start.elapsed());
    say("memory", &format!("{:.0} MB resident at most", peak_mb()));

    let found = |number: usize| {
        let found = store.get(&request(number)).expect("it is read");
        assert!(black_box(found).is_some(), "{number} is lost");
    };
    let lookups = entries.clamp(1, 400_000);
    for round in ["first", "again"] {
        let start = Instant::now();
        (0..lookups).for_each(|step| found(scattered(step, entries)));
        rate(&format!("found on one thread, {round}"), lookups, start.elapsed());
    }
    let start = Instant::now();
    for step in 0..lookups {
        let missing = store.get(&request(entries + step)).expect("it is read");
        assert!(black_box(missing).is_none());
    }
    rate("not found on one thread", lookups, start.elapsed());
    say("memory", &format!("{:.0} MB resident at most", peak_mb()));
    drop(store);
    say("file", &format!("{:.3} GB", bytes(dir.path()) / 1e9));

    let store = Store::open(dir.path()).expect("a store");
    let start = Instant::now();
    let size = store.size().expect("it is counted");
    say("size by suite and model", &format!("{:.2} s", start.elapsed().as_secs_f64()));
    assert_eq!(size.entries, entries as u64);
    let pruning = AtomicBool::new(true);
    let half = i64::try_from(entries / 2).expect("a number");
    let (slowest, pruned, took) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut slowest, mut step) = (Duration::ZERO, 0);
            while pruning.load(Ordering::Relaxed) {
                let request = request(scattered(step, entries));
                let start = Instant::now();
                black_box(store.get(&request).expect("it is read"));
                slowest = slowest.max(start.elapsed());
                step += 1;
            }
            slowest
        });
        let start = Instant::now();
        let limits = Limits { before_ms: Some(half), ..Limits::default() };
        let pruned = store.prune(&limits).expect("it is pruned");
        pruning.store(false, Ordering::Relaxed);
        (reader.join().expect("the reader"), pruned, start.elapsed())
    });
    assert_eq!(pruned.left, (entries - entries / 2) as u64);
    rate("pruned", entries / 2, took);
    say("the slowest read meanwhile", &format!("{:.1} ms", slowest.as_secs_f64() * 1e3));
    let start = Instant::now();
    let verified = store.verify(&decoder()).expect("it is verified");
    assert!(verified.is_clean(), "{verified:?}");
    let took = start.elapsed();
    rate("verified", usize::try_from(verified.entries).expect("a number"), took);
    drop(store);
    say("file", &format!("{:.3} GB", bytes(dir.path()) / 1e9));
}

/// Numbers in an order that no disk likes.
fn scattered(step: usize, of: usize) -> usize {
    (step.wrapping_mul(7_368_787) + 12_345) % of
}

fn request(target: &Arc<Target>, number: usize) -> Arc<Request> {
    let text = format!("Question {number}: which of these is true? Answer with a letter.");
    let turn = Turn { speaker: Speaker::User, text };
    let params = Params { temperature: Some(0.0), max_tokens: Some(4), ..Params::default() };
    Arc::new(Request {
        target: Arc::clone(target),
        turns: [turn].into(),
        params,
        draw: Draw::default(),
    })
}

fn entry(request: Arc<Request>, number: usize) -> Entry {
    let turns = serde_json::to_string(&request.turns).expect("JSON").len();
    let text = format!("{number} ").repeat(SIZE);
    let body = format!("{{\"text\":\"{}\"}}", &text[..SIZE - turns - 11]);
    let usage = Usage { input_tokens: 20, output_tokens: 400, cached_input_tokens: None };
    let reply = reply(&body, Times { total_ms: 812.25, ..Times::default() }, Some(usage));
    let created_ms = i64::try_from(number).expect("a number");
    Entry { request, reply: Arc::new(reply), created_ms }
}

fn reply(body: &str, times: Times, usage: Option<Usage>) -> Reply {
    Reply {
        text: String::new(),
        reasoning: None,
        refusal: None,
        tokens: None,
        finish: Some(Finish::Stop),
        usage,
        model: Some("model-2026-01-01".into()),
        fingerprint: None,
        times,
        raw: body.into(),
    }
}

fn decoder() -> Decode {
    Arc::new(|_, body, times| match serde_json::from_str::<serde_json::Value>(body) {
        Ok(_) => Ok(reply(body, times, None)),
        Err(error) => Err(AskError::new(AskErrorKind::BadBody, error.to_string())),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
fn rate(what: &str, n: usize, took: Duration) {
    let seconds = took.as_secs_f64();
    say(what, &format!("{n} in {seconds:.2} s, {:.0}/s", n as f64 / seconds));
}

fn say(what: &str, figure: &str) {
    println!("{what:<44} {figure}");
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a bench")]
fn bytes(dir: &Path) -> f64 {
    let files = std::fs::read_dir(dir).expect("a directory").flatten();
    files.map(|file| file.metadata().map_or(0, |data| data.len())).sum::<u64>() as f64
}

/// Peak resident memory of this process, where the system tells.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1e3
}
