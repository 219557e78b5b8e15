//! The statistics against vectors that other people's software made.
//!
//! One test walks a folder of JSON files (`fixtures/reference`, or the folder
//! named by `OVERCLAIM_REFERENCE_DIR`) and compares every value they expect with
//! what the library computes from their inputs. Nothing passes unseen: a value
//! that the library does not compute is named in [`families`] with a reason,
//! and everything else that is not compared is a failure. What each key means is
//! in the folder's README.

#![expect(clippy::cast_precision_loss, reason = "whole numbers in the vectors are small counts")]

mod compare;
mod families;
mod key_path;
mod product;

use std::path::{Path, PathBuf};
use std::{env, fs};

use compare::{compare_file, compare_folder};
use families::NEVER;
use key_path::leaves;
use serde_json::{Value, json};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reference")
}

/// The folder that is tested.
fn tested() -> PathBuf {
    env::var_os("OVERCLAIM_REFERENCE_DIR").map_or_else(shipped, PathBuf::from)
}

#[test]
fn every_vector_is_met() {
    match compare_folder(&tested()) {
        Ok(tally) => println!("{tally}"),
        Err(failures) => panic!("{failures}"),
    }
}

/// A folder with some of the shipped vectors, changed at will; gone after use.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            env::temp_dir().join(format!("overclaim-reference-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, text: &str) -> Self {
        fs::write(self.0.join(file), text).unwrap();
        self
    }

    /// All failures of the comparison, which must fail.
    fn failures(&self) -> String {
        compare_folder(&self.0).expect_err("the comparison should have failed")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const BY_HAND: &str = "metrics_n7_hand.json";

fn by_hand() -> String {
    fs::read_to_string(shipped().join(BY_HAND)).unwrap()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn one_changed_digit_is_noticed_and_named() {
    let text = by_hand();
    let changed = text.replace("\"brier\":0.22357142857", "\"brier\":0.22357152857");
    assert_ne!(text, changed);
    let failures = Folder::new("digit").with(BY_HAND, &changed).failures();
    assert!(
        failures.starts_with("metrics_n7_hand.json: brier: computed 0.22357142857"),
        "{failures}"
    );
    assert_eq!(failures.lines().count(), 1, "{failures}");
}

#[test]
fn a_change_of_any_compared_value_is_noticed_and_named() {
    let vector = parsed(&by_hand());
    let compared = compare_file(BY_HAND, &vector).unwrap().compared;
    assert!(compared.len() > 50);
    for (path, expected) in leaves(&vector["expected"]) {
        let name = format!("{BY_HAND}: {path}");
        if !compared.contains(&name) {
            continue;
        }
        let mut changed = vector.clone();
        *path.find_in(&mut changed["expected"]).unwrap() = match expected.as_f64() {
            Some(number) if expected.is_f64() => json!(number + 0.01),
            Some(count) => json!(count + 1.0),
            None => json!(0.5),
        };
        let failures = compare_file(BY_HAND, &changed).unwrap_err();
        assert_eq!(failures.len(), 1, "{name}: {failures:?}");
        assert!(failures[0].starts_with(&name), "{name}: {failures:?}");
    }
}

#[test]
fn an_empty_or_missing_folder_fails() {
    let empty = Folder::new("empty").with("README.md", "no vectors here");
    assert!(empty.failures().ends_with(": no vectors (*.json)"));
    assert!(compare_folder(&empty.0.join("missing")).is_err());
}

#[test]
fn an_unknown_key_fails() {
    let mut vector = parsed(&by_hand());
    vector["expected"]["brier_of_tomorrow"] = json!(0.5);
    vector["expected"]["confident_wrong"]["0.9"]["median"] = json!(null);
    let failures = Folder::new("key").with(BY_HAND, &vector.to_string()).failures();
    for key in ["brier_of_tomorrow", "confident_wrong.0.9.median"] {
        let failure = format!("{BY_HAND}: {key}: neither computed nor set aside");
        assert!(failures.contains(&failure), "{failures}");
    }
}

#[test]
fn a_key_that_went_missing_fails() {
    let mut vector = parsed(&by_hand());
    vector["expected"].as_object_mut().unwrap().remove("auroc");
    assert_eq!(
        compare_file(BY_HAND, &vector).unwrap_err(),
        [format!("{BY_HAND}: auroc: computed, yet not expected")]
    );
}

#[test]
fn an_unknown_family_fails() {
    let failures = Folder::new("family").with("horoscope_s1.json", "{}").failures();
    assert!(failures.starts_with("horoscope_s1.json: unknown family"));
}

#[test]
fn inputs_that_are_no_sample_fail() {
    let mut vector = parsed(&by_hand());
    vector["inputs"]["confidence"][2] = json!(1.5);
    let failures = compare_file(BY_HAND, &vector).unwrap_err();
    assert!(failures[0].contains("inputs: confidence 2 is 1.5"), "{failures:?}");
}

#[test]
fn no_name_is_set_aside_in_vain() {
    let used = compare_folder(&shipped()).unwrap().names_used;
    for (family, name, _) in NEVER {
        assert!(used.contains(&(family, name)), "{family}: {name}");
    }
}
