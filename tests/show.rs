//! `overclaim show` as a user meets it: which trials it finds, and what it prints of them.

mod support;

use serde_json::Value;
use support::project::{Project, SUITE, code, letter, mostly_right, question, text};
use support::{Server, chat};

/// A page without what differs from run to run: times, and the digest of a URL with its port.
fn steady(page: &str, server: &Server) -> String {
    let page = page.replace(&server.base_url(), "http://server/v1");
    let differs = |line: &&str| !line.contains(" ms") && !line.starts_with("     digest");
    page.lines().filter(differs).map(|line| line.to_owned() + "\n").collect()
}

/// The names of the trials on a page: headings alone start in the first column.
fn headings(page: &str) -> Vec<&str> {
    page.lines().filter(|line| !line.is_empty() && !line.starts_with(' ')).collect()
}

#[test]
fn a_case_of_the_latest_run_is_shown_word_for_word() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(4);
    project.run(&["run", "--limit", "1"]);
    project.run(&["run", "--seed", "7"]);
    let shown = project.run(&["show", "q-3"]);
    assert_eq!(code(&shown), 0, "{}", text(&shown.stderr));
    insta::assert_snapshot!(steady(&text(&shown.stdout), &server), @r#"
    q-3 · model · m
      written     suites/rows.jsonl:4
      tags        k1
      question    Question 3?
      said        B. no 3
      expected    A. yes 3
      outcome     incorrect · confidently wrong
      confidence  0.950 by choice_logprob, confident from 0.800 on
      on letters  1.000 of the probability

      1  answer · fetched now
         user
           Question 3?
           A. yes 3
           B. no 3
         asked       m at http://server/v1/chat/completions
         parameters  temperature 0 · max_tokens 4 · seed 7 · top_logprobs 20
         reply
           B
         finish      stop
         model       m
         tokens      30 in · 1 out
         logprobs    "B" 0.95 of "A" 0.05 · "B" 0.95
    "#);
    assert!(text(&shown.stdout).contains("     attempts    1  200 · "), "{}", text(&shown.stdout));
    let trial = project.run(&["show", "q-3@model"]);
    assert_eq!(text(&trial.stdout), text(&shown.stdout));
    let quiet = project.run(&["show", "--quiet", "q-3"]);
    insta::assert_snapshot!(text(&quiet.stdout), @"
    q-3 · model · m
      outcome     incorrect · confidently wrong
    ");
}

#[test]
fn a_run_can_be_named_before_the_case() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(4);
    project.run(&["run", "--out", "first"]);
    project.run(&["run", "--out", "second", "--limit", "1"]);
    let page = text(&project.run(&["show", "first", "q-2"]).stdout);
    assert_eq!(headings(&page), ["q-2 · model · m"]);
    let error = |args: &[&str]| {
        let output = project.run(args);
        assert_eq!((code(&output), text(&output.stdout)), (2, String::new()), "{args:?}");
        text(&output.stderr)
    };
    insta::assert_snapshot!(error(&["show", "second", "q-2"]), @"error: no case 'q-2' in second (did you mean 'q-0'?)");
    insta::assert_snapshot!(error(&["show", "first", "Q2@model"]), @"error: no case 'Q2@model' in first (did you mean 'q-2@model'?)");
    insta::assert_snapshot!(error(&["show", "first", "\u{1b}[31m[?]"]), @"error: no case '␛[31m[?]' in first");
    insta::assert_snapshot!(error(&["show", "first", "[a"]), @"error: '[a' is not a pattern: invalid range pattern");
    insta::assert_snapshot!(error(&["show", "first"]), @"error: 'first' is a run: name a case of it as well");
    insta::assert_snapshot!(error(&["show", "q-2"]), @"error: no run below reports; name one, or start one with `overclaim run`");
    assert!(error(&["show", "absent", "q-2"]).contains("run.json: cannot be read"));
    assert!(error(&["show"]).contains("Usage: overclaim show [RUN] <CASE>"));
}

#[test]
fn a_case_is_shown_at_every_endpoint_that_was_asked() {
    let right = Server::new(mostly_right);
    let wrong = Server::new(|_, client| client.json(200, &letter("B", 0.2)));
    let project = Project::empty().choices(3);
    let endpoint = |name: &str, server: &Server| {
        format!(
            "  {name}: {{wire: openai-chat, base_url: \"{}\", model: m-{name}}}\n",
            server.base_url()
        )
    };
    let endpoints = endpoint("one", &right) + &endpoint("two", &wrong);
    project.write("overclaim.yaml", &format!("endpoints:\n{endpoints}"));
    project.write("suites/demo.yaml", &SUITE.replace("[model]", "[one, two]"));
    project.run(&["run", "--out", "out"]);
    let quiet = project.run(&["show", "out", "q-1", "--quiet"]);
    insta::assert_snapshot!(text(&quiet.stdout), @"
    q-1 · one · m-one
      outcome     correct · confidently right
    q-1 · two · m-two
      outcome     incorrect · confidently wrong
    ");
    let both = text(&project.run(&["show", "out", "q-1"]).stdout);
    assert_eq!(headings(&both), ["q-1 · one · m-one", "q-1 · two · m-two"]);
    let one = text(&project.run(&["show", "out", "q-1@two"]).stdout);
    assert_eq!(headings(&one), ["q-1 · two · m-two"]);
    assert!(both.ends_with(&one), "{both}");
}

#[test]
fn json_is_a_list_of_records() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(30);
    project.run(&["run", "--out", "out"]);
    let list = |case: &str| -> Value {
        let output = project.run(&["show", "out", case, "--json"]);
        assert_eq!((code(&output), text(&output.stderr)), (0, String::new()));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let records = project.records("out");
    assert_eq!(list("q-3"), Value::from(vec![records[3].clone()]));
    assert_eq!(list("q-*"), Value::from(records), "programs get all of them");
}

#[test]
fn a_glob_shows_the_first_twenty() {
    let server = Server::new(mostly_right);
    let project = Project::at(&server).choices(30);
    project.run(&["run", "--out", "out"]);
    let page = text(&project.run(&["show", "out", "q-[12]?"]).stdout);
    assert_eq!(headings(&page).len(), 20);
    let page = text(&project.run(&["show", "out", "q-*"]).stdout);
    let headings = headings(&page);
    assert_eq!((headings.len(), headings[19]), (21, "q-19 · model · m"));
    assert_eq!(headings[20], "10 more of 30: narrow the pattern");
}

#[test]
fn a_failure_is_told_in_full_and_steers_nothing() {
    let words = "line one\n\u{1b}[2Jline \u{202e}two ".repeat(40);
    let body = serde_json::json!({"error": {"message": "\u{1b}]0;owned\u{7}no room"}}).to_string();
    let server = Server::new(move |seen, client| match question(seen) {
        0 => client.json(503, &body),
        _ => client.json(200, &chat(&words)),
    });
    let project = Project::at(&server).choices(2);
    project.run(&["run", "--out", "out"]);
    for color in ["always", "never"] {
        let page = text(&project.run(&["show", "out", "*", "--color", color]).stdout);
        assert!(page.contains("failed") && page.contains("server overloaded (status 503)"));
        assert!(page.contains("no room"), "{page}");
        let (_, reply) = page.rsplit_once("reply").unwrap();
        assert_eq!(reply.matches("line one").count(), 40, "{page}");
        let ours = ["0", "1", "2", "1;31", "1;32", "1;33"];
        let rest =
            ours.iter().fold(page, |page, code| page.replace(&format!("\u{1b}[{code}m"), ""));
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!rest.contains(steers), "{rest:?}");
    }
}
