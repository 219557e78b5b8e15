//! Runs on a disk that fails: any write, sync, rename, truncation or opening of a file, at once or
//! half-way. The error is told with its file and its cause, and once the disk works again the run goes
//! on to the end of one that nobody disturbed.

#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use support::Server;
use support::failing_disk::{Call, Fault, calls};
use support::project::{Project, code, mostly_right, question, text};

const CASES: usize = 6;
const RUN: [&str; 6] = ["run", "suites/demo.yaml", "--out", "out", "--record", "tape.jsonl"];

/// A project and its server, and what the failing disk was asked for.
struct Tried {
    server: Server,
    project: Project,
    /// Outside the project: its own writes do not count.
    log: tempfile::NamedTempFile,
}

impl Tried {
    fn new() -> Tried {
        let server = Server::new(mostly_right);
        // Hundreds of runs: in memory, where there is such a place, their syncs take no time.
        let project = Project::at(&server).moved_to(Path::new("/dev/shm")).choices(CASES);
        Tried { server, project, log: tempfile::NamedTempFile::new().unwrap() }
    }

    fn run(&self, fault: Fault, args: &[&str]) -> Output {
        let mut command = self.project.command(args);
        fault.on(self.project.dir.path(), self.log.path(), &mut command);
        command.output().unwrap()
    }

    fn calls(&self) -> Vec<Call> {
        calls(self.log.path(), self.project.dir.path())
    }

    fn exists(&self, name: &str) -> bool {
        self.project.dir.path().join(name).exists()
    }

    /// How often each question came.
    fn asked(&self) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.server.seen() {
            *counts.entry(question(&seen)).or_default() += 1;
        }
        counts
    }

    /// Trials with a whole line in the journal.
    fn finished(&self) -> Vec<usize> {
        let path = self.project.dir.path().join("out/records.jsonl");
        let journal = fs::read(path).unwrap_or_default();
        let whole = journal.split_inclusive(|byte| *byte == b'\n');
        let record = |line: &[u8]| serde_json::from_slice::<Value>(line).unwrap();
        let whole = whole.filter(|line| line.last() == Some(&b'\n'));
        whole.map(|line| record(line)["index"].as_u64().unwrap().try_into().unwrap()).collect()
    }
}

/// What a run leaves that nobody disturbs.
struct Whole {
    scorecard: String,
    lines: Value,
    calls: Vec<Call>,
}

fn whole() -> Whole {
    let tried = Tried::new();
    let output = tried.run(Fault::NONE, &RUN);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let calls = tried.calls();
    // The library is loaded and sees what it is to see.
    for name in ["cache/cache.db-wal", "out/records.jsonl", "out/scorecard.json", "tape.jsonl"] {
        assert!(calls.iter().any(|call| call.path == name), "{name} in {calls:?}");
    }
    for kind in ["write", "sync", "rename", "truncate", "open"] {
        assert!(calls.iter().any(|call| call.kind == kind), "{kind} in {calls:?}");
    }
    Whole {
        scorecard: tried.project.read("out/scorecard.json"),
        lines: tried.project.json("out/decision.json")["lines"].clone(),
        calls,
    }
}

#[test]
fn whatever_call_fails_is_told_and_the_run_goes_on() {
    let whole = whole();
    let total = whole.calls.len();
    let first = whole.calls.iter().position(|call| call.path.starts_with("out/")).unwrap();
    let one = |with, at| Fault { at, with, ..Fault::NONE };
    let mut faults: Vec<Fault> = Vec::new();
    // Opening the cache is many calls; everything behind it fails once.
    let torn = |at| one(if at % 2 == 0 { "TORN" } else { "EIO" }, at);
    faults.extend((1..first).step_by(7).chain(first..=total).map(torn));
    faults.extend((1..=total).step_by(10).map(|at| one("ENOSPC", at)));
    faults.extend((2..=total).step_by(12).map(|at| one("SHORT", at)));
    faults.extend((3..=total).step_by(12).map(|at| one("EINTR", at)));
    // Renaming is what the standard library does not do again by itself.
    let renames = whole.calls.iter().filter(|call| call.kind == "rename").count();
    assert!(renames >= 4, "the header and three documents");
    faults.extend((1..=renames).map(|at| Fault { only: "r", ..one("EINTR", at) }));
    // A disk that goes on failing now and then, or from now on.
    let onward = [25, 100].into_iter().cycle();
    let later = (first..=total).step_by(9).zip(onward);
    faults.extend(later.map(|(at, onward)| Fault { onward, ..one("EIO", at) }));
    each(faults, |fault| try_fault(fault, &whole));
}

/// Four at a time.
fn each(faults: Vec<Fault>, attempt: impl Fn(Fault) + Sync) {
    let todo = Mutex::new(faults.into_iter());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(fault) = todo.lock().unwrap().next() else { break };
                    attempt(fault);
                }
            });
        }
    });
}

/// A run under a fault, and the same without it.
fn try_fault(fault: Fault, whole: &Whole) {
    let tried = Tried::new();
    let output = tried.run(fault, &RUN);
    let (exit, said) = (code(&output), text(&output.stderr));
    let failed: Vec<Call> = tried.calls().into_iter().filter(|call| call.failed).collect();
    let told = format!("{fault:?}, {failed:?}: exit {exit}, {said}");
    assert!(!said.contains("panicked"), "{told}");
    let page = text(&output.stdout);
    // What cannot be told from a disk that works needs no word; SQLite takes EINTR for an error of
    // truncations and syncs, where Linux gives none.
    let on = |place: &str| failed.iter().any(|call| call.path.starts_with(place));
    if failed.is_empty() || fault.with == "SHORT" || fault.with == "EINTR" && !on("cache") {
        assert_eq!(exit, 1, "{told}");
        assert!(!said.contains("error"), "{told}");
    } else {
        assert_told(&tried, &failed, fault, exit, &said, &told);
    }
    // What was shown is kept.
    if !page.is_empty() {
        assert_eq!(tried.finished().len(), CASES, "{told}");
        assert!(tried.exists("out/decision.json"), "{told}");
    }
    go_on(&tried, whole, &told);
    if on("tape") {
        record_again(&tried, &told);
    }
}

/// Without the fault the run ends as the whole one, and nothing that was finished is asked again.
fn go_on(tried: &Tried, whole: &Whole, told: &str) {
    let (finished, before) = (tried.finished(), tried.asked());
    let began = tried.exists("out/run.json");
    let args = if began { &["run", "--resume", "out"][..] } else { &RUN[..4] };
    let again = tried.project.run(args);
    assert_eq!(code(&again), 1, "{told}\nthen {}", text(&again.stderr));
    assert_eq!(tried.project.read("out/scorecard.json"), whole.scorecard, "{told}");
    assert_eq!(tried.project.json("out/decision.json")["lines"], whole.lines, "{told}");
    let after = tried.asked();
    for index in finished {
        assert_eq!(after[&index], before[&index], "question {index}: {told}");
    }
    assert!(after.values().all(|times| *times <= 2), "{told}");
}

/// What was torn is no obstacle to recording again.
fn record_again(tried: &Tried, told: &str) {
    let args = ["run", "suites/demo.yaml", "--out", "again", "--record", "tape.jsonl"];
    let again = tried.project.run(&args);
    assert_eq!(code(&again), 1, "{told}\nthen {}", text(&again.stderr));
    assert_eq!(tried.project.read("tape.jsonl").lines().count(), CASES, "{told}");
}

/// Every moment between two calls, and the middle of every write.
#[test]
fn whatever_call_is_the_last_one_before_a_kill_the_run_goes_on() {
    let whole = whole();
    let total = whole.calls.len();
    let first = whole.calls.iter().position(|call| call.path.starts_with("out/")).unwrap();
    let moments = (1..first).step_by(9).chain(first..=total).filter(|at| at % 2 == 0);
    let faults = moments.map(|at| Fault { at, with: "KILL", ..Fault::NONE });
    let killed = AtomicUsize::new(0);
    each(faults.collect(), |fault| {
        let tried = Tried::new();
        let output = tried.run(fault, &RUN);
        let last = tried.calls().pop();
        let told = format!("{fault:?}, {last:?}: {}", text(&output.stderr));
        // The last calls may be fewer in this run.
        if last.is_some_and(|call| call.failed) {
            assert_eq!(output.status.code(), None, "{told}");
            killed.fetch_add(1, Ordering::Relaxed);
        }
        go_on(&tried, &whole, &told);
        if fault.at % 4 != 0 {
            return;
        }
        let verified = tried.project.run(&["cache", "verify"]);
        assert_eq!(code(&verified), 0, "{}: {told}", text(&verified.stderr));
        record_again(&tried, &told);
    });
    assert!(killed.into_inner() > (total - first) / 3, "most were killed");
}

/// What a power cut leaves is what was synced before: the order of calls is the promise.
#[test]
fn what_is_promised_is_on_the_disk_before_the_next_step() {
    let tried = Tried::new();
    let args = ["run", "suites/demo.yaml", "--out", "new/out", "--cache", "off", "--durable"];
    assert_eq!(code(&tried.run(Fault::NONE, &args)), 1);
    let calls = tried.calls();
    let step = |kind: &str, path: &str| {
        let found = calls.iter().position(|call| {
            // Files that are not whole yet bear the number of the process.
            let name = call.path.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.'));
            call.kind == kind && name.map_or(&*call.path, |(name, _)| name) == path
        });
        found.unwrap_or_else(|| panic!("no {kind} of {path} in {calls:?}"))
    };
    let last_sync = calls
        .iter()
        .rposition(|call| call.kind == "sync" && call.path == "new/out/records.jsonl")
        .unwrap();
    // The directory itself, and its name in the one above, which is new as well.
    assert!(step("sync", "") < step("sync", "new"));
    assert!(step("sync", "new") < step("open", "new/out/records.jsonl"));
    // The header is whole before it has its name, and has it before the first record.
    assert!(step("sync", "new/out/run.json") < step("rename", "new/out/run.json"));
    assert!(step("rename", "new/out/run.json") < step("sync", "new/out"));
    assert!(step("sync", "new/out") < step("write", "new/out/records.jsonl"));
    // With `--durable` every record is synced before the next one is written.
    let of_journal = calls.iter().filter(|call| call.path == "new/out/records.jsonl");
    let kinds: Vec<&str> = of_journal.map(|call| &*call.kind).skip(1).collect();
    let (records, end) = kinds.split_at(2 * CASES);
    assert_eq!(records.chunks(2).filter(|pair| *pair == ["write", "sync"]).count(), CASES);
    assert!(end.iter().all(|kind| *kind == "sync"), "{kinds:?}");
    // What follows from the records comes after them.
    for name in ["scorecard.json", "operations.json", "decision.json"] {
        let name = format!("new/out/{name}");
        assert!(last_sync < step("open", &name));
        assert!(step("sync", &name) < step("rename", &name));
    }
    // A recording is whole before it takes the place of what came in.
    let tried = Tried::new();
    assert_eq!(code(&tried.run(Fault::NONE, &RUN)), 1);
    let calls = tried.calls();
    let step = |kind: &str, path: &str| {
        calls.iter().position(|call| call.kind == kind && call.path == path).unwrap()
    };
    assert!(step("sync", "tape.sorting") < step("rename", "tape.jsonl"));
}

/// The error names what failed and why, and what to do.
fn assert_told(tried: &Tried, failed: &[Call], fault: Fault, exit: i32, said: &str, told: &str) {
    let cause = match fault.with {
        "ENOSPC" => "No space left on device",
        "EINTR" => "Interrupted system call",
        _ => "Input/output error",
    };
    // Of several failures the first one that matters is told.
    let alone = failed.len() == 1;
    let file = failed[0].path.as_str();
    if let Some(file) = file.strip_prefix("out") {
        let file = file.trim_start_matches('/');
        // A file that is written beside its place has the process's number in its name.
        let beside = file.strip_suffix(".tmp").and_then(|file| file.rsplit_once('.'));
        let named = match beside.map_or(file, |(file, _)| file) {
            // The names of both files are in the directory.
            "" => "run.json",
            "records.jsonl" if !said.contains("records.jsonl") => "the journal",
            file => file,
        };
        assert!(said.contains(named), "{named}: {told}");
        assert!(said.contains(cause), "{told}");
        let remedy = if tried.exists("out/run.json") {
            "go on: overclaim run --resume out"
        } else {
            "name another directory with --out"
        };
        assert!(said.contains(remedy), "{told}");
        assert_eq!(exit, 2, "{told}");
    } else if file.starts_with("tape") {
        assert!(said.contains("tape.jsonl: cannot be written"), "{told}");
        assert!(said.contains(cause), "{told}");
        assert_eq!(exit, 2, "{told}");
        // The recording is another thing than the run, unless the disk fails both.
        if alone && tried.exists("out/run.json") {
            assert!(tried.exists("out/decision.json"), "{told}");
        }
    } else if file.starts_with("cache") && alone {
        if exit == 2 {
            assert!(said.contains("use `--cache off`"), "{told}");
            assert!(!tried.exists("out/run.json"), "nothing was asked: {told}");
            return;
        }
        assert_eq!(exit, 1, "the run is not lost with the cache: {told}");
        assert_eq!(tried.finished().len(), CASES, "{told}");
        // Either all is stored, or the user knows of it.
        if !said.contains("the cache is incomplete: ") {
            let calls = tried.server.calls();
            assert_eq!(code(&tried.project.run(&["run", "--out", "stored"])), 1, "{told}");
            assert_eq!(tried.server.calls(), calls, "something is missing: {told}");
        }
        let verified = tried.project.run(&["cache", "verify"]);
        assert_eq!(code(&verified), 0, "{}: {told}", text(&verified.stderr));
    }
}

/// A failed sync leaves pages that the next sync takes for written: what follows it is on no disk, so
/// the run must not go on as if nothing were.
#[test]
fn a_sync_that_fails_stops_the_run() {
    for durable in [&[][..], &["--durable"]] {
        let server = Server::new(|seen, client| {
            thread::sleep(Duration::from_millis(20));
            mostly_right(seen, client);
        });
        let project = Project::at(&server).choices(60);
        fs::create_dir(project.dir.path().join("out")).unwrap();
        let log = tempfile::NamedTempFile::new().unwrap();
        let args = ["run", "suites/demo.yaml", "--out", "out", "--cache", "off"];
        let mut command = project.command(&args);
        command.args(["--concurrency", "1"]).args(durable);
        // The second sync of the journal, and none of those after it.
        let fault = Fault { at: 2, only: "s", ..Fault::NONE };
        fault.on(&project.dir.path().join("out/records.jsonl"), log.path(), &mut command);
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{durable:?}: {said}");
        let expected = "out: the journal cannot be written: Input/output error (os error 5); \
                        once it can, go on: overclaim run --resume out";
        assert!(said.contains(expected), "{durable:?}: {said}");
        assert_eq!(text(&output.stdout), "");
        let before = server.calls();
        assert!((2..30).contains(&before), "{durable:?}: it went on for {before} calls");
        let finished = project.records("out").len();
        assert_eq!(code(&project.run(&["run", "--resume", "out"])), 1);
        assert_eq!(server.calls() - before, 60 - finished, "{durable:?}");
    }
}

/// What is made of other runs asks nobody, so half of it is taken back rather than kept.
#[test]
fn half_a_regraded_or_merged_run_is_none() {
    let tried = Tried::new();
    assert_eq!(code(&tried.project.run(&RUN[..4])), 1);
    let journal = tried.project.read("out/records.jsonl");
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    let header = tried.project.read("out/run.json");
    for (name, lines) in [("one", &lines[..2]), ("two", &lines[2..])] {
        tried.project.write(&format!("{name}/run.json"), &header);
        tried.project.write(&format!("{name}/records.jsonl"), &lines.concat());
    }
    for args in [&["regrade", "out", "--out", "new"][..], &["merge", "new", "one", "two"]] {
        let new = tried.project.dir.path().join("new");
        let mut told = 0;
        for at in 1.. {
            let log = tempfile::NamedTempFile::new().unwrap();
            let mut command = tried.project.command(args);
            Fault { at, with: "TORN", ..Fault::NONE }.on(&new, log.path(), &mut command);
            let output = command.output().unwrap();
            let said = text(&output.stderr);
            let call = |path: &Path| calls(log.path(), path).into_iter().find(|call| call.failed);
            if call(tried.project.dir.path()).is_none() {
                assert_eq!(code(&output), 1, "{args:?}: {said}");
                break;
            }
            told += 1;
            assert_eq!(code(&output), 2, "{args:?} at {at}: {said}");
            assert!(said.contains("Input/output error"), "{args:?} at {at}: {said}");
            assert!(!new.join("run.json").exists(), "{args:?} at {at}: half a run");
            assert_eq!(text(&output.stdout), "", "{args:?} at {at}");
        }
        assert!(told > CASES + 10, "{args:?}: {told} calls failed");
        assert_eq!(
            tried.project.read("new/scorecard.json"),
            tried.project.read("out/scorecard.json")
        );
        fs::remove_dir_all(new).unwrap();
    }
    assert_eq!(tried.project.read("out/records.jsonl"), journal, "the old one stays");
}

/// A killed `regrade` leaves a part that looks like a stopped run; nobody is asked for its rest.
#[test]
fn a_regraded_run_is_not_gone_on_with() {
    let tried = Tried::new();
    tried.project.run(&RUN[..4]);
    tried.project.run(&["regrade", "out", "--out", "new"]);
    let journal = tried.project.read("new/records.jsonl");
    let half: String = journal.split_inclusive('\n').take(2).collect();
    tried.project.write("new/records.jsonl", &half);
    let calls = tried.server.calls();
    let output = tried.project.run(&["run", "--resume", "new", "--top", "3"]);
    insta::assert_snapshot!(text(&output.stderr), @"error: new: it was not asked but graded again, so there is nothing to ask; `overclaim regrade out` does it anew");
    assert_eq!((code(&output), tried.server.calls()), (2, calls));
}

#[test]
fn a_baseline_that_was_not_kept_is_looked_up_when_the_run_goes_on() {
    let tried = Tried::new();
    let suite = tried.project.read("suites/demo.yaml");
    let against = "max_rate: 20%}\n  regression: {against: previous}";
    tried.project.write("suites/demo.yaml", &suite.replace("max_rate: 20%}", against));
    tried.project.run(&["run"]);
    let whole = tried.project.run(&["run", "--out", "whole"]);
    assert_eq!(code(&whole), 1, "{}", text(&whole.stderr));
    // The disk fails in the moment between the header and the baseline.
    let output = tried.run(Fault { at: 0, ..Fault::NONE }, &RUN[..4]);
    assert_eq!(code(&output), 1);
    let number =
        tried.calls().iter().position(|call| call.path == "out/baseline.json").unwrap() + 1;
    fs::remove_dir_all(tried.project.dir.path().join("out")).unwrap();
    let output = tried.run(Fault { at: number, ..Fault::NONE }, &RUN[..4]);
    let said = text(&output.stderr);
    assert_eq!(code(&output), 2, "{said}");
    assert!(said.contains("out/baseline.json: Input/output error"), "{said}");
    assert!(tried.exists("out/run.json") && !tried.exists("out/baseline.json"));
    assert_eq!(code(&tried.project.run(&["run", "--resume", "out"])), 1);
    for name in ["baseline.json", "decision.json", "scorecard.json"] {
        let read = |run: &str| tried.project.read(&format!("{run}/{name}"));
        assert_eq!(read("out"), read("whole"), "{name}");
    }
}

#[test]
fn the_library_is_no_more_than_a_disk() {
    // Without a fault the library changes nothing, in any program.
    let dir = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo one > a && echo two >> a && mv a b && cat b"]).current_dir(&dir);
    Fault::NONE.on(&dir.path().join("."), log.path(), &mut shell);
    assert_eq!(text(&shell.output().unwrap().stdout), "one\ntwo\n");
}
