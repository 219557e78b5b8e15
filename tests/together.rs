//! Several suites of one run: they are asked at the same time, take turns, and fail alone.

mod support;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::project::{Project, SUITE, code, letter, text};
use support::{Seen, Server};

/// A suite that passes where everything is right.
fn suite(name: &str, rows: &str, endpoint: &str) -> String {
    let suite = SUITE.replace("suite: demo", &format!("suite: {name}"));
    let suite = suite.replace("[model]", &format!("[{endpoint}]"));
    suite.replace("rows.jsonl", rows).replace("{max_rate: 20%}", "{max_count: 0}")
}

/// So many questions, which begin with a word.
fn rows(word: &str, cases: usize) -> String {
    let row = |number| {
        format!(
            "{{\"id\": \"{word}-{number}\", \"question\": \"{word} {number}?\", \
             \"choices\": [\"yes {number}\", \"no {number}\"], \"answer\": \"A\", \"kind\": \"k\"}}\n"
        )
    };
    (0..cases).map(row).collect()
}

/// A suite `big` and a suite `small` of so many questions at an endpoint each.
fn project(endpoints: &[(&str, &Server, &str)], suites: [(&str, usize, &str); 2]) -> Project {
    let project = Project::empty();
    let endpoints = endpoints.iter().map(|(name, server, keys)| {
        let url = server.base_url();
        format!("  {name}: {{wire: openai-chat, base_url: \"{url}\", model: m{keys}}}\n")
    });
    project.write("overclaim.yaml", &("endpoints:\n".to_owned() + &endpoints.collect::<String>()));
    for (name, cases, endpoint) in suites {
        project.write(
            &format!("suites/{name}.yaml"),
            &suite(name, &format!("{name}.jsonl"), endpoint),
        );
        project.write(&format!("suites/{name}.jsonl"), &rows(name, cases));
    }
    project
}

fn is_of(seen: &Seen, word: &str) -> bool {
    seen.body.contains(&format!("\"{word} "))
}

/// Calls inside at a time, and the most there have been.
#[derive(Default)]
struct Inside {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Inside {
    fn stay(&self, time: Duration) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        std::thread::sleep(time);
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A server that takes a while and counts.
fn counting(inside: &Arc<Inside>) -> Server {
    let inside = Arc::clone(inside);
    Server::new(move |_, client| {
        inside.stay(Duration::from_millis(20));
        client.json(200, &letter("A", 0.9));
    })
}

#[test]
fn suites_take_turns_from_the_start() {
    let inside = Arc::new(Inside::default());
    let server = counting(&inside);
    let project = project(
        &[("model", &server, ", concurrency: 4")],
        [("big", 90, "model"), ("small", 10, "model")],
    );
    let output = project.run(&["run", "--cache", "off", "--out", "out"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let small: Vec<usize> =
        server.seen().iter().filter(|seen| is_of(seen, "small")).map(|seen| seen.number).collect();
    assert_eq!((server.calls(), small.len()), (100, 10));
    // Every second call is the small suite's, give or take those that pass each other.
    assert!(small[0] < 8 && small[9] < 40, "{small:?}");
    assert_eq!(inside.most.load(Ordering::SeqCst), 4);
    assert_eq!(project.records("out/big").len(), 90);
    assert_eq!(project.records("out/small").len(), 10);
}

#[test]
fn concurrency_is_of_all_suites_and_endpoints_together() {
    let inside = Arc::new(Inside::default());
    let (one, other) = (counting(&inside), counting(&inside));
    let project = project(
        &[("one", &one, ", concurrency: 8"), ("other", &other, ", concurrency: 8")],
        [("big", 30, "one, other"), ("small", 30, "other")],
    );
    let output = project.run(&["run", "--cache", "off", "--concurrency", "3"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert_eq!((one.calls(), other.calls()), (30, 60));
    assert_eq!(inside.most.load(Ordering::SeqCst), 3);
}

#[test]
fn what_two_suites_ask_is_asked_once() {
    let inside = Arc::new(Inside::default());
    let server = counting(&inside);
    let project = project(&[("model", &server, "")], [("big", 20, "model"), ("small", 1, "model")]);
    project.write("suites/small.yaml", &suite("small", "big.jsonl", "model"));
    let output = project.run(&["run", "--out", "out"]);
    assert_eq!((code(&output), server.calls()), (0, 20), "{}", text(&output.stderr));
    let mut origins = Vec::new();
    for suite in ["big", "small"] {
        let records = project.records(&format!("out/{suite}"));
        assert_eq!(records.len(), 20);
        origins.extend(records.iter().map(|record| record["exchanges"][0]["origin"].clone()));
    }
    let live = origins.iter().filter(|origin| **origin == "live").count();
    let joined = origins.iter().filter(|origin| **origin == "joined").count();
    assert_eq!(live, 20, "{origins:?}");
    assert!(joined > 0, "{origins:?}");
}

#[test]
fn pages_come_in_the_order_of_the_suites_and_the_worst_exit_counts() {
    // The first suite is answered only when the second has been.
    let second = Arc::new(AtomicUsize::new(0));
    let answered = Arc::clone(&second);
    let slow = Server::new(move |_, client| {
        let start = Instant::now();
        while answered.load(Ordering::SeqCst) < 5 && start.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let together = answered.load(Ordering::SeqCst) >= 5;
        client.json(if together { 200 } else { 400 }, &letter("A", 0.9));
    });
    let quick = Server::new(move |_, client| {
        client.json(200, &letter("B", 0.05));
        second.fetch_add(1, Ordering::SeqCst);
    });
    let project = project(
        &[("slow", &slow, ""), ("quick", &quick, "")],
        [("big", 5, "slow"), ("small", 5, "quick")],
    );
    let args = ["run", "suites/big.yaml", "suites/small.yaml", "--cache", "off", "--json"];
    let output = project.run(&args);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let documents: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&Value> =
        documents.as_array().unwrap().iter().map(|page| &page["run"]["suite"]).collect();
    assert_eq!(names, ["big", "small"]);
    let pages = text(&output.stderr);
    let (first, last) = (pages.find("PASSED").unwrap(), pages.find("FAILED").unwrap());
    assert!(first < last, "{pages}");
}

#[test]
fn a_suite_whose_endpoint_is_given_up_leaves_the_others_alone() {
    let (locked, open) = (Server::json(401, "{}"), Server::json(200, letter("A", 0.9)));
    let project = project(
        &[("locked", &locked, ""), ("open", &open, "")],
        [("big", 100, "locked"), ("small", 40, "open")],
    );
    let output = project.run(&["run", "--cache", "off", "--out", "out"]);
    assert_eq!((code(&output), open.calls()), (3, 40), "{}", text(&output.stderr));
    assert!(locked.calls() <= 8, "{} calls with a wrong key", locked.calls());
    let ending =
        |suite: &str| project.json(&format!("out/{suite}/operations.json"))["ending"].clone();
    assert_eq!((ending("big"), ending("small")), ("gave_up".into(), "complete".into()));
}

#[test]
fn a_suite_without_a_directory_leaves_the_others_alone() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&[("model", &server, "")], [("big", 5, "model"), ("small", 5, "model")]);
    project.write("out/big/records.jsonl", "");
    project.write("out/big/run.json", "{}");
    let output = project.run(&["run", "--cache", "off", "--out", "out"]);
    assert_eq!((code(&output), server.calls()), (2, 5));
    assert!(text(&output.stderr).contains("holds a run already"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("PASSED"), "{}", text(&output.stdout));
    assert_eq!(project.records("out/small").len(), 5);
}

#[cfg(target_os = "linux")]
#[test]
fn a_journal_that_cannot_be_written_ends_its_suite_only() {
    let server = Server::json(200, letter("A", 0.9));
    let project =
        project(&[("model", &server, "")], [("big", 300, "model"), ("small", 5, "model")]);
    // No file may become larger than 128 KiB: the journal of the big suite would.
    let run = project.command(&["run", "--cache", "off", "--out", "out"]);
    let mut limited = Command::new("bash");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$@\"", "limited"]);
    limited.arg(run.get_program()).args(run.get_args()).current_dir(project.dir.path());
    let output = limited.stdin(Stdio::null()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(code(&output), 2, "{said}");
    assert!(said.contains("out/big: the journal cannot be written: "), "{said}");
    assert!(text(&output.stdout).contains("PASSED"), "{}", text(&output.stdout));
    assert_eq!(project.records("out/small").len(), 5);
    assert!(server.calls() < 305, "{} calls", server.calls());
}

#[test]
fn two_suites_of_one_name_never_share_a_directory() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&[("model", &server, "")], [("big", 5, "model"), ("small", 5, "model")]);
    project.write("suites/small.yaml", &suite("big", "small.jsonl", "model"));
    let output = project.run(&["run", "--cache", "off", "--out", "out"]);
    let said = text(&output.stderr);
    assert_eq!((code(&output), server.calls()), (2, 0), "{said}");
    assert!(said.contains("out/big is to hold the run of this suite and that of"), "{said}");
    // Directories that are named by time are told apart.
    let output = project.run(&["run", "--cache", "off"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let runs: BTreeSet<String> = std::fs::read_dir(project.dir.path().join("reports/big"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
    for run in runs {
        assert_eq!(project.records(&format!("reports/big/{run}")).len(), 5);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_all_suites_with_what_they_have() {
    // Each suite is answered four times.
    let counts: [AtomicUsize; 2] = Default::default();
    let server = Server::new(move |seen, client| {
        let count = &counts[usize::from(is_of(seen, "small"))];
        if count.fetch_add(1, Ordering::SeqCst) < 4 {
            client.json(200, &letter("A", 0.9));
        } else {
            client.stall();
        }
    });
    let project = project(
        &[("model", &server, ", concurrency: 16")],
        [("big", 20, "model"), ("small", 20, "model")],
    );
    let mut command = project.command(&["run", "--cache", "off", "--out", "out"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = |suite: &str| {
        let path = project.dir.path().join(format!("out/{suite}/records.jsonl"));
        std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
    };
    let start = Instant::now();
    while lines("big") + lines("small") < 8 {
        assert!(start.elapsed() < Duration::from_secs(30), "{} {}", lines("big"), lines("small"));
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).matches("STOPPED").count(), 4, "{}", text(&output.stdout));
    for suite in ["big", "small"] {
        assert_eq!(project.records(&format!("out/{suite}")).len(), 4);
        let operations = project.json(&format!("out/{suite}/operations.json"));
        assert_eq!(operations["ending"], "interrupted");
    }
}

#[test]
fn a_trial_that_pauses_lets_the_next_one_go_first() {
    let failed = AtomicBool::new(false);
    let order: Arc<Mutex<Vec<bool>>> = Arc::default();
    let arrivals = Arc::clone(&order);
    let server = Server::new(move |seen, client| {
        let third = seen.body.contains("\"big 2?");
        arrivals.lock().unwrap().push(third);
        if third && !failed.swap(true, Ordering::SeqCst) {
            client.answer(500, &["retry-after: 2"], "{}");
        } else {
            client.json(200, &letter("A", 0.9));
        }
    });
    let project = project(
        &[("model", &server, ", concurrency: 1")],
        [("big", 6, "model"), ("small", 1, "model")],
    );
    let output = project.run(&["run", "suites/big.yaml", "--cache", "off"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let order = order.lock().unwrap();
    assert_eq!(*order, [false, false, true, false, false, false, true]);
}
