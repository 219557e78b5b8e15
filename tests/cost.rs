//! What a run costs, and that it costs no more than it may: held against what servers bill, refusals,
//! broken calls and retries included.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use support::project::{Project, SUITE, code, letter, text};
use support::{Client, Seen, Server};

const INPUT: f64 = 1.0;
const OUTPUT: f64 = 4.0;

/// What a call of the suite can cost at most: about 40 bytes, 274 tokens around them, 4 of a reply.
const CALL_AT_MOST: f64 = (50.0 + 274.0 + 4.0 * OUTPUT) / 1e6;

/// `overclaim mock`, killed when it is dropped.
struct Mock {
    child: Child,
    url: String,
}

impl Mock {
    fn start(project: &Project, args: &[&str]) -> Mock {
        let mut command = project.command(&["mock"]);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Mock { child, url: url.trim_end().to_owned() }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A project with so many cases, whose endpoint `model` is at this URL and has a price.
fn project(url: &str, keys: &str, cases: usize) -> Project {
    let project = Project::empty().choices(cases);
    priced(&project, url, keys);
    let suite = SUITE.replace("{max_rate: 20%}", "{max_count: 10000}");
    project.write("suites/demo.yaml", &suite);
    project
}

fn priced(project: &Project, url: &str, keys: &str) {
    let price = format!("price: {{input: {INPUT}, output: {OUTPUT}, cached_input: 0.1}}");
    project.write(
        "overclaim.yaml",
        &format!(
            "endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m, {price}{keys}}}\n"
        ),
    );
}

fn run(project: &Project, out: &str, args: &[&str]) -> (i32, String) {
    let mut all = vec!["run", "suites/demo.yaml", "--out", out];
    all.extend(args);
    let output = project.run(&all);
    (code(&output), text(&output.stdout) + &text(&output.stderr))
}

fn exchanges(records: &[Value]) -> impl Iterator<Item = &Value> {
    records.iter().flat_map(|record| record["exchanges"].as_array().unwrap())
}

fn costs(records: &[Value]) -> f64 {
    exchanges(records).filter_map(|exchange| exchange["cost"].as_f64()).sum()
}

fn max_cost(project: &Project, out: &str) -> Value {
    project.json(&format!("{out}/operations.json"))["max_cost"].clone()
}

#[test]
fn tokens_that_the_server_had_cached_cost_less() {
    let project = Project::empty();
    let mock = Mock::start(&project, &["--cached", "0.5"]);
    let project = self::project(&mock.url, "", 4);
    assert_eq!(run(&project, "out", &[]).0, 0);
    let records = project.records("out");
    for exchange in exchanges(&records) {
        let usage = &exchange["usage"];
        let count = |name: &str| usage[name].as_f64().unwrap();
        let (read, cached) = (count("input_tokens"), count("cached_input_tokens"));
        assert!(cached > 0.0 && cached < read, "{usage}");
        let cost = ((read - cached) * INPUT + cached * 0.1 + count("output_tokens") * OUTPUT) / 1e6;
        assert!((exchange["cost"].as_f64().unwrap() - cost).abs() < 1e-12);
    }
    let operations = &project.json("out/operations.json")["endpoints"][0];
    assert!((operations["cost"].as_f64().unwrap() - costs(&records)).abs() < 1e-12);
    assert!(operations["cached_input_tokens"].as_u64().unwrap() > 0);
    let shown = text(&project.run(&["show", "out", "q-0"]).stdout);
    assert!(shown.contains(" of them cached"), "{shown}");

    // What is stored costs nothing now.
    assert_eq!(run(&project, "again", &[]).0, 0);
    let records = project.records("again");
    assert!(exchanges(&records).all(|exchange| exchange["origin"] == "stored"));
    assert!(exchanges(&records).all(|exchange| exchange.get("cost").is_none()));
    assert_eq!(project.json("again/operations.json")["endpoints"][0]["cost"], json!(0.0));
}

#[test]
fn who_joined_a_call_paid_nothing() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server.base_url(), "", 0);
    let row = |id| {
        format!(
            "{{\"id\": \"{id}\", \"question\": \"Same?\", \"choices\": [\"x\", \"y\"], \"answer\": \"A\", \"kind\": \"k\"}}\n"
        )
    };
    project.write("suites/rows.jsonl", &(0..6).map(row).collect::<String>());
    assert_eq!(run(&project, "out", &[]).0, 0);
    assert_eq!(server.calls(), 1);
    let records = project.records("out");
    let paid = exchanges(&records).filter(|exchange| exchange["cost"].as_f64().is_some());
    assert!(paid.map(|exchange| &exchange["origin"]).eq([&json!("live")]));
    assert!((costs(&records) - (30.0 * INPUT + OUTPUT) / 1e6).abs() < 1e-12);
}

#[test]
fn no_limit_is_exceeded_and_most_of_it_is_used() {
    let mock = Mock::start(&Project::empty(), &["--accuracy", "0.9"]);
    for (limit, asked, share) in
        [(0.0, 0, 0.0), (0.0001, 0, 0.0), (0.0004, 1, 0.1), (0.001, 3, 0.6), (0.007, 20, 0.95)]
    {
        let project = project(&mock.url, ", concurrency: 64", 600);
        let typed = limit.to_string();
        let (exit, page) = run(&project, "out", &["--cache", "off", "--max-cost", &typed]);
        let records = project.records("out");
        assert_eq!(exit, 3, "{page}");
        let spent = costs(&records);
        assert!(spent <= limit, "{spent} of {limit}");
        assert!(spent >= limit * share, "{spent} of {limit}");
        assert!(records.len() >= asked && records.len() < 600, "{} at {limit}", records.len());
        assert!(asked > 0 || records.is_empty());
        let told = max_cost(&project, "out");
        assert!((told["spent"].as_f64().unwrap() - spent).abs() < 1e-12, "{told} {spent}");
        assert_eq!(told["not_asked"], json!(600 - records.len()));
        let sentence = told["sentence"].as_str().unwrap();
        assert!(sentence.starts_with(&format!("stopped by `--max-cost {typed}`: ")), "{sentence}");
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(sentence), "{page}");
        let operations = project.json("out/operations.json");
        assert_eq!(operations["ending"], "gave_up");
        assert!(operations.get("given_up").is_none(), "no endpoint was: {operations}");
        let again = text(&project.run(&["report", "out"]).stdout);
        assert!(again.contains("stopped by `--max-cost"), "{again}");
    }
}

#[test]
fn a_limit_that_suffices_changes_nothing() {
    let mock = Mock::start(&Project::empty(), &["--accuracy", "0.9"]);
    let project = project(&mock.url, "", 40);
    let (exit, page) = run(&project, "out", &["--max-cost", "1.5"]);
    assert_eq!((exit, project.records("out").len()), (0, 40), "{page}");
    assert!(!page.contains("--max-cost"), "{page}");
    let told = max_cost(&project, "out");
    assert_eq!((&told["limit"], &told["not_asked"]), (&json!(1.5), &json!(0)));
    assert!((told["spent"].as_f64().unwrap() - costs(&project.records("out"))).abs() < 1e-12);
}

/// Numbers that look random and repeat.
fn mixed(number: usize) -> u64 {
    let z = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
}

/// A server that bills all that it has worked for, also where nobody gets to see it.
fn billing(bill: &Arc<Mutex<f64>>) -> Server {
    const CALL: f64 = (30.0 * INPUT + OUTPUT) / 1e6;
    let bill = Arc::clone(bill);
    Server::new(move |seen: &Seen, client: &mut Client| {
        let fault = mixed(seen.number) % 20;
        if fault > 1 {
            *bill.lock().unwrap() += CALL;
        }
        let body = letter("A", 0.9);
        match fault {
            0 => client.json(503, "{}"),
            1 => client.answer(429, &["retry-after-ms: 20"], "{}"),
            2 => client.close(),
            3 => client.reset(),
            4 => client.json(200, &body[..body.len() / 2]),
            5 => {
                client.send(support::head(200, &[], body.len()) + &body[..40]);
                client.close();
            }
            6 => client.json(504, "{}"),
            7 => client.json(200, &body.replace("prompt_tokens", "tokens_of_the_prompt")),
            8 => client.json(200, r#"{"error": {"message": "boom", "code": 500}}"#),
            _ => client.json(200, &body),
        }
    })
}

#[test]
fn broken_calls_and_retries_are_paid_from_the_same_purse() {
    for limit in [0.0006, 0.004, 0.02] {
        let bill = Arc::new(Mutex::new(0.0));
        let server = billing(&bill);
        let project = project(&server.base_url(), ", concurrency: 64", 600);
        let typed = limit.to_string();
        let (exit, page) = run(&project, "out", &["--cache", "off", "--max-cost", &typed]);
        assert_eq!(exit, 3, "{page}");
        let billed = *bill.lock().unwrap();
        assert!(billed <= limit, "{billed} billed of {limit}");
        let told = max_cost(&project, "out");
        let spent = told["spent"].as_f64().unwrap();
        assert!(spent <= limit && spent >= billed - 1e-12, "{spent} told, {billed} billed");
        // A third of the calls keeps ten times what it costs; what was set aside is used up all the same.
        assert!(spent >= limit - CALL_AT_MOST, "{spent} of {limit}");
        assert!(costs(&project.records("out")) <= billed + 1e-12);
        assert!(told["not_asked"].as_u64().unwrap() > 0);
    }
}

#[test]
fn connections_that_never_stood_cost_nothing() {
    let project = project("http://127.0.0.1:1/v1", ", attempts: 1", 3);
    let (exit, page) = run(&project, "out", &["--cache", "off", "--max-cost", "0.0004"]);
    assert_eq!((exit, project.records("out").len()), (3, 3), "{page}");
    let told = max_cost(&project, "out");
    assert_eq!((&told["spent"], &told["not_asked"]), (&json!(0.0), &json!(0)));
}

#[test]
fn a_server_that_counts_more_than_it_may_write_ends_it() {
    let server = Server::json(
        200,
        letter("A", 0.9).replace("\"completion_tokens\":1", "\"completion_tokens\":1000000"),
    );
    let project = project(&server.base_url(), ", concurrency: 1", 20);
    let (exit, page) = run(&project, "out", &["--cache", "off", "--max-cost", "3"]);
    assert_eq!((exit, server.calls()), (3, 1), "{page}");
    assert!(max_cost(&project, "out")["spent"].as_f64().unwrap() > 4.0);
}

#[test]
fn what_is_stored_needs_no_money_and_a_run_that_was_stopped_goes_on() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server.base_url(), "", 200);
    let (exit, page) = run(&project, "first", &["--max-cost", "0.003"]);
    let first = server.calls();
    assert!(exit == 3 && first > 20 && first < 200, "{first} calls: {page}");
    assert!(page.contains("what was answered is stored"), "{page}");

    // Without money what is stored is used all the same.
    let (exit, _) = run(&project, "poor", &["--max-cost", "0"]);
    assert_eq!((exit, server.calls(), project.records("poor").len()), (3, first, first));

    let (exit, page) = run(&project, "rest", &["--max-cost", "1"]);
    assert_eq!((exit, server.calls()), (0, 200), "{page}");

    let (exit, page) = run(&project, "stored", &["--max-cost", "0"]);
    assert_eq!((exit, server.calls(), project.records("stored").len()), (0, 200, 200), "{page}");
    assert_eq!(max_cost(&project, "stored")["spent"], json!(0.0));
}

#[test]
fn suites_and_endpoints_share_one_purse() {
    let input = Arc::new(AtomicU64::new(0));
    let tally = |times: u64| {
        let input = Arc::clone(&input);
        Server::new(move |_, client: &mut Client| {
            input.fetch_add(times * 34, Ordering::SeqCst);
            client.json(200, &letter("A", 0.9));
        })
    };
    let (cheap, dear) = (tally(1), tally(5));
    let project = project(&cheap.base_url(), "", 60);
    let endpoint = |name: &str, server: &Server, times: u64| {
        format!(
            "  {name}: {{wire: openai-chat, base_url: \"{}\", model: m, price: {{input: {times}, output: {}}}}}\n",
            server.base_url(),
            4 * times
        )
    };
    let endpoints = endpoint("cheap", &cheap, 1) + &endpoint("dear", &dear, 5);
    project.write("overclaim.yaml", &format!("endpoints:\n{endpoints}"));
    let suite = project.read("suites/demo.yaml").replace("[model]", "[cheap, dear]");
    project.write("suites/demo.yaml", &suite);
    project.write("suites/other.yaml", &suite.replace("suite: demo", "suite: other"));
    // Enough for the first suite, and not for both.
    let args = ["run", "suites/demo.yaml", "suites/other.yaml", "--out", "out", "--cache", "off"];
    let output = project.command(&args).args(["--max-cost", "0.018"]).output().unwrap();
    assert_eq!(code(&output), 3, "{}", text(&output.stdout));
    let all = [project.records("out/demo"), project.records("out/other")].concat();
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let billed = input.load(Ordering::SeqCst) as f64 / 1e6;
    assert!((0.0153..=0.018).contains(&billed), "{billed}");
    assert!((costs(&all) - billed).abs() < 1e-9);
    assert!(all.len() < 240, "{}", all.len());
}

#[test]
fn without_a_bound_nothing_is_asked() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server.base_url(), "", 3);
    let refused = |args: &[&str], words: &[&str]| {
        let mut all = vec!["run", "--max-cost", "1"];
        all.extend(args);
        let output = project.run(&all);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{said}");
        for words in words {
            assert!(said.contains(words), "{said}");
        }
    };
    let suite = project.read("suites/demo.yaml");
    project.write("suites/demo.yaml", &suite.replace(", max_tokens: 4", ""));
    refused(&[], &["suites/demo.yaml:1:1", "replies may have any length", "max_tokens: 64"]);
    project.write("suites/demo.yaml", &suite);
    let url = server.base_url();
    refused(&["--endpoint", &url, "--model", "m"], &["`m` has no price", "overclaim.yaml"]);
    project.write(
        "overclaim.yaml",
        &format!("endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m}}\n"),
    );
    refused(&[], &["overclaim.yaml:2", "`model` has no price", "add `price: {input: 0.15"]);
    for wrong in ["-1", "much", "NaN"] {
        let output = project.run(&["run", &format!("--max-cost={wrong}")]);
        assert_eq!(code(&output), 2);
        assert!(text(&output.stderr).contains("such as 1.50"), "{}", text(&output.stderr));
    }
    assert_eq!(server.calls(), 0);
    // Where nothing is called, nothing has to be known.
    let output = project.run(&["run", "--max-cost", "1", "--cache", "replay", "--out", "replay"]);
    assert_eq!(code(&output), 3, "{}", text(&output.stderr));
}

#[test]
fn recordings_need_no_price() {
    let server = Server::json(200, letter("A", 0.9));
    let project = project(&server.base_url(), "", 3);
    assert_eq!(run(&project, "out", &["--record", "tape.jsonl"]).0, 0);
    project.write("overclaim.yaml", "endpoints:\n  model: {wire: cassette, from: tape.jsonl}\n");
    let (exit, page) = run(&project, "replayed", &["--max-cost", "0"]);
    assert_eq!((exit, project.records("replayed").len()), (0, 3), "{page}");
}

#[test]
fn a_limit_on_cost_without_a_price_is_told_before_anything_is_asked() {
    let project = project("http://127.0.0.1:9/v1", "", 1);
    let suite = SUITE.replace("{max_rate: 20%}", "{max_count: 10000}\n  cost: {max: 1}");
    project.write("suites/demo.yaml", &suite);
    let warned = |project: &Project| {
        let output = project.run(&["check", "suites/demo.yaml"]);
        (text(&output.stdout) + &text(&output.stderr)).contains("`model` has no price")
    };
    assert!(!warned(&project));
    let config = project.read("overclaim.yaml");
    let (free, _) = config.split_once(", price").unwrap();
    project.write("overclaim.yaml", &format!("{free}}}\n"));
    assert!(warned(&project));
}
