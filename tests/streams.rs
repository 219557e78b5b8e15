//! Streams with the real binary: the same replies as whole ones, the times that only they tell, and
//! what is no reply.

mod support;

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use support::mock::Mock;
use support::project::{Project, SUITE, code, letter, text};
use support::{Client, Server};

/// A project with a suite of so many questions and further lines of its budget, whose endpoint is at
/// `url`.
fn project(url: &str, keys: &str, budget: &str, cases: usize) -> Project {
    let project = Project::empty().choices(cases);
    let endpoint = format!(
        "endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m{keys}}}\n"
    );
    project.write("overclaim.yaml", &endpoint);
    let lenient = SUITE.replace("{max_rate: 20%}", &format!("{{max_rate: 99%}}\n{budget}"));
    project.write("suites/demo.yaml", &lenient);
    project
}

fn run(project: &Project, out: &str, more: &[&str]) -> (i32, String) {
    let mut args = vec!["run", "suites/demo.yaml", "--out", out, "--cache", "off"];
    args.extend(more);
    let output = project.run(&args);
    (code(&output), text(&output.stdout) + &text(&output.stderr))
}

/// The events of a stream, one by one.
fn say(client: &mut Client, events: &[&str]) {
    client.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
    for event in events {
        client.send(format!("data: {event}\n\n"));
    }
}

const A: &str = r#"{"choices":[{"delta":{"role":"assistant","content":"A"},"logprobs":{"content":[{"token":"A","logprob":-0.1,"top_logprobs":[{"token":"A","logprob":-0.1},{"token":"B","logprob":-2.4}]}]}}]}"#;
const STOP: &str = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;

#[test]
fn a_reply_is_the_same_however_it_travels() {
    let mock = Mock::alone(&["--seed", "3"]);
    let project = project(&mock.url, "", "", 40);
    for (out, more) in [("whole", &[][..]), ("streamed", &["--stream", "--record", "tape.jsonl"])] {
        let (exit, page) = run(&project, out, more);
        assert_eq!(exit, 0, "{page}");
    }
    assert_eq!(project.read("whole/scorecard.json"), project.read("streamed/scorecard.json"));
    let strip = |run: &str| {
        let replies = project.records(run).into_iter().map(|mut record| {
            let exchange = record["exchanges"][0].take();
            let [mut reply, usage] = ["reply", "usage"].map(|key| exchange[key].clone());
            reply["times"].take();
            (exchange["digest"].clone(), reply, usage)
        });
        replies.collect::<Vec<_>>()
    };
    assert_eq!(strip("whole"), strip("streamed"));
    // The recording of streams plays like any other.
    project.write("overclaim.yaml", "endpoints:\n  model: {wire: cassette, from: tape.jsonl}\n");
    let (exit, page) = run(&project, "replayed", &[]);
    assert_eq!(exit, 0, "{page}");
    assert_eq!(project.read("whole/scorecard.json"), project.read("replayed/scorecard.json"));
    let times = project.records("replayed")[0]["exchanges"][0]["times"].clone();
    assert_eq!(times, project.records("streamed")[0]["exchanges"][0]["times"]);
    assert!(times["first_token_ms"].is_number(), "{times}");
}

#[test]
fn a_budget_on_the_first_token_turns_streams_on_and_is_judged_by_them() {
    let server = Server::new(|seen, client| {
        assert!(seen.body.contains("\"stream\":true"), "{}", seen.body);
        assert!(seen.body.contains("\"stream_options\":{\"include_usage\":true}"));
        assert_eq!(seen.header("accept"), Some("text/event-stream"));
        say(client, &[r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#]);
        sleep(Duration::from_millis(120));
        client.send(format!("data: {A}\n\ndata: {STOP}\n\ndata: [DONE]\n\n"));
        client.close();
    });
    for (budget, verdict, exit) in [("30s", "pass", 0), ("100ms", "fail", 1)] {
        let budget = format!("  latency: {{first_token_p95: {budget}}}\n");
        let project = project(&server.base_url(), ", concurrency: 32", &budget, 64);
        let (ended, page) = run(&project, "out", &[]);
        let decision = project.json("out/decision.json");
        let line = &decision["lines"][1];
        assert_eq!(line["line"], "latency.first_token_p95", "{decision}");
        assert_eq!((&line["verdict"], ended), (&json!(verdict), exit), "{page}");
        assert_eq!(line["n"], 64);
        assert!(line["estimate"].as_f64() >= Some(0.12), "{line}");
        let first = &project.json("out/operations.json")["endpoints"][0]["first_token_ms"];
        assert!(first["p50"].as_f64() >= Some(120.0), "{first}");
        assert!(page.contains("first token in "), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    }
}

#[test]
fn first_tokens_are_not_measured_where_no_stream_came() {
    let server = Server::json(200, letter("A", 0.9));
    let budget = "  latency: {first_token_p95: 1s}\n";
    let refused = project(&server.base_url(), ", stream: false", budget, 8);
    let output = refused.run(&["check", "suites/demo.yaml"]);
    assert_eq!(code(&output), 2);
    let said = text(&output.stderr);
    assert!(said.contains("suites/demo.yaml:14:3"), "{said}");
    assert!(said.contains("remove its `stream: false`"), "{said}");
    // A server that answers whole all the same is understood.
    let project = project(&server.base_url(), "", budget, 8);
    let (exit, page) = run(&project, "out", &[]);
    assert_eq!(exit, 0, "{page}");
    let line = project.json("out/decision.json")["lines"][1].clone();
    assert_eq!(line["verdict"], "not_measured");
    assert!(page.contains("no reply of this run came as a stream"), "{page}");
    assert_eq!(project.records("out")[0]["outcome"], "correct");
}

#[test]
fn streams_share_an_endpoint_with_suites_that_did_not_ask_for_them() {
    let mock = Mock::alone(&["--latency", "20ms"]);
    let project = project(&mock.url, ", concurrency: 2", "  latency: {first_token_p95: 9s}\n", 64);
    let plain = SUITE.replace("suite: demo", "suite: plain").replace("20%", "99%");
    project.write("suites/plain.yaml", &plain);
    let output = project.run(&[
        "run",
        "suites/demo.yaml",
        "suites/plain.yaml",
        "--cache",
        "off",
        "--out",
        "o",
    ]);
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    for record in project.records("o/plain") {
        assert!(record["exchanges"][0]["times"]["first_token_ms"].is_number(), "{record}");
    }
    assert!(mock.counts()["most_in_flight"].as_u64().unwrap() <= 2, "one limit for both");
}

#[test]
fn a_stream_that_is_cut_off_in_good_order_is_never_an_answer() {
    // As a real server does that is asked something else meanwhile: 200, the end mark, no content.
    let role = r#"{"choices":[{"delta":{"role":"assistant"},"finish_reason":null}]}"#;
    for (events, words) in [
        (vec![role, "[DONE]"], "without a finish reason"),
        (vec!["[DONE]"], "without a finish reason"),
        (vec![role, A], "without its end mark"),
        (vec![role, A, STOP], "without its end mark"),
        (vec![A, A, STOP, STOP, "[DONE]"], "the last piece came twice"),
        (vec![], "the stream is empty"),
    ] {
        let server = Server::new({
            let events = events.clone();
            move |_, client| {
                say(client, &events);
                client.close();
            }
        });
        let project = project(&server.base_url(), ", stream: true, attempts: 2", "", 1);
        let (exit, page) = run(&project, "out", &[]);
        assert_eq!((exit, server.calls()), (3, 2), "{events:?}: {page}");
        let error = &project.records("out")[0]["outcome"]["failed"];
        assert_eq!(error["kind"], "bad_body", "{error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{events:?}: {error}");
    }
}

#[test]
fn a_call_ends_with_its_end_mark_though_the_connection_stays_open() {
    let server = Server::new(|_, client| {
        say(client, &[A, STOP, "[DONE]"]);
        client.stall();
    });
    let project = project(&server.base_url(), ", stream: true, attempts: 1", "", 1);
    let (exit, page) = run(&project, "out", &[]);
    assert_eq!(exit, 0, "{page}");
    let record = &project.records("out")[0];
    assert_eq!((&record["outcome"], &record["answer"]), (&json!("correct"), &json!("A")));
}

#[test]
fn a_stream_is_read_as_one_whatever_its_server_calls_it() {
    for kind in ["content-type: Text/Event-Stream", "content-type: text/plain", "x-none: 1"] {
        let server = Server::new(move |_, client| {
            client.send(format!("HTTP/1.1 200 OK\r\n{kind}\r\nconnection: close\r\n\r\n"));
            for event in [A, STOP, "[DONE]"] {
                client.send(format!("data: {event}\n\n"));
            }
            client.stall();
        });
        let project = project(&server.base_url(), ", stream: true, attempts: 1", "", 1);
        let (exit, page) = run(&project, "out", &[]);
        assert_eq!(exit, 0, "{page}");
        let reply = &project.records("out")[0]["exchanges"][0]["reply"];
        assert!(reply["times"]["first_token_ms"].is_number(), "{kind}: {reply}");
    }
}

#[test]
fn silence_within_a_stream_is_a_timeout_of_its_own() {
    let server = Server::new(|_, client| {
        say(client, &[A]);
        client.stall();
    });
    let keys = ", stream: true, attempts: 1, timeouts: {idle: 300ms}";
    let project = project(&server.base_url(), keys, "", 1);
    assert_eq!(run(&project, "out", &[]).0, 3);
    let attempt = project.records("out")[0]["exchanges"][0]["attempts"][0].clone();
    assert_eq!((&attempt["error"], &attempt["phase"]), (&json!("timeout"), &json!("idle")));
}

#[test]
fn a_key_that_a_stream_spells_out_in_pieces_goes_nowhere() {
    let spelled = |pieces: &[&str]| -> Vec<String> {
        pieces
            .iter()
            .map(|piece| json!({"choices": [{"delta": {"content": piece}}]}).to_string())
            .collect()
    };
    for pieces in [vec!["sk-secret-", "4711 is it"], vec!["it is sk-secret-4711"]] {
        let mut events = spelled(&pieces);
        events.extend([STOP.to_owned(), "[DONE]".to_owned()]);
        let server = Server::new(move |_, client| {
            let events: Vec<&str> = events.iter().map(String::as_str).collect();
            say(client, &events);
            client.close();
        });
        let keys = ", stream: true, attempts: 1, key_env: STREAM_KEY";
        let project = project(&server.base_url(), keys, "", 1);
        let mut command = project.command(&["run", "suites/demo.yaml", "--out", "out", "--json"]);
        let output = command.env("STREAM_KEY", "sk-secret-4711").output().unwrap();
        let mut everything = text(&output.stdout) + &text(&output.stderr);
        for file in
            ["records.jsonl", "operations.json", "scorecard.json", "decision.json", "run.json"]
        {
            everything += &project.read(&format!("out/{file}"));
        }
        assert!(!everything.contains("sk-secret-4711"), "{pieces:?}");
        let record: Value = project.records("out")[0].clone();
        if pieces.len() > 1 {
            assert_eq!(record["outcome"]["failed"]["kind"], "unusable", "{record}");
        }
    }
}
