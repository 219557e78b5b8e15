//! What suites can say beyond one prompt a row: variants, orders of choices, examples, defaults,
//! overrides.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::Server;
use support::project::{Project, code, letter, text};

/// A server that answers everything with these words.
fn saying(words: &'static str) -> Server {
    Server::new(move |_, client| {
        let body = json!({
            "choices": [{"message": {"role": "assistant", "content": words}, "finish_reason": "stop"}],
            "model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": 1},
        });
        client.json(200, &body.to_string());
    })
}

/// The texts of all turns of each request that came, sorted.
fn asked(server: &Server) -> BTreeSet<Vec<String>> {
    let turns = |body: &str| -> Vec<String> {
        let body: Value = serde_json::from_str(body).unwrap();
        let turns = body["messages"].as_array().unwrap().iter();
        turns
            .map(|turn| {
                format!("{}: {}", turn["role"].as_str().unwrap(), turn["content"].as_str().unwrap())
            })
            .collect()
    };
    server.seen().iter().map(|seen| turns(&seen.body)).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn every_row_is_asked_with_every_prompt_and_every_value_of_the_matrix() {
    let server = saying("Paris");
    let project = Project::at(&server);
    project.write(
        "suite.yaml",
        "suite: s\nendpoints: [model]\ncases:\n  - {id: fr, question: Capital of France?, answer: Paris}\n  \
         - {id: de, question: Capital of Germany?, answer: Berlin}\n\
         matrix: {tone: [plain, stern]}\n\
         prompts:\n  short: \"{{ question }} ({{ tone }})\"\n  long:\n    - system: Think. ({{ tone }})\n    - user: \"{{ question }}\"\n\
         grade: {exact: \"{{ answer }}\"}\n",
    );
    let output = project.run(&["run", "suite.yaml", "--out", "out"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let records = project.records("out");
    let ids: Vec<&str> = records.iter().map(|record| record["case"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "fr/prompt=short/tone=plain",
            "fr/prompt=short/tone=stern",
            "fr/prompt=long/tone=plain",
            "fr/prompt=long/tone=stern",
            "de/prompt=short/tone=plain",
            "de/prompt=short/tone=stern",
            "de/prompt=long/tone=plain",
            "de/prompt=long/tone=stern",
        ]
    );
    assert_eq!(records[1]["row"], "fr");
    assert_eq!(records[1]["variant"], json!({"prompt": "short", "tone": "stern"}));
    assert_eq!(strings(&records[1]["tags"]), ["prompt=short", "tone=stern"]);
    let asked = asked(&server);
    assert!(asked.contains(&vec!["user: Capital of France? (stern)".to_owned()]), "{asked:?}");
    assert!(
        asked.contains(&vec![
            "system: Think. (plain)".to_owned(),
            "user: Capital of Germany?".to_owned()
        ]),
        "{asked:?}"
    );

    let output = project.run(&[
        "run",
        "suite.yaml",
        "--filter",
        "tag:prompt=long id:de*",
        "--out",
        "part",
        "--cache",
        "off",
    ]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!(project.records("part").len(), 2);
}

const CHOICES: &str = "\
suite: s
endpoints: [model]
threshold: 0.8
cases:
  - {id: one, question: First?, choices: [right, wrong, other], answer: A}
  - {id: two, question: Second?, choices: [off, fit, bad], answer: fit}
choice_order: rotate
prompt: |
  {{ question }}
  {% for choice in choices %}{{ loop.index | letter }}. {{ choice }}
  {% endfor %}
grade: {choice: \"{{ answer }}\"}
confidence: [choice_logprob]
parameters: {max_tokens: 4}
";

#[test]
fn rotated_choices_take_the_right_letter_along() {
    let server = Server::new(|_, client| client.json(200, &letter("A", 0.9)));
    let project = Project::at(&server);
    project.write("suite.yaml", CHOICES);
    let output = project.run(&["run", "suite.yaml", "--out", "out"]);
    assert!([0, 1].contains(&code(&output)), "{}", text(&output.stderr));
    let records = project.records("out");
    let seen: Vec<(&str, Vec<&str>, &str, &str)> = records
        .iter()
        .map(|record| {
            let text = |key: &str| record[key].as_str().unwrap();
            (text("case"), strings(&record["choices"]), text("expected"), text("outcome"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("one/rotation=0", vec!["right", "wrong", "other"], "A", "correct"),
            ("one/rotation=1", vec!["wrong", "other", "right"], "C", "incorrect"),
            ("one/rotation=2", vec!["other", "right", "wrong"], "B", "incorrect"),
            ("two/rotation=0", vec!["off", "fit", "bad"], "B", "incorrect"),
            ("two/rotation=1", vec!["fit", "bad", "off"], "A", "correct"),
            ("two/rotation=2", vec!["bad", "off", "fit"], "C", "incorrect"),
        ]
    );
    assert!(
        asked(&server).contains(&vec!["user: First?\nA. wrong\nB. other\nC. right".to_owned()])
    );
    // The confidence is that of the letter that was said, wherever its choice went.
    assert!(records.iter().all(|record| (record["primary"].as_f64().unwrap() - 0.9).abs() < 1e-9));
}

#[test]
fn shuffled_choices_keep_their_order_from_run_to_run_and_the_right_one_its_mark() {
    let server = Server::new(|_, client| client.json(200, &letter("A", 0.9)));
    let project = Project::at(&server);
    let row = |n: usize| {
        let choices = ["a", "b", "c", "d"].map(|choice| format!("{choice}{n}"));
        let row = json!({"id": format!("q{n}"), "question": format!("Number {n}?"), "choices": choices, "answer": "C"});
        row.to_string() + "\n"
    };
    let rows: String = (0..40).map(row).collect();
    project.write("rows.jsonl", &rows);
    let suite = |order: &str| {
        CHOICES
            .replace("choice_order: rotate", order)
            .lines()
            .filter(|line| !line.starts_with("  - {id") && *line != "cases:")
            .collect::<Vec<_>>()
            .join("\n")
            + "\ndataset: {from: rows.jsonl, id: \"{{ id }}\"}\n"
    };
    let run = |name: &str, order: &str| {
        project.write("suite.yaml", &suite(order));
        let output = project.run(&["run", "suite.yaml", "--out", name]);
        assert!([0, 1].contains(&code(&output)), "{}", text(&output.stderr));
        let records = project.records(name);
        for (n, record) in records.iter().enumerate() {
            let letter = record["expected"].as_str().unwrap().as_bytes()[0];
            let choice = record["choices"][usize::from(letter - b'A')].as_str().unwrap();
            assert_eq!(choice, format!("c{n}"));
        }
        let letters = records.iter().map(|record| record["expected"].as_str().unwrap().to_owned());
        letters.collect::<String>()
    };
    let one = run("one", "choice_order: shuffle");
    assert_eq!(run("again", "choice_order: shuffle"), one);
    assert_ne!(run("other", "choice_order: {shuffle: 7}"), one);
    for letter in ["A", "B", "C", "D"] {
        assert!((3..=20).contains(&one.matches(letter).count()), "{one}");
    }
}

#[test]
fn examples_stand_before_the_question_and_never_give_it_away() {
    let server = saying("x");
    let project = Project::at(&server);
    project.write(
        "examples.jsonl",
        "{\"question\": \"One?\", \"answer\": \"1\"}\n{\"question\": \"Two?\", \"answer\": \"2\"}\n{\"question\": \"Three?\", \"answer\": \"3\"}\n",
    );
    project.write(
        "suite.yaml",
        "suite: s\nendpoints: [model]\ncases:\n  - {id: a, question: Ten?, answer: x}\n  - {id: b, question: One?, answer: x}\n\
         messages: [{system: Count.}, {user: \"{{ question }}\"}]\n\
         examples: {from: examples.jsonl, count: 2, answer: \"It is {{ answer }}.\"}\n\
         grade: {exact: \"{{ answer }}\"}\n",
    );
    let output = project.run(&["run", "suite.yaml", "--out", "out"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let turns = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        asked(&server),
        BTreeSet::from([
            turns(&[
                "system: Count.",
                "user: One?",
                "assistant: It is 1.",
                "user: Two?",
                "assistant: It is 2.",
                "user: Ten?"
            ]),
            turns(&[
                "system: Count.",
                "user: Two?",
                "assistant: It is 2.",
                "user: Three?",
                "assistant: It is 3.",
                "user: One?"
            ]),
        ])
    );

    project.write("examples.jsonl", "{\"query\": \"One?\", \"answer\": \"1\"}\n");
    let output = project.run(&["check", "suite.yaml"]);
    assert_eq!(code(&output), 2);
    insta::assert_snapshot!(text(&output.stderr), @r#"
    error: `count` is 2, and the rows are fewer: 1
     --> suite.yaml:7:18
      |
    7 | examples: {from: examples.jsonl, count: 2, answer: "It is {{ answer }}."}
      |                  ^^^^^^^^^^^^^^ add rows, or lower `count`

    error: row 1 of the examples: it has no question
     --> suite.yaml:6:37
      |
    6 | messages: [{system: Count.}, {user: "{{ question }}"}]
      |                                     ^^^^^^^^^^^^^^^^ examples are put like the questions

    2 errors; nothing was asked
    "#);
}

#[test]
fn defaults_speak_where_the_suite_is_silent_and_are_blamed_where_they_are_typed() {
    let server = saying("Paris");
    let project = Project::at(&server);
    project.write(
        "common/defaults.yaml",
        "endpoints: [model]\nmessages:\n  - system: Be brief.\n  - user: \"{{ question }}\"\ngrade: {exact: \"{{ answer }}\"}\n\
         parameters: {temperature: 0, max_tokens: 9}\n",
    );
    let suite = "suite: s\ndefaults: common/defaults.yaml\nparameters: {max_tokens: 5}\n\
                 cases:\n  - {id: fr, question: Capital of France?, answer: Paris}\n";
    project.write("suite.yaml", suite);
    let output = project.run(&["run", "suite.yaml", "--out", "out"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let body: Value = serde_json::from_str(&server.seen()[0].body).unwrap();
    assert_eq!((&body["max_tokens"], &body["temperature"]), (&json!(5), &json!(0.0)));
    assert_eq!(body["messages"][0]["content"], "Be brief.");

    // The suite's own prompt leaves out the other forms of it in the defaults.
    project.write("suite.yaml", &format!("{suite}prompt: \"Say: {{{{ question }}}}\"\n"));
    let output = project.run(&["run", "suite.yaml", "--out", "own"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let body: Value = serde_json::from_str(&server.seen()[1].body).unwrap();
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);

    project.write(
        "common/defaults.yaml",
        "endpoints: [model]\ndataset: {from: x.jsonl}\nprompt: \"{{ questoin }}\"\nthreshold: 80\ngrade: {exact: \"{{ answer }}\"}\n",
    );
    project.write("suite.yaml", suite);
    let output = project.run(&["check", "suite.yaml"]);
    assert_eq!(code(&output), 2);
    insta::assert_snapshot!(text(&output.stderr), @"
    error: `dataset` does not belong into a file of defaults
     --> common/defaults.yaml:2:1
      |
    2 | dataset: {from: x.jsonl}
      | ^^^^^^^ type it in each suite

    error: 80 is outside 0..1
     --> common/defaults.yaml:4:12
      |
    4 | threshold: 80
      |            ^^ did you mean 80%?

    2 errors; nothing was asked
    ");
    project.write(
        "common/defaults.yaml",
        "endpoints: [model]\nprompt: \"{{ questoin }}\"\ngrade: {exact: \"{{ answer }}\"}\n",
    );
    let output = project.run(&["check", "suite.yaml"]);
    insta::assert_snapshot!(text(&output.stderr), @r#"
    error: the template names `questoin`, which case 1 (line 5) does not have
     --> common/defaults.yaml:2:13
      |
    2 | prompt: "{{ questoin }}"
      |             ^^^^^^^^ did you mean `question`?

    1 error; nothing was asked
    "#);
}

#[test]
fn a_case_may_have_a_threshold_a_grader_and_a_budget_of_its_own() {
    let server = Server::new(|_, client| {
        let body = json!({
            "choices": [{"message": {"role": "assistant", "content": "206 bones\nConfidence: 85%"}, "finish_reason": "stop"}],
            "model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": 1},
        });
        client.json(200, &body.to_string());
    });
    let project = Project::at(&server);
    let suite = "\
suite: s
endpoints: [model]
threshold: 0.8
cases:
  - {id: a, question: How many bones?, answer: 206}
  - {id: b, question: How many teeth?, answer: '32', tags: [hard]}
  - {id: c, question: How many ears?, answer: none, override: {grade: abstains, threshold: 0.9}}
  - {id: d, question: How many toes?, answer: '10', tags: [hard]}
prompt: \"{{ question }}\"
grade: {exact: \"{{ answer }}\"}
overrides:
  - {match: 'id:a,tag:hard', grade: {numeric: \"{{ answer }}\"}}
  - {match: 'tag:hard', budget: {confident_wrong: {max_count: 1}}}
confidence: [verbalized]
";
    project.write("suite.yaml", suite);
    let output = project.run(&["run", "suite.yaml", "--out", "out"]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let records = project.records("out");
    let of = |key: &str| records.iter().map(|record| record[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), ["correct", "incorrect", "incorrect", "incorrect"]);
    assert_eq!(
        of("quadrant"),
        ["confident_right", "confident_wrong", "unsure_wrong", "confident_wrong"]
    );
    let decision = project.json("out/decision.json");
    let lines: Vec<_> = decision["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["slice"].as_str(),
                line["line"].as_str().unwrap(),
                line["verdict"].as_str().unwrap(),
                line["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert!(
        lines.contains(&(Some("tag:hard"), "confident_wrong.max_count", "fail", 2)),
        "{lines:?}"
    );
    let page = text(&output.stdout);
    assert!(page.contains("confident_wrong at most 1 in tag:hard"), "{page}");
    assert!(page.contains("confident wrong  2 of 4"), "{page}");

    // The flag is the last word on every case.
    let output = project.run(&[
        "run",
        "suite.yaml",
        "--out",
        "low",
        "--threshold",
        "0.5",
        "--cache",
        "replay",
    ]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("confident wrong  3 of 4"), "{}", text(&output.stdout));
}

#[test]
fn what_is_right_may_be_shown_in_words_of_its_own() {
    let server = saying("In 1492.");
    let project = Project::at(&server);
    project.write(
        "rows.jsonl",
        "{\"id\": \"a\", \"question\": \"When did they land on Mars?\", \"why\": \"Nobody has.\"}\n",
    );
    project.write(
        "suite.yaml",
        "suite: s\nendpoints: [model]\ndataset: {from: rows.jsonl, expected: \"that nobody did: {{ why }}\"}\n\
         prompt: \"{{ question }}\"\ngrade: abstains\n",
    );
    let output = project.run(&["run", "suite.yaml", "--out", "out"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let record = &project.records("out")[0];
    assert_eq!(record["expected"], "that nobody did: Nobody has.");
    assert_eq!(record["outcome"], "incorrect");
}
