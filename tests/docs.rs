//! The examples of `docs/suites.md` are suites that check without a finding and run, and no key of
//! the tool is missing from the page.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use support::Server;
use support::project::{Project, code, text};

/// A fenced block: what stands behind the fence, and what is in it.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) {
            let body = lines.by_ref().take_while(|line| *line != "```");
            blocks
                .push((info.to_owned(), body.fold(String::new(), |body, line| body + line + "\n")));
        }
    }
    blocks
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/suites.md");
    std::fs::read_to_string(path).unwrap()
}

/// The page's files in a project whose endpoint `gpt` is a server that always says the same.
fn project() -> (Project, Vec<(String, String)>, Server) {
    let reply = json!({
        "choices": [{
            "message": {"role": "assistant", "content": "B\nConfidence: 90%"},
            "finish_reason": "stop",
            "logprobs": {"content": [{"token": "B", "logprob": -0.1, "top_logprobs": [
                {"token": "B", "logprob": -0.1}, {"token": "A", "logprob": -2.4},
            ]}]},
        }],
        "model": "m", "usage": {"prompt_tokens": 9, "completion_tokens": 5},
    });
    let server = Server::json(200, reply.to_string());
    let project = Project::empty();
    let endpoint = format!(
        "endpoints:\n  gpt: {{wire: openai-chat, base_url: \"{}\", model: m, price: {{input: 1, output: 4}}}}\n",
        server.base_url()
    );
    project.write("overclaim.yaml", &endpoint);
    let mut suites = Vec::new();
    for (info, body) in blocks(&page()) {
        match info.split_once(' ') {
            Some((_, file)) => project.write(file, &body),
            None if body.starts_with("suite: ") => {
                let name = body.lines().next().unwrap().trim_start_matches("suite: ").to_owned();
                suites.push((name, body));
            }
            None => {}
        }
    }
    assert!(suites.len() >= 12, "{}", suites.len());
    for (name, body) in &suites {
        project.write(&format!("{name}.yaml"), body);
    }
    (project, suites, server)
}

#[test]
fn every_example_checks_without_a_finding() {
    let (project, suites, _server) = project();
    for (name, _) in suites {
        let output = project.run(&["check", "--strict", &format!("{name}.yaml")]);
        assert_eq!(code(&output), 0, "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn every_example_runs() {
    let (project, suites, _server) = project();
    for (name, _) in suites {
        let output =
            project.run(&["run", &format!("{name}.yaml"), "--out", &format!("out/{name}")]);
        // Where few replies can be read, 3 says so.
        assert!([0, 1, 3].contains(&code(&output)), "{name}: {}", text(&output.stderr));
        let records = project.records(&format!("out/{name}"));
        assert!(!records.is_empty());
        for record in records {
            assert!(record["outcome"].is_string(), "{name}: {record}");
        }
    }
}

/// What the tool says that it knows, when it meets a word that it does not.
fn known(suite: &str) -> Vec<String> {
    let project = Project::empty();
    project.write(
        "overclaim.yaml",
        "endpoints:\n  gpt: {wire: openai-chat, base_url: \"http://127.0.0.1:1/v1\", model: m}\n",
    );
    project.write("suite.yaml", suite);
    let output = project.run(&["check", "suite.yaml"]);
    let said = text(&output.stderr);
    let list = said.split("known are ").nth(1).unwrap_or_else(|| panic!("{said}"));
    let line = list.lines().next().unwrap();
    line.split(", ").map(|word| word.trim().to_owned()).collect()
}

#[test]
fn every_key_grader_and_method_is_on_the_page() {
    const SUITE: &str = "suite: s\nendpoints: [gpt]\ncases: [{question: Why?, answer: x}]\nprompt: \"{{ question }}\"\n";
    const GRADED: &str = "grade: {exact: \"{{ answer }}\"}\n";
    let typed = [
        format!("{SUITE}{GRADED}zzqx: 1\n"),
        format!("{SUITE}grade: {{zzqx: 1}}\n"),
        format!("{SUITE}{GRADED}confidence: [zzqx]\n"),
        format!("{SUITE}{GRADED}parameters: {{zzqx: 1}}\n"),
        format!("{SUITE}{GRADED}budget: {{zzqx: 1}}\n"),
        format!("{SUITE}{GRADED}budget: {{confident_wrong: {{max_count: 1, zzqx: 1}}}}\n"),
        format!("{SUITE}{GRADED}budget: {{regression: {{against: previous, zzqx: 1}}}}\n"),
        format!("{SUITE}{GRADED}examples: {{from: x.jsonl, count: 1, answer: x, zzqx: 1}}\n"),
        format!("{SUITE}{GRADED}overrides: [{{match: x, threshold: 0.5, zzqx: 1}}]\n"),
        format!("{SUITE}{GRADED}dataset: {{from: x.jsonl, zzqx: 1}}\n"),
        format!("{SUITE}grade: {{exact_with: {{answer: x, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{contains_with: {{answer: x, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{numeric_with: {{answer: 1, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{date_with: {{answer: 2020-01-01, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{json: {{path: a, equals: 1, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{f1_with: {{answer: x, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{similar_with: {{answer: x, zzqx: 1}}}}\n"),
        format!("{SUITE}grade: {{set_with: {{answer: x, zzqx: 1}}}}\n"),
    ];
    let page = page();
    let mut missing = BTreeSet::new();
    for word in typed.iter().flat_map(|suite| known(suite)) {
        let bare = word.trim_end_matches("_with");
        if !page.contains(&format!("`{word}`"))
            && !page.contains(&format!("`{bare}`"))
            && !page.contains(&format!("{word}:"))
        {
            missing.insert(word);
        }
    }
    assert!(missing.is_empty(), "not in docs/suites.md: {missing:?}");
}
