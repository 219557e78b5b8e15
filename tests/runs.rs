//! Runs of every age are read: `fixtures/runs` keeps one of each format that was ever written.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn run(args: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("overclaim")).args(args).output().unwrap()
}

fn kept() -> Vec<PathBuf> {
    let mut runs: Vec<PathBuf> =
        fs::read_dir("fixtures/runs").unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.retain(|path| path.is_dir());
    runs.sort();
    runs
}

fn json(path: &PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What stands in the old document stands in the new one with the same value; newer versions add.
fn assert_still_there(old: &Value, new: &Value, at: &str) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let there = new.get(key).unwrap_or(&Value::Null);
                assert_still_there(value, there, &format!("{at}.{key}"));
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                assert_still_there(old, new, &format!("{at}[{index}]"));
            }
        }
        _ => assert_eq!(old, new, "{at}"),
    }
}

#[test]
fn runs_of_every_format_are_reported_as_when_they_were_made() {
    let runs = kept();
    let format = usize::try_from(overclaim::record::FORMAT).unwrap();
    assert_eq!(runs.len(), format, "one run of each format: keep one when it is raised");
    for dir in runs {
        let name = dir.to_str().unwrap();
        let output = run(&["report", name, "--format", "json"]);
        let decision = json(&dir.join("decision.json"));
        assert_eq!(output.status.code().map(i64::from), decision["exit_code"].as_i64(), "{name}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_still_there(&json(&dir.join("scorecard.json")), &document["scorecard"], name);
        assert_still_there(&decision, &document["decision"], name);
        let case = json_line(&dir)["case"].as_str().unwrap().to_owned();
        assert!(run(&["show", name, &case]).status.success(), "{name}");
        assert_eq!(run(&["compare", name, name]).status.code(), Some(0), "{name}");
    }
}

fn json_line(dir: &std::path::Path) -> Value {
    let text = fs::read_to_string(dir.join("records.jsonl")).unwrap();
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}
