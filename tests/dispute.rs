//! `overclaim dispute` as a user meets it: labels disputed and mended, patches applied by the real
//! `git` and `patch`, and runs graded by what they mended.

mod support;

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::project::{Project, SUITE, code, letter, mostly_right, question, text};
use support::{Server, chat};

const DISPUTED: &str = "suites/snapshots/demo.disputed.jsonl";
const PATCH: &str = "suites/snapshots/demo.labels.patch";

/// Four questions of which the last is answered with B, surely, while its label says A.
fn project() -> (Project, Server) {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(4);
    let ran = project.run(&["run", "--out", "run"]);
    assert_eq!(code(&ran), 1, "{}", text(&ran.stderr));
    (project, server)
}

fn ok(output: &Output) -> String {
    assert_eq!(
        (code(output), text(&output.stderr)),
        (0, String::new()),
        "{}",
        text(&output.stdout)
    );
    text(&output.stdout)
}

fn error(output: &Output) -> String {
    assert_eq!(
        (code(output), text(&output.stdout)),
        (2, String::new()),
        "{}",
        text(&output.stderr)
    );
    text(&output.stderr)
}

/// Applies the patch in copies of the project by both tools, compares, and keeps it applied.
fn apply(project: &Project, patch: &str) {
    let copies: Vec<tempfile::TempDir> = ["git", "patch"]
        .into_iter()
        .map(|tool| {
            let copy = tempfile::tempdir().unwrap();
            copy_dir(&project.dir.path().join("suites"), &copy.path().join("suites"));
            let mut command = Command::new(tool);
            command.current_dir(copy.path()).env("LC_ALL", "C");
            match tool {
                "git" => command.args(["apply", "--whitespace=nowarn", patch]),
                _ => command.args(["-p1", "--fuzz=0", "-i", patch]),
            };
            let applied = command.output().unwrap();
            let told = (text(&applied.stdout), text(&applied.stderr));
            assert!(applied.status.success(), "{tool}: {told:?}\n{}", project.read(patch));
            copy
        })
        .collect();
    let files = |copy: &tempfile::TempDir| {
        let mut files = Vec::new();
        read_dir(&copy.path().join("suites"), &mut files);
        files
    };
    assert_eq!(files(&copies[0]), files(&copies[1]), "git and patch made something else of it");
    copy_dir(&copies[0].path().join("suites"), &project.dir.path().join("suites"));
}

fn read_dir(dir: &std::path::Path, files: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            read_dir(&path, files);
        } else {
            files.push((entry.file_name().into_string().unwrap(), fs::read(&path).unwrap()));
        }
    }
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_dir(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Right answers of the graded, in a run's scorecard.
fn right(scorecard: &Value) -> (u64, u64) {
    let accuracy = &scorecard["endpoints"][0]["accuracy"];
    (accuracy["count"].as_u64().unwrap(), accuracy["n"].as_u64().unwrap())
}

#[test]
fn a_disputed_label_judges_as_before_and_both_figures_are_told() {
    let (project, _server) = project();
    let before = project.read("run/decision.json");
    let told = ok(&project.run(&[
        "dispute",
        "run",
        "q-3",
        "--says",
        "B. no 3",
        "--reason",
        "the \u{202e}source",
        "--date",
        "2026-11-29",
    ]));
    insta::assert_snapshot!(told, @"suites/snapshots/demo.disputed.jsonl: q-3 is disputed; both figures: overclaim regrade run");
    let file = project.read(DISPUTED);
    let subject = file.split('#').nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(subject.len(), 12, "{file}");
    insta::assert_snapshot!(file.replace(subject, "…"), @r##"
    {"format":1,"suite":"demo"}
    {"case":"q-3","subject":"#…","expected":"A. yes 3","says":"B. no 3","reason":"the \u202esource","since":"2026-11-29"}
    "##);
    insta::assert_snapshot!(ok(&project.run(&["dispute", "--list", "run"])), @r"
    suites/snapshots/demo.disputed.jsonl
      q-3: disputed
        B. no 3, not A. yes 3, since 2026-11-29
        the \u{202e}source
    model: 3 of 4 right (75%), 1 of 4 confidently wrong; without them 3 of 3 right (100%), 0 of 3 confidently wrong
    ");

    // The run says the same as before; graded again it knows.
    let report = text(&project.run(&["report", "run"]).stdout);
    assert!(!report.contains("disputed"), "{report}");
    let regraded = project.run(&["regrade", "run", "--out", "again"]);
    assert_eq!(code(&regraded), 1, "the gate judges all labels as they are");
    let page = text(&regraded.stdout);
    assert!(page.contains("without 1 disputed label"), "{page}");
    let document = project.run(&["report", "again", "--format", "json"]).stdout;
    let document: Value = serde_json::from_slice(&document).unwrap();
    let graded = |scorecard: &Value| scorecard["endpoints"][0]["accuracy"]["n"].clone();
    let disputed = &document["disputed"];
    assert_eq!(disputed["held"][0]["dispute"]["case"], "q-3");
    assert_eq!(
        (graded(&document["scorecard"]), graded(&disputed["without"])),
        (4.into(), 3.into())
    );
    let decision = |text: &str| serde_json::from_str::<Value>(text).unwrap()["lines"].clone();
    assert_eq!(decision(&before), decision(&project.read("again/decision.json")));
    assert_eq!(project.read("run/scorecard.json"), project.read("again/scorecard.json"));

    // What the run was held against stays what it was then.
    let shown = text(&project.run(&["report", "again"]).stdout);
    ok(&project.run(&["dispute", "--settle", "again", "q-3"]));
    assert!(!project.dir.path().join(DISPUTED).exists());
    assert_eq!(text(&project.run(&["report", "again"]).stdout), shown);
    insta::assert_snapshot!(ok(&project.run(&["dispute", "--list", "run"])), @"nothing of demo is disputed");
}

#[test]
fn a_list_for_programs_has_the_figures_without_the_disputed_cases() {
    let (project, _server) = project();
    ok(&project.run(&["dispute", "run", "q-3"]));
    ok(&project.run(&["dispute", "run", "q-1@model", "--reason", "twice"]));
    let list = ok(&project.run(&["dispute", "--list", "run", "--json"]));
    let list: Value = serde_json::from_str(&list).unwrap();
    let rows: Vec<&Value> =
        list["held"].as_array().unwrap().iter().map(|it| &it["cases"]).collect();
    assert_eq!(rows, [&serde_json::json!(["q-1"]), &serde_json::json!(["q-3"])]);
    assert_eq!(right(&list["without"]), (2, 2));
    assert_eq!(right(&project.json("run/scorecard.json")), (3, 4));
    assert_eq!(list["without"]["endpoints"][0]["planned"], 2);
    // Said again, it is one dispute, and what was said before stands.
    ok(&project.run(&["dispute", "run", "q-1", "--says", "B"]));
    let file = project.read(DISPUTED);
    assert_eq!(file.matches("\"case\":\"q-1\"").count(), 1, "{file}");
    assert!(file.contains(r#""says":"B","reason":"twice""#), "{file}");
}

#[test]
fn a_label_is_mended_by_a_patch_and_graded_again_by_the_new_one() {
    let (project, _server) = project();
    let rows = project.read("suites/rows.jsonl");
    let told =
        ok(&project.run(&["dispute", "run", "q-3", "--mend", "no 3", "--date", "2026-11-29"]));
    insta::assert_snapshot!(told, @"suites/snapshots/demo.labels.patch: mends q-3, which is disputed until it is applied: git apply suites/snapshots/demo.labels.patch && overclaim regrade run");
    assert_eq!(project.read("suites/rows.jsonl"), rows, "the file itself is never edited");
    let patch = project.read(PATCH);
    let subject = patch.split("\"#").nth(1).unwrap().split('"').next().unwrap();
    insta::assert_snapshot!(patch.replace(subject, "…"), @r##"
    # Labels of demo, mended. From the project's root: git apply, or patch -p1
    # {"case":"q-3","subject":"#…","expected":"A. yes 3","says":"B. no 3","mend":["B. no 3"],"since":"2026-11-29"}
    --- a/suites/rows.jsonl
    +++ b/suites/rows.jsonl
    @@ -1,4 +1,4 @@
     {"id": "q-0", "question": "Question 0?", "choices": ["yes 0", "no 0"], "answer": "A", "kind": "k0"}
     {"id": "q-1", "question": "Question 1?", "choices": ["yes 1", "no 1"], "answer": "A", "kind": "k1"}
     {"id": "q-2", "question": "Question 2?", "choices": ["yes 2", "no 2"], "answer": "A", "kind": "k0"}
    -{"id": "q-3", "question": "Question 3?", "choices": ["yes 3", "no 3"], "answer": "A", "kind": "k1"}
    +{"id": "q-3", "question": "Question 3?", "choices": ["yes 3", "no 3"], "answer": "B", "kind": "k1"}
    "##);
    // A second one is in the same patch.
    ok(&project.run(&["dispute", "run", "q-0", "--mend", "B", "--reason", "why not"]));
    assert_eq!(project.read(PATCH).matches("\n@@ ").count(), 1);
    apply(&project, PATCH);
    let after = project.read("suites/rows.jsonl");
    let changed = |line: &str| line.replace("\"answer\": \"A\"", "\"answer\": \"B\"");
    let wanted: Vec<String> =
        rows.lines()
            .map(|line| {
                if line.contains("q-3") || line.contains("q-0") {
                    changed(line)
                } else {
                    line.into()
                }
            })
            .collect();
    assert_eq!(after, wanted.join("\n") + "\n");

    let regraded = project.run(&["regrade", "run", "--out", "again"]);
    let records = project.records("again");
    let outcomes: Vec<&Value> = records.iter().map(|record| &record["outcome"]).collect();
    assert_eq!(outcomes, ["incorrect", "correct", "correct", "correct"]);
    // Settled: told once, without effect.
    let settled = text(&regraded.stderr);
    assert_eq!(settled.matches("2 disputed labels are settled").count(), 1, "{settled}");
    assert!(!text(&regraded.stdout).contains("without"), "{}", text(&regraded.stdout));
    let list = ok(&project.run(&["dispute", "--list", "again"]));
    assert_eq!(list.matches("settled, can be removed").count(), 2, "{list}");
    // What was applied drops out of the patch.
    ok(&project.run(&["dispute", "again", "q-1", "--mend", "B"]));
    let patch = project.read(PATCH);
    assert!(patch.contains("q-1") && !patch.contains("-{\"id\": \"q-3\""), "{patch}");
    for case in ["q-0", "q-1", "q-3"] {
        ok(&project.run(&["dispute", "--settle", "again", case]));
    }
    assert!(
        !project.dir.path().join(PATCH).exists() && !project.dir.path().join(DISPUTED).exists()
    );
}

#[test]
fn rotated_choices_are_one_label() {
    let server = Server::new(|seen, client| {
        // Always the text `no`, wherever it stands.
        let no = if seen.body.contains("A. no") { "A" } else { "B" };
        client.json(200, &letter(no, if no == "A" { 0.95 } else { 0.05 }));
    });
    let project = Project::at(&server).choices(3);
    project.write(
        "suites/demo.yaml",
        &SUITE.replace("threshold: 0.8", "threshold: 0.8\nchoice_order: rotate"),
    );
    project.run(&["run", "--out", "run"]);
    // In this rotation `no 1` is A.
    ok(&project.run(&["dispute", "run", "q-1/rotation=1", "--mend", "A"]));
    let file = project.read(DISPUTED);
    assert_eq!(file.lines().count(), 2, "{file}");
    assert!(
        file.contains(r#""expected":"A. yes 1","says":"B. no 1","mend":["B. no 1"]"#),
        "{file}"
    );
    let list = ok(&project.run(&["dispute", "--list", "run", "--json"]));
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["held"][0]["cases"], serde_json::json!(["q-1/rotation=0", "q-1/rotation=1"]));
    assert_eq!(list["without"]["endpoints"][0]["planned"], 4);
    apply(&project, PATCH);
    assert!(project.read("suites/rows.jsonl").contains(r#"["yes 1", "no 1"], "answer": "B""#));
    project.run(&["regrade", "run", "--out", "again"]);
    let records = project.records("again");
    let of_row = records.iter().filter(|record| record["row"] == "q-1");
    assert!(of_row.clone().all(|record| record["outcome"] == "correct"));
    assert_eq!(of_row.count(), 2);
}

#[test]
fn prompts_that_word_the_question_are_disputed_together_at_every_endpoint() {
    let server = Server::json(200, chat("Sydney"));
    let project = Project::at(&server);
    let endpoints = project
        .read("overclaim.yaml")
        .replace("  tape:", "  other: {wire: openai-chat, base_url: \"BASE\", model: n}\n  tape:");
    project.write("overclaim.yaml", &endpoints.replace("BASE", &server.base_url()));
    project.write(
        "suites/demo.yaml",
        "\
suite: demo
endpoints: [model, other]
prompts:
  short: \"Capital of {{ country }}?\"
  long: \"Name the capital of {{ country }}.\"
grade: {exact: \"{{ capital }}\"}
parameters: {max_tokens: 4}
cases:
  - {id: au, country: Australia, capital: Canberra} # for now
  - {id: nz, country: New Zealand, capital: Wellington}
",
    );
    project.run(&["run", "--out", "run"]);
    // One of them is asked in a part of the run only.
    project.run(&["run", "--out", "part", "--filter", "id:nz*"]);
    ok(&project.run(&["dispute", "run", "au", "--mend", "Sydney"]));
    let file = project.read(DISPUTED);
    assert_eq!(file.matches("\"case\":\"au\"").count(), 2, "a line for each wording: {file}");
    let patch = project.read(PATCH);
    assert_eq!(patch.matches("\n+  - {id: au").count(), 1, "{patch}");
    let list: Value =
        serde_json::from_str(&ok(&project.run(&["dispute", "--list", "run", "--json"]))).unwrap();
    for endpoint in 0..2 {
        assert_eq!(list["without"]["endpoints"][endpoint]["planned"], 2);
    }
    let list = ok(&project.run(&["dispute", "--list", "part"]));
    assert_eq!(list.matches("au: not asked in this run").count(), 2, "{list}");
    apply(&project, PATCH);
    assert!(project.read("suites/demo.yaml").contains("capital: Sydney} # for now"));
    project.run(&["regrade", "run", "--out", "again"]);
    assert_eq!(right(&project.json("again/scorecard.json")), (2, 4));
}

#[test]
fn every_format_of_rows_is_patched_by_the_real_tools() {
    let server = Server::json(200, chat("y"));
    let question = |name: &str| format!("What is in {name}?");
    for (file, rows) in [
        ("my rows.csv", format!("\u{feff}id,answer,question\r\na,x,\"{}\r\nReally?\"\r\nb,\"x\",?", question("a"))),
        ("rows.tsv", "id\tquestion\tanswer\na\tone\tx\nb\ttwo\tx".to_owned()),
        ("zeilen-ä.json", "[\n  {\"id\": \"a\", \"question\": \"?\",\n   \"answer\": \"x\"},\n  {\"id\": \"b\", \"question\": \"?\", \"answer\": \"x\"}\n]".to_owned()),
        ("data/rows.jsonl", "{\"id\":\"a\",\"question\":\"?\",\"answer\":[\"x\"]}\r\n\r\n{\"id\":\"b\",\"question\":\"?\",\"answer\":\"x\"}".to_owned()),
    ] {
        let project = Project::at(&server);
        project.write(&format!("suites/{file}"), &rows);
        project.write("suites/demo.yaml", &format!("\
suite: demo
endpoints: [model]
dataset: {{from: \"{file}\", id: \"{{{{ id }}}}\"}}
prompt: \"{{{{ question }}}}\"
grade: {{exact: \"{{{{ answer }}}}\"}}
parameters: {{max_tokens: 4}}
"));
        let ran = project.run(&["run", "--out", "run"]);
        assert_eq!(right(&project.json("run/scorecard.json")), (0, 2), "{}", text(&ran.stderr));
        ok(&project.run(&["dispute", "run", "a", "--mend", "y"]));
        ok(&project.run(&["dispute", "run", "b", "--mend", "y"]));
        apply(&project, PATCH);
        let after = project.read(&format!("suites/{file}"));
        assert_eq!(after.replace('y', "x"), rows.replace('y', "x"), "{file}");
        project.run(&["regrade", "run", "--out", "again"]);
        assert_eq!(right(&project.json("again/scorecard.json")), (2, 2), "{file}: {after}");
    }
}

#[test]
fn what_cannot_be_mended_offers_to_dispute_it_and_writes_nothing() {
    let (project, _server) = project();
    let mend = |answer: &str| error(&project.run(&["dispute", "run", "q-3", "--mend", answer]));
    insta::assert_snapshot!(mend("perhaps"), @"error: suites/rows.jsonl:4: `answer` cannot hold `perhaps`, which is no choice: give a letter from A to B, or the exact text of a choice; or dispute it: overclaim dispute run q-3 --says TEXT");
    insta::assert_snapshot!(mend("B\u{200b}"), @r"error: the answer has a character that nobody sees, \u{200b}: leave it out; or dispute it: overclaim dispute run q-3 --says TEXT");
    project
        .write("suites/rows.jsonl", &project.read("suites/rows.jsonl").replace("yes 3", "yes, 3"));
    insta::assert_snapshot!(mend("B"), @"error: suites/rows.jsonl:4: q-3 is not what it was in the run: its question, its label or how it is judged has changed; run it again; or dispute it: overclaim dispute run q-3 --says TEXT");
    project.write("suites/rows.jsonl", "{\"id\": \"z\", \"question\": \"?\", \"choices\": [\"a\", \"b\"], \"answer\": \"A\", \"kind\": \"k\"}\n");
    insta::assert_snapshot!(mend("B"), @"error: suites/rows.jsonl:4: the suite does not have q-3 any more, as it was in the run: run it again; or dispute it: overclaim dispute run q-3 --says TEXT");
    project.write("suites/demo.yaml", &SUITE.replace("{{ answer }}", "A"));
    insta::assert_snapshot!(mend("B"), @"error: suites/rows.jsonl:4: the suite does not have q-3 any more, as it was in the run: run it again; or dispute it: overclaim dispute run q-3 --says TEXT");
    project.write("suites/demo.yaml", "suite: [");
    insta::assert_snapshot!(mend("B"), @"error: suites/demo.yaml has an error: see overclaim check suites/demo.yaml; or dispute it: overclaim dispute run q-3 --says TEXT");
    assert!(!project.dir.path().join("suites/snapshots").exists());
    insta::assert_snapshot!(error(&project.run(&["dispute", "run", "q3"])), @"error: no case 'q3' in this run");
    insta::assert_snapshot!(error(&project.run(&["dispute", "--settle", "run", "q-3"])), @"error: suites/snapshots/demo.disputed.jsonl: q-3 is not disputed; see overclaim dispute --list");
    insta::assert_snapshot!(error(&project.run(&["dispute", "run", "q-3", "--json"])), @"error: --json goes with --list: leave it out, or list what is disputed");
}

#[test]
fn a_dataset_elsewhere_is_not_patched() {
    let (project, _server) = project();
    let elsewhere = tempfile::tempdir().unwrap();
    let rows = elsewhere.path().join("rows.jsonl");
    fs::write(&rows, project.read("suites/rows.jsonl")).unwrap();
    project.write("suites/demo.yaml", &SUITE.replace("rows.jsonl", &rows.display().to_string()));
    project.run(&["run", "--out", "other"]);
    let why = error(&project.run(&["dispute", "other", "q-3", "--mend", "B"]));
    assert!(why.contains("rows.jsonl:4: ") && why.contains(" is not below "), "{why}");
    assert!(why.contains("; or dispute it: overclaim dispute other q-3 --says TEXT"), "{why}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&rows, project.dir.path().join("suites/link.jsonl")).unwrap();
        project.write("suites/demo.yaml", &SUITE.replace("rows.jsonl", "link.jsonl"));
        project.run(&["run", "--out", "linked"]);
        let why = error(&project.run(&["dispute", "linked", "q-3", "--mend", "B"]));
        assert!(why.contains("suites/link.jsonl is a link"), "{why}");
    }
}

#[test]
fn nothing_is_written_in_a_ci_job() {
    let (project, _server) = project();
    for args in [
        &["dispute", "run", "q-3"][..],
        &["dispute", "run", "q-3", "--mend", "B"],
        &["dispute", "--settle", "run", "q-3"],
    ] {
        let output = project.command(args).env("CI", "true").output().unwrap();
        assert!(error(&output).contains("CI is set"), "{args:?}");
    }
    assert!(!project.dir.path().join("suites/snapshots").exists());
    let listed = project.command(&["dispute", "--list", "run"]).env("CI", "true").output().unwrap();
    assert_eq!(ok(&listed), "nothing of demo is disputed\n");
}

#[test]
fn a_file_that_cannot_be_read_stops_before_anything_is_asked() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(2);
    project.write(
        DISPUTED,
        "{\"format\":1,\"suite\":\"demo\"}\n{\"case\":\"q-1\",\"subject\":\"#0\"}\n",
    );
    let told = error(&project.run(&["run", "--out", "run"]));
    insta::assert_snapshot!(told, @"
    warning: 2 cases can never pass `max_rate`, not even if all are good
      --> suites/demo.yaml:13:3
       |
    13 |   confident_wrong: {max_rate: 20%}
       |   ^^^^^^^^^^^^^^^ 14 cases could; add some, or loosen the limit

    error: suites/snapshots/demo.disputed.jsonl:2:29: not a disputed label: missing field `expected`; mend the line, or remove it
    ");
    project.write(DISPUTED, "{\"format\":2}\n");
    let told = error(&project.run(&["run", "--out", "run"]));
    insta::assert_snapshot!(told, @"
    warning: 2 cases can never pass `max_rate`, not even if all are good
      --> suites/demo.yaml:13:3
       |
    13 |   confident_wrong: {max_rate: 20%}
       |   ^^^^^^^^^^^^^^^ 14 cases could; add some, or loosen the limit

    error: suites/snapshots/demo.disputed.jsonl:1:1: format 2, newer than 1: a newer overclaim reads it
    ");
    assert_eq!(server.calls(), 0);
    assert!(!project.dir.path().join("run").exists());
}

#[test]
fn a_review_disputes_and_mends_in_passing() {
    let (project, _server) = project();
    project.run(&["accept", "run"]);
    // The next model is wrong where this one was right.
    let wrong = Server::new(|seen, client| {
        let letter = if question(seen) == 3 { letter("A", 0.9) } else { letter("B", 0.05) };
        client.json(200, &letter);
    });
    let config = project.read("overclaim.yaml");
    let url = config.split('"').nth(1).unwrap().to_owned();
    project.write("overclaim.yaml", &config.replace(&url, &wrong.base_url()));
    project.run(&["run"]);
    let review = |keys: &str| {
        let mut command = project.command(&["review", "--plain", "--date", "2026-11-29"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(keys.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let told = ok(&review("d\nin doubt\ns\nm\nno 1\nthe source\nq\ny\n"));
    assert!(told.contains("demo.disputed.jsonl: the label of q-0 is disputed\n"), "{told}");
    assert!(told.ends_with("demo.labels.patch: mends the label of q-1\n"), "{told}");
    let file = project.read(DISPUTED);
    assert!(file.contains(r#""case":"q-0""#) && file.contains(r#""reason":"in doubt""#), "{file}");
    assert!(
        file.contains(r#""mend":["B. no 1"],"reason":"the source","since":"2026-11-29""#),
        "{file}"
    );
    assert!(project.read(PATCH).contains("\n+{\"id\": \"q-1\""));
    // One that cannot be mended keeps no other from being written.
    let output = review("m\nperhaps\nso\ns\ns\nd\nwhy\nq\ny\n");
    assert_eq!(code(&output), 2);
    assert!(
        text(&output.stderr).contains("`answer` cannot hold `perhaps`"),
        "{}",
        text(&output.stderr)
    );
    assert!(project.read(DISPUTED).contains(r#""case":"q-2""#), "{}", text(&output.stdout));
}
