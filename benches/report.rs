//! A page of many records: `cargo bench --bench report [CASES…]`, 10,000 and 100,000 by default.
//!
//! The shipped suite `suites/misconceptions.yaml` is run once, from its recorded replies. Its records
//! are written again under new names, as often as it takes, each with a confidence, a verdict and a
//! time of its own and all that was said: 4 kB each. The built binary then shows the run,
//! `overclaim report DIR --format html`, in a process of its own, five times; medians count.
//!
//! - 10,000 records: within a second; 100,000: within 5 s.
//! - The page has 5 MB at most.
//! - Peak memory is told; that of 100,000 must not grow tenfold from that of 10,000.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use overclaim::journal::{self, Journal};
use overclaim::record::{Attempt, Measured, Origin, Outcome, Record, Run};

const BINARY: &str = env!("CARGO_BIN_EXE_overclaim");
const SUITE: &str = "suites/misconceptions.yaml";
const ROUNDS: usize = 5;

/// Most bytes of a page.
const PAGE: f64 = 5e6;

fn main() -> ExitCode {
    let mut sizes: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    let dir = tempfile::Builder::new().prefix("overclaim-bench").tempdir_in(".");
    let dir = dir.expect("a directory");
    let first = dir.path().join("first");
    let mut command = Command::new(BINARY);
    command.env("OVERCLAIM_CACHE_DIR", dir.path().join("cache")).args(["run", SUITE, "--quiet"]);
    let status = command.arg("--out").arg(&first).stdout(Stdio::null()).status();
    assert!(status.expect("it runs").code() < Some(2), "{SUITE} runs from its recorded replies");
    let first = journal::read(&first).expect("its journal");
    println!("{:<44} {:>12} {:>9}", "", "measured", "bar");
    let mut met = true;
    let mut told = |what: &str, measured: f64, bar: Option<f64>| {
        let holds = bar.is_none_or(|bar| measured <= bar);
        met &= holds;
        let word = if holds { "" } else { "  NOT MET" };
        let bar = bar.map_or_else(String::new, |bar| format!("≤ {bar}"));
        println!("{what:<44} {measured:>12.3} {bar:>9}{word}");
    };
    let mut peaks = Vec::new();
    for size in sizes {
        let run = dir.path().join(size.to_string());
        let journal = write(&first, &run, size);
        told(&format!("{size} records: MB of journal"), journal / 1e6, None);
        let rounds: Vec<Shown> = (0..ROUNDS).map(|_| show(&run)).collect();
        let median = |of: fn(&Shown) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let bar = match size {
            0..=10_000 => Some(1.0),
            10_001..=100_000 => Some(5.0),
            _ => None,
        };
        told("  seconds, whole process", median(|shown| shown.seconds), bar);
        told("  MB of page", median(|shown| shown.bytes) / 1e6, Some(PAGE / 1e6));
        let peak = rounds.iter().map(|shown| shown.peak_mb).fold(0.0, f64::max);
        let bounded = peaks.first().map(|first: &f64| 10.0 * first);
        told("  MB of memory at most", peak, bounded);
        peaks.push(peak);
        let _ = fs::remove_dir_all(&run);
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a run of so many records that are made of these; its journal's bytes.
#[expect(clippy::cast_precision_loss, reason = "a number of bytes")]
fn write(first: &Run, dir: &Path, size: usize) -> f64 {
    let records: Vec<Record> = first.records().collect::<Result<_, _>>().expect("its records");
    let mut header = first.header.clone();
    header.planned = size;
    let mut journal = Journal::create(dir, &header).expect("a directory").durable(false);
    let mut random = SplitMix(7);
    let made: Vec<usize> = (0..size).collect();
    for part in made.chunks(1000) {
        let part: Vec<Record> = part
            .iter()
            .map(|index| {
                another(&records[index % records.len()], *index, &mut random, header.threshold)
            })
            .collect();
        journal.append_all(&part).expect("room");
    }
    journal.finish(&[]).expect("room");
    let journal = fs::metadata(dir.join("records.jsonl")).expect("a journal");
    journal.len() as f64
}

/// A record as another case would have left it, overconfident by a tenth, asked in this run.
fn another(record: &Record, index: usize, random: &mut SplitMix, threshold: f64) -> Record {
    let sure = 1.0 - 0.75 * random.unit() * random.unit();
    let right = random.unit() < sure - 0.1;
    let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
    let mut record = record.clone();
    record.index = index;
    record.trial = format!("{}-{index}@{}", record.case, record.endpoint);
    record.case = format!("{}-{index}", record.case);
    record.confidence.values_mut().for_each(|stated| *stated = Measured::Known(sure));
    record.primary = Some(sure);
    record.quadrant = Record::quadrant(&outcome, Some(sure), threshold);
    record.outcome = outcome;
    if right {
        record.answer = Some(record.expected.clone());
    }
    for heard in &mut record.exchanges {
        let ms = 400.0 * (1.5 * (random.unit() + random.unit() - 1.0)).exp();
        heard.origin = Origin::Live;
        heard.attempts = vec![Attempt { status: Some(200), ms, ..Attempt::default() }];
        if let Some(reply) = &mut heard.reply {
            Arc::make_mut(reply).times.total_ms = ms;
        }
    }
    record
}

/// What showing a run took.
struct Shown {
    seconds: f64,
    peak_mb: f64,
    bytes: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a number of bytes")]
fn show(dir: &Path) -> Shown {
    let page = dir.join("shown.html");
    let mut command = Command::new(BINARY);
    command.arg("report").arg(dir).args(["--format", "html"]);
    command.stdin(Stdio::null()).stdout(File::create(&page).expect("room"));
    let start = Instant::now();
    let mut child = command.spawn().expect("it runs");
    let looking = thread::spawn({
        let status = format!("/proc/{}/status", child.id());
        move || peak_mb(&status)
    });
    let status = child.wait().expect("it runs");
    let seconds = start.elapsed().as_secs_f64();
    assert!(status.code() < Some(2), "the run is shown");
    let text = fs::read_to_string(&page).expect("a page");
    assert!(text.trim_end().ends_with("</html>"), "a whole page");
    Shown { seconds, peak_mb: looking.join().expect("it only looks"), bytes: text.len() as f64 }
}

/// The peak that a process tells of itself as long as it is there.
fn peak_mb(status: &str) -> f64 {
    let mut peak = 0.0;
    while let Ok(text) = fs::read_to_string(status) {
        let told = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(kib) = told.and_then(|told| told.trim().trim_end_matches(" kB").parse().ok())
        else {
            break;
        };
        peak = f64::max(peak, kib);
        thread::sleep(Duration::from_millis(5));
    }
    peak * 1024.0 / 1e6
}

/// Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
struct SplitMix(u64);

impl SplitMix {
    /// A number in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
