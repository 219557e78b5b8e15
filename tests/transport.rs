//! Failing servers against the real binary: what is called again and how often, when an endpoint is
//! given up, and what a run says about it.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use overclaim::ask::{AskError, AskErrorKind};
use overclaim::transport::Verdict;
use serde_json::{Value, json};
use support::project::{Project, SUITE, code, letter, question, text};
use support::{Client, Server};

/// A project whose endpoint `model` is the server, with further keys.
fn project(server: &Server, keys: &str, cases: usize) -> Project {
    let project = Project::at(server).choices(cases);
    let endpoint = format!(
        "endpoints:\n  model: {{wire: openai-chat, base_url: \"{}\", model: m{keys}}}\n",
        server.base_url()
    );
    project.write("overclaim.yaml", &endpoint);
    // A budget that a handful of right answers meets.
    let suite = SUITE.replace("{max_rate: 20%}", "{max_count: 0}");
    project.write("suites/demo.yaml", &suite);
    project
}

fn run(project: &Project) -> (i32, String) {
    let output = project.run(&["run", "suites/demo.yaml", "--out", "out", "--cache", "off"]);
    (code(&output), text(&output.stdout) + &text(&output.stderr))
}

fn attempts(record: &Value) -> &Vec<Value> {
    record["exchanges"][0]["attempts"].as_array().unwrap()
}

/// Fails the first calls of each question by a closure and then answers.
fn failing_first(
    times: usize,
    fail: impl Fn(usize, &mut Client) + Send + Sync + 'static,
) -> (Server, Arc<Mutex<Vec<Instant>>>) {
    let calls: Mutex<BTreeMap<usize, usize>> = Mutex::default();
    let arrivals: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen_at = Arc::clone(&arrivals);
    let server = Server::new(move |seen, client| {
        seen_at.lock().unwrap().push(Instant::now());
        let call = {
            let mut calls = calls.lock().unwrap();
            let call = calls.entry(question(seen)).or_default();
            *call += 1;
            *call
        };
        if call <= times { fail(call, client) } else { client.json(200, &letter("A", 0.9)) }
    });
    (server, arrivals)
}

#[test]
fn the_table_of_the_documentation_is_what_the_code_does() {
    let kinds = [
        AskErrorKind::Authentication,
        AskErrorKind::Quota,
        AskErrorKind::NotFound,
        AskErrorKind::BadRequest,
        AskErrorKind::ContentFilter,
        AskErrorKind::RateLimited,
        AskErrorKind::Overloaded,
        AskErrorKind::Server,
        AskErrorKind::Network,
        AskErrorKind::Timeout,
        AskErrorKind::BadBody,
        AskErrorKind::Unusable,
        AskErrorKind::Certificate,
        AskErrorKind::NotRecorded,
        AskErrorKind::Interrupted,
        AskErrorKind::NotAsked,
    ];
    let page = std::fs::read_to_string("docs/transport.md").unwrap();
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> =
            line.strip_prefix("| ")?.trim_end_matches(" |").split(" | ").collect();
        <[&str; 3]>::try_from(cells).ok().filter(|[kind, ..]| *kind != "kind")
    });
    let mut told = Vec::new();
    for [name, status, what] in rows {
        let kind = *kinds.iter().find(|kind| kind.words() == name).expect(name);
        let status = status.parse().ok();
        let error = AskError { status, ..AskError::new(kind, "") };
        assert_eq!(Verdict::of(&error).words(), what, "{name} {status:?}");
        told.push(kind);
    }
    for kind in kinds {
        assert!(told.contains(&kind), "{} is not in the table", kind.words());
    }
}

#[test]
fn every_transient_fault_is_tried_again_and_never_counts_as_an_answer() {
    type Fault = fn(usize, &mut Client);
    let faults: [(&str, &str, Value, Fault); 9] = [
        ("500", "server", json!(500), |_, client| client.json(500, "{}")),
        ("502", "server", json!(502), |_, client| client.json(502, "<title>Bad Gateway</title>")),
        ("503", "overloaded", json!(503), |_, client| client.json(503, "{}")),
        ("529", "overloaded", json!(529), |_, client| client.json(529, "{}")),
        ("429", "rate_limited", json!(429), |_, client| client.json(429, "{}")),
        ("closed", "network", Value::Null, |_, client| client.close()),
        ("reset", "network", Value::Null, |_, client| client.reset()),
        ("cut", "network", json!(200), |_, client| {
            client.send(support::head(200, &[], 1000) + "{\"choices\":");
            client.close();
        }),
        ("no choices", "bad_body", json!(200), |_, client| client.json(200, "{\"choices\":[]}")),
    ];
    for (name, kind, status, fault) in faults {
        let (server, _) = failing_first(1, fault);
        let project = project(&server, "", 2);
        let (exit, page) = run(&project);
        let records = project.records("out");
        assert_eq!((exit, records.len(), server.calls()), (0, 2, 4), "{name}: {page}");
        for record in &records {
            assert_eq!(record["outcome"], "correct", "{name}");
            let [first, second] = &attempts(record)[..] else { panic!("{name}: two attempts") };
            assert_eq!((&first["error"], &first["status"]), (&json!(kind), &status), "{name}");
            assert!(first.get("reason").is_none(), "{name}");
            assert_eq!((&second["status"], &second["reason"]), (&json!(200), &json!("backoff")));
            assert!(second["wait_ms"].as_f64() >= second["pause_ms"].as_f64(), "{name}");
        }
        assert!(page.contains("2 calls made again after 2 × "), "{name}: {page}");
        let operations = &project.json("out/operations.json")["endpoints"][0];
        assert_eq!(operations["attempts"], 4);
        let retries = &operations["retries"];
        assert_eq!((&retries["calls"], &retries["answered"]), (&json!(2), &json!(2)), "{name}");
    }
}

#[test]
fn a_failure_that_stays_is_a_failure_after_all_attempts() {
    let server = Server::json(500, "{\"error\":{\"message\":\"boom\"}}");
    let project = project(&server, ", attempts: 2", 3);
    let (exit, page) = run(&project);
    assert_eq!((exit, server.calls()), (3, 6), "{page}");
    for record in project.records("out") {
        assert_eq!(record["outcome"]["failed"]["kind"], "server");
        assert_eq!(attempts(&record).len(), 2);
    }
    assert!(page.contains("3 × server error: "), "{page}");
    assert!(page.contains("3 calls made again after 3 × server error: 0 of 3 answered"), "{page}");
}

#[test]
fn the_server_decides_when_it_is_asked_again() {
    for header in [
        "retry-after: 1",
        "retry-after-ms: 1000",
        "x-ratelimit-reset-requests: 1s",
        "x-ratelimit-reset-tokens: 1000ms",
    ] {
        let (server, arrivals) =
            failing_first(1, move |_, client| client.answer(429, &[header], "{}"));
        let project = project(&server, "", 1);
        assert_eq!(run(&project).0, 0, "{header}");
        let arrivals = arrivals.lock().unwrap();
        let [first, second] = arrivals[..] else { panic!("two calls") };
        let waited = second - first;
        assert!(waited >= Duration::from_secs(1), "{header}: {waited:?}");
        assert!(waited < Duration::from_secs(4), "{header}: {waited:?}");
        let records = project.records("out");
        let second = &attempts(&records[0])[1];
        assert_eq!(second["reason"], "server", "{header}");
        assert!(second["pause_ms"].as_f64().unwrap() >= 1000.0, "{header}");
    }
}

#[test]
fn a_wait_past_the_deadline_is_not_begun() {
    let server = Server::new(|_, client| client.answer(429, &["retry-after: 3600"], "{}"));
    let project = project(&server, ", deadline: 30s", 1);
    let start = Instant::now();
    let (exit, page) = run(&project);
    assert_eq!((exit, server.calls()), (3, 1));
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(page.contains("asks to wait 3600.0 s"), "{page}");
}

#[test]
fn what_fails_every_call_ends_the_endpoint_with_one_message() {
    for (status, body, kind) in [
        (401, r#"{"error":{"message":"Unauthorized."}}"#, "authentication failed"),
        (404, r#"{"error":{"message":"model 'm' not found"}}"#, "not found"),
        (429, r#"{"error":{"code":"insufficient_quota","message":"spent"}}"#, "quota exhausted"),
    ] {
        let server = Server::json(status, body);
        let project = project(&server, ", concurrency: 2", 200);
        let (exit, page) = run(&project);
        assert_eq!(exit, 3, "{page}");
        // Those that were under way together, and no other.
        assert!(server.calls() <= 4, "{kind}: {} calls", server.calls());
        assert_eq!(project.records("out").len(), server.calls(), "{kind}");
        let operations = project.json("out/operations.json");
        assert_eq!(operations["ending"], "gave_up");
        assert!(operations["given_up"]["model"].as_str().unwrap().starts_with(kind));
        let told = page.lines().filter(|line| line.contains(&format!("{kind}: "))).count();
        assert_eq!(told, 1, "{page}");
        assert!(page.contains("every other call would fail like this"), "{page}");
    }
}

#[test]
fn a_run_of_equal_failures_ends_the_endpoint_and_keeps_what_there_was() {
    let calls = AtomicUsize::new(0);
    let server = Server::new(move |_, client| {
        if calls.fetch_add(1, Ordering::SeqCst) < 30 {
            client.json(200, &letter("A", 0.9));
        } else {
            client.json(500, "{}");
        }
    });
    let project = project(&server, ", attempts: 1, concurrency: 2", 300);
    let (exit, page) = run(&project);
    assert_eq!(exit, 3, "{page}");
    assert!((50..=54).contains(&server.calls()), "{} calls", server.calls());
    let records = project.records("out");
    let correct = records.iter().filter(|record| record["outcome"] == "correct").count();
    assert_eq!(correct, 30);
    assert!(!records.iter().any(|record| record["outcome"] == "incorrect"));
    assert!(page.contains("20 requests in a row failed alike"), "{page}");
    // Reading the run again says the same.
    let again = text(&project.run(&["report", "out"]).stdout);
    assert!(again.contains("20 requests in a row failed alike"), "{again}");
}

#[test]
fn suites_of_one_run_share_an_endpoints_fate() {
    let server = Server::json(401, "{}");
    let project = project(&server, ", concurrency: 1", 20);
    project.write("suites/other.yaml", &project.read("suites/demo.yaml").replace("demo", "other"));
    let output = project.run(&["run", "suites/demo.yaml", "suites/other.yaml", "--cache", "off"]);
    assert_eq!((code(&output), server.calls()), (3, 1), "{}", text(&output.stdout));
}

#[test]
fn another_endpoint_goes_on_where_one_is_given_up() {
    let (refusing, answering) = (Server::json(401, "{}"), Server::json(200, letter("A", 0.9)));
    let project = project(&answering, "", 40);
    let endpoint = |name: &str, server: &Server| {
        format!("  {name}: {{wire: openai-chat, base_url: \"{}\", model: m}}\n", server.base_url())
    };
    let endpoints = endpoint("model", &answering) + &endpoint("locked", &refusing);
    project.write("overclaim.yaml", &format!("endpoints:\n{endpoints}"));
    let args = [
        "run",
        "suites/demo.yaml",
        "--endpoint",
        "model",
        "--endpoint",
        "locked",
        "--out",
        "out",
        "--cache",
        "off",
    ];
    let output = project.run(&args);
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
    assert_eq!(answering.calls(), 40);
    let answered = |record: &Value| record["endpoint"] == "model" && record["outcome"] == "correct";
    assert_eq!(project.records("out").iter().filter(|record| answered(record)).count(), 40);
    let given_up = &project.json("out/operations.json")["given_up"];
    assert!(given_up.get("locked").is_some() && given_up.get("model").is_none(), "{given_up}");
}

#[test]
fn a_busy_server_gets_fewer_calls_at_a_time_and_a_broken_one_does_not() {
    /// The most calls at a time among those after the first round.
    fn most_later(status: u16) -> usize {
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let calls = AtomicUsize::new(0);
        let (now, top) = (Arc::clone(&inside), Arc::clone(&most));
        let server = Server::new(move |_, client| {
            let here = now.fetch_add(1, Ordering::SeqCst) + 1;
            let call = calls.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(100));
            if call >= 16 {
                top.fetch_max(here, Ordering::SeqCst);
            }
            now.fetch_sub(1, Ordering::SeqCst);
            if call < 16 {
                // Late enough that none of the next round is under way yet.
                client.answer(status, &["retry-after: 1"], "{}");
            } else {
                client.json(200, &letter("A", 0.9));
            }
        });
        let project = project(&server, ", concurrency: 16", 16);
        assert_eq!(run(&project).0, 0);
        most.load(Ordering::SeqCst)
    }
    let (busy, broken) = (most_later(429), most_later(500));
    assert!(busy <= 9, "{busy} calls at a time after 429");
    assert!(broken > 9, "{broken} calls at a time after 500");
}

#[test]
fn timeouts_name_their_phase() {
    let silent = Server::new(|_, client| client.stall());
    let halting = Server::new(|_, client| {
        client.send(support::head(200, &[], 1000) + "{\"choices\":");
        client.stall();
    });
    for (server, keys, phase, words) in [
        (
            &silent,
            ", timeouts: {first_byte: 300ms}",
            "first_byte",
            "did not begin to answer within 0.3 s",
        ),
        (&halting, ", timeouts: {idle: 300ms}", "idle", "said nothing for 0.3 s in the middle"),
        (&silent, ", timeouts: {total: 300ms}", "total", "no whole reply"),
        (&silent, ", deadline: 300ms", "total", "left of its `deadline`"),
    ] {
        let project = project(server, &format!("{keys}, attempts: 1"), 1);
        let (exit, page) = run(&project);
        assert_eq!(exit, 3, "{page}");
        let records = project.records("out");
        let attempt = &attempts(&records[0])[0];
        assert_eq!((&attempt["error"], &attempt["phase"]), (&json!("timeout"), &json!(phase)));
        let message = records[0]["exchanges"][0]["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{phase}: {message}");
    }
}

/// A port on which connections are not accepted any more, and what keeps it so.
#[cfg(target_os = "linux")]
fn full_backlog() -> (u16, Vec<socket2::Socket>) {
    use socket2::{Domain, Socket, Type};
    let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = socket();
    let any: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.as_socket().unwrap().port();
    let mut sockets = vec![listener];
    // Linux drops what comes when the queue is full; a connection that does not stand tells it.
    loop {
        let client = socket();
        let stands = client.connect_timeout(&address, Duration::from_millis(300)).is_ok();
        sockets.push(client);
        if !stands {
            return (port, sockets);
        }
        assert!(sockets.len() < 100, "the queue does not become full");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_does_not_come_about_is_a_timeout_of_its_own() {
    let (port, _sockets) = full_backlog();
    let project = project(&Server::json(200, "{}"), "", 1);
    let endpoint = format!(
        "endpoints:\n  model: {{wire: openai-chat, base_url: \"http://127.0.0.1:{port}/v1\", model: m, attempts: 2, timeouts: {{connect: 300ms}}}}\n"
    );
    project.write("overclaim.yaml", &endpoint);
    let (exit, page) = run(&project);
    assert_eq!(exit, 3, "{page}");
    let records = project.records("out");
    assert_eq!(attempts(&records[0]).len(), 2);
    for attempt in attempts(&records[0]) {
        assert_eq!((&attempt["error"], &attempt["phase"]), (&json!("timeout"), &json!("connect")));
        assert!(attempt["ms"].as_f64().unwrap() >= 300.0, "{attempt}");
    }
    let message = records[0]["exchanges"][0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("within 0.3 s: check `base_url`"), "{message}");
}

#[test]
fn a_reply_that_would_be_the_same_again_is_not_asked_for_again() {
    let packed = Server::new(|_, client| client.answer(200, &["content-encoding: gzip"], "x"));
    let project = project(&packed, "", 3);
    let (exit, page) = run(&project);
    assert_eq!((exit, packed.calls()), (3, 3), "{page}");
    for record in project.records("out") {
        assert_eq!(record["outcome"]["failed"]["kind"], "unusable");
    }
}

#[test]
fn settings_that_make_no_sense_are_findings() {
    let server = Server::json(200, "{}");
    for (keys, said) in [
        (", attempts: 0", "no such number of attempts"),
        (", attempts: many", "many"),
        (", rpm: 0", "a limit of nothing"),
        (", deadline: 0s", "`0s` is not a time that a call may take"),
        (", timeout: 5s, timeouts: {total: 6s}", "is there twice"),
        (", timeouts: {conect: 1s}", "did you mean `connect`"),
    ] {
        let project = project(&server, keys, 1);
        let output = project.run(&["check", "suites/demo.yaml"]);
        assert_eq!(code(&output), 2, "{keys}");
        assert!(text(&output.stderr).contains(said), "{keys}: {}", text(&output.stderr));
    }
}

/// Numbers that look random and repeat.
fn mixed(number: usize) -> u64 {
    let z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// A server that fails this percentage of its calls, in mixed ways.
fn faulty(percent: u64) -> Server {
    Server::new(move |seen, client| {
        let drawn = mixed(seen.number);
        if drawn % 100 >= percent {
            return client.json(200, &letter("A", 0.9));
        }
        match (drawn / 100) % 7 {
            0 => client.json(500, "{}"),
            1 => client.json(502, "{}"),
            2 => client.json(503, "{}"),
            3 => client.answer(429, &["retry-after-ms: 50"], "{}"),
            4 => client.close(),
            5 => client.reset(),
            _ => client.json(200, "{\"choices\":"),
        }
    })
}

#[test]
fn a_tenth_of_faults_costs_no_attempt_that_is_allowed() {
    const TRIALS: usize = 2000;
    let server = faulty(10);
    let project = project(&server, ", concurrency: 64", TRIALS);
    let (exit, page) = run(&project);
    assert_eq!(exit, 0, "{page}");
    let records = project.records("out");
    let trials: std::collections::BTreeSet<&str> =
        records.iter().map(|record| record["trial"].as_str().unwrap()).collect();
    assert_eq!((records.len(), trials.len()), (TRIALS, TRIALS));
    for record in &records {
        let tries = attempts(record).len();
        assert!(record["outcome"] == "correct" || tries == 4, "{record}");
    }
    let made: usize = records.iter().map(|record| attempts(record).len()).sum();
    assert_eq!(made, server.calls());
    assert!(made * 100 <= TRIALS * 115, "{made} calls for {TRIALS}");
}

#[test]
fn most_calls_failing_is_no_storm_and_no_measurement() {
    const TRIALS: usize = 1000;
    let server = faulty(60);
    let project = project(&server, ", concurrency: 64", TRIALS);
    let (exit, page) = run(&project);
    assert_eq!(exit, 3, "{page}");
    let records = project.records("out");
    assert_eq!(records.len(), TRIALS);
    assert!(!records.iter().any(|record| record["outcome"] == "incorrect"));
    assert!(records.iter().any(|record| record["outcome"] == "correct"));
    assert!(server.calls() * 100 <= TRIALS * 125, "{} calls", server.calls());
    assert!(page.contains("calls made again after"), "{page}");
}

#[test]
fn calls_and_tokens_of_a_minute_are_limited_as_the_server_sees_them() {
    // Ten calls a second; a reply has 31 tokens, so a hundred tokens a second are about three.
    for (keys, cases, at_least) in [("rpm: 600", 50, 4.2), ("tpm: 6000", 20, 4.0)] {
        let (server, arrivals) = failing_first(0, |_, _| {});
        let project = project(&server, &format!(", concurrency: 16, {keys}"), cases);
        assert_eq!(run(&project).0, 0, "{keys}");
        let arrivals = arrivals.lock().unwrap();
        let spread = arrivals[cases - 1] - arrivals[0];
        assert!(spread >= Duration::from_secs_f64(at_least), "{keys}: {spread:?}");
        assert!(spread < Duration::from_secs(20), "{keys}: {spread:?}");
        // The wait is no part of the call's time.
        let records = project.records("out");
        let calls = || records.iter().map(|record| &attempts(record)[0]);
        assert!(calls().any(|call| call["wait_ms"].as_f64().unwrap() > 500.0), "{keys}");
        let spent: f64 = calls().map(|call| call["ms"].as_f64().unwrap()).sum();
        let waited: f64 = calls().map(|call| call["wait_ms"].as_f64().unwrap()).sum();
        assert!(spent < waited, "{keys}: {spent} ms in calls, {waited} ms before them");
    }
}
