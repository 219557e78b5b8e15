//! `overclaim mock` as users start it: gates fail and pass by the model it plays, faults are on the
//! wire what they are called, and the counts are right.

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::mock::Mock;
use support::project::{Project, code, text};

impl Mock {
    /// One call on a connection of its own, until the server ends it or falls silent.
    fn raw(&self, body: &Value) -> Raw {
        let mut stream = self.connect();
        let request = post("/v1/chat/completions", &body.to_string());
        let request = request.replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
        stream.write_all(request.as_bytes()).unwrap();
        Raw::read(&mut stream)
    }

    /// A whole answer.
    fn ask(&self, body: &Value) -> Value {
        self.raw(body).json()
    }

    fn say(&self, prompt: &str) -> String {
        self.ask(&chat(prompt))["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    }

    fn get(&self, method: &str, path: &str) -> Raw {
        let mut stream = self.connect();
        let request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        Raw::read(&mut stream)
    }
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// The connection was closed in good order.
    Closed,
    Reset,
    /// The server had said nothing for a while.
    Silent,
    /// More came than one wants.
    Flooded,
}

/// All bytes of an answer.
#[derive(Debug)]
struct Raw {
    head: String,
    body: Vec<u8>,
    end: End,
    took: Duration,
}

impl Raw {
    fn read(stream: &mut TcpStream) -> Raw {
        let start = Instant::now();
        let (mut bytes, mut block) = (Vec::new(), vec![0; 1 << 16]);
        let end = loop {
            match stream.read(&mut block) {
                Ok(0) => break End::Closed,
                Ok(read) => bytes.extend_from_slice(&block[..read]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break End::Reset,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    break End::Silent;
                }
                Err(error) => panic!("{error}"),
            }
            if bytes.len() > 4 << 20 {
                break End::Flooded;
            }
        };
        let at =
            bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let body = bytes.split_off(at);
        Raw { head: String::from_utf8(bytes).unwrap(), body, end, took: start.elapsed() }
    }

    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn length(&self) -> usize {
        self.header("content-length").unwrap().parse().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body put together from its parts, and whether its end came.
    fn parts(&self) -> (String, bool) {
        let (mut whole, mut rest) = (Vec::new(), &self.body[..]);
        while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
            let length = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16);
            let length = length.unwrap();
            if length == 0 {
                return (String::from_utf8_lossy(&whole).into_owned(), true);
            }
            whole.extend_from_slice(&rest[at + 2..at + 2 + length]);
            rest = &rest[at + 4 + length..];
        }
        (String::from_utf8_lossy(&whole).into_owned(), false)
    }

    /// The data of the events of a stream.
    fn events(&self) -> Vec<String> {
        let text = self.parts().0;
        text.split_terminator("\n\n")
            .map(|event| event.trim_start_matches("data: ").to_owned())
            .collect()
    }

    /// The texts of the deltas of a stream.
    fn deltas(&self) -> Vec<String> {
        let texts = self.events().into_iter().filter_map(|event| {
            let chunk: Value = serde_json::from_str(&event).ok()?;
            chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)
        });
        texts.filter(|text| !text.is_empty()).collect()
    }
}

fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn chat(prompt: &str) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": prompt}]})
}

fn streamed(prompt: &str) -> Value {
    let mut body = chat(prompt);
    body["stream"] = true.into();
    body
}

/// Asks for a text of several tokens.
const LONG: &str = "Which? Say how sure you are.\nA. yes\nB. no\n";

fn judged(mock: &Mock, project: &Project, out: &str) -> i32 {
    let args = ["run", "--cache", "off", "--endpoint", &mock.url, "--model", "m", "--out", out];
    code(&project.run(&args))
}

#[test]
fn a_gate_fails_an_overconfident_model_and_passes_good_and_humble_ones() {
    let project = Project::empty().choices(300);
    let exit = |out: &str, args: &[&str]| {
        let suite = ["--suite", "suites/demo.yaml"];
        let mock = Mock::start(&project, &[&suite[..], args].concat());
        let exit = judged(&mock, &project, out);
        let counts = mock.counts();
        assert_eq!((&counts["calls"], &counts["statuses"]["200"]), (&json!(300), &json!(300)));
        let card = project.json(&format!("{out}/scorecard.json"));
        (exit, card)
    };
    assert_eq!(exit("good", &["--accuracy", "0.97"]).0, 0);
    assert_eq!(exit("bad", &["--accuracy", "0.6", "--confidence", "0.95"]).0, 1);
    // As often wrong, but it knows: what fails is the confidence.
    assert_eq!(exit("humble", &["--accuracy", "0.6"]).0, 0);
    let shares = |out: &str| {
        let records = project.records(out);
        let right = records.iter().filter(|record| record["outcome"] == "correct").count();
        (records.len(), right)
    };
    for out in ["bad", "humble"] {
        let (all, right) = shares(out);
        assert_eq!(all, 300);
        assert!((150..=210).contains(&right), "{right} of 300 at an accuracy of 60%");
    }
}

#[test]
fn stated_confidences_and_open_questions_make_gates_fail_and_pass_too() {
    let project = Project::empty();
    let row = |n| format!("{{\"id\": \"q{n}\", \"q\": \"Name {n}?\", \"a\": \"name{n}\"}}");
    project.write("suites/rows.jsonl", &(0..100).map(row).collect::<Vec<_>>().join("\n"));
    project.write(
        "suites/open.yaml",
        "suite: open\nendpoints: [model]\nthreshold: 0.8\n\
         dataset: {from: rows.jsonl, id: \"{{ id }}\"}\nprompt: \"{{ q }}\"\n\
         grade: {exact: \"{{ a }}\"}\nconfidence: [verbalized]\n\
         budget: {confident_wrong: {max_rate: 20%}}\n",
    );
    for (accuracy, expected) in [("0.98", 0), ("0.5", 1)] {
        let args = ["--suite", "suites/open.yaml", "--accuracy", accuracy, "--confidence", "98%"];
        let mock = Mock::start(&project, &args);
        assert_eq!(judged(&mock, &project, accuracy), expected);
        let records = project.records(accuracy);
        let measured = records
            .iter()
            .filter(|record| matches!(record["outcome"].as_str(), Some("correct" | "incorrect")));
        assert_eq!(measured.count(), 100);
    }
}

#[test]
fn the_shipped_suites_can_all_be_told() {
    let root = env!("CARGO_MANIFEST_DIR");
    let suites =
        ["facts", "false-premises", "inventions", "misconceptions", "position", "reckoning"];
    let paths: Vec<String> =
        suites.iter().map(|suite| format!("{root}/suites/{suite}.yaml")).collect();
    let args: Vec<&str> = paths.iter().flat_map(|path| ["--suite", path.as_str()]).collect();
    let (code, said) = Mock::alone(&args).stop();
    assert_eq!(code, 0);
    assert!(said.starts_with("answers to 1526 prompts are known"), "{said}");
}

#[test]
fn the_same_prompt_has_the_same_answer() {
    let prompts: Vec<String> = (0..40).map(|n| format!("{n}: {LONG}")).collect();
    let said = |args: &[&str], backwards: bool| {
        let mock = Mock::alone(args);
        let mut order: Vec<usize> = (0..prompts.len()).collect();
        if backwards {
            order.reverse();
        }
        let mut said = vec![Vec::new(); prompts.len()];
        for at in order {
            said[at] = mock.raw(&chat(&prompts[at])).body;
        }
        said
    };
    let one = said(&["--seed", "1"], false);
    assert_eq!(one, said(&["--seed", "1"], true), "order changes nothing");
    assert_ne!(one, said(&["--seed", "2"], false));
    let mock = Mock::alone(&[]);
    let draw = |seed: u64, temperature: f64| {
        let mut body = chat(LONG);
        (body["seed"], body["temperature"]) = (seed.into(), temperature.into());
        mock.ask(&body)["choices"][0]["message"]["content"].to_string()
    };
    assert!((1..20).all(|seed| draw(seed, 0.0) == draw(0, 0.0)));
    assert!((1..20).any(|seed| draw(seed, 1.0) != draw(0, 1.0)), "draws differ");
    assert_eq!(draw(7, 1.0), draw(7, 1.0));
}

#[test]
fn a_script_says_what_is_said() {
    let project = Project::empty();
    project.write(
        "script.yaml",
        "- {prompt: \"2 + 2?\", say: \"It is 4.\"}\n\
         - {contains: capital, answer: Paris, confidence: 0.25}\n\
         - {contains: Which, right: B, confidence: 0.9}\n\
         - {contains: broken, say: mended, fault: \"500\", times: 2}\n",
    );
    project.write("more.jsonl", "{\"contains\": \"\", \"say\": \"the rest\"}\n\n");
    let args = ["--script", "script.yaml", "--script", "more.jsonl", "--accuracy", "1"];
    let mock = Mock::start(&project, &args);
    assert_eq!(mock.say(" 2 + 2?\n"), "It is 4.");
    assert_eq!(mock.say("The capital?"), "Paris");
    assert_eq!(mock.say("The capital? How sure?"), "Paris\nConfidence: 25%");
    assert_eq!(
        mock.say("The capital, as `Answer: …`? How sure?"),
        "Answer: Paris\nConfidence: 25%"
    );
    assert_eq!(mock.say("anything"), "the rest");
    let statuses: Vec<u16> = (0..3).map(|_| mock.raw(&chat("a broken one")).status()).collect();
    assert_eq!(statuses, [500, 500, 200]);
    let mut asked = chat("Which?\nA. x\nB. y\nC. z\n");
    (asked["logprobs"], asked["top_logprobs"]) = (true.into(), 2.into());
    let reply = mock.ask(&asked);
    let tokens = reply["choices"][0]["logprobs"]["content"].as_array().unwrap();
    assert_eq!((tokens.len(), &tokens[0]["token"]), (1, &json!("B")));
    let top = tokens[0]["top_logprobs"].as_array().unwrap();
    let mass: Vec<f64> = top.iter().map(|top| top["logprob"].as_f64().unwrap().exp()).collect();
    assert!(top.len() == 2 && (mass[0] - 0.9).abs() < 1e-9 && (mass[1] - 0.05).abs() < 1e-9);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let project = Project::empty();
    project.write("no-list.yaml", "say: x\n");
    project.write("typo.yaml", "- {say: x}\n- {sayy: x}\n");
    project.write("twice.jsonl", "{\"say\": \"x\", \"answer\": \"y\"}\n");
    project.write("fault.yaml", "- {fault: meteor}\n");
    for (args, part) in [
        (vec!["--script", "no-list.yaml"], "a script is a list"),
        (vec!["--script", "typo.yaml"], "typo.yaml:2: unknown field `sayy`"),
        (vec!["--script", "twice.jsonl"], "twice.jsonl:1: `right`, `answer` and `say` exclude"),
        (vec!["--script", "fault.yaml"], "fault.yaml:1: unknown fault `meteor`"),
        (vec!["--script", "none.yaml"], "none.yaml"),
        (vec!["--suite", "none.yaml"], "none.yaml"),
        (vec!["--fault", "503=60%,500=60%"], "add up to 1.2"),
        (vec!["--fault", "meteor=1"], "unknown fault `meteor`"),
        (vec!["--schedule", "500@0"], "FAULT@N"),
        (vec!["--latency", "soon"], "lognormal"),
        (vec!["--down", "3s..2s"], "ends before it begins"),
        (vec!["--accuracy", "2"], "outside 0..1"),
    ] {
        let output = project.run(&[&["mock"], &args[..]].concat());
        let said = text(&output.stderr);
        assert!(code(&output) == 2 && said.contains(part), "{args:?}: {said}");
    }
}

#[test]
fn a_stream_says_what_a_whole_answer_says() {
    let mock = Mock::alone(&[]);
    let whole = mock.ask(&chat(LONG));
    let stream = mock.raw(&streamed(LONG));
    let (text, complete) = stream.parts();
    assert!(complete && text.ends_with("data: [DONE]\n\n"), "{text}");
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    let said = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(stream.deltas().concat(), said);
    assert!(!text.contains("usage"));
    let mut counted = streamed(LONG);
    counted["stream_options"] = json!({"include_usage": true});
    let events = mock.raw(&counted).events();
    let last: Value = serde_json::from_str(&events[events.len() - 2]).unwrap();
    assert_eq!((&last["choices"], &last["usage"]), (&json!([]), &whole["usage"]));
    let mut short = chat(LONG);
    short["max_tokens"] = 2.into();
    let cut = mock.ask(&short);
    assert_eq!(cut["choices"][0]["finish_reason"], "length");
    assert_eq!(cut["usage"]["completion_tokens"], 2);
}

#[test]
fn latency_and_pace_are_as_told_and_calls_do_not_wait_for_each_other() {
    let mock = Mock::alone(&["--latency", "fixed 150ms", "--pace", "20ms"]);
    let tokens = u32::try_from(mock.raw(&streamed(LONG)).deltas().len()).unwrap();
    let least = Duration::from_millis(150) + Duration::from_millis(20) * (tokens - 1);
    let start = Instant::now();
    thread::scope(|scope| {
        let calls = (0..20).map(|n| {
            let mock = &mock;
            let body = if n % 2 == 0 { chat(LONG) } else { streamed(LONG) };
            scope.spawn(move || {
                let start = Instant::now();
                let mut stream = mock.connect();
                let request = post("/v1/chat/completions", &body.to_string());
                stream.write_all(request.as_bytes()).unwrap();
                let first = stream.peek(&mut [0]).map(|_| start.elapsed()).unwrap();
                // The last read waits until it is clear that nothing more comes.
                (n % 2, first, Raw::read(&mut stream).took)
            })
        });
        for call in calls.collect::<Vec<_>>() {
            let (streams, first, rest) = call.join().unwrap();
            assert!(first >= Duration::from_millis(150), "{first:?}");
            assert!(streams == 1 || first >= least, "{first:?} for {tokens} tokens");
            assert!(first + rest >= least);
        }
    });
    assert!(start.elapsed() < least * 5, "{:?} for 20 calls of {least:?} each", start.elapsed());
    assert!(mock.counts()["most_in_flight"].as_u64().unwrap() > 5);
}

/// The only call to a server whose every call has this fault.
fn spoilt(fault: &str, body: &Value) -> (Raw, Value) {
    let mock = Mock::alone(&["--schedule", &format!("{fault}@1-"), "--retry-after", "1500ms"]);
    let raw = mock.raw(body);
    let counts = mock.counts();
    assert_eq!(counts["faults"][fault], 1, "{fault}: {counts}");
    (raw, counts)
}

#[test]
fn refusals_have_their_status_and_their_hint() {
    for status in [400, 401, 404, 429, 500, 502, 503, 529] {
        let (raw, counts) = spoilt(&status.to_string(), &chat("x"));
        assert_eq!((raw.status(), &counts["statuses"]), (status, &json!({status.to_string(): 1})));
        assert!(raw.json()["error"]["message"].is_string() && raw.header("retry-after").is_none());
    }
    for (fault, header, value) in [
        ("429-seconds", "retry-after", "2"),
        ("429-ms", "retry-after-ms", "1500"),
        ("429-reset-requests", "x-ratelimit-reset-requests", "1.5s"),
        ("429-reset-tokens", "x-ratelimit-reset-tokens", "1.5s"),
    ] {
        let (raw, _) = spoilt(fault, &streamed("x"));
        assert_eq!((raw.status(), raw.header(header)), (429, Some(value)), "{fault}");
    }
    let date = spoilt("429-date", &chat("x")).0;
    let at = jiff::fmt::rfc2822::parse(date.header("retry-after").unwrap()).unwrap().timestamp();
    let wait = at.duration_since(jiff::Timestamp::now()).as_secs_f64();
    assert!((0.0..=2.6).contains(&wait), "{date:?}");
    let quota = spoilt("quota", &chat("x")).0;
    assert_eq!(
        (quota.status(), &quota.json()["error"]["code"]),
        (429, &json!("insufficient_quota"))
    );
}

#[test]
fn connections_break_where_they_are_told_to() {
    for body in [chat(LONG), streamed(LONG)] {
        let (raw, counts) = spoilt("reset", &body);
        assert_eq!(
            (raw.end, raw.head.len(), &counts["statuses"]["reset"]),
            (End::Reset, 0, &json!(1))
        );
        let (raw, _) = spoilt("reset-body", &body);
        assert_eq!((raw.end, raw.status()), (End::Reset, 200));
        assert!(!raw.body.is_empty());
        let (raw, counts) = spoilt("stall", &body);
        assert_eq!(
            (raw.end, raw.head.len(), &counts["statuses"]["stalled"]),
            (End::Silent, 0, &json!(1))
        );
        let (raw, _) = spoilt("stall-body", &body);
        assert_eq!((raw.end, raw.status()), (End::Silent, 200));
        assert!(!raw.body.is_empty() && !String::from_utf8_lossy(&raw.body).contains("[DONE]"));
        if raw.header("content-length").is_some() {
            assert!(raw.body.len() < raw.length());
        }
    }
    // Before anything is read of it: the server resets at once.
    let mock = Mock::alone(&["--schedule", "reset-accept@1"]);
    let mut stream = mock.connect();
    assert_eq!(Raw::read(&mut stream).end, End::Reset);
    assert_eq!(mock.raw(&chat("x")).status(), 200);
    let counts = mock.counts();
    assert_eq!((&counts["calls"], &counts["faults"]["reset-accept"]), (&json!(2), &json!(1)));
}

#[test]
fn bodies_are_spoilt_as_told() {
    let (raw, _) = spoilt("truncated-json", &chat(LONG));
    assert_eq!((raw.status(), raw.body.len()), (200, raw.length()), "the length agrees");
    assert!(serde_json::from_slice::<Value>(&raw.body).unwrap_err().is_eof());
    let (raw, _) = spoilt("content-type", &chat(LONG));
    assert_eq!(raw.header("content-type"), Some("text/html"));
    assert!(raw.json()["choices"][0]["message"]["content"].is_string());
    let (raw, _) = spoilt("error-200", &chat(LONG));
    assert!(raw.status() == 200 && raw.json()["error"]["message"].is_string());
    let (raw, _) = spoilt("empty-choices", &chat(LONG));
    assert_eq!(raw.json()["choices"], json!([]));
    let (raw, _) = spoilt("bad-utf8", &chat(LONG));
    assert!(std::str::from_utf8(&raw.body).is_err());
    let lossy: Value = serde_json::from_str(&String::from_utf8_lossy(&raw.body)).unwrap();
    assert!(lossy["choices"][0]["message"]["content"].as_str().unwrap().starts_with('\u{fffd}'));
    let (raw, _) = spoilt("slow-headers", &chat("x"));
    assert_eq!(raw.status(), 200);
    assert!(raw.took > Duration::from_millis(50) * u32::try_from(raw.head.len()).unwrap());
    assert!(raw.json()["choices"][0].is_object());
    let (raw, _) = spoilt("huge", &chat("x"));
    assert!(raw.end == End::Flooded && raw.length() > 256 << 20);
}

#[test]
fn streams_are_spoilt_as_told() {
    let whole = Mock::alone(&[]).raw(&streamed(LONG));
    let (deltas, events) = (whole.deltas(), whole.events());
    let (raw, _) = spoilt("truncated-sse", &streamed(LONG));
    let (text, complete) = raw.parts();
    assert!(complete && !text.contains("[DONE]") && !text.contains("\"stop\""), "{text}");
    assert!(deltas.starts_with(&raw.deltas()) && raw.deltas().len() < deltas.len());
    let (raw, _) = spoilt("truncated-json", &streamed(LONG));
    let last = raw.events().pop().unwrap();
    assert!(raw.parts().1 && serde_json::from_str::<Value>(&last).unwrap_err().is_eof());
    let (raw, _) = spoilt("empty-sse", &streamed(LONG));
    assert_eq!((raw.status(), raw.events()), (200, vec!["[DONE]".to_owned()]));
    let (raw, _) = spoilt("duplicated", &streamed(LONG));
    let twice: Vec<_> = deltas.iter().flat_map(|delta| [delta.clone(), delta.clone()]).collect();
    assert_eq!(raw.deltas(), twice);
    let (raw, _) = spoilt("reordered", &streamed(LONG));
    let (mut moved, mut known) = (raw.events(), events);
    assert_ne!(moved, known);
    assert_ne!(raw.deltas().concat(), deltas.concat());
    moved.sort();
    known.sort();
    assert_eq!(moved, known, "nothing is lost");
    let (raw, _) = spoilt("error-200", &streamed(LONG));
    assert!(raw.status() == 200 && raw.events()[0].contains("\"error\""));
    let (raw, _) = spoilt("empty-choices", &streamed(LONG));
    assert!(raw.deltas().is_empty() && raw.events()[0].contains("\"choices\":[]"));
    let (raw, _) = spoilt("bad-utf8", &streamed(LONG));
    assert!(raw.deltas()[0].starts_with('\u{fffd}') && raw.body.contains(&0xff));
    // A whole answer cannot have what only a stream has.
    let mock = Mock::alone(&["--schedule", "reordered@1-"]);
    assert_eq!(mock.raw(&chat(LONG)).status(), 200);
    assert_eq!(mock.counts()["faults"], json!({}));
}

#[test]
fn what_never_ends_goes_on_until_the_client_has_gone() {
    for body in [chat("x"), streamed("x")] {
        let mock = Mock::alone(&["--fault", "endless=1"]);
        let mut stream = mock.connect();
        stream.write_all(post("/v1/chat/completions", &body.to_string()).as_bytes()).unwrap();
        let (start, mut got) = (Instant::now(), 0);
        while start.elapsed() < Duration::from_millis(300) {
            got += stream.read(&mut [0; 1024]).unwrap();
        }
        assert!(got > 10_000, "{got} bytes");
        assert_eq!(mock.get("GET", "/counts").json()["in_flight"], 1);
        drop(stream);
        let counts = mock.counts();
        assert_eq!(counts["statuses"], json!({"left": 1}));
    }
}

#[test]
fn a_gzip_bomb_unpacks_to_an_answer_of_256_mib() {
    let mock = Mock::alone(&["--fault", "gzip-bomb=100%"]);
    let raw = mock.raw(&chat("x"));
    assert_eq!((raw.header("content-encoding"), raw.body.len()), (Some("gzip"), raw.length()));
    assert!(raw.body.len() < 2 << 20);
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (gzip.stdin.take().unwrap(), gzip.stdout.take().unwrap());
    let packed = raw.body;
    let writer = thread::spawn(move || input.write_all(&packed).unwrap());
    let (mut letters, mut rest, mut block) = (0_usize, Vec::new(), vec![0; 1 << 20]);
    loop {
        match output.read(&mut block).unwrap() {
            0 => break,
            read => {
                let part = &block[..read];
                if part.iter().all(|byte| *byte == b'a') {
                    letters += read;
                } else {
                    rest.extend_from_slice(part);
                }
            }
        }
    }
    writer.join().unwrap();
    assert!(gzip.wait().unwrap().success(), "length and checksum agree");
    let body: Value = serde_json::from_slice(&rest).unwrap();
    let content = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(letters + content.len() > 256 << 20 && content.bytes().all(|byte| byte == b'a'));
}

#[test]
fn a_redirect_leads_to_the_next() {
    let mock = Mock::alone(&["--fault", "redirect-loop=1"]);
    let mut path = "/v1/chat/completions".to_owned();
    for hop in 1..=5 {
        let mut stream = mock.connect();
        stream.write_all(post(&path, &chat("x").to_string()).as_bytes()).unwrap();
        let raw = Raw::read(&mut stream);
        assert_eq!(raw.status(), 307);
        path = raw.header("location").unwrap().to_owned();
        assert!(path.ends_with(&format!("hop={hop}")), "{path}");
    }
    assert_eq!(mock.counts()["calls"], 5);
}

#[test]
fn the_port_can_be_closed_for_a_while() {
    let mock = Mock::alone(&["--down", "500ms..1200ms"]);
    let mut kept = mock.connect();
    let start = Instant::now();
    let open = |mock: &Mock| TcpStream::connect(mock.address());
    assert_eq!(mock.raw(&chat("x")).status(), 200);
    while open(&mock).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(open(&mock).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_ne!(Raw::read(&mut kept).end, End::Silent, "its connections are gone too");
    while open(&mock).is_err() {
        assert!(start.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(10));
    }
    assert!(start.elapsed() > Duration::from_secs(1));
    assert_eq!(mock.raw(&chat("x")).status(), 200);
}

#[test]
fn calls_are_counted_by_key_and_prompt() {
    let mock = Mock::alone(&["--fail-first", "1"]);
    let mut stream = mock.connect();
    for (prompt, key) in [("one", "k1"), ("one", "k1"), ("two", "secret-k2")] {
        let body = chat(prompt).to_string();
        let request = post("/v1/chat/completions", &body).replacen(
            "\r\n\r\n",
            &format!("\r\nauthorization: Bearer {key}\r\n\r\n"),
            1,
        );
        stream.write_all(request.as_bytes()).unwrap();
        assert!(Raw::read(&mut stream).status() > 0, "the connection is kept");
    }
    let raw = mock.get("GET", "/counts");
    let counts = raw.json();
    assert_eq!((&counts["calls"], &counts["connections"]), (&json!(3), &json!(2)));
    assert_eq!(counts["statuses"], json!({"200": 1, "503": 2}));
    assert_eq!(counts["faults"], json!({"503": 2}));
    let keys: Vec<_> = counts["keys"].as_object().unwrap().values().cloned().collect();
    assert!(keys.len() == 2 && keys.contains(&json!(2)) && keys.contains(&json!(1)), "{keys:?}");
    assert!(!String::from_utf8(raw.body).unwrap().contains("secret"));
    let prompts = counts["prompts"].as_array().unwrap();
    assert_eq!((&prompts[0]["prompt"], &prompts[0]["calls"]), (&json!("one"), &json!(2)));
    assert_eq!((&prompts[1]["prompt"], &prompts[1]["calls"]), (&json!("two"), &json!(1)));
    let arrivals = prompts[0]["arrivals_ms"].as_array().unwrap();
    assert!(arrivals.len() == 2 && arrivals[0].as_f64() <= arrivals[1].as_f64());
    assert_eq!(counts["arrivals_ms"].as_array().unwrap().len(), 3);
    assert_eq!(mock.get("DELETE", "/counts").status(), 200);
    assert_eq!(mock.counts()["calls"], 0);
}

#[test]
fn faults_by_rate_hit_their_share_and_the_same_calls_again() {
    let statuses = || {
        let mock = Mock::alone(&["--fault", "503=20%,429-ms=10%", "--seed", "5"]);
        let mut stream = mock.connect();
        let (mut statuses, mut buffer) = (Vec::new(), [0; 4096]);
        for n in 0..500 {
            let request = post("/v1/chat/completions", &chat(&n.to_string()).to_string());
            stream.write_all(request.as_bytes()).unwrap();
            let read = stream.read(&mut buffer).unwrap();
            statuses.push(String::from_utf8_lossy(&buffer[9..12.min(read)]).into_owned());
        }
        assert_eq!(mock.counts()["connections"].as_u64().unwrap(), 2);
        statuses
    };
    let first = statuses();
    let count = |status: &str| first.iter().filter(|seen| *seen == status).count();
    assert!((70..=130).contains(&count("503")) && (25..=75).contains(&count("429")));
    assert_eq!(first, statuses());
}

#[test]
fn what_is_no_call_is_told_so() {
    let mock = Mock::alone(&[]);
    let models = mock.get("GET", "/v1/models").json();
    assert_eq!((&models["object"], &models["data"][0]["id"]), (&json!("list"), &json!("mock")));
    assert_eq!(mock.get("GET", "/v2/anything").status(), 404);
    assert_eq!(mock.get("GET", "/v1/chat/completions").status(), 405);
    let refused = |request: &str| {
        let mut stream = mock.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let raw = Raw::read(&mut stream);
        (raw.status(), raw.json()["error"]["message"].as_str().unwrap().to_owned())
    };
    assert!(refused(&post("/v1/chat/completions", "{")).1.starts_with("the request is no chat"));
    assert_eq!(refused(&post("/v1/chat/completions", r#"{"model":"m","messages":[]}"#)).0, 400);
    assert_eq!(refused("nonsense\r\n\r\n").0, 400);
    assert_eq!(refused("POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n").0, 413);
    assert_eq!(refused("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").0, 411);
    assert_eq!(refused(&format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(70_000))).0, 431);
}

#[test]
fn an_outage_looks_like_no_answer_right_or_wrong() {
    let project = Project::empty().choices(12);
    let mock = Mock::start(&project, &["--suite", "suites/demo.yaml", "--fault", "401=100%"]);
    assert_eq!(judged(&mock, &project, "out"), 3);
    let outcomes = project.records("out");
    assert!(
        outcomes
            .iter()
            .all(|record| { !matches!(record["outcome"].as_str(), Some("correct" | "incorrect")) })
    );
    assert!(mock.counts()["statuses"]["401"].as_u64().unwrap() >= 1);
}

#[test]
fn told_to_stop_it_finishes_what_is_under_way() {
    let mock = Mock::alone(&["--latency", "600ms"]);
    let mut stream = mock.connect();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(post("/v1/chat/completions", &chat("x").to_string()).as_bytes()).unwrap();
    while mock.get("GET", "/counts").json()["in_flight"] == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    let (code, said) = mock.stop();
    assert_eq!(code, 0);
    assert!(said.contains("1 call  1 × 200"), "{said}");
    let raw = Raw::read(&mut stream);
    assert_eq!((raw.status(), raw.end), (200, End::Closed));
    // A client that never reads cannot hold it up.
    let mock = Mock::alone(&["--fault", "stall=1"]);
    let mut stream = mock.connect();
    stream.write_all(post("/v1/chat/completions", &chat("x").to_string()).as_bytes()).unwrap();
    while mock.get("GET", "/counts").json()["in_flight"] == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    let start = Instant::now();
    assert_eq!(mock.stop().0, 0);
    assert!(start.elapsed() < Duration::from_secs(4));
}
