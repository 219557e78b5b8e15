//! `overclaim check --live`: what one call tells of an endpoint, and what a suite cannot do there.

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use support::project::{Project, SUITE, code, letter, text};
use support::{Client, Seen, Server, chat};

/// A project with two suites that both ask `model`, which has further keys; one of them reads log
/// probabilities.
fn project(server: &Server, keys: &str) -> Project {
    at(&server.base_url(), keys)
}

fn at(url: &str, keys: &str) -> Project {
    let project = Project::empty().choices(4);
    project.write(
        "overclaim.yaml",
        &format!(
            "endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m{keys}}}\n"
        ),
    );
    // A limit that so few cases can meet.
    let suite = SUITE.replace("{max_rate: 20%}", "{max_count: 0}");
    project.write("suites/demo.yaml", &suite);
    let said = suite.replace("demo", "said").replace("choice_logprob", "verbalized");
    project.write("suites/said.yaml", &said.replace("max_tokens: 4", "max_tokens: 64"));
    project
}

fn check(project: &Project, args: &[&str]) -> (i32, String) {
    let output = project.run(&[&["check", "--live"], args].concat());
    (code(&output), text(&output.stdout) + &text(&output.stderr))
}

fn document(project: &Project) -> Value {
    let output = project.run(&["check", "--live", "--json"]);
    serde_json::from_str(&text(&output.stdout)).unwrap()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_str(&seen.body).unwrap()
}

#[test]
fn a_good_endpoint_is_asked_once_for_all_suites_and_everything_is_there() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server, ", extra: {top_k: 3}, headers: {x-team: qa}");
    let (exit, page) = check(&project, &[]);
    assert_eq!((exit, server.calls()), (0, 1), "{page}");
    for line in [
        &format!("model · m · {}", server.base_url())[..],
        "  ✓ server    answered in ",
        "  ✓ key       none was sent, and none was wanted",
        "  ✓ model     m answered",
        "  ! logprobs  2 alternatives of 20 asked for",
        "  ✓ usage     30 tokens in, 1 out",
        "ok  suites/demo.yaml  4 cases at model",
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    let seen = &server.seen()[0];
    let sent = body(seen);
    assert_eq!((&sent["top_k"], &sent["max_tokens"]), (&json!(3), &json!(16)));
    // As many as `choice_logprob` will ask for: servers refuse more than they list.
    assert_eq!(sent["top_logprobs"], json!(20));
    assert_eq!(seen.header("x-team"), Some("qa"));

    let live = &document(&project)["live"][0];
    assert_eq!(live["suites"], json!(["demo", "said"]));
    assert_eq!((&live["calls"], &live["error"]), (&json!(1), &Value::Null));
    assert!(live["latency_ms"].as_f64().unwrap() > 0.0);
    let answer = &live["answer"];
    assert_eq!(answer["logprobs"], json!({"state": "listed", "asked": 20, "listed": 2}));
    assert_eq!(answer["usage"]["input_tokens"], json!(30));
    // The cache had no part in it: the second check was a second call.
    assert_eq!(server.calls(), 2);
}

#[test]
fn without_live_nothing_is_sent() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server, "");
    let output = project.run(&["check", "--json"]);
    assert_eq!((code(&output), server.calls()), (0, 0));
    let document: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert!(document.get("live").is_none(), "{document}");
    // Nor is anything asked of a suite with an error.
    project.write("suites/demo.yaml", &SUITE.replace("grade:", "grad:"));
    let (exit, page) = check(&project, &[]);
    assert_eq!((exit, server.calls()), (2, 0), "{page}");
    assert!(page.contains("nothing was asked"), "{page}");
}

#[test]
fn a_failure_is_told_in_its_place_and_is_no_measurement() {
    let refusing = |status: u16, body: &str| Server::json(status, body);
    for (server, keys, lines) in [
        (
            refusing(401, r#"{"error":{"message":"No such key."}}"#),
            "",
            &["✓ server    reached in", "✗ key       authentication failed: no key was sent"][..],
        ),
        (
            refusing(404, r#"{"error":{"message":"The model `m` does not exist."}}"#),
            "",
            &["✗ model     not found: the server does not know this model", "does not exist."][..],
        ),
        (
            refusing(429, r#"{"error":{"code":"insufficient_quota","message":"Pay."}}"#),
            "",
            &["✗ account   quota exhausted"][..],
        ),
        (refusing(500, "{}"), "", &["✗ server    server error"][..]),
        (Server::new(|_, client| client.stall()), ", timeout: 300ms", &["no whole reply"][..]),
        (
            Server::new(|_, client| client.stall()),
            ", timeouts: {first_byte: 200ms}",
            &["✗ server    timed out: ", "did not begin to answer within 0.2 s"][..],
        ),
    ] {
        let project = project(&server, keys);
        let (exit, page) = check(&project, &[]);
        assert_eq!((exit, server.calls()), (3, 1), "{page}");
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in lines {
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(&line), "{line} is not in {page}");
        }
        assert!(!page.contains("logprobs"), "nothing is known of them: {page}");
        let (exit, page) = check(&project, &["--quiet"]);
        assert!(exit == 3 && page.contains("model · m · http"), "{page}");
    }
}

#[test]
fn a_refused_connection_and_a_missing_key() {
    let project = at("http://127.0.0.1:1/v1", "");
    let (exit, page) = check(&project, &[]);
    assert!(exit == 3 && page.contains("✗ server    network error: nothing listens on"), "{page}");
    assert_eq!(document(&project)["live"][0]["error"]["kind"], "network");

    // One that cannot be tried keeps no other from being asked.
    let server = Server::json(200, letter("A", 0.9));
    let project = self::project(&server, ", key_env: NO_SUCH_KEY_HERE");
    let (exit, page) = check(&project, &["--endpoint", "model"]);
    assert_eq!((exit, server.calls()), (2, 0), "{page}");
    assert!(page.contains("NO_SUCH_KEY_HERE, which holds the key, is not set"), "{page}");
    let url = server.base_url();
    let args = ["--endpoint", "model", "--endpoint", &url, "--model", "m"];
    let (exit, page) = check(&project, &args);
    assert_eq!((exit, server.calls()), (2, 1), "{page}");
    assert!(page.contains("✓ model     m answered"), "{page}");
}

#[test]
fn a_key_that_is_sent_is_named_and_never_shown() {
    let server = Server::new(|seen: &Seen, client: &mut Client| {
        assert_eq!(seen.header("authorization"), Some("Bearer sk-live-0123456789"));
        client.json(
            200,
            &letter("A", 0.9).replace("\"model\":\"m\"", "\"model\":\"sk-live-0123456789\""),
        );
    });
    let project = project(&server, ", key_env: LIVE_KEY");
    let mut command = project.command(&["check", "--live"]);
    let output = command.env("LIVE_KEY", "sk-live-0123456789").output().unwrap();
    let page = text(&output.stdout) + &text(&output.stderr);
    assert!(page.contains("✓ key       LIVE_KEY is accepted"), "{page}");
    assert!(!page.contains("0123456789"), "{page}");
    assert!(page.contains("! model     `[redacted]` answered, not `m`"), "{page}");
}

#[test]
fn a_suite_that_reads_log_probabilities_wants_a_server_that_sends_them() {
    let silent = Server::json(200, chat("A"));
    let project = project(&silent, "");
    let (exit, page) = check(&project, &[]);
    assert_eq!((exit, silent.calls()), (2, 1), "{page}");
    assert!(page.contains("! logprobs  none came"), "{page}");
    assert!(page.contains("`choice_logprob` has nothing to read: `model` sends no log"), "{page}");
    assert!(page.contains("suites/demo.yaml:10:14"), "{page}");
    assert!(page.contains("1 error") && !page.contains("nothing was asked"), "{page}");
    // Who asks the model itself needs none.
    let (exit, page) = check(&project, &["suites/said.yaml"]);
    assert_eq!(exit, 0, "{page}");
    assert_eq!(body(&silent.seen()[1])["top_logprobs"], json!(5));

    // An empty answer shows nothing: a model may have thought all of its tokens away.
    let empty = Server::json(200, chat(""));
    let (exit, page) = check(&self::project(&empty, ""), &[]);
    assert!(exit == 0 && page.contains("- logprobs  not known"), "{page}");
}

#[test]
fn a_server_that_refuses_log_probabilities_is_asked_once_more_without() {
    for (status, message) in [
        (400, "logprobs are not supported"),
        (422, "extra fields not permitted"),
        (403, "You are not allowed to request logprobs from this model"),
    ] {
        let server = Server::new(move |seen: &Seen, client: &mut Client| {
            if body(seen).get("logprobs").is_some() {
                let error = json!({"error": {"message": message}});
                client.json(status, &error.to_string());
            } else {
                client.json(200, &chat("A"));
            }
        });
        let project = project(&server, "");
        let (exit, page) = check(&project, &[]);
        assert_eq!((exit, server.calls()), (2, 2), "{page}");
        assert!(page.contains("! logprobs  refused: "), "{page}");
        assert!(page.contains("choice_logprob: {top_logprobs: 5}"), "{page}");
        let live = &document(&project)["live"][0];
        assert_eq!(
            (&live["calls"], &live["answer"]["logprobs"]["state"]),
            (&json!(2), &json!("refused"))
        );
        let (exit, page) = check(&project, &["suites/said.yaml"]);
        assert_eq!(exit, 0, "{page}");
    }
    // A request that is refused either way is not blamed on them.
    let server = Server::json(400, r#"{"error":{"message":"top_k must be positive"}}"#);
    let (exit, page) = check(&project(&server, ""), &[]);
    assert_eq!((exit, server.calls()), (3, 2), "{page}");
    assert!(page.contains("✗ request   bad request: "), "{page}");
    assert!(!page.contains("logprob"), "{page}");
}

#[test]
fn streaming_is_told_on_a_line_of_its_own() {
    /// A stream of these events.
    fn say(client: &mut Client, events: &[&str]) {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        client.send(head);
        for event in events {
            client.send(format!("data: {event}\n\n"));
        }
        client.close();
    }
    const A: &str = r#"{"choices":[{"delta":{"content":"A"}}]}"#;
    const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    type Answer = fn(&mut Client);
    let streams: [(Answer, usize, &str); 4] = [
        (
            |client| say(client, &[A, STOP, "[DONE]"]),
            2,
            "! streaming without the log probabilities that whole replies have",
        ),
        (
            |client| say(client, &[A, "[DONE]"]),
            2,
            "! streaming the stream ended after one piece, without a finish reason",
        ),
        (
            |client| client.json(400, r#"{"error":{"message":"stream is not supported"}}"#),
            2,
            "! streaming the server refuses the request",
        ),
        (
            |client| client.json(200, &letter("A", 0.9)),
            1,
            "! streaming the reply came whole all the same",
        ),
    ];
    for (answer, calls, line) in streams {
        let server = Server::new(move |seen: &Seen, client: &mut Client| {
            if body(seen)["stream"] == true {
                answer(client);
            } else {
                client.json(200, &letter("A", 0.9));
            }
        });
        let (exit, page) = check(&project(&server, ""), &[]);
        assert_eq!((exit, server.calls()), (0, calls), "{page}");
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(line), "{line} is not in {page}");
        assert!(flat.contains("! logprobs 2 alternatives of 20"), "{page}");
        // An endpoint that is not to stream is not asked for it.
        let (exit, page) = check(&project(&server, ", stream: false"), &[]);
        assert_eq!((exit, server.calls()), (0, calls + 1), "{page}");
        assert!(!page.contains("streaming"), "{page}");
    }
}

#[test]
fn nothing_is_tried_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let server =
        Server::new(move |_, client: &mut Client| match counted.fetch_add(1, Ordering::SeqCst) {
            0 => client.json(503, "{}"),
            _ => client.json(200, &letter("A", 0.9)),
        });
    let (exit, page) = check(&project(&server, ", attempts: 4"), &[]);
    assert_eq!((exit, calls.load(Ordering::SeqCst)), (3, 1), "{page}");
}

#[test]
fn recordings_are_not_asked() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server, "");
    let output = project.run(&["run", "suites/demo.yaml", "--record", "tape.jsonl"]);
    assert_eq!(code(&output), 0);
    let before = server.calls();
    project.write("overclaim.yaml", "endpoints:\n  model: {wire: cassette, from: tape.jsonl}\n");
    let (exit, page) = check(&project, &["suites/demo.yaml"]);
    assert_eq!((exit, server.calls()), (0, before), "{page}");
    assert!(page.contains("model · tape.jsonl\n  - recorded  not asked\n"), "{page}");
}

#[test]
fn an_endpoint_is_checked_without_a_suite_and_against_the_mock() {
    let project = Project::empty();
    let mut mock = project.command(&["mock"]);
    let mut mock = mock.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(mock.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let checked = check(&project, &["--endpoint", url.trim(), "--model", "any"]);
    let _ = mock.kill();
    let _ = mock.wait();
    let (exit, page) = checked;
    assert_eq!(exit, 0, "{page}");
    assert!(page.contains("✓ model     any answered"), "{page}");
    assert!(page.contains("✓ streaming first token in "), "{page}");
    // Without either there is nothing to do.
    assert_eq!(check(&project, &[]).0, 4);
}
