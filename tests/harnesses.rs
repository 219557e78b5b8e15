//! The commands of docs/harnesses.md do on its samples what the page says.

use std::fs;

use assert_cmd::Command;
use serde_json::Value;

/// The commands of the page that read a sample, as words.
fn commands() -> Vec<Vec<String>> {
    let page = fs::read_to_string("docs/harnesses.md").unwrap();
    let lines = page.lines().filter(|line| line.starts_with("overclaim score fixtures/harnesses/"));
    lines.map(|line| line.split(' ').skip(1).map(str::to_owned).collect()).collect()
}

/// What the command of the page that reads this sample prints as a document.
fn document(sample: &str) -> Value {
    let commands = commands();
    let path = format!("fixtures/harnesses/{sample}");
    let command = commands.iter().find(|words| words[1] == path).expect(sample);
    let output = Command::cargo_bin("overclaim")
        .unwrap()
        .env_clear()
        .args(command)
        .arg("--json")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{sample}: {told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn near(found: &Value, truth: f64) {
    assert!((found.as_f64().unwrap() - truth).abs() < 1e-12, "{found}, not {truth}");
}

#[test]
fn every_sample_is_on_the_page_and_every_command_reads_one() {
    let mut samples: Vec<String> = fs::read_dir("fixtures/harnesses")
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .collect();
    let mut read: Vec<String> = commands().into_iter().map(|words| words[1].clone()).collect();
    samples.sort();
    read.sort();
    assert_eq!(read, samples);
}

#[test]
fn inspect_logs_have_answers_abstentions_and_confidence_in_percent() {
    let document = document("inspect.json");
    let source = &document["sources"][0];
    assert_eq!((&source["n"], &document["rows"]), (&9.into(), &10.into()));
    near(&source["accuracy"], 5.0 / 9.0);
    near(&source["mean_confidence"], 7.19 / 9.0);
    assert_eq!(source["answered"]["not_attempted"], 1);
    near(&source["answered"]["simpleqa"]["f_score"], 10.0 / 19.0);
    assert_eq!(source["confidently_wrong"][0]["said"], "a blue pigment");
}

#[test]
fn lm_eval_choices_have_the_share_of_the_likeliest() {
    let document = document("lm-eval.jsonl");
    let source = &document["sources"][0];
    assert_eq!((&source["source"], &source["n"]), (&"none".into(), &12.into()));
    near(&source["accuracy"], 0.25);
    // The same from the samples themselves.
    let rows = fs::read_to_string("fixtures/harnesses/lm-eval.jsonl").unwrap();
    let shares = rows.lines().map(|row| {
        let row: Value = serde_json::from_str(row).unwrap();
        let likelihoods = row["filtered_resps"].as_array().unwrap().iter();
        let likelihoods: Vec<f64> = likelihoods
            .map(|entry| entry[0].as_str().unwrap().parse::<f64>().unwrap().exp())
            .collect();
        likelihoods.iter().copied().fold(0.0, f64::max) / likelihoods.iter().sum::<f64>()
    });
    near(&source["mean_confidence"], shares.sum::<f64>() / 12.0);
}

#[test]
fn promptfoo_providers_are_kept_apart_and_errors_left_out() {
    let document = document("promptfoo.json");
    let sources = document["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 2);
    assert_eq!((&sources[0]["source"], &sources[0]["n"]), (&"openai:chat:small".into(), &9.into()));
    assert_eq!(sources[0]["missing"]["not stated"], 1);
    near(&sources[1]["accuracy"], 7.0 / 9.0);
}

#[test]
fn simple_evals_keep_grades_in_the_metadata_of_examples() {
    let document = document("simple-evals.json");
    let source = &document["sources"][0];
    assert_eq!((&source["n"], &source["answered"]["incorrect"]), (&9.into(), &4.into()));
    near(&source["answered"]["omniscience"]["index"], 10.0);
}
