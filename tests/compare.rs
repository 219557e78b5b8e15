//! `overclaim compare`, and budgets that name a run to be held against.

mod support;

use serde_json::Value;
use support::project::{Project, code, letter, mostly_right, question, text};
use support::{Client, Seen, Server};

/// As [`mostly_right`], and of the questions 0 to 11 that one got right, every one is confidently
/// wrong now.
fn worse(seen: &Seen, client: &mut Client) {
    if question(seen) < 12 {
        client.json(200, &letter("B", 0.03));
    } else {
        mostly_right(seen, client);
    }
}

/// A project with a baseline at `base` of so many questions.
fn with_baseline(cases: usize) -> Project {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(cases);
    let output = project.run(&["run", "--out", "base", "--quiet", "--cache", "off"]);
    assert!(code(&output) < 2, "{}", text(&output.stderr));
    project
}

/// Runs the suite again at another server.
fn candidate(
    project: &Project,
    name: &str,
    answers: impl Fn(&Seen, &mut Client) + Send + Sync + 'static,
) {
    let server = Server::new(answers);
    project.write(
        "overclaim.yaml",
        &format!(
            "endpoints:\n  model: {{wire: openai-chat, base_url: \"{}\", model: m2, timeout: 10s}}\n",
            server.base_url()
        ),
    );
    let output = project.run(&["run", "--out", name, "--quiet", "--cache", "off"]);
    assert!(code(&output) < 2 || code(&output) == 3, "{}", text(&output.stderr));
}

fn page(project: &Project, args: &[&str], expected: i32) -> String {
    let output = project.run(args);
    assert_eq!(code(&output), expected, "{}{}", text(&output.stdout), text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    page
}

fn error(project: &Project, args: &[&str]) -> String {
    let output = project.run(args);
    assert_eq!(code(&output), 2, "{}", text(&output.stdout));
    assert!(output.stdout.is_empty());
    text(&output.stderr)
}

#[test]
fn a_run_held_against_itself_did_not_change() {
    let project = with_baseline(60);
    let page = page(&project, &["compare", "base", "base"], 0);
    insta::assert_snapshot!(page, @"
    demo · 60 cases compared
    no significant change, p = 1.000; these cases can show a drop of 16.8 points in
    accuracy

      baseline         m · base
      candidate        m · base

      accuracy         75% → 75%        +0.0 points [-4.5, +4.5]        p = 1.000
      confident wrong  25% → 25%        +0.0 points [-4.5, +4.5]        p = 1.000
      Brier            0.233 → 0.233    +0.000 [+0.000, +0.000]         p = 1.000
      debiased ECE     0.313 → 0.313    +0.000 [+0.000, +0.000]         p = 1.000
      McNemar          0 right in the baseline alone, 0 in the candidate alone;
                       two-sided exact p = 1.000, mid-p = 1.000
      can see          a drop of 16.8 points in accuracy, a rise of 16.8 points in
                       confident wrong, 80% of the time; for 5 points it takes about
                       288 cases
      p                one-sided, against the candidate, corrected for 3 tests
                       (Holm): where nothing changed, at most 5% of comparisons say
                       worse; that of the debiased ECE is two-sided and decides
                       nothing

      By tag
      2 tags are not assessable: fewer than the 44 answers that a change of 20
      points needs
    ");
}

#[test]
fn a_worse_candidate_fails_with_the_newly_confident_wrong_answers_first() {
    let project = with_baseline(60);
    candidate(&project, "cand", worse);
    let page = page(&project, &["compare", "base", "cand", "--top", "2"], 1);
    insta::assert_snapshot!(page, @"
    demo · 60 cases compared
    worse: 9 newly confident wrong; accuracy 75% → 60%, p = 0.004; Brier 0.233 →
    0.375, p < 0.001; confident wrong 25% → 40%, p = 0.004

      baseline         m · base
      candidate        m2 · cand

      Newly confident wrong  9
      0.90 → 0.97  Question 0?
                   was A. yes 0   now B. no 0   expected A. yes 0                q-0
      0.90 → 0.97  Question 1?
                   was A. yes 1   now B. no 1   expected A. yes 1                q-1
      … 7 more: --top 9

      accuracy         75% → 60%        -15.0 points [-24.4, -4.7]      p = 0.004
      confident wrong  25% → 40%        +15.0 points [+4.7, +24.4]      p = 0.004
      Brier            0.233 → 0.375    +0.142 [+0.055, +0.228]         p < 0.001
      debiased ECE     0.313 → 0.444    +0.131 [+0.059, +0.205]         p = 0.001
      McNemar          9 right in the baseline alone, 0 in the candidate alone;
                       two-sided exact p = 0.004, mid-p = 0.002
      can see          a drop of 24.4 points in accuracy, a rise of 24.4 points in
                       confident wrong, 80% of the time; for 5 points it takes about
                       800 cases
      p                one-sided, against the candidate, corrected for 3 tests
                       (Holm): where nothing changed, at most 5% of comparisons say
                       worse; that of the debiased ECE is two-sided and decides
                       nothing

      By tag
      2 tags are not assessable: fewer than the 72 answers that a change of 20
      points needs
    ");
    // The other way round it is better, and passes.
    let output = project.run(&["compare", "cand", "base", "--quiet"]);
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!(text(&output.stdout), @"
    demo · 60 cases compared
    better: accuracy 60% → 75%, p = 0.004; Brier 0.375 → 0.233, p < 0.001; confident
    wrong 40% → 25%, p = 0.004
    ");
    let stricter = ["compare", "base", "cand", "--quiet", "--alpha", "0.0000001"];
    assert_eq!(code(&project.run(&stricter)), 0, "at that level it may be chance");
}

#[test]
fn one_document_for_programs_is_the_same_with_any_number_of_threads() {
    let project = with_baseline(60);
    candidate(&project, "cand", worse);
    let on = |threads: &str| {
        let mut command = project.command(&["compare", "base", "cand", "--json"]);
        let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert_eq!(code(&output), 1);
        assert!(text(&output.stderr).contains("newly confident wrong"), "the page is on stderr");
        output.stdout
    };
    let document = on("1");
    assert!(document == on("4"), "threads change the document");
    let document: Value = serde_json::from_slice(&document).unwrap();
    let comparison = &document["comparison"];
    assert_eq!(comparison["direction"], "worse");
    assert_eq!(comparison["flipped"]["newly_confident_wrong"], 9);
    assert_eq!(
        (&comparison["baseline_only"], &comparison["candidate_only"]),
        (&9.into(), &0.into())
    );
    assert_eq!(comparison["flips"].as_array().unwrap().len(), 9);
    assert_eq!(comparison["tests"][0]["of"], "accuracy");
    let p = comparison["tests"][0]["p_worse"].as_f64().unwrap();
    assert!((p - 0.5_f64.powi(9)).abs() < 1e-12, "{p}");
    assert_eq!(document["candidate"]["model"], "m2");
    assert_eq!(comparison["seed"], 20_140_915);
}

#[test]
fn changed_questions_and_graders_are_not_compared_in_silence() {
    let project = with_baseline(60);
    let rows = project.read("suites/rows.jsonl");
    // One question of sixty is another one, one case has gone and one is new.
    let reworded = rows.replace("Question 7?", "Question 7 now?");
    let kept: Vec<&str> = reworded.lines().filter(|row| !row.contains("\"q-8\"")).collect();
    let changed = kept.join("\n")
        + "\n"
        + &rows
            .lines()
            .next()
            .unwrap()
            .replace("q-0", "q-new")
            .replace("Question 0?", "Question 99?");
    project.write("suites/rows.jsonl", &changed);
    candidate(&project, "cand", mostly_right);
    let page = page(&project, &["compare", "base", "cand"], 0);
    let (above, below) = page.split_once("\n\n  accuracy").unwrap();
    insta::assert_snapshot!(above, @"
    demo · 58 cases compared
    no significant change, p = 1.000; these cases can show a drop of 17.4 points in
    accuracy

      baseline         m · base
      candidate        m2 · cand
      ! 1 of 59 cases have another question or grader than in the baseline and are
        not compared
    ");
    insta::assert_snapshot!(below.split_once("  Not compared").unwrap().1, @"
    1 changed: another question, or graded otherwise: q-7
    1 only in the baseline: q-8
    1 only in the candidate: q-new
    ");
    // A grader that changed, changed for all.
    let suite = project.read("suites/demo.yaml");
    project.write("suites/demo.yaml", &suite.replace("{choice:", "{exact:"));
    candidate(&project, "regraded", mostly_right);
    insta::assert_snapshot!(error(&project, &["compare", "base", "regraded"]), @"error: the question or the grader of 59 of 59 cases is another one (q-0, q-1, q-2, q-3, q-4, …); run the baseline again, or leave these out with --allow-changed");
    let output = project.run(&["compare", "base", "regraded", "--allow-changed"]);
    assert_eq!(code(&output), 3, "nothing is left: {}", text(&output.stdout));
}

#[test]
fn another_prompt_is_compared_and_said() {
    let project = with_baseline(60);
    let suite = project.read("suites/demo.yaml");
    project.write("suites/demo.yaml", &suite.replace("{{ question }}", "{{ question }} Think."));
    candidate(&project, "cand", mostly_right);
    let page = page(&project, &["compare", "base", "cand"], 0);
    assert!(page.contains("! the prompts are others than in the baseline"), "{page}");
    assert!(page.contains("60 cases compared"), "{page}");
}

#[test]
fn repeats_are_one_cluster_and_mcnemar_is_not_asked() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(12);
    let suite = project.read("suites/demo.yaml");
    let warm = suite.replace("temperature: 0", "temperature: 1");
    project.write("suites/demo.yaml", &format!("{warm}repeats: 5\n"));
    assert!(code(&project.run(&["run", "--out", "base", "--quiet", "--cache", "off"])) < 2);
    // One question turned: five answers, and no evidence but of one case.
    candidate(&project, "cand", |seen, client| match question(seen) {
        0 => client.json(200, &letter("B", 0.03)),
        _ => mostly_right(seen, client),
    });
    let page = page(&project, &["compare", "base", "cand"], 0);
    insta::assert_snapshot!(page, @"
    demo · 12 cases, 60 answers compared
    no significant change, p = 1.000; these cases can show a drop of 68.9 points in
    accuracy

      baseline         m · base
      candidate        m2 · cand

      Newly confident wrong  5
      0.90 → 0.97  5 of 5  Question 0?
                   was A. yes 0   now B. no 0   expected A. yes 0                q-0

      accuracy         75% → 66.7%      -8.3 points [-26.7, +10.0]      p = 1.000
      confident wrong  25% → 33.3%      +8.3 points [-10.0, +26.7]      p = 1.000
      Brier            0.233 → 0.311    +0.078 [-0.093, +0.248]         p = 1.000
      debiased ECE     0.313 → 0.385    +0.072 [+0.000, +0.217]         p = 1.000
      turned           5 right in the baseline alone, 0 in the candidate alone. 12
                       clusters hold several answers each, which McNemar's test
                       would take for independent: p is that of flipping whole
                       clusters
      can see          a drop of 68.9 points in accuracy, a rise of 68.9 points in
                       confident wrong, 80% of the time; for 5 points it takes about
                       573 cases
      p                one-sided, against the candidate, corrected for 3 tests
                       (Holm): where nothing changed, at most 5% of comparisons say
                       worse; that of the debiased ECE is two-sided and decides
                       nothing

      By tag
      2 tags are not assessable: fewer than the 295 answers that a change of 20
      points needs
    ");
}

#[test]
fn a_candidate_whose_answers_are_lost_could_not_be_compared() {
    let project = with_baseline(40);
    candidate(&project, "cand", |seen, client| match question(seen) {
        number if number < 6 => client.json(200, &support::chat("")),
        _ => mostly_right(seen, client),
    });
    let page = page(&project, &["compare", "base", "cand"], 3);
    assert!(page.contains("could not be compared: only 85% of the candidate's answers"), "{page}");
    assert!(page.contains("6 not judged in the candidate: q-0, q-1, q-2, q-3, q-4, …"), "{page}");
}

#[test]
fn a_run_that_was_stopped_could_not_be_compared() {
    let project = with_baseline(40);
    let records = project.read("base/records.jsonl");
    let some: Vec<&str> = records.lines().take(30).collect();
    project.write("stopped/records.jsonl", &(some.join("\n") + "\n"));
    project.write("stopped/run.json", &project.read("base/run.json"));
    for (args, side) in [(["base", "stopped"], "candidate"), (["stopped", "base"], "baseline")] {
        let page = page(&project, &["compare", args[0], args[1]], 3);
        let told = format!("the {side} was stopped after 30 of 40 trials");
        assert!(page.replace('\n', " ").contains(&told), "{page}");
    }
}

#[test]
fn what_has_nothing_in_common_is_an_error() {
    let project = with_baseline(8);
    let other = project.read("suites/rows.jsonl").replace("\"q-", "\"other-");
    project.write("suites/rows.jsonl", &other);
    let suite = project.read("suites/demo.yaml");
    project.write("suites/demo.yaml", &suite.replace("suite: demo", "suite: other"));
    candidate(&project, "cand", mostly_right);
    insta::assert_snapshot!(error(&project, &["compare", "base", "cand"]), @"error: base and cand have no case in common: they are runs of the suites `demo` and `other`");
    insta::assert_snapshot!(error(&project, &["compare", "base", "nowhere"]), @"error: nowhere: it cannot be read: No such file or directory (os error 2) (check the path)");
    insta::assert_snapshot!(
        error(&project, &["compare", "base", "base", "--endpoint", "modle"]),
        @"error: base has no endpoint `modle` (did you mean `model`?)"
    );
    let output = project.run(&["compare", "base", "base", "--alpha", "0"]);
    assert!(text(&output.stderr).contains("above 0 and at most 50%"));
}

/// Rows of another harness: so many, of which the first are wrong and sure.
fn rows(n: usize, wrong: usize) -> String {
    let row = |index| {
        let right = index >= wrong;
        format!(
            "{{\"name\": \"c{index}\", \"confidence\": 0.9, \"correct\": {right}, \"question\": \"What is {index}?\", \"tags\": [\"t{}\"]}}\n",
            index % 2
        )
    };
    (0..n).map(row).collect()
}

#[test]
fn files_of_other_harnesses_are_paired_by_id() {
    let project = Project::empty();
    project.write("base.jsonl", &rows(200, 20));
    project.write("cand.jsonl", &rows(200, 50));
    insta::assert_snapshot!(error(&project, &["compare", "base.jsonl", "cand.jsonl"]), @"error: base.jsonl: no row has the field `id`, and cases are paired by it; name the one that has it with --id-field");
    let args = ["compare", "base.jsonl", "cand.jsonl", "--id-field", "name", "--top", "1"];
    let page = page(&project, &args, 1);
    insta::assert_snapshot!(page, @"
    comparison · 200 cases compared
    worse: 30 newly confident wrong; accuracy 90% → 75%, p < 0.001; Brier 0.090 →
    0.210, p < 0.001; confident wrong 10% → 25%, p < 0.001

      baseline         base.jsonl
      candidate        cand.jsonl

      Newly confident wrong  30
      0.90 → 0.90  What is 20?
      … 29 more: --top 30

      accuracy         90% → 75%        -15.0 points [-19.9, -9.8]      p < 0.001
      confident wrong  10% → 25%        +15.0 points [+9.8, +19.9]      p < 0.001
      Brier            0.090 → 0.210    +0.120 [+0.080, +0.160]         p < 0.001
      debiased ECE     -0.017 → 0.150    +0.167 [+0.065, +0.202]        p < 0.001
      McNemar          30 right in the baseline alone, 0 in the candidate alone;
                       two-sided exact p < 0.001, mid-p < 0.001
      can see          a drop of 10.8 points in accuracy, a rise of 10.8 points in
                       confident wrong, 80% of the time; for 5 points it takes about
                       733 cases
      p                one-sided, against the candidate, corrected for 3 tests
                       (Holm): where nothing changed, at most 5% of comparisons say
                       worse; that of the debiased ECE is two-sided and decides
                       nothing

      By tag
      t0    90 → 75 of 100 right      p < 0.001   15 newly confident wrong
      t1    90 → 75 of 100 right      p < 0.001   15 newly confident wrong
      p two-sided, corrected for the parts looked at (Benjamini-Hochberg); decides
      nothing
    ");
    let two = rows(3, 1).replace("}\n", ", \"source\": \"a\"}\n")
        + &rows(3, 2).replace("}\n", ", \"source\": \"b\"}\n");
    project.write("two.jsonl", &two);
    let args = ["compare", "two.jsonl", "two.jsonl", "--id-field", "name"];
    assert!(
        error(&project, &args).contains("has several sources: a, b; name one with --base-endpoint")
    );
    let args = [&args[..], &["--base-endpoint", "a", "--cand-endpoint", "b", "--quiet"]].concat();
    assert_eq!(code(&project.run(&args)), 0);
}

#[test]
fn a_budget_holds_a_run_against_the_previous_one_and_report_says_the_same() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(60);
    let suite = project.read("suites/demo.yaml");
    let limit = suite.replace("max_rate: 20%", "max_rate: 90%");
    project.write("suites/demo.yaml", &format!("{limit}  regression: {{against: previous}}\n"));
    let line = |output: &std::process::Output| {
        let page = text(&output.stdout);
        let from = page.find("regression").map(|at| page[..at].rfind('\n').unwrap() + 1).unwrap();
        let end = page[from..].find("\n\n").unwrap();
        page[from..from + end].to_owned()
    };
    let run = |expected: i32| {
        let output = project.run(&["run", "--cache", "off"]);
        assert_eq!(code(&output), expected, "{}{}", text(&output.stdout), text(&output.stderr));
        // Runs are told apart by the second in which they start.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        line(&output)
    };
    let first = run(0);
    insta::assert_snapshot!(first, @"
    - regression at 5%
      there is no finished run of these cases below reports/demo to compare with;
      this run is one for the next
    ");
    let hide = |text: &str| {
        let at = text.find("demo/").unwrap() + 5;
        format!("{}TIME{}", &text[..at], &text[at + 19..])
    };
    insta::assert_snapshot!(hide(&run(0)), @"
    ✓ regression at 5%
      against reports/demo/TIME: no significant change, p = 1.000;
      these cases can show a drop of 16.8 points in accuracy
    ");
    let worse = Server::new(worse);
    let config = project.read("overclaim.yaml");
    project.write("overclaim.yaml", &config.replace(&server.base_url(), &worse.base_url()));
    let told = run(1);
    insta::assert_snapshot!(hide(&told), @"
    ✗ regression at 5%
      against reports/demo/TIME: worse: 9 newly confident wrong;
      accuracy 75% → 60%, p = 0.004; Brier 0.233 → 0.375, p < 0.001; confident
      wrong 25% → 40%, p = 0.004
    ");
    // The decision follows from the run's own directory, whatever became of the others.
    let mut dirs: Vec<_> = std::fs::read_dir(project.dir.path().join("reports/demo"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    dirs.sort();
    let last = dirs.pop().unwrap();
    let decision = std::fs::read_to_string(last.join("decision.json")).unwrap();
    assert!(decision.contains("\"line\": \"regression\""), "{decision}");
    for dir in &dirs {
        std::fs::remove_dir_all(dir).unwrap();
    }
    let output = project.run(&["report"]);
    assert_eq!((code(&output), line(&output)), (1, told));
}

#[test]
fn a_named_baseline_that_is_not_there_is_an_error_before_anything_is_asked() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    let suite = project.read("suites/demo.yaml");
    let limit = suite.replace("max_rate: 20%", "max_rate: 90%");
    let budget = format!("{limit}  regression: {{against: reports/good, alpha: 1%}}\n");
    project.write("suites/demo.yaml", &budget);
    for command in ["check", "run"] {
        let output = project.run(&[command]);
        assert_eq!(code(&output), 2, "{command}");
        let said = text(&output.stderr);
        assert!(said.contains("there is no run in `reports/good` to compare with"), "{said}");
        assert!(said.contains("overclaim run --out reports/good"), "{said}");
    }
    assert_eq!(server.calls(), 0);
    // What is there and is no whole run is not measured, which fails where the budget says so.
    project.write("reports/good/run.json", "{}");
    let output = project.run(&["run", "--quiet"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    project.write("suites/demo.yaml", &format!("{budget}  not_measured: fail\n"));
    assert_eq!(code(&project.run(&["run", "--quiet"])), 1);
}
