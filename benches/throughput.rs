//! Cases a second, held against what the machine can do: `cargo bench --bench throughput [PART…]`, of
//! `live`, `slow` and `size`; without a word `live` and `slow`, which take a minute. `size` asks a
//! million questions twice and takes some five.
//!
//! The built binary asks unique questions at nginx, which answers at once, or after 100 ms; nginx has
//! to be there, with its echo module.
//!
//! - `live`: 20,000 cases, 64 at a time, with cache and journal, against a bare reqwest loop that sends
//!   the same and does nothing with it, in a process of its own: at least half as fast. The same cases
//!   again from the cache: at least three times as fast as that. 1,000 cases again: within 100 ms,
//!   everything included. Rounds alternate, medians count.
//! - `slow`: a server that takes 100 ms. 1,000 cases, 64 at a time, in 1.05 of the ideal, and within
//!   1.8 s with the start of the process, the judging and the page; 20,000 cases, 1,000 at a time, at
//!   0.9 of the ideal rate or more.
//! - `size`: 10,000, 100,000 and 1,000,000 cases: what one costs grows by a tenth at most without the
//!   cache, and to twice at most with it.
//!
//! "Driven" is the time from the first question to the last record of the journal, as the run itself
//! tells it in `operations.json`; "whole" is that of the process. CPU is that of the process, in
//! microseconds a case.

#[path = "throughput/bare.rs"]
mod bare;
#[path = "throughput/server.rs"]
mod server;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use server::Server;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_overclaim");
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let Some((bare::WORD, args)) = words.split_first().map(|(word, args)| (&**word, args)) {
        bare::main(args);
        return ExitCode::SUCCESS;
    }
    let server = match Server::start() {
        Ok(server) => server,
        Err(why) => {
            eprintln!("NOTHING WAS MEASURED: {why}");
            return ExitCode::FAILURE;
        }
    };
    let wanted = |part: &str| match part {
        "size" => words.iter().any(|word| word == part),
        _ => words.is_empty() || words.iter().any(|word| word == part),
    };
    let mut table = Table { met: true };
    println!("{:<66} {:>12} {:>9}", "", "measured", "bar");
    if wanted("live") {
        live(&server, &mut table);
    }
    if wanted("slow") {
        slow(&server, &mut table);
    }
    if wanted("size") {
        size(&server, &mut table);
    }
    if table.met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// At nginx without delay: live, and again from the cache.
fn live(server: &Server, table: &mut Table) {
    const CASES: usize = 20_000;
    let project = Project::new(&server.url(false), 64, CASES);
    let few = Project::new(&server.url(false), 64, 1000);
    let (mut bare, mut cached, mut uncached) = (Vec::new(), Vec::new(), Vec::new());
    let (mut again, mut again_few, mut few_live) = (Vec::new(), Vec::new(), Vec::new());
    let mut bare_cpu = Vec::new();
    for _ in 0..ROUNDS {
        let before = cpu_of_children();
        bare.push(bare::rate(&server.url(false), CASES, 64));
        bare_cpu.push(1e6 / per_second(CASES, cpu_of_children() - before));
        project.forget();
        cached.push(project.run("use"));
        bare.push(bare::rate(&server.url(false), CASES, 64));
        again.push(project.run("use"));
        uncached.push(project.run("off"));
        few.forget();
        few_live.push(few.run("use"));
        again_few.push(few.run("use").whole);
    }
    let bare = median(bare);
    let rate = |runs: &[Run], seconds: fn(&Run) -> f64| {
        per_second(CASES, median(runs.iter().map(seconds).collect()))
    };
    let driven = |runs: &[Run]| rate(runs, |run| run.driven);
    let whole = |runs: &[Run]| rate(runs, |run| run.whole);
    says("bare reqwest loop, 64 in flight: requests/s", bare);
    says("  CPU µs a request", median(bare_cpu));
    for (what, runs) in
        [("cache and journal", &cached), ("cache off", &uncached), ("from the cache", &again)]
    {
        says(&format!("{what}: cases/s, driven"), driven(runs));
        says("  cases/s, whole process", whole(runs));
        says("  CPU µs a case, whole process", cpu(runs, CASES));
    }
    table.at_least("live with cache and journal, of the bare loop", driven(&cached) / bare, 0.5);
    says("  whole process, of the bare loop", whole(&cached) / bare);
    says("  with the cache off, of the bare loop", driven(&uncached) / bare);
    table.at_least("from the cache, of live", driven(&again) / driven(&cached), 3.0);
    says("  whole process, of live", whole(&again) / whole(&cached));
    says("1,000 cases, whole process: s", median(few_live.iter().map(|r| r.whole).collect()));
    table.at_most("  again from the cache: s", median(again_few), 0.1);
}

/// At a server that takes 100 ms.
fn slow(server: &Server, table: &mut Table) {
    const TAKES: f64 = 0.1;
    for (cases, at_a_time, rounds) in [(1000, 64, ROUNDS), (20_000, 1000, 3)] {
        let project = Project::new(&server.url(true), at_a_time, cases);
        let (mut driven, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            project.forget();
            let run = project.run("use");
            driven.push(run.driven);
            whole.push(run.whole);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
        let ideal = cases.div_ceil(at_a_time) as f64 * TAKES;
        let (driven, whole) = (median(driven), median(whole));
        let what = format!("{cases} cases, {at_a_time} at a time, 100 ms each");
        if at_a_time == 64 {
            table.at_most(&format!("{what}: of the ideal {ideal:.1} s"), driven / ideal, 1.05);
            table.at_most("  whole process: s", whole, 1.8);
        } else {
            table.at_least(&format!("{what}: of the ideal rate"), ideal / driven, 0.9);
            says("  whole process: s", whole);
        }
    }
}

/// What a case costs in small runs and in large ones.
fn size(server: &Server, table: &mut Table) {
    for (cache, bar) in [("off", 1.1), ("use", 2.0)] {
        let mut first = None;
        for (cases, rounds) in [(10_000, ROUNDS), (100_000, 3), (1_000_000, 1)] {
            let project = Project::new(&server.url(false), 64, cases);
            let runs: Vec<Run> = (0..rounds)
                .map(|_| {
                    project.forget();
                    project.run(cache)
                })
                .collect();
            let driven = median(runs.iter().map(|run| run.driven).collect());
            let micros = 1e6 / per_second(cases, driven);
            says(&format!("{cases} cases, cache {cache}: µs a case, driven"), micros);
            says("  CPU µs a case, whole process", cpu(&runs, cases));
            let of_first = micros / *first.get_or_insert(micros);
            if cases == 1_000_000 {
                table.at_most("  of what it cost among 10,000", of_first, bar);
                let peak = runs.iter().map(|run| run.peak_mb).fold(0.0, f64::max);
                table.at_most("  peak memory, statistics and page included: MB", peak, 300.0);
            }
        }
    }
}

/// What a run took.
struct Run {
    /// Seconds from the first question to the last record.
    driven: f64,
    /// Seconds of the process.
    whole: f64,
    /// Seconds on a processor.
    cpu: f64,
    /// Resident memory at most, as far as it was looked at, in MB of 10⁶ bytes.
    peak_mb: f64,
}

/// A suite of so many questions and its cache.
struct Project {
    dir: TempDir,
    cases: usize,
}

impl Project {
    fn new(url: &str, at_a_time: usize, cases: usize) -> Project {
        let dir = tempfile::Builder::new().prefix("overclaim-bench").tempdir_in(".");
        let dir = dir.expect("a directory");
        let mut rows = String::new();
        for case in 0..cases {
            let _ = writeln!(
                rows,
                "{{\"id\": \"q-{case}\", \"question\": \"Question {case}?\", \"answer\": \"A\"}}"
            );
        }
        let suite = "suite: throughput\nendpoints: [nginx]\n\
                     dataset: {from: rows.jsonl, id: \"{{ id }}\"}\nprompt: \"{{ question }}\"\n\
                     grade: {exact: \"{{ answer }}\"}\n";
        let config = format!(
            "endpoints:\n  nginx: {{wire: openai-chat, base_url: \"{url}\", model: m, \
             concurrency: {at_a_time}}}\n"
        );
        for (name, text) in
            [("rows.jsonl", &*rows), ("suite.yaml", suite), ("overclaim.yaml", &config)]
        {
            fs::write(dir.path().join(name), text).expect("room");
        }
        Project { dir, cases }
    }

    /// Empties the cache.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.dir.path().join("cache"));
    }

    fn run(&self, cache: &str) -> Run {
        let out = self.dir.path().join("out");
        let _ = fs::remove_dir_all(&out);
        let mut command = Command::new(BINARY);
        command.current_dir(&self.dir).env("OVERCLAIM_CACHE_DIR", self.dir.path().join("cache"));
        command.args(["run", "suite.yaml", "--quiet", "--out", "out", "--cache", cache]);
        let before = cpu_of_children();
        let start = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let mut child = child.expect("it runs");
        let looking = thread::spawn({
            let status = format!("/proc/{}/status", child.id());
            move || peak_mb(&status)
        });
        let status = child.wait();
        let whole = start.elapsed().as_secs_f64();
        let cpu = cpu_of_children() - before;
        let peak_mb = looking.join().expect("it only looks");
        assert!(status.expect("it runs").success(), "the run passes");
        let scorecard = read(&out.join("scorecard.json"));
        assert!(scorecard.is_object(), "a scorecard");
        let records = fs::read_to_string(out.join("records.jsonl")).expect("a journal");
        assert_eq!(records.lines().count(), self.cases, "every case has its record");
        let driven = read(&out.join("operations.json"))["elapsed_ms"].as_f64().expect("a time");
        Run { driven: driven / 1000.0, whole, cpu, peak_mb }
    }
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
        thread::sleep(Duration::from_millis(10));
    }
    peak * 1024.0 / 1e6
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a document")).expect("JSON")
}

/// Seconds that ended children of this process have had of a processor; 0 where the system does not
/// tell. It tells in hundredths.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold anything, the fields are those from the third on.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let times = fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok());
    times.sum::<f64>() / 100.0
}

/// Microseconds on a processor a case.
fn cpu(runs: &[Run], cases: usize) -> f64 {
    1e6 / per_second(cases, median(runs.iter().map(|run| run.cpu).collect()))
}

#[expect(clippy::cast_precision_loss, reason = "a million at most")]
fn per_second(cases: usize, seconds: f64) -> f64 {
    cases as f64 / seconds
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What is printed, and whether all bars are met.
struct Table {
    met: bool,
}

impl Table {
    fn at_most(&mut self, what: &str, measured: f64, bar: f64) {
        self.judged(what, measured, &format!("≤ {bar}"), measured <= bar);
    }

    fn at_least(&mut self, what: &str, measured: f64, bar: f64) {
        self.judged(what, measured, &format!("≥ {bar}"), measured >= bar);
    }

    fn judged(&mut self, what: &str, measured: f64, bar: &str, holds: bool) {
        self.met &= holds;
        let word = if holds { "met" } else { "NOT MET" };
        println!("{what:<66} {:>12} {bar:>9}  {word}", number(measured));
    }
}

fn says(what: &str, measured: f64) {
    println!("{what:<66} {:>12}", number(measured));
}

fn number(value: f64) -> String {
    if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
