//! What the transport promises, measured at a server: `cargo bench --bench transport [PART…]`, of
//! `speed`, `faults`, `storm` and `limits`; all of them take about four minutes.
//!
//! The built binary runs suites against `overclaim mock`, and what came there is counted there:
//!
//! - `speed`: 6,400 trials at a server that takes 100 ms, 64 at a time, in 1.05 of the ideal 10 s,
//!   the start of the process, the judging and the page included;
//! - `faults`: one call in ten fails, in ten ways: every trial ends once, none loses a try to the
//!   budget of retries, and calls are at most 1.15 of the trials;
//! - `storm`: six calls in ten fail: calls are at most 1.25 of the trials, and the run says that it
//!   could not measure and keeps what it has;
//! - `limits`: calls, and tokens, of every minute within a run of two suites: at most 1.02 and at
//!   least 0.95 of the limit. Replies take 1.5 s on average, and the tokens that are reserved
//!   beforehand are four times as many as are used.
//!
//! Says of each bar whether it is met, and ends with 1 if one is not.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_overclaim");

/// Ten faults that pass.
const FAULTS: [&str; 10] = [
    "500",
    "502",
    "503",
    "529",
    "429",
    "429-ms",
    "reset",
    "reset-body",
    "truncated-json",
    "empty-choices",
];

fn main() -> ExitCode {
    let parts: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|word| word == part);
    let mut met = true;
    println!("{:<58} {:>10} {:>14}", "", "measured", "bar");
    let mut told = |lines: Vec<Line>| {
        for Line { what, measured, bar, holds } in lines {
            println!(
                "{what:<58} {measured:>10} {bar:>14}  {}",
                if holds { "met" } else { "NOT MET" }
            );
            met &= holds;
        }
    };
    if wanted("speed") {
        told(speed());
    }
    if wanted("faults") {
        told(faults());
    }
    if wanted("storm") {
        told(storm());
    }
    if wanted("limits") {
        // Both take minutes and hardly any work.
        thread::scope(|scope| {
            let calls = scope.spawn(|| limits("calls", "rpm: 600", 600.0, 1, [1000, 620]));
            let tokens = scope.spawn(|| limits("tokens", "tpm: 100000", 1e5, 0, [1250, 900]));
            told(calls.join().expect("no panic"));
            told(tokens.join().expect("no panic"));
        });
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A figure and its bar.
struct Line {
    what: String,
    measured: String,
    bar: String,
    holds: bool,
}

impl Line {
    fn at_most(what: &str, measured: f64, bar: f64) -> Line {
        let holds = measured <= bar;
        Line {
            what: what.into(),
            measured: format!("{measured:.3}"),
            bar: format!("≤ {bar}"),
            holds,
        }
    }

    fn at_least(what: &str, measured: f64, bar: f64) -> Line {
        let holds = measured >= bar;
        Line {
            what: what.into(),
            measured: format!("{measured:.3}"),
            bar: format!("≥ {bar}"),
            holds,
        }
    }

    fn equal(what: &str, measured: usize, bar: usize) -> Line {
        let holds = measured == bar;
        Line { what: what.into(), measured: measured.to_string(), bar: format!("= {bar}"), holds }
    }
}

fn speed() -> Vec<Line> {
    let project = Project::new(&[("many", 6400)]);
    let mock = project.mock(&["--latency", "100ms"]);
    let (exit, seconds) = project.run(&mock, "concurrency: 64");
    let counts = mock.counts();
    vec![
        Line::at_most("6,400 trials of 100 ms, 64 at a time: seconds", seconds, 10.5),
        Line::equal("  calls", whole(&counts["calls"]), 6400),
        Line::equal("  most at a time", whole(&counts["most_in_flight"]), 64),
        Line::equal("  exit code", exit, 0),
    ]
}

fn faults() -> Vec<Line> {
    let run = Faulty::run("0.01");
    vec![
        Line::at_most("5,000 trials, 10 % of calls fail: calls a trial", run.amplification(), 1.15),
        Line::equal("  records", run.records.len(), 5000),
        Line::equal("  trials with a record", run.trials(), 5000),
        Line::equal("  trials that lost a try to the budget", run.refused(), 0),
        Line::equal("  wrong answers", run.outcomes("incorrect"), 0),
        Line::equal("  exit code", run.exit, 0),
    ]
}

fn storm() -> Vec<Line> {
    let run = Faulty::run("0.06");
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let right = run.outcomes("correct") as f64;
    vec![
        Line::at_most("5,000 trials, 60 % of calls fail: calls a trial", run.amplification(), 1.25),
        Line::equal("  trials with a record", run.trials(), 5000),
        Line::at_least("  right answers kept", right, 1500.0),
        Line::equal("  wrong answers", run.outcomes("incorrect"), 0),
        Line::equal("  exit code", run.exit, 3),
    ]
}

/// A run of 5,000 trials at a server that fails.
struct Faulty {
    exit: usize,
    calls: usize,
    records: Vec<Value>,
}

impl Faulty {
    /// Each fault with this rate.
    fn run(rate: &str) -> Faulty {
        let project = Project::new(&[("many", 5000)]);
        let rates = FAULTS.map(|fault| format!("{fault}={rate}")).join(",");
        let args = ["--latency", "20ms", "--fault", &rates, "--retry-after", "300ms"];
        let mock = project.mock(&args);
        let (exit, _) = project.run(&mock, "concurrency: 64");
        let calls = whole(&mock.counts()["calls"]);
        Faulty { exit, calls, records: project.records("many") }
    }

    fn amplification(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let amplification = self.calls as f64 / 5000.0;
        amplification
    }

    fn trials(&self) -> usize {
        let names: std::collections::HashSet<&str> =
            self.records.iter().filter_map(|record| record["trial"].as_str()).collect();
        names.len()
    }

    fn refused(&self) -> usize {
        let refused = |record: &&Value| {
            let message = record["exchanges"][0]["error"]["message"].as_str();
            message.is_some_and(|message| message.contains("a fifth of the calls"))
        };
        self.records.iter().filter(refused).count()
    }

    fn outcomes(&self, outcome: &str) -> usize {
        self.records.iter().filter(|record| record["outcome"] == outcome).count()
    }
}

/// The units of every minute within a run of two suites that together take more than 150 s. A call
/// has so many units, or as many as it used tokens.
fn limits(what: &str, keys: &str, limit: f64, each: u32, cases: [usize; 2]) -> Vec<Line> {
    let project = Project::new(&[("many", cases[0]), ("few", cases[1])]);
    let mock = project.mock(&["--latency", "lognormal 1.4s 0.4"]);
    let (exit, seconds) = project.run(&mock, &format!("concurrency: 64, {keys}"));
    let counts = mock.counts();
    let mut used = HashMap::new();
    for record in ["many", "few"].into_iter().flat_map(|suite| project.records(suite)) {
        let usage = &record["exchanges"][0]["usage"];
        let tokens = whole(&usage["input_tokens"]) + whole(&usage["output_tokens"]);
        used.insert(record["case"].as_str().expect("a name").to_owned(), tokens);
    }
    let mut calls = Vec::new();
    for prompt in counts["prompts"].as_array().expect("a list") {
        let case = prompt["prompt"].as_str().and_then(|text| text.split([' ', ':']).nth(1));
        #[expect(clippy::cast_precision_loss, reason = "hundreds")]
        let units = if each > 0 { f64::from(each) } else { used[case.expect("its name")] as f64 };
        let arrivals = prompt["arrivals_ms"].as_array().expect("a list").iter();
        calls.extend(arrivals.map(|at| (at.as_f64().expect("a time") / 1000.0, units)));
    }
    calls.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (least, most) = minutes(&calls);
    let last = calls.last().map_or(0.0, |(at, _)| *at) - calls[0].0;
    vec![
        Line::at_most(&format!("{what} of any minute, of {keys}: most"), most / limit, 1.02),
        Line::at_least("  least", least / limit, 0.95),
        Line::at_least("  seconds from the first call to the last", last, 150.0),
        Line::equal("  calls", calls.len(), cases.iter().sum()),
        Line::at_most("  seconds, all in all", seconds, (last + 30.0).round()),
        Line::equal("  exit code", exit, 0),
    ]
}

/// The least and the most units that came in a minute, of all minutes between the first call and the
/// last: those that begin with a call, and those that begin just after one.
fn minutes(calls: &[(f64, f64)]) -> (f64, f64) {
    let last = calls.last().map_or(0.0, |(at, _)| *at);
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    for &(from, _) in calls.iter().take_while(|(from, _)| from + 60.0 <= last) {
        let sum = |within: &dyn Fn(f64) -> bool| {
            calls.iter().filter(|(at, _)| within(*at)).map(|(_, units)| units).sum::<f64>()
        };
        most = most.max(sum(&|at| from <= at && at < from + 60.0));
        least = least.min(sum(&|at| from < at && at <= from + 60.0));
    }
    (least, most)
}

/// Suites of so many questions.
struct Project {
    dir: TempDir,
    suites: Vec<String>,
}

impl Project {
    fn new(suites: &[(&str, usize)]) -> Project {
        let dir = tempfile::tempdir().expect("a directory");
        let names = suites.iter().map(|(name, _)| (*name).to_owned()).collect();
        for (name, cases) in suites {
            let mut rows = String::new();
            for case in 0..*cases {
                let length = ["briefly", "in a sentence", "at length"][case % 3];
                // Questions of 60 to 660 characters.
                let filler = "and so on ".repeat(case * 7 % 60);
                let question = format!("Question {name}-{case}: {filler}. Answer {length}.");
                let row = serde_json::json!({"id": format!("{name}-{case}"), "question": question});
                let _ = writeln!(rows, "{row}");
            }
            fs::write(dir.path().join(format!("{name}.jsonl")), rows).expect("it is written");
            let suite = format!(
                "suite: {name}\nendpoints: [model]\ndataset: {{from: {name}.jsonl, id: \"{{{{ id }}}}\"}}\n\
                 prompt: \"{{{{ question }}}}\"\ngrade: {{contains: Paris}}\n\
                 parameters: {{temperature: 0, max_tokens: 500}}\nbudget: {{accuracy: {{min: 90%}}}}\n"
            );
            fs::write(dir.path().join(format!("{name}.yaml")), suite).expect("it is written");
        }
        let words = |count| format!("Paris {}", "indeed ".repeat(count));
        let script = format!(
            "- {{contains: briefly, say: Paris}}\n- {{contains: in a sentence, say: \"{}\"}}\n\
             - {{contains: at length, say: \"{}\"}}\n",
            words(15),
            words(70)
        );
        fs::write(dir.path().join("script.yaml"), script).expect("it is written");
        Project { dir, suites: names }
    }

    /// A server that knows the answers.
    fn mock(&self, args: &[&str]) -> Mock {
        let mut child = Command::new(BINARY)
            .args(["mock", "--script", "script.yaml"])
            .args(args)
            .current_dir(self.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("its address");
        Mock { child, url: url.trim().to_owned() }
    }

    /// Runs all suites; the exit code, and seconds.
    fn run(&self, mock: &Mock, keys: &str) -> (usize, f64) {
        let url = &mock.url;
        let config = format!(
            "endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m, {keys}}}\n"
        );
        fs::write(self.dir.path().join("overclaim.yaml"), config).expect("it is written");
        let suites = self.suites.iter().map(|name| format!("{name}.yaml"));
        let start = Instant::now();
        let output = Command::new(BINARY)
            .arg("run")
            .args(suites)
            .args(["--cache", "off"])
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let seconds = start.elapsed().as_secs_f64();
        let exit = output.status.code().and_then(|code| usize::try_from(code).ok());
        if exit.is_none_or(|exit| exit == 2) {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        }
        (exit.unwrap_or(usize::MAX), seconds)
    }

    fn records(&self, suite: &str) -> Vec<Value> {
        let runs = fs::read_dir(self.dir.path().join("reports").join(suite)).expect("a run");
        let run = runs.flatten().next().expect("a run").path();
        let text = fs::read_to_string(run.join("records.jsonl")).expect("records");
        text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
    }
}

/// A fake model server in a process of its own.
struct Mock {
    child: Child,
    url: String,
}

impl Mock {
    fn counts(&self) -> Value {
        let host = self.url.trim_start_matches("http://").trim_end_matches("/v1");
        let mut stream = TcpStream::connect(host).expect("it listens");
        let head = format!("GET /counts HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
        serde_json::from_str(body).expect("counts")
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn whole(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}
