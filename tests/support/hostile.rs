//! The texts of `fixtures/hostile`, and runs that hold them in every place where a text can stand.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Server;
use super::project::{Project, code, letter, text};

/// A text that does something to those who show it carelessly.
#[derive(Debug, Clone)]
pub struct Payload {
    pub name: String,
    pub attacks: String,
    /// What is said, as a text; where the wire carries no text, what stands in its place.
    pub text: String,
    /// What stands between the quotes of a JSON string on the wire.
    pub wire: Vec<u8>,
}

/// All of them, in the order of the file.
pub fn payloads() -> Vec<Payload> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile/payloads.jsonl");
    let file = fs::read_to_string(path).unwrap();
    assert!(file.is_ascii(), "what cannot be seen is to be an escape");
    let payload = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let get = |key: &str| line[key].as_str().map(str::to_owned);
        let times = usize::try_from(line["repeat"].as_u64().unwrap_or(1)).unwrap();
        let (text, wire) = match (get("text"), get("wire"), get("bytes")) {
            (Some(text), None, None) => {
                let text = text.repeat(times);
                let wire = serde_json::to_string(&text).unwrap();
                (text, wire.as_bytes()[1..wire.len() - 1].to_vec())
            }
            (None, Some(wire), None) => (wire.replace('\\', ""), wire.into_bytes()),
            (None, None, Some(hex)) => {
                let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
                (String::from_utf8_lossy(&bytes).into_owned(), bytes)
            }
            _ => panic!("a payload is a text, a wire or bytes: {line}"),
        };
        Payload { name: get("name").unwrap(), attacks: get("attacks").unwrap(), text, wire }
    };
    file.lines().map(payload).collect()
}

/// A run of as many trials as there are texts, written by the program and then changed: each record
/// holds its text as question, choice, answer, id, tag, group, and all that a server says. With
/// `benign`, words stand in their place.
pub fn run_of_records(project: &Project, dir: &str, texts: &[String]) {
    made(project, dir, texts.len(), 1);
    change(project, dir, |index, record| {
        let text = &texts[index];
        record["question"] = text.as_str().into();
        // A megabyte is enough once or twice.
        let short: String = text.chars().take(20_000).collect();
        record["case"] = short.as_str().into();
        record["trial"] = format!("{short}@model").into();
        record["choices"] = json!([short, "right"]);
        record["expected"] = "B".into();
        record["answer"] = if index % 2 == 0 { "A".into() } else { text.as_str().into() };
        record["tags"] = json!([short]);
        record["group"] = short.as_str().into();
        record["at"] = json!({"file": short, "line": 1});
        let heard = &mut record["exchanges"][0];
        heard["reply"]["text"] = text.as_str().into();
        heard["reply"]["model"] = short.as_str().into();
        heard["reply"]["finish"] = json!({"other": short});
    });
}

/// A run with an endpoint for each text, which is its name and its model; half of the trials failed
/// with the text as message, the others could not be graded for that reason.
pub fn run_of_endpoints(project: &Project, dir: &str, texts: &[String]) {
    made(project, dir, 1, texts.len());
    let mut header = project.json(&format!("{dir}/run.json"));
    let mut names = Vec::new();
    for (index, asked) in header["endpoints"].as_array_mut().unwrap().iter_mut().enumerate() {
        // Names are unique.
        names.push(format!("{}{index}", texts[index]));
        asked["name"] = names[index].as_str().into();
        asked["target"]["model"] = texts[index].as_str().into();
    }
    header["budget"]["not_measured"] = "fail".into();
    header["path"] = texts[0].as_str().into();
    project.write(&format!("{dir}/run.json"), &header.to_string());
    change(project, dir, |index, record| {
        let text = &texts[index];
        record["endpoint"] = names[index].as_str().into();
        record["trial"] = format!("q-0@{}", names[index]).into();
        record["outcome"] = if index % 2 == 0 {
            json!({"failed": {"kind": "server", "message": text}})
        } else {
            json!({"ungraded": text})
        };
        record["quadrant"] = Value::Null;
        record["exchanges"][0]["endpoint"] = names[index].as_str().into();
    });
}

/// A run in which everybody is confidently wrong.
fn made(project: &Project, dir: &str, cases: usize, endpoints: usize) {
    let server = Server::new(|_, client| client.json(200, &letter("B", 0.05)));
    let url = server.base_url();
    let endpoint = |index: usize| {
        format!("  e{index}: {{wire: openai-chat, base_url: \"{url}\", model: m{index}}}\n")
    };
    let all: String = (0..endpoints).map(endpoint).collect();
    project.write("overclaim.yaml", &format!("endpoints:\n{all}"));
    let names: Vec<String> = (0..endpoints).map(|index| format!("e{index}")).collect();
    let row = |index| {
        format!(
            "{{\"id\": \"q-{index}\", \"question\": \"Question {index}?\", \"choices\": [\"yes\", \
             \"no\"], \"answer\": \"A\", \"kind\": \"k\"}}\n"
        )
    };
    project.write("suites/rows.jsonl", &(0..cases).map(row).collect::<String>());
    let suite = super::project::SUITE.replace("[model]", &format!("[{}]", names.join(", ")));
    project.write("suites/demo.yaml", &suite);
    let run = project.run(&["run", "--out", dir, "--quiet"]);
    assert!(code(&run) != 2, "{}", text(&run.stderr));
}

/// Changes every record of a journal, in plan order.
fn change(project: &Project, dir: &str, change: impl Fn(usize, &mut Value)) {
    let mut lines = String::new();
    for (index, mut record) in project.records(dir).into_iter().enumerate() {
        change(index, &mut record);
        lines += &record.to_string();
        lines.push('\n');
    }
    project.write(&format!("{dir}/records.jsonl"), &lines);
    // What follows from the records is not what it was.
    let _ = fs::remove_file(project.dir.path().join(dir).join("baseline.json"));
}
