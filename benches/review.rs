//! Whether a review finds what changed and nothing else, and how long it takes at 50,000 cases.
//!
//!     cargo bench --bench review -- simulate    versions of a model, asked night after night
//!     cargo bench --bench review -- size        snapshot, difference and proposal of 50,000 cases
//!     cargo bench --bench review -- open        the review of such a proposal, until its first picture
//!
//! Without a word, all. What is claimed is asserted: see `docs/benchmarks.md`.

#![expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]

#[path = "review/simulation.rs"]
mod simulation;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use overclaim::gate::Verdict;
use overclaim::journal::{self, Journal};
use overclaim::record::{Header, Outcome, Record, Run};
use overclaim::snapshot::{ChangeKind, Diff, Found, Snapshot};
use rayon::prelude::*;
use serde_json::{Value, json};
use simulation::{Mixture, Version, World, accept, gate, standing, went};

const CASES: usize = 1000;
const PLANTED: usize = 30;
const NIGHTS: u64 = 100;

/// Snapshots that were accepted, each with its own hundred nights.
const SNAPSHOTS: u64 = 10;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let says = |word: &str| words.iter().any(|said| said == word);
    let all = !["simulate", "size", "open"].into_iter().any(says);
    if all || says("simulate") {
        turned();
        for mixture in [Mixture::Mixed, Mixture::Coins] {
            for repeats in [5, 3, 1] {
                noise(mixture, repeats);
            }
        }
    }
    if all || says("size") {
        size();
    }
    if all || says("open") {
        open();
    }
}

/// A slice turns from always right to always confidently wrong, while the others go on wobbling.
fn turned() {
    println!("a slice of {PLANTED} of {CASES} cases turns, {NIGHTS} times, 5 repeats");
    let [mut found, mut first, mut others, mut trends] = [0, 0, 0, 0];
    let nights: Vec<_> = (0..NIGHTS)
        .into_par_iter()
        .map(|seed| {
            let world = World::new(Mixture::Mixed, CASES, PLANTED, 5, seed);
            let accepted = accept(&world.night(Version::First, 1 << 32 | seed));
            let run = world.night(Version::Turned, 2 << 32 | seed);
            let standing = standing(&run, &accepted);
            let newly = went(&standing, &[ChangeKind::NewlyConfidentWrong]);
            let is_planted = |case: &&&str| case.starts_with("slice");
            let found = newly.iter().filter(is_planted).count();
            let first = newly.iter().take_while(is_planted).count();
            let [trend, cases] = gate(&run, &standing);
            assert_eq!(cases, Verdict::Fail);
            (found, first, newly.len() - found, trend)
        })
        .collect();
    for (night_found, night_first, night_others, trend) in &nights {
        found += night_found;
        first += night_first;
        others += night_others;
        trends += usize::from(*trend == Verdict::Fail);
    }
    let all = PLANTED * nights.len();
    println!("  planted cases that are newly confident wrong   {found} of {all}");
    println!("  at the top of the review                       {first} of {all}");
    println!("  other cases that are called so                 {others} of {}", 97 * all / 3);
    println!("  nights on which `regression` fails as a whole  {trends} of {NIGHTS}");
    assert_eq!((found, first), (all, all));
    assert!(share(others, CASES * nights.len()) < 0.0005, "{others}");
}

/// Nothing changes, and answers and confidences wobble.
fn noise(mixture: Mixture, repeats: u32) {
    let worlds: Vec<_> = (0..SNAPSHOTS)
        .into_par_iter()
        .map(|seed| {
            let world = World::new(mixture, CASES, 0, repeats, seed);
            let accepted = accept(&world.night(Version::First, 1 << 32 | seed));
            let mut flagged = BTreeSet::new();
            let (mut cases, mut failed, mut trends) = (0, 0, 0);
            for night in 0..NIGHTS {
                let run = world.night(Version::First, 2 << 32 | seed << 16 | night);
                let standing = standing(&run, &accepted);
                let worse = [ChangeKind::NewlyConfidentWrong, ChangeKind::NewlyWrong];
                let worse = went(&standing, &worse);
                cases += worse.len();
                flagged.extend(worse.into_iter().map(str::to_owned));
                let [trend, newly] = gate(&run, &standing);
                failed += usize::from(newly == Verdict::Fail);
                trends += usize::from(trend == Verdict::Fail);
            }
            (cases, flagged.len(), failed, trends, world.len())
        })
        .collect();
    let sum = |of: fn(&(usize, usize, usize, usize, usize)) -> usize| -> usize {
        worlds.iter().map(of).sum()
    };
    let all = sum(|world| world.4);
    let nights = worlds.len() * usize::try_from(NIGHTS).expect("few");
    let false_share = share(sum(|world| world.0), all * usize::try_from(NIGHTS).expect("few"));
    let ever = share(sum(|world| world.1), all);
    println!("nothing changes, {mixture:?}, {repeats} repeats, {nights} nights of {CASES} cases");
    println!("  newly wrong, confidently or not, of case-nights   {:.3}%", 100.0 * false_share);
    println!("  cases that are called so on any of 100 nights     {:.2}%", 100.0 * ever);
    println!("  nights that `newly_confident_wrong: {{max: 0}}` fails {}", sum(|world| world.2));
    println!("  nights that `regression` fails as a whole          {}", sum(|world| world.3));
    if repeats == 5 {
        assert!(false_share <= 0.01, "{false_share}");
    }
}

fn share(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

/// Cases of a large suite.
const MANY: usize = 50_000;

/// A review is there when its first picture is: in a pseudo-terminal of util-linux's `script`.
fn open() {
    println!(
        "{MANY} cases, from the start of the process to the first picture (the best of three)"
    );
    for (what, every) in [("3 changes", MANY / 3 + 1), ("25,000 changes", 2)] {
        let dir = std::env::temp_dir().join(format!("overclaim-open-{}", std::process::id()));
        let runs = ["before", "after"].map(|run| dir.join("reports/facts").join(run));
        let wrong: Vec<usize> = (1..MANY).step_by(every).collect();
        write(&runs[0], MANY, &[]);
        write(&runs[1], MANY, &wrong);
        fs::create_dir_all(dir.join("suites")).expect("room");
        fs::write(dir.join("overclaim.yaml"), "endpoints: {}\n").expect("room");
        fs::write(dir.join("suites/facts.yaml"), "suite: facts\n").expect("room");
        let [before, after] = runs.map(|run| journal::read(&run).expect("a run"));
        let accepted = Snapshot::of(&before, "model").expect("records");
        let found = Found::of(&after, "model", true).expect("records");
        let proposal = Diff::of(&accepted.lines, &found).proposal(&accepted, &found, None);
        let file = dir.join("suites/snapshots/facts@model.snap");
        put(&file, &accepted);
        put(&file.with_extension("snap.new"), &proposal);
        for args in ["review", "review reports/facts/after"] {
            let times = [(); 3].map(|()| until_picture(&dir, args));
            let best = times.into_iter().min_by(f64::total_cmp).expect("three");
            println!("  {what:<15} overclaim {args:<28} {best:.2} s");
            assert!(best < 1.0, "{best}");
        }
        fs::remove_dir_all(&dir).expect("it goes");
    }
}

/// Seconds until the list of changes is on the screen.
fn until_picture(dir: &Path, args: &str) -> f64 {
    // A new pseudo-terminal has no size yet.
    let command =
        format!("stty rows 24 cols 80 && exec {} {args}", env!("CARGO_BIN_EXE_overclaim"));
    let start = Instant::now();
    let mut review = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(dir)
        .env_remove("CI")
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux");
    let (mut seen, mut some) = (Vec::new(), [0; 4096]);
    let picture = b"newly confident wrong";
    while !seen.windows(picture.len()).any(|at| at == picture) {
        let read = review.stdout.as_mut().expect("piped").read(&mut some).expect("a picture");
        assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&some[..read]);
    }
    let seconds = start.elapsed().as_secs_f64();
    // Ctrl-C: it leaves, and writes nothing.
    review.stdin.take().expect("piped").write_all(b"\x03").expect("it listens");
    let mut rest = Vec::new();
    review.stdout.take().expect("piped").read_to_end(&mut rest).expect("it ends");
    review.wait().expect("it ends");
    seconds
}

/// A run of 50,000 cases on disk becomes a snapshot; the next one differs in three.
fn size() {
    let dir = std::env::temp_dir().join(format!("overclaim-review-{}", std::process::id()));
    let (before, after) = (dir.join("before"), dir.join("after"));
    write(&before, MANY, &[]);
    write(&after, MANY, &[7, 25_001, 49_999]);
    let bytes = fs::metadata(before.join("records.jsonl")).expect("a journal").len();
    println!("{MANY} cases, {:.0} MB of records a run", bytes as f64 / 1e6);

    let seconds = |since: Instant| since.elapsed().as_secs_f64();
    let file = dir.join("snapshots/facts@model.snap");
    // The best of three: others may be at work on the machine.
    let tries = [(); 3].map(|()| {
        let start = Instant::now();
        let run = journal::read(&before).expect("a run");
        let read = seconds(start);
        let accepted = Snapshot::of(&run, "model").expect("records");
        put(&file, &accepted);
        (seconds(start), read)
    });
    let (made, read) = tries.into_iter().min_by(|one, two| one.0.total_cmp(&two.0)).expect("three");
    println!(
        "  snapshot from the run directory  {made:.2} s, of which reading the run {read:.2} s"
    );

    let run: Run = journal::read(&after).expect("a run");
    let start = Instant::now();
    let text = fs::read_to_string(&file).expect("a snapshot");
    let accepted = Snapshot::read(&text).expect("a snapshot");
    let loaded = seconds(start);
    let saying = Instant::now();
    let found = Found::of(&run, "model", true).expect("records");
    let said = seconds(saying);
    let proposing = Instant::now();
    let diff = Diff::of(&accepted.lines, &found);
    let proposal = diff.proposal(&accepted, &found, None);
    let new = dir.join("snapshots/facts@model.snap.new");
    put(&new, &proposal);
    let proposed = seconds(proposing);
    println!(
        "  difference and proposal          {:.2} s: reading the snapshot {loaded:.2} s, the run's lines {said:.2} s, the rest {proposed:.2} s",
        seconds(start)
    );
    println!("  file {:.1} MB, {} bytes a case", text.len() as f64 / 1e6, text.len() / MANY);
    let [added, removed] = numstat(&file, &new);
    println!("  git diff of 3 changed cases      {removed} lines removed, {added} added");
    assert_eq!([added, removed], [3, 3]);
    assert!(made < 2.0, "{made}");
    fs::remove_dir_all(&dir).expect("it goes");
}

/// Writes a run through the journal in which these cases are confidently wrong, and every eighth.
fn write(dir: &Path, cases: usize, wrong: &[usize]) {
    let header: Header = serde_json::from_value(header(cases)).expect("a header");
    let mut journal = Journal::create(dir, &header).expect("room");
    let template: Record = serde_json::from_value(record()).expect("a record");
    let records: Vec<Record> = (0..cases)
        .map(|index| {
            let right = index % 8 != 0 && !wrong.contains(&index);
            let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
            let case = format!("case-{index:05}");
            let digest = overclaim::record::Digest::of_bytes(case.as_bytes());
            Record {
                index,
                trial: format!("{case}@model"),
                case,
                content: digest,
                subject: Some(digest),
                quadrant: Record::quadrant(&outcome, Some(0.9), 0.8),
                answer: Some(if right { "B" } else { "A" }.to_owned()),
                outcome,
                ..template.clone()
            }
        })
        .collect();
    for some in records.chunks(64) {
        journal.append_all(some).expect("room");
    }
    journal.finish(&[]).expect("room");
}

fn put(path: &Path, snapshot: &Snapshot) {
    fs::create_dir_all(path.parent().expect("a directory")).expect("room");
    journal::write_whole(path, snapshot.to_string().as_bytes()).expect("room");
}

/// Lines added and removed from one file to another, as git counts them.
fn numstat(one: &Path, other: &Path) -> [usize; 2] {
    let output = Command::new("git")
        .args(["diff", "--no-index", "--numstat"])
        .args([one, other])
        .output()
        .expect("git");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = text.split_whitespace().map(|word| word.parse().expect("a count"));
    [words.next().expect("added"), words.next().expect("removed")]
}

fn header(cases: usize) -> Value {
    json!({
        "format": 1, "version": "0.1.0", "run": "2026-01-01T02-00-00", "suite": "facts",
        "path": "suites/facts.yaml", "text": "suite: facts\n", "digest": "0".repeat(64),
        "endpoints": [{"name": "model", "target": {"wire": "openai-chat/1", "url": "/v1", "model": "m"}}],
        "threshold": 0.8, "sources": ["verbalized"], "budget": {}, "seed": null, "selection": {},
        "repeats": 1, "planned": cases, "plan": "0".repeat(64),
        "started": "2026-01-01T02:00:00.000Z",
    })
}

/// A record as a run of the shipped suites writes it, with its exchange.
fn record() -> Value {
    let digest = "0".repeat(64);
    let question = "Which of these cities has the largest number of inhabitants within its limits?";
    json!({
        "index": 0, "trial": "", "case": "", "content": digest, "endpoint": "model", "repeat": 0,
        "tags": ["geography"], "question": question, "expected": "B", "answer": "B",
        "choices": ["Ankara", "Istanbul", "Izmir"],
        "outcome": "correct", "quadrant": "confident_right", "confidence": {"verbalized": 0.9},
        "primary": 0.9, "at": {"file": "facts.jsonl", "line": 1},
        "exchanges": [{
            "role": "answer", "digest": digest,
            "request": {"target": {"wire": "openai-chat/1", "url": "/v1", "model": "m"},
                "turns": [{"speaker": "user", "text": format!("{question}\nA. Ankara\nB. Istanbul\nC. Izmir\n").repeat(4)}],
                "params": {"temperature": 0.7}, "draw": {"repeat": 0, "sample": 0}},
            "endpoint": "model", "origin": "live", "waited_ms": 412.5,
            "attempts": [{"status": 200, "ms": 410.1, "wait_ms": 0.0}],
            "usage": {"input_tokens": 180, "output_tokens": 12},
            "reply": {"text": "Answer: B\nConfidence: 90%", "times": {"total_ms": 410.1}, "model": "m-1", "body": "x".repeat(700)},
        }],
    })
}
