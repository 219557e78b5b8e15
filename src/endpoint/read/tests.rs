//! What authors write, and what they are told.

use super::*;
use crate::span::{Severity, Span, parse};

/// The spec, and the problems as `line:column message (remedy)`.
fn read(text: &str) -> (Option<Spec>, String) {
    let node = parse(text).unwrap();
    let mut problems = Problems::default();
    let name = Spanned::new("e".to_owned(), Span { line: 9, column: 9, ..Span::default() });
    let spec = Spec::read(&name, &node, Path::new("/etc/oc"), &mut problems);
    let lines: Vec<String> = problems
        .into_iter()
        .map(|p| {
            assert_eq!(p.severity, Severity::Error);
            format!("{}:{} {} ({})", p.span.line, p.span.column, p.message, p.remedy)
        })
        .collect();
    (spec, lines.join("\n"))
}

fn complaint(text: &str) -> String {
    read(text).1
}

const PLAIN: &str = "wire: openai-chat\nbase_url: http://h/v1\nmodel: m\n";

#[test]
fn a_full_endpoint() {
    let (spec, problems) = read(
        "wire: openai-chat\nbase_url: HTTPS://Example.com:443/v1/\nmodel: gpt\n\
         key_env: OPENAI_API_KEY\ntimeout: 30s\nconcurrency: 32\n\
         price: {input: 0.15, output: 0.60, cached_input: 0.07}\nextra: {top_k: 5, reasoning: {effort: low}}\n\
         max_completion_tokens: true\nheaders: {X-Beta: \"1\"}\nca_bundle: ca.pem\n",
    );
    assert_eq!(problems, "");
    let spec = spec.unwrap();
    insta::assert_debug_snapshot!(spec.target(), @r#"
    Some(
        Target {
            wire: "openai-chat/1",
            url: "https://example.com/v1/chat/completions",
            model: "gpt",
            max_completion_tokens: true,
            headers: {
                "x-beta": "1",
            },
        },
    )
    "#);
    assert_eq!((spec.concurrency, spec.timeout), (32, Duration::from_secs(30)));
    assert_eq!(spec.price, Some(Price { input: 0.15, output: 0.6, cached_input: Some(0.07) }));
    assert_eq!(spec.key_env(), Some("OPENAI_API_KEY"));
    let Wire::OpenaiChat(chat) = spec.wire else { panic!("a chat endpoint") };
    assert_eq!(chat.ca_bundle.unwrap().value, Path::new("/etc/oc/ca.pem"));
    assert_eq!(
        serde_json::to_string(&chat.extra).unwrap(),
        r#"{"reasoning":{"effort":"low"},"top_k":5}"#
    );
}

#[test]
fn what_is_left_out_has_defaults() {
    let (spec, problems) = read(PLAIN);
    assert_eq!(problems, "");
    let spec = spec.unwrap();
    assert_eq!((spec.concurrency, spec.timeout, spec.price), (8, DEFAULT_TIMEOUT, None));
    assert_eq!(spec.key_env(), None);
    let (spec, problems) = read("{wire: cassette, from: a/b.jsonl, model: m}");
    assert_eq!(problems, "");
    let expected = Cassette {
        from: Spanned::new("/etc/oc/a/b.jsonl".into(), Span::default()),
        model: Some("m".into()),
    };
    let Wire::Cassette(mut cassette) = spec.unwrap().wire else { panic!("a cassette") };
    cassette.from.span = Span::default();
    assert_eq!(cassette, expected);
}

#[test]
fn every_slip_is_noted_at_its_place_with_its_remedy() {
    insta::assert_snapshot!(complaint("{base_url: http://h/v1}"), @"9:9 endpoint `e` has no wire (add `wire: openai-chat` or `wire: cassette`)");
    insta::assert_snapshot!(complaint("wire: openaichat"), @"1:7 unknown wire `openaichat` (did you mean `openai-chat`?)");
    insta::assert_snapshot!(complaint("wire: openai-chat\nbase_ulr: http://h/v1"), @"
    1:1 the endpoint has no `base_url` (add `base_url`: http://127.0.0.1:8089/v1)
    1:1 the endpoint has no `model` (add `model`: the model to ask for)
    2:1 unknown key `base_ulr` (did you mean `base_url`?)
    ");
    insta::assert_snapshot!(complaint("{wire: cassette, timeout: 3s}"), @"
    1:1 a cassette needs a file (add `from: FILE`, as written by `--record FILE`)
    1:18 unknown key `timeout` (known are wire, model, from)
    ");
    insta::assert_snapshot!(complaint(&format!(
        "{PLAIN}timeout: 30\nconcurrency: 0\nprice: {{input: -1}}\n\
         headers: {{Host: x, \"a b\": y, ok: \"é\"}}\n\
         extra: {{temperature: 0, stream: true, top_k: 1}}\nkey_env: $KEY\n"
    )), @"
    9:10 `key_env` is not the name of an environment variable (write a name such as OPENAI_API_KEY, without a dollar sign)
    7:11 `host` is set by the wire (leave it out)
    7:20 not the name of a header (use letters, digits and dashes)
    7:30 the value of `ok` cannot be a header's (use printable ASCII on one line)
    8:9 `extra` cannot set `temperature` (set it under `parameters` of the suite)
    8:25 `extra` cannot set `stream` (set `stream: true` beside `extra`)
    5:14 no such number of calls at a time (write 1 to 10000)
    4:10 `30` is not a time that a call may take (write a number and its unit: 500ms, 30s or 2m)
    6:16 a price below zero (write 0 for what costs nothing)
    6:8 the price of `output` is missing (write `price: {input: 0.15, output: 0.60}`, for a million tokens each)
    ");
}

#[test]
fn a_key_in_the_file_is_refused_and_not_repeated() {
    let key = "sk-abc123def456ghi789";
    for line in [
        format!("api_key: {key}"),
        "key: hunter2".into(),
        "token: {env: X}".into(),
        format!("key_env: {key}"),
        format!("headers: {{x-custom: {key}}}"),
        "headers: {Authorization: \"Bearer x\"}".into(),
        "headers: {X-Api-Key: x}".into(),
        format!("extra: {{deep: [{{er: \"Bearer {key}\"}}]}}"),
        format!("timeout: {key}"),
    ] {
        let (spec, problems) = read(&format!("{PLAIN}{line}"));
        assert_eq!(spec, None, "{line}");
        assert!(problems.contains("key_env: NAME"), "{line}: {problems}");
        assert!(!problems.contains("abc123") && !problems.contains("hunter2"), "{problems}");
    }
}

#[test]
fn base_urls() {
    let read = |url: &str| base_url(url).map_err(|fault| fault.to_string());
    for (url, expected) in [
        ("http://127.0.0.1:8089/v1", "http://127.0.0.1:8089/v1"),
        (" https://host/v1/ ", "https://host/v1"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://host/x?api-version=2024", "https://host/x?api-version=2024"),
    ] {
        assert_eq!(read(url).as_deref(), Ok(expected));
    }
    for url in [
        "",
        "127.0.0.1:8089/v1",
        "localhost:8089/v1",
        "ftp://host/v1",
        "http://",
        "http://user:pass@host/v1",
        "http://user@host/v1",
        "https://host/v1?api_key=x",
        "https://host/v1?key=AIzaSyA1234567890",
        "https://host/sk-abc123def456/v1",
        "https://host/v1#x",
        "https://host/v1/chat/completions",
    ] {
        let fault = read(url).unwrap_err();
        assert!(!fault.contains("pass@") && !fault.contains("123"), "{fault}");
    }
}

#[test]
fn an_endpoint_from_the_command_line() {
    let spec = Spec::ad_hoc("http://127.0.0.1:8089/v1/", "qwen", None).unwrap();
    assert_eq!(spec.target().unwrap().url, "http://127.0.0.1:8089/v1/chat/completions");
    let refused = |url, model, key| Spec::ad_hoc(url, model, key).unwrap_err();
    insta::assert_snapshot!(refused("127.0.0.1", "m", None), @"the base URL cannot be read as a URL: write it as http://127.0.0.1:8089/v1");
    insta::assert_snapshot!(refused("http://h", " ", None), @"the model has no readable name: write it as the server lists it");
    insta::assert_snapshot!(refused("http://h", "m", Some("sk-abc123def456")), @"a key must not be written down: name the environment variable that holds it: `key_env: NAME`");
}

#[test]
fn times_need_units() {
    for (text, millis) in [
        ("30s", Some(30_000)),
        ("500ms", Some(500)),
        ("2m", Some(120_000)),
        ("1.5 s", Some(1_500)),
        ("1h", Some(3_600_000)),
        ("30", None),
        ("", None),
        ("s", None),
        ("-1s", None),
        ("1.2.3s", None),
        ("1e3s", None),
        ("5 days", None),
    ] {
        let millis = millis.map(Duration::from_millis);
        assert_eq!(parse_duration(text), millis, "{text}");
    }
}
