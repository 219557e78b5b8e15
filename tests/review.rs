//! A person reviews what changed: on a full screen, line by line, and not at all in a CI job.

#![cfg(unix)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::Server;
use support::project::{Project, SUITE, code, question, text};
use support::screen::Screen;

const SNAP: &str = "suites/snapshots/demo@model.snap";
const NEW: &str = "suites/snapshots/demo@model.snap.new";

/// A reply that says a letter and is sure of it.
fn sure(letter: &str) -> String {
    let top = ["A", "B", "C"].map(|other| {
        let p: f64 = if other == letter { 0.96 } else { 0.02 };
        format!(r#"{{"token":"{other}","logprob":{}}}"#, p.ln())
    });
    let said = 0.96_f64.ln();
    format!(
        r#"{{"choices":[{{"message":{{"role":"assistant","content":"{letter}"}},"finish_reason":"stop","logprobs":{{"content":[{{"token":"{letter}","logprob":{said},"top_logprobs":[{}]}}]}}}}],"model":"m"}}"#,
        top.join(",")
    )
}

/// What two models say to questions 0 to 5; A is right.
const FIRST: [&str; 6] = ["A", "A", "A", "B", "B", "A"];
const SECOND: [&str; 6] = ["B", "C", "A", "A", "C", "A"];

/// A project whose first model's answers are accepted, and whose second model proposed others.
struct Reviewed {
    project: Project,
    _server: Server,
}

fn proposed() -> Reviewed {
    let reviewed = unaccepted();
    let accepted = reviewed.project.run(&["accept", "first", "--date", "2026-01-31"]);
    assert_eq!(code(&accepted), 0, "{}", text(&accepted.stderr));
    reviewed.run(&["--cache", "off"]);
    reviewed
}

/// The first model's answers are in the run `first`, and nothing is accepted.
fn unaccepted() -> Reviewed {
    let second = Arc::new(AtomicBool::new(false));
    let is_second = Arc::clone(&second);
    let server = Server::new(move |seen, client| {
        let says = if is_second.load(Ordering::Relaxed) { SECOND } else { FIRST };
        client.json(200, &sure(says[question(seen)]));
    });
    let project = Project::at(&server);
    // The verdict is not what these tests look at.
    project.write("suites/demo.yaml", &SUITE.replace("20%", "90%"));
    let row = |index| {
        format!(
            "{{\"id\": \"q-{index}\", \"question\": \"Question {index}?\", \"choices\": \
             [\"red {index}\", \"green {index}\", \"blue {index}\"], \"answer\": \"A\", \
             \"kind\": \"k{}\"}}\n",
            index % 2
        )
    };
    project.write("suites/rows.jsonl", &(0..6).map(row).collect::<String>());
    let reviewed = Reviewed { project, _server: server };
    reviewed.run(&["--out", "first"]);
    second.store(true, Ordering::Relaxed);
    reviewed
}

impl Reviewed {
    fn run(&self, args: &[&str]) {
        let output = self.project.run(&[&["run"], args].concat());
        assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
    }

    /// A review on a screen of this size.
    fn screen(&self, args: &str, size: (usize, usize)) -> Screen {
        let log = self.project.dir.path().join("log");
        let review = format!("sh -c 'echo $$ >pid; exec \"$0\" review {args}' \"$overclaim\"");
        Screen::sized(&self.project, &review, size, &log)
    }

    /// A review line by line.
    fn plain(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.project.command(&[&["review"], args].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Every file beside the suite, byte for byte.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let dir = self.project.dir.path().join("suites/snapshots");
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let read = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        };
        entries.map(read).collect()
    }

    /// The lines of a snapshot, with the digests of the questions left out.
    fn lines(&self, name: &str) -> String {
        let text = self.project.read(name);
        let lines = text.lines().skip(5).map(|line| match line.split_once(" #") {
            Some((start, rest)) => format!("{start} #…{}\n", &rest[12..]),
            None => format!("{line}\n"),
        });
        lines.collect()
    }

    /// The terminal is as a shell leaves it.
    fn assert_terminal_is_whole(&self, screen: &Screen) {
        assert!(!screen.is_taken(), "the screen is not given back");
        assert!(screen.cursor().0, "the cursor is hidden");
        let settings = self.project.read("stty");
        for word in ["echo", "icanon", "isig", "icrnl", "opost"] {
            assert!(settings.split_whitespace().any(|set| set == word), "no {word}: {settings}");
        }
    }
}

#[test]
fn a_review_on_the_keyboard_from_the_first_picture_to_the_files() {
    let reviewed = proposed();
    let screen = reviewed.screen("--date 2026-11-29", (80, 24));
    let shown = screen.once("question    Question 0?");
    insta::assert_snapshot!(shown, @"
     overclaim review · 3 changes · 3 left · 0 accepted · 0 rejected
     newly confident wrong · 2
    >   q-0       A. red 0 → B. green 0
        q-1       A. red 1 → C. blue 1
     fixed · 1
        q-3       B. green 3 → A. red 3
    ────────────────────────────────────────────────────────────────────────────────
     q-0 · newly confident wrong · demo@model · m
     question    Question 0?
     choices     A. red 0 · B. green 0 · C. blue 0
     expected    A. red 0
     answer      [-A. red-]{+B. green+} 0
     draws       confidently right → confidently wrong · p 0.50
     confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
     tags        k0
     written     suites/rows.jsonl:1







     a accept  r reject  s skip  A all of kind  u undo  e exchange  ? help  q finish
    ");
    assert!(screen.is_taken());
    screen.press("Enter");
    let shown = screen.once("q-0 · model · m");
    assert!(shown.contains("1  answer · fetched now") && shown.contains("Question 0?"), "{shown}");
    screen.press("Escape");
    screen.once("[-A. red-]{+B. green+} 0");
    screen.press("a");
    screen.once("it is a wrong answer; reason (or none):");
    screen.type_text("known since March");
    screen.press("Enter");
    let shown = screen.once("question    Question 1?");
    assert!(shown.contains("  ✓ q-0 "), "{shown}");
    screen.press("r");
    screen.once("question    Question 3?");
    screen.press("u");
    screen.once("question    Question 1?");
    screen.type_text("ra");
    insta::assert_snapshot!(screen.once("write this?"), @"
    overclaim review · 3 changes · 0 left · 2 accepted · 1 rejected

     accepted         2
       wrong          1   known wrong from now on, and wrong in every rate
     rejected         1   what was accepted before stays
     left             0   pending as before

     suites/snapshots/demo@model.snap: 2 accepted, 1 of them known wrong
     suites/snapshots/demo@model.snap.new: 1 rejected, nothing is left, removed

     write this?  y yes   n no, leave everything as it was












    y write  n leave all as it was  Esc back
    ");
    screen.press("y");
    insta::assert_snapshot!(screen.once("ended with 0"), @"
    suites/snapshots/demo@model.snap: 2 accepted, 1 of them known wrong
    suites/snapshots/demo@model.snap.new: 1 rejected, nothing is left, removed
    ended with 0
    ");
    reviewed.assert_terminal_is_whole(&screen);
    insta::assert_snapshot!(reviewed.lines(SNAP), @r#"
    q-0: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 0" known_wrong 2026-11-29 "known since March"
    q-1: correct confident_right 1/1 0.95-0.99 #… "A. red 1"
    q-2: correct confident_right 1/1 0.95-0.99 #… "A. red 2"
    q-3: correct confident_right 1/1 0.95-0.99 #… "A. red 3"
    q-4: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 4" known_wrong 2026-01-31
    q-5: correct confident_right 1/1 0.95-0.99 #… "A. red 5"
    "#);
    assert!(!reviewed.project.dir.path().join(NEW).exists());
}

#[test]
fn what_is_left_stays_pending() {
    let reviewed = proposed();
    let screen = reviewed.screen("", (120, 40));
    screen.once("question    Question 0?");
    // Looked for, rejected, and the sum asked for before the others are decided.
    screen.type_text("/QUESTION 3");
    screen.press("Enter");
    screen.once("question    Question 3?");
    screen.type_text("rq");
    screen.once("suites/snapshots/demo@model.snap.new: 1 rejected, 2 left");
    screen.press("y");
    screen.once("ended with 0");
    let before = reviewed.lines(SNAP);
    insta::assert_snapshot!(before, @r#"
    q-0: correct confident_right 1/1 0.95-0.99 #… "A. red 0"
    q-1: correct confident_right 1/1 0.95-0.99 #… "A. red 1"
    q-2: correct confident_right 1/1 0.95-0.99 #… "A. red 2"
    q-3: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 3" known_wrong 2026-01-31
    q-4: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 4" known_wrong 2026-01-31
    q-5: correct confident_right 1/1 0.95-0.99 #… "A. red 5"
    "#);
    insta::assert_snapshot!(reviewed.lines(NEW), @r#"
    q-0: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 0"
    q-1: incorrect confident_wrong 1/1 0.95-0.99 #… "C. blue 1"
    q-2: correct confident_right 1/1 0.95-0.99 #… "A. red 2"
    q-3: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 3" known_wrong 2026-01-31
    q-4: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 4" known_wrong 2026-01-31
    q-5: correct confident_right 1/1 0.95-0.99 #… "A. red 5"
    "#);
}

#[test]
fn who_leaves_leaves_every_file_as_it_was() {
    let reviewed = proposed();
    let before = reviewed.files();
    assert_eq!(before.len(), 2);
    for (keys, end) in [
        (&["q"][..], "nothing is written\nended with 0"),
        (&["r", "a", "Enter", "q", "n"], "nothing is written\nended with 0"),
        (&["r", "a", "C-c"], "interrupted: nothing is written\nended with 3"),
    ] {
        let screen = reviewed.screen("", (80, 24));
        screen.once("question    Question 0?");
        for key in keys {
            screen.press(key);
        }
        screen.once(end);
        reviewed.assert_terminal_is_whole(&screen);
        assert_eq!(reviewed.files(), before, "{keys:?}");
        drop(screen);
        fs::remove_file(reviewed.project.dir.path().join("stty")).unwrap();
    }
}

#[test]
fn a_signal_in_the_middle_leaves_files_and_terminal_whole() {
    let reviewed = proposed();
    let before = reviewed.files();
    let screen = reviewed.screen("", (80, 24));
    screen.once("question    Question 0?");
    screen.press("r");
    screen.once("1 rejected");
    let pid = reviewed.project.read("pid");
    let killed = std::process::Command::new("kill").args(["-TERM", pid.trim()]).status().unwrap();
    assert!(killed.success());
    screen.once("interrupted: nothing is written\nended with 3");
    reviewed.assert_terminal_is_whole(&screen);
    assert_eq!(reviewed.files(), before);
}

#[test]
fn the_picture_follows_the_window() {
    let reviewed = proposed();
    let screen = reviewed.screen("", (80, 24));
    screen.once("question    Question 0?");
    screen.resize_to(40, 10);
    screen.once("this window is too small");
    screen.resize_to(130, 30);
    let shown = screen.once("│ question    Question 0?");
    assert!(shown.contains("│             B. green 0"), "{shown}");
    screen.resize_to(60, 15);
    let shown = screen.once("answer      [-A. red-]{+B. green+} 0");
    assert!(shown.contains("q finish"), "{shown}");
}

#[test]
fn without_a_screen_it_asks_line_by_line() {
    let reviewed = proposed();
    let input = "a\nnew model\nu\nr\n/3\nA\nq\ny\n";
    let output = reviewed.plain(&["--plain", "--date", "2026-11-29"], input);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    insta::assert_snapshot!(text(&output.stdout), @"
    1 of 3: q-0 · newly confident wrong · demo@model · m
      question    Question 0?
      choices     A. red 0
                  B. green 0
                  C. blue 0
      expected    A. red 0
      answer      [-A. red-]{+B. green+} 0
      draws       confidently right → confidently wrong · p 0.50
      confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
      tags        k0
      written     suites/rows.jsonl:1
    a accept, r reject, s skip, e exchange, ? help, q finish: why is this wrong answer accepted [none]: 
    2 of 3: q-1 · newly confident wrong · demo@model · m
      question    Question 1?
      choices     A. red 1
                  B. green 1
                  C. blue 1
      expected    A. red 1
      answer      [-A. red-]{+C. blue+} 1
      draws       confidently right → confidently wrong · p 0.50
      confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
      tags        k1
      written     suites/rows.jsonl:2
    a accept, r reject, s skip, e exchange, ? help, q finish: 
    1 of 3: q-0 · newly confident wrong · demo@model · m
      question    Question 0?
      choices     A. red 0
                  B. green 0
                  C. blue 0
      expected    A. red 0
      answer      [-A. red-]{+B. green+} 0
      draws       confidently right → confidently wrong · p 0.50
      confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
      tags        k0
      written     suites/rows.jsonl:1
    a accept, r reject, s skip, e exchange, ? help, q finish: 
    2 of 3: q-1 · newly confident wrong · demo@model · m
      question    Question 1?
      choices     A. red 1
                  B. green 1
                  C. blue 1
      expected    A. red 1
      answer      [-A. red-]{+C. blue+} 1
      draws       confidently right → confidently wrong · p 0.50
      confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
      tags        k1
      written     suites/rows.jsonl:2
    a accept, r reject, s skip, e exchange, ? help, q finish: 
    3 of 3: q-3 · fixed · demo@model · m
      question    Question 3?
      choices     A. red 3
                  B. green 3
                  C. blue 3
      expected    A. red 3
      answer      [-B. green-]{+A. red+} 3
      draws       confidently wrong → confidently right · p 0.50
      confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
      tags        k1
      written     suites/rows.jsonl:4
      known wrong the answer before, since 2026-01-31
    a accept, r reject, s skip, e exchange, ? help, q finish: 
    2 of 3: q-1 · newly confident wrong · demo@model · m
      question    Question 1?
      choices     A. red 1
                  B. green 1
                  C. blue 1
      expected    A. red 1
      answer      [-A. red-]{+C. blue+} 1
      draws       confidently right → confidently wrong · p 0.50
      confidence  0.95-0.99 · now 0.960 · confident from 0.8 on
      tags        k1
      written     suites/rows.jsonl:2
    a accept, r reject, s skip, e exchange, ? help, q finish: 
    suites/snapshots/demo@model.snap: 1 accepted
    suites/snapshots/demo@model.snap.new: 1 rejected, 1 left
    write this? y yes, n no, b back: suites/snapshots/demo@model.snap: 1 accepted
    suites/snapshots/demo@model.snap.new: 1 rejected, 1 left
    ");
    insta::assert_snapshot!(reviewed.lines(NEW), @r#"
    q-0: correct confident_right 1/1 0.95-0.99 #… "A. red 0"
    q-1: incorrect confident_wrong 1/1 0.95-0.99 #… "C. blue 1"
    q-2: correct confident_right 1/1 0.95-0.99 #… "A. red 2"
    q-3: correct confident_right 1/1 0.95-0.99 #… "A. red 3"
    q-4: incorrect confident_wrong 1/1 0.95-0.99 #… "B. green 4" known_wrong 2026-01-31
    q-5: correct confident_right 1/1 0.95-0.99 #… "A. red 5"
    "#);
}

#[test]
fn what_changed_during_a_review_is_not_overwritten() {
    for (name, changed) in [(SNAP, "accepted"), (NEW, "proposed")] {
        let reviewed = proposed();
        let mut command = reviewed.project.command(&["review", "--plain"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"q finish: ") {
            let mut byte = [0];
            child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
            said.push(byte[0]);
        }
        // A run, or somebody else, while the reviewer looks at the first change.
        let other = reviewed.project.read(name).replace("q-5: correct", "q-5: abstained");
        let other = other.replace("abstained confident_right", "abstained");
        reviewed.project.write(name, &other);
        let before = reviewed.files();
        child.stdin.take().unwrap().write_all(b"A\n\nq\ny\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 2, "{}", text(&output.stdout));
        let why = format!("{name} has changed meanwhile: nothing is written to it");
        assert!(text(&output.stderr).contains(&why), "{changed}: {}", text(&output.stderr));
        assert_eq!(reviewed.files(), before);
    }
}

#[test]
fn without_a_terminal_it_does_so_too_and_what_is_not_answered_is_not_decided() {
    let reviewed = proposed();
    let before = reviewed.files();
    let output = reviewed.plain(&["--reason", "as before"], "a\n\n");
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 3, "{shown}");
    assert!(shown.contains("why is this wrong answer accepted [as before]: "), "{shown}");
    assert!(shown.ends_with("the input ended before the review did: nothing is written\n"));
    assert_eq!(reviewed.files(), before);
    let output = reviewed.plain(&["--reason", "as before", "--date", "2026-11-30"], "a\n\nq\ny\n");
    assert_eq!(code(&output), 0);
    let line = "q-0: incorrect confident_wrong 1/1 0.95-0.99 #… \"B. green 0\" known_wrong \
                2026-11-30 \"as before\"\n";
    assert!(reviewed.lines(SNAP).contains(line), "{}", reviewed.lines(SNAP));
}

#[test]
fn the_first_snapshot_is_reviewed_from_a_run() {
    let reviewed = unaccepted();
    let output = reviewed.plain(&["first", "--date", "2026-11-29"], "s\nA\nnew suite\ny\n");
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}{}", text(&output.stderr));
    assert!(shown.contains("suites/snapshots/demo@model.snap: 6 accepted, 2 of them known wrong"));
    assert_eq!(reviewed.lines(SNAP).matches("known_wrong 2026-11-29 \"new suite\"").count(), 2);
}

#[test]
fn what_waits_for_nobody_is_shown_where_it_is_asked_for() {
    let reviewed = proposed();
    let output = reviewed.plain(&[], "q\n");
    assert!(text(&output.stdout).contains("1 of 3: "), "{}", text(&output.stdout));
    let output = reviewed.plain(&["--all", "--date", "2026-11-29"], "G\na\n\nq\ny\n");
    let shown = text(&output.stdout);
    assert!(shown.contains("4 of 4: q-4 · answer changed · demo@model · m\n"), "{shown}");
    assert!(shown.contains("  answer      [-B. green-]{+C. blue+} 4\n"), "{shown}");
    let lines = reviewed.lines(SNAP);
    assert!(lines.contains("#… \"C. blue 4\" known_wrong 2026-11-29\n"), "{lines}");
    let output = reviewed.plain(&[], "q\n");
    assert!(text(&output.stdout).contains("1 of 3: "), "{}", text(&output.stdout));
}

#[test]
fn without_its_run_a_change_is_decided_by_its_line() {
    let reviewed = proposed();
    fs::remove_dir_all(reviewed.project.dir.path().join("reports")).unwrap();
    let output = reviewed.plain(&[], "e\nr\nq\ny\n");
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}");
    assert!(shown.contains("  question    no run is at hand: "), "{shown}");
    assert!(shown.contains("  answer      [-A. red-]{+B. green+} 0\n"), "{shown}");
    assert!(
        shown.contains("suites/snapshots/demo@model.snap.new: 1 rejected, 2 left\n"),
        "{shown}"
    );
}

#[test]
fn a_ci_job_reviews_nothing() {
    let reviewed = proposed();
    let before = reviewed.files();
    let output = reviewed.project.command(&["review"]).env("CI", "true").output().unwrap();
    assert_eq!((code(&output), text(&output.stdout)), (2, String::new()));
    let told = text(&output.stderr);
    assert!(told.contains("nothing is reviewed in a CI job (CI is set)"), "{told}");
    assert_eq!(reviewed.files(), before);
}

#[test]
fn where_nothing_is_pending_there_is_nothing_to_review() {
    let project = Project::empty();
    let output = project.run(&["review"]);
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!(text(&output.stdout), @"nothing is pending; of a run: overclaim review reports/SUITE/TIME, which also makes the first snapshot; --all shows what waits for nobody");
    let output = project.run(&["review", "--date", "2026-02-30"]);
    assert_eq!(code(&output), 2, "{}", text(&output.stderr));
}
