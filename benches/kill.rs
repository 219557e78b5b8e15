//! Runs that are killed and go on: `cargo bench --bench kill [RUNS]`, 200 runs if nothing is said.
//!
//! Each run asks 400 questions at `overclaim mock` and is killed with -9 once so many bytes of its
//! journal are written, spread evenly from the first to the last record. What it left is looked at (did
//! the kill hit in the middle of a line?), and `--resume` goes on. The end must be that of a run that
//! nobody disturbed: the same `scorecard.json`, byte for byte, and no second call for a trial that was
//! finished, counted at the server. Ends with 1 if one of them is not.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_overclaim");
const CASES: usize = 400;

fn main() -> ExitCode {
    let runs = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(200_usize);
    let dir = tempfile::tempdir().expect("a directory");
    write_suite(dir.path());
    let mut mock = Mock::start(dir.path());
    write_config(dir.path(), &mock.url);
    assert_eq!(run(dir.path(), &["--out", "whole"]).wait().expect("it ends").code(), Some(0));
    let expected = fs::read(dir.path().join("whole/scorecard.json")).expect("a scorecard");
    let length = fs::metadata(dir.path().join("whole/records.jsonl")).expect("a journal").len();

    let (mut equal, mut torn, mut killed, mut asked_twice) = (0, 0, 0, 0);
    for number in 0..runs {
        let out = format!("run-{number}");
        let journal = dir.path().join(&out).join("records.jsonl");
        mock.forget();
        let bytes = length * number as u64 / runs as u64;
        let mut child = run(dir.path(), &["--out", &out]);
        while child.try_wait().expect("a child").is_none() {
            if fs::metadata(&journal).is_ok_and(|file| file.len() > bytes) {
                let _ = child.kill();
                killed += 1;
                break;
            }
        }
        let _ = child.wait();
        let left = fs::read(&journal).unwrap_or_default();
        torn += usize::from(left.last().is_some_and(|byte| *byte != b'\n'));
        let finished: Vec<String> =
            left.split_inclusive(|byte| *byte == b'\n').filter_map(question).collect();
        let before = mock.calls();
        let ended = run(dir.path(), &["--resume", &out]).wait().expect("it ends");
        let after = mock.calls();
        let again = |question: &&String| after.get(*question) != before.get(*question);
        asked_twice += finished.iter().filter(again).count();
        let scorecard = fs::read(dir.path().join(&out).join("scorecard.json")).unwrap_or_default();
        equal += usize::from(ended.code() == Some(0) && scorecard == expected);
        let _ = fs::remove_dir_all(dir.path().join(&out));
    }
    println!(
        "{runs} runs of {CASES} trials, {killed} killed, {torn} of them in the middle of a line"
    );
    println!("{equal} equal scorecards after --resume");
    println!("{asked_twice} second calls for finished trials");
    if equal == runs && asked_twice == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The question of a whole line of the journal.
fn question(line: &[u8]) -> Option<String> {
    line.ends_with(b"\n").then_some(())?;
    let record: Value = serde_json::from_slice(line).ok()?;
    Some(record["question"].as_str()?.to_owned())
}

fn write_suite(dir: &Path) {
    let row = |i: usize| {
        format!("{{\"id\": \"q-{i}\", \"question\": \"Question {i}?\", \"answer\": \"A\"}}\n")
    };
    fs::write(dir.join("rows.jsonl"), (0..CASES).map(row).collect::<Vec<_>>().concat())
        .expect("room");
    let suite = "suite: kill\nendpoints: [mock]\ndataset: {from: rows.jsonl, id: \"{{ id }}\"}\n\
                 prompt: \"{{ question }}\"\ngrade: {exact: \"{{ answer }}\"}\n";
    fs::write(dir.join("suite.yaml"), suite).expect("room");
    fs::write(dir.join("answers.yaml"), "- {contains: Question, answer: A}\n").expect("room");
}

fn write_config(dir: &Path, url: &str) {
    let config = format!(
        "endpoints:\n  mock: {{wire: openai-chat, base_url: \"{url}\", model: m, concurrency: 16}}\n"
    );
    fs::write(dir.join("overclaim.yaml"), config).expect("room");
}

fn run(dir: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(BINARY);
    command.current_dir(dir).arg("run");
    if !args.contains(&"--resume") {
        command.args(["suite.yaml", "--cache", "off"]);
    }
    command.args(args).arg("--quiet").stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

/// `overclaim mock`, killed when it is dropped.
struct Mock {
    child: Child,
    url: String,
}

impl Mock {
    fn start(dir: &Path) -> Mock {
        let mut command = Command::new(BINARY);
        command.current_dir(dir).args(["mock", "--script", "answers.yaml", "--latency", "2ms"]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("piped"));
        said.read_line(&mut url).expect("its address");
        Mock { child, url: url.trim_end().to_owned() }
    }

    fn get(&self, method: &str) -> Value {
        let address = self.url.trim_start_matches("http://").trim_end_matches("/v1");
        let mut stream = TcpStream::connect(address).expect("it listens");
        let request = format!("{method} /counts HTTP/1.1\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_default()
    }

    fn forget(&mut self) {
        let _ = self.get("DELETE");
    }

    /// Calls by question, once none is under way.
    fn calls(&self) -> HashMap<String, u64> {
        let mut counts = self.get("GET");
        while counts["in_flight"] != 0 {
            sleep(Duration::from_millis(2));
            counts = self.get("GET");
        }
        let prompts = counts["prompts"].as_array().cloned().unwrap_or_default();
        let count = |at: &Value| Some((at["prompt"].as_str()?.to_owned(), at["calls"].as_u64()?));
        prompts.iter().filter_map(count).collect()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
