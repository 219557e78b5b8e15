use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::suite::Findings;

const HEAD: &str = "\
suite: demo
endpoints: [m]
prompt: \"{{ question }}\"
parameters: {max_tokens: 4}
";

struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    fn new(suite: &str, file: &str, rows: &str) -> Project {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("demo.yaml"), format!("{HEAD}{suite}")).unwrap();
        if !file.is_empty() {
            fs::write(dir.path().join(file), rows).unwrap();
        }
        Project { dir }
    }

    /// Rows of a file, graded so.
    fn rows(grade: &str, file: &str, rows: &str) -> Project {
        let id = if rows.contains("id") { ", id: \"{{ id }}\"" } else { "" };
        let suite = format!("dataset: {{from: {file}{id}}}\ngrade: {grade}\n");
        Project::new(&suite, file, rows)
    }

    fn suite(&self) -> Suite {
        let mut findings = Findings::default();
        let suite = Suite::load(&self.dir.path().join("demo.yaml"), &mut findings);
        suite.unwrap_or_else(|| panic!("{}", findings.render(false, |text| text.into())))
    }

    fn mend(&self, case: &str, answers: &[&str]) -> Result<Edit, String> {
        let suite = self.suite();
        let row = case.split('/').next().unwrap();
        let mut rows = suite.labelled(&HashSet::from([row]));
        let labelled = rows.remove(row).expect("the row");
        let found = labelled.cases.iter().find(|at| at.id == case);
        let found = found.unwrap_or(&labelled.cases[0]);
        let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
        let edit = suite.mend(&labelled, found, &answers).map_err(|why| why.to_string());
        let dir = format!("{}/", self.dir.path().display());
        edit.map_err(|why| why.replace(&dir, ""))
    }

    /// What stands in the file after it, or why nothing does.
    fn after(&self, case: &str, answers: &[&str]) -> String {
        match self.mend(case, answers) {
            Ok(edit) => {
                let text = fs::read_to_string(&edit.path).unwrap();
                format!("{}{}{}", &text[..edit.range.start], edit.text, &text[edit.range.end..])
            }
            Err(why) => why,
        }
    }

    /// The line that differs after it, or why none does.
    fn line(&self, case: &str, answers: &[&str]) -> String {
        let Ok(edit) = self.mend(case, answers) else { return self.after(case, answers) };
        let before = fs::read_to_string(&edit.path).unwrap();
        let after = self.after(case, answers);
        let mut lines = before.split('\n').zip(after.split('\n')).filter(|(a, b)| a != b);
        let line = lines.next().expect("a line that differs").1.to_owned();
        assert_eq!(
            (lines.next(), before.matches('\n').count()),
            (None, after.matches('\n').count())
        );
        line
    }
}

#[test]
fn the_column_keeps_its_kind_and_the_row_its_manner() {
    let row = |grade: &str, rows: &str, answers: &[&str]| {
        Project::rows(grade, "rows.jsonl", rows).line("a", answers)
    };
    let told = [
        row("{exact: \"{{ answer }}\"}", r#"{"id":"a","question":"?","answer":"x"}"#, &[" y "]),
        row(
            "{exact: \"{{ answer | lower }}\"}",
            r#"{"id":"a","question":"?","answer":"X"}"#,
            &["Y"],
        ),
        row("{numeric: \"{{ n }}\"}", r#"{"id":"a","question":"?","n": 41 }"#, &["42"]),
        row("{contains: \"{{ all }}\"}", r#"{"id":"a","question":"?","all":["x", "z"]}"#, &["y"]),
        row("{list: \"{{ all }}\"}", r#"{"id":"a","question":"?","all":[1,2]}"#, &["3", "4"]),
        row(
            "{regex: \"\\\\b{{ year }}\\\\b\"}",
            r#"{"id":"a","question":"?","year":1912}"#,
            &["1913"],
        ),
        row(
            "{any_of: [{exact: \"{{ answer }}\"}, {contains: \"{{ answer }}\"}, abstains]}",
            r#"{"id":"a","question":"?","answer":"x"}"#,
            &["y"],
        ),
        row(
            "{numeric_with: {answer: \"{{ n }}\", unit: \"{{ u }}\"}}",
            r#"{"id":"a","question":"?","n":"4","u":"km"}"#,
            &["5"],
        ),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    {"id":"a","question":"?","answer":"y"}
    {"id":"a","question":"?","answer":"Y"}
    {"id":"a","question":"?","n": 42 }
    {"id":"a","question":"?","all":["y"]}
    {"id":"a","question":"?","all":[3,4]}
    {"id":"a","question":"?","year":1913}
    {"id":"a","question":"?","answer":"y"}
    {"id":"a","question":"?","n":"5","u":"km"}
    "#);
}

#[test]
fn a_choice_is_written_as_the_column_writes_it() {
    let row = |grade: &str, answer: &str, given: &str| {
        let row = format!(
            r#"{{"id":"a","question":"?","choices":["one","two","three"],"answer":{answer}}}"#
        );
        let line = Project::rows(grade, "rows.jsonl", &row).line("a", &[given]);
        line.rsplit("],").next().unwrap().to_owned()
    };
    let plain = "{choice: \"{{ answer }}\"}";
    let told = [
        row(plain, r#""A""#, "C"),
        row(plain, r#""A""#, "three"),
        row(plain, r#""A""#, "B. two"),
        row(plain, r#""a""#, "B"),
        row(plain, r#""one""#, "b"),
        row(plain, r#"["A","B"]"#, "C"),
        row("{choice: \"{{ (answer + 1) | letter }}\"}", "0", "C"),
        row("{choice: \"{{ answer | letter }}\"}", "1", "C"),
        row("{choice: \"{{ choices[answer] }}\"}", "0", "two"),
        row("{choice: \"{{ choices[answer | int] }}\"}", r#""0""#, "3"),
        row(plain, r#""A""#, "A"),
        row(plain, r#""A""#, "four"),
        row(plain, r#""A""#, "D"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    "answer":"C"}
    "answer":"C"}
    "answer":"B"}
    "answer":"b"}
    "answer":"two"}
    "answer":["C"]}
    "answer":2}
    "answer":3}
    "answer":1}
    "answer":"2"}
    rows.jsonl:1: `answer` says that already
    rows.jsonl:1: `answer` cannot hold `four`, which is no choice: give a letter from A to C, or the exact text of a choice
    rows.jsonl:1: `answer` cannot hold `D`, which is no choice: give a letter from A to C, or the exact text of a choice
    "#);
}

#[test]
fn a_variant_mends_the_answer_of_its_row() {
    let suite = "choice_order: rotate\n\
        dataset: {from: rows.jsonl, id: \"{{ id }}\"}\n\
        grade: {choice: \"{{ answer }}\"}\n";
    let row = r#"{"id":"a","question":"?","choices":["one","two","three"],"answer":"A"}"#;
    let project = Project::new(suite, "rows.jsonl", row);
    let answer = |case: &str, given: &str| {
        let line = project.line(case, &[given]);
        line.rsplit(':').next().unwrap().to_owned()
    };
    // Turned by one, the first choice is the second one as typed.
    assert_eq!(answer("a/rotation=0", "B"), "\"B\"}");
    assert_eq!(answer("a/rotation=1", "A"), "\"B\"}");
    assert_eq!(answer("a/rotation=1", "B. three"), "\"C\"}");
    assert_eq!(answer("a/rotation=2", "two"), "\"B\"}");
    assert!(answer("a/rotation=1", "C").ends_with("`answer` says that already"));
}

#[test]
fn tables_keep_their_quotes_and_every_other_cell() {
    let rows = "\u{feff}id,answer,question\r\na,x,\"one,\r\ntwo?\"\r\nb,\"x\",?\r\nc,x y,?\r\nd,,?";
    let line = |case, answer: &str| {
        Project::rows("{exact: \"{{ answer }}\"}", "rows.csv", &rows.replace("d,,", "d,z,"))
            .line(case, &[answer])
            .replace('\r', "␍")
    };
    let told = [line("a", "y"), line("b", "y"), line("c", "y, \"z\""), line("d", "y")];
    insta::assert_snapshot!(told.join("\n"), @r#"
    a,y,"one,␍
    b,"y",?␍
    c,"y, ""z""",?␍
    d,y,?
    "#);
    let tabs =
        Project::rows("{exact: \"{{ answer }}\"}", "rows.tsv", "id\tquestion\tanswer\na\t?\tx\n");
    assert_eq!(tabs.line("a", &["y, z"]), "a\t?\ty, z");
}

#[test]
fn lists_of_objects_are_mended_in_their_place() {
    let rows = "[\n  {\n    \"id\": \"a\", \"question\": \"?\",\n    \"answers\": [\n      \"x\",\n      \"z\"\n    ]\n  },\n  {\"id\": \"b\", \"question\": \"?\", \"answers\": [\"x\"]}\n]\n";
    let project = Project::rows("{exact: \"{{ answers }}\"}", "rows.json", rows);
    insta::assert_snapshot!(project.after("a", &["y"]), @r#"
    [
      {
        "id": "a", "question": "?",
        "answers": [
          "y"
        ]
      },
      {"id": "b", "question": "?", "answers": ["x"]}
    ]
    "#);
    assert_eq!(
        project.line("b", &["y", "w"]),
        "  {\"id\": \"b\", \"question\": \"?\", \"answers\": [\"y\", \"w\"]}"
    );
}

#[test]
fn cases_of_the_suite_are_mended_in_its_yaml() {
    let suite = "\
grade: {exact: \"{{ answer }}\"}
cases:
  - {id: a, question: \"?\", answer: x} # plain
  - id: b
    question: '?'
    answer: 'it''s'   # quoted
  - {id: c, question: '?', answer: [x, z]}
  - {id: d, question: '?', answer: 41}
  - id: e
    question: '?'
    answer: |
      over
      lines
  - id: f
    question: '?'
    answer:
      - x
      - z
";
    let project = Project::new(suite, "", "");
    let told = [
        project.line("a", &["y"]),
        project.line("a", &["yes: no, {#}"]),
        project.line("a", &["true"]),
        project.line("b", &["that's"]),
        project.line("c", &["y"]),
        project.line("d", &["42"]),
        project.line("d", &["forty"]),
        project.line("e", &["y"]),
        project.line("f", &["y"]),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
      - {id: a, question: "?", answer: y} # plain
      - {id: a, question: "?", answer: "yes: no, {#}"} # plain
      - {id: a, question: "?", answer: "true"} # plain
        answer: 'that''s'   # quoted
      - {id: c, question: '?', answer: [y]}
      - {id: d, question: '?', answer: 42}
    demo.yaml:12: `answer` holds a number: give one, such as 42, or change the column by hand
    demo.yaml:13: `answer` is written over several lines: mend it by hand
    demo.yaml:18: `answer` is written over several lines: mend it by hand
    "#);
}

#[test]
fn what_cannot_be_mended_says_why_and_where() {
    let row = |grade: &str, row: &str, answers: &[&str]| {
        Project::rows(grade, "rows.jsonl", row).after("a", answers)
    };
    let told = [
        row(
            "{exact: \"{{ answer | split('#') | last }}\"}",
            r#"{"id":"a","question":"?","answer":"so # 4"}"#,
            &["5"],
        ),
        row("{exact: \"{{ a }} {{ b }}\"}", r#"{"id":"a","question":"?","a":"x","b":"y"}"#, &["z"]),
        row("{exact: \"Paris\"}", r#"{"id":"a","question":"?"}"#, &["z"]),
        row("{not: {exact: \"{{ a }}\"}}", r#"{"id":"a","question":"?","a":"x"}"#, &["z"]),
        row("abstains", r#"{"id":"a","question":"?"}"#, &["z"]),
        row("{exact: \"{{ question }}\"}", r#"{"id":"a","question":"?"}"#, &["z"]),
        row("{exact: \"{{ a }}\"}", r#"{"id":"a","question":"?","a":"x"}"#, &["y", "z"]),
        row("{numeric: \"{{ a }}\"}", r#"{"id":"a","question":"?","a":"4"}"#, &["many"]),
        row("{numeric: \"{{ a }}\"}", r#"{"id":"a","question":"?","a":4}"#, &["many"]),
        row("{exact: \"{{ a.b }}\"}", r#"{"id":"a","question":"?","a":{"b":"x"}}"#, &["y"]),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    rows.jsonl:1: what is expected is made of `answer` by `{{ answer | split('#') | last }}`, which cannot be undone: mend the row by hand
    demo.yaml:6: what is expected comes from `a` and `b` together: mend the row by hand
    demo.yaml:6: what is expected is written here and not in a row: mend it by hand
    rows.jsonl:1: the grader `not` says what is wrong, and not what is right: mend the row by hand
    rows.jsonl:1: no answer is expected of this case, by the grader `abstains`: mend the suite by hand
    rows.jsonl:1: `question` is a part of what is asked, too: mend the row by hand
    rows.jsonl:1: `a` holds one answer, and several are given: give one
    rows.jsonl:1: row 1 of rows.jsonl: `many` is not a number; give one number such as 206, 1,234.5, 1.2e5 or 3/4
    rows.jsonl:1: `a` holds a number: give one, such as 42, or change the column by hand
    rows.jsonl:1: `a` holds more than one answer: change it by hand
    ");
}

fn edited(dir: &Path, edit: &Edit) -> (Vec<u8>, Vec<u8>) {
    let before = fs::read(dir.join(edit.path.file_name().unwrap())).unwrap();
    let Edit { range, text, .. } = edit;
    let after = [&before[..range.start], text.as_bytes(), &before[range.end..]].concat();
    (before, after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the other cells and rows are, the one label changes and nothing else.
    #[test]
    fn one_label_changes_and_no_other_byte(
        texts in prop::collection::vec(("[ -~é\\n\"\\\\]{1,12}", "[a-z,\"é ]{0,6}[a-z]"), 1..6),
        which in 0..6_usize,
        answer in "[a-z,;\"'é ]{0,6}Z",
        format in 0..3_usize,
    ) {
        let which = which % texts.len();
        let (name, rows) = match format {
            0 | 1 => {
                let rows: Vec<String> = texts.iter().enumerate().map(|(n, (other, label))| {
                    serde_json::json!({"id": format!("r{n}"), "question": other, "z": label, "end": n})
                        .to_string()
                }).collect();
                if format == 0 { ("rows.jsonl", rows.join("\n")) }
                else { ("rows.json", format!("[{}]", rows.join(",\n "))) }
            }
            _ => {
                let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
                let rows: Vec<String> = texts.iter().enumerate().map(|(n, (other, label))| {
                    format!("r{n},{},{},{n}\r\n", cell(other), cell(label))
                }).collect();
                ("rows.csv", format!("id,question,z,end\r\n{}", rows.concat()))
            }
        };
        prop_assume!(texts.iter().all(|(other, label)| !other.trim().is_empty() && !label.trim().is_empty()));
        let project = Project::rows("{exact: \"{{ z }}\"}", name, &rows);
        let case = format!("r{which}");
        let edit = project.mend(&case, &[&answer]).unwrap();
        let (before, after) = edited(project.dir.path(), &edit);
        prop_assert_eq!(&before[..edit.range.start], &after[..edit.range.start]);
        let tail = before.len() - edit.range.end;
        prop_assert_eq!(&before[edit.range.end..], &after[after.len() - tail..]);
        let path: PathBuf = project.dir.path().join(name);
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let suite = project.suite();
            suite.cases().map(|case| (case.id.clone(), case.question.text.clone(), case.grader.expected())).collect::<Vec<_>>()
        };
        let (mut wanted, got) = (read(&before), read(&after));
        let answer = answer.trim().to_owned();
        wanted[which].2 = answer;
        prop_assert_eq!(wanted, got);
    }
}
