//! Pages of runs in which every text is written by somebody who means harm, in a browser: no script
//! runs, no request leaves, and no element is there that a harmless text would not have.
//!
//! Each page is held against one of the same run with all that HTML could take for markup replaced by
//! letters, and opened once more without its content security policy: what keeps a page harmless is
//! that texts are escaped, and the policy comes on top.

#![cfg(unix)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use support::accepted::accept;
use support::browser::Browser;
use support::project::{Project, SUITE, code, question, text};
use support::{Server, head};

/// A line of `fixtures/hostile/payloads.jsonl`.
#[derive(Debug, Clone, Deserialize)]
struct Payload {
    name: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    repeat: Option<usize>,
    /// Between the quotes of a JSON string.
    #[serde(default)]
    wire: Option<String>,
    /// The same in hexadecimal.
    #[serde(default)]
    bytes: Option<String>,
}

/// Longer than what the list of cases shows, and short enough for a case to be shown with all that was
/// said: markup takes more room than letters, and a case without it would prove nothing.
const MOST: usize = 300;

impl Payload {
    fn all() -> Vec<Payload> {
        let file = include_str!("../fixtures/hostile/payloads.jsonl");
        file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// As a text in a file; the name for what is no text.
    fn text(&self, tame: bool) -> String {
        let Some(text) = &self.text else { return self.name.clone() };
        let times = self.repeat.map_or(1, |times| times.min(MOST / text.len()));
        let text = text.repeat(times);
        if !tame {
            return text;
        }
        text.chars().map(|c| if "<>&\"'`=/".contains(c) { 'x' } else { c }).collect()
    }

    /// What a server sends between the quotes of a JSON string.
    fn sent(&self, tame: bool) -> Vec<u8> {
        if let Some(wire) = &self.wire {
            return wire.clone().into_bytes();
        }
        if let Some(bytes) = &self.bytes {
            let digits = bytes.as_bytes().chunks(2);
            let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16);
            return digits.map(|two| byte(two).unwrap()).collect();
        }
        let quoted = Value::from(self.text(tame)).to_string();
        quoted.as_bytes()[1..quoted.len() - 1].to_vec()
    }
}

/// A place for a payload in what a server sends.
const HERE: &str = "@payload@";

fn filled(body: &str, payload: &[u8]) -> Vec<u8> {
    let mut filled = Vec::new();
    for (index, part) in body.split(HERE).enumerate() {
        if index > 0 {
            filled.extend_from_slice(payload);
        }
        filled.extend_from_slice(part.as_bytes());
    }
    filled
}

/// What the server makes of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// A wrong letter, confidently, by a model of that name and beside tokens of it.
    Surely,
    /// The text of the reply, and of the reasoning before it.
    Said,
    /// The message of an error.
    Refused,
}

/// A server that sends payloads by the number of the question.
fn server(tame: bool, told: impl Fn(usize) -> Told + Send + Sync + 'static) -> Server {
    let payloads = Payload::all();
    Server::new(move |seen, client| {
        let number = question(seen);
        let (status, body) = match told(number) {
            Told::Surely => (
                200,
                r#"{"choices":[{"message":{"role":"assistant","content":"B"},"finish_reason":"stop","logprobs":{"content":[{"token":"B","logprob":-0.01,"top_logprobs":[{"token":"B","logprob":-0.01},{"token":"@payload@","logprob":-5}]}]}}],"model":"@payload@","usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
            ),
            Told::Said => (
                200,
                r#"{"choices":[{"message":{"role":"assistant","content":"not @payload@\nConfidence: 95%","reasoning_content":"@payload@"},"finish_reason":"@payload@"}],"model":"m","usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
            ),
            Told::Refused => (400, r#"{"error":{"message":"@payload@","type":"@payload@"}}"#),
        };
        let body = filled(body, &payloads[number].sent(tame));
        client.send(head(status, &["content-type: application/json"], body.len()));
        client.send(body);
    })
}

/// Rows with a payload wherever a dataset has a text.
fn rows(tame: bool) -> String {
    let payloads = Payload::all();
    let row = |(number, payload): (usize, &Payload)| {
        let text = payload.text(tame);
        // A tag or an answer of nothing but blanks is refused.
        let filled = if text.trim().is_empty() { "blank" } else { &text };
        let row = json!({
            "id": format!("{number} {text}"), "question": format!("Question {number}? {text}"),
            "choices": [format!("{text} yes"), format!("{text} no")], "answer": "A",
            "wanted": filled, "kind": filled,
        });
        row.to_string() + "\n"
    };
    payloads.iter().enumerate().map(row).collect()
}

/// The page of a run of all payloads, and the pages of the history of such runs.
fn pages(tame: bool) -> (Vec<Project>, Vec<PathBuf>) {
    let mut projects = Vec::new();
    let mut pages = Vec::new();
    let free = SUITE
        .replace("choice: \"{{ answer }}\"", "exact: \"{{ wanted }}\"")
        .replace("[choice_logprob]", "[verbalized]")
        .replace("max_tokens: 4", "max_tokens: 64");
    // Each payload in each place: what is said of a question depends on the round.
    for round in 0..4 {
        let server = server(tame, move |number| match (round, (number + round) % 3) {
            (3, _) | (_, 1) => Told::Said,
            (_, 0) => Told::Surely,
            _ => Told::Refused,
        });
        let project = Project::at(&server);
        let config = project.read("overclaim.yaml").replace("model: m,", "model: m, attempts: 1,");
        project.write("overclaim.yaml", &config);
        project.write("suites/demo.yaml", if round == 3 { &free } else { SUITE });
        project.write("suites/rows.jsonl", &rows(tame));
        if round == 0 {
            // What was accepted says the same texts: as names, answers and reasons.
            let texts: Vec<Value> =
                Payload::all().iter().map(|payload| payload.text(tame).into()).collect();
            accept(&project, "demo", &["model"], &["--cache", "off", "--quiet"], |case, line| {
                let number: usize = case.split(' ').next().unwrap().parse().unwrap();
                let text = &texts[number];
                let said =
                    line.replacen(" incorrect confident_wrong ", " correct confident_right ", 1);
                match number % 9 {
                    0 => Some(format!(
                        "{} {text}",
                        said.rsplit_once(" \"").map_or(&*said, |(line, _)| line)
                    )),
                    3 if said != line => Some(format!("{line} known_wrong 2026-11-29 {text}")),
                    6 => None,
                    _ => Some(line),
                }
            });
        }
        for _ in 0..if round == 0 { 2 } else { 1 } {
            let run = project.run(&["run", "--cache", "off", "--quiet"]);
            assert!([1, 3].contains(&code(&run)), "{round}: {}", text(&run.stderr));
        }
        pages.push(project.dir.path().join("report.html"));
        let page = project.run(&["report", "--format", "html"]);
        std::fs::write(pages.last().unwrap(), page.stdout).unwrap();
        if round == 0 {
            let trend = project.run(&["trend", "--out", "trend", "--quiet"]);
            assert!(code(&trend) < 2, "{}", text(&trend.stderr));
            pages.extend(files(&project.dir.path().join("trend")));
        }
        projects.push(project);
    }
    (projects, pages)
}

/// The pages of a directory, in order.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "html"))
        .collect();
    files.sort();
    files
}

/// What was found in a page.
#[derive(Debug, Deserialize)]
struct Found {
    strange: Vec<String>,
    /// The elements of each case with the names of their attributes, by its number.
    cases: BTreeMap<usize, Vec<String>>,
    /// The kinds of elements elsewhere.
    rest: BTreeSet<String>,
    title: String,
}

/// A title without the time in it.
fn untimed(title: &str) -> String {
    title.chars().filter(|c| !c.is_ascii_digit() && *c != '-').collect()
}

fn looked(browser: &Browser, page: &Path) -> Found {
    browser.open(page, "");
    let found = browser
        .run(&format!("return (async () => {{ {} }})()", include_str!("support/intruders.js")));
    serde_json::from_value(found).unwrap()
}

#[test]
fn hostile_texts_are_texts_with_and_without_the_policy() {
    let payloads = Payload::all();
    assert!(payloads.len() >= 100);
    let (_tame_projects, tame) = pages(true);
    let (_projects, hostile) = pages(false);
    assert_eq!(tame.len(), hostile.len());
    let reviewed = std::fs::read_to_string(&hostile[0]).unwrap();
    for mark in [" data-pending=", " data-known>", "<td data-label=\"known\">"] {
        assert!(reviewed.matches(mark).count() > 5, "{mark}");
    }
    let browser = Browser::start();
    let mut shown = BTreeSet::new();
    for (tame, page) in tame.iter().zip(&hostile) {
        let harmless = looked(&browser, tame);
        let html = std::fs::read_to_string(page).unwrap();
        let (before, rest) =
            html.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
        let (_, after) = rest.split_once('>').unwrap();
        let bare = page.with_extension("bare.html");
        std::fs::write(&bare, before.to_owned() + after).unwrap();
        browser.requests();
        browser.complaints();
        for page in [page, &bare] {
            let found = looked(&browser, page);
            assert_eq!(found.strange, [""; 0], "{}", page.display());
            assert_eq!(untimed(&found.title), untimed(&harmless.title));
            for (number, kinds) in &found.cases {
                let name = &payloads[*number].name;
                assert_eq!(Some(kinds), harmless.cases.get(number), "{name} in {}", page.display());
                shown.insert(name.clone());
            }
            assert_eq!(found.cases.len(), harmless.cases.len());
            let policy = "meta content http-equiv".to_owned();
            assert_eq!(found.rest.contains(&policy), *page != bare);
            let strangers: Vec<&String> = found.rest.difference(&harmless.rest).collect();
            assert!(strangers.is_empty(), "{strangers:?} in {}", page.display());
            let requests = browser.requests();
            assert!(requests.len() == 1 && requests[0].starts_with("file:"), "{requests:?}");
            assert_eq!(browser.complaints(), [""; 0], "{}", page.display());
        }
    }
    assert_eq!(shown.len(), payloads.len(), "every payload was looked at");
}
