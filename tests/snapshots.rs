//! The accepted state of a suite: proposed by runs, accepted by people, read by `cargo insta`.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;
use support::Server;
use support::project::{Project, code, letter, question, text};

const SNAP: &str = "suites/snapshots/demo@model.snap";
const NEW: &str = "suites/snapshots/demo@model.snap.new";

/// A model that can be replaced by another one: the first is wrong on every fourth question and sure,
/// the second right on question 3 and confidently wrong on 0 and 1.
struct Models {
    server: Server,
    second: Arc<AtomicBool>,
    down: Arc<AtomicBool>,
}

fn models() -> Models {
    let (second, down) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (is_second, is_down) = (Arc::clone(&second), Arc::clone(&down));
    let server = Server::new(move |seen, client| {
        let wrong = match (question(seen), is_second.load(Ordering::Relaxed)) {
            (3, second) => !second,
            (0 | 1, second) => second,
            (number, _) => number % 4 == 3,
        };
        if is_down.load(Ordering::Relaxed) && question(seen) < 2 {
            client.json(400, r#"{"error": {"message": "no"}}"#);
        } else {
            client.json(200, &if wrong { letter("B", 0.05) } else { letter("A", 0.9) });
        }
    });
    Models { server, second, down }
}

impl Models {
    /// A project of eight questions with the first model's answers accepted.
    fn accepted(&self) -> Project {
        let project = Project::at(&self.server).choices(8);
        run(&project, &["run", "--out", "first"]);
        let accepted = project.run(&["accept", "first", "--date", "2026-01-31"]);
        assert_eq!(code(&accepted), 0, "{}", text(&accepted.stderr));
        project
    }

    /// The same, and then the second model's run, which proposes.
    fn proposed(&self) -> Project {
        let project = self.accepted();
        self.second.store(true, Ordering::Relaxed);
        run(&project, &["run", "--cache", "off", "--out", "second"]);
        project
    }
}

fn run(project: &Project, args: &[&str]) -> Output {
    let output = project.run(args);
    assert!([0, 1].contains(&code(&output)), "{}{}", text(&output.stdout), text(&output.stderr));
    output
}

fn exists(project: &Project, name: &str) -> bool {
    project.dir.path().join(name).exists()
}

/// A snapshot with the digests of the questions left out.
fn lines(project: &Project, name: &str) -> String {
    let of = |line: &str| match line.split_once(" #") {
        Some((start, rest)) if !start.is_empty() && !line.starts_with('#') => {
            format!("{start} #…{}", &rest[12..])
        }
        _ => line.to_owned(),
    };
    project.read(name).lines().map(of).collect::<Vec<_>>().join("\n")
}

fn said(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_run_becomes_the_first_snapshot_when_somebody_accepts_it() {
    let models = models();
    let project = Project::at(&models.server).choices(8);
    run(&project, &["run", "--out", "first"]);
    assert!(!exists(&project, "suites/snapshots"), "nobody asked for one");
    let accepted = project.run(&["accept", "first", "--date", "2026-01-31", "--reason", "known"]);
    insta::assert_snapshot!(said(&accepted), @"suites/snapshots/demo@model.snap: accepted 8, 2 of them wrong answers that are known now");
    insta::assert_snapshot!(lines(&project, SNAP), @r#"
    ---
    source: suites/demo.yaml
    expression: demo@model
    ---
    # overclaim 1 {"suite":"demo","endpoint":"model","model":"m","threshold":0.8}
    q-0: correct confident_right 1/1 0.9-0.95 #… "A. yes 0"
    q-1: correct confident_right 1/1 0.9-0.95 #… "A. yes 1"
    q-2: correct confident_right 1/1 0.9-0.95 #… "A. yes 2"
    q-3: incorrect confident_wrong 1/1 0.95-0.99 #… "B. no 3" known_wrong 2026-01-31 "known"
    q-4: correct confident_right 1/1 0.9-0.95 #… "A. yes 4"
    q-5: correct confident_right 1/1 0.9-0.95 #… "A. yes 5"
    q-6: correct confident_right 1/1 0.9-0.95 #… "A. yes 6"
    q-7: incorrect confident_wrong 1/1 0.95-0.99 #… "B. no 7" known_wrong 2026-01-31 "known"
    "#);
    let before = project.read(SNAP);
    let again = run(&project, &["run", "--cache", "off", "--out", "second"]);
    assert!(!exists(&project, NEW), "{}", said(&again));
    assert_eq!(code(&project.run(&["pending", "--check"])), 0);
    assert_eq!(code(&project.run(&["accept"])), 4);
    assert_eq!(project.read(SNAP), before);
    // Another run of the same answers gives the same bytes.
    fs::remove_file(project.dir.path().join(SNAP)).unwrap();
    run(&project, &["accept", "second", "--date", "2026-01-31", "--reason", "known"]);
    assert_eq!(project.read(SNAP), before);
}

#[test]
fn what_changed_is_proposed_and_ci_refuses_what_nobody_accepted() {
    let models = models();
    let project = models.proposed();
    let (snap, new) = (project.read(SNAP), project.read(NEW));
    let changed: Vec<(&str, &str)> =
        snap.lines().zip(new.lines()).filter(|(one, other)| one != other).collect();
    assert_eq!(changed.len(), 3, "{changed:?}");
    let pending = project.run(&["pending"]);
    assert_eq!(code(&pending), 0);
    insta::assert_snapshot!(said(&pending), @"
    suites/snapshots/demo@model.snap.new: 2 newly confident wrong, 1 fixed
      newly confident wrong      q-0: A. yes 0 (0.9-0.95) → B. no 0 (0.95-0.99)
      newly confident wrong      q-1: A. yes 1 (0.9-0.95) → B. no 1 (0.95-0.99)
      fixed                      q-3: B. no 3 (0.95-0.99) → A. yes 3 (0.9-0.95)
    to review: overclaim review
    ");
    let mut check = project.command(&["pending", "--check", "--quiet"]);
    let check = check.env("CI", "true").output().unwrap();
    assert_eq!(code(&check), 1);
    insta::assert_snapshot!(text(&check.stdout), @"suites/snapshots/demo@model.snap.new: 2 newly confident wrong, 1 fixed");
    for args in [["accept", "second"], ["reject", "second"]] {
        let refused = project.command(&args).env("CI", "true").output().unwrap();
        assert_eq!(code(&refused), 2, "{}", said(&refused));
        assert!(said(&refused).contains("nothing is reviewed in a CI job"), "{}", said(&refused));
    }
    run_in_ci(&project);
    assert_eq!((project.read(SNAP), project.read(NEW)), (snap, new));
    let document: Value =
        serde_json::from_slice(&project.run(&["pending", "--json"]).stdout).unwrap();
    let kinds: Vec<_> = document["snapshots"][0]["changes"].as_array().unwrap().iter().collect();
    let kinds: Vec<_> = kinds.iter().map(|change| (&change["kind"], &change["case"])).collect();
    assert_eq!(
        serde_json::json!(kinds),
        serde_json::json!([
            ["newly_confident_wrong", "q-0"],
            ["newly_confident_wrong", "q-1"],
            ["fixed", "q-3"]
        ])
    );
}

/// A run in a CI job proposes as any other does, and accepts nothing.
fn run_in_ci(project: &Project) {
    let again =
        project.command(&["run", "--out", "third", "--cache", "off"]).env("CI", "1").output();
    assert!([0, 1].contains(&code(&again.unwrap())));
}

#[test]
fn accepted_lines_move_and_the_rest_stays_pending() {
    let models = models();
    let project = models.proposed();
    let fixed = project.run(&["accept", "--kind", "fixed"]);
    insta::assert_snapshot!(said(&fixed), @"suites/snapshots/demo@model.snap: accepted 1; 2 left");
    assert!(lines(&project, SNAP).contains("q-3: correct confident_right"));
    assert!(lines(&project, SNAP).contains("q-0: correct confident_right"));
    let unknown = project.run(&["reject", "--filter", "tag:k1"]);
    insta::assert_snapshot!(said(&unknown), @"
    suites/snapshots/demo@model.snap.new: its run is not below reports/, so tags are not known: name it
    nothing is pending that fits; of a run: overclaim accept reports/SUITE/TIME, which also makes the first snapshot
    ");
    let rejected = project.run(&["reject", "second", "--filter", "tag:k1"]);
    insta::assert_snapshot!(said(&rejected), @"suites/snapshots/demo@model.snap: rejected 1; 1 left");
    let rest =
        project.run(&["accept", "--date", "2026-11-29", "--reason", "the vendor knows\u{202e}"]);
    insta::assert_snapshot!(said(&rest), @"suites/snapshots/demo@model.snap: accepted 1, 1 of them a wrong answer that is known now");
    assert!(!exists(&project, NEW));
    insta::assert_snapshot!(lines(&project, SNAP), @r#"
    ---
    source: suites/demo.yaml
    expression: demo@model
    ---
    # overclaim 1 {"suite":"demo","endpoint":"model","model":"m","threshold":0.8}
    q-0: incorrect confident_wrong 1/1 0.95-0.99 #… "B. no 0" known_wrong 2026-11-29 "the vendor knows\u202e"
    q-1: correct confident_right 1/1 0.9-0.95 #… "A. yes 1"
    q-2: correct confident_right 1/1 0.9-0.95 #… "A. yes 2"
    q-3: correct confident_right 1/1 0.9-0.95 #… "A. yes 3"
    q-4: correct confident_right 1/1 0.9-0.95 #… "A. yes 4"
    q-5: correct confident_right 1/1 0.9-0.95 #… "A. yes 5"
    q-6: correct confident_right 1/1 0.9-0.95 #… "A. yes 6"
    q-7: incorrect confident_wrong 1/1 0.95-0.99 #… "B. no 7" known_wrong 2026-01-31
    "#);
    // What was rejected comes again.
    run(&project, &["run", "--out", "third", "--cache", "off"]);
    let again = project.run(&["pending", "--quiet"]);
    insta::assert_snapshot!(text(&again.stdout), @"suites/snapshots/demo@model.snap.new: 1 newly confident wrong");
}

#[test]
fn an_outage_is_no_change_and_a_part_of_the_cases_removes_none() {
    let models = models();
    let project = models.accepted();
    models.down.store(true, Ordering::Relaxed);
    let down = project.run(&["run", "--cache", "off", "--out", "down"]);
    assert_eq!(code(&down), 3, "{}", said(&down));
    assert!(!exists(&project, NEW), "{}", project.read(NEW));
    models.down.store(false, Ordering::Relaxed);
    models.second.store(true, Ordering::Relaxed);
    run(&project, &["run", "--cache", "off", "--filter", "id:q-0", "--out", "one"]);
    insta::assert_snapshot!(text(&project.run(&["pending"]).stdout), @"
    suites/snapshots/demo@model.snap.new: 1 newly confident wrong
      newly confident wrong      q-0: A. yes 0 (0.9-0.95) → B. no 0 (0.95-0.99)
    ");
    // A later part adds to the proposal, and what it asks again is taken from it.
    run(&project, &["run", "--cache", "off", "--filter", "id:q-3", "--out", "other"]);
    insta::assert_snapshot!(text(&project.run(&["pending"]).stdout), @"
    suites/snapshots/demo@model.snap.new: 1 newly confident wrong, 1 fixed
      newly confident wrong      q-0: A. yes 0 (0.9-0.95) → B. no 0 (0.95-0.99)
      fixed                      q-3: B. no 3 (0.95-0.99) → A. yes 3 (0.9-0.95)
    ");
    models.down.store(true, Ordering::Relaxed);
    let _ = project.run(&["run", "--cache", "off", "--out", "down again"]);
    insta::assert_snapshot!(text(&project.run(&["pending"]).stdout), @"
    suites/snapshots/demo@model.snap.new: 1 newly confident wrong, 1 fixed
      newly confident wrong      q-0: A. yes 0 (0.9-0.95) → B. no 0 (0.95-0.99)
      fixed                      q-3: B. no 3 (0.95-0.99) → A. yes 3 (0.9-0.95)
    ");
    models.down.store(false, Ordering::Relaxed);
    models.second.store(false, Ordering::Relaxed);
    run(&project, &["run", "--cache", "off", "--out", "back"]);
    assert!(!exists(&project, NEW), "{}", project.read(NEW));
}

#[test]
fn a_question_that_is_worded_anew_or_gone_or_new_is_told_apart() {
    let models = models();
    let project = models.accepted();
    let rows = project.read("suites/rows.jsonl");
    let rows = rows.replace("yes 2", "yes, 2").replace("\"q-5\"", "\"q-five\"");
    project.write("suites/rows.jsonl", &rows);
    run(&project, &["run", "--out", "second"]);
    insta::assert_snapshot!(text(&project.run(&["pending"]).stdout), @"
    suites/snapshots/demo@model.snap.new: 1 reworded, 1 added, 1 removed
      reworded                   q-2: A. yes 2 (0.9-0.95) → A. yes, 2 (0.9-0.95)
      added                      q-five: A. yes 5 (0.9-0.95)
      removed                    q-5: A. yes 5 (0.9-0.95)
    ");
    // The same with another prompt around the questions is no other question.
    let project = models.accepted();
    let suite = project
        .read("suites/demo.yaml")
        .replace("  {{ question }}", "  {{ question }} Think first.");
    project.write("suites/demo.yaml", &suite);
    let other = project.run(&["run", "--out", "second"]);
    assert!([0, 1].contains(&code(&other)), "{}", said(&other));
    assert!(!exists(&project, NEW), "{}", project.read(NEW));
}

#[test]
fn a_case_that_wobbles_is_unstable_and_waits_for_nobody() {
    let calls = Arc::new(AtomicUsize::new(0));
    let worse = Arc::new(AtomicBool::new(false));
    let (counted, is_worse) = (Arc::clone(&calls), Arc::clone(&worse));
    let server = Server::new(move |seen, client| {
        let wrong = match (question(seen), is_worse.load(Ordering::Relaxed)) {
            (0, worse) => worse,
            (1, true) => counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(2),
            _ => false,
        };
        client.json(200, &if wrong { letter("B", 0.05) } else { letter("A", 0.9) });
    });
    let project = Project::at(&server).choices(3);
    let suite = project.read("suites/demo.yaml").replace("temperature: 0", "temperature: 1");
    project.write("suites/demo.yaml", &format!("{suite}repeats: 6\n"));
    run(&project, &["run", "--concurrency", "1", "--out", "first"]);
    run(&project, &["accept", "first"]);
    worse.store(true, Ordering::Relaxed);
    run(&project, &["run", "--concurrency", "1", "--cache", "off", "--out", "second"]);
    let pending = project.run(&["pending", "second", "--all"]);
    insta::assert_snapshot!(text(&pending.stdout), @"
    suites/snapshots/demo@model.snap.new: 1 newly confident wrong, 1 unstable
      newly confident wrong      q-0: A. yes 0 (0.9-0.95) → B. no 0 (0.95-0.99)
      unstable                   q-1: A. yes 1 (0.9-0.95) → B. no 1 (0.9-0.99)
    ");
    assert_eq!(lines(&project, NEW).lines().filter(|line| line.contains("6/6")).count(), 3);
    // Who wants to can accept how it wobbles.
    run(&project, &["accept", "second", "--kind", "unstable"]);
    assert!(
        lines(&project, SNAP)
            .contains("q-1: incorrect confident_wrong 3/6 + correct confident_right 3/6"),
        "{}",
        project.read(SNAP)
    );
    let pending = project.run(&["pending", "--quiet"]);
    insta::assert_snapshot!(text(&pending.stdout), @"suites/snapshots/demo@model.snap.new: 1 newly confident wrong");
}

#[test]
fn a_run_tells_later_what_it_was_held_against() {
    let models = models();
    let project = models.proposed();
    let report = |project: &Project| {
        let report = project.run(&["report", "second", "--format", "json"]);
        text(&report.stdout)
    };
    let before = report(&project);
    run(&project, &["accept"]);
    assert_eq!(report(&project), before);
    assert!(exists(&project, "second/snapshots/demo@model.snap"));
    // Graded again it is held against what is accepted now.
    run(&project, &["regrade", "second", "--out", "regraded"]);
    assert!(!exists(&project, NEW));
    assert_eq!(project.read("regraded/snapshots/demo@model.snap"), project.read(SNAP));
    run(&project, &["regrade", "first", "--out", "again"]);
    assert!(exists(&project, NEW), "the first model's answers are another state now");
}

#[test]
fn shards_propose_nothing_until_they_are_joined() {
    let models = models();
    let project = models.accepted();
    models.second.store(true, Ordering::Relaxed);
    for (shard, out) in [("1/2", "one"), ("2/2", "two")] {
        run(&project, &["run", "--cache", "off", "--shard", shard, "--out", out]);
        assert!(!exists(&project, NEW));
    }
    let refused = project.run(&["accept", "one"]);
    assert_eq!(code(&refused), 2);
    insta::assert_snapshot!(said(&refused), @"error: one: a shard is a part of a run: join the parts by `overclaim merge` first");
    run(&project, &["merge", "all", "one", "two"]);
    insta::assert_snapshot!(text(&project.run(&["pending", "--quiet"]).stdout), @"suites/snapshots/demo@model.snap.new: 2 newly confident wrong, 1 fixed");
}

#[test]
fn a_snapshot_that_cannot_be_read_stops_a_run_before_it_asks() {
    let models = models();
    let project = models.accepted();
    let calls = models.server.calls();
    let good = project.read(SNAP);
    let broken = good.replacen("q-1: correct", "<<<<<<< HEAD\nq-1: correct", 1);
    project.write(SNAP, &broken);
    let refused = project.run(&["run", "--cache", "off", "--out", "second"]);
    assert_eq!((code(&refused), models.server.calls()), (2, calls));
    assert!(!exists(&project, "second"), "nothing is made");
    insta::assert_snapshot!(said(&refused), @"
    warning: 8 cases can never pass `max_rate`, not even if all are good
      --> suites/demo.yaml:13:3
       |
    13 |   confident_wrong: {max_rate: 20%}
       |   ^^^^^^^^^^^^^^^ 14 cases could; add some, or loosen the limit

    error: suites/snapshots/demo@model.snap:7:8: left over from a merge: keep one of the two sides
    ");
    project.write(SNAP, &good.replace("# overclaim 1", "# overclaim 7"));
    let refused = project.run(&["pending", "first"]);
    assert_eq!(code(&refused), 2);
    insta::assert_snapshot!(said(&refused), @"error: suites/snapshots/demo@model.snap:5:1: format 7, newer than 1: a newer overclaim reads it");
}

#[test]
fn what_was_accepted_meanwhile_is_not_overwritten() {
    let models = models();
    let project = models.proposed();
    run(&project, &["accept", "--kind", "fixed"]);
    run(&project, &["run", "--cache", "off", "--out", "third"]);
    let now = lines(&project, SNAP);
    assert!(now.contains("q-3: correct"), "{now}");
    insta::assert_snapshot!(text(&project.run(&["pending", "--quiet"]).stdout), @"suites/snapshots/demo@model.snap.new: 2 newly confident wrong");
}

/// The real one, which `./test` installs.
fn insta(project: &Project, args: &[&str]) -> String {
    let mut command = Command::new("cargo");
    command.arg("insta").args(args).current_dir(project.dir.path());
    for name in
        ["CI", "INSTA_UPDATE", "INSTA_FORCE_PASS", "INSTA_WORKSPACE_ROOT", "CARGO_MANIFEST_DIR"]
    {
        command.env_remove(name);
    }
    let output = command.env("NO_COLOR", "1").output().unwrap();
    let said = said(&output);
    let missing = said.contains("no such command");
    assert!(
        !missing,
        "cargo-insta is not there: ./test installs it, or `cargo install cargo-insta`"
    );
    assert!(output.status.success(), "cargo insta {args:?}: {said}");
    said
}

#[test]
fn cargo_insta_lists_and_accepts_and_we_read_what_it_wrote() {
    let models = models();
    let project = models.proposed();
    project.write(
        "Cargo.toml",
        "[package]\nname = \"stub\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[lib]\npath = \"Cargo.toml\"\n",
    );
    let proposed = project.read(NEW);
    let listed = insta(&project, &["pending-snapshots"]);
    assert!(listed.contains(SNAP), "{listed}");
    let shown = insta(&project, &["show", NEW]);
    assert!(shown.contains("q-0: incorrect confident_wrong 1/1 0.95-0.99"), "{shown}");
    assert!(shown.contains("Expression: demo@model"), "{shown}");
    let accepted = insta(&project, &["accept"]);
    assert!(accepted.contains("demo@model.snap"), "{accepted}");
    assert!(!exists(&project, NEW));
    assert_eq!(project.read(SNAP), proposed, "not a byte is another one");
    assert!(insta::Snapshot::from_file(&project.dir.path().join(SNAP)).is_ok());
    run(&project, &["run", "--out", "third", "--cache", "off"]);
    assert!(!exists(&project, NEW), "what insta accepted is accepted");
    assert_eq!(code(&project.run(&["pending", "--check"])), 0);
    // And back: what we accepted in part, it rejects for the rest.
    models.second.store(false, Ordering::Relaxed);
    run(&project, &["run", "--out", "fourth", "--cache", "off"]);
    run(&project, &["accept", "--kind", "newly-confident-wrong"]);
    let kept = project.read(SNAP);
    assert!(exists(&project, NEW));
    insta(&project, &["reject"]);
    assert!(!exists(&project, NEW));
    assert_eq!(project.read(SNAP), kept);
}

#[test]
fn names_cannot_lead_out_of_the_directory() {
    let models = models();
    let project = Project::at(&models.server).choices(4);
    let config = project.read("overclaim.yaml");
    project.write("overclaim.yaml", &config.replace("  model:", "  \"../../a b\":"));
    let suite = project.read("suites/demo.yaml");
    project.write("suites/demo.yaml", &suite.replace("[model]", "[\"../../a b\"]"));
    let output = project.run(&["run", "--out", "first"]);
    if code(&output) == 2 {
        // A name that is refused leads nowhere.
        assert!(said(&output).contains("../../a b"), "{}", said(&output));
        return;
    }
    run(&project, &["accept", "first"]);
    let dir = project.dir.path().join("suites/snapshots");
    let names: Vec<_> = fs::read_dir(&dir).unwrap().map(|at| at.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1);
    assert!(Path::new(&names[0]).components().count() == 1);
    assert!(names[0].to_str().unwrap().starts_with("demo@-.-..-a-b-"), "{names:?}");
}
