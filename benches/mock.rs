//! The fake model server under load: `cargo bench --bench mock [CONNECTIONS]`, 32 by default.
//!
//! Clients in the same process ask on connections that are kept, each the next question once it has
//! the answer to the one before. Prints whole answers, answers with log probabilities and streams a
//! second, clients included.

use std::sync::Arc;
use std::time::{Duration, Instant};

use overclaim::mock::{Book, Known, Latency, Mock, Settings, Skill, Trouble, Turn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Different questions.
const QUESTIONS: usize = 1000;
/// How long each kind is asked for.
const TIME: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    let connections = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(32);
    let mut book = Book::default();
    for number in 0..QUESTIONS {
        let turns = [Turn { role: "user".into(), text: question(number) }];
        let wrong = ["A", "C", "D"].map(str::to_owned).to_vec();
        book.learn(&turns, Known { right: "B".into(), wrong });
    }
    let settings = Settings {
        serves: None,
        cached: None,
        seed: 1,
        skill: Skill { accuracy: 0.8, confidence: 0.9 },
        latency: Latency::None,
        pace: Duration::ZERO,
        trouble: Trouble::default(),
        hint: Duration::ZERO,
        down: None,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (_stop, stopped) = watch::channel(false);
    let mock = Mock::new(settings, book);
    tokio::spawn(async move { mock.serve(listener, stopped).await });
    for (what, more) in [
        ("whole answers", ""),
        ("with log probabilities", r#","logprobs":true,"top_logprobs":5"#),
        ("streams", r#","stream":true"#),
    ] {
        let requests: Arc<[Vec<u8>]> =
            (0..QUESTIONS).map(|number| request(number, more).into_bytes()).collect();
        let start = Instant::now();
        let clients = (0..connections).map(|client| {
            let requests = Arc::clone(&requests);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                stream.set_nodelay(true).expect("an open socket");
                let (mut answers, mut number, mut buffer) = (0_u32, client * 31, Vec::new());
                while start.elapsed() < TIME {
                    number = (number + 1) % QUESTIONS;
                    stream.write_all(&requests[number]).await.expect("it is sent");
                    buffer.clear();
                    while !is_whole(&buffer) {
                        let read = stream.read_buf(&mut buffer).await.expect("it is answered");
                        assert!(read > 0, "the connection is kept");
                    }
                    answers += 1;
                }
                answers
            })
        });
        let mut answers = 0;
        for client in clients.collect::<Vec<_>>() {
            answers += client.await.expect("no panic");
        }
        let rate = f64::from(answers) / start.elapsed().as_secs_f64();
        println!("{what:<24} {rate:>8.0} a second on {connections} connections");
    }
}

fn question(number: usize) -> String {
    format!("Question {number}: which of these is it?\nA. one\nB. two\nC. three\nD. four\n")
}

fn request(number: usize, more: &str) -> String {
    let text = serde_json::Value::from(question(number));
    let messages = format!(r#"[{{"role":"user","content":{text}}}]"#);
    let body = format!(r#"{{"model":"m","messages":{messages}{more}}}"#);
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Whether the answer has come to its end: by its length, or by its last part.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]);
    match head.split_once("content-length: ") {
        Some((_, rest)) => {
            let length: usize = rest.lines().next().unwrap_or_default().parse().unwrap_or(0);
            bytes.len() >= end + 4 + length
        }
        None => bytes.ends_with(b"0\r\n\r\n"),
    }
}
