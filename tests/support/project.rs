//! A project on disk, the built binary run in it, and a server that answers its questions.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{Client, Seen, Server};

/// A project in a directory of its own.
pub struct Project {
    pub dir: tempfile::TempDir,
}

impl Project {
    /// A project whose endpoint `model` is the server.
    pub fn at(server: &Server) -> Project {
        let project = Project::empty();
        project.write(
            "overclaim.yaml",
            &format!(
                "endpoints:\n  model: {{wire: openai-chat, base_url: \"{}\", model: m, timeout: 10s}}\n  \
                 tape: {{wire: cassette, from: tape.jsonl}}\n",
                server.base_url()
            ),
        );
        project
    }

    pub fn empty() -> Project {
        Project { dir: tempfile::tempdir().unwrap() }
    }

    /// The same configuration in a new directory there, if there is such a place.
    pub fn moved_to(self, place: &std::path::Path) -> Project {
        let Ok(dir) = tempfile::tempdir_in(place) else { return self };
        let moved = Project { dir };
        moved.write("overclaim.yaml", &self.read("overclaim.yaml"));
        moved
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A suite of so many choice questions; the right letter is always A.
    pub fn choices(self, cases: usize) -> Project {
        self.write("suites/demo.yaml", SUITE);
        let row = |index| {
            format!(
                "{{\"id\": \"q-{index}\", \"question\": \"Question {index}?\", \
                 \"choices\": [\"yes {index}\", \"no {index}\"], \"answer\": \"A\", \"kind\": \"k{}\"}}\n",
                index % 2
            )
        };
        self.write("suites/rows.jsonl", &(0..cases).map(row).collect::<String>());
        self
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("overclaim"));
        command.current_dir(self.dir.path()).args(args);
        command.env("OVERCLAIM_CACHE_DIR", self.dir.path().join("cache"));
        command.env_remove("CI").env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub fn records(&self, run: &str) -> Vec<Value> {
        let text = self.read(&format!("{run}/records.jsonl"));
        let mut records: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        records.sort_by_key(|record| record["index"].as_u64());
        records
    }
}

pub const SUITE: &str = "\
suite: demo
endpoints: [model]
threshold: 0.8
dataset: {from: rows.jsonl, id: \"{{ id }}\", tags: [\"{{ kind }}\"]}
prompt: |
  {{ question }}
  {% for choice in choices %}{{ loop.index | letter }}. {{ choice }}
  {% endfor %}
grade: {choice: \"{{ answer }}\"}
confidence: [choice_logprob]
parameters: {temperature: 0, max_tokens: 4}
budget:
  confident_wrong: {max_rate: 20%}
";

/// A reply that says a letter, A with this probability and B with the rest.
pub fn letter(text: &str, p: f64) -> String {
    let (a, b) = (p.ln(), (1.0 - p).ln());
    let said = if text.starts_with('A') { a } else { b };
    format!(
        r#"{{"choices":[{{"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop","logprobs":{{"content":[{{"token":"{text}","logprob":{said},"top_logprobs":[{{"token":"A","logprob":{a}}},{{"token":"B","logprob":{b}}}]}}]}}}}],"model":"m","usage":{{"prompt_tokens":30,"completion_tokens":1}}}}"#
    )
}

/// Answers by the question's number: every fourth is confidently wrong.
pub fn mostly_right(seen: &Seen, client: &mut Client) {
    let number = question(seen);
    let body = if number % 4 == 3 { letter("B", 0.05) } else { letter("A", 0.9) };
    client.json(200, &body);
}

/// The number of the question that was asked.
pub fn question(seen: &Seen) -> usize {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let turn = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
    let digits: String = turn.chars().filter(char::is_ascii_digit).collect();
    let first = turn.split(['?', ' ']).nth(1).unwrap_or(&digits);
    first.parse().unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
