//! The page as a reader without script and style would get it: its sentences, its order, its bounds.

use super::*;
use crate::gate::{Decision, Early, Versus};
use crate::record::tests::{at_most, header, judged};
use crate::record::{AskError, AskErrorKind, Ending, Header, Outcome, Record, Run};
use crate::report::Page;
use crate::scorecard::{
    Against, Baseline, Calls, Changes, Scorecard, Span, Suspect, SuspectLabels,
};

/// The page of these records, held against those of another run.
fn shown(header: Header, records: Vec<Record>, before: Option<&Run>) -> String {
    shown_with(header, records, before, |_, _| {})
}

/// The same, with documents that say something else.
fn shown_with(
    header: Header,
    records: Vec<Record>,
    before: Option<&Run>,
    change: impl FnOnce(&mut Scorecard, &mut Decision),
) -> String {
    let mut calls = Calls::new(&header);
    let run = Run::of(header, records);
    for brief in run.briefs() {
        calls.add(&run.record(brief).unwrap(), brief);
    }
    let mut scorecard = Scorecard::of(&run).unwrap();
    let mut decision = Decision::judged(&run, &calls, &scorecard, None, Versus::default()).unwrap();
    change(&mut scorecard, &mut decision);
    let span = Span {
        started: run.header.started.clone(),
        elapsed_ms: Some(1234.0),
        ending: Some(Ending::Complete),
        ..Span::default()
    };
    let operations = calls.operations(span);
    let against = before.map(|before| {
        Against::found("previous", Baseline::of(before, "reports/demo/before", 0.8).unwrap())
    });
    let changes = Changes::of(&run, against.as_ref()).unwrap();
    let page = Page {
        run: &run,
        scorecard: &scorecard,
        decision: &decision,
        operations: &operations,
        changes: &changes,
        standings: &[],
        contested: None,
        dir: "reports/demo/run",
        top: 10,
    };
    html(&page).unwrap()
}

/// The text between the tags from one mark to another, a line a block.
fn text(html: &str, from: &str, to: &str) -> String {
    let start = html.find(from).unwrap_or_else(|| panic!("{from} is not on the page"));
    let end = start + html[start..].find(to).unwrap_or_else(|| panic!("{to} is not behind {from}"));
    let mut text = String::new();
    let mut rest = &html[start..end];
    while let Some(tag) = rest.find('<') {
        text.push_str(&rest[..tag]);
        rest = rest[tag..].find('>').map_or("", |end| &rest[tag + end + 1..]);
    }
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn verdict(html: &str) -> String {
    text(html, "<h1", "</section>")
}

#[test]
fn the_first_screen_says_what_is_wrong_and_what_is_new() {
    let right = |index| judged(index, Outcome::Correct, Some(0.9));
    let wrong = |index| judged(index, Outcome::Incorrect, Some(0.95));
    let before = Run::of(header(4), vec![right(0), right(1), wrong(2), wrong(3)]);
    let mut header = header(4);
    header.budget.confident_wrong = Some(at_most(0.01));
    let html = shown(header, vec![wrong(0), right(1), right(2), wrong(3)], Some(&before));
    insta::assert_snapshot!(verdict(&html), @"
    ✗ Failed
    1 of 2 budget lines fails: confident_wrong at most 1% (it is 50%).
    1 newly confident wrong answer since 2026-01-02T03-04-05, 1 mended.
    Surest of all, at 0.95: What is 0? said B. y expected A. x
    ");
    let changes = text(&html, "<section id=\"changes\"", "</section>");
    insta::assert_snapshot!(changes, @"
    Since the run before
    1 newly confidently wrong · 0 newly wrong · 1 mended · 0 no longer confident, of 4 answers held against 2026-01-02T03-04-05.
    whatquestionthennowexpected
    newly confidently wrongWhat is 0?A. x at 0.90B. y at 0.95A. x
    mendedWhat is 2?B. y at 0.95A. x at 0.90A. x
    ");
}

#[test]
fn a_run_that_could_not_measure_is_neither_right_nor_wrong() {
    let failure = || Outcome::Failed(AskError::new(AskErrorKind::Network, "no route <b>"));
    let html = shown(header(2), vec![judged(0, failure(), None)], None);
    insta::assert_snapshot!(verdict(&html), @"
    ! Stopped
    1 of 2 trials are finished; 1 of 1 budget line fails: coverage at least 95% (it is 0%).
    ");
    assert!(!html.contains("id=\"changes\""));
    assert!(html.contains("1 × network error: no route &lt;b&gt;"), "{html}");
}

#[test]
fn a_page_that_is_full_says_what_it_leaves_out() {
    let records = (0..200).map(|index| {
        let mut record = judged(index, Outcome::Incorrect, Some(0.9));
        record.question = "<&>".repeat(7_000);
        record.choices = vec!["\u{202e}".repeat(5_000); 4];
        record
    });
    let html = shown(header(200), records.collect(), None);
    assert!(html.len() < 5_000_000, "{}", html.len());
    let cases = html.matches("<details class=\"case\"").count();
    assert!((50..200).contains(&cases), "{cases}");
    let left = format!("This page shows the {cases} most telling of 200.");
    assert!(html.contains(&left), "{}", text(&html, "id=\"none\"", "</section>"));
}

#[test]
fn a_case_stands_open_to_readers_without_script() {
    let mut record = judged(7, Outcome::Incorrect, Some(0.97));
    record.tags = vec!["anatomy".into()];
    let row = r#"{"id": "case-7", "answer": "A", "category": "anatomy", "tags": ["anatomy"]}"#;
    record.row_values = Some(serde_json::from_str(row).unwrap());
    let html = shown(header(1), vec![record], None);
    insta::assert_snapshot!(text(&html, "<details class=\"case\"", "</details>"), @"
    0.97
    What is 7?
    said B. y expected A. x
    case-7 anatomy
    outcomeincorrect · confidently wrong
    confidence0.970 by stated, confident from 0.800 on
    choicesxy
    writtendemo.jsonl:8
    link to this case copy as YAML overclaim show reports/demo/run case-7@model
    - id: &quot;case-7&quot;
    question: &quot;What is 7?&quot;
    choices: [&quot;x&quot;, &quot;y&quot;]
    answer: &quot;A&quot;
    category: &quot;anatomy&quot;
    tags: [&quot;anatomy&quot;]
    ");
    assert!(html.contains("id=\"case-case-7\""));
    // Nothing of what needs a script is there without one.
    for control in ["<form id=\"filter\" hidden", "class=\"copy\" hidden", "id=\"more\" hidden"] {
        assert!(html.contains(control), "{control}");
    }
}

#[test]
fn nothing_that_a_suite_holds_makes_a_page_large() {
    let mut header = header(100);
    header.text = "\u{202e}".repeat(2_000_000);
    let records = (0..100).map(|index| {
        let mut record = judged(index, Outcome::Incorrect, Some(0.9));
        record.tags = (0..100).map(|tag| format!("{}{index}-{tag}", "<".repeat(200))).collect();
        record.tags.push("&".repeat(20_000));
        record
    });
    let html = shown(header, records.collect(), None);
    assert!(html.len() < 5_000_000, "{}", html.len());
    assert!(html.matches("<details class=\"case\"").count() > 50);
    assert!(html.contains("9801 more: search for them"), "tags that the list has no room for");
    assert!(html.contains("89 more tags"), "tags that the case has no room for");
}

#[test]
fn a_label_is_doubted_where_an_answer_speaks_against_it() {
    let answers = |letter: &str| {
        let right = letter == "A";
        let outcome = if right { Outcome::Correct } else { Outcome::Incorrect };
        let mut record = judged(usize::from(!right), outcome, Some(0.9));
        record.case = "one".into();
        record.answer = Some(letter.into());
        record.repeat = u32::from(!right);
        record
    };
    let page = |record: Record| {
        shown_with(header(1), vec![record], None, |scorecard, _| {
            let suspect = Suspect {
                case: "one".into(),
                expected: "A. x".into(),
                said: "B. y".into(),
                models: Vec::new(),
                confidence: None,
                probability: Some(0.012),
                question: "What is 0?".into(),
            };
            let cases = vec![suspect];
            scorecard.suspect_labels = Some(SuspectLabels { agreed: 0, improbable: 1, cases });
        })
    };
    assert!(page(answers("B")).contains("label suspect? 1.2%"));
    assert!(!page(answers("A")).contains("label suspect?"));
}

#[test]
fn a_run_that_was_decided_early_says_what_was_planned() {
    let records = (0..9).map(|index| judged(index, Outcome::Correct, Some(0.9))).collect();
    let html = shown_with(header(9), records, None, |_, decision| {
        decision.early = Some(Early { needed: 9, planned: 500, looking: 0.1 });
    });
    assert!(verdict(&html).contains("Decided early, by 9 of 500 trials"), "{}", verdict(&html));
    assert!(html.contains("9 of 9 needed, 500 planned"));
    assert!(html.contains("9 needed of 500"));
}

#[test]
fn a_suite_that_asks_for_no_confidence_is_not_told_of_any() {
    let mut header = header(2);
    header.sources.clear();
    let wrong = judged(0, Outcome::Incorrect, None);
    let html = shown(header, vec![wrong, judged(1, Outcome::Correct, None)], None);
    let list = text(&html, "<section id=\"wrong\"", "<div id=\"cases\">");
    insta::assert_snapshot!(list, @"
    Cases, wrong ones first
    1 wrong1 right
    Search
    Show allwrong (1)right (1)
    Tag alleasy
    Sort gravest firstby name
    keys
    / search · j k next, previous case · o open or close · c copy as YAML · l link to it · ? this help
    ");
}
