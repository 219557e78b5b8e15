//! Runs of many kinds in one project, for tests that hold documents and pages against each other.

use serde_json::{Value, json};

use super::accepted::accept;
use super::project::{Project, SUITE, code, letter, question, text};
use super::{Client, Seen, Server};

/// A project with runs, and their directories.
pub struct Samples {
    pub project: Project,
    pub runs: Vec<String>,
    // The endpoint of the project.
    _server: Server,
}

/// Answers by the question's number: right and sure, wrong and sure, wrong and unsure, without log
/// probabilities, refused by the server, without an answer, or cut off. Later seeds know less.
fn of_every_kind(seen: &Seen, client: &mut Client) {
    let asked: Value = serde_json::from_str(&seen.body).unwrap();
    let seed = asked["seed"].as_u64().unwrap_or(0);
    let number = question(seen);
    let plain = |text: &str, finish: &str| {
        json!({
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": finish}],
            "model": "m-2026", "usage": {"prompt_tokens": 30, "completion_tokens": 4},
        })
        .to_string()
    };
    let body = match number {
        7 => return client.json(400, r#"{"error": {"message": "no | <b>such</b> thing"}}"#),
        11 => plain("I would rather not say.", "stop"),
        17 => plain("A", "stop"),
        23 => plain("", "content_filter"),
        29 => plain("", "length"),
        kind if kind % 4 == 3 => letter("B", 0.05),
        kind if kind % 8 == 1 => letter("B", 0.4),
        kind if kind % 40 == 2 && seed & 0xff > 1 => letter("B", 0.1),
        // One draw of some cases is wrong.
        kind if kind % 40 == 12 && (seed >> 16) & 3 == 1 => letter("B", 0.2),
        _ => letter("A", 0.9),
    };
    client.json(200, &body);
}

/// What was accepted of a case, where that is not what the first run says: nothing of the first, a
/// refusal, another question, a wrong answer; some wrong answers are known since a day and for a
/// reason. One case is there no more.
fn was(case: &str, line: String) -> Option<String> {
    let (before, answer) = line.split_once(" #").unwrap();
    let rest = &answer[12..];
    let number: usize = case.strip_prefix("q-").unwrap().parse().unwrap();
    Some(match number {
        0 => return None,
        4 => format!("{case}: refused 1/1 #{answer}"),
        5 => format!("{before} #000000000000{rest}"),
        6 => format!(
            "{case}: incorrect confident_wrong 1/1 0.95-0.99 #{}",
            answer.replace("yes", "no")
        ),
        8 => format!("{case}: correct unsure_right 1/1 0-0.5 #{answer}"),
        13 => format!("{line}\nq-1300: refused 1/1 #000000000000"),
        15 => format!("{case}: incorrect unsure_wrong 1/1 0.5-0.6 #{answer}"),
        19 | 27 => format!("{line} known_wrong 2026-11-{number} \"since the March weights\""),
        31 => format!("{line} known_wrong"),
        // The server fails at this one every time.
        9 => format!("{line}\nq-7: correct confident_right 1/1 0.8-0.9 #000000000000 \"yes 7\""),
        _ if number % 40 == 12 && line.contains("/3") => {
            format!("{case}: correct confident_right 3/3 0.8-0.95 #{answer}")
        }
        _ => line,
    })
}

/// Makes all runs: about as many as there are features that change what documents hold.
pub fn samples() -> Samples {
    let server = Server::new(of_every_kind);
    let project = Project::at(&server).choices(120);
    let url = server.base_url();
    project.write(
        "overclaim.yaml",
        &format!(
            "endpoints:\n  model: {{wire: openai-chat, base_url: \"{url}\", model: m, price: {{input: 1, output: 2}}}}\n  \
             second: {{wire: openai-chat, base_url: \"{url}\", model: m.2}}\n"
        ),
    );
    let suite = |name: &str, change: &dyn Fn(&str) -> String| {
        project.write(&format!("suites/{name}.yaml"), &change(SUITE).replace("demo", name));
    };
    let budget = |lines: &str| SUITE.replace("  confident_wrong: {max_rate: 20%}\n", lines);
    suite("demo", &|suite| suite.to_owned());
    suite("every-line", &|_| {
        budget(
            "  confident_wrong: {max_rate: 40%, max_count: 3}\n  accuracy: {min: 60%}\n  \
             coverage: {min: 80%}\n  calibration: {max_ks: 0.1, max_brier: 0.5, consistent: true}\n  \
             selective: {accuracy: 60%, min_coverage: 50%}\n  latency: {p50: 5s, p95: 2s, \
             tokens_per_second: {min: 0.1}, late: {over: 3s, max_rate: 10%}}\n  calls: {max: 50}\n  \
             tokens: {max: 100000}\n  cost: {max: 1}\n  undecided: pass\n  not_measured: show\n\
             overrides:\n  - {match: \"tag:k1\", budget: {accuracy: {min: 90%}}}\n",
        )
    });
    suite("repeated", &|suite| {
        suite.replace("temperature: 0,", "temperature: 0.7, seed: 1,") + "repeats: 3\n"
    });
    suite("both", &|suite| suite.replace("[model]", "[model, second]"));
    suite("early", &|_| {
        budget(
            "  confident_wrong: {max_rate: 60%}\n  accuracy: {min: 30%}\n  coverage: {min: 50%}\n  early_stop: true\n",
        )
    });
    suite("again", &|_| {
        budget(
            "  confident_wrong: {max_rate: 60%}\n  regression: {against: previous, newly_confident_wrong: {max: 3}}\n",
        )
    });
    suite("unsure", &|_| {
        budget("  accuracy: {min: 60%}\n").replace("confidence: [choice_logprob]\n", "")
    });
    suite("reviewed", &|suite| suite.replace("[model]", "[model, second]"));
    suite("wobbling", &|suite| {
        suite.replace("temperature: 0,", "temperature: 0.7,") + "repeats: 3\n"
    });
    suite("settled", &|suite| suite.to_owned());
    let mut runs = Vec::new();
    let mut run = |name: &str, out: &str, more: &[&str]| {
        let file = format!("suites/{name}.yaml");
        let args = ["run", &file, "--out", out, "--concurrency", "8"];
        let done = project.run(&[&args[..], more].concat());
        assert!(code(&done) != 2, "{name}: {}", text(&done.stderr));
        runs.push(out.to_owned());
    };
    run("demo", "demo", &[]);
    run("demo", "replayed", &["--limit", "30"]);
    run("every-line", "every-line", &["--cache", "off", "--stream"]);
    run("repeated", "repeated", &["--limit", "40"]);
    run("both", "both", &["--limit", "60"]);
    run("early", "early", &["--seed", "3"]);
    run("again", "reports/again/2026-01-01T00-00-00", &["--seed", "1"]);
    run("again", "reports/again/2026-01-02T00-00-00", &["--seed", "2"]);
    run("unsure", "unsure", &[]);
    run("demo", "stopped", &["--cache", "off", "--max-cost", "0.001"]);
    run("demo", "shard", &["--shard", "1/2"]);
    for (name, endpoints) in [("reviewed", &["model", "second"][..]), ("wobbling", &["model"])] {
        accept(&project, name, endpoints, &["--seed", "1"], was);
    }
    accept(&project, "settled", &["model"], &[], |_, line| Some(line));
    let mut run = |name: &str, more: &[&str]| {
        let (file, out) = (format!("suites/{name}.yaml"), format!("standing-{name}{}", more.len()));
        let done = project.run(&[&["run", &file, "--out", &out][..], more].concat());
        assert!(code(&done) != 2, "{name}: {}", text(&done.stderr));
        runs.push(out);
    };
    run("reviewed", &["--seed", "2"]);
    run("reviewed", &["--seed", "2", "--shard", "1/2"]);
    run("wobbling", &["--seed", "1"]);
    run("settled", &[]);
    run("settled", &["--cache", "off", "--max-cost", "0.001"]);
    let graded = project.run(&["regrade", "demo", "--out", "graded"]);
    assert!(code(&graded) != 2, "{}", text(&graded.stderr));
    runs.push("graded".into());
    for case in ["q-1", "q-2"] {
        let says = ["--says", "neither", "--reason", "the atlas says so", "--date", "2026-01-31"];
        let disputed = project.run(&[&["dispute", "demo", case][..], &says].concat());
        assert_eq!(code(&disputed), 0, "{}", text(&disputed.stderr));
    }
    let graded = project.run(&["regrade", "demo", "--out", "disputed"]);
    assert!(code(&graded) != 2, "{}", text(&graded.stderr));
    runs.push("disputed".into());
    Samples { project, runs, _server: server }
}
