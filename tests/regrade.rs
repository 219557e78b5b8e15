//! `overclaim regrade`: other graders, thresholds and budgets over the replies that are there.

mod support;

use std::fs;

use serde_json::Value;
use support::project::{Project, SUITE, code, letter, mostly_right, question, text};
use support::{Server, chat};

/// A finished run of eight choices in `a`; every fourth answer is confidently wrong.
fn asked(server: &Server) -> Project {
    let project = Project::at(server).choices(8);
    let run = project.run(&["run", "--out", "a"]);
    assert_eq!(code(&run), 1, "{}", text(&run.stderr));
    assert_eq!(server.calls(), 8);
    project
}

fn change(project: &Project, name: &str, from: &str, to: &str) {
    let before = project.read(name);
    assert!(before.contains(from), "{name} has no {from:?}");
    project.write(name, &before.replace(from, to));
}

fn outcomes(project: &Project, run: &str) -> Vec<String> {
    let outcome = |record: &Value| record["outcome"].as_str().unwrap_or("other").to_owned();
    project.records(run).iter().map(outcome).collect()
}

/// What is said behind the findings.
fn said(output: &std::process::Output) -> String {
    text(&output.stderr).rsplit("\n\n").next().unwrap_or_default().to_owned()
}

fn exists(project: &Project, name: &str) -> bool {
    project.dir.path().join(name).exists()
}

#[test]
fn the_same_suite_gives_the_same_statistics_and_the_old_run_stays() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    let before = project.read("a/records.jsonl");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(code(&again), 1, "{}", text(&again.stderr));
    assert_eq!(said(&again), "");
    assert_eq!(project.read("a/scorecard.json"), project.read("b/scorecard.json"));
    assert_eq!(project.read("a/records.jsonl"), before);
    assert_eq!(project.records("a"), project.records("b"), "exchanges are kept as they were");
    let (old, new) = (project.json("a/run.json"), project.json("b/run.json"));
    assert_eq!(old.get("regraded"), None);
    let regraded = serde_json::json!({"from": "a", "run": old["run"], "started": old["started"]});
    assert_eq!(new["regraded"], regraded);
    assert_eq!(new["plan"], old["plan"]);
    assert_eq!(server.calls(), 8);
    let report = text(&project.run(&["report", "b"]).stdout);
    assert_eq!(report, text(&again.stdout), "the page is that of `report`");
    assert!(report.contains("these are the calls of a; now nothing was asked"), "{report}");
}

#[test]
fn another_right_answer_changes_outcomes_without_a_call() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    assert_eq!(outcomes(&project, "a")[3], "incorrect");
    change(&project, "suites/demo.yaml", "grade: {choice: \"{{ answer }}\"}", "grade: {choice: B}");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    let wrong = ["incorrect"; 3];
    let expected = [&wrong[..], &["correct"], &wrong, &["correct"]].concat();
    assert_eq!(outcomes(&project, "b"), expected, "{}", text(&again.stderr));
    assert_eq!(code(&again), 1);
    assert_eq!(server.calls(), 8);
}

#[test]
fn another_grader_reads_the_same_replies() {
    let server = Server::json(200, chat("It is 42."));
    let project = Project::at(&server);
    project.write(
        "suites/sum.yaml",
        "suite: sum\nendpoints: [model]\nprompt: \"{{ question }}\"\ngrade: {exact: \"42\"}\n\
         cases: [{question: What is six times seven?}, {question: What is 40 and 2?}]\n\
         budget: {accuracy: {min: 10%}}\n",
    );
    assert_eq!(code(&project.run(&["run", "--out", "a"])), 1);
    change(&project, "suites/sum.yaml", "exact", "numeric");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(outcomes(&project, "a"), ["incorrect"; 2]);
    assert_eq!(outcomes(&project, "b"), ["correct"; 2], "{}", text(&again.stderr));
    assert_ne!(
        project.records("a")[0]["trial"],
        project.records("b")[0]["trial"],
        "cases without an id are named by content; they were found by their requests"
    );
    assert_eq!(code(&again), 0);
    assert_eq!(server.calls(), 2);
}

#[test]
fn thresholds_and_budgets_may_change() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    let wrong = |run: &str| {
        let is_it = |record: &&Value| record["quadrant"] == "confident_wrong";
        project.records(run).iter().filter(is_it).count()
    };
    assert_eq!(wrong("a"), 2);
    project.run(&["regrade", "a", "--threshold", "96%", "--out", "b"]);
    assert_eq!(wrong("b"), 0);
    assert_eq!(project.json("b/run.json")["threshold"], 0.96);
    change(&project, "suites/demo.yaml", "threshold: 0.8", "threshold: 0.97");
    change(
        &project,
        "suites/demo.yaml",
        "confident_wrong: {max_rate: 20%}",
        "accuracy: {min: 30%}",
    );
    let again = project.run(&["regrade", "a", "--out", "c"]);
    assert_eq!((wrong("c"), code(&again)), (0, 0), "{}", text(&again.stderr));
    assert_eq!(project.json("c/decision.json")["lines"][0]["line"], "accuracy");
    assert_eq!(server.calls(), 8);
}

#[test]
fn another_prompt_needs_calls_and_nothing_is_written() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    change(&project, "suites/demo.yaml", "  {{ question }}", "  Please: {{ question }}");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(code(&again), 2);
    insta::assert_snapshot!(said(&again), @r#"error: suites/rows.jsonl:1: nothing is graded again: 8 of 8 trials need 8 calls (8 are asked in another way than in the run); the first, q-0@model, differs in message 1 (asked "Please: Question 0?\nA. y"…, in the run "Question 0?\nA. yes 0\nB. "…); ask with `overclaim run suites/demo.yaml`, which finds stored replies in the cache"#);
    assert_eq!(text(&again.stdout), "");
    assert!(!exists(&project, "b"));
    assert_eq!(server.calls(), 8);
}

#[test]
fn another_method_needs_calls() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    change(&project, "suites/demo.yaml", "[choice_logprob]", "[choice_logprob, verbalized]");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    let conflict = said(&again);
    assert!(conflict.contains("demo.yaml:10: max_tokens is 4, too few"), "{conflict}");
    change(&project, "suites/demo.yaml", "max_tokens: 4", "max_tokens: 40");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(code(&again), 2);
    insta::assert_snapshot!(said(&again), @r#"error: suites/rows.jsonl:1: nothing is graded again: 8 of 8 trials need 8 calls (8 are asked in another way than in the run; confidence from `verbalized` is new); the first, q-0@model, differs in the parameter max_tokens (asked "40", in the run "4"); message 1 (asked …"es 0\nB. no 0\n\nOn the las"…, in the run …"es 0\nB. no 0"); ask with `overclaim run suites/demo.yaml`, which finds stored replies in the cache"#);
    change(&project, "suites/demo.yaml", "[choice_logprob, verbalized]", "[choice_logprob]");
    change(&project, "suites/demo.yaml", "temperature: 0,", "temperature: 0.5,");
    let again = text(&project.run(&["regrade", "a", "--out", "b"]).stderr);
    assert!(
        again.contains("the parameter temperature (asked \"0.5\", in the run \"0.0\")"),
        "{again}"
    );
    assert!(!exists(&project, "b"));
}

#[test]
fn a_method_with_the_same_question_may_go_and_come_again() {
    let server = Server::json(200, chat("A\nConfidence: 90%"));
    let project = Project::at(&server).choices(4);
    change(&project, "suites/demo.yaml", "max_tokens: 4", "max_tokens: 40");
    change(&project, "suites/demo.yaml", "[choice_logprob]", "[verbalized, choice_logprob]");
    project.run(&["run", "--out", "a"]);
    change(
        &project,
        "suites/demo.yaml",
        "[verbalized, choice_logprob]",
        "[choice_logprob, verbalized]",
    );
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(said(&again), "");
    let primary = |run: &str| project.records(run)[0]["primary"].clone();
    assert_eq!((primary("a"), primary("b")), (0.9.into(), Value::Null));
    assert_eq!(server.calls(), 4);
}

#[test]
fn a_new_case_needs_a_call_and_a_removed_one_is_left_out() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    let rows = project.read("suites/rows.jsonl");
    let fewer: Vec<&str> = rows.lines().filter(|row| !row.contains("q-3")).collect();
    project.write("suites/rows.jsonl", &fewer.join("\n"));
    let again = project.run(&["regrade", "a", "--out", "b"]);
    insta::assert_snapshot!(said(&again), @"left out: 1 trial that the suite no longer has");
    assert_eq!(project.records("b").len(), 7);
    assert_eq!(project.json("b/run.json")["planned"], 7);
    let indices =
        project.records("b").iter().map(|record| record["index"].as_u64()).collect::<Vec<_>>();
    assert_eq!(indices, (0..7).map(Some).collect::<Vec<_>>());

    let more = r#"{"id": "q-8", "question": "Question 8?", "choices": ["yes", "no"], "answer": "A", "kind": "k0"}"#;
    project.write("suites/rows.jsonl", &format!("{more}\n{rows}"));
    let again = project.run(&["regrade", "a", "--out", "c"]);
    assert_eq!(code(&again), 2);
    insta::assert_snapshot!(said(&again), @"error: suites/rows.jsonl:1: nothing is graded again: 1 of 9 trials needs 1 call (1 is new); the first, q-8@model; ask with `overclaim run suites/demo.yaml`, which finds stored replies in the cache");
    assert!(!exists(&project, "c"));
    assert_eq!(server.calls(), 8);
}

#[test]
fn cases_may_be_renamed_and_exchanged() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    let rows = project.read("suites/rows.jsonl");
    let renamed = rows.replace("q-0", "zero").replace("q-2", "q-x").replace("q-3", "q-2");
    let renamed = renamed.replace("q-x", "q-3");
    project.write("suites/rows.jsonl", &renamed);
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(said(&again), "");
    let told: Vec<(Value, Value)> = project
        .records("b")
        .into_iter()
        .take(4)
        .map(|record| (record["case"].clone(), record["outcome"].clone()))
        .collect();
    let expected =
        [("zero", "correct"), ("q-1", "correct"), ("q-3", "correct"), ("q-2", "incorrect")];
    assert_eq!(told, expected.map(|(case, outcome)| (case.into(), outcome.into())));
    assert_eq!(server.calls(), 8);
}

#[test]
fn a_run_that_was_killed_stays_unfinished() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    for name in ["scorecard.json", "operations.json", "decision.json"] {
        fs::remove_file(project.dir.path().join("a").join(name)).unwrap();
    }
    let journal = project.read("a/records.jsonl");
    let five: Vec<&str> = journal.lines().take(5).collect();
    project.write("a/records.jsonl", &(five.join("\n") + "\n{\"index\": 6, \"tri"));
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(said(&again), "unfinished, here as in a: 3 trials\n");
    assert_eq!(code(&again), 3);
    assert_eq!(project.records("b").len(), 5);
    assert_eq!(project.json("b/run.json")["planned"], 8);
    assert_eq!(project.json("b/decision.json")["complete"], false);
    assert_eq!(project.json("b/operations.json")["ending"], Value::Null);
}

#[test]
fn failures_stay_failures() {
    let server = Server::new(|seen, client| match question(seen) {
        1 => client.json(400, r#"{"error": {"message": "no such thing"}}"#),
        _ => client.json(200, &letter("A", 0.9)),
    });
    let project = Project::at(&server).choices(4);
    project.run(&["run", "--out", "a"]);
    let calls = server.calls();
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(code(&again), 3, "{}", text(&again.stderr));
    assert_eq!(project.records("a"), project.records("b"));
    assert!(project.records("b")[1]["outcome"]["failed"].is_object());
    assert_eq!(server.calls(), calls);
}

#[test]
fn times_are_of_another_day_and_cost_stays() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    change(
        &project,
        "overclaim.yaml",
        "timeout: 10s",
        "timeout: 10s, price: {input: 10, output: 10}",
    );
    let budget = "latency: {p50: 9s}\n  cost: {max: 1}\n  accuracy: {min: 30%}";
    change(&project, "suites/demo.yaml", "confident_wrong: {max_rate: 20%}", budget);
    project.run(&["run", "--out", "a"]);
    project.run(&["regrade", "a", "--out", "b"]);
    let verdicts = |run: &str| {
        let decision = project.json(&format!("{run}/decision.json"));
        let lines = decision["lines"].as_array().unwrap().clone();
        let told = |line: &Value| format!("{} {}", line["line"], line["verdict"]).replace('"', "");
        lines.iter().map(told).collect::<Vec<_>>()
    };
    assert!(
        verdicts("a").contains(&"latency.p50 undecided".to_owned())
            || verdicts("a").contains(&"latency.p50 pass".to_owned()),
        "{:?}",
        verdicts("a")
    );
    assert!(verdicts("b").contains(&"latency.p50 not_measured".to_owned()), "{:?}", verdicts("b"));
    assert!(verdicts("b").contains(&"cost pass".to_owned()), "{:?}", verdicts("b"));
    let endpoint =
        |run: &str| project.json(&format!("{run}/operations.json"))["endpoints"][0].clone();
    assert_eq!(endpoint("a")["cost"], endpoint("b")["cost"]);
    assert_eq!(
        (&endpoint("b")["live_ms"], &endpoint("b")["recorded_ms"]["n"]),
        (&Value::Null, &8.into())
    );
}

#[test]
fn the_latest_run_is_meant_and_the_suite_may_have_moved() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    project.run(&["run"]);
    fs::rename(project.dir.path().join("suites"), project.dir.path().join("moved")).unwrap();
    let lost = project.run(&["regrade"]);
    assert_eq!(code(&lost), 2);
    let lost = text(&lost.stderr);
    assert!(
        lost.contains("its suite suites/demo.yaml is not there; name it with --suite FILE"),
        "{lost}"
    );
    let again = project.run(&["regrade", "--suite", "moved/demo.yaml", "--json"]);
    assert_eq!(code(&again), 1, "{}", text(&again.stderr));
    let document: Value = serde_json::from_slice(&again.stdout).unwrap();
    let dir = document["directory"].as_str().unwrap();
    assert!(dir.starts_with("reports/demo/"), "{dir}");
    assert_eq!(document["run"]["path"], "moved/demo.yaml");
    assert_eq!(project.records(dir).len(), 8);
    // Once more, of what was graded again: the replies are of the run that asked.
    project.run(&["regrade", "--suite", "moved/demo.yaml", "--out", "third"]);
    let third = project.json("third/run.json");
    assert_eq!(third["regraded"]["from"], dir);
    assert_eq!(third["regraded"]["run"], document["run"]["regraded"]["run"]);
}

#[test]
fn a_directory_that_holds_a_run_is_not_written_to() {
    let server = Server::new(mostly_right);
    let project = asked(&server);
    let before = project.read("a/run.json");
    let again = project.run(&["regrade", "a", "--out", "a"]);
    assert_eq!(code(&again), 2);
    assert!(text(&again.stderr).contains("holds a run already"), "{}", text(&again.stderr));
    assert_eq!(project.read("a/run.json"), before);
}

#[test]
fn selection_and_repeats_are_those_of_the_run() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    change(&project, "suites/demo.yaml", "temperature: 0,", "temperature: 0.5,");
    let args = ["--filter", "tag:k1", "--limit", "2", "--repeats", "3", "--seed", "7"];
    project.run(&[&["run", "--out", "a"][..], &args].concat());
    assert_eq!(server.calls(), 6);
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(said(&again), "");
    assert_eq!(project.records("a"), project.records("b"));
    assert_eq!(project.read("a/scorecard.json"), project.read("b/scorecard.json"));
}

#[test]
fn a_run_is_held_against_the_one_before_its_replies() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server);
    let regression =
        SUITE.replace("max_rate: 20%}", "max_rate: 90%}\n  regression: {against: previous}");
    let project = project.choices(8);
    project.write("suites/demo.yaml", &regression);
    project.run(&["run"]);
    let first: Value = serde_json::from_slice(&project.run(&["report", "--json"]).stdout).unwrap();
    let first = first["directory"].as_str().unwrap().to_owned();
    project.run(&["run", "--out", "a"]);
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(said(&again), "");
    assert_eq!(project.json("b/baseline.json"), project.json("a/baseline.json"));
    // What was graded last stands for the first run now.
    project.run(&["regrade", &first, "--out", "reports/demo/graded-again"]);
    project.run(&["regrade", "a", "--out", "d"]);
    let baseline = project.read("d/baseline.json");
    assert!(baseline.contains("reports/demo/graded-again"), "{baseline}");
    // Of the first run there is none before it, though there is one after it.
    project.run(&["regrade", &first, "--out", "c"]);
    assert!(project.json("c/baseline.json")["missing"].is_string());
}

#[test]
fn a_run_that_was_decided_early_is_decided_again_or_lacks_its_rest() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(200);
    let early = "accuracy: {min: 20%}\n  early_stop: true";
    change(&project, "suites/demo.yaml", "confident_wrong: {max_rate: 20%}", early);
    let run = project.run(&["run", "--out", "a", "--concurrency", "1"]);
    assert_eq!(code(&run), 0, "{}", text(&run.stderr));
    let asked = project.records("a").len();
    assert!(asked < 150, "{asked} were asked");
    let again = project.run(&["regrade", "a", "--out", "b"]);
    assert_eq!(code(&again), 0);
    assert_eq!(said(&again), format!("unfinished, here as in a: {} trials\n", 200 - asked));
    assert_eq!(project.read("a/scorecard.json"), project.read("b/scorecard.json"));
    assert_eq!(project.read("a/decision.json"), project.read("b/decision.json"));
    assert_eq!(project.json("b/operations.json")["ending"], "decided");
    // A stricter line is not settled by so few.
    change(&project, "suites/demo.yaml", "min: 20%", "min: 74%");
    let again = project.run(&["regrade", "a", "--out", "c"]);
    assert_eq!(code(&again), 3, "{}", text(&again.stdout));
    assert_eq!(project.json("c/operations.json")["ending"], "interrupted");
    assert_eq!(server.calls(), asked);
}
