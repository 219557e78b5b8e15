//! How long a year of nights takes, in how much memory, and how often a page on which nothing
//! changed has a mark.
//!
//!     cargo bench --bench trend                    365 nights of 2,000 cases
//!     cargo bench --bench trend -- --alarms 2000   as many pages of 30 nights on which nothing changed
//!     cargo bench --bench trend -- --alarms 2000 --rough    with slow nights that come in rows

#![expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]

use std::fs;
use std::hint::black_box;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use overclaim::record::{Header, Outcome, Record, Selected};
use overclaim::scorecard::history::{
    Answers, Documents, FalseAlarms, History, HistoryBuilder, Measure, NightOf, Standing,
};
use serde_json::{Value, json};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let after = |flag: &str| args.iter().position(|arg| arg == flag).map(|at| at + 1);
    match after("--alarms") {
        Some(at) => {
            let pages = args.get(at).and_then(|pages| pages.parse().ok()).unwrap_or(500);
            alarms(pages, after("--rough").is_some());
        }
        None => a_year(365, 2000),
    }
}

/// A generator that is good enough to look drawn (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.unit().max(1e-300).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

fn header(night: usize, cases: usize) -> Value {
    let day = format!("{}-{:02}-{:02}", 2026 + night / 336, night / 28 % 12 + 1, night % 28 + 1);
    json!({
        "format": 1, "version": "0.1.0", "run": format!("{day}T02-00-00"), "suite": "year",
        "path": "suites/year.yaml", "text": "suite: year\n", "digest": "0".repeat(64),
        "endpoints": [{"name": "model", "target": {"wire": "openai-chat/1", "url": "/v1", "model": "m"}}],
        "threshold": 0.8, "sources": ["verbalized"], "budget": {}, "seed": null, "selection": {},
        "repeats": 1, "planned": cases, "plan": "0".repeat(64),
        "started": format!("{day}T02:00:00.000Z"),
    })
}

/// A record as a run of the shipped suites writes it, with its exchange.
fn record(index: usize) -> Value {
    let name = format!("case-{index:05}");
    let digest = format!("{index:064x}");
    json!({
        "index": index, "trial": format!("{name}@model"), "case": name, "content": digest,
        "subject": digest, "endpoint": "model", "repeat": 0, "tags": ["geography"],
        "question": "Which of these cities has the largest number of inhabitants within its limits?",
        "expected": "B", "answer": "B", "outcome": "correct", "quadrant": "confident_right",
        "confidence": {"verbalized": 0.9}, "primary": 0.9, "at": {"file": "year.jsonl", "line": index + 1},
        "exchanges": [{
            "role": "answer", "digest": digest,
            "request": {"target": {"wire": "openai-chat/1", "url": "/v1", "model": "m"},
                "turns": [{"speaker": "user", "text": "Which of these cities has the largest number of inhabitants within its limits?\nA. one\nB. two\nC. three\n".repeat(4)}],
                "params": {"temperature": 0.7}, "draw": {"repeat": 0, "sample": 0}},
            "endpoint": "model", "origin": "live", "waited_ms": 412.5,
            "attempts": [{"status": 200, "ms": 410.1, "wait_ms": 0.0}],
            "usage": {"input_tokens": 180, "output_tokens": 12},
            "reply": {"text": "Answer: B\nConfidence: 90%", "times": {"total_ms": 410.1}, "model": "m-1", "body": "x".repeat(700)},
        }],
    })
}

fn documents(
    right: usize,
    wrong: usize,
    cases: usize,
    brier: f64,
    [p50, p95, cost]: [f64; 3],
) -> [String; 3] {
    let rate = |count: usize| count as f64 / cases as f64;
    let card = json!({"format": 1, "endpoints": [{
        "planned": cases, "finished": cases,
        "accuracy": {"count": right, "n": cases, "rate": rate(right), "wilson95": [0.0, 1.0]},
        "sources": [{"n": cases, "brier": brier, "bootstrap95": null, "confident_wrong": {"0.8": {
            "wrong": wrong, "rate_of_all": rate(wrong), "lower95_of_all": 0.0, "upper95_of_all": 1.0,
        }}}],
    }]});
    let operations = json!({"format": 1, "ending": "complete", "endpoints": [{
        "endpoint": "model", "attempts": cases, "cost": cost,
        "live_ms": {"n": cases, "p50": p50, "p95": p95},
    }]});
    [card, operations, json!({"exit_code": 0, "lines": []})].map(|document| document.to_string())
}

/// Writes a year of run directories and has the built binary read them.
fn a_year(nights: usize, cases: usize) {
    let dir = std::env::temp_dir().join(format!("overclaim-trend-{}", std::process::id()));
    let mut draw = Draw(7);
    let ease: Vec<f64> = (0..cases).map(|_| draw.unit().sqrt()).collect();
    let templates: Vec<[String; 2]> = (0..cases)
        .map(|index| {
            let mut wrong = record(index);
            let right = wrong.to_string();
            wrong["outcome"] = "incorrect".into();
            wrong["answer"] = "A".into();
            [right, wrong.to_string()]
        })
        .collect();
    let mut bytes = 0;
    for night in 0..nights {
        let run = dir.join("reports/year").join(format!("night-{night:03}"));
        fs::create_dir_all(&run).expect("a directory");
        let (mut journal, mut right) = (String::new(), 0);
        for (ease, [correct, incorrect]) in ease.iter().zip(&templates) {
            let is_right = draw.unit() < *ease;
            right += usize::from(is_right);
            journal += if is_right { correct } else { incorrect };
            journal.push('\n');
        }
        bytes += journal.len();
        let write = |name: &str, text: &str| fs::write(run.join(name), text).expect("room");
        write("run.json", &header(night, cases).to_string());
        write("records.jsonl", &journal);
        let wrong = cases - right;
        let brier = (right as f64 * 0.01 + wrong as f64 * 0.81) / cases as f64;
        let of = documents(right, wrong, cases, brier, [410.0, 900.0, 0.3]);
        write("scorecard.json", &of[0]);
        write("operations.json", &of[1]);
        write("decision.json", &of[2]);
    }
    println!("{nights} nights of {cases} cases, {:.0} MB of journals", bytes as f64 / 1e6);
    for last in [nights, 90, 30] {
        let start = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_overclaim"))
            .args(["trend", "--quiet", "--last", &last.to_string()])
            .arg(dir.join("reports"))
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary");
        let (success, memory) = watched(child);
        assert!(success, "it ended well");
        let page = fs::metadata(dir.join("reports/year/trend.html")).expect("a page").len();
        println!(
            "--last {last}: {:.2} s, {memory:.0} MB at most, page {:.0} kB",
            start.elapsed().as_secs_f64(),
            page as f64 / 1e3
        );
    }
    fs::remove_dir_all(&dir).expect("it goes");
}

/// Waits for a process to end. The most memory that it had, in MB, where the system tells.
fn watched(mut child: Child) -> (bool, f64) {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0.0_f64;
    loop {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        most = most.max(kib.unwrap_or(0.0) / 1024.0);
        if let Ok(Some(ended)) = child.try_wait() {
            return (ended.success(), most);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Counts pages with a mark where nothing changed.
fn alarms(pages: u64, rough: bool) {
    let (nights, cases) = (30, 120);
    let mut marked = 0;
    let mut by = std::collections::BTreeMap::new();
    for page in 0..pages {
        let history = unchanged(nights, cases, page, rough);
        let marks: Vec<Measure> = history
            .nights
            .iter()
            .flat_map(|night| &night.endpoints)
            .flat_map(|told| told.marks.iter().map(|mark| mark.of))
            .collect();
        marked += u64::from(!marks.is_empty());
        for of in marks {
            *by.entry(of).or_insert(0_u64) += 1;
        }
    }
    let share = 100.0 * marked as f64 / pages as f64;
    println!(
        "{pages} pages of {nights} nights of {cases} cases, nothing changed: {marked} with a mark ({share:.1}%)"
    );
    for (of, marks) in by {
        println!("  {}: {marks}", of.name());
    }
}

fn unchanged(nights: usize, cases: usize, page: u64, rough: bool) -> History {
    let mut draw = Draw(page.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let ease: Vec<f64> = (0..cases).map(|_| draw.unit().powf(0.3)).collect();
    let mut records: Vec<Record> =
        (0..cases).map(|index| serde_json::from_value(record(index)).expect("a record")).collect();
    for record in &mut records {
        record.exchanges.clear();
    }
    let mut history = HistoryBuilder::new("year", FalseAlarms::of(nights, 1));
    let mut load = 0.0;
    for night in 0..nights {
        let header: Header = serde_json::from_value(header(night, cases)).expect("a header");
        let mut answers = Answers::new(&header);
        let (mut right, mut wrong, mut brier) = (0, 0, 0.0);
        for (record, ease) in records.iter_mut().zip(&ease) {
            let is_right = draw.unit() < *ease;
            let sure = (0.4 + 0.6 * ease + 0.1 * draw.normal()).clamp(0.0, 1.0);
            record.outcome = if is_right { Outcome::Correct } else { Outcome::Incorrect };
            record.primary = Some(sure);
            right += usize::from(is_right);
            wrong += usize::from(!is_right && sure >= 0.8);
            brier += (sure - f64::from(u8::from(is_right))).powi(2);
            answers.add(record);
        }
        // Nights in rows: what slowed one slows the next, and some are far out.
        load = if rough { 0.6 * load + 0.1 * draw.normal() } else { 0.1 * draw.normal() };
        let outlier = if rough && draw.unit() < 0.02 { 0.4 } else { 0.0 };
        let slow = f64::exp(load + outlier);
        let cost = 0.3 * f64::exp(0.03 * draw.normal());
        let told = [410.0 * slow, 900.0 * slow * f64::exp(0.05 * draw.normal()), cost];
        let of = documents(right, wrong, cases, brier / cases as f64, told);
        let documents =
            Documents::read(&header, of[0].as_bytes(), of[1].as_bytes(), of[2].as_bytes())
                .expect("documents");
        let standing =
            Standing::of(&header, documents.ending(), documents.trials(), &Selected::default());
        let directory = format!("night-{night}");
        history.add(NightOf { directory, header, documents, standing, answers: Some(answers) });
    }
    black_box(history.finish(usize::MAX, 0, Vec::new()))
}
