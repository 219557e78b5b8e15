//! The built binary as a user meets it: suites on disk, a server on a port, exit codes, files.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::Server;
use support::project::{Project, SUITE, code, letter, mostly_right, question, text};

/// What a run printed without what differs from run to run.
fn steady(text: &str) -> String {
    let time = |c: char| c.is_ascii_digit() || "-T".contains(c);
    let words = text.split_inclusive([' ', '\n', '/']).map(|word| {
        let bare = word.trim_end_matches([' ', '\n', '/']);
        if bare.len() >= 19 && bare.chars().all(time) {
            word.replace(bare, "TIME")
        } else {
            word.to_owned()
        }
    });
    let text: String = words.collect();
    let seconds = |line: &str| match line.rsplit_once(" · ") {
        Some((head, tail)) if tail.ends_with(" s") => format!("{head} · TIME"),
        _ if line.starts_with("  answers in ") => "  answers in TIME".to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| seconds(line) + "\n").collect()
}

#[test]
fn a_run_prints_its_page_and_writes_its_directory() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(40);
    let output = project.run(&["run", "suites/demo.yaml"]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    insta::assert_snapshot!(steady(&text(&output.stdout)), @"
    demo · m · 40 cases                                       FAILED  1 of 2 budgets

      confident wrong  10 of 40   25%   95% exact upper limit 38.7%   at ≥ 0.80
      when confident   10 of 40 wrong   25%   95% exact upper limit 38.7%
      accuracy         75%   95% interval 59.8% to 85.8%
      mean confidence  91.2%   gap +16.2 points [+3.1, +32.0]   choice_logprob
      calibration      Brier 0.233 [0.122, 0.367]   KS 0.163   smooth ECE 0.163
                       not calibrated: chance gives such a KS in < 1% of samples
      ranking          AUROC 0.000
      by tag           2 tags, each of under the 41 cases that could tell
      30 correct · 10 incorrect

      Confidently wrong, the surest first
      0.95  Question 3?
            said B. no 3   expected A. yes 3                                     q-3
      0.95  Question 7?
            said B. no 7   expected A. yes 7                                     q-7
      0.95  Question 11?
            said B. no 11   expected A. yes 11                                  q-11
      0.95  Question 15?
            said B. no 15   expected A. yes 15                                  q-15
      0.95  Question 19?
            said B. no 19   expected A. yes 19                                  q-19
      0.95  Question 23?
            said B. no 23   expected A. yes 23                                  q-23
      0.95  Question 27?
            said B. no 27   expected A. yes 27                                  q-27
      0.95  Question 31?
            said B. no 31   expected A. yes 31                                  q-31
      0.95  Question 35?
            said B. no 35   expected A. yes 35                                  q-35
      0.95  Question 39?
            said B. no 39   expected A. yes 39                                  q-39

      right, of 40 answers in 2 bins, by choice_logprob
      1.0 ┤                                           ● ····
          │                                       ······
          │                                 ······
          │                           ······
      0.5 ┤                     ······
          │               ······
          │         ······
          │   ······
      0.0 ┤···                                           ●
          ┼─────────────────────────────────────────────────
          0        0.25         0.5        0.75           1  ● observed · calibrated

      ? confident_wrong at most 20%: undecided, so it fails
        10 of 40 answers are confidently wrong (25%); with 95% confidence from 14.2%
        to 38.7%, on both sides of 20%: about 194 cases would decide
      ✓ coverage at least 95%
        40 of 40 planned trials were measured

      40 trials · 40 calls · 0 joined · 0 stored · TIME
      answers in TIME
      reports/demo/TIME
    ");
    assert_eq!(server.calls(), 40);

    let runs: Vec<_> = fs::read_dir(project.dir.path().join("reports/demo")).unwrap().collect();
    let run = format!("reports/demo/{}", runs[0].as_ref().unwrap().file_name().to_string_lossy());
    let records = project.records(&run);
    assert_eq!(records.len(), 40);
    let wrong = &records[3];
    assert_eq!(wrong["trial"], "q-3@model");
    assert_eq!(wrong["outcome"], "incorrect");
    assert_eq!(wrong["quadrant"], "confident_wrong");
    assert_eq!((&wrong["answer"], &wrong["expected"]), (&"B".into(), &"A".into()));
    assert_eq!(wrong["at"], serde_json::json!({"file": "suites/rows.jsonl", "line": 4}));
    assert_eq!(wrong["tags"], serde_json::json!(["k1"]));
    let exchange = &wrong["exchanges"][0];
    assert_eq!((&exchange["role"], &exchange["origin"]), (&"answer".into(), &"live".into()));
    assert_eq!(exchange["attempts"][0]["status"], 200);
    assert!(exchange["times"]["total_ms"].as_f64().unwrap() > 0.0);
    let scorecard = project.json(&format!("{run}/scorecard.json"));
    let source = &scorecard["endpoints"][0]["sources"][0];
    assert_eq!(source["confident_wrong"]["0.8"]["wrong"], 10);
    assert_eq!(project.json(&format!("{run}/decision.json"))["exit_code"], 1);
    assert_eq!(project.json(&format!("{run}/operations.json"))["endpoints"][0]["attempts"], 40);
    let header = project.json(&format!("{run}/run.json"));
    assert_eq!((&header["format"], &header["planned"]), (&1.into(), &40.into()));

    // The latest run again: the same page.
    let again = project.run(&["report"]);
    assert_eq!((code(&again), text(&again.stdout)), (1, text(&output.stdout)));
}

#[test]
fn a_recorded_run_plays_again_with_the_same_scorecard() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(30);
    let live = project.run(&["run", "--record", "tape.jsonl", "--out", "live", "--quiet"]);
    assert_eq!(code(&live), 1, "{}", text(&live.stderr));
    drop(server);
    for out in ["first", "second"] {
        let played = project.run(&["run", "--endpoint", "tape", "--out", out, "--json"]);
        assert_eq!(code(&played), 1, "{}", text(&played.stderr));
        let document: Value = serde_json::from_slice(&played.stdout).unwrap();
        assert_eq!(document["operations"]["endpoints"][0]["origins"]["replayed"], 30);
        assert_eq!(
            project.read(&format!("{out}/scorecard.json")),
            project.read("live/scorecard.json")
        );
    }
    let tape = project.read("tape.jsonl");
    let mut lines: Vec<&str> = tape.lines().collect();
    assert_eq!(lines.len(), 30);
    assert!(lines.is_sorted());
    assert!(!tape.contains("127.0.0.1"), "a cassette plays on every machine");

    // A killed recording ends in the middle of a line; the rest of it plays.
    let torn = lines.pop().unwrap();
    project.write("tape.jsonl", &(lines.join("\n") + "\n" + &torn[..torn.len() / 2]));
    let played = project.run(&["run", "--endpoint", "tape", "--out", "third", "--limit", "40"]);
    assert!(text(&played.stdout).contains("1 × not recorded"), "{}", text(&played.stdout));
    assert_eq!(code(&played), 1, "29 of 30 are still enough to judge");
}

#[test]
fn a_missing_exchange_names_what_differs_from_the_nearest() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(4);
    project.run(&["run", "--record", "tape.jsonl", "--out", "live"]);
    let suite = project.read("suites/demo.yaml").replace("max_tokens: 4", "max_tokens: 5");
    project.write("suites/demo.yaml", &suite);
    let played = project.run(&["run", "--endpoint", "tape", "--out", "played"]);
    assert_eq!(code(&played), 3);
    let error = project.records("played")[0]["outcome"]["failed"]["message"].clone();
    insta::assert_snapshot!(error.as_str().unwrap(), @r#"tape.jsonl has no such exchange; the nearest differs in the parameter max_tokens (asked "5", recorded "4"); record it with `--record`"#);
    assert!(text(&played.stdout).contains("COULD NOT MEASURE"), "{}", text(&played.stdout));
}

#[test]
fn an_outage_is_no_wrong_answer() {
    let server = Server::new(|seen, client| {
        if question(seen) < 2 {
            client.json(500, "{\"error\": {\"message\": \"\\u001b[2Jout of memory\"}}");
        } else {
            mostly_right(seen, client);
        }
    });
    let project = Project::at(&server).choices(8);
    let output = project.run(&["run", "--out", "out"]);
    assert_eq!(code(&output), 3);
    let page = text(&output.stdout);
    assert!(page.contains("2 × server error") && page.contains("out of memory"), "{page}");
    assert!(!page.contains('\u{1b}'), "a server's text cannot steer the terminal");
    let scorecard = project.json("out/scorecard.json");
    assert_eq!(scorecard["endpoints"][0]["outcomes"]["failed"], 2);
    assert_eq!(scorecard["endpoints"][0]["accuracy"]["n"], 6);
}

#[test]
fn nothing_is_asked_before_every_suite_is_valid() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(3);
    project.write("suites/zbroken.yaml", &SUITE.replace("choice: \"{{ answer }}\"", "choise: x"));
    let output = project.run(&["run"]);
    assert_eq!((code(&output), server.calls()), (2, 0));
    insta::assert_snapshot!(text(&output.stderr), @"
    error: unknown grader `choise`
     --> suites/zbroken.yaml:9:9
      |
    9 | grade: {choise: x}
      |         ^^^^^^ did you mean `choice`?

    1 error; nothing was asked
    ");
    assert!(!project.dir.path().join("reports").exists());
}

#[test]
fn every_fault_of_a_suite_is_found_at_once() {
    let project = Project::empty();
    project.write("overclaim.yaml", "endpoints:\n  recorded: {wire: cassete, from: x.jsonl}\n");
    project.write("rows.jsonl", "{\"question\": \"a\", \"answer\": \"A\", \"choices\": [\"x\", \"y\"]}\n{\"question\": \"b\"}\n{\"question\": }\n{\"question\": \"d\", \"answer\": \"Z\", \"choices\": [\"x\", \"y\"]}\n{\"question\": \"e\"}\n");
    project.write(
        "suite.yaml",
        "suite: demo\nendpoints: [recordet]\nthreshold: 80\nthresold: 0.5\n\
         dataset: {from: rows.jsonl, id: \"{{ question }}\"}\n\
         prompt: |\n  {{ question }}\n  {% for choice in choises %}{{ choice }}{% endfor %}\n\
         grade: {choice: \"{{ answer }}\"}\nconfidence: [choice_logprobs]\n",
    );
    let first = project.run(&["check", "suite.yaml"]);
    assert_eq!(code(&first), 2);
    insta::assert_snapshot!(text(&first.stderr), @"
    error: unknown wire `cassete`
     --> overclaim.yaml:2:20
      |
    2 |   recorded: {wire: cassete, from: x.jsonl}
      |                    ^^^^^^^ did you mean `cassette`?

    error: 80 is outside 0..1
     --> suite.yaml:3:12
      |
    3 | threshold: 80
      |            ^^ did you mean 80%?

    error: unknown confidence method `choice_logprobs`
      --> suite.yaml:10:14
       |
    10 | confidence: [choice_logprobs]
       |              ^^^^^^^^^^^^^^^ did you mean `choice_logprob`?

    error: unknown key `thresold`
     --> suite.yaml:4:1
      |
    4 | thresold: 0.5
      | ^^^^^^^^ did you mean `threshold`?

    4 errors; nothing was asked
    ");
    // The rows are looked at once the suite itself can be understood.
    let suite = project.read("suite.yaml").replace("threshold: 80\nthresold: 0.5\n", "");
    project.write("suite.yaml", &suite.replace("choice_logprobs", "choice_logprob"));
    let second = project.run(&["check", "suite.yaml"]);
    assert_eq!(code(&second), 2);
    insta::assert_snapshot!(text(&second.stderr), @r#"
    error: unknown wire `cassete`
     --> overclaim.yaml:2:20
      |
    2 |   recorded: {wire: cassete, from: x.jsonl}
      |                    ^^^^^^^ did you mean `cassette`?

    error: the template names `choises`, which row 1 of rows.jsonl does not have (and 3 more rows)
     --> suite.yaml:6:20
      |
    6 |   {% for choice in choises %}{{ choice }}{% endfor %}
      |                    ^^^^^^^ did you mean `choices`?

    error: the template names `answer`, which row 2 of rows.jsonl does not have (and one more row)
     --> suite.yaml:7:21
      |
    7 | grade: {choice: "{{ answer }}"}
      |                     ^^^^^^ the row has question

    error: not a JSON object: expected value
     --> rows.jsonl:3:14
      |
    3 | {"question": }
      |              ^ mend this row

    error: row 4 of rows.jsonl: `Z` is no choice
     --> suite.yaml:7:17
      |
    7 | grade: {choice: "{{ answer }}"}
      |                 ^^^^^^^^^^^^^^ give a letter from A to B, or the exact text of a choice

    error: undefined endpoint `recordet`
     --> suite.yaml:2:13
      |
    2 | endpoints: [recordet]
      |             ^^^^^^^^ define it under `endpoints:` in overclaim.yaml

    6 errors; nothing was asked
    "#);
}

#[expect(clippy::too_many_lines, reason = "a table of faults")]
#[test]
fn small_faults_have_a_place_and_a_remedy() {
    let project = Project::empty();
    project.write(
        "overclaim.yaml",
        "endpoints:\n  model: {wire: openai-chat, base_url: \"http://127.0.0.1:1/v1\", model: m}\n",
    );
    let suite = "suite: s\nendpoints: [model]\ncases:\n  - {id: a, question: Why?, answer: x}\n\
                 prompt: \"{{ question }}\"\ngrade: {exact: \"{{ answer }}\"}\n";
    let faults = [
        ("no grader", suite.replace("grade: {exact: \"{{ answer }}\"}\n", "")),
        (
            "duplicate id",
            suite.replace("cases:\n", "cases:\n  - {id: a, question: Who?, answer: y}\n"),
        ),
        ("unknown grader", suite.replace("exact:", "exactt:")),
        ("threshold", suite.to_owned() + "threshold: 1.5\n"),
        (
            "a literal key",
            suite.to_owned()
                + "define:\n  mine: {wire: openai-chat, base_url: \"http://x/v1\", model: m, api_key: sk-abcdefghijklmnopqrstuvwx}\n",
        ),
        (
            "no cases",
            suite
                .replace("  - {id: a, question: Why?, answer: x}\n", "")
                .replace("cases:", "cases: []"),
        ),
        ("both forms", suite.to_owned() + "messages: [{user: hi}]\n"),
        ("bad name", suite.replace("suite: s", "suite: ../../etc")),
        (
            "budget",
            suite.to_owned()
                + "confidence: [verbalized]\nbudget: {confident_wrong: {level: 95%}, acuracy: {min: 90%}}\n",
        ),
        ("unmeasurable", suite.to_owned() + "budget: {confident_wrong: {max_count: 0}}\n"),
        ("broken yaml", suite.to_owned() + "budget: {\n"),
        ("repeated key", suite.to_owned() + "suite: t\n"),
        ("empty question", suite.replace("Why?", "\"\"")),
        ("conflict", suite.to_owned() + "confidence: [verbalized]\nparameters: {max_tokens: 4}\n"),
    ];
    let mut shown = String::new();
    for (name, suite) in faults {
        project.write("suite.yaml", &suite);
        let output = project.run(&["check", "suite.yaml"]);
        assert_eq!(code(&output), 2, "{name}: {}", text(&output.stderr));
        shown += &format!("## {name}\n{}", text(&output.stderr));
    }
    assert!(!shown.contains("abcdefghijklmnop"), "a key is never shown");
    insta::assert_snapshot!(shown, @r#"
    ## no grader
    error: no grader: nothing would be judged
     --> suite.yaml:1:1
      |
    1 | suite: s
      | ^ add one, such as `grade: {exact: "{{ answer }}"}`

    1 error; nothing was asked
    ## duplicate id
    error: case 2 (line 5) has the id `a` of case 1 (line 4)
     --> suite.yaml:5:5
      |
    5 |   - {id: a, question: Why?, answer: x}
      |     ^ give every case an id of its own

    1 error; nothing was asked
    ## unknown grader
    error: unknown grader `exactt`
     --> suite.yaml:6:9
      |
    6 | grade: {exactt: "{{ answer }}"}
      |         ^^^^^^ did you mean `exact`?

    1 error; nothing was asked
    ## threshold
    error: 1.5 is outside 0..1
     --> suite.yaml:7:12
      |
    7 | threshold: 1.5
      |            ^^^ did you mean 1.5%?

    1 error; nothing was asked
    ## a literal key
    error: a key must not be written into a file
     --> suite.yaml:8:73
      |
    8 |   mine: {wire: openai-chat, base_url: "http://x/v1", model: m, api_key: ***************************}
      |                                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ name the environment variable that holds it: `key_env: NAME`

    1 error; nothing was asked
    ## no cases
    error: there are no cases
     --> suite.yaml:3:1
      |
    3 | cases: []
      | ^^^^^ add at least one row

    1 error; nothing was asked
    ## both forms
    error: both `prompt` and `messages`
     --> suite.yaml:7:1
      |
    7 | messages: [{user: hi}]
      | ^^^^^^^^ keep one of the two

    1 error; nothing was asked
    ## bad name
    error: `../../etc` cannot be a suite's name, which is a directory's name too
     --> suite.yaml:1:8
      |
    1 | suite: ../../etc
      |        ^^^^^^^^^ use letters, digits, `-`, `_` and `.`

    1 error; nothing was asked
    ## budget
    error: a budget without a limit
     --> suite.yaml:8:27
      |
    8 | budget: {confident_wrong: {level: 95%}, acuracy: {min: 90%}}
      |                           ^ add `max_rate: 5%` or `max_count: 3`

    error: unknown key `acuracy`
     --> suite.yaml:8:41
      |
    8 | budget: {confident_wrong: {level: 95%}, acuracy: {min: 90%}}
      |                                         ^^^^^^^ did you mean `accuracy`?

    2 errors; nothing was asked
    ## unmeasurable
    error: a budget on confident wrong answers, and no confidence method
     --> suite.yaml:7:1
      |
    7 | budget: {confident_wrong: {max_count: 0}}
      | ^^^^^^ add one, such as `confidence: [verbalized]`

    1 error; nothing was asked
    ## broken yaml
    error: not readable as YAML: unclosed bracket '{'
     --> suite.yaml:7:9
      |
    7 | budget: {
      |         ^ here

    1 error; nothing was asked
    ## repeated key
    error: the key `suite` stands here twice
     --> suite.yaml:7:1
      |
    7 | suite: t
      | ^^^^^ keep one of the two

    1 error; nothing was asked
    ## empty question
    error: case 1 (line 4) asks nothing
     --> suite.yaml:4:5
      |
    4 |   - {id: a, question: "", answer: x}
      |     ^ this message is empty

    1 error; nothing was asked
    ## conflict
    error: max_tokens is 4, too few for an answer with its confidence
     --> suite.yaml:7:14
      |
    7 | confidence: [verbalized]
      |              ^^^^^^^^^^ raise it to 32 or more, or take another confidence method

    1 error; nothing was asked
    "#);
}

#[test]
fn a_key_is_sent_and_nowhere_kept() {
    let key = "sk-this-is-a-secret-0123456789";
    let server = Server::new(move |seen, client| {
        assert_eq!(seen.header("authorization"), Some("Bearer sk-this-is-a-secret-0123456789"));
        let body = letter("A", 0.9).replace("\"m\"", &format!("\"{key}\""));
        // The last one, since nothing is asked after it.
        client.json(if question(seen) == 2 { 401 } else { 200 }, &body.replace("yes", key));
    });
    let project = Project::empty().choices(3);
    project.write("overclaim.yaml", &format!("endpoints:\n  model: {{wire: openai-chat, base_url: \"{}\", model: m, key_env: SECRET_KEY}}\n", server.base_url()));
    let unset = project.run(&["run"]);
    assert_eq!(code(&unset), 2);
    assert!(
        text(&unset.stderr).contains("the environment variable SECRET_KEY"),
        "{}",
        text(&unset.stderr)
    );
    let output = project
        .command(&["run", "--out", "out", "--record", "tape.jsonl", "--json"])
        .args(["--concurrency", "1"])
        .env("SECRET_KEY", key)
        .output()
        .unwrap();
    assert_eq!(server.calls(), 3);
    let mut kept = text(&output.stdout) + &text(&output.stderr) + &project.read("tape.jsonl");
    for name in ["run.json", "records.jsonl", "scorecard.json", "operations.json", "decision.json"]
    {
        kept += &project.read(&format!("out/{name}"));
    }
    assert!(!kept.contains(key));
}

#[test]
fn filter_limit_threshold_and_seed_select_and_steer() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(20);
    let count = |args: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let dir = out.path().join("out");
        let mut all = vec!["run", "--quiet", "--out", dir.to_str().unwrap()];
        all.extend(args);
        let output = project.run(&all);
        (
            code(&output),
            fs::read_to_string(dir.join("records.jsonl")).map_or(0, |text| text.lines().count()),
        )
    };
    assert_eq!(count(&["--limit", "5"]).1, 5);
    assert_eq!(count(&["--filter", "tag:k1"]).1, 10);
    assert_eq!(count(&["--filter", "q-1* !k1"]).1, 5);
    assert_eq!(count(&["--filter", "nothing"]), (4, 0));
    assert_eq!(count(&["--limit", "0"]), (4, 0));
    assert_eq!(code(&project.run(&["run", "--threshold", "1.2"])), 2);

    let sure =
        project.run(&["run", "--threshold", "0.96", "--out", "sure", "--json", "--seed", "7"]);
    let document: Value = serde_json::from_slice(&sure.stdout).unwrap();
    let source = &document["scorecard"]["endpoints"][0]["sources"][0];
    assert_eq!(source["confident_wrong"]["0.96"]["wrong"], 0);
    assert_eq!(document["run"]["seed"], 7);
    assert!(server.seen().last().unwrap().body.contains("\"seed\":7"));
    assert!(document["confident_wrong"].as_array().unwrap().is_empty());
}

#[test]
fn a_url_and_a_model_need_no_configuration() {
    let server = Server::new(mostly_right);
    let project = Project::empty().choices(4);
    let url = server.base_url();
    let output =
        project.run(&["run", "--endpoint", &url, "--model", "m", "--out", "out", "--quiet"]);
    assert_eq!((code(&output), server.calls()), (1, 4), "{}", text(&output.stderr));
    let missing = project.run(&["run", "--endpoint", &url]);
    assert_eq!(code(&missing), 2);
    assert!(text(&missing.stderr).contains("needs --model"), "{}", text(&missing.stderr));
    let unknown = project.run(&["run", "--endpoint", "gtp"]);
    assert_eq!(code(&unknown), 2);
}

#[test]
fn another_model_than_asked_for_is_told() {
    let server = Server::new(|_, client| {
        client.json(200, &letter("A", 0.9).replace("\"m\"", "\"other-7b\""));
    });
    let project = Project::at(&server).choices(3);
    let page = text(&project.run(&["run", "--out", "out"]).stdout);
    assert!(page.contains("3 of the replies came from `other-7b`, not from `m`"), "{page}");
}

#[test]
fn json_is_one_document_and_people_read_the_other_stream() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    let output = project.run(&["run", "--json", "--out", "out", "--color", "always"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["scorecard"], project.json("out/scorecard.json"));
    assert_eq!(document["decision"], project.json("out/decision.json"));
    assert_eq!(document["operations"], project.json("out/operations.json"));
    assert_eq!(document["confident_wrong"].as_array().unwrap().len(), 2);
    assert!(text(&output.stderr).contains("\u{1b}[1mconfident wrong"), "{}", text(&output.stderr));
    let report = project.run(&["report", "out", "--format", "json"]);
    assert_eq!(serde_json::from_slice::<Value>(&report.stdout).unwrap(), document);
    assert_eq!(text(&report.stderr), "");
    let quiet = project.run(&["report", "out", "--quiet"]);
    assert_eq!(text(&quiet.stdout).lines().count(), 1);
}

#[test]
fn hostile_answers_cannot_steer_the_terminal() {
    let server = Server::new(|_, client| {
        client.json(200, &support::chat("\u{1b}]0;owned\u{7}\u{1b}[31m\u{202e}no\r\n\n\u{9b}2J"));
    });
    let project = Project::at(&server);
    project.write(
        "suites/s.yaml",
        "suite: s\nendpoints: [model]\ncases: [{id: a, question: \"Who\\u202e?\", answer: x}]\n\
         prompt: \"{{ question }}\"\ngrade: {exact: \"{{ answer }}\"}\nconfidence: [verbalized]\nthreshold: 0\n",
    );
    for format in ["always", "never"] {
        let _ = fs::remove_dir_all(project.dir.path().join("out"));
        let page = text(&project.run(&["run", "--out", "out", "--color", format]).stdout);
        let ours =
            ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[1;31m", "\u{1b}[1;32m", "\u{1b}[1;33m"];
        let rest = ours.iter().fold(page, |page, code| page.replace(code, ""));
        assert!(
            !rest.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'),
            "{rest:?}"
        );
    }
}

#[test]
fn several_suites_share_a_cassette_and_give_one_document() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(6);
    let other =
        SUITE.replace("suite: demo", "suite: other").replace("temperature: 0", "temperature: 0.5");
    project.write("suites/other.yaml", &other);
    let live = project.run(&["run", "--json", "--out", "live", "--record", "tape.jsonl"]);
    let documents: Value = serde_json::from_slice(&live.stdout).unwrap();
    assert_eq!(documents.as_array().unwrap().len(), 2, "{}", text(&live.stderr));
    assert_eq!(project.read("tape.jsonl").lines().count(), 12);
    let played = project.run(&["run", "--endpoint", "tape", "--out", "played", "--quiet"]);
    assert_eq!(text(&played.stdout).lines().count(), 2, "{}", text(&played.stderr));
    for suite in ["demo", "other"] {
        let card = |run: &str| project.read(&format!("{run}/{suite}/scorecard.json"));
        assert_eq!(card("played"), card("live"));
    }
}

#[test]
fn hostile_suites_cannot_steer_the_terminal() {
    let project = Project::empty();
    project
        .write("s.yaml", "suite: \"\\e[31mred\\u202e\"\n\"\\e]0;owned\\a\": 1\n# \u{202e}evil\n");
    let output = project.run(&["check", "s.yaml"]);
    assert_eq!(code(&output), 2);
    let shown = text(&output.stderr);
    assert!(shown.contains("unknown key `␛]0;owned␇`"), "{shown}");
    assert!(
        !shown.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'),
        "{shown:?}"
    );
}

/// A server that answers the first so many questions and then says nothing.
fn stalls_after(answered: usize) -> Server {
    Server::new(
        move |seen, client| {
            if seen.number < answered { mostly_right(seen, client) } else { client.stall() }
        },
    )
}

fn lines_of(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.matches('\n').count())
}

fn wait_for_lines(path: &Path, lines: usize) {
    let start = Instant::now();
    while lines_of(path) < lines {
        assert!(start.elapsed() < Duration::from_secs(30), "{} lines", lines_of(path));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_what_it_has_and_reports_it() {
    for signal in ["-INT", "-TERM"] {
        let server = stalls_after(6);
        let project = Project::at(&server).choices(20);
        let mut command = project.command(&["run", "--out", "out", "--concurrency", "2"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_lines(&project.dir.path().join("out/records.jsonl"), 6);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 3, "{}", text(&output.stderr));
        let page = text(&output.stdout);
        assert!(
            page.contains("STOPPED  could not measure") && page.contains("14 not asked"),
            "{page}"
        );
        assert_eq!(project.records("out").len(), 6);
        assert_eq!(project.json("out/operations.json")["ending"], "interrupted");
        assert_eq!(project.json("out/decision.json")["complete"], false);
    }
}

#[cfg(unix)]
#[test]
fn a_killed_run_loses_nothing_that_was_finished() {
    let server = stalls_after(6);
    let project = Project::at(&server).choices(20);
    let mut child = project
        .command(&["run", "--out", "out", "--concurrency", "2"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_lines(&project.dir.path().join("out/records.jsonl"), 6);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(project.records("out").len(), 6);
    let report = project.run(&["report", "out"]);
    assert_eq!(code(&report), 3);
    assert!(text(&report.stdout).contains("14 not asked"), "{}", text(&report.stdout));
    // Its directory is not written over.
    let again = project.run(&["run", "--out", "out"]);
    assert_eq!(code(&again), 2);
    assert!(text(&again.stderr).contains("holds a run already"), "{}", text(&again.stderr));
}

#[test]
fn stated_confidence_and_abstentions_are_read() {
    let server = Server::new(|seen, client| {
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        let asked = body["messages"][0]["content"].as_str().unwrap();
        assert!(asked.contains("Confidence: N%"), "{asked}");
        let answer = match question(seen) {
            0 => "Paris\nConfidence: 95%",
            1 => "Lyon\nConfidence: 9/10",
            2 => "I don't know.\nConfidence: 5%",
            3 => "Paris",
            _ => "Nice\nConfidence: 150%",
        };
        client.json(200, &support::chat(answer));
    });
    let project = Project::at(&server);
    project.write(
        "rows.jsonl",
        &(0..5)
            .map(|index| format!("{{\"id\": \"q{index}\", \"n\": {index}}}"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    project.write(
        "s.yaml",
        "suite: s\nendpoints: [model]\ndataset: {from: rows.jsonl}\nprompt: \"Question {{ n }}? Capital of France\"\n\
         grade: {exact: Paris}\nconfidence: [verbalized]\n",
    );
    project.run(&["run", "s.yaml", "--out", "out"]);
    let seen: Vec<String> = project
        .records("out")
        .iter()
        .map(|record| {
            format!(
                "{} {} {} {}",
                record["outcome"],
                record["answer"],
                record["confidence"]["verbalized"],
                record["quadrant"]
            )
        })
        .collect();
    insta::assert_snapshot!(seen.join("\n"), @r#"
    "correct" "Paris" 0.95 "confident_right"
    "incorrect" "Lyon" 0.9 "confident_wrong"
    "abstained" "I don't know." {"missing":"abstained"} null
    "correct" "Paris" {"missing":"no confidence stated"} null
    "incorrect" "Nice" {"missing":"stated 150%"} null
    "#);
    let scorecard = project.json("out/scorecard.json");
    assert_eq!(scorecard["endpoints"][0]["coverage"]["count"], 3);
}

#[test]
fn declining_is_right_where_it_is_expected() {
    let server = Server::new(|seen, client| {
        let text =
            if question(seen) == 0 { "I don't know; it cannot be determined." } else { "Seven." };
        client.json(200, &support::chat(text));
    });
    let project = Project::at(&server);
    project.write(
        "s.yaml",
        "suite: s\nendpoints: [model]\ncases: [{id: a, n: 0}, {id: b, n: 1}]\n\
         prompt: \"Question {{ n }}?\"\ngrade: abstains\nconfidence: [verbalized]\n",
    );
    project.run(&["run", "s.yaml", "--out", "out"]);
    let records = project.records("out");
    assert_eq!(
        (&records[0]["outcome"], &records[0]["abstained"]),
        (&"correct".into(), &true.into())
    );
    assert!(records[0]["primary"].is_null());
    assert_eq!(records[1]["outcome"], "incorrect");
}

#[test]
fn the_shipped_suite_runs_from_its_recording() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("run");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("overclaim"));
    command.args(["run", "suites/misconceptions.yaml", "--json", "--out", out.to_str().unwrap()]);
    let output = command.env_remove("CI").output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let card = &document["scorecard"]["endpoints"][0];
    assert_eq!(code(&output), 1, "the recorded model overclaims");
    assert!(card["planned"].as_u64().unwrap() >= 120);
    assert_eq!(card["coverage"]["count"], card["coverage"]["n"], "every question was measured");
    assert_eq!(card["outcomes"]["failed"], 0);
    assert!(!document["confident_wrong"].as_array().unwrap().is_empty());
}

#[test]
fn no_suite_at_all_selects_nothing() {
    let project = Project::empty();
    assert_eq!(code(&project.run(&["run"])), 4);
    assert_eq!(code(&project.run(&["run", "absent.yaml"])), 2);
    assert_eq!(code(&project.run(&["report"])), 2);
    assert_eq!(code(&project.run(&["frobnicate"])), 2);
    assert!(text(&project.run(&["--version"]).stdout).starts_with("overclaim "));
}
