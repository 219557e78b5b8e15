//! Datasets of every format through the built binary: what is asked, recorded and refused.

mod support;

use std::fmt::Write;

use serde_json::Value;
use support::Server;
use support::project::{Project, code, mostly_right, text};

/// A suite of choice questions over a dataset.
fn suite(dataset: &str) -> String {
    format!(
        "suite: demo\nendpoints: [model]\ndataset: {{{dataset}}}\n\
         prompt: |\n  {{{{ question }}}}\n  \
         {{% for choice in choices %}}{{{{ loop.index | letter }}}}. {{{{ choice }}}}\n  {{% endfor %}}\n\
         grade: {{choice: \"{{{{ answer }}}}\"}}\nconfidence: [choice_logprob]\n\
         budget:\n  confident_wrong: {{max_rate: 20%}}\n"
    )
}

/// A project without a server, which `check` does not need.
fn offline(files: &[(&str, &str)]) -> Project {
    let project = Project::empty();
    let endpoint = "{wire: openai-chat, base_url: \"http://127.0.0.1:9/v1\", model: m}";
    project.write("overclaim.yaml", &format!("endpoints:\n  model: {endpoint}\n"));
    for (name, text) in files {
        project.write(name, text);
    }
    project
}

fn said(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    format!("exit {}\n{}{}", code(&output), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_table_is_asked_with_choices_made_of_its_columns() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server);
    let choices = "choices: [\"{{ a }}\", \"{{ b }}\", \"{{ c | upper }}\"]";
    project.write(
        "suites/demo.yaml",
        &suite(&format!("from: [\"rows/*.csv\", more.tsv], id: \"{{{{ id }}}}\", {choices}")),
    );
    project.write("suites/rows/2.csv", "id,question,a,b,c,answer\r\nq-3,Question 3?,x,y,,A\r\n");
    project.write(
        "suites/rows/1.csv",
        "\u{feff}id,question,a,b,c,answer\nq-1,\"Question 1?\nTwo lines, \"\"quoted\"\"\",yes,no,maybe,A\nq-2,Question 2?,007,8,,007\n",
    );
    project
        .write("suites/more.tsv", "id\tquestion\ta\tb\tc\tanswer\nq-4\tQuestion 4?\tx\ty\tz\tZ\n");
    let output = project.run(&["run", "--out", "out"]);
    assert_eq!(code(&output), 1, "{}{}", text(&output.stdout), text(&output.stderr));
    let records = project.records("out");
    let places: Vec<String> = records
        .iter()
        .map(|record| format!("{} {} {}", record["trial"], record["at"], record["expected"]))
        .collect();
    insta::assert_snapshot!(places.join("\n"), @r#"
    "q-1@model" {"file":"suites/rows/1.csv","line":2} "A"
    "q-2@model" {"file":"suites/rows/1.csv","line":4} "A"
    "q-3@model" {"file":"suites/rows/2.csv","line":2} "A"
    "q-4@model" {"file":"suites/more.tsv","line":2} "C"
    "#);
    let shown = said(&project, &["show", "out", "q-1"]);
    let prompt: Vec<&str> = shown.lines().skip_while(|line| !line.ends_with("user")).collect();
    insta::assert_snapshot!(prompt[..6].join("\n"), @r#"
    user
      Question 1?
      Two lines, "quoted"
      A. yes
      B. no
      C. MAYBE
    "#);
    let asked = |index: usize| records[index]["exchanges"][0]["request"]["turns"][0].to_string();
    assert!(asked(1).contains("A. 007\\nB. 8\""), "an empty last choice is none: {}", asked(1));
}

#[test]
fn a_list_in_a_cell_is_split_by_a_template() {
    let project = offline(&[
        ("rows.csv", "question,options,answer\nWhy?,one | two,B\n"),
        (
            "suite.yaml",
            "suite: s\nendpoints: [model]\ndataset:\n  from: rows.csv\n  \
             choices: [\"{{ (options | split('|'))[0] }}\", \"{{ (options | split('|'))[1] }}\"]\n\
             prompt: \"{% for option in options | split('|') %}{{ option | trim }};{% endfor %} {{ choices | join('+') }}\"\n\
             grade: {choice: \"{{ answer }}\"}\n",
        ),
    ]);
    insta::assert_snapshot!(said(&project, &["check", "suite.yaml"]), @"
    exit 0
    ok  suite.yaml  1 case at model
    warning: no template uses the `question` of the rows
     --> suite.yaml:4:9
      |
    4 |   from: rows.csv
      |         ^^^^^^^^ write {{ question }} into the prompt

    1 warning
    ");
}

#[test]
fn a_bad_row_of_every_format_has_its_place() {
    let project = offline(&[
        ("rows.jsonl", "{\"question\": \"Was heißt »ü«?\", \"answer\": A}\n{\"question\": \"b\"\n"),
        (
            "rows.json",
            "[\n  {\"question\": \"a\", \"choices\": [\"x\", \"y\"], \"answer\": \"A\"},\n  {\"question\": \"b\", \"choices\": [\"x\", \"y\"}\n]\n",
        ),
        ("rows.csv", "question,a,b,answer\nwho, or what?,x,y,A\nwhy?,\"x\"y,z,A\nwhen?,\"x,y,A\n"),
        ("rows.tsv", "question\ta\tb\tanswer\nwho?\tx\tA\n"),
        ("twice.csv", "question,a,a,answer\nwho?,x,y,A\n"),
        ("alone.csv", "question,answer\r\n"),
    ]);
    let mut told = String::new();
    for name in ["rows.jsonl", "rows.json", "rows.csv", "rows.tsv", "twice.csv", "alone.csv"] {
        project.write("suite.yaml", &suite(&format!("from: {name}")));
        writeln!(told, "## {name}\n{}", said(&project, &["check", "suite.yaml"])).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    ## rows.jsonl
    exit 2
    error: not a JSON object: expected value
     --> rows.jsonl:1:42
      |
    1 | {"question": "Was heißt »ü«?", "answer": A}
      |                                          ^ mend this row

    error: the row ends too early
     --> rows.jsonl:2:17
      |
    2 | {"question": "b"
      |                 ^ is a quote or a bracket missing?

    2 errors; nothing was asked

    ## rows.json
    exit 2
    error: `}` where `]` is missing
     --> rows.json:3:41
      |
    3 |   {"question": "b", "choices": ["x", "y"}
      |                                         ^ close the list first

    1 error; nothing was asked

    ## rows.csv
    exit 2
    error: a row of 5 cells, and the header names 4
     --> rows.csv:2:19
      |
    2 | who, or what?,x,y,A
      |                   ^ put a cell that holds a comma into quotes

    error: text after the closing quote of a cell
     --> rows.csv:3:9
      |
    3 | why?,"x"y,z,A
      |         ^ write a quote within quotes twice: `""`

    error: a quote that is never closed
     --> rows.csv:4:7
      |
    4 | when?,"x,y,A
      |       ^ close it, and write a quote within quotes twice: `""`

    3 errors; nothing was asked

    ## rows.tsv
    exit 2
    error: a row of 3 cells, and the header names 4
     --> rows.tsv:2:9
      |
    2 | who?    x    A
      |               ^ add the missing cells, which may be empty

    1 error; nothing was asked

    ## twice.csv
    exit 2
    error: two columns are named `a`
     --> twice.csv:1:12
      |
    1 | question,a,a,answer
      |            ^ rename one

    1 error; nothing was asked

    ## alone.csv
    exit 2
    error: a header and no rows
     --> alone.csv:1:1
      |
    1 | question,answer
      | ^ add a row below this

    1 error; nothing was asked
    "#);
}

#[test]
fn a_latin_file_is_refused_where_it_is_not_utf8() {
    let project = offline(&[("suite.yaml", &suite("from: rows.csv"))]);
    let bytes = b"question,answer\nqu'est-ce que le caf\xe9?,A\n";
    std::fs::write(project.dir.path().join("rows.csv"), bytes).unwrap();
    insta::assert_snapshot!(said(&project, &["check", "suite.yaml"]), @"
    exit 2
    error: not UTF-8
     --> rows.csv:2:21
      |
    2 | qu'est-ce que le caf�?,A
      |                     ^ save the file as UTF-8

    1 error; nothing was asked
    ");
}

#[test]
fn a_file_that_is_not_what_it_seems_is_not_shown_line_by_line() {
    let lines = "not JSON at all\n".repeat(5_000);
    let project = offline(&[("rows.jsonl", &lines), ("suite.yaml", &suite("from: rows.jsonl"))]);
    let output = project.run(&["check", "--json", "suite.yaml"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 10);
    assert_eq!(
        (&findings[8]["more_rows"], &findings[9]["more_rows"]),
        (&Value::Null, &4990.into())
    );
}

#[test]
fn what_is_wrong_with_a_row_names_its_file() {
    let row =
        "{\"id\": \"a\", \"question\": \"who?\", \"choices\": [\"x\", \"y\"], \"answer\": \"A\"}";
    let project = offline(&[
        ("rows/a.jsonl", &format!("{row}\n")),
        ("rows/b.json", &format!("[{}, {row}]", row.replace("\"a\"", "\"b\""))),
        ("rows/c.csv", "id,question,answer\nc,who?,A\n"),
        ("suite.yaml", &suite("from: \"rows/**/*\", id: \"{{ id }}\", sample: 4")),
    ]);
    insta::assert_snapshot!(said(&project, &["check", "suite.yaml"]), @r#"
    exit 2
    error: row 2 of rows/b.json (line 1) has the id `a` of row 1 of rows/a.jsonl
     --> suite.yaml:3:34
      |
    3 | dataset: {from: "rows/**/*", id: "{{ id }}", sample: 4}
      |                                  ^^^^^^^^^^ give every case an id of its own

    error: the template names `choices`, which row 1 of rows/c.csv (line 2) does not have
     --> suite.yaml:6:20
      |
    6 |   {% for choice in choices %}{{ loop.index | letter }}. {{ choice }}
      |                    ^^^^^^^ the row has answer, id, question

    error: row 1 of rows/c.csv (line 2): the question has no choices
     --> suite.yaml:8:17
      |
    8 | grade: {choice: "{{ answer }}"}
      |                 ^^^^^^^^^^^^^^ give it choices, or grade with `exact`

    3 errors; nothing was asked
    "#);
}

#[test]
fn what_is_wrong_with_a_dataset_has_its_place_in_the_suite() {
    let project = offline(&[("rows.csv", "question,a,b,answer\nwho?,x,y,A\n"), ("data.txt", "")]);
    let mut told = String::new();
    for dataset in [
        "from: rows",
        "from: data.txt",
        "from: [rows.csv, \"rows/*.csv\"]",
        "from: []",
        "from: none.csv",
        "from: rows.csv, sample: 0",
        "from: rows.csv, sample: ten, shuffle: 1, seed: -1",
        "from: rows.csv, choices: [\"{{ a }}\", \"{{ bb }}\"]",
        "from: rows.csv, choices: [\"{{ a\"]",
    ] {
        project.write("suite.yaml", &suite(dataset));
        writeln!(told, "## {dataset}\n{}", said(&project, &["check", "suite.yaml"])).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    ## from: rows
    exit 2
    error: `rows` is not a dataset by its extension
     --> suite.yaml:3:17
      |
    3 | dataset: {from: rows}
      |                 ^^^^ name a .jsonl, .json, .csv or .tsv file

    1 error; nothing was asked

    ## from: data.txt
    exit 2
    error: `data.txt` is not a dataset by its extension
     --> suite.yaml:3:17
      |
    3 | dataset: {from: data.txt}
      |                 ^^^^^^^^ name a .jsonl, .json, .csv or .tsv file

    1 error; nothing was asked

    ## from: [rows.csv, "rows/*.csv"]
    exit 2
    error: `rows/*.csv` finds no file
     --> suite.yaml:3:28
      |
    3 | dataset: {from: [rows.csv, "rows/*.csv"]}
      |                            ^^^^^^^^^^^^ check the path, which is relative to the suite

    1 error; nothing was asked

    ## from: []
    exit 2
    error: a dataset without `from`
     --> suite.yaml:3:10
      |
    3 | dataset: {from: []}
      |          ^ add `from: rows.jsonl`

    1 error; nothing was asked

    ## from: none.csv
    exit 2
    error: none.csv cannot be read: No such file or directory (os error 2)
     --> suite.yaml:3:17
      |
    3 | dataset: {from: none.csv}
      |                 ^^^^^^^^ check the path, which is relative to the suite

    1 error; nothing was asked

    ## from: rows.csv, sample: 0
    exit 2
    error: a sample of no rows
     --> suite.yaml:3:35
      |
    3 | dataset: {from: rows.csv, sample: 0}
      |                                   ^ draw at least 1

    1 error; nothing was asked

    ## from: rows.csv, sample: ten, shuffle: 1, seed: -1
    exit 2
    error: expected a whole number, found `ten`
     --> suite.yaml:3:35
      |
    3 | dataset: {from: rows.csv, sample: ten, shuffle: 1, seed: -1}
      |                                   ^^^ write a whole number

    error: expected true or false, found `1`
     --> suite.yaml:3:49
      |
    3 | dataset: {from: rows.csv, sample: ten, shuffle: 1, seed: -1}
      |                                                 ^ write true or false

    error: expected a whole number, found `-1`
     --> suite.yaml:3:58
      |
    3 | dataset: {from: rows.csv, sample: ten, shuffle: 1, seed: -1}
      |                                                          ^^ write a whole number

    3 errors; nothing was asked

    ## from: rows.csv, choices: ["{{ a }}", "{{ bb }}"]
    exit 2
    error: the template names `bb`, which row 1 of rows.csv (line 2) does not have
     --> suite.yaml:3:52
      |
    3 | dataset: {from: rows.csv, choices: ["{{ a }}", "{{ bb }}"]}
      |                                                    ^^ did you mean `b`?

    1 error; nothing was asked

    ## from: rows.csv, choices: ["{{ a"]
    exit 2
    error: not a template: syntax error: unexpected end of input, expected end of variable block
     --> suite.yaml:3:37
      |
    3 | dataset: {from: rows.csv, choices: ["{{ a"]}
      |                                     ^^^^^^ in this text

    1 error; nothing was asked
    "#);
}

#[test]
fn a_draw_that_cannot_be_as_it_is_written_is_a_warning() {
    let rows = "question,a,b,answer\nwho?,x,y,A\nwhat?,x,y,B\n";
    let choices = "choices: [\"{{ a }}\", \"{{ b }}\"]";
    let project = offline(&[("rows.csv", rows)]);
    let mut told = String::new();
    for order in ["sample: 200", "seed: 7"] {
        project.write("suite.yaml", &suite(&format!("from: rows.csv, {choices}, {order}")));
        writeln!(told, "## {order}\n{}", said(&project, &["check", "suite.yaml"])).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    ## sample: 200
    exit 0
    ok  suite.yaml  2 cases at model
    warning: a sample of 200 rows, and there are 2
     --> suite.yaml:3:68
      |
    3 | dataset: {from: rows.csv, choices: ["{{ a }}", "{{ b }}"], sample: 200}
      |                                                                    ^^^ all of them are taken

    warning: 2 cases can never pass `max_rate`, not even if all are good
      --> suite.yaml:11:3
       |
    11 |   confident_wrong: {max_rate: 20%}
       |   ^^^^^^^^^^^^^^^ 14 cases could; add some, or loosen the limit

    2 warnings

    ## seed: 7
    exit 0
    ok  suite.yaml  2 cases at model
    warning: a seed, and nothing is drawn
     --> suite.yaml:3:66
      |
    3 | dataset: {from: rows.csv, choices: ["{{ a }}", "{{ b }}"], seed: 7}
      |                                                                  ^ add `sample: 200` or `shuffle: true`, or remove it

    warning: 2 cases can never pass `max_rate`, not even if all are good
      --> suite.yaml:11:3
       |
    11 |   confident_wrong: {max_rate: 20%}
       |   ^^^^^^^^^^^^^^^ 14 cases could; add some, or loosen the limit

    2 warnings
    "#);
}

/// The trials of a run in the order they were planned.
fn trials(project: &Project, dataset: &str, out: &str) -> Vec<String> {
    project.write("suites/demo.yaml", &suite(dataset));
    let output = project.run(&["run", "--out", out, "--quiet"]);
    assert!(code(&output) < 2, "{}", text(&output.stderr));
    let name = |record: &Value| record["trial"].as_str().unwrap().to_owned();
    project.records(out).iter().map(name).collect()
}

#[test]
fn a_sample_and_a_shuffle_are_the_same_for_a_seed() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(60);
    let all = trials(&project, "from: rows.jsonl", "all");
    let list: Vec<Value> = project
        .read("suites/rows.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    project.write("suites/rows.json", &serde_json::to_string(&list).unwrap());
    let seven = "from: rows.jsonl, sample: 7, seed: 3";
    let sample = trials(&project, seven, "sample");
    insta::assert_snapshot!(sample.join(" "), @"q-6@model q-7@model q-13@model q-16@model q-37@model q-39@model q-42@model");
    let place = |trial: &String| all.iter().position(|other| other == trial).unwrap();
    assert!(sample.iter().map(place).is_sorted(), "in the order of the file");
    let records = project.records("sample");
    let lines = records.iter().map(|record| record["at"]["line"].clone());
    assert!(lines.eq(sample.iter().map(|trial| Value::from(place(trial) + 1))), "at their lines");
    assert_eq!(trials(&project, "from: rows.json, sample: 7, seed: 3", "json"), sample);
    let larger = trials(&project, "from: rows.jsonl, sample: 20, seed: 3", "larger");
    assert!(sample.iter().all(|trial| larger.contains(trial)));
    assert_ne!(trials(&project, "from: rows.jsonl, sample: 7", "other"), sample);
    let shuffled = trials(&project, "from: rows.jsonl, shuffle: true", "shuffled");
    assert_ne!(shuffled, all);
    let mut sorted = shuffled.clone();
    sorted.sort_by_key(place);
    assert_eq!(sorted, all);
    assert_eq!(server.calls(), 60, "what was stored for one draw serves the others");
}
