//! Lines of a budget on confidence itself, and runs that stop when every line is settled.

mod support;

use support::Server;
use support::project::{Project, SUITE, code, letter, mostly_right, question, text};

/// A project of so many questions with this budget.
fn project(server: &Server, cases: usize, budget: &str) -> Project {
    let project = Project::at(server).choices(cases);
    let suite = SUITE.replace("  confident_wrong: {max_rate: 20%}\n", budget);
    project.write("suites/demo.yaml", &suite);
    project
}

/// The sentences of the decision, without what times and names may change.
fn sentences(project: &Project, run: &str) -> String {
    let decision = project.json(&format!("{run}/decision.json"));
    let lines = decision["lines"].as_array().unwrap().iter().map(|line| {
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        format!("{} {} — {}", word("verdict"), word("line"), word("sentence"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn confidence_itself_is_judged() {
    // Every fourth answer is wrong at 0.95, the others are right at 0.9.
    let server = Server::new(mostly_right);
    let budget = "  calibration: {max_brier: 0.2, max_ks: 0.5, consistent: true}\n  \
                  selective: {accuracy: 60%, min_coverage: 50%}\n";
    let project = project(&server, 120, budget);
    let output = project.run(&["run", "--out", "out"]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    insta::assert_snapshot!(sentences(&project, "out"), @"
    undecided calibration.max_brier — Brier score 0.233 of 120 answers; with 95% confidence from 0.153 to 0.332, on both sides of 0.2: about 695 answers would decide
    pass calibration.max_ks — KS calibration error 0.163 of 120 answers; with 95% confidence at most 0.265, within 0.5
    fail calibration.consistent — calibration error 0.312 of 120 answers, where 0.027 is to be expected: more than chance makes of confidence that is right (p = 0.001, 1999 draws)
    pass selective — 90 of 120 surest answers, 100% of 120, are right (75%); with 95% confidence at least 67.7%, above 60%
    pass coverage.floor — 120 of 120 planned trials were measured
    ");
    let page = text(&output.stdout);
    let marks = ["  ✗ ", "  ✓ ", "  ? "];
    let lines = page.lines().filter(|line| marks.iter().any(|mark| line.starts_with(mark)));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
      ? Brier score at most 0.2: undecided, so it fails
      ✓ KS calibration error at most 0.5
      ✗ calibration consistent with chance
      ✓ accuracy of the surest answers at least 60%
      ✓ coverage at least 95%
    ");
    let again = project.run(&["report", "out", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(document["decision"], project.json("out/decision.json"));
}

#[test]
fn a_run_stops_when_every_line_is_settled() {
    let server = Server::new(|seen, client| {
        let body =
            if question(seen).is_multiple_of(10) { letter("B", 0.05) } else { letter("A", 0.9) };
        client.json(200, &body);
    });
    let budget = "  confident_wrong: {max_rate: 40%}\n  accuracy: {min: 50%}\n  early_stop: true\n";
    let project = project(&server, 400, budget);
    let run = |out: &str, places: &str| {
        let args = ["run", "--out", out, "--cache", "off", "--seed", "3", "--concurrency", places];
        project.run(&args)
    };
    let output = run("one", "1");
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let decision = project.json("one/decision.json");
    let needed = usize::try_from(decision["early"]["needed"].as_u64().unwrap()).unwrap();
    assert!(needed < 120 && decision["early"]["planned"] == 400, "{decision}");
    assert!(decision["lines"][0]["early"]["by"] == "sequence", "{decision}");
    // One at a time, the next one may be under way when the last line is settled, and no other. With
    // more places, one reply that is late lets any number of later ones go first.
    let calls = server.calls();
    assert!(needed <= calls && calls <= needed + 2, "{calls} calls for {needed}");
    assert_eq!(project.json("one/operations.json")["ending"], "decided");
    let page = text(&output.stdout);
    let told = format!("decided early: {needed} of 400 trials settled every line");
    assert!(page.contains(&told), "{page}");
    assert!(page.contains(&format!("{needed} of 400 cases")), "{page}");
    // Only the lines' own limits know that the answers decided when to stop.
    assert!(page.contains("too narrow") && !page.contains("exact upper limit"), "{page}");
    // Cases come in an order of the seed, not of the file.
    let cases: Vec<String> =
        project.records("one").iter().map(|record| record["case"].to_string()).collect();
    assert!(!cases.is_sorted());
    // The same seed needs the same trials, whatever else was under way.
    assert_eq!(code(&run("two", "4")), 0);
    for file in ["scorecard.json", "decision.json"] {
        assert_eq!(project.read(&format!("one/{file}")), project.read(&format!("two/{file}")));
    }
    // What a fixed number of answers could promise is not promised of these.
    for flags in [&[][..], &["--quiet"]] {
        let advice = project.run(&[&["advise", "one"][..], flags].concat());
        let page = text(&advice.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains("the run was decided early: it ended because of"), "{page}");
    }
    let compared = project.run(&["compare", "one", "two"]);
    let page = text(&compared.stdout);
    assert!(page.contains("one was decided early"), "{page}");
    // Of the trials that were under way and happened to be finished, nothing is compared either.
    assert!(page.contains(&format!("{needed} cases compared")), "{page}");
    let again = project.run(&["report", "one", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(document["decision"], decision);
    assert_eq!(
        (&document["run"]["planned"], &document["run"]),
        (&400.into(), &project.json("one/run.json"))
    );
}

#[test]
fn a_run_that_the_last_trial_settles_asks_everything() {
    let server = Server::new(|_, client| client.json(200, &letter("A", 0.9)));
    let budget = "  confident_wrong: {max_rate: 20%}\n  early_stop: true\n";
    // Of 14 good answers, no fewer, the exact limit at 95.5 % is within 20 %.
    let project = project(&server, 14, budget);
    let output = project.run(&["run", "--out", "out", "--cache", "off"]);
    let decision = project.json("out/decision.json");
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    assert!(decision["early"].is_null() && decision["lines"][0]["early"].is_null(), "{decision}");
    assert_eq!(server.calls(), 14);
    // The exact limits at the end have nine tenths of the error level.
    assert!((decision["lines"][0]["level"].as_f64().unwrap() - 0.955).abs() < 1e-12);
    assert_eq!(project.json("out/operations.json")["ending"], "complete");
}

#[test]
fn times_and_totals_are_judged_by_what_was_fetched_now() {
    let server = Server::new(|_, client| {
        std::thread::sleep(std::time::Duration::from_millis(60));
        client.json(200, &letter("A", 0.9));
    });
    let budget = "  latency: {p50: 10ms, p95: 60s, late: {over: 50ms, max_rate: 1%}, \
                  tokens_per_second: {min: 1000}}\n  calls: {max: 64}\n  tokens: {max: 1000}\n  \
                  cost: {max: 1}\n";
    let project = project(&server, 64, budget);
    let output = project.run(&["run", "--out", "live", "--concurrency", "16"]);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let verdicts = |run: &str| {
        let decision = project.json(&format!("{run}/decision.json"));
        let lines = decision["lines"].as_array().unwrap().iter();
        let lines = lines.map(|line| format!("{} {}", line["line"], line["verdict"]));
        lines.collect::<Vec<_>>().join("\n").replace('"', "")
    };
    insta::assert_snapshot!(verdicts("live"), @"
    latency.p50 fail
    latency.p95 pass
    latency.tokens_per_second fail
    latency.late fail
    calls pass
    tokens fail
    cost not_measured
    coverage.floor pass
    ");
    let lines = project.json("live/decision.json")["lines"].clone();
    assert!(lines[0]["interval"][0].as_f64().unwrap() >= 0.06, "{lines}");
    assert_eq!((&lines[0]["n"], &lines[0]["count"]), (&64.into(), &64.into()));
    // A run from the store says nothing of the endpoint as it is now, and costs nothing.
    let output = project.run(&["run", "--out", "stored"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    insta::assert_snapshot!(verdicts("stored"), @"
    latency.p50 not_measured
    latency.p95 not_measured
    latency.tokens_per_second not_measured
    latency.late not_measured
    calls pass
    tokens pass
    cost not_measured
    coverage.floor pass
    ");
    let page = text(&output.stdout);
    assert!(page.contains("- latency p95 at most 60 s\n    not measured: no answer was fetched"));
}
