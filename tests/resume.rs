//! Runs that are killed, stopped and torn, and go on with `--resume`: nothing that was finished is
//! lost or asked again, and the end is that of a run that nobody disturbed.

#![cfg(unix)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;
use support::Server;
use support::project::{Project, SUITE, code, letter, mostly_right, question, text};

/// Waits until something holds.
fn until(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come");
        sleep(Duration::from_millis(2));
    }
}

/// Whole lines in a run's journal.
fn lines(project: &Project, run: &str) -> usize {
    let text = fs::read(project.dir.path().join(run).join("records.jsonl")).unwrap_or_default();
    text.split(|byte| *byte == b'\n').count() - 1
}

fn start(project: &Project, args: &[&str]) -> Child {
    let mut command = project.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn resume(project: &Project, more: &[&str]) -> (i32, String) {
    let output = project.run(&[&["run", "--resume", "out"], more].concat());
    (code(&output), text(&output.stdout) + &text(&output.stderr))
}

/// How often each question came.
fn asked(server: &Server) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for seen in server.seen() {
        *counts.entry(question(&seen)).or_default() += 1;
    }
    counts
}

/// A server that takes its time, so that there is a moment to kill in.
fn slow() -> Server {
    Server::new(|seen, client| {
        sleep(Duration::from_millis(8));
        mostly_right(seen, client);
    })
}

const CASES: usize = 60;

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_one_that_was_not() {
    let server = slow();
    let whole = Project::at(&server).choices(CASES);
    let args = ["run", "suites/demo.yaml", "--out", "out", "--cache", "off", "--concurrency", "4"];
    assert_eq!(code(&whole.run(&args)), 1);
    for moment in [1, 7, 20, 41, 59] {
        let server = slow();
        let project = Project::at(&server).choices(CASES);
        let mut child = start(&project, &args);
        until(|| lines(&project, "out") >= moment);
        child.kill().unwrap();
        child.wait().unwrap();
        // A power cut may leave a part of a line behind.
        let path = project.dir.path().join("out/records.jsonl");
        let torn = [fs::read(&path).unwrap(), b"{\"index\":7,\"tri".to_vec()].concat();
        fs::write(&path, torn).unwrap();
        let finished: Vec<usize> =
            project.read("out/records.jsonl").lines().filter_map(index_of).collect();
        let before = asked(&server);
        assert_eq!(resume(&project, &[]).0, 1, "killed at {moment}");
        assert_eq!(project.records("out").len(), CASES);
        assert_eq!(project.read("out/scorecard.json"), whole.read("out/scorecard.json"));
        let (decision, expected) =
            (project.json("out/decision.json"), whole.json("out/decision.json"));
        assert_eq!(decision["lines"], expected["lines"]);
        // What was finished was not asked again; what was under way may have been.
        let after = asked(&server);
        for index in finished {
            assert_eq!(after[&index], before[&index], "question {index}, killed at {moment}");
        }
        assert!(after.values().all(|times| *times <= 2) && after.len() == CASES);
        let operations = project.json("out/operations.json");
        assert_eq!(operations["ending"], "complete");
    }
}

fn index_of(line: &str) -> Option<usize> {
    let record: serde_json::Value = serde_json::from_str(line).ok()?;
    record["index"].as_u64().map(|index| usize::try_from(index).unwrap())
}

#[test]
fn a_stop_lets_what_is_under_way_end_and_says_how_to_go_on() {
    for signal in ["-INT", "-TERM"] {
        let server = Server::new(|_, client| {
            sleep(Duration::from_millis(400));
            client.json(200, &letter("A", 0.9));
        });
        let project = Project::at(&server).choices(12);
        let args =
            ["run", "suites/demo.yaml", "--out", "out", "--cache", "off", "--concurrency", "3"];
        let child = start(&project, &args);
        until(|| lines(&project, "out") >= 3 && server.calls() >= 6);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let page = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(code(&output), 3, "{page}");
        assert_eq!(lines(&project, "out"), server.calls(), "all that was asked is kept: {page}");
        assert!(page.contains("to go on: overclaim run --resume out"), "{page}");
        assert!(server.calls() < 12, "{page}");
        let (exit, page) = resume(&project, &[]);
        assert_eq!((exit, server.calls()), (1, 12), "{page}");
        assert!(!page.contains("to go on"), "{page}");
        assert_eq!(asked(&server).len(), 12);
    }
}

#[test]
fn a_second_stop_is_at_once_and_the_journal_is_whole() {
    let server = Server::new(|seen, client| match seen.number {
        0..4 => client.json(200, &letter("A", 0.9)),
        _ => client.stall(),
    });
    let project = Project::at(&server).choices(20);
    let args = ["run", "suites/demo.yaml", "--out", "out", "--cache", "off", "--concurrency", "2"];
    let mut child = start(&project, &args);
    until(|| lines(&project, "out") == 4 && server.calls() == 6);
    let kill = || Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    kill();
    sleep(Duration::from_millis(300));
    kill();
    let start = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(lines(&project, "out"), 4);
}

#[test]
fn one_run_is_written_by_one_process() {
    let server = Server::new(|_, client| client.stall());
    let project = Project::at(&server).choices(4);
    let mut child = start(&project, &["run", "suites/demo.yaml", "--out", "out", "--cache", "off"]);
    until(|| server.calls() == 4);
    let (exit, page) = resume(&project, &[]);
    assert_eq!(exit, 2);
    assert!(page.contains("another process is writing this run"), "{page}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_goes_on_as_it_began() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(20);
    project.write("suites/demo.yaml", &SUITE.replace("temperature: 0", "temperature: 1"));
    // All that was said on the command line is in the run's header.
    let url = server.base_url();
    let args = [
        "run",
        "suites/demo.yaml",
        "--out",
        "out",
        "--cache",
        "off",
        "--endpoint",
        &url,
        "--model",
        "other",
        "--filter",
        "k1",
        "--limit",
        "8",
        "--seed",
        "7",
        "--repeats",
        "2",
        "--threshold",
        "0.7",
    ];
    let output = project.run(&args);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let whole = project.read("out/scorecard.json");
    let header = project.read("out/run.json");
    let records = project.read("out/records.jsonl");
    let half: Vec<&str> = records.lines().take(7).collect();
    for file in ["scorecard.json", "operations.json", "decision.json"] {
        fs::remove_file(project.dir.path().join("out").join(file)).unwrap();
    }
    project.write("out/records.jsonl", &(half.join("\n") + "\n"));
    let before = server.calls();
    let (exit, page) = resume(&project, &["--durable"]);
    assert_eq!(exit, 1, "{page}");
    assert_eq!(server.calls() - before, 16 - 7);
    assert_eq!(project.read("out/scorecard.json"), whole);
    assert_eq!(project.read("out/run.json"), header);
    let seen = server.seen();
    assert!(seen[before].body.contains("\"seed\":") && seen[before].body.contains("\"other\""));
    // There is nothing left to ask, and the page is shown again.
    let (exit, page) = resume(&project, &[]);
    assert_eq!((exit, server.calls() - before), (1, 16 - 7), "{page}");
}

#[test]
fn what_would_be_another_run_is_refused() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(6);
    assert_eq!(code(&project.run(&["run", "suites/demo.yaml", "--out", "out"])), 1);
    let calls = server.calls();
    let refused = |said: &str| {
        let (exit, page) = resume(&project, &[]);
        assert_eq!((exit, server.calls()), (2, calls), "{page}");
        assert!(page.contains(said), "{page}");
    };
    let rows = project.read("suites/rows.jsonl");
    project.write("suites/rows.jsonl", &rows.replace("Question 3?", "Question 33?"));
    refused("its cases were changed since this run began");
    project.write("suites/rows.jsonl", &rows);
    project.write("suites/demo.yaml", &SUITE.replace("max_tokens: 4", "max_tokens: 5"));
    refused("the suite was changed since this run began");
    project.write("suites/demo.yaml", SUITE);
    let config = project.read("overclaim.yaml");
    project.write("overclaim.yaml", &config.replace("model: m,", "model: n,"));
    refused("it is asked at other endpoints");
    project.write("overclaim.yaml", &config.replace("model: m,", "model: m, extra: {top_k: 3},"));
    refused("an endpoint passes other parameters on (`extra`)");
    project.write("overclaim.yaml", &config);
    // A newer version's run, and none at all.
    let header = project.json("out/run.json");
    let mut newer = header.clone();
    newer["format"] = json!(99);
    project.write("out/run.json", &newer.to_string());
    refused("by a newer version");
    fs::remove_file(project.dir.path().join("out/run.json")).unwrap();
    refused("cannot be read");
    let output = project.run(&["run", "--resume", "out", "--limit", "3"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("cannot be used with"), "{}", text(&output.stderr));
}

#[test]
fn a_run_that_nobody_listens_to_is_kept_all_the_same() {
    let server = Server::new(mostly_right);
    for redirect in [">&-", ">/dev/full", "| true"] {
        let project = Project::at(&server).choices(8);
        let binary = assert_cmd::cargo::cargo_bin!("overclaim").display().to_string();
        let script = format!("{binary} run suites/demo.yaml --out out --cache off {redirect}");
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &script]).current_dir(project.dir.path()).output().unwrap();
        let said = text(&output.stderr);
        assert!(!said.contains("panicked"), "{redirect}: {said}");
        // A shell may tell the end of the listener before that of the run.
        until(|| project.dir.path().join("out/decision.json").exists());
        assert_eq!(project.records("out").len(), 8, "{redirect}: {said}");
        assert_eq!(project.json("out/decision.json")["complete"], true, "{redirect}");
    }
}

/// A file system of a few kilobytes, taken down when it is dropped; none where this user may not
/// make one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(dir: &std::path::Path, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(dir).unwrap();
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(dir);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| SmallDisk(dir.to_owned()))
    }

    fn grow(&self, size: &str) {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", &format!("remount,size={size}")]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_a_clear_error_and_the_run_goes_on_once_there_is_room() {
    let server = Server::new(mostly_right);
    let whole = Project::at(&server).choices(CASES);
    let args = ["run", "suites/demo.yaml", "--out", "out", "--cache", "off"];
    assert_eq!(code(&whole.run(&args)), 1);
    let expected = whole.read("out/scorecard.json");
    // Full in the header, among the records, and in the documents behind them.
    for size in ["4k", "16k", "40k", "72k", "100k"] {
        let server = Server::new(mostly_right);
        let project = Project::at(&server).choices(CASES);
        let Some(disk) = SmallDisk::new(&project.dir.path().join("out"), size) else {
            eprintln!("NOT TESTED: a full disk, since this user may not mount one");
            return;
        };
        let output = project.run(&args);
        let said = text(&output.stderr);
        if code(&output) == 1 {
            assert_eq!(project.read("out/scorecard.json"), expected, "{size} were enough");
            continue;
        }
        assert_eq!(code(&output), 2, "{size}: {said}");
        assert!(said.contains("No space left on device"), "{size}: {said}");
        let finished = lines(&project, "out");
        let before = server.calls();
        disk.grow("4m");
        if !project.dir.path().join("out/run.json").exists() {
            // There is no run, and nothing is in the way of one.
            assert_eq!(finished, 0, "{size}");
            assert_eq!(code(&project.run(&args)), 1, "{size}");
            assert_eq!(project.read("out/scorecard.json"), expected, "{size}");
            continue;
        }
        let (exit, page) = resume(&project, &[]);
        assert_eq!(exit, 1, "{size}: {page}");
        assert_eq!(project.read("out/scorecard.json"), expected, "{size}");
        assert_eq!(server.calls() - before, CASES - finished, "{size}");
    }
}
