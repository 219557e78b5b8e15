//! `overclaim score` as users of other harnesses meet it.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn overclaim(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut command = Command::cargo_bin("overclaim").unwrap();
    command.current_dir(dir).env_clear().args(args).write_stdin(input).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Ten answers of which two are confidently wrong.
const ROWS: &str = r#"{"id": "bones", "confidence": 0.97, "correct": false, "question": "How many bones has an adult?", "answer": "212", "expected": "206"}
{"id": "capital", "confidence": 0.9, "correct": true}
{"id": "dna", "confidence": 0.99, "correct": false, "question": "Who isolated DNA?\u001b[31m", "answer": "Watson", "expected": "Miescher"}
{"id": "moon", "confidence": 0.85, "correct": true}
{"id": "bat", "confidence": 0.6, "correct": false}
{"id": "camel", "confidence": 0.55, "correct": true}
{"id": "iris", "confidence": 0.5, "correct": false}
{"id": "potato", "confidence": 0.4, "correct": true}
{"id": "nobel", "confidence": 0.3, "correct": false}
{"id": "caesar", "confidence": 0.2, "correct": false}
{"id": "atlantic", "confidence": null, "correct": true}
{"id": "vampire", "confidence": 0.7, "correct": null}
"#;

#[test]
fn a_page_for_people_from_standard_input() {
    let dir = TempDir::new().unwrap();
    let output = overclaim(dir.path(), &["score", "-"], ROWS);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    let above: Vec<&str> = page.lines().take_while(|line| !line.contains(" bins, ")).collect();
    insta::assert_snapshot!(above.join("\n"), @"
    standard input · confidence · 10 answers · 1 without a confidence

      confident wrong  2 of 10   20%   95% exact upper limit 50.7%   at ≥ 0.80
      when confident   2 of 4 wrong   50%   95% exact upper limit 90.2%
      accuracy         40%   95% interval 16.8% to 68.7%
      mean confidence  62.6%   gap +22.6 points [-9.5, +55.7]   confidence
      calibration      Brier 0.326 [0.135, 0.551]   KS 0.226   smooth ECE 0.226
                       perfect calibration could look so, too (KS p 0.15)
      ranking          AUROC 0.542 [0.143, 0.920]

      Confidently wrong, the surest first
      0.99  Who isolated DNA?␛[31m
            said Watson   expected Miescher                                      dna
      0.97  How many bones has an adult?
            said 212   expected 206                                            bones
    ");
    assert!(page.ends_with("12 rows · 1 not graded\n"), "{page}");
}

#[test]
fn one_document_for_programs() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("rows.jsonl"), ROWS).unwrap();
    let output =
        overclaim(dir.path(), &["score", "rows.jsonl", "--json", "--threshold", "95%"], "");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["file"], &document["rows"]), (&"rows.jsonl".into(), &12.into()));
    let source = &document["sources"][0];
    assert_eq!((&source["n"], &source["missing"]["not stated"]), (&10.into(), &1.into()));
    assert_eq!(source["confident_wrong"]["0.95"]["wrong"], 2);
    assert_eq!(source["confidently_wrong"][0]["id"], "dna");
    assert!((source["accuracy"].as_f64().unwrap() - 0.4).abs() < 1e-12);
    assert!(text(&output.stderr).contains("confident wrong"), "the page goes to standard error");
}

#[test]
fn bad_rows_are_told_by_number_and_left_out_on_demand() {
    let dir = TempDir::new().unwrap();
    let rows = "confidence,correct\n0.9,1\n1.9,1\n0.9,perhaps\n0.2,0\n";
    std::fs::write(dir.path().join("rows.csv"), rows).unwrap();
    let output = overclaim(dir.path(), &["score", "rows.csv"], "");
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(text(&output.stderr), @"
    rows.csv: row 2 (line 3): the confidence is 1.9, outside 0 to 1 (divide percentages by 100, or write them with %)
    rows.csv: row 3 (line 4): the grade is `perhaps`, neither right nor wrong (write true or false, 1 or 0; leave out what was not graded)
    error: rows.csv: 2 rows are bad; mend them, or leave them out with --skip-bad
    ");
    assert!(output.stdout.is_empty());
    let output = overclaim(dir.path(), &["score", "rows.csv", "--skip-bad", "--json"], "");
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["skipped"], &document["sources"][0]["n"]), (&2.into(), &2.into()));
    assert_eq!(document["bad"][1]["row"], 3);
}

#[test]
fn nothing_to_score_is_told() {
    let dir = TempDir::new().unwrap();
    let output = overclaim(dir.path(), &["score", "none.jsonl"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: none.jsonl: it cannot be read: "));
    let rows = "{\"confidence\": null, \"correct\": true}\n";
    let output = overclaim(dir.path(), &["score", "-"], rows);
    assert_eq!(output.status.code(), Some(4));
    let output = overclaim(dir.path(), &["score", "-"], "{\"p\": 0.5, \"ok\": 1}\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--confidence-field (the first row has `ok`, `p`)"));
    let output = overclaim(dir.path(), &["score", "-"], "");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}
