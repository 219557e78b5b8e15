//! Commands that are told to stop, and commands whose reader has gone: nothing is lost, nothing panics,
//! and the exit code is that of what was done.

#![cfg(unix)]

mod support;

use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::Server;
use support::project::{Project, SUITE, code, letter, mostly_right, text};

fn until(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come");
        sleep(Duration::from_millis(2));
    }
}

fn signal(name: &str, child: &Child) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Three suites: the two questions of `a` are answered at once, the ten each of `b` and `c` in a while.
fn three(pause: Duration) -> (Server, Project) {
    let server = Server::new(move |seen, client| {
        if !seen.body.contains("Suite a ") {
            sleep(pause);
        }
        client.json(200, &letter("A", 0.9));
    });
    let project = Project::at(&server).choices(10);
    let rows = project.read("suites/rows.jsonl");
    std::fs::remove_file(project.dir.path().join("suites/demo.yaml")).unwrap();
    std::fs::remove_file(project.dir.path().join("suites/rows.jsonl")).unwrap();
    for name in ["a", "b", "c"] {
        let suite = SUITE.replace("demo", name).replace("rows.jsonl", &format!("{name}.jsonl"));
        project.write(&format!("suites/{name}.yaml"), &suite);
        let few = if name == "a" { 2 } else { 10 };
        let rows: String = rows.split_inclusive('\n').take(few).collect();
        let rows = rows.replace("\"Question", &format!("\"Suite {name} Question"));
        project.write(&format!("suites/{name}.jsonl"), &rows);
    }
    (server, project)
}

#[test]
fn a_stop_is_of_all_suites_and_each_says_how_to_go_on() {
    for name in ["-TERM", "-INT"] {
        let (server, project) = three(Duration::from_millis(600));
        let args = ["run", "--out", "out", "--cache", "off", "--concurrency", "6"];
        let mut command = project.command(&args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let done = || project.dir.path().join("out/a/decision.json").exists();
        until(|| done() && server.calls() >= 8);
        signal(name, &child);
        let output = child.wait_with_output().unwrap();
        let (page, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(code(&output), 3, "{name}: {said}");
        assert!(said.contains("stopping: what is under way has 5 s to end"), "{name}: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
        let kept: usize = ["a", "b", "c"].iter().map(|suite| finished(&project, suite)).sum();
        assert_eq!(kept, server.calls(), "{name}: all that was asked is kept");
        assert!(kept < 22, "{name}: it was stopped");
        assert_eq!(project.json("out/a/operations.json")["ending"], "complete");
        assert!(!said.contains("--resume out/a"), "{name}: {said}");
        for suite in ["b", "c"] {
            let run = format!("out/{suite}");
            assert!(said.contains(&format!("to go on: overclaim run --resume {run}")), "{said}");
            let decision = project.json(&format!("{run}/decision.json"));
            assert_eq!(decision["complete"], false, "{name}: {run} is partial");
            assert_eq!(decision["exit_code"], 3, "{name}: {run}");
            let ending = &project.json(&format!("{run}/operations.json"))["ending"];
            assert_eq!(ending, "interrupted", "{name}: {run}");
            assert!(page.contains(&format!("{suite} · m · 10 cases")), "{name}: {page}");
            // The same is told later, and the rest comes when it is asked for.
            assert_eq!(code(&project.run(&["report", &run])), 3);
            let rest = project.run(&["run", "--resume", &run]);
            assert_eq!(finished(&project, suite), 10, "{}", text(&rest.stderr));
        }
        assert!(page.contains("STOPPED"), "{name}: {page}");
        assert_eq!(server.calls(), 22, "{name}: nothing was asked twice");
    }
}

fn finished(project: &Project, suite: &str) -> usize {
    project.records(&format!("out/{suite}")).len()
}

#[test]
fn a_second_term_is_at_once_for_all_suites() {
    let (server, project) = three(Duration::from_mins(1));
    let args = ["run", "--out", "out", "--cache", "off", "--concurrency", "6"];
    let mut command = project.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(|| project.dir.path().join("out/a/decision.json").exists() && server.calls() == 8);
    signal("-TERM", &child);
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "what is under way has a while to end");
    signal("-TERM", &child);
    let start = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(finished(&project, "a"), 2);
    assert_eq!(finished(&project, "b") + finished(&project, "c"), 0);
}

/// Runs a command through `sh` with its outputs somewhere else.
fn redirected(project: &Project, args: &str, redirect: &str) -> Output {
    let binary = assert_cmd::cargo::cargo_bin!("overclaim").display().to_string();
    // The exit code of the command and not that of the pipe's end.
    let script = format!("{{ {binary} {args}; echo $? > code; }} {redirect}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(project.dir.path());
    shell.env("OVERCLAIM_CACHE_DIR", project.dir.path().join("cache"));
    let output = shell.output().unwrap();
    // A shell may tell the end of the reader before that of the command.
    let code = project.dir.path().join("code");
    until(|| std::fs::read(&code).is_ok_and(|code| code.ends_with(b"\n")));
    output
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    assert_eq!(code(&project.run(&["run", "--out", "whole"])), 1);
    let scorecard = project.read("whole/scorecard.json");
    let journal = project.read("whole/records.jsonl");
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    for (name, lines) in [("one", &lines[..3]), ("two", &lines[3..])] {
        project.write(&format!("{name}/run.json"), &project.read("whole/run.json"));
        project.write(&format!("{name}/records.jsonl"), &lines.concat());
    }
    // What is written, where it is, and the exit code.
    let commands = [
        ("run --out new", 1),
        ("run --out new --json", 1),
        ("report whole", 1),
        ("report whole --format json", 1),
        ("compare whole whole", 0),
        ("show whole 'q-*'", 0),
        ("advise whole", 1),
        ("regrade whole --out new", 1),
        ("regrade whole --out new --json", 1),
        ("merge new one two", 1),
        ("report nowhere", 2),
    ];
    let redirects = [
        "| true",
        "| head -1",
        ">&-",
        "2>&-",
        ">&- 2>&-",
        ">/dev/full",
        ">/dev/full 2>/dev/full",
        "2>&1 | true",
    ];
    for (args, expected) in commands {
        for redirect in redirects {
            let output = redirected(&project, args, redirect);
            let said = text(&output.stderr) + &text(&output.stdout);
            let told = format!("{args} {redirect}: {said}");
            assert!(!said.contains("panicked"), "{told}");
            // Half a document is none; a page is in the run's directory.
            let full = redirect.starts_with(">/dev/full") && expected < 2;
            let expected = if full && args.contains("json") { 2 } else { expected };
            assert_eq!(project.read("code").trim(), expected.to_string(), "{told}");
            let heard = full && !redirect.contains("2>");
            assert_eq!(said.contains("standard output is not complete"), heard, "{told}");
            std::fs::remove_file(project.dir.path().join("code")).unwrap();
            if args.contains("new") {
                assert_eq!(project.records("new").len(), 8, "{told}");
                assert_eq!(project.read("new/scorecard.json"), scorecard, "{told}");
                std::fs::remove_dir_all(project.dir.path().join("new")).unwrap();
            }
        }
    }
    let only: Value = project.json("whole/decision.json");
    assert_eq!(only["complete"], true);
}
