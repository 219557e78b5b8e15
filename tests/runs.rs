//! Runs of every age are read: `fixtures/runs` keeps one of each format that was ever written. Runs of
//! the future are refused, by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

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

fn json(path: &Path) -> Value {
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

/// The documents of a run made of an old one say what that one's said.
fn assert_follows(new: &Path, old: &Path, told: &str) {
    for name in ["scorecard.json", "decision.json"] {
        assert_still_there(
            &json(&old.join(name)),
            &json(&new.join(name)),
            &format!("{told} {name}"),
        );
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
        assert_eq!(exit(&output), decision["exit_code"].as_i64(), "{name}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_still_there(&json(&dir.join("scorecard.json")), &document["scorecard"], name);
        assert_still_there(&decision, &document["decision"], name);
        let case = json_line(&dir)["case"].as_str().unwrap().to_owned();
        assert!(run(&["show", name, &case]).status.success(), "{name}");
        assert_eq!(run(&["compare", name, name]).status.code(), Some(0), "{name}");
        // Whether a threshold can promise anything is not the point here; that it is told is.
        let advised = run(&["advise", name, "--json"]);
        assert!(matches!(exit(&advised), Some(0 | 1)), "{name}: {}", said(&advised));
        let advice: Value = serde_json::from_slice(&advised.stdout).unwrap();
        assert!(advice.as_object().is_some_and(|advice| !advice.is_empty()), "{name}: {advice}");
    }
}

#[test]
fn runs_of_every_format_are_graded_again_and_merged() {
    for dir in kept() {
        let new = tempfile::tempdir().unwrap();
        let (name, graded, merged) =
            (dir.to_str().unwrap(), new.path().join("g"), new.path().join("m"));
        let expected = json(&dir.join("decision.json"))["exit_code"].as_i64();
        let suite = json(&dir.join("run.json"))["path"].as_str().unwrap().to_owned();
        let suite = dir.join("asked").join(suite);
        let suite = suite.to_str().unwrap();
        let output = run(&["regrade", name, "--suite", suite, "--out", graded.to_str().unwrap()]);
        assert_eq!(exit(&output), expected, "{name}: {}", said(&output));
        assert_follows(&graded, &dir, "graded again");
        let half = half(&dir, new.path());
        let half = half.to_str().unwrap();
        let output = run(&["merge", merged.to_str().unwrap(), half, name]);
        assert_eq!(exit(&output), expected, "{name}: {}", said(&output));
        assert_follows(&merged, &dir, "merged");
    }
}

/// Who stops a run, updates and goes on is not told that it is another run.
#[test]
fn a_run_of_the_latest_format_is_gone_on_with() {
    let dir = kept().pop().unwrap();
    let new = tempfile::tempdir().unwrap();
    let half = half(&dir, new.path());
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("overclaim"));
    command.args(["run", "--resume"]).arg(&half).current_dir(dir.join("asked"));
    let output = command.output().unwrap();
    let expected = json(&dir.join("decision.json"))["exit_code"].as_i64();
    assert_eq!(exit(&output), expected, "{}", said(&output));
    assert_follows(&half, &dir, "gone on with");
}

#[test]
fn a_run_of_a_newer_format_is_refused_by_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("newer");
    let old = kept().pop().unwrap();
    fs::create_dir(&path).unwrap();
    // Only the format's place is agreed on; all else may be another.
    let newer = overclaim::record::FORMAT + 1;
    fs::write(path.join("run.json"), json!({"format": newer, "shape": ["new"]}).to_string())
        .unwrap();
    fs::write(path.join("records.jsonl"), "{\"of\": \"another shape\"}\n").unwrap();
    let (newer, old, out) = (path.to_str().unwrap(), old.to_str().unwrap(), dir.path().join("out"));
    let out = out.to_str().unwrap();
    let commands: [&[&str]; 10] = [
        &["report", newer],
        &["show", newer, "q"],
        &["compare", newer, old],
        &["compare", old, newer],
        &["advise", newer],
        &["regrade", newer, "--out", out],
        &["merge", out, newer, old],
        &["merge", out, old, newer],
        &["run", "--resume", newer],
        &["run", "suites/misconceptions.yaml", "--resume", newer],
    ];
    for args in commands {
        let output = run(args);
        assert_eq!(exit(&output), Some(2), "{args:?}");
        let told = format!(
            "written in format {} by a newer version; this one reads up to {}: update overclaim",
            overclaim::record::FORMAT + 1,
            overclaim::record::FORMAT
        );
        assert!(said(&output).contains(&told), "{args:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!Path::new(out).exists(), "{args:?}");
    }
    assert_eq!(
        fs::read_to_string(path.join("records.jsonl")).unwrap(),
        "{\"of\": \"another shape\"}\n",
        "what a newer version wrote stays"
    );
}

/// What a run like this one would have left that was killed half-way.
fn half(dir: &Path, into: &Path) -> PathBuf {
    let half = into.join("half");
    fs::create_dir(&half).unwrap();
    fs::copy(dir.join("run.json"), half.join("run.json")).unwrap();
    let text = fs::read_to_string(dir.join("records.jsonl")).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    fs::write(half.join("records.jsonl"), lines[..lines.len() / 2].concat()).unwrap();
    half
}

fn exit(output: &Output) -> Option<i64> {
    output.status.code().map(i64::from)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_line(dir: &Path) -> Value {
    let text = fs::read_to_string(dir.join("records.jsonl")).unwrap();
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}
