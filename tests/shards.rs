//! `overclaim run --shard`: several machines ask one plan, and `overclaim merge` joins what they
//! heard into the run that one machine would have made.

mod support;

use serde_json::json;
use support::Server;
use support::project::{Project, code, mostly_right, text};

/// Runs these shards of three into directories `1`, `2` and `3`, and gives what each said.
fn ask(project: &Project, shards: &[&str], more: &[&str]) -> Vec<String> {
    let run = |number: &&str| {
        let shard = format!("{number}/3");
        let args = ["run", "--shard", &shard, "--out", number, "--cache", "off"];
        let run = project.run(&[&args[..], more].concat());
        assert_eq!(code(&run), 1, "{}", text(&run.stderr));
        text(&run.stderr)
    };
    shards.iter().map(run).collect()
}

#[test]
fn shards_are_the_whole_byte_for_byte() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(19);
    let whole = project.run(&["run", "--out", "whole", "--cache", "off"]);
    assert_eq!(code(&whole), 1, "{}", text(&whole.stderr));
    assert_eq!(server.calls(), 19);
    let said = ask(&project, &["2", "3", "1"], &[]);
    assert_eq!(server.calls(), 38, "no case is asked by two shards");
    insta::assert_snapshot!(said[0], @"shard 2 of 3, 6 of 19 trials; when all have run: overclaim merge OUT RUN RUN …");
    // A shard is a finished run of its own cases.
    let card = project.json("2/scorecard.json");
    assert_eq!(card["endpoints"][0]["planned"], 6);
    assert_eq!(card["endpoints"][0]["coverage"]["rate"], 1.0);
    assert_eq!(project.json("2/operations.json")["ending"], "complete");
    let header = project.json("2/run.json");
    assert_eq!(header["shard"], json!({"number": 2, "of": 3, "trials": 19}));
    assert_eq!(header["plan"], project.json("whole/run.json")["plan"]);
    let merged = project.run(&["merge", "out", "1", "2", "3"]);
    assert_eq!(code(&merged), 1, "{}", text(&merged.stderr));
    assert_eq!(text(&merged.stderr), "");
    for name in ["scorecard.json", "decision.json"] {
        let read = |run: &str| project.read(&format!("{run}/{name}"));
        assert_eq!(read("out"), read("whole"), "{name}");
    }
    let header = project.json("out/run.json");
    assert_eq!((&header["planned"], &header["shard"]), (&json!(19), &json!(null)));
    assert_eq!(project.json("out/operations.json")["ending"], "complete");
}

#[test]
fn a_shard_that_was_killed_goes_on_with_its_own_cases() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(19);
    ask(&project, &["1", "2", "3"], &[]);
    let (before, calls) = (project.read("2/scorecard.json"), server.calls());
    let lines = project.read("2/records.jsonl");
    let kept: String = lines.split_inclusive('\n').take(4).collect();
    project.write("2/records.jsonl", &(kept + "{\"index\": 3, \"tria"));
    let resumed = project.run(&["run", "--resume", "2"]);
    assert_eq!(code(&resumed), 1, "{}", text(&resumed.stderr));
    assert_eq!(server.calls() - calls, 2);
    assert_eq!(project.read("2/scorecard.json"), before);
    let again = project.run(&["run", "--resume", "2", "--shard", "1/3"]);
    assert_eq!(code(&again), 2, "a run goes on as it began: {}", text(&again.stderr));
}

#[test]
fn without_one_of_its_shards_a_run_is_unfinished() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(19);
    project.run(&["run", "--out", "whole", "--cache", "off"]);
    ask(&project, &["1", "2", "3"], &[]);
    let merged = project.run(&["merge", "two", "1", "3"]);
    assert_eq!(code(&merged), 3, "{}", text(&merged.stderr));
    assert_eq!(project.json("two/decision.json")["complete"], false);
    assert_eq!(project.json("two/scorecard.json")["endpoints"][0]["planned"], 19);
    let rest = project.run(&["merge", "all", "two", "2"]);
    assert_eq!(text(&rest.stderr), "");
    assert_eq!(project.read("all/scorecard.json"), project.read("whole/scorecard.json"));
}

#[test]
fn what_is_selected_is_shared() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(19);
    let selected = ["--filter", "tag:k1", "--limit", "8"];
    project.run(&[&["run", "--out", "whole", "--cache", "off"][..], &selected].concat());
    ask(&project, &["1", "2", "3"], &selected);
    let sizes = ["1", "2", "3"].map(|run| project.records(run).len());
    assert_eq!(sizes, [3, 3, 2]);
    project.run(&["merge", "out", "1", "2", "3"]);
    assert_eq!(project.read("out/scorecard.json"), project.read("whole/scorecard.json"));
    let plan = project.run(&[&["plan", "--json", "--shard", "3/3"][..], &selected].concat());
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(plan["trials"], 2);
}

#[test]
fn a_shard_is_graded_again_as_a_shard() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(19);
    project.run(&["run", "--out", "whole", "--cache", "off"]);
    ask(&project, &["1", "2", "3"], &[]);
    for shard in ["1", "2", "3"] {
        let to = format!("{shard}-again");
        let again = project.run(&["regrade", shard, "--out", &to, "--threshold", "0.96"]);
        assert_eq!(text(&again.stderr), "");
    }
    project.run(&["merge", "out", "1-again", "2-again", "3-again"]);
    project.run(&["regrade", "whole", "--out", "whole-again", "--threshold", "0.96"]);
    assert_eq!(project.read("out/scorecard.json"), project.read("whole-again/scorecard.json"));
    assert_ne!(project.read("out/scorecard.json"), project.read("whole/scorecard.json"));
}

#[test]
fn what_cannot_be_shared_is_refused() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(19);
    let typed = project.run(&["run", "--shard", "4/3"]);
    assert_eq!(code(&typed), 2);
    let said = text(&typed.stderr);
    assert!(said.contains("write the number of the shard and how many there are"), "{said}");
    let nothing = project.run(&["run", "--shard", "3/3", "--limit", "2", "--out", "none"]);
    assert_eq!(code(&nothing), 4, "{}", text(&nothing.stderr));
    let suite = project.read("suites/demo.yaml") + "  early_stop: true\n";
    project.write("suites/demo.yaml", &suite);
    let early = project.run(&["run", "--shard", "1/3"]);
    assert_eq!(code(&early), 2);
    let said = text(&early.stderr);
    assert!(said.contains("`early_stop` decides from all answers"), "{said}");
    assert_eq!(server.calls(), 0);
}
