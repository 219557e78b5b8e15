//! Cases asked several times, as a user meets them: plan, page, scorecard, replay, `show`.

mod support;

use serde_json::Value;
use support::project::{Project, SUITE, code, letter, question, text};
use support::{Client, Seen, Server};

/// The repeat that a request is, from 0: the seed of the suite is 1, and draws add to it.
fn repeat(seen: &Seen) -> u32 {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    u32::try_from((body["seed"].as_u64().unwrap() - 1) >> 16).unwrap()
}

/// Of five questions one is always wrong, and one is wrong from the fourth time on.
fn by_turns(seen: &Seen, client: &mut Client) {
    let (question, repeat) = (question(seen), repeat(seen));
    let wrong = question % 5 == 3 || (question % 5 == 1 && repeat >= 3);
    let body = if wrong { letter("B", 0.05 + 0.01 * f64::from(repeat)) } else { letter("A", 0.9) };
    client.json(200, &body);
}

/// So many choice questions at temperature 0.7, each asked five times.
fn project(server: &Server, cases: usize) -> Project {
    let project = Project::at(server).choices(cases);
    let suite = SUITE.replace("temperature: 0,", "temperature: 0.7, seed: 1,") + "repeats: 5\n";
    project.write("suites/demo.yaml", &suite);
    project
}

/// The page without its last lines, which tell the time.
fn steady(page: &str) -> String {
    let timed =
        |line: &&str| [" calls · ", "reports/", "  answers in "].iter().any(|at| line.contains(at));
    let ends = |line: &&str| !timed(line);
    page.lines().filter(ends).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn a_page_tells_what_holds_and_what_changes() {
    let server = Server::new(by_turns);
    let project = project(&server, 30);
    let output = project.run(&["run", "--top", "7", "--out", "out"]);
    assert_eq!((code(&output), server.calls()), (1, 150), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    insta::assert_snapshot!(steady(&page), @"
    demo · m · 30 cases × 5                                   FAILED  1 of 2 budgets

      confident wrong  42 of 150   28%   95% upper limit 44.4%   at ≥ 0.80
      when confident   42 of 150 wrong   28%   95% upper limit 44.4%
      accuracy         72%   95% interval 52.7% to 86.8%
      repeats          5 a case   18 always right · 6 always wrong · 6 unstable
      mean confidence  90.7%   gap +18.7 points [+5.0, +33.8]   choice_logprob
      calibration      Brier 0.247 [0.133, 0.372]   KS 0.187   smooth ECE 0.187
      ranking          AUROC 0.000
      by tag           2 tags, each of under the 43 cases that could tell
      108 correct · 42 incorrect

      Confidently wrong, the surest first
      0.95  5 of 5  Question 3?
            said B. no 3   expected A. yes 3                                     q-3
      0.95  5 of 5  Question 8?
            said B. no 8   expected A. yes 8                                     q-8
      0.95  5 of 5  Question 13?
            said B. no 13   expected A. yes 13                                  q-13
      0.95  5 of 5  Question 18?
            said B. no 18   expected A. yes 18                                  q-18
      0.95  5 of 5  Question 23?
            said B. no 23   expected A. yes 23                                  q-23
      0.95  5 of 5  Question 28?
            said B. no 28   expected A. yes 28                                  q-28
      0.92  2 of 5  Question 1?
            said B. no 1   expected A. yes 1                                     q-1
      … 5 more: overclaim report out --top 12

      Unstable, the worst first
      3 of 5 right  Question 1?                                                  q-1
      3 of 5 right  Question 6?                                                  q-6
      3 of 5 right  Question 11?                                                q-11
      3 of 5 right  Question 16?                                                q-16
      3 of 5 right  Question 21?                                                q-21
      … 1 more: out/scorecard.json

      right, of 150 answers in 5 bins, by choice_logprob
      1.0 ┤                                           ● ····
          │                                       ······
          │                                 ······
          │                           ······
      0.5 ┤                     ······
          │               ······
          │         ······
          │   ······
      0.0 ┤···                                         ●●●
          ┼─────────────────────────────────────────────────
          0        0.25         0.5        0.75           1  ● observed · calibrated

      ? confident_wrong at most 20%: undecided, so it fails
        42 of 150 answers are confidently wrong (28%); 30 cases asked 5 times each
        tell as much as 30 independent answers; with 95% confidence from 15.1% to
        44.4%, on both sides of 20%: about 67 cases, asked 5 times each, would
        decide
      ✓ coverage at least 95%
        150 of 150 planned trials were measured

      out
    ");

    assert_eq!(project.json("out/run.json")["repeats"], 5);
    assert_eq!(project.json("out/run.json")["planned"], 150);
    let records = project.records("out");
    let names: Vec<&str> = records[..6].iter().map(|r| r["trial"].as_str().unwrap()).collect();
    insta::assert_snapshot!(names.join(" "), @"q-0@model q-0@model#2 q-0@model#3 q-0@model#4 q-0@model#5 q-1@model");
    let digests: std::collections::HashSet<&str> =
        records.iter().map(|r| r["exchanges"][0]["digest"].as_str().unwrap()).collect();
    assert_eq!(digests.len(), 150, "repeats never collapse");

    let card = project.json("out/scorecard.json")["endpoints"][0].clone();
    let accuracy = &card["accuracy"];
    assert_eq!(
        (&accuracy["wilson95"], &accuracy["clustering"]["clusters"]),
        (&Value::Null, &30.into())
    );
    let effect = accuracy["clustering"]["design_effect"].as_f64().unwrap();
    let effective = accuracy["clustering"]["effective_n"].as_f64().unwrap();
    assert!((3.91..3.92).contains(&effect) && (29.9..30.1).contains(&effective), "{accuracy}");
    assert_eq!(accuracy["korn_graubard95"].as_array().map(Vec::len), Some(2));
    insta::assert_snapshot!(card["repeats"]["cases"][0], @r#"{"case":"q-1","confident_wrong":2,"graded":5,"right":3}"#);
    let counted = ["k", "stable", "always_right", "always_wrong", "unstable", "ungraded"];
    let counted = counted.map(|name| card["repeats"][name].as_u64().unwrap());
    assert_eq!(counted, [5, 24, 18, 6, 6, 0]);
    let wrong = &card["sources"][0]["confident_wrong"]["0.8"];
    assert_eq!(
        (&wrong["wrong"], &wrong["clustering_of_all"]["clusters"]),
        (&42.into(), &30.into())
    );
    assert_eq!(wrong["clustering_given_confident"]["clusters"], 30);
    let decision = project.json("out/decision.json");
    assert_eq!(decision["lines"][0]["clustering"]["cases"], 30);

    let again = project.run(&["report", "out", "--top", "7"]);
    assert_eq!(text(&again.stdout), page);
    let document: Value =
        serde_json::from_slice(&project.run(&["report", "out", "--json"]).stdout).unwrap();
    let ranked = document["confident_wrong"].as_array().unwrap();
    assert_eq!(ranked.len(), 12, "an entry a case");
    assert_eq!(ranked[0]["times"], serde_json::json!({"confidently_wrong": 5, "graded": 5}));
}

#[test]
fn the_same_replies_give_the_same_scorecard() {
    let server = Server::new(by_turns);
    let project = project(&server, 10);
    project.run(&["run", "--out", "live", "--record", "tape.jsonl", "--quiet"]);
    assert_eq!(project.read("tape.jsonl").lines().count(), 50);
    let stored = project.run(&["run", "--out", "stored", "--json"]);
    let document: Value = serde_json::from_slice(&stored.stdout).unwrap();
    assert_eq!(document["operations"]["endpoints"][0]["origins"]["stored"], 50);
    assert_eq!(server.calls(), 50, "the store tells repeats apart");
    project.run(&["run", "--endpoint", "tape", "--out", "played", "--quiet"]);
    for run in ["stored", "played"] {
        let card = project.read(&format!("{run}/scorecard.json"));
        assert_eq!(card, project.read("live/scorecard.json"), "{run}");
    }
}

#[test]
fn the_flag_wins_and_the_limit_counts_cases() {
    let server = Server::new(by_turns);
    let project = project(&server, 10);
    let planned = |args: &[&str]| -> Value {
        let all = [&["plan", "--json"], args].concat();
        let output = project.run(&all);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let counts = |args: &[&str]| {
        let plan = planned(args);
        let at = &plan["endpoints"][0];
        ["repeats", "trials"]
            .map(|name| plan[name].as_u64().unwrap())
            .into_iter()
            .chain(["unique", "calls_at_most"].map(|name| at[name].as_u64().unwrap()))
            .collect::<Vec<u64>>()
    };
    assert_eq!(counts(&[]), [5, 50, 50, 50]);
    assert_eq!(counts(&["--repeats", "2"]), [2, 20, 20, 20]);
    assert_eq!(counts(&["--limit", "3"]), [5, 15, 15, 15]);
    let page = text(&project.run(&["plan", "--repeats", "3"]).stdout);
    assert!(page.starts_with("demo · 30 trials, every case asked 3 times\n"), "{page}");

    project.run(&["run", "--repeats", "1", "--out", "once", "--quiet"]);
    let once = project.read("once/scorecard.json");
    assert_eq!(project.records("once").len(), 10);
    for absent in ["repeats", "clustering", "korn_graubard"] {
        assert!(!once.contains(absent), "{once}");
    }
    project.run(&["run", "--repeats", "3", "--limit", "4", "--out", "some", "--quiet"]);
    let trials: Vec<Value> = project.records("some");
    assert_eq!((trials.len(), &trials[11]["trial"]), (12, &"q-3@model#3".into()));
    let refused = |repeats: &str| {
        let output = project.run(&["run", "--repeats", repeats]);
        assert_eq!(code(&output), 2);
        text(&output.stderr).lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(["0", "1001", "many"].map(refused).join("\n"), @"
    error: invalid value '0' for '--repeats <K>': write a number from 1 to 1000
    error: invalid value '1001' for '--repeats <K>': write a number from 1 to 1000
    error: invalid value 'many' for '--repeats <K>': write a number from 1 to 1000
    ");
}

#[test]
fn repeats_at_temperature_zero_are_refused() {
    let project = Project::empty().choices(2);
    project.write(
        "overclaim.yaml",
        "endpoints:\n  model: {wire: openai-chat, base_url: \"http://127.0.0.1:1/v1\", model: m}\n",
    );
    let mut shown = String::new();
    for (suite, args) in [
        (SUITE.to_owned() + "repeats: 5\n", &["check"][..]),
        (SUITE.to_owned() + "repeats: 1\n", &["run", "--repeats", "5"]),
        (SUITE.to_owned(), &["plan", "--repeats", "5"]),
        (SUITE.to_owned() + "repeats: 0\n", &["check"]),
        (SUITE.to_owned() + "repeats: 5000000\n", &["check"]),
        (SUITE.to_owned() + "repeats: twice\n", &["check"]),
    ] {
        project.write("suites/demo.yaml", &suite);
        let output = project.run(args);
        assert_eq!(code(&output), 2, "{}", text(&output.stderr));
        shown += &text(&output.stderr);
    }
    insta::assert_snapshot!(shown, @"
    error: `repeats: 5` at temperature 0: the same answer every time
      --> suites/demo.yaml:14:10
       |
    14 | repeats: 5
       |          ^ raise the temperature, or ask once

    1 error; nothing was asked
    error: `--repeats 5` at temperature 0: the same answer every time
      --> suites/demo.yaml:11:27
       |
    11 | parameters: {temperature: 0, max_tokens: 4}
       |                           ^ raise the temperature, or ask once

    1 error; nothing was asked
    error: `--repeats 5` at temperature 0: the same answer every time
      --> suites/demo.yaml:11:27
       |
    11 | parameters: {temperature: 0, max_tokens: 4}
       |                           ^ raise the temperature, or ask once

    1 error; nothing was asked
    error: repeats of 0
      --> suites/demo.yaml:14:10
       |
    14 | repeats: 0
       |          ^ write a number from 1 to 1000

    1 error; nothing was asked
    error: repeats of 5000000
      --> suites/demo.yaml:14:10
       |
    14 | repeats: 5000000
       |          ^^^^^^^ write a number from 1 to 1000

    1 error; nothing was asked
    error: expected a whole number, found `twice`
      --> suites/demo.yaml:14:10
       |
    14 | repeats: twice
       |          ^^^^^ write a whole number

    1 error; nothing was asked
    ");
}

#[test]
fn a_case_is_shown_with_all_its_repeats() {
    let server = Server::new(by_turns);
    let project = project(&server, 3);
    project.run(&["run", "--out", "out"]);
    let shown = |case: &str| text(&project.run(&["show", "out", case, "--quiet"]).stdout);
    insta::assert_snapshot!(shown("q-1"), @"
    q-1 · model · m · repeat 1 of 5
      outcome     correct · confidently right
    q-1 · model · m · repeat 2 of 5
      outcome     correct · confidently right
    q-1 · model · m · repeat 3 of 5
      outcome     correct · confidently right
    q-1 · model · m · repeat 4 of 5
      outcome     incorrect · confidently wrong
    q-1 · model · m · repeat 5 of 5
      outcome     incorrect · confidently wrong
    ");
    assert!(shown("q-1").ends_with(&shown("q-1@model#5")));
    assert_eq!(shown("q-1@model#5").lines().count(), 2);
    let whole = text(&project.run(&["show", "out", "q-1@model#2"]).stdout);
    assert!(
        whole.contains("seed 65537") && whole.contains("draw of repeat 2, sample 0"),
        "{whole}"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_counts_the_trials_that_are_left() {
    let server =
        Server::new(
            |seen, client| {
                if seen.number < 12 { by_turns(seen, client) } else { client.stall() }
            },
        );
    let project = project(&server, 6);
    let mut command = project.command(&["run", "--out", "out", "--concurrency", "2"]);
    let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let lines = project.dir.path().join("out/records.jsonl");
    let finished = || std::fs::read_to_string(&lines).map_or(0, |text| text.matches('\n').count());
    let start = std::time::Instant::now();
    while finished() < 12 {
        assert!(start.elapsed().as_secs() < 30, "{} lines", finished());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 3);
    assert!(text(&output.stdout).contains("18 not asked"), "{}", text(&output.stdout));
    let card = project.json("out/scorecard.json")["endpoints"][0].clone();
    assert_eq!((&card["planned"], &card["coverage"]["n"]), (&30.into(), &30.into()));
    assert_eq!(card["coverage"]["count"], 12);
}
