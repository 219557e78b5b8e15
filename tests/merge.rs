//! `overclaim merge`: parts of one plan become the run that would have been.

mod support;

use std::fs;
use std::process::Output;

use serde_json::Value;
use support::Server;
use support::project::{Project, code, mostly_right, text};

/// Twelve finished trials in `whole`, the first seven of them in `one`, the others in `two`.
fn halves(server: &Server) -> Project {
    let project = Project::at(server).choices(12);
    let run = project.run(&["run", "--out", "whole"]);
    assert_eq!(code(&run), 1, "{}", text(&run.stderr));
    let lines = lines(&project);
    part(&project, "one", &lines[..7]);
    part(&project, "two", &lines[7..]);
    project
}

/// The lines of the whole run's journal in plan order, whatever the order in which they came.
fn lines(project: &Project) -> Vec<String> {
    let text = project.read("whole/records.jsonl");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_by_key(|line| serde_json::from_str::<Value>(line).unwrap()["index"].as_u64());
    lines
}

/// What a run leaves that was killed after these records.
fn part(project: &Project, name: &str, lines: &[String]) {
    project.write(&format!("{name}/run.json"), &project.read("whole/run.json"));
    let torn = "{\"index\": 3, \"tria";
    project.write(&format!("{name}/records.jsonl"), &(lines.join("\n") + "\n" + torn));
}

fn change(project: &Project, name: &str, from: &str, to: &str) {
    let before = project.read(name);
    assert!(before.contains(from), "{name} has no {from:?}");
    project.write(name, &before.replacen(from, to, 1));
}

/// A merge that is refused and has written nothing.
fn refused(project: &Project, args: &[&str]) -> String {
    let merged = project.run(&[&["merge", "out"][..], args].concat());
    assert_eq!(code(&merged), 2, "{}", text(&merged.stdout));
    assert_eq!(text(&merged.stdout), "");
    assert!(!project.dir.path().join("out").exists());
    text(&merged.stderr)
}

fn merged(project: &Project, args: &[&str]) -> Output {
    project.run(&[&["merge", "out"][..], args].concat())
}

#[test]
fn two_halves_are_the_whole_byte_for_byte() {
    let server = Server::new(mostly_right);
    let project = halves(&server);
    // In whatever order they are named.
    let merged = merged(&project, &["two", "one"]);
    assert_eq!(code(&merged), 1, "{}", text(&merged.stderr));
    assert_eq!(text(&merged.stderr), "");
    for name in ["scorecard.json", "decision.json"] {
        let read = |run: &str| project.read(&format!("{run}/{name}"));
        assert_eq!(read("out"), read("whole"), "{name}");
    }
    let indices = |run: &str| {
        let text = project.read(&format!("{run}/records.jsonl"));
        let record = |line: &str| serde_json::from_str::<Value>(line).unwrap()["index"].as_u64();
        text.lines().map(record).collect::<Vec<_>>()
    };
    assert_eq!(indices("out"), (0..12).map(Some).collect::<Vec<_>>(), "in plan order");
    assert_eq!(project.records("out"), project.records("whole"));
    assert_eq!(project.json("out/run.json")["merged"], serde_json::json!(["two", "one"]));
    assert_eq!(project.json("out/operations.json")["ending"], "complete");
    assert_eq!(text(&project.run(&["report", "out"]).stdout), text(&merged.stdout));
    assert_eq!(server.calls(), 12);
}

#[test]
fn what_both_have_counts_once() {
    let server = Server::new(mostly_right);
    let project = halves(&server);
    let merged = merged(&project, &["one", "whole", "two"]);
    assert_eq!(text(&merged.stderr), "");
    assert_eq!(project.read("out/scorecard.json"), project.read("whole/scorecard.json"));
    assert_eq!(project.records("out").len(), 12);
    // The same cases asked again, from the cache: other origins and times, the same answers.
    project.run(&["run", "--out", "again"]);
    let project_out = project.run(&["merge", "both", "again", "one"]);
    assert_eq!(text(&project_out.stderr), "");
    assert_eq!(project.read("both/scorecard.json"), project.read("whole/scorecard.json"));
    assert_eq!(server.calls(), 12);
}

#[test]
fn parts_that_are_not_all_are_a_run_that_was_stopped() {
    let server = Server::new(mostly_right);
    let project = halves(&server);
    let lines = lines(&project);
    part(&project, "three", &lines[9..]);
    let merged = merged(&project, &["one", "three"]);
    assert_eq!(code(&merged), 3, "{}", text(&merged.stderr));
    assert_eq!(project.records("out").len(), 10);
    assert_eq!(project.json("out/decision.json")["complete"], false);
    assert_eq!(project.json("out/operations.json")["ending"], Value::Null);
    // And the rest comes later.
    let rest = project.run(&["merge", "all", "out", "two"]);
    assert_eq!(text(&rest.stderr), "");
    assert_eq!(project.read("all/scorecard.json"), project.read("whole/scorecard.json"));
}

#[test]
fn two_answers_to_one_trial_are_refused() {
    let server = Server::new(mostly_right);
    let project = halves(&server);
    let mut record: Value = serde_json::from_str(&lines(&project)[2]).unwrap();
    (record["outcome"], record["answer"]) = ("incorrect".into(), "B".into());
    part(&project, "other", &[record.to_string()]);
    insta::assert_snapshot!(refused(&project, &["one", "other"]), @r#"error: q-2@model has two answers: correct, "A. yes 2" in one and incorrect, "B. no 2" in other; leave one of the two runs out, or run the suite again"#);
    (record["outcome"], record["answer"]) = ("correct".into(), "A".into());
    record["primary"] = 0.91.into();
    part(&project, "other", &[record.to_string()]);
    let unsure = refused(&project, &["one", "other"]);
    assert!(unsure.contains("q-2@model has another `primary` in one than in other"), "{unsure}");
}

#[test]
fn runs_of_other_plans_are_refused_with_what_differs() {
    type Change = fn(&mut Value);
    let server = Server::new(mostly_right);
    let project = halves(&server);
    let changes: [(Change, &str); 9] = [
        (
            |run| run["suite"] = "other".into(),
            "the suite is demo in the first and other in the second",
        ),
        (|run| run["digest"] = "0".repeat(64).into(), "the digest of the suite's text is"),
        (|run| run["plan"] = "0".repeat(64).into(), "the plan is of 12 trials ("),
        (|run| run["planned"] = 13.into(), "and of 13 trials ("),
        (
            |run| run["endpoints"][0]["target"]["model"] = "n".into(),
            "what was asked (`endpoints`) is another one",
        ),
        (
            |run| run["threshold"] = 0.9.into(),
            "the threshold is 0.8 in the first and 0.9 in the second",
        ),
        (
            |run| run["budget"]["confident_wrong"]["max_rate"] = 0.3.into(),
            "the budget is another one",
        ),
        (|run| run["seed"] = 7.into(), "the seed is none in the first and 7 in the second"),
        (
            |run| run["regraded"] = serde_json::json!({"from": "x", "run": "y", "started": "z"}),
            "what was graded is replies as they came in the first and stored replies graded again",
        ),
    ];
    for (change, expected) in changes {
        let mut header = project.json("whole/run.json");
        change(&mut header);
        header["started"] = "2999".into();
        project.write("two/run.json", &header.to_string());
        let told = refused(&project, &["one", "two"]);
        assert!(told.contains("one and two are not runs of one plan: "), "{told}");
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn selections_are_plans_of_their_own() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    project.run(&["run", "--filter", "tag:k0", "--out", "even"]);
    project.run(&["run", "--filter", "tag:k1", "--limit", "2", "--out", "odd"]);
    insta::assert_snapshot!(refused(&project, &["even", "odd"]), @"error: even and odd are not runs of one plan: the selection is `--filter 'tag:k0'` in the first and `--filter 'tag:k1'` `--limit 2` in the second; selections of cases are plans of their own: run them all, and replies that are stored are taken from the cache");
}

#[test]
fn a_directory_that_holds_a_run_and_one_that_holds_none_are_named() {
    let server = Server::new(mostly_right);
    let project = halves(&server);
    let before = project.read("one/records.jsonl");
    let onto = project.run(&["merge", "one", "two", "whole"]);
    assert_eq!(code(&onto), 2);
    let onto = text(&onto.stderr);
    assert_eq!(onto, "error: one: the directory holds a run already; choose another\n");
    assert_eq!(project.read("one/records.jsonl"), before);
    let nowhere = refused(&project, &["one", "nowhere"]);
    assert!(nowhere.contains("nowhere"), "{nowhere}");
    let alone = project.run(&["merge", "out", "one"]);
    assert_eq!(code(&alone), 2, "a merge of one run is a typing error");
}

#[test]
fn a_merged_run_keeps_the_baseline_of_its_first_part() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(12);
    let regression = "max_rate: 90%}\n  regression: {against: previous}";
    change(&project, "suites/demo.yaml", "max_rate: 20%}", regression);
    project.run(&["run"]);
    project.run(&["run", "--out", "whole"]);
    let lines = lines(&project);
    part(&project, "one", &lines[..5]);
    part(&project, "two", &lines[5..]);
    fs::copy(
        project.dir.path().join("whole/baseline.json"),
        project.dir.path().join("one/baseline.json"),
    )
    .unwrap();
    fs::remove_dir_all(project.dir.path().join("reports")).unwrap();
    let merged = merged(&project, &["one", "two"]);
    assert_eq!(text(&merged.stderr), "");
    assert_eq!(project.json("out/baseline.json"), project.json("whole/baseline.json"));
    assert_eq!(project.read("out/decision.json"), project.read("whole/decision.json"));
}
