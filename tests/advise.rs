//! `overclaim advise` as its users meet it.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use overclaim::score::Recalibration;
use serde_json::{Value, json};
use support::Server;
use support::project::{Project, code, mostly_right, text};

/// Rows of stated confidences: so many of each, of which so many are wrong, every case asked so
/// often; wrong ones are spread evenly.
fn rows(stated: &[(f64, usize, usize)], asked: usize) -> String {
    let mut rows = String::new();
    for &(confidence, n, wrong) in stated {
        for index in 0..n {
            let is_wrong = (index + 1) * wrong / n > index * wrong / n;
            for _ in 0..asked {
                let id = format!("{confidence}-{index}");
                let row = json!({"id": id, "confidence": confidence, "correct": !is_wrong});
                rows += &format!("{row}\n");
            }
        }
    }
    rows
}

/// A model that is good where it is sure.
const GOOD: [(f64, usize, usize); 5] =
    [(1.0, 150, 2), (0.95, 150, 3), (0.9, 100, 8), (0.7, 60, 24), (0.5, 40, 22)];

fn advise(project: &Project, args: &[&str], input: &str) -> Output {
    let mut command: Command = project.command(&[&["advise"], args].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who refuses its arguments does not read on.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

#[test]
fn a_file_without_rows_is_told() {
    let project = Project::empty();
    let output = advise(&project, &["-"], "");
    assert_eq!(code(&output), 4);
    assert_eq!(text(&output.stderr), "-: no graded answer has a confidence\n");
}

#[test]
fn the_page_says_from_where_to_answer_and_what_that_keeps() {
    let project = Project::empty();
    let output = advise(&project, &["-"], &rows(&GOOD, 1));
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    insta::assert_snapshot!(page, @"
    standard input · confidence                                              ADVISED

      Answer when confidence ≥ 0.95: with 95% confidence at most 5% of what you
      still answer is wrong; you keep 60% of the questions

      of what it answers  ≥ 0.95: keeps 300 of 500 (60%); 5 of 300 answered are
                          wrong (1.7%)
      of all questions    ≥ 0.90: keeps 400 of 500 (80%); 13 of 500 wrong (2.6%)
      in expectation      ≥ 0.90: keeps 400 of 500 (80%); wrong answers to at most
                          5% of all questions on average, promised at no level
      rests on            n = 500 graded answers with a confidence, taken for
                          independent; thresholds that were fixed in advance, tested
                          from the strictest down, beginning where 124 answers are
                          left

      wrong among what is answered, by share that is answered, limit 5%
       20% ┤
           │
           │
           │                                                ●
       10% ┤
           │                                            ●
           │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
           │              ●              ◆        ●
        0% ┤
           ┼─────────────────────────────────────────────────
           0%        25%         50%         75%        100%  ◆ advised

      recalibration, cross-fitted in 5 folds
                        Brier   log loss      KS   Brier changes by
      as it is          0.075      0.283   0.016
      temperature       0.077      0.294   0.013   +0.002 [+0.001, +0.003]
      platt             0.079      0.296   0.025   +0.004 [+0.002, +0.007]
      beta              0.078      0.262   0.011   +0.003 [-0.001, +0.008]
      isotonic          0.075      0.253   0.008    0.000 [-0.003, +0.004]
        it wants 1000 independent answers, here are 500
      none is recommended: none without a reservation helps by more than chance
    ");
}

#[test]
fn the_page_is_ascii_where_the_terminal_is() {
    let project = Project::empty();
    fs::write(project.dir.path().join("rows.jsonl"), rows(&GOOD, 1)).unwrap();
    let output =
        project.command(&["advise", "rows.jsonl"]).env("LC_ALL", "en_US.ISO-8859-1").output();
    let page = text(&output.unwrap().stdout);
    assert!(page.is_ascii() && page.contains("confidence >= 0.95") && page.contains("# advised"));
}

#[test]
fn without_a_threshold_it_says_what_would_help_and_exits_with_1() {
    let project = Project::empty();
    let said = |stated: &[(f64, usize, usize)]| {
        let output = advise(&project, &["-", "--quiet"], &rows(stated, 1));
        assert_eq!(code(&output), 1);
        text(&output.stdout)
    };
    insta::assert_snapshot!(said(&[(0.9, 60, 1), (0.5, 60, 30)]), @"standard input · confidence: No threshold can promise, with n = 120 and 95% confidence, that at most 5% of what you still answer is wrong; you would need about 470, if errors stay as they are in these");
    insta::assert_snapshot!(said(&[(0.9, 60, 20), (0.5, 60, 30)]), @"standard input · confidence: No threshold can promise, with n = 120 and 95% confidence, that at most 5% of what you still answer is wrong. No number of questions would help: at best, 20 of 60 answers at ≥ 0.90 are wrong");
    insta::assert_snapshot!(said(&[(0.9, 57, 3)]), @"standard input · confidence: No threshold can promise, with n = 57 and 95% confidence, that at most 5% of what you still answer is wrong. Whether more questions would help cannot be told from these: at best, 3 of 57 answers at ≥ 0.90 are wrong; it takes 124 answers above a threshold in any event");
    insta::assert_snapshot!(said(&[(0.9, 200, 60), (0.5, 9000, 0)]), @"standard input · confidence: No threshold can promise, with n = 9200 and 95% confidence, that at most 5% of what you still answer is wrong. No number of questions would help, as the surest answers are not the best: 60 of 200 answers at ≥ 0.90 are wrong");
}

#[test]
fn the_document_holds_what_the_page_says() {
    let project = Project::empty();
    let all = document(&advise(&project, &["-", "--json"], &rows(&GOOD, 1)));
    let source = &all["sources"][0];
    let advice = &source["advice"];
    assert_eq!((&all["format"], &source["source"]), (&json!(1), &json!("confidence")));
    assert_eq!(advice["selective"]["at"]["threshold"], 0.95);
    assert_eq!(advice["selective"]["at"]["answered"], 300);
    assert_eq!(advice["selective"]["at"]["wrong"], 5);
    assert_eq!(advice["joint"]["at"]["threshold"], 0.9);
    assert_eq!(advice["joint_in_expectation"]["threshold"], 0.9);
    assert_eq!(advice["least_answers"], 124);
    assert_eq!(advice["curve"].as_array().unwrap().len(), 5);
    assert_eq!(source["recalibration"]["folds"], 5);
    let joint = document(&advise(&project, &["-", "--json", "--risk", "joint"], &rows(&GOOD, 1)));
    assert_eq!(joint["sources"][0]["advice"]["joint"], advice["joint"]);
    // A weaker promise keeps more.
    let weak = ["-", "--json", "--max-error", "10%"];
    let weak = document(&advise(&project, &weak, &rows(&GOOD, 1)));
    assert_eq!(weak["sources"][0]["advice"]["selective"]["at"]["threshold"], 0.9);
}

#[test]
fn answers_to_one_question_count_once() {
    let project = Project::empty();
    // Fifty cases tell nothing at 5 %, asked ten times each or not.
    let stated = [(0.9, 50, 0)];
    let once = advise(&project, &["-", "--json"], &rows(&stated, 1));
    let often = advise(&project, &["-", "--json"], &rows(&stated, 10));
    assert_eq!((code(&once), code(&often)), (1, 1));
    let advice = &document(&often)["sources"][0]["advice"];
    assert_eq!((&advice["answers"], &advice["n"]), (&json!(500), &json!(50)));
    assert_eq!(advice["selective"], document(&once)["sources"][0]["advice"]["selective"]);
    // As independent answers they would be enough.
    let apart = "{\"confidence\": 0.9, \"correct\": true}
"
    .repeat(500);
    assert_eq!(code(&advise(&project, &["-", "--quiet"], &apart)), 0);
    let page = text(&advise(&project, &["-"], &rows(&stated, 10)).stdout);
    let words: Vec<&str> = page.split_whitespace().collect();
    assert!(words.join(" ").contains(
        "n = 50 independent answers: of 500, one of each case or group, drawn with seed 0"
    ));
}

#[test]
fn which_answer_of_a_case_counts_is_drawn_by_the_seed() {
    let project = Project::empty();
    let mut mixed = String::new();
    for case in 0..200 {
        for repeat in 0..2 {
            let row = json!({"id": case, "confidence": 0.9, "correct": repeat == 0 || case > 30});
            mixed += &format!("{row}\n");
        }
    }
    let wrong = |seed: &str| {
        let args = ["-", "--json", "--max-error", "30%", "--seed", seed];
        let at =
            document(&advise(&project, &args, &mixed))["sources"][0]["advice"]["selective"]["at"]
                .clone();
        at["wrong"].as_u64().unwrap()
    };
    assert_eq!(wrong("1"), wrong("1"));
    let seen: std::collections::BTreeSet<u64> = ["1", "2", "3", "4", "5"].map(wrong).into();
    assert!(seen.len() > 1 && seen.iter().all(|wrong| (5..27).contains(wrong)), "{seen:?}");
}

#[test]
fn a_threshold_chosen_before_is_judged() {
    let project = Project::empty();
    let judge = |threshold: &str| {
        let args = ["-", "--threshold", threshold];
        let output = advise(&project, &args, &rows(&GOOD, 1));
        (code(&output), text(&output.stdout))
    };
    let (exit, page) = judge("0.95");
    assert_eq!(exit, 0, "{page}");
    assert!(
        page.contains("KEEPS IT") && page.contains("with 95% confidence at most 3.5%"),
        "{page}"
    );
    let (exit, page) = judge("0.7");
    assert_eq!(exit, 1, "{page}");
    assert!(
        page.contains("NOT PROVEN") && page.contains("This threshold cannot promise"),
        "{page}"
    );
}

#[test]
fn sources_are_never_pooled() {
    let project = Project::empty();
    let two: String = rows(&[(0.9, 200, 0)], 1)
        .lines()
        .map(|line| line.replacen('{', "{\"source\": \"a\", ", 1) + "\n")
        .chain(
            rows(&[(0.9, 200, 90)], 1)
                .lines()
                .map(|line| line.replacen('{', "{\"source\": \"b\", ", 1) + "\n"),
        )
        .collect();
    let output = advise(&project, &["-", "--json"], &two);
    assert_eq!(code(&output), 1, "one of the two has no threshold");
    assert_eq!(document(&output)["sources"].as_array().unwrap().len(), 2);
    let output = advise(&project, &["-", "--json", "--source", "a"], &two);
    assert_eq!((code(&output), document(&output)["sources"][0]["source"].clone()), (0, json!("a")));
    let output = advise(&project, &["-", "--source", "c"], &two);
    assert_eq!(code(&output), 2);
    assert_eq!(text(&output.stderr), "error: unknown source `c` (known: `a`, `b`)\n");
    let output = advise(&project, &["-", "--export", "r.json"], &two);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("choose with --source"), "{}", text(&output.stderr));
}

#[test]
fn a_run_is_advised_by_its_directory_and_the_latest_where_none_is_named() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(80);
    assert_eq!(code(&project.run(&["run", "--out", "reports/demo/one", "--quiet"])), 1);
    let named = advise(&project, &["reports/demo/one", "--json"], "");
    let latest = advise(&project, &["--json"], "");
    assert_eq!(code(&named), 1, "{}", text(&named.stderr));
    let source = &document(&named)["sources"][0];
    assert_eq!((&source["suite"], &source["source"]), (&json!("demo"), &json!("choice_logprob")));
    assert_eq!(source["advice"]["n"], 80);
    assert_eq!(source["advice"], document(&latest)["sources"][0]["advice"]);
    // A quarter is confidently wrong at 0.95; the rest is right at 0.9.
    let loose = advise(&project, &["--json", "--max-error", "40%"], "");
    assert_eq!(code(&loose), 1, "the surest answers are the wrong ones");
    let lacking = &document(&loose)["sources"][0]["advice"]["selective"]["lacking"];
    assert_eq!(lacking["better_confidence"]["threshold"], 0.95);
    let other = advise(&project, &["--endpoint", "none"], "");
    assert_eq!(text(&other.stderr), "error: unknown endpoint `none` (known: `model`)\n");
    assert_eq!(code(&advise(&project, &["--source", "none"], "")), 2);
}

#[test]
fn fields_of_other_harnesses_are_named_as_for_score() {
    let project = Project::empty();
    let row = |index: i32| format!("{index},90%,{}\n", index != 7);
    let table = (0..200).fold(String::new(), |table, index| table + &row(index));
    project.write("log.csv", &("task,p,ok\n".to_owned() + &table));
    let fields = ["--confidence-field", "p", "--correct-field", "ok", "--id-field", "task"];
    let output = advise(&project, &[&["log.csv", "--json"], &fields[..]].concat(), "");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let at = &document(&output)["sources"][0]["advice"]["selective"]["at"];
    assert_eq!(
        (&at["threshold"], &at["answered"], &at["wrong"]),
        (&json!(0.9), &json!(200), &json!(1))
    );
}

#[test]
fn what_cannot_be_advised_is_told() {
    let project = Project::empty();
    let output = advise(&project, &["none.jsonl"], "");
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).starts_with("error: none.jsonl: it cannot be read"));
    let output = advise(&project, &[], "");
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("no run below"));
    let output = advise(&project, &["-"], "{\"confidence\": null, \"correct\": true}\n");
    assert_eq!(code(&output), 4);
    assert!(text(&output.stderr).contains("no graded answer has a confidence"));
    let bad = rows(&GOOD, 1) + "{\"confidence\": 1.7, \"correct\": true}\n";
    let output = advise(&project, &["-"], &bad);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("row 501: the confidence is 1.7"));
    let output = advise(&project, &["-", "--skip-bad", "--json"], &bad);
    assert_eq!(code(&output), 0);
    assert_eq!(document(&output)["sources"][0]["left_out"]["bad rows"], 1);
    for args in [["--max-error", "0"], ["--max-error", "100%"], ["--level", "1"]] {
        let output = advise(&project, &["-", args[0], args[1]], &rows(&GOOD, 1));
        assert_eq!(code(&output), 2, "{args:?}: {}", text(&output.stdout));
    }
    let output = advise(&project, &["-", "--endpoint", "x"], &rows(&GOOD, 1));
    assert!(text(&output.stderr).contains("--endpoint is about runs"));
}

/// Overconfident at all levels.
const TOO_SURE: [(f64, usize, usize); 5] =
    [(1.0, 100, 20), (0.95, 100, 30), (0.9, 100, 35), (0.7, 100, 45), (0.5, 100, 55)];

#[test]
fn an_exported_recalibration_is_the_one_that_was_compared() {
    let project = Project::empty();
    let exported = |kind: &[&str]| {
        let args = [&["-", "--json", "--export", "out.json"], kind].concat();
        let output = advise(&project, &args, &rows(&TOO_SURE, 1));
        assert!(project.dir.path().join("out.json").exists(), "{}", text(&output.stderr));
        let written = project.read("out.json");
        fs::remove_file(project.dir.path().join("out.json")).unwrap();
        (document(&output), written)
    };
    let (all, written) = exported(&[]);
    let recommended = &all["sources"][0]["recalibration"]["recommended"];
    let value: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(&value["kind"], recommended);
    assert_eq!(
        (&value["fitted"]["n"], &value["fitted"]["source"]),
        (&json!(500), &json!("confidence"))
    );
    let (before, after) = (&value["fitted"]["before"], &value["fitted"]["after_cross_fitted"]);
    assert!(after["brier"].as_f64().unwrap() < before["brier"].as_f64().unwrap());
    for kind in ["temperature", "platt", "isotonic", "beta"] {
        let (_, written) = exported(&["--recalibrate", kind]);
        let fit = Recalibration::from_json(&written).unwrap();
        assert!(fit.is_increasing());
        // A fifth of the answers at 1 is wrong; more than half of those at 0.5.
        assert!((fit.apply(1.0) - 0.8).abs() < 0.1, "{kind}: {}", fit.apply(1.0));
        assert!(fit.apply(0.5) < 0.62, "{kind}: {}", fit.apply(0.5));
    }
}

#[test]
fn nothing_is_exported_that_nobody_should_apply() {
    let project = Project::empty();
    let calibrated = [(0.9, 100, 10), (0.8, 100, 20), (0.5, 100, 50)];
    let output = advise(&project, &["-", "--export", "r.json"], &rows(&calibrated, 1));
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("no recalibration is recommended"));
    let turned = [(0.9, 100, 80), (0.5, 100, 50), (0.1, 100, 5)];
    let args = ["-", "--export", "r.json", "--recalibrate", "platt"];
    let output = advise(&project, &args, &rows(&turned, 1));
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("would fall with confidence"));
    assert!(!project.dir.path().join("r.json").exists());
    let output = advise(&project, &["-", "--recalibrate", "platt"], &rows(&turned, 1));
    assert_eq!(code(&output), 2, "a kind is chosen for the export");
}

/// The function that the page for users shows, run by Python on every kind.
#[test]
fn the_python_function_of_the_page_gives_the_same_numbers() {
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    let page = fs::read_to_string("docs/advise.md").unwrap();
    let function = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(function.contains("def recalibrate(") && function.lines().count() <= 20);
    if !has_python {
        eprintln!("there is no python3 here; the library alone is tested");
        return;
    }
    let project = Project::empty();
    let confidences = [0.0, 1e-9, 0.2, 0.5, 0.62, 0.7, 0.9, 0.93, 0.999, 1.0];
    for kind in ["temperature", "platt", "isotonic", "beta"] {
        let args = ["-", "--quiet", "--export", "r.json", "--recalibrate", kind];
        advise(&project, &args, &rows(&TOO_SURE, 1));
        let fit = Recalibration::from_json(&project.read("r.json")).unwrap();
        let script = format!(
            "{function}\nr = json.load(open(\"r.json\"))\nprint([recalibrate(r, c) for c in {confidences:?}])"
        );
        let output = in_python(project.dir.path(), &script);
        let said: Vec<f64> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{kind}: {}", text(&output.stderr)));
        for (c, said) in confidences.into_iter().zip(said) {
            assert!(
                (fit.apply(c) - said).abs() < 1e-12,
                "{kind} of {c}: {} and {said}",
                fit.apply(c)
            );
        }
    }
}

fn in_python(dir: &Path, script: &str) -> Output {
    Command::new("python3").current_dir(dir).args(["-c", script]).output().unwrap()
}
