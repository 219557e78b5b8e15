//! Budgets that say how many cases may be newly confident wrong, against what was accepted or
//! against a run.

#[path = "../benches/review/simulation.rs"]
mod simulation;
mod support;

use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use overclaim::gate::Verdict;
use overclaim::snapshot::ChangeKind;
use simulation::{Mixture, Version, World, accept, gate, standing, went};
use support::Server;
use support::project::{Project, code, letter, question, text};

/// A model that is wrong on every fourth question and sure, and later on the first few, too.
struct Model {
    server: Server,
    /// The questions below are confidently wrong.
    wrong_below: Arc<AtomicUsize>,
    /// The questions below are not answered: the server refuses them.
    lost_below: Arc<AtomicUsize>,
}

fn model() -> Model {
    let (wrong_below, lost_below) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (wrong, lost) = (Arc::clone(&wrong_below), Arc::clone(&lost_below));
    let server = Server::new(move |seen, client| {
        let number = question(seen);
        if number < lost.load(Ordering::Relaxed) {
            client.json(400, r#"{"error": {"message": "no"}}"#);
        } else if number < wrong.load(Ordering::Relaxed) || number % 4 == 3 {
            client.json(200, &letter("B", 0.03));
        } else {
            client.json(200, &letter("A", 0.9));
        }
    });
    Model { server, wrong_below, lost_below }
}

impl Model {
    fn project(&self, cases: usize, regression: &str) -> Project {
        let project = Project::at(&self.server).choices(cases);
        let limit = "  confident_wrong: {max_rate: 20%}";
        let others = "  confident_wrong: {max_rate: 95%}";
        let budget = format!("{others}\n  regression: {regression}");
        let suite = project.read("suites/demo.yaml").replace(limit, &budget);
        project.write("suites/demo.yaml", &suite);
        project
    }
}

/// Runs the suite into this directory.
fn run(project: &Project, out: &str, expected: i32) -> Output {
    let output = project.run(&["run", "--cache", "off", "--out", out]);
    assert_eq!(code(&output), expected, "{}{}", text(&output.stdout), text(&output.stderr));
    output
}

/// What the terminal's page says of the lines on regression.
fn told(output: &Output) -> String {
    let page = text(&output.stdout);
    let lines = page.lines().skip_while(|line| !line.contains("regression at"));
    let lines = lines.take_while(|line| !line.is_empty() && !line.contains("coverage"));
    lines.collect::<Vec<_>>().join("\n")
}

fn lines_of(project: &Project, run: &str) -> Vec<serde_json::Value> {
    let decision = project.json(&format!("{run}/decision.json"));
    let lines = decision["lines"].as_array().unwrap().iter();
    let named = |line: &&serde_json::Value| {
        line["line"].as_str().is_some_and(|name| name.starts_with("regression"))
    };
    lines.filter(named).cloned().collect()
}

#[test]
fn a_run_is_held_against_what_was_accepted() {
    let model = model();
    let project = model.project(60, "{newly_confident_wrong: {max: 1}, against: snapshot}");
    // No directory of that name is meant.
    project.write("snapshot/run.json", "{}");
    let check = project.run(&["check"]);
    assert_eq!(code(&check), 0, "{}", text(&check.stderr));
    let first = run(&project, "first", 0);
    insta::assert_snapshot!(told(&first), @"
    - regression at 5%
      no answers of `model` had been accepted when the run began: look at them
      with `overclaim review`, or take all with `overclaim accept`
    - newly confident wrong at most 1
      no answers of `model` had been accepted when the run began: look at them
      with `overclaim review`, or take all with `overclaim accept`
    ");
    assert!(!text(&first.stderr).contains("snapshot/run.json"), "{}", text(&first.stderr));
    assert_eq!(code(&project.run(&["accept"])), 0);
    insta::assert_snapshot!(told(&run(&project, "second", 0)), @"
    ✓ regression at 5%
      against suites/snapshots/demo@model.snap: no significant change, p = 1.000;
      these cases can show a drop of 15.2 points in accuracy
    ✓ newly confident wrong at most 1
      against suites/snapshots/demo@model.snap: 0 of 60 cases are newly confident
      wrong, at most 1 may be
    ");
    model.wrong_below.store(1, Ordering::Relaxed);
    insta::assert_snapshot!(told(&run(&project, "one", 0)), @"
    ✓ regression at 5%
      against suites/snapshots/demo@model.snap: no significant change, p = 1.000;
      these cases can show a drop of 16.3 points in accuracy
    ✓ newly confident wrong at most 1
      against suites/snapshots/demo@model.snap: 1 of 60 cases is newly confident
      wrong (q-0), at most 1 may be
    ");
    model.wrong_below.store(2, Ordering::Relaxed);
    insta::assert_snapshot!(told(&run(&project, "two", 1)), @"
    ✓ regression at 5%
      against suites/snapshots/demo@model.snap: no significant change, p = 0.500;
      these cases can show a drop of 17.3 points in accuracy
    ✗ newly confident wrong at most 1
      against suites/snapshots/demo@model.snap: 2 of 60 cases are newly confident
      wrong (q-0, q-1), at most 1 may be
    ");
    model.wrong_below.store(12, Ordering::Relaxed);
    let many = run(&project, "many", 1);
    insta::assert_snapshot!(told(&many), @"
    ✗ regression at 5%
      against suites/snapshots/demo@model.snap: worse: 9 newly confident wrong;
      accuracy 75% → 60%, p = 0.004; confident wrong 25% → 40%, p = 0.004
    ✗ newly confident wrong at most 1
      against suites/snapshots/demo@model.snap: 9 of 60 cases are newly confident
      wrong (q-0, q-1, q-10, 6 more), at most 1 may be
    ");
    // What is accepted counts from the next run on; the run that showed it stays as it is.
    assert_eq!(code(&project.run(&["accept", "many"])), 0);
    let again = project.run(&["report", "many"]);
    assert_eq!((code(&again), told(&again)), (1, told(&many)));
    run(&project, "known", 0);
    let known = lines_of(&project, "known");
    assert_eq!((&known[1]["verdict"], &known[1]["count"]), (&"pass".into(), &0.into()));
    // Known or not, they are wrong.
    let card = project.json("known/scorecard.json");
    assert_eq!(card["endpoints"][0]["accuracy"]["count"], 36);
}

#[test]
fn an_outage_is_no_pass() {
    let model = model();
    let project = model.project(60, "{newly_confident_wrong: {max: 1}, against: snapshot}");
    run(&project, "first", 0);
    assert_eq!(code(&project.run(&["accept"])), 0);
    model.lost_below.store(1, Ordering::Relaxed);
    run(&project, "one-lost", 0);
    model.lost_below.store(2, Ordering::Relaxed);
    insta::assert_snapshot!(told(&run(&project, "two-lost", 1)), @"
    ✓ regression at 5%
      against suites/snapshots/demo@model.snap: no significant change, p = 1.000;
      these cases can show a drop of 15.7 points in accuracy
    ? newly confident wrong at most 1: undecided, so it fails
      against suites/snapshots/demo@model.snap: 0 of 58 cases are newly confident
      wrong, at most 1 may be; 2 more could be, not heard or not judged (q-0, q-1)
    ");
    // What was lost proposes nothing.
    let pending = project.run(&["pending", "--check"]);
    assert_eq!(code(&pending), 0, "{}{}", text(&pending.stdout), text(&pending.stderr));
    model.lost_below.store(60, Ordering::Relaxed);
    run(&project, "all-lost", 3);
    for line in lines_of(&project, "all-lost") {
        assert_eq!((&line["verdict"], &line["n"]), (&"not_measured".into(), &0.into()), "{line}");
    }
}

#[test]
fn shards_are_judged_together_as_one_run_would_be() {
    let model = model();
    let project = model.project(40, "{newly_confident_wrong: {max: 0}, against: snapshot}");
    run(&project, "first", 0);
    assert_eq!(code(&project.run(&["accept"])), 0);
    model.wrong_below.store(3, Ordering::Relaxed);
    run(&project, "whole", 1);
    for (shard, out) in [("1/2", "left"), ("2/2", "right")] {
        let output = project.run(&["run", "--cache", "off", "--shard", shard, "--out", out]);
        assert_eq!(code(&output), 1, "{}", text(&output.stderr));
        assert_eq!(lines_of(&project, out)[1]["n"], 20);
    }
    assert_eq!(code(&project.run(&["merge", "joined", "left", "right"])), 1);
    assert_eq!(project.read("joined/decision.json"), project.read("whole/decision.json"));
    assert_eq!(lines_of(&project, "joined")[1]["count"], 3);
}

#[test]
fn a_run_is_held_against_a_run_case_by_case() {
    let model = model();
    let project = model.project(40, "{against: previous}");
    run(&project, "reports/good", 0);
    let suite = project.read("suites/demo.yaml");
    let named = "{newly_confident_wrong: {max: 0}, against: reports/good}";
    project.write("suites/demo.yaml", &suite.replace("{against: previous}", named));
    run(&project, "same", 0);
    model.wrong_below.store(2, Ordering::Relaxed);
    insta::assert_snapshot!(told(&run(&project, "two", 1)), @"
    ✓ regression at 5%
      against reports/good: no significant change, p = 0.750; these cases can show
      a drop of 27.8 points in accuracy
    ✗ newly confident wrong at most 0
      against reports/good: 2 of 40 cases are newly confident wrong (q-0, q-1), at
      most 0 may be
    ");
    // Nobody has accepted anything, and nothing was proposed.
    assert!(!project.dir.path().join("suites/snapshots").exists());
}

#[test]
fn with_repeats_a_case_that_wobbles_is_not_newly_wrong() {
    // The first question is right four times in five, the second never any more.
    let asked = Arc::new(AtomicUsize::new(0));
    let turned = Arc::new(AtomicUsize::new(0));
    let (calls, now) = (Arc::clone(&asked), Arc::clone(&turned));
    let server = Server::new(move |seen, client| {
        let wrong = match question(seen) {
            0 => calls.fetch_add(1, Ordering::Relaxed) % 5 >= 4 - 3 * now.load(Ordering::Relaxed),
            1 => now.load(Ordering::Relaxed) == 1,
            _ => false,
        };
        client.json(200, &if wrong { letter("B", 0.03) } else { letter("A", 0.9) });
    });
    let model = Model { server, wrong_below: Arc::default(), lost_below: Arc::default() };
    let project = model.project(30, "{newly_confident_wrong: {max: 0}, against: snapshot}");
    let suite = project.read("suites/demo.yaml").replace("temperature: 0,", "temperature: 0.7,");
    project.write("suites/demo.yaml", &(suite + "repeats: 5\n"));
    run(&project, "first", 0);
    assert_eq!(code(&project.run(&["accept"])), 0);
    turned.store(1, Ordering::Relaxed);
    run(&project, "second", 1);
    let [whole, cases] = &lines_of(&project, "second")[..] else { panic!("two lines") };
    assert_eq!((&whole["verdict"], &whole["n"]), (&"pass".into(), &150.into()), "{whole}");
    assert_eq!(
        cases["sentence"],
        "against suites/snapshots/demo@model.snap: 1 of 30 cases is newly confident wrong (q-1), \
         at most 0 may be"
    );
}

#[test]
fn the_name_of_a_case_is_text_wherever_the_line_names_it() {
    let model = model();
    let project = model.project(40, "{newly_confident_wrong: {max: 0}, against: snapshot}");
    let rows = project.read("suites/rows.jsonl");
    let hostile = "\\u001b[2J\\u202e::error::<b>|`";
    project.write("suites/rows.jsonl", &rows.replace("\"q-0\"", &format!("\"{hostile}\"")));
    run(&project, "first", 0);
    assert_eq!(code(&project.run(&["accept"])), 0);
    model.wrong_below.store(1, Ordering::Relaxed);
    let page = text(&run(&project, "second", 1).stdout);
    assert!(page.contains("    wrong (␛[2J\\u{202e}"), "{page}");
    for format in ["terminal", "markdown", "github", "junit", "html"] {
        let page = text(&project.run(&["report", "second", "--format", format]).stdout);
        assert!(page.contains("newly confident"), "{format}: {page}");
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{format}: {page:?}");
        assert!(!page.lines().any(|line| line.starts_with("::error::")), "{format}: {page}");
        let is_markup = ["junit", "html"].contains(&format);
        assert!(!is_markup || !page.contains("error::<b>"), "{format}: {page}");
    }
}

/// The claims of `cargo bench --bench review`, on fewer cases and nights.
#[test]
fn of_models_that_wobble_what_changed_is_found_and_nothing_else() {
    let newly = [ChangeKind::NewlyConfidentWrong];
    let worse = [ChangeKind::NewlyConfidentWrong, ChangeKind::NewlyWrong];
    let world = World::new(Mixture::Mixed, 200, 10, 5, 1);
    let accepted = accept(&world.night(Version::First, 1));
    let mut called = 0;
    for night in 0..20 {
        let turned = standing(&world.night(Version::Turned, 100 + night), &accepted);
        let newly = went(&turned, &newly);
        let first = newly.iter().take(10).all(|case| case.starts_with("slice"));
        assert!(first && newly.len() == 10, "{newly:?}");
        called += went(&standing(&world.night(Version::First, night + 2), &accepted), &worse).len();
    }
    // Of 200 cases on 20 nights, 1 % are 40.
    assert!(called <= 40, "{called}");
    assert_eq!(world.len(), 200);
    let few = World::new(Mixture::Mixed, 40, 10, 5, 1);
    let accepted = accept(&few.night(Version::First, 1));
    let judged = |version, seed| {
        let run = few.night(version, seed);
        gate(&run, &standing(&run, &accepted))
    };
    assert_eq!(judged(Version::Turned, 2), [Verdict::Fail; 2]);
    assert_eq!(judged(Version::First, 3), [Verdict::Pass; 2]);
    // A single answer of a case that tosses coins says nothing: with one draw noise is change.
    let coins = World::new(Mixture::Coins, 200, 0, 1, 1);
    let accepted = accept(&coins.night(Version::First, 1));
    let called = went(&standing(&coins.night(Version::First, 2), &accepted), &worse).len();
    assert!((30..70).contains(&called), "{called}");
}
