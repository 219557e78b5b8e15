//! Decoding is pinned on bytes that real servers sent (`fixtures/wire/openai-chat/`); shapes that
//! none of those sends are written out here.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use serde_json::Value;

use super::*;
use crate::ask::{Draw, Params, Speaker, Target, Times};

/// A recorded answer.
pub(super) fn recorded(name: &str) -> WireResponse {
    let path = format!("{}/fixtures/wire/openai-chat/{name}.http", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").expect("a blank line");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    WireResponse { status, headers, body: bytes[end + 2..].to_vec(), times: Times::default() }
}

fn answered(body: &str) -> WireResponse {
    let headers = vec![("content-type".into(), "application/json".into())];
    WireResponse { status: 200, headers, body: body.into(), times: Times::default() }
}

/// All that was read, a line a field; of the tokens the first two with their alternatives.
pub(super) fn show(response: &WireResponse) -> String {
    let reply = match decode(response) {
        Ok(reply) => reply,
        Err(error) => {
            assert_eq!(error.status, Some(response.status));
            return format!("{error}");
        }
    };
    let mut shown = format!("text: {:?}", reply.text);
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(shown, "\n{name}: {value}");
        }
    };
    line("reasoning", reply.reasoning);
    line("refusal", reply.refusal);
    line("finish", reply.finish.map(|finish| format!("{finish:?}")));
    line("usage", reply.usage.map(|u| format!("{} in, {} out", u.input_tokens, u.output_tokens)));
    line("model", reply.model);
    line("fingerprint", reply.fingerprint);
    line("tokens", reply.tokens.as_ref().map(|tokens| tokens.len().to_string()));
    for token in reply.tokens.iter().flatten().take(2) {
        let pair = |token: &str, ln: f64| format!("{token:?} {ln:.3}");
        let top: Vec<_> = token.top.iter().map(|t| pair(&t.token, t.logprob)).collect();
        line("", Some(format!("{} of {}", pair(&token.token, token.logprob), top.join(", "))));
    }
    shown
}

fn shown(name: &str) -> String {
    show(&recorded(name))
}

fn said(message: &str) -> String {
    show(&answered(&format!(r#"{{"choices":[{{"message":{message}}}]}}"#)))
}

#[test]
fn tokens_from_the_servers_cache_are_part_of_the_prompts() {
    let cached = |details: &str| {
        let body = format!(
            r#"{{"choices":[{{"message":{{"content":"A"}}}}],"usage":{{"prompt_tokens":30,"completion_tokens":1{details}}}}}"#
        );
        let usage = decode(&answered(&body)).unwrap().usage.unwrap();
        (usage.input_tokens, usage.cached_input_tokens)
    };
    assert_eq!(cached(r#","prompt_tokens_details":{"cached_tokens":20}"#), (30, Some(20)));
    assert_eq!(cached(r#","prompt_tokens_details":{"cached_tokens":0}"#), (30, Some(0)));
    // What cannot be read is not said: the prompt then costs its whole price.
    for details in ["", r#","prompt_tokens_details":null"#, r#","prompt_tokens_details":{}"#] {
        assert_eq!(cached(details), (30, None), "{details}");
    }
    assert_eq!(cached(r#","prompt_tokens_details":{"cached_tokens":-3}"#), (30, None));
}

#[test]
fn replies_of_llama_server() {
    insta::assert_snapshot!(shown("llama-server-plain"), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    usage: 42 in, 8 out
    model: smollm2-135m
    fingerprint: b0-unknown
    "#);
    insta::assert_snapshot!(shown("llama-server-logprobs-top5"), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    usage: 42 in, 8 out
    model: smollm2-135m
    fingerprint: b0-unknown
    tokens: 8
    : "The" -0.859 of "The" -0.859, "Paris" -2.771, "A" -3.191, "L" -3.323, "I" -3.617
    : " capital" -0.054 of " capital" -0.054, " answer" -4.041, " Capital" -5.546, " most" -5.900, " CAP" -6.024
    "#);
    insta::assert_snapshot!(shown("llama-server-no-logprobs"), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    usage: 42 in, 8 out
    model: smollm2-135m
    fingerprint: b0-unknown
    "#);
    insta::assert_snapshot!(shown("llama-server-length"), @r#"
    text: "The capital"
    finish: Length
    usage: 42 in, 2 out
    model: smollm2-135m
    fingerprint: b0-unknown
    "#);
    insta::assert_snapshot!(shown("llama-server-two-choices"), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    usage: 42 in, 8 out
    model: smollm2-135m
    fingerprint: b0-unknown
    "#);
    insta::assert_snapshot!(shown("llama-server-unicode"), @r#"
    text: "Ere, eres, eres."
    finish: Stop
    usage: 38 in, 10 out
    model: smollm2-135m
    fingerprint: b0-unknown
    tokens: 10
    : "E" -2.219 of "E" -2.219
    : "re" -3.397 of "re" -3.397
    "#);
}

#[test]
fn replies_of_other_servers() {
    insta::assert_snapshot!(shown("llama-cpp-python-logprobs-top5"), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    usage: 42 in, 7 out
    model: models/SmolLM2-135M-Instruct.Q4_1.gguf
    tokens: 7
    : "The" -0.940 of "The" -0.940, "Paris" -2.734, "A" -3.178, "L" -3.282, "I" -3.559
    : " capital" -0.056 of " capital" -0.056, " answer" -4.022, " most" -5.759, " Capital" -5.812, " French" -5.965
    "#);
    insta::assert_snapshot!(shown("llama-cpp-python-null-logprobs"), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    usage: 42 in, 7 out
    model: models/SmolLM2-135M-Instruct.Q4_1.gguf
    "#);
    insta::assert_snapshot!(shown("llmock-plain"), @r#"
    text: "Mock response from gpt-4o: everything is working as expected."
    finish: Stop
    usage: 7 in, 15 out
    model: gpt-4o
    "#);
}

#[test]
fn failures_as_servers_word_them() {
    insta::assert_snapshot!(shown("llama-server-top-without-logprobs"), @"bad request: the server refuses the request: check `parameters` and `extra`; the server says: top_logprobs requires logprobs to be set to true");
    insta::assert_snapshot!(shown("llama-server-no-messages"), @"bad request: the server refuses the request: check `parameters` and `extra`; the server says: 'messages' is required");
    insta::assert_snapshot!(shown("llama-server-prompt-too-long"), @"bad request: the question is too long for the model: shorten it or lower `max_tokens`; the server says: request (9031 tokens) exceeds the available context size (4096 tokens), try increasing it");
    insta::assert_snapshot!(shown("llama-server-unknown-path"), @"not found: the server knows no such path or model: check `base_url`, which usually ends in /v1, and `model`; the server says: File Not Found");
    insta::assert_snapshot!(shown("llama-cpp-python-bare-500"), @"server error: the server failed: try again, or look into its log; the server says: Internal Server Error");
    insta::assert_snapshot!(shown("llama-cpp-python-traceback-500"), @r#"server error: the server failed: try again, or look into its log; the server says: 1 validation error:\n  {'type': 'float_parsing', 'loc': ('body', 'temperature'), 'msg': 'Input should be a valid number, unable to parse string as a number', 'input': 'hot'}\n\n  File "PATH", line 37…"#);
    insta::assert_snapshot!(shown("llama-cpp-python-prompt-too-long"), @"bad request: the question is too long for the model: shorten it or lower `max_tokens`; the server says: This model's maximum context length is 4096 tokens. However, you requested 9039 tokens (9031 in the messages, 8 in the completion). Please reduce the length of the messages or completion.");
    insta::assert_snapshot!(shown("llama-cpp-python-unknown-path"), @"not found: the server knows no such path or model: check `base_url`, which usually ends in /v1, and `model`; the server says: Not Found");
    insta::assert_snapshot!(shown("llmock-err401"), @"authentication failed: the key was refused; the server says: Unauthorized.");
    insta::assert_snapshot!(shown("llmock-err429"), @"rate limited: the server takes no more calls for now: lower `concurrency` (retry-after: 2); the server says: Rate limit exceeded.");
    insta::assert_snapshot!(shown("llmock-err500"), @"server error: the server failed: try again, or look into its log; the server says: Internal server error.");
    insta::assert_snapshot!(shown("llmock-err503"), @"server overloaded: the server has no room: try later or lower `concurrency`; the server says: Service unavailable.");
    insta::assert_snapshot!(shown("llmock-bad-json-422"), @"bad request: the server refuses the request: check `parameters` and `extra`; the server says: body → 9: JSON decode error");
    insta::assert_snapshot!(shown("aimock-rate-limited"), @"rate limited: the server takes no more calls for now: lower `concurrency` (retry-after: 1); the server says: Rate limited");
    insta::assert_snapshot!(shown("aimock-not-found"), @"not found: the server knows no such path or model: check `base_url`, which usually ends in /v1, and `model`; the server says: No fixture matched");
}

#[test]
fn success_that_is_none() {
    insta::assert_snapshot!(shown("llama-cpp-python-empty-body"), @"unreadable reply: the stream is empty: the question may be too long for the model, or look into the server's log");
    insta::assert_snapshot!(shown("llama-server-responses-api"), @r#"unreadable reply: there are no `choices`; the body is: {"completed_at":1795392937,"created_at":1795392937,"id":"resp_F8yeqEkiwuiL0cEcXsC1xq3Sj7ATVB71","model":"smollm2-135m","object":"response","output":[{"content":[{"type":"output_text","annotations":[]…"#);
    insta::assert_snapshot!(shown("llama-server-anthropic-messages"), @r#"unreadable reply: there are no `choices`; the body is: {"id":"chatcmpl-vuKypkNH5QsyGA6kg8aKc1hGcOffiopJ","type":"message","role":"assistant","content":[{"type":"text","text":"The capital of France"}],"model":"smollm2-135m","stop_reason":"max_tokens","sto…"#);
    let of = |body: &str| show(&answered(body));
    insta::assert_snapshot!(of(r#"{"choices":[]}"#), @r#"unreadable reply: `choices` is empty; the body is: {"choices":[]}"#);
    insta::assert_snapshot!(of(r#"{"choices":{}}"#), @r#"unreadable reply: `choices` is not a list; the body is: {"choices":{}}"#);
    insta::assert_snapshot!(of(r#"{"choices":[{"text":"x"}]}"#), @r#"unreadable reply: the choice has no `message`; the body is: {"choices":[{"text":"x"}]}"#);
    insta::assert_snapshot!(of(r#"{"choices":[{"message":{"content":"cut"#), @r#"unreadable reply: the body breaks off after 38 bytes; it begins: {"choices":[{"message":{"content":"cut"#);
    insta::assert_snapshot!(of("null"), @"unreadable reply: there are no `choices`; the body is: null");
    insta::assert_snapshot!(of("\u{1b}[2J\u{0}oops"), @r"unreadable reply: the body is not JSON (expected value at line 1 column 1); it begins: \u{1b}[2J\u{0}oops");
    insta::assert_snapshot!(of(r#"{"error":{"message":"out of memory","code":500}}"#), @"server error: the server failed: try again, or look into its log; the server says: out of memory");
    insta::assert_snapshot!(of(r#"{"choices":[{"error":{"message":"lost","code":"x"}}]}"#), @"unreadable reply: an error came under a success status; the server says: lost");
    insta::assert_snapshot!(said(r#"{"content":7}"#), @r#"unreadable reply: `content` is neither a text nor a list of parts; the body is: {"choices":[{"message":{"content":7}}]}"#);
    insta::assert_snapshot!(said(r#"{"content":[7]}"#), @r#"unreadable reply: a part of `content` is neither a text nor an object; the body is: {"choices":[{"message":{"content":[7]}}]}"#);
    let mut page = answered("<!doctype html><title>Welcome</title>");
    page.headers[0].1 = "text/html".into();
    insta::assert_snapshot!(show(&page), @"unreadable reply: a page came in place of JSON: check `base_url`, which usually ends in /v1; its content type is text/html; it begins: <!doctype html><title>Welcome</title>");
}

#[test]
fn messages_in_every_shape() {
    insta::assert_snapshot!(said(r#"{"content":null}"#), @r#"text: """#);
    insta::assert_snapshot!(said("{}"), @r#"text: """#);
    insta::assert_snapshot!(said(r#"{"content":null,"refusal":"I cannot."}"#), @r#"
    text: ""
    refusal: I cannot.
    "#);
    insta::assert_snapshot!(said(r#"{"content":"B","reasoning_content":"because"}"#), @r#"
    text: "B"
    reasoning: because
    "#);
    insta::assert_snapshot!(said(r#"{"content":"B","reasoning":"so","refusal":null}"#), @r#"
    text: "B"
    reasoning: so
    "#);
    insta::assert_snapshot!(said(
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},
            {"type":"text","text":"A"},"B",{"type":"image_url"}]}"#
    ), @r#"
    text: "AB"
    reasoning: hm
    "#);
    let error_is_null =
        r#"{"error":null,"choices":[{"message":{"content":"A"},"finish_reason":"eos_token"}]}"#;
    insta::assert_snapshot!(show(&answered(error_is_null)), @r#"
    text: "A"
    finish: Stop
    "#);
    let odd = r#"{"choices":[{"message":{"content":"A"},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3},"model":7}"#;
    insta::assert_snapshot!(show(&answered(odd)), @r#"
    text: "A"
    finish: Other("tool_calls")
    "#);
}

#[test]
fn a_reply_that_its_server_broke_off_is_no_answer() {
    for word in ["abort", "error", "cancelled", "insufficient_system_resource"] {
        let whole =
            format!(r#"{{"choices":[{{"message":{{"content":"A"}},"finish_reason":"{word}"}}]}}"#);
        let told = show(&answered(&whole));
        let expected = format!(
            "unreadable reply: the server broke the reply off (finish reason `{word}`): try again, or look into its log"
        );
        assert_eq!(told, expected);
        let delta = whole.replace("message", "delta");
        assert_eq!(show(&answered(&format!("data: {delta}\n\ndata: [DONE]\n\n"))), expected);
    }
}

#[test]
fn malformed_logprobs_are_missing_and_lose_no_answer() {
    let of = |logprobs: &str| {
        let body =
            format!(r#"{{"choices":[{{"message":{{"content":"A"}},"logprobs":{logprobs}}}]}}"#);
        show(&answered(&body)).replace('\n', " | ")
    };
    insta::assert_snapshot!([
        "null",
        "{}",
        "[]",
        r#"{"content":[]}"#,
        r#"{"tokens":["A"],"token_logprobs":[-0.1]}"#,
        r#"{"content":[{"logprob":-1}]}"#,
        r#"{"content":[{"token":"A"}]}"#,
        r#"{"content":[{"token":"A","logprob":null,"top_logprobs":null}]}"#,
        r#"{"content":[{"token":"A","logprob":-9999.0,"bytes":null,"id":3}]}"#,
        r#"{"content":[{"token":"A","logprob":1e-7,"top_logprobs":[{"token":"B","logprob":0.9},7]}]}"#,
    ].map(of).join("\n"), @r#"
    text: "A"
    text: "A"
    text: "A"
    text: "A"
    text: "A"
    text: "A"
    text: "A" | tokens: 1 | : "A" -9999.000 of 
    text: "A" | tokens: 1 | : "A" -9999.000 of 
    text: "A" | tokens: 1 | : "A" -9999.000 of 
    text: "A" | tokens: 1 | : "A" 0.000 of "B" -9999.000
    "#);
}

#[test]
fn the_raw_body_and_the_times_are_kept() {
    let mut response = recorded("llama-server-plain");
    response.times = Times { head_ms: Some(1.0), total_ms: 2.0, ..Times::default() };
    let reply = decode(&response).unwrap();
    assert_eq!(reply.raw.as_bytes(), response.body);
    assert_eq!(reply.times, response.times);
    let mut broken = answered(r#"{"choices":[{"message":{"content":"caf?"}}]}"#);
    let cut = broken.body.iter().position(|b| *b == b'?').unwrap();
    broken.body[cut] = 0xc3;
    assert_eq!(decode(&broken).unwrap().text, "caf\u{fffd}");
}

fn request() -> Request {
    let turn = |speaker, text: &str| Turn { speaker, text: text.into() };
    Request {
        target: Arc::new(Target {
            wire: WIRE.into(),
            url: url("http://127.0.0.1:8089/v1"),
            model: "m".into(),
            max_completion_tokens: false,
            headers: BTreeMap::from([("x-beta".into(), "1".into())]),
        }),
        turns: Arc::new([turn(Speaker::System, "Be \"brief\"."), turn(Speaker::User, "2 + 2?\n")]),
        params: Params::default(),
        draw: Draw::default(),
    }
}

fn body(request: &Request) -> String {
    String::from_utf8(encode(request, false).body).unwrap()
}

#[test]
fn requests_say_only_what_was_asked_for() {
    insta::assert_snapshot!(body(&request()), @r#"{"model":"m","messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"2 + 2?\n"}]}"#);
    let mut full = request().sample(2);
    full.params = Params {
        temperature: Some(0.0),
        top_p: Some(0.5),
        max_tokens: Some(4),
        stop: vec!["\n".into()],
        seed: Some(7),
        top_logprobs: Some(20),
        extra: BTreeMap::from([
            ("top_k".into(), 5.into()),
            ("reasoning".into(), serde_json::json!({"effort": "low"})),
            ("temperature".into(), 9.into()),
            ("model".into(), "other".into()),
            ("stream".into(), true.into()),
        ]),
    };
    insta::assert_snapshot!(body(&full), @r#"{"model":"m","messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"2 + 2?\n"}],"temperature":0.0,"top_p":0.5,"max_tokens":4,"stop":["\n"],"seed":9,"logprobs":true,"top_logprobs":20,"reasoning":{"effort":"low"},"top_k":5}"#);
    full.target = Arc::new(Target { max_completion_tokens: true, ..(*full.target).clone() });
    full.params = Params { max_tokens: Some(4), top_logprobs: Some(0), ..Params::default() };
    insta::assert_snapshot!(body(&full), @r#"{"model":"m","messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"2 + 2?\n"}],"max_completion_tokens":4}"#);
    insta::assert_debug_snapshot!(encode(&full, false).headers, @r#"
    [
        (
            "content-type",
            "application/json",
        ),
        (
            "accept",
            "application/json",
        ),
        (
            "x-beta",
            "1",
        ),
    ]
    "#);
}

#[test]
fn a_stream_is_the_same_request_with_usage_and_its_own_content_type() {
    let streamed = encode(&request(), true);
    insta::assert_snapshot!(String::from_utf8(streamed.body).unwrap(), @r#"{"model":"m","messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"2 + 2?\n"}],"stream":true,"stream_options":{"include_usage":true}}"#);
    assert_eq!(streamed.headers[1], ("accept".to_owned(), "text/event-stream".to_owned()));
    let mut extra = request();
    extra.params.extra = BTreeMap::from([("stream_options".into(), true.into())]);
    assert_eq!(encode(&extra, true).body, encode(&request(), true).body);
    assert_eq!(encode(&extra, false).body, encode(&request(), false).body);
}

#[test]
fn urls_keep_their_query() {
    assert_eq!(url("https://h/v1"), "https://h/v1/chat/completions");
    assert_eq!(url("https://h/v1?api-version=1"), "https://h/v1/chat/completions?api-version=1");
}

fn real_bodies() -> Vec<Vec<u8>> {
    ["llama-server-unicode", "llama-cpp-python-logprobs-top5", "llmock-err401"]
        .map(|name| recorded(name).body)
        .to_vec()
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(status in 100_u16..=599, body: Vec<u8>) {
        let _ = decode(&WireResponse { status, ..answered(&String::from_utf8_lossy(&body)) });
        let _ = decode(&WireResponse { status, body, ..answered("") });
    }

    #[test]
    fn no_damage_to_real_bodies_makes_decoding_panic(
        which in 0..3_usize,
        status in prop::sample::select(vec![200_u16, 400, 500]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut body = real_bodies().swap_remove(which);
        for (at, byte, how) in damage {
            let at = at.index(body.len().max(1)).min(body.len());
            match how {
                0 => body.truncate(at),
                1 => body.insert(at, byte),
                2 if at < body.len() => drop(body.remove(at)),
                _ if at < body.len() => body[at] = byte,
                _ => {}
            }
        }
        let response = WireResponse { status, body, ..answered("") };
        if let Err(error) = decode(&response) {
            prop_assert!(error.message.chars().count() < 600, "{error}");
            prop_assert!(!error.message.chars().any(char::is_control), "{error:?}");
        }
    }

    /// Each value of a real body replaced by something of another type.
    #[test]
    fn no_change_of_types_makes_decoding_panic(which in 0..2_usize, at: prop::sample::Index, with in 0..6_usize) {
        let mut body: Value = serde_json::from_slice(&real_bodies()[which]).unwrap();
        let others = [Value::Null, true.into(), 3.into(), "x".into(), Value::Array(vec![]), serde_json::json!({})];
        let at = at.index(count(&body));
        replace(&mut body, &mut (at + 1), &others[with]);
        let _ = decode(&answered(&body.to_string()));
    }
}

fn children(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    }
}

fn count(value: &Value) -> usize {
    1 + children(&mut value.clone()).into_iter().map(|child| count(child)).sum::<usize>()
}

fn replace(value: &mut Value, left: &mut usize, with: &Value) {
    *left -= 1;
    if *left == 0 {
        *value = with.clone();
        return;
    }
    for child in children(value) {
        if *left > 0 {
            replace(child, left, with);
        }
    }
}
