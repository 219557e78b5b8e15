//! Every fault of the fake server against the real binary, as a table: what it is taken for, how often
//! and when the server is called again, what the run says in the end, and that none of it looks like
//! an answer.

mod support;

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::mock::Mock;
use support::project::{Project, SUITE, code, letter, text};
use support::{Client, Server};

const CASES: usize = 3;

/// What follows upon a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// It is an answer all the same.
    Answered,
    /// The call is made again.
    Again,
    /// The question fails.
    Final,
    /// The endpoint is given up.
    GivenUp,
}
use Then::{Again, Answered, Final, GivenUp};

/// A fault and what it is taken for: kind, status and phase as they stand in an attempt.
struct Row(&'static str, &'static str, Value, Value, Then);

fn row(fault: &'static str, kind: &'static str, status: impl Into<Value>, then: Then) -> Row {
    Row(fault, kind, status.into(), Value::Null, then)
}

fn timeout(fault: &'static str, status: impl Into<Value>, phase: &'static str) -> Row {
    Row(fault, "timeout", status.into(), phase.into(), Again)
}

/// How replies are fetched.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Whole,
    Streamed,
}

/// A project whose questions the fake server always answers rightly, when it answers.
fn project() -> Project {
    let project = Project::empty().choices(CASES);
    project.write(
        "overclaim.yaml",
        "endpoints:\n  model: {wire: openai-chat, base_url: \"http://127.0.0.1:9/v1\", model: m}\n",
    );
    project.write("suites/demo.yaml", &SUITE.replace("{max_rate: 20%}", "{max_count: 0}"));
    project
}

fn point(project: &Project, url: &str, keys: &str) {
    let endpoint = format!(
        "endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m, concurrency: 2{keys}}}\n"
    );
    project.write("overclaim.yaml", &endpoint);
}

/// Exit code, what was said, and the most memory that the process held, in KiB.
fn run(project: &Project) -> (i32, String, u64) {
    let mut command =
        project.command(&["run", "suites/demo.yaml", "--out", "out", "--cache", "off"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let most = most_memory(&mut child);
    let output = child.wait_with_output().unwrap();
    (code(&output), text(&output.stdout) + &text(&output.stderr), most)
}

/// Looks at the process until it ends. The kernel keeps the most for us.
fn most_memory(child: &mut Child) -> u64 {
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        most = most.max(kib.unwrap_or(0));
        thread::sleep(Duration::from_millis(2));
    }
    most
}

fn attempts(record: &Value) -> &Vec<Value> {
    record["exchanges"][0]["attempts"].as_array().unwrap()
}

fn count(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// Memory that a run of three questions may take, whatever a server sends: the largest body that is
/// read is 64 MiB, and two are read at a time.
const MEMORY: u64 = 400 << 10;

/// Runs into the fault once a question, and then into nothing else.
fn fault_for_a_moment(row: &Row, way: Way, keys: &str) {
    let Row(fault, kind, status, phase, then) = row;
    let what = format!("{fault}, {way:?}");
    let project = project();
    let first = format!("1:{fault}");
    let mock = Mock::start(
        &project,
        &["--suite", "suites/demo.yaml", "--accuracy", "1", "--fail-first", &first],
    );
    let keys = format!("{keys}{}", if way == Way::Streamed { ", stream: true" } else { "" });
    point(&project, &mock.url, &keys);
    let (exit, page, memory) = run(&project);
    let records = project.records("out");
    let counts = mock.counts();
    assert!(memory < MEMORY, "{what}: {memory} KiB");
    assert!(!records.iter().any(|record| record["outcome"] == "incorrect"), "{what}: {page}");
    for record in &records {
        let first = &attempts(record)[0];
        let expected = if *then == Answered { &Value::Null } else { &json!(kind) };
        assert_eq!(
            (first.get("error").unwrap_or(&Value::Null), &first["status"]),
            (expected, status),
            "{what}: {page}"
        );
        assert_eq!(first.get("phase").unwrap_or(&Value::Null), phase, "{what}");
    }
    let made: usize = records.iter().map(|record| attempts(record).len()).sum();
    assert_eq!(count(&counts["calls"]), made, "{what}");
    match then {
        Answered => {
            assert_eq!((exit, records.len(), made), (0, CASES, CASES), "{what}: {page}");
            assert!(records.iter().all(|record| record["outcome"] == "correct"), "{what}");
        }
        Again => {
            assert_eq!((exit, records.len(), made), (0, CASES, 2 * CASES), "{what}: {page}");
            assert!(records.iter().all(|record| record["outcome"] == "correct"), "{what}");
            assert!(
                page.contains(&format!("{CASES} calls made again after {CASES} × ")),
                "{what}: {page}"
            );
            pauses_are_those_that_the_server_saw(&records, &counts, &what);
        }
        Final => {
            assert_eq!((exit, records.len(), made), (3, CASES, CASES), "{what}: {page}");
            for record in &records {
                assert_eq!(record["outcome"]["failed"]["kind"], json!(kind), "{what}");
            }
        }
        GivenUp => {
            // Those that were under way together, and no other.
            assert!(exit == 3 && records.len() <= 2 && made <= 2, "{what}: {page}");
            assert_eq!(project.json("out/operations.json")["ending"], "gave_up", "{what}");
        }
    }
}

/// Each pause in a record lies between two arrivals of its question.
fn pauses_are_those_that_the_server_saw(records: &[Value], counts: &Value, what: &str) {
    let prompts = counts["prompts"].as_array().unwrap();
    for record in records {
        let question = record["question"].as_str().unwrap();
        let seen = prompts.iter().find(|seen| seen["prompt"].as_str().unwrap().contains(question));
        let arrivals = seen.unwrap()["arrivals_ms"].as_array().unwrap();
        let [first, second] = &arrivals[..] else { panic!("{what}: {arrivals:?}") };
        let between = second.as_f64().unwrap() - first.as_f64().unwrap();
        let [failed, last] = &attempts(record)[..] else { panic!("{what}: two attempts") };
        let pause = last["pause_ms"].as_f64().unwrap();
        // The server reads its clock when it has read the request, which is after the call began.
        assert!(between >= pause - 50.0, "{what}: {between} ms between calls, {pause} ms of pause");
        assert!(last["wait_ms"].as_f64().unwrap() >= pause, "{what}");
        assert!(failed["pause_ms"].is_null(), "{what}");
    }
}

/// Runs into the fault at every call: all that is measured is that nothing could be.
fn fault_for_good(row: &Row, way: Way, keys: &str) {
    let Row(fault, kind, _, _, then) = row;
    let what = format!("{fault} for good, {way:?}");
    let project = project();
    let always = format!("{fault}=100%");
    let mock = Mock::start(
        &project,
        &["--suite", "suites/demo.yaml", "--accuracy", "1", "--fault", &always],
    );
    let keys =
        format!("{keys}, attempts: 2{}", if way == Way::Streamed { ", stream: true" } else { "" });
    point(&project, &mock.url, &keys);
    let (exit, page, memory) = run(&project);
    let records = project.records("out");
    assert!(memory < MEMORY, "{what}: {memory} KiB");
    let calls = count(&mock.counts()["calls"]);
    assert_eq!(exit, 3, "{what}: {page}");
    for record in &records {
        assert_eq!(record["outcome"]["failed"]["kind"], json!(kind), "{what}: {page}");
    }
    match then {
        Again => assert_eq!((records.len(), calls), (CASES, 2 * CASES), "{what}: {page}"),
        Final => assert_eq!((records.len(), calls), (CASES, CASES), "{what}: {page}"),
        GivenUp => assert!(records.len() <= 2 && calls <= 2, "{what}: {page}"),
        Answered => panic!("{what} is no failure"),
    }
    assert!(
        page.contains("COULD NOT MEASURE") || page.contains("could not measure"),
        "{what}: {page}"
    );
}

fn all(rows: &[Row], ways: &[Way], keys: &str) {
    for way in ways {
        for row in rows {
            fault_for_a_moment(row, *way, keys);
            if row.4 != Answered {
                fault_for_good(row, *way, keys);
            }
        }
    }
}

const BOTH: [Way; 2] = [Way::Whole, Way::Streamed];

#[test]
fn statuses() {
    let rows = [
        row("500", "server", 500, Again),
        row("502", "server", 502, Again),
        row("503", "overloaded", 503, Again),
        row("529", "overloaded", 529, Again),
        row("504", "timeout", 504, Again),
        row("429", "rate_limited", 429, Again),
        row("400", "bad_request", 400, Final),
        row("401", "authentication", 401, GivenUp),
        row("404", "not_found", 404, GivenUp),
        row("quota", "quota", 429, GivenUp),
        row("redirect-loop", "bad_request", 307, Final),
    ];
    all(&rows, &BOTH, "");
}

#[test]
fn connections_that_break() {
    let rows =
        [row("reset", "network", Value::Null, Again), row("reset-body", "network", 200, Again)];
    all(&rows, &BOTH, "");
}

/// All silences and answers without end, at the same time.
fn silences(check: fn(&Row, Way, &str), keys: &str) {
    let rows = [
        timeout("stall", Value::Null, "first_byte"),
        timeout("stall-body", 200, "idle"),
        timeout("slow-headers", Value::Null, "first_byte"),
        timeout("endless", 200, "total"),
    ];
    thread::scope(|scope| {
        for row in &rows {
            for way in BOTH {
                scope.spawn(move || check(row, way, keys));
            }
        }
    });
}

#[test]
fn silences_and_answers_without_end() {
    silences(fault_for_a_moment, ", timeout: 4s, timeouts: {first_byte: 1500ms, idle: 1s}");
}

#[test]
fn silences_for_good() {
    silences(fault_for_good, ", timeout: 2s, timeouts: {first_byte: 800ms, idle: 500ms}");
}

#[test]
fn bodies_that_are_no_reply() {
    let rows = [
        row("truncated-json", "bad_body", 200, Again),
        row("empty-choices", "bad_body", 200, Again),
        row("error-200", "server", 200, Again),
        row("bad-utf8", "bad_body", 200, Again),
        row("huge", "unusable", 200, Final),
        row("gzip-bomb", "unusable", 200, Final),
        row("content-type", "", 200, Answered),
    ];
    all(&rows, &BOTH, "");
}

#[test]
fn streams_that_are_no_reply() {
    let rows = [
        row("truncated-sse", "bad_body", 200, Again),
        row("empty-sse", "bad_body", 200, Again),
        row("duplicated", "bad_body", 200, Again),
        row("reordered", "bad_body", 200, Again),
    ];
    all(&rows, &[Way::Streamed], "");
}

#[test]
fn every_fault_of_the_fake_server_is_in_the_table() {
    let page = fs::read_to_string("docs/mock.md").unwrap();
    let source = fs::read_to_string("tests/faults.rs").unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| fault |")).skip(2);
    let mut seen = 0;
    for line in rows.take_while(|line| line.starts_with('|')) {
        let names = line.split('|').nth(1).unwrap();
        for name in names.split('`').skip(1).step_by(2) {
            let tested = [format!("\"{name}\""), format!("\"{name}@")];
            assert!(tested.iter().any(|at| source.contains(at)), "{name} is not tested here");
            seen += 1;
        }
    }
    assert!(seen >= 25, "{seen} faults");
}

#[test]
fn the_server_says_when_to_come_back() {
    let hints = ["429-seconds", "429-date", "429-ms", "429-reset-requests", "429-reset-tokens"];
    thread::scope(|scope| {
        for fault in hints {
            scope.spawn(move || {
                let project = project();
                let first = format!("1:{fault}");
                let mock = Mock::start(
                    &project,
                    &[
                        "--suite",
                        "suites/demo.yaml",
                        "--accuracy",
                        "1",
                        "--fail-first",
                        &first,
                        "--retry-after",
                        "1200ms",
                    ],
                );
                point(&project, &mock.url, "");
                let (exit, page, _) = run(&project);
                let (records, counts) = (project.records("out"), mock.counts());
                assert_eq!((exit, records.len()), (0, CASES), "{fault}: {page}");
                for record in &records {
                    let last = &attempts(record)[1];
                    assert_eq!(last["reason"], "server", "{fault}");
                    assert!(last["pause_ms"].as_f64() >= Some(1100.0), "{fault}: {last}");
                }
                for seen in counts["prompts"].as_array().unwrap() {
                    let arrivals = seen["arrivals_ms"].as_array().unwrap();
                    let waited = arrivals[1].as_f64().unwrap() - arrivals[0].as_f64().unwrap();
                    // A date has whole seconds, and the server's clock may be read just before one.
                    assert!(waited >= 1100.0, "{fault}: {waited} ms");
                }
                pauses_are_those_that_the_server_saw(&records, &counts, fault);
            });
        }
    });
}

#[test]
fn connections_that_are_reset_before_anything_is_read() {
    let project = project();
    let args = ["--suite", "suites/demo.yaml", "--accuracy", "1", "--schedule", "reset-accept@1-2"];
    let mock = Mock::start(&project, &args);
    point(&project, &mock.url, "");
    let (exit, page, _) = run(&project);
    assert_eq!(exit, 0, "{page}");
    let records = project.records("out");
    let failed: Vec<&Value> = records
        .iter()
        .flat_map(attempts)
        .filter(|attempt| attempt.get("error").is_some())
        .collect();
    assert_eq!(failed.len(), 2, "{page}");
    assert!(
        failed.iter().all(|attempt| attempt["error"] == "network" && attempt["status"].is_null())
    );
}

#[test]
fn a_server_that_is_down_is_asked_again_until_it_is_up() {
    let project = project();
    let args = ["--suite", "suites/demo.yaml", "--accuracy", "1", "--down", "0s..1s"];
    let mock = Mock::start(&project, &args);
    point(&project, &mock.url, ", attempts: 12");
    let (exit, page, _) = run(&project);
    assert_eq!(exit, 0, "{page}");
    let records = project.records("out");
    for attempt in records.iter().flat_map(attempts) {
        let error = attempt.get("error").unwrap_or(&Value::Null);
        assert!(*error == Value::Null || *error == "network", "{attempt}");
    }
    // And one that stays down is no wrong answer.
    point(&project, "http://127.0.0.1:9/v1", ", attempts: 2");
    let away = project.run(&["run", "suites/demo.yaml", "--out", "away", "--cache", "off"]);
    assert_eq!(code(&away), 3);
    for record in project.records("away") {
        assert_eq!(record["outcome"]["failed"]["kind"], "network");
        assert_eq!(attempts(&record).len(), 2);
    }
}

#[test]
fn a_text_that_no_model_writes_is_no_reply() {
    let text = "a".repeat(5 << 20);
    let server = Server::json(200, letter(&text, 0.9));
    let project = project();
    point(&project, &server.base_url(), "");
    let (exit, page, _) = run(&project);
    assert_eq!((exit, server.calls()), (3, CASES), "{page}");
    assert!(page.contains("longer than 4 MiB"), "{page}");
}

#[test]
fn a_flood_without_a_length_is_left_at_the_largest_body_that_is_read() {
    fn flood(client: &mut Client, kind: &str, start: &str) {
        client.send(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n{start}"
        ));
        let block = vec![b'a'; 1 << 20];
        while client.send(&block) {}
    }
    for (kind, start, keys) in [
        ("application/json", "{\"choices\":[{\"message\":{\"content\":\"", ""),
        ("text/event-stream", "data: {\"choices\":[{\"delta\":{\"content\":\"", ", stream: true"),
    ] {
        let server = Server::new(move |_, client| flood(client, kind, start));
        let project = project();
        point(&project, &server.base_url(), keys);
        let (exit, page, memory) = run(&project);
        assert_eq!((exit, server.calls()), (3, CASES), "{page}");
        assert!(page.contains("larger than 64 MiB"), "{page}");
        assert!(memory < MEMORY, "{kind}: {memory} KiB");
    }
}
