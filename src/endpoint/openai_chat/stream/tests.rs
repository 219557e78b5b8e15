//! Streams of real servers (`fixtures/wire/openai-chat/`), and the ways in which a stream is no reply.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::endpoint::openai_chat::decode;
use crate::endpoint::openai_chat::tests::{recorded, show};

fn streamed(body: &[u8]) -> WireResponse {
    let headers = vec![("content-type".into(), "text/event-stream".into())];
    WireResponse { status: 200, headers, body: body.to_vec(), times: Times::default() }
}

/// A stream of these pieces, with its end mark.
fn events(pieces: &[Value]) -> String {
    let pieces = pieces.iter().map(|piece| format!("data: {piece}\n\n"));
    pieces.collect::<String>() + "data: [DONE]\n\n"
}

fn piece(delta: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn says(text: &str) -> Value {
    piece(&json!({"content": text}))
}

fn ends(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn with_logprob(text: &str) -> Value {
    let mut piece = says(text);
    piece["choices"][0]["logprobs"] = json!({"content": [{"token": text, "logprob": -0.5}]});
    piece
}

fn of(pieces: &[Value]) -> String {
    show(&streamed(events(pieces).as_bytes())).replace('\n', " | ")
}

#[test]
fn streams_of_real_servers() {
    insta::assert_snapshot!(show(&recorded("llama-server-stream")), @r#"
    text: "The capital of France"
    finish: Length
    usage: 42 in, 4 out
    model: smollm2-135m
    fingerprint: b0-unknown
    tokens: 4
    : "The" -0.859 of "The" -0.859, "Paris" -2.771
    : " capital" -0.054 of " capital" -0.054, " answer" -4.041
    "#);
    insta::assert_snapshot!(show(&recorded("llama-cpp-python-stream")), @r#"
    text: "The capital of France"
    finish: Length
    model: models/SmolLM2-135M-Instruct.Q4_1.gguf
    tokens: 4
    : "The" -0.940 of "The" -0.940, "Paris" -2.734
    : " capital" -0.056 of " capital" -0.056, " answer" -4.022
    "#);
    insta::assert_snapshot!(show(&recorded("aimock-stream")), @r#"
    text: "A"
    finish: Stop
    usage: 5 in, 1 out
    model: gpt-4o
    "#);
    insta::assert_snapshot!(show(&recorded("llama-server-stream-unasked")), @r#"
    text: "The capital of France is Paris."
    finish: Stop
    model: smollm2-135m
    fingerprint: b0-unknown
    "#);
}

#[test]
fn pieces_in_every_shape_are_put_together() {
    insta::assert_snapshot!([
        of(&[says("A"), says(" b"), ends("stop")]),
        of(&[piece(&json!({"role": "assistant", "content": null})), says("é"), ends("length")]),
        of(&[piece(&json!({"reasoning_content": "so"})), piece(&json!({"reasoning": "!"})), says("B"), ends("stop")]),
        of(&[piece(&json!({"refusal": "I "})), piece(&json!({"refusal": "cannot"})), ends("stop")]),
        of(&[piece(&json!({"content": [{"type": "text", "text": "A"}, "B"]})), ends("eos")]),
        of(&[json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}), says("A"), ends("stop"),
            json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}, "model": "m"})]),
        of(&[json!({"choices": [{"index": 1, "delta": {"content": "other"}}, {"index": 0, "delta": {"content": "first"}}]}), ends("stop")]),
        of(&[json!({"choices": [{"delta": {"content": "A"}, "finish_reason": "stop"}]})]),
        of(&[json!({"choices": [{"delta": {"content": "A"}, "finish_reason": ""}]}), ends("tool_calls")]),
        of(&[ends("stop")]),
    ].join("\n"), @r#"
    text: "A b" | finish: Stop
    text: "é" | finish: Length
    text: "B" | reasoning: so! | finish: Stop
    text: "" | refusal: I cannot | finish: Stop
    text: "AB" | finish: Stop
    text: "A" | finish: Stop | usage: 3 in, 2 out | model: m
    text: "first" | finish: Stop
    text: "A" | finish: Stop
    text: "A" | finish: Other("tool_calls")
    text: "" | finish: Stop
    "#);
}

#[test]
fn log_probabilities_with_holes_are_missing_and_lose_no_answer() {
    let null = |text: &str| {
        let mut piece = says(text);
        piece["choices"][0]["logprobs"] = Value::Null;
        piece
    };
    let mut broken = with_logprob("x");
    broken["choices"][0]["logprobs"]["content"][0]["token"] = Value::Null;
    insta::assert_snapshot!([
        of(&[null(""), with_logprob("A"), with_logprob(" b"), ends("stop")]),
        of(&[with_logprob("A"), null(" b"), ends("stop")]),
        of(&[with_logprob("A"), broken, ends("stop")]),
    ].join("\n"), @r#"
    text: "A b" | finish: Stop | tokens: 2 | : "A" -0.500 of  | : " b" -0.500 of 
    text: "A b" | finish: Stop
    text: "Ax" | finish: Stop
    "#);
}

#[test]
fn a_stream_that_is_not_whole_is_no_answer() {
    let cut = |text: &str| show(&streamed(text.as_bytes()));
    let whole = events(&[says("A"), says("B"), ends("stop")]);
    insta::assert_snapshot!([
        cut("data: [DONE]\n\n"),
        of(&[piece(&json!({"role": "assistant"}))]),
        of(&[says("A"), says("B")]),
        cut(whole.strip_suffix("data: [DONE]\n\n").unwrap()),
        cut(&whole[..whole.find("finish_reason\":\"").unwrap()]),
        cut(": ping\n\n"),
        cut(""),
        of(&[says("A"), ends("stop"), says("B")]),
        of(&[says("A"), piece(&json!({"role": "assistant", "content": ""})), ends("stop")]),
        of(&[says("A"), says("A"), ends("stop"), ends("stop")]),
        of(&[json!({"choices": 7})]),
        of(&[json!({"choices": [{"delta": {"content": 7}}]})]),
        of(&[json!({"choices": [{"finish_reason": 7}]})]),
        of(&[says("A"), json!({"error": {"message": "out of memory", "code": 500}})]),
        of(&[says("A"), json!({"error": {"message": "slow down", "code": 429}})]),
        of(&[json!({"choices": [{"error": {"message": "lost"}}]})]),
        of(&[says("A"), json!({"object": "error", "message": "engine died", "code": 500})]),
    ].join("\n"), @r#"
    unreadable reply: the stream ended before its first piece, without a finish reason: where the server always ends like this, set `stream: false` for the endpoint
    unreadable reply: the stream ended before its first piece, without a finish reason: where the server always ends like this, set `stream: false` for the endpoint
    unreadable reply: the stream ended after 2 pieces, without a finish reason: where the server always ends like this, set `stream: false` for the endpoint
    unreadable reply: the stream broke off after 2 pieces, without its end mark `[DONE]`: where the server always ends like this, set `stream: false` for the endpoint
    unreadable reply: a piece of the stream is not JSON (EOF while parsing a string at line 1 column 25); the piece is: {"choices":[{"delta":{},"
    unreadable reply: the stream broke off before its first piece, without its end mark `[DONE]`: where the server always ends like this, set `stream: false` for the endpoint
    unreadable reply: the stream is empty: the question may be too long for the model, or look into the server's log
    unreadable reply: a piece of the reply came behind its end: where the server always ends like this, set `stream: false` for the endpoint; the piece is: {"choices":[{"delta":{"content":"B"},"finish_reason":null,"index":0}]}
    unreadable reply: the beginning of the reply came behind a piece of it: where the server always ends like this, set `stream: false` for the endpoint; the piece is: {"choices":[{"delta":{"content":"","role":"assistant"},"finish_reason":null,"index":0}]}
    unreadable reply: the last piece came twice: where the server always ends like this, set `stream: false` for the endpoint; the piece is: {"choices":[{"delta":{},"finish_reason":"stop","index":0}]}
    unreadable reply: `choices` is not a list; the piece is: {"choices":7}
    unreadable reply: `content` is neither a text nor a list of parts; the piece is: {"choices":[{"delta":{"content":7}}]}
    unreadable reply: `finish_reason` is not a text; the piece is: {"choices":[{"finish_reason":7}]}
    server error: the server failed: try again, or look into its log; the server says: out of memory
    rate limited: the server takes no more calls for now: lower `concurrency`; the server says: slow down
    unreadable reply: an error came under a success status; the server says: lost
    server error: the server failed: try again, or look into its log; the server says: engine died
    "#);
    let mut damaged = whole.into_bytes();
    let at = damaged.iter().position(|byte| *byte == b'B').unwrap();
    damaged[at] = 0xff;
    insta::assert_snapshot!(show(&streamed(&damaged)), @"unreadable reply: the reply is not UTF-8 from byte 117 on");
}

#[test]
fn the_last_empty_line_and_what_stands_behind_the_end_mark_do_not_matter() {
    let whole = events(&[says("A"), ends("stop")]);
    let expected = decode(&streamed(whole.as_bytes())).unwrap().text;
    assert_eq!(expected, "A");
    for other in
        [whole.trim_end().to_owned(), whole.replace('\n', "\r\n"), whole.clone() + "data: {"]
    {
        assert_eq!(decode(&streamed(other.as_bytes())).unwrap().text, expected, "{other:?}");
    }
}

#[test]
fn every_piece_has_its_time() {
    let (mut stream, mut at) = (Stream::default(), 0);
    let pieces = [
        piece(&json!({"role": "assistant", "content": ""})),
        says("A"),
        says("B"),
        says("C"),
        ends("stop"),
    ];
    let mut over = false;
    for (piece, wait) in pieces.iter().zip([5, 20, 10, 40, 1]) {
        at += wait;
        over |=
            stream.push(format!("data: {piece}\n\n").as_bytes(), Some(Duration::from_millis(at)));
    }
    assert!(!over);
    assert!(stream.push(b"data: [DONE]\n\n", Some(Duration::from_millis(90))));
    let times = stream.times(Times { total_ms: 90.0, ..Times::default() });
    let expected = Times {
        first_token_ms: Some(25.0),
        final_ms: Some(75.0),
        longest_gap_ms: Some(40.0),
        pieces: Some(3),
        total_ms: 90.0,
        head_ms: None,
    };
    assert_eq!(times, expected);
    assert_eq!(times.between_pieces_ms(), Some(25.0));
    // A stream that is only read again has the times of the call that fetched it.
    let again = WireResponse { times, ..streamed(events(&pieces).as_bytes()) };
    assert_eq!(decode(&again).unwrap().times, expected);
}

/// Reads a stream whose bytes came in these pieces.
fn read(body: &[u8], cuts: &[usize]) -> Result<Reply, AskError> {
    let mut at = cuts.to_vec();
    at.extend([0, body.len()]);
    at.sort_unstable();
    let mut stream = Stream::default();
    for pair in at.windows(2) {
        stream.push(&body[pair[0]..pair[1]], Some(Duration::from_millis(1)));
    }
    stream.close();
    let times = stream.times(Times::default());
    stream.reply(&WireResponse { times, ..streamed(body) })
}

/// Real streams, one with characters of several bytes, and one with other ends of lines.
fn bodies() -> Vec<Vec<u8>> {
    let unicode = events(&[says("日本"), says("é👍"), says("\u{301}"), ends("stop")]);
    let mut bodies = vec![unicode.replace('\n', "\r\n").into_bytes(), unicode.into_bytes()];
    bodies
        .extend(["llama-server-stream", "llama-cpp-python-stream"].map(|name| recorded(name).body));
    bodies
}

#[test]
fn a_stream_cut_in_two_anywhere_gives_the_same_reply() {
    for body in bodies() {
        let whole = read(&body, &[]).unwrap();
        for at in 0..=body.len() {
            assert_eq!(read(&body, &[at]).as_ref(), Ok(&whole), "cut at {at}");
        }
    }
}

proptest! {
    #[test]
    fn a_stream_cut_into_many_pieces_gives_the_same_reply(
        which in 0..4_usize,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let body = bodies().swap_remove(which);
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        prop_assert_eq!(read(&body, &cuts), read(&body, &[]));
    }

    /// A stream that was cut off is an error and no shorter answer.
    #[test]
    fn no_beginning_of_a_stream_is_a_reply(which in 0..4_usize, at: prop::sample::Index) {
        let mut body = bodies().swap_remove(which);
        let end = body.windows(6).rposition(|bytes| bytes == b"[DONE]").unwrap();
        body.truncate(at.index(end + 5));
        prop_assert!(read(&body, &[]).is_err());
    }

    #[test]
    fn no_damage_to_a_stream_makes_reading_it_panic(
        which in 0..4_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut body = bodies().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Err(error) = read(&body, &[]) {
            prop_assert!(error.message.chars().count() < 600, "{error}");
            prop_assert!(!error.message.chars().any(char::is_control), "{error:?}");
        }
    }
}
