//! The cache as a user meets it: runs that ask once, processes that share, and the upkeep.

mod support;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};

use serde_json::Value;
use support::project::{Project, code, mostly_right, text};
use support::{Server, chat};

/// A suite of so many cases that all ask the same.
fn same(project: &Project, cases: usize) {
    project.write(
        "suites/same.yaml",
        "suite: same\nendpoints: [model]\ndataset: {from: same.jsonl, id: \"{{ id }}\"}\n\
         prompt: What is six times seven?\ngrade: {numeric: \"42\"}\n\
         parameters: {temperature: 0, max_tokens: 4}\nbudget: {accuracy: {min: 50%}}\n",
    );
    let row = |case: usize| serde_json::json!({"id": format!("c{case}")}).to_string();
    let rows: Vec<String> = (0..cases).map(row).collect();
    project.write("suites/same.jsonl", &rows.join("\n"));
}

/// The two lines at the end of a page, before the directory.
fn ending(stdout: &[u8]) -> String {
    let text = text(stdout);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(" trials · ") || line.contains("saved "))
        .collect();
    let steady =
        |line: &&str| line.rsplit_once(" · ").map_or(String::new(), |(head, _)| head.to_owned());
    lines.iter().skip(usize::from(lines.len() > 2)).map(steady).collect::<Vec<_>>().join("\n")
}

#[test]
fn ten_thousand_equal_cases_make_one_call_and_a_second_run_makes_none() {
    let server = Server::json(200, chat("42"));
    let project = Project::at(&server);
    same(&project, 10_000);
    let first = project.run(&["run", "suites/same.yaml", "--out", "a"]);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    assert_eq!(server.calls(), 1);
    insta::assert_snapshot!(ending(&first.stdout), @"
      10000 trials · 1 call · 9999 joined · 0 stored
      saved 9999 calls · 39996 tokens
    ");
    let second = project.run(&["run", "suites/same.yaml", "--out", "b"]);
    assert_eq!((code(&second), server.calls()), (0, 1));
    insta::assert_snapshot!(ending(&second.stdout), @"
      10000 trials · 0 calls · 0 joined · 10000 stored
      saved 10000 calls · 40000 tokens
    ");
    assert_eq!(project.read("a/scorecard.json"), project.read("b/scorecard.json"));
    let saved = &project.json("b/operations.json")["endpoints"][0]["saved"];
    assert_eq!(
        (saved["calls"].as_u64(), saved["input_tokens"].as_u64()),
        (Some(10_000), Some(30_000))
    );
}

#[test]
fn ten_thousand_equal_cases_share_one_failure() {
    let server = Server::json(500, r#"{"error":{"message":"boom"}}"#);
    let project = Project::at(&server);
    same(&project, 10_000);
    let run = project.run(&["run", "suites/same.yaml", "--out", "a"]);
    // One request is tried as often as one may be.
    assert_eq!((code(&run), server.calls()), (3, 4));
    let records = project.records("a");
    let error = &records[0]["exchanges"][0]["error"];
    assert!(error["message"].as_str().unwrap().contains("boom"), "{error}");
    assert!(records.iter().all(|record| record["exchanges"][0]["error"] == *error));
    let attempts = |record: &Value| record["exchanges"][0]["attempts"].as_array().unwrap().len();
    assert_eq!(records.iter().map(attempts).sum::<usize>(), 4);
    // The failure was not stored: the next run tries again.
    project.run(&["run", "suites/same.yaml", "--out", "b"]);
    assert_eq!(server.calls(), 8);
}

#[test]
fn off_merges_nothing_and_refresh_asks_anew() {
    let server = Server::json(200, chat("42"));
    let project = Project::at(&server);
    same(&project, 20);
    let run = |mode: &str, out: &str| {
        let before = server.calls();
        let args = ["run", "suites/same.yaml", "--cache", mode, "--out", out];
        assert_eq!(code(&project.run(&args)), 0);
        server.calls() - before
    };
    assert_eq!(run("off", "a"), 20);
    assert!(!project.dir.path().join("cache").exists(), "off stores nothing");
    assert_eq!(run("use", "b"), 1);
    assert_eq!(run("use", "c"), 0);
    assert_eq!(run("refresh", "d"), 1);
    assert_eq!(project.json("d/run.json")["cache"], "refresh");
}

#[test]
fn a_replay_needs_neither_server_nor_key() {
    let project = {
        let server = Server::new(mostly_right);
        let project = Project::at(&server).choices(12);
        let config =
            project.read("overclaim.yaml").replace("model: m,", "model: m, key_env: SECRET_KEY,");
        project.write("overclaim.yaml", &config);
        let key = "sk-1234567890abcdefghijklmn";
        let run = project
            .command(&["run", "suites/demo.yaml", "--out", "a"])
            .env("SECRET_KEY", key)
            .output();
        assert_eq!(code(&run.unwrap()), 1);
        let bytes = fs::read(project.dir.path().join("cache/cache.db")).unwrap();
        assert!(
            !bytes.windows(key.len()).any(|window| window == key.as_bytes()),
            "the key was stored"
        );
        project
    };
    let replay = project.run(&["run", "suites/demo.yaml", "--cache", "replay", "--out", "b"]);
    assert_eq!(code(&replay), 1, "{}", text(&replay.stderr));
    assert_eq!(project.read("a/scorecard.json"), project.read("b/scorecard.json"));
    let miss =
        project.run(&["run", "suites/demo.yaml", "--cache", "replay", "--seed", "3", "--out", "c"]);
    assert_eq!(code(&miss), 3);
    let message = project.records("c")[0]["exchanges"][0]["error"]["message"].to_string();
    assert!(message.contains("the nearest differs in the parameter seed"), "{message}");
}

#[test]
fn endpoints_do_not_share() {
    let (one, two) = (Server::json(200, chat("42")), Server::json(200, chat("41")));
    let project = Project::empty();
    let endpoint = |server: &Server| {
        format!("{{wire: openai-chat, base_url: \"{}\", model: m}}", server.base_url())
    };
    let config = format!("endpoints:\n  model: {}\n  other: {}\n", endpoint(&one), endpoint(&two));
    project.write("overclaim.yaml", &config);
    same(&project, 5);
    let args =
        ["run", "suites/same.yaml", "--endpoint", "model", "--endpoint", "other", "--out", "a"];
    project.run(&args);
    assert_eq!((one.calls(), two.calls()), (1, 1));
    let right = |record: &&Value| record["outcome"] == "correct";
    assert_eq!(project.records("a").iter().filter(right).count(), 5);
}

#[test]
fn ages_are_set_by_the_configuration() {
    let server = Server::json(200, chat("42"));
    let project = Project::at(&server);
    same(&project, 1);
    let config = project.read("overclaim.yaml");
    let mut out = 0;
    let mut calls_with = |cache: &str| {
        project.write("overclaim.yaml", &format!("{config}cache: {cache}\n"));
        let before = server.calls();
        for _ in 0..2 {
            out += 1;
            project.run(&["run", "suites/same.yaml", "--out", &out.to_string()]);
        }
        server.calls() - before
    };
    assert_eq!(calls_with("{alias_max_age: 1ms}"), 2);
    assert_eq!(calls_with("{alias_max_age: off}"), 0);
    assert_eq!(calls_with("{alias_max_age: off, max_age: 1ms}"), 2);
    project.write("overclaim.yaml", &format!("{config}cache: {{max_age: soon, size: 3}}\n"));
    let refused = project.run(&["run", "suites/same.yaml", "--out", "last"]);
    assert_eq!(code(&refused), 2);
    insta::assert_snapshot!(text(&refused.stderr), @"
    error: `soon` is not an age
     --> overclaim.yaml:4:18
      |
    4 | cache: {max_age: soon, size: 3}
      |                  ^^^^ write a number and its unit, as 12h or 30d, or off

    error: unknown key `size`
     --> overclaim.yaml:4:24
      |
    4 | cache: {max_age: soon, size: 3}
      |                        ^^^^ known are max_age, alias_max_age

    2 errors; nothing was asked
    ");
}

#[test]
fn a_plan_says_what_a_run_would_ask() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(8);
    let config = project
        .read("overclaim.yaml")
        .replace("model: m,", "model: m, price: {input: 1000, output: 2000},");
    project.write("overclaim.yaml", &config);
    let plan = || text(&project.run(&["plan", "suites/demo.yaml"]).stdout);
    insta::assert_snapshot!(plan(), @"
    demo · 8 trials
      model · m
        requests  8 for answers · 0 for confidence · 0 for judges
        unique    8
        stored    0
        calls     at most 8
        tokens    about 56 in (a quarter of the bytes)
                  at most 32 out
        cost      about 0.12 with the longest replies
    ");
    assert!(!project.dir.path().join("cache").exists(), "looking makes nothing");
    project.run(&["run", "suites/demo.yaml", "--limit", "3", "--out", "a"]);
    insta::assert_snapshot!(plan(), @"
    demo · 8 trials
      model · m
        requests  8 for answers · 0 for confidence · 0 for judges
        unique    8
        stored    3
        calls     at most 5
        tokens    about 150 in (4.29 × a quarter of the bytes, as seen 3 times)
                  at most 20 out, about 5 as seen
        cost      about 0.19 with the longest replies
    ");
    assert_eq!(server.calls(), 3, "planning asks nothing");
    let planned: Value =
        serde_json::from_slice(&project.run(&["plan", "suites/demo.yaml", "--json"]).stdout)
            .unwrap();
    let run: Value = {
        project.run(&["run", "suites/demo.yaml", "--out", "b"]);
        project.json("b/operations.json")
    };
    assert_eq!(planned["endpoints"][0]["calls_at_most"], run["endpoints"][0]["attempts"]);
    same(&project, 4);
    let off = project.run(&["plan", "suites/same.yaml", "--cache", "off", "--json"]);
    let off: Value = serde_json::from_slice(&off.stdout).unwrap();
    let at = &off["endpoints"][0];
    assert_eq!((at["unique"].as_u64(), at["calls_at_most"].as_u64()), (Some(1), Some(4)));
}

#[test]
fn a_miss_is_explained() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(3);
    project.run(&["run", "suites/demo.yaml", "--out", "a"]);
    let explain = |args: &[&str]| {
        let output = project.run(&[&["cache", "explain"], args].concat());
        (code(&output), text(&output.stdout) + &text(&output.stderr))
    };
    let (exit, hit) = explain(&["suites/demo.yaml", "q-1"]);
    assert!(exit == 0 && hit.starts_with("q-1@model  hit: fetched 20"), "{hit}");
    let suite = project.read("suites/demo.yaml").replace("temperature: 0", "temperature: 0.5");
    project.write("suites/demo.yaml", &suite);
    let (_, miss) = explain(&["suites/demo.yaml", "q-1"]);
    let (_, differs) = miss.split_once("differs in ").unwrap();
    insta::assert_snapshot!(differs, @r#"the parameter temperature (asked "0.5", stored "0.0")"#);
    let (exit, unknown) = explain(&["suites/demo.yaml", "q-11"]);
    assert_eq!(exit, 2);
    insta::assert_snapshot!(unknown, @"error: no case 'q-11' in suites/demo.yaml (did you mean 'q-1'?)");
    let records = project.records("a");
    let digest =
        |case: usize| records[case]["exchanges"][0]["digest"].as_str().unwrap()[..16].to_owned();
    let (_, compared) = explain(&[&digest(0), &digest(1)]);
    assert!(compared.contains("differs from") && compared.contains("message 1"), "{compared}");
}

#[test]
fn entries_travel_in_cassettes() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(6);
    project.run(&["run", "suites/demo.yaml", "--record", "tape.jsonl", "--out", "a"]);
    let exported = project.run(&["cache", "export", "out.jsonl"]);
    assert_eq!(text(&exported.stdout), "6 exchanges exported to out.jsonl\n");
    for (file, cache) in [("out.jsonl", "other"), ("tape.jsonl", "third")] {
        let at = |args: &[&str]| {
            let dir = project.dir.path().join(cache);
            project.command(args).env("OVERCLAIM_CACHE_DIR", dir).output().unwrap()
        };
        let imported = at(&["cache", "import", file]);
        assert_eq!(
            text(&imported.stdout),
            "6 exchanges imported, 0 were there already\n",
            "{}",
            text(&imported.stderr)
        );
        let out = format!("run-{cache}");
        at(&["run", "suites/demo.yaml", "--out", &out]);
        assert_eq!(
            project.read("a/scorecard.json"),
            project.read(&format!("{out}/scorecard.json"))
        );
        let again = at(&["cache", "import", file]);
        assert_eq!(text(&again.stdout), "0 exchanges imported, 6 were there already\n");
    }
    assert_eq!(server.calls(), 6);
    // An export is a cassette like any other.
    fs::rename(project.dir.path().join("out.jsonl"), project.dir.path().join("tape.jsonl"))
        .unwrap();
    project.run(&["run", "suites/demo.yaml", "--endpoint", "tape", "--out", "played"]);
    assert_eq!(project.read("a/scorecard.json"), project.read("played/scorecard.json"));

    let line = project.read("tape.jsonl").lines().next().unwrap().replace("no such", "");
    project.write("bad.jsonl", &(line.replace("choices", "chances") + "\n"));
    let bad = project.run(&["cache", "import", "bad.jsonl"]);
    assert_eq!(code(&bad), 2);
    assert!(text(&bad.stderr).contains("bad.jsonl:1: "), "{}", text(&bad.stderr));
}

#[test]
fn stat_counts_prune_deletes_and_verify_drops() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(10);
    project.run(&["run", "suites/demo.yaml", "--out", "a"]);
    project.run(&["run", "suites/demo.yaml", "--out", "b"]);
    let json = |args: &[&str]| -> Value {
        let output = project.run(&[&["cache"], args, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let stat = json(&["stat"]);
    let suite = &stat["suites"][0];
    assert_eq!(
        (&stat["entries"], &suite["suite"], &suite["runs"]),
        (&10.into(), &"demo".into(), &2.into())
    );
    assert_eq!((&suite["live"], &suite["stored"]), (&10.into(), &10.into()));
    let page = text(&project.run(&["cache", "stat"]).stdout);
    assert!(page.contains("demo") && page.contains("10 entries"), "{page}");

    // Somebody changes an answer behind our back.
    let base = rusqlite::Connection::open(project.dir.path().join("cache/cache.db")).unwrap();
    base.execute("UPDATE entry SET body = replace(body, '\"B\"', '\"A\"') WHERE id = 4", [])
        .unwrap();
    drop(base);
    let verified = project.run(&["cache", "verify"]);
    assert_eq!(code(&verified), 1);
    insta::assert_snapshot!(text(&verified.stdout), @"
    9 entries whole, 1 corrupt and dropped
      1 × the reply was altered
    ");
    assert_eq!(json(&["verify"])["entries"], 9);
    project.run(&["run", "suites/demo.yaml", "--out", "c"]);
    assert_eq!(server.calls(), 11, "the dropped one is asked again");
    assert_eq!(project.read("a/scorecard.json"), project.read("c/scorecard.json"));

    assert_eq!(code(&project.run(&["cache", "prune"])), 2);
    assert_eq!(json(&["prune", "--older-than", "1d"])["deleted"], 0);
    assert_eq!(json(&["prune", "--model", "n*"])["deleted"], 0);
    assert_eq!(json(&["prune", "--model", "m*"])["deleted"], 10);
    assert_eq!(json(&["stat"])["entries"], 0);
}

#[test]
fn a_cache_of_another_kind_is_refused_with_a_remedy() {
    let server = Server::json(200, chat("42"));
    let project = Project::at(&server);
    same(&project, 20);
    let run = |out: &str| {
        let output = project.run(&["run", "suites/same.yaml", "--out", out]);
        (code(&output), text(&output.stderr))
    };
    assert_eq!(run("a").0, 0);
    let base = rusqlite::Connection::open(project.dir.path().join("cache/cache.db")).unwrap();
    base.pragma_update(None, "user_version", 99).unwrap();
    drop(base);
    let (exit, error) = run("b");
    assert!(
        exit == 2
            && error.contains("format 99 by a newer version")
            && error.contains("update overclaim"),
        "{error}"
    );
    fs::write(project.dir.path().join("cache/cache.db"), "not a database".repeat(1000)).unwrap();
    let (exit, error) = run("c");
    assert!(exit == 2 && error.contains("delete the file"), "{error}");
    fs::remove_dir_all(project.dir.path().join("cache")).unwrap();
    fs::write(project.dir.path().join("cache"), "a file").unwrap();
    let (exit, error) = run("d");
    assert!(
        exit == 2 && error.contains("set OVERCLAIM_CACHE_DIR to another, or use `--cache off`"),
        "{error}"
    );
    assert_eq!(server.calls(), 1, "nothing is asked that could not be kept");
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn processes_that_start_together_on_a_cold_cache_lose_nothing() {
    const CASES: usize = 400;
    let server = Server::new(mostly_right);
    let project = Arc::new(Project::at(&server).choices(4 * CASES));
    let start = Arc::new(Barrier::new(4));
    let processes: Vec<_> = (0..4)
        .map(|process: usize| {
            let (project, start) = (Arc::clone(&project), Arc::clone(&start));
            std::thread::spawn(move || {
                // Cases by their last digits: each process has its own.
                let digits = [["*[048]", "*[159]"], ["*[26]", "*[37]"]];
                let filter = format!("id:{}", digits[process / 2][process % 2]);
                let out = format!("out-{process}");
                start.wait();
                let run = ["run", "suites/demo.yaml", "--filter", &filter, "--out", &out];
                project.run(&run)
            })
        })
        .collect();
    for process in processes {
        let output = process.join().unwrap();
        assert_eq!(
            (code(&output) <= 1, text(&output.stderr).contains("cache")),
            (true, false),
            "{}",
            text(&output.stderr)
        );
    }
    let verified = project.run(&["cache", "verify", "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!((&verified["entries"], &verified["corrupt"]), (&(4 * CASES).into(), &0.into()));
    assert_eq!(server.calls(), 4 * CASES);
}

#[test]
fn a_killed_process_leaves_a_clean_cache() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(1200);
    let whole = |project: &Project| {
        let output = project.run(&["cache", "verify", "--json"]);
        assert_eq!(code(&output), 0, "{}", text(&output.stdout));
        let verified: Value = serde_json::from_slice(&output.stdout).unwrap();
        verified["entries"].as_u64().unwrap()
    };
    let mut before = 0;
    for round in 0..20 {
        let survivor = spawn(project.command(&[
            "run",
            "suites/demo.yaml",
            "--filter",
            "id:q-1*",
            "--cache",
            "refresh",
            "--out",
            &format!("s{round}"),
        ]));
        let mut victim = spawn(project.command(&[
            "run",
            "suites/demo.yaml",
            "--cache",
            "refresh",
            "--out",
            &format!("v{round}"),
        ]));
        // Killed in the middle: after a number of calls that differs from round to round.
        let from = server.calls();
        while server.calls() < from + 100 + 37 * round && victim.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        let survivor = survivor.wait_with_output().unwrap();
        assert!(!text(&survivor.stderr).contains("cache"), "{}", text(&survivor.stderr));
        let entries = whole(&project);
        assert!(entries >= before, "round {round} lost {} entries", before - entries);
        before = entries;
    }
    assert!(before > 500, "{before} entries were written");
}

#[test]
fn a_leader_is_joined_while_it_works() {
    let held = Arc::new(AtomicBool::new(true));
    let hold = Arc::clone(&held);
    let server = Server::new(move |_, client| {
        while hold.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        client.json(200, &chat("42"));
    });
    let project = Project::at(&server);
    same(&project, 8);
    let run =
        spawn(project.command(&["run", "suites/same.yaml", "--concurrency", "8", "--out", "a"]));
    while server.calls() == 0 {
        std::thread::yield_now();
    }
    held.store(false, Ordering::SeqCst);
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(0));
    let records = project.records("a");
    let origin = |name: &str| {
        records.iter().filter(|record| record["exchanges"][0]["origin"] == name).count()
    };
    assert_eq!((origin("live"), origin("joined"), server.calls()), (1, 7, 1));
    let shown = text(&project.run(&["show", "a", "c0"]).stdout);
    assert!(
        shown.contains("fetched now") || shown.contains("joined: fetched by the trial"),
        "{shown}"
    );
}

#[test]
fn what_strangers_wrote_neither_runs_nor_steers_the_terminal() {
    let server = Server::json(200, chat("42"));
    let project = Project::at(&server);
    same(&project, 20);
    project.run(&["run", "suites/same.yaml", "--out", "a"]);
    let line = "{\"digest\":\"x\",\"request\":{\"target\":{},\"turns\":[{\"speaker\":\"\\u001b[2Jx\"}]}}\n";
    project.write("evil.jsonl", line);
    let import = project.run(&["cache", "import", "evil.jsonl"]);
    assert_eq!(code(&import), 2);
    assert!(!text(&import.stderr).contains('\u{1b}'), "{}", text(&import.stderr));
    // A trigger, and a table that never ends, are refused before anything is asked of them.
    let path = project.dir.path().join("cache/cache.db");
    for change in [
        "CREATE TRIGGER t BEFORE INSERT ON entry BEGIN SELECT raise(abort, 'no'); END",
        "DROP TABLE lease; CREATE VIEW lease AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS key FROM c",
    ] {
        let base = rusqlite::Connection::open(&path).unwrap();
        base.execute_batch(change).unwrap();
        drop(base);
        let run = project.run(&["run", "suites/same.yaml", "--out", "b"]);
        assert_eq!(code(&run), 2);
        assert!(text(&run.stderr).contains("not a cache of overclaim"), "{}", text(&run.stderr));
    }
}

#[test]
fn a_time_that_cannot_be_is_asked_again() {
    let server = Server::json(200, chat("42"));
    let project = Project::at(&server);
    same(&project, 20);
    project.run(&["run", "suites/same.yaml", "--out", "a"]);
    for time in ["9e999", "-1e308"] {
        let base = rusqlite::Connection::open(project.dir.path().join("cache/cache.db")).unwrap();
        base.execute_batch(&format!("UPDATE entry SET total_ms = {time}")).unwrap();
        drop(base);
        let before = server.calls();
        let out = format!("run{time}");
        assert_eq!(code(&project.run(&["run", "suites/same.yaml", "--out", &out])), 0);
        assert_eq!(server.calls(), before + 1);
    }
    let config = project.read("overclaim.yaml");
    let long = format!("{config}cache: {{alias_max_age: 30000000000000w}}\n");
    project.write("overclaim.yaml", &long);
    assert_eq!(code(&project.run(&["run", "suites/same.yaml", "--out", "c"])), 0);
}
