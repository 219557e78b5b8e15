//! "Copy as YAML" on a run's page: what is copied is the row as the suite has it, so that a suite of
//! copied cases asks and judges the same.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use overclaim::span;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use support::Server;
use support::project::{Project, code, text};

/// The entries that a page offers, in the order of the page.
fn copied(page: &str) -> Vec<String> {
    let parts = page.split("<pre class=\"yaml\" hidden>").skip(1);
    parts.map(|part| unescaped(part.split("</pre>").next().unwrap())).collect()
}

/// What a browser reads.
fn unescaped(html: &str) -> String {
    let names = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
    ];
    names.iter().fold(html.to_owned(), |it, (name, c)| it.replace(name, c)).replace("&amp;", "&")
}

/// The suite with these entries as its rows.
fn with_cases(suite: &str, entries: &[String]) -> String {
    let (before, rest) = suite.split_once("\ndataset:").unwrap();
    let end = rest.find('\n').unwrap();
    let mut after = &rest[end + 1..];
    while after.starts_with([' ', '#']) {
        after = after.split_once('\n').unwrap().1;
    }
    format!("{before}\ncases:\n{}{after}", entries.concat())
}

/// What is compared of a run: what was asked and what became of it, by trial.
fn asked(project: &Project, run: &str) -> BTreeMap<String, Value> {
    let records = project.records(run);
    let told = |record: &Value| {
        let exchanges = record["exchanges"].as_array().unwrap();
        let digests: Vec<&Value> = exchanges.iter().map(|heard| &heard["digest"]).collect();
        assert!(exchanges.iter().all(|heard| heard["error"].is_null()), "{record}");
        let of = |name: &str| record[name].clone();
        let same = ["content", "subject", "outcome", "answer", "primary", "tags", "group", "row"];
        let same: Vec<Value> = same.into_iter().map(of).collect();
        (record["trial"].as_str().unwrap().to_owned(), json!([digests, same, of("variant")]))
    };
    records.iter().map(told).collect()
}

/// Statistics without what names the suite and the run.
fn numbers(project: &Project, run: &str) -> Value {
    let mut scorecard = project.json(&format!("{run}/scorecard.json"));
    for name in ["run", "digest", "suite_digest", "path", "started"] {
        scorecard.as_object_mut().unwrap().remove(name);
    }
    scorecard
}

/// The project of this repository, with its suites to be written anew.
fn shipped() -> Project {
    let project = Project::empty();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = fs::read_to_string(root.join("overclaim.yaml")).unwrap();
    project.write("overclaim.yaml", &config);
    std::os::unix::fs::symlink(root.join("fixtures"), project.dir.path().join("fixtures")).unwrap();
    project
}

/// Runs a suite and the suite of its copied cases, and returns what was copied.
fn copied_cases_are_the_same(project: &Project, suite: &str, rows: usize) -> Vec<String> {
    project.write("suites/first.yaml", suite);
    let run = |path: &str, out: &str| {
        let output = project.run(&["run", path, "--out", out, "--cache", "off"]);
        assert!(code(&output) != 2, "{}{}", text(&output.stdout), text(&output.stderr));
    };
    run("suites/first.yaml", "first");
    let mut entries = copied(&project.read("first/report.html"));
    // In the order of the rows, in which sums are summed.
    let records = project.records("first");
    let place = |entry: &String| {
        let mut records = records.iter();
        records.position(|it| {
            let row = it["row"].as_str().or(it["case"].as_str()).unwrap();
            entry.starts_with(&format!("- id: \"{row}\"\n"))
        })
    };
    entries.sort_by_key(place);
    entries.dedup();
    assert_eq!(entries.len(), rows);
    project.write("suites/second.yaml", &with_cases(suite, &entries));
    let checked = project.run(&["check", "suites/second.yaml"]);
    assert_eq!(code(&checked), 0, "{}{}", text(&checked.stdout), text(&checked.stderr));
    run("suites/second.yaml", "second");
    let (first, second) = (asked(project, "first"), asked(project, "second"));
    assert_eq!(first.len(), second.len());
    for (trial, told) in &first {
        assert_eq!(Some(told), second.get(trial), "{trial}");
    }
    entries
}

#[test]
fn the_copied_cases_of_every_shipped_suite_are_asked_and_judged_the_same() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites");
    let mut seen = 0;
    for file in fs::read_dir(suites).unwrap() {
        let suite = fs::read_to_string(file.unwrap().path()).unwrap();
        let from = suite.lines().find_map(|line| line.trim().strip_prefix("from: ../")).unwrap();
        let project = shipped();
        let rows = project.read(from).lines().count();
        copied_cases_are_the_same(&project, &suite, rows);
        let both = ["first", "second"].map(|run| numbers(&project, run));
        assert_eq!(both[0], both[1]);
        seen += 1;
    }
    assert_eq!(seen, 6);
}

/// Whatever JSON a row may hold.
fn values() -> impl Strategy<Value = Value> {
    let number = |number: f64| Value::from(number);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(number),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(texts(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        "[\\x00-\\x20\u{7f}-\u{a0}\u{2028}\u{feff}\u{fffe}\u{202e}\u{e0041}é\u{301}]{0,12}",
        prop::sample::select(vec![
            "",
            "~",
            "null",
            "true",
            "no",
            "1",
            "1.0",
            "0x10",
            "<<",
            "- a",
            "a: b",
            "# c",
            "'",
            "---",
            "\\",
            "{{ a }}",
            "{% raw %}",
            "&a",
            "*a",
            "!!str",
            "1e3",
            ".inf",
            "2026-01-01",
            "</pre>",
        ])
        .prop_map(str::to_owned),
    ]
}

#[test]
fn whatever_a_row_holds_its_copy_is_read_as_the_row() {
    let server = Server::json(200, r#"{"choices":[{"message":{"content":"x"}}]}"#);
    let project = Project::at(&server);
    let names = prop::collection::btree_map(texts(), values(), 0..4);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let rows: Vec<BTreeMap<String, Value>> = (0..400)
        .map(|id| {
            let mut row = names.new_tree(&mut runner).unwrap().current();
            row.retain(|name, _| !["id", "question", "override", "tags"].contains(&name.as_str()));
            let question = texts().new_tree(&mut runner).unwrap().current();
            row.insert("question".into(), format!("{id} {question}").into());
            row.insert("id".into(), format!("{id}").into());
            row
        })
        .collect();
    let lines = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n");
    project.write("suites/rows.jsonl", &lines.collect::<String>());
    project.write("suites/any.yaml", ANY);
    let output = project.run(&["run", "suites/any.yaml", "--out", "out", "--cache", "off"]);
    assert!(code(&output) != 2, "{}{}", text(&output.stdout), text(&output.stderr));
    let entries = copied(&project.read("out/report.html"));
    assert_eq!(entries.len(), rows.len());
    let read = span::parse(&entries.concat()).unwrap().to_json();
    let mut known = 0;
    for entry in read.as_array().unwrap() {
        let row = &rows[entry["id"].as_str().unwrap().parse::<usize>().unwrap()];
        assert_eq!(entry, &serde_json::to_value(row).unwrap());
        known += 1;
    }
    assert_eq!(known, rows.len());
}

const ANY: &str = "\
suite: any
endpoints: [model]
dataset: {from: rows.jsonl}
prompt: \"{{ question }}\"
grade: {exact: \"x\"}
";

#[test]
fn what_only_the_dataset_says_stands_in_the_copy() {
    let server = Server::json(200, r#"{"choices":[{"message":{"content":"A"}}]}"#);
    let project = Project::at(&server);
    let rows = [
        json!({"n": 1, "text": "One?", "right": "x", "wrong": "y", "passage": "p", "tags": ["own"]}),
        json!({"n": 2, "text": "Two?", "right": "v", "wrong": "w", "passage": "q", "tags": "hard"}),
        json!({"n": 3, "text": "Three?", "right": "s", "wrong": "t", "passage": "q", "group": "g"}),
    ];
    project.write("suites/rows.jsonl", &rows.map(|row| row.to_string() + "\n").concat());
    for order in ["rotate", "{shuffle: 7}"] {
        let suite = LABELLED.replace("ORDER", order);
        let entries = copied_cases_are_the_same(&project, &suite, 3);
        assert_eq!(
            entries[0],
            "- id: \"q-1\"\n  choices: [\"x\", \"y\"]\n  \"n\": 1\n  passage: \"p\"\n  right: \"x\"\n  \
             text: \"One?\"\n  wrong: \"y\"\n  tags: [\"k1\"]\n  group: \"p\"\n"
        );
        for run in ["first", "second"] {
            fs::remove_dir_all(project.dir.path().join(run)).unwrap();
        }
    }
}

const LABELLED: &str = "\
suite: labelled
endpoints: [model]
dataset:
  from: rows.jsonl
  id: \"q-{{ n }}\"
  tags: [\"k{{ n }}\"]
  group: \"{{ passage }}\"
  choices: [\"{{ right }}\", \"{{ wrong }}\"]
choice_order: ORDER
matrix: {tone: [kind, stern]}
prompts:
  short: \"{{ tone }} {{ text }} {{ choices | join(' ') }}\"
  long: \"Be {{ tone }}. {{ text }} {{ choices | join(', ') }}\"
grade: {choice: \"A\"}
overrides:
  - {match: \"tag:k2\", threshold: 0.5}
";

#[test]
fn what_a_case_overrides_is_copied_with_it() {
    let server = Server::json(200, r#"{"choices":[{"message":{"content":"Paris"}}]}"#);
    let project = Project::at(&server);
    let case = "- {id: a, question: \"Where?\", answer: Paris, n: 5, group: g, override: \
                {threshold: 0.5, grade: {contains: [Paris, Paname]}}}\n";
    let suite = "suite: own\nendpoints: [model]\nprompt: \"{{ question }}\"\n\
                 grade: {exact: \"{{ answer }}\"}\ncases:\n";
    project.write("suites/own.yaml", &format!("{suite}{case}"));
    let run = |path: &str, out: &str| {
        let output = project.run(&["run", path, "--out", out, "--cache", "off"]);
        assert!(code(&output) != 2, "{}{}", text(&output.stdout), text(&output.stderr));
        asked(&project, out)
    };
    let first = run("suites/own.yaml", "first");
    let entries = copied(&project.read("first/report.html"));
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    let [typed, read] = [case, entry].map(|yaml| span::parse(yaml).unwrap().to_json());
    assert_eq!(typed, read);
    project.write("suites/copied.yaml", &format!("{suite}{entry}"));
    assert_eq!(first, run("suites/copied.yaml", "second"));
    let regraded = project.run(&["regrade", "first", "--out", "third"]);
    assert!(code(&regraded) < 2, "{}", text(&regraded.stderr));
    assert_eq!(copied(&project.read("third/report.html")), entries);
}

#[test]
fn no_copy_is_offered_of_a_row_that_is_large_or_means_something_else_as_an_entry() {
    let server = Server::json(200, r#"{"choices":[{"message":{"content":"x"}}]}"#);
    let project = Project::at(&server);
    let rows = [
        json!({"id": "long", "question": "Where?", "passage": "word ".repeat(1000)}),
        json!({"id": "other", "question": "Why?", "override": {"threshold": 0.1}}),
        json!({"id": "plain", "question": "word ".repeat(700)}),
    ];
    project.write("suites/rows.jsonl", &rows.map(|row| row.to_string() + "\n").concat());
    project.write("suites/any.yaml", ANY);
    project.run(&["run", "suites/any.yaml", "--out", "out", "--cache", "off"]);
    let known: Vec<Value> =
        project.records("out").iter().map(|record| record["row_values"].clone()).collect();
    assert_eq!(known[..2], [Value::Null, Value::Null]);
    // The question, trimmed, is not the row's any more.
    assert_eq!(known[2], json!({"id": "plain", "question": "word ".repeat(700)}));
    assert_eq!(copied(&project.read("out/report.html")).len(), 1);
}
