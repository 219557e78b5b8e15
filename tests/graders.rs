//! The tables of `docs/graders.md` hold: every reply in them gets the verdict that stands beside it.
//!
//! A fenced block of YAML has a grader as a suite has it, with the question and its choices where
//! they matter, the `answers` that `{{ answers }}` stands for, and `finish: length` where the replies
//! were cut off. The table behind it has replies
//! with `\n` for the end of a line and `\|` for `|`.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;

use overclaim::answer::{Answer, Question};
use overclaim::ask::{Heard, Step};
use overclaim::grade::{Grader, Judgement, Spec, Verdict};
use overclaim::span::{self, Problems, Spanned};

/// A row of a table with the block that stands above it.
#[derive(Debug, Clone)]
struct Row {
    line: usize,
    block: String,
    reply: String,
    verdict: String,
    read: String,
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/graders.md");
    std::fs::read_to_string(path).unwrap()
}

/// Every row under the heading `| reply | verdict | read |`.
fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut block = String::new();
    let (mut fenced, mut tabled) = (false, false);
    for (line, text) in page.lines().enumerate() {
        if fenced {
            match text {
                "```" => fenced = false,
                text => block += &format!("{text}\n"),
            }
            continue;
        }
        let columns = cells(text);
        match columns.as_slice() {
            _ if text == "```yaml" => (block, fenced, tabled) = (String::new(), true, false),
            [reply, verdict, read] if tabled && !verdict.starts_with("---") => rows.push(Row {
                line: line + 1,
                block: block.clone(),
                reply: bare(reply),
                verdict: verdict.clone(),
                read: bare(read),
            }),
            [one, two, three] if !tabled => {
                tabled =
                    (one.as_str(), two.as_str(), three.as_str()) == ("reply", "verdict", "read");
            }
            [_, _, _] => {}
            _ => tabled = false,
        }
    }
    rows
}

/// The cells of a line of a table; none if it is something else.
fn cells(line: &str) -> Vec<String> {
    let Some(inside) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
        return Vec::new();
    };
    let cells = inside.replace("\\|", "\u{0}");
    cells.split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// A cell without the backticks around it, its lines ended.
fn bare(cell: &str) -> String {
    let ticks = &cell[..cell.len() - cell.trim_start_matches('`').len()];
    let inside = cell.strip_prefix(ticks).and_then(|cell| cell.strip_suffix(ticks)).unwrap_or(cell);
    let spaced = inside.strip_prefix(' ').and_then(|inside| inside.strip_suffix(' '));
    let inside = spaced.filter(|_| ticks.len() > 1 && !inside.trim().is_empty()).unwrap_or(inside);
    inside.replace("\\n", "\n")
}

/// The grader of a block, its question, and whether the replies were cut off.
fn case(block: &str) -> (Grader, Question, bool) {
    let node = span::parse(block).unwrap_or_else(|problem| panic!("{block}: {problem:?}"));
    let mut problems = Problems::default();
    let mut fields = node.fields(&mut problems).unwrap();
    let mut question = Question::default();
    if let Some(text) = fields.take("question") {
        question.text = text.text(&mut problems).unwrap().value;
    }
    let mut texts = |name: &'static str| -> Vec<String> {
        let items = fields.take(name).map(|node| node.list(&mut Problems::default()).unwrap());
        let text = |node: &span::Node| node.text(&mut Problems::default()).unwrap().value;
        items.unwrap_or_default().iter().map(text).collect()
    };
    question.choices = texts("choices");
    let answers = texts("answers");
    let cut = fields
        .take("finish")
        .is_some_and(|finish| finish.text(&mut problems).unwrap().value == "length");
    let spec = Spec::read(fields.take("grade").unwrap(), &mut problems);
    fields.finish(&mut problems);
    assert!(problems.is_empty(), "{block}: {problems:?}");
    let render = &mut |text: &Spanned<String>| {
        let list = text.value.strip_prefix("{{ ").and_then(|text| text.strip_suffix(" }}"));
        Ok::<_, Infallible>(match list {
            Some("answers") => answers.clone(),
            Some(typed) => serde_json::from_str(typed).unwrap(),
            None => vec![text.value.clone()],
        })
    };
    (spec.unwrap().bind(&question, render).unwrap(), question, cut)
}

fn judged(row: &Row) -> Judgement {
    let (grader, question, truncated) = case(&row.block);
    let answer = Answer { text: row.reply.clone(), truncated };
    match grader.step(&question, &answer, &Heard::default()) {
        Step::Done(judgement) => judgement,
        Step::Ask(_) => panic!("no grader here asks"),
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Correct => "correct",
        Verdict::Incorrect => "incorrect",
        Verdict::Abstained => "abstained",
        Verdict::Truncated => "truncated",
        Verdict::Unparsable => "unparsable",
        Verdict::Ungraded(_) => "ungraded",
    }
}

#[test]
fn every_row_of_the_page_holds() {
    let rows = rows(&page());
    assert!(rows.len() >= 200, "{} rows", rows.len());
    let mut wrong = String::new();
    for row in &rows {
        let Judgement { verdict, read } = judged(row);
        let read = read.unwrap_or_default();
        println!("{}\t{}\t{read:?}", row.line, word(&verdict));
        if word(&verdict) != row.verdict || (!row.read.is_empty() && read != row.read) {
            let (line, block, reply) = (row.line, row.block.trim_end(), &row.reply);
            let (said, meant) = (word(&verdict), (&row.verdict, &row.read));
            wrong +=
                &format!("line {line}: {block}\n  {reply:?}\n  {said} {read:?}, not {meant:?}\n");
        }
    }
    assert!(wrong.is_empty(), "docs/graders.md:\n{wrong}");
}

#[test]
fn every_grader_and_every_verdict_is_in_a_table() {
    let mut problems = Problems::default();
    assert!(Spec::read(&span::parse("zzqx: 1").unwrap(), &mut problems).is_none());
    let remedy = problems.into_iter().next().unwrap().remedy;
    let known = remedy.strip_prefix("known are ").unwrap().split(", ");
    let rows = rows(&page());
    let blocks: BTreeSet<&str> = rows.iter().map(|row| row.block.as_str()).collect();
    let words: BTreeSet<&str> = blocks
        .iter()
        .flat_map(|block| block.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    let missing: Vec<&str> = known.filter(|name| !words.contains(name)).collect();
    assert!(missing.is_empty(), "no table for {missing:?}");
    let verdicts: BTreeSet<&str> = rows.iter().map(|row| row.verdict.as_str()).collect();
    let all = ["abstained", "correct", "incorrect", "truncated", "unparsable"];
    assert_eq!(verdicts.into_iter().collect::<Vec<_>>(), all);
}
