//! The published schemas: documents of runs of every kind are as they say, and nothing else is.

mod support;

use std::collections::BTreeMap;
use std::fs;

use assert_cmd::cargo::cargo_bin;
use jsonschema::Validator;
use serde_json::Value;
use support::project::{code, text};
use support::samples::samples;

const NAMES: [&str; 7] =
    ["report", "run", "record", "scorecard", "operations", "decision", "changes"];

fn printed(name: &str) -> Value {
    let output = std::process::Command::new(cargo_bin!("overclaim"))
        .args(["schema", name])
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn validators() -> BTreeMap<&'static str, Validator> {
    NAMES.map(|name| (name, jsonschema::draft202012::new(&printed(name)).unwrap())).into()
}

fn check(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .take(5)
        .map(|error| format!("{}: {error:.200}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

#[test]
fn documents_of_runs_of_every_kind_are_as_their_schemas_say() {
    let validators = validators();
    let samples = samples();
    let project = &samples.project;
    let (mut standing, mut disputed) = (0, 0);
    for run in &samples.runs {
        if project.dir.path().join(run).join("changes.json").is_file() {
            standing += 1;
            check(&validators["changes"], &project.json(&format!("{run}/changes.json")), run);
        }
        for name in ["run", "scorecard", "operations", "decision"] {
            let document = project.json(&format!("{run}/{name}.json"));
            check(&validators[name], &document, &format!("{run}/{name}.json"));
        }
        for record in project.records(run) {
            check(&validators["record"], &record, run);
        }
        let shown = project.run(&["report", run, "--format", "json"]);
        assert!(code(&shown) != 2, "{}", text(&shown.stderr));
        let document = serde_json::from_slice(&shown.stdout).unwrap();
        check(&validators["report"], &document, run);
        disputed += usize::from(document.get("disputed").is_some());
    }
    assert!(standing > 2, "only {standing} runs have a snapshot");
    assert_eq!(disputed, 1, "labels are disputed in one run");
}

#[test]
fn runs_of_older_versions_are_as_the_schemas_say() {
    let validators = validators();
    for entry in fs::read_dir("fixtures/runs").unwrap().map(Result::unwrap) {
        if !entry.path().join("run.json").is_file() {
            continue;
        }
        let read = |name: &str| fs::read_to_string(entry.path().join(name)).unwrap();
        let what = entry.path().display().to_string();
        check(&validators["run"], &serde_json::from_str(&read("run.json")).unwrap(), &what);
        for line in read("records.jsonl").lines() {
            check(&validators["record"], &serde_json::from_str(line).unwrap(), &what);
        }
    }
}

#[test]
fn every_key_is_described_and_no_other_is_allowed() {
    fn walk(schema: &Value, path: &str, keys: &mut usize) {
        match schema {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    assert_eq!(map["additionalProperties"], false, "{path}");
                    for (key, property) in properties {
                        let described = property["description"].as_str().unwrap_or_default();
                        assert!(described.len() > 3, "{path}: {key}");
                        *keys += 1;
                    }
                }
                map.iter().for_each(|(key, value)| walk(value, &format!("{path}/{key}"), keys));
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, path, keys)),
            _ => {}
        }
    }
    let mut keys = 0;
    for name in NAMES {
        walk(&printed(name), name, &mut keys);
    }
    assert!(keys > 300, "{keys}");
    // What a schema does not know is refused, at any depth.
    let validators = validators();
    let record = fs::read_to_string("fixtures/runs/format-1/records.jsonl").unwrap();
    let mut record: Value = serde_json::from_str(record.lines().next().unwrap()).unwrap();
    check(&validators["record"], &record, "as it is");
    record["exchanges"][0]["request"]["other"] = 1.into();
    assert!(!validators["record"].is_valid(&record));
}
