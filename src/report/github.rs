//! Annotations for GitHub: workflow commands that put what is wrong beside the line that asked it.
//!
//! GitHub shows ten annotations of each kind that a step prints, so budget lines that fail are
//! errors, confident wrong answers are warnings, the newly wrong ones first, and what is left over is
//! said in the one notice. Who is known to be wrong is counted there.
//! A command ends with its line, and no text has a line break here, so none can start another one.

use std::fmt::Write;

use crate::gate::{Line, Verdict};
use crate::record::{Record, Unreadable};
use crate::scorecard::ConfidentlyWrong;
use crate::snapshot::{Change, ChangeKind};

use super::Page;
use super::budgets::limit;
use super::changes::{Marks, OF_A_SHARD, Wrong, review, said, waiting_in_words};
use super::style::Style;
use super::terminal::headline;
use super::text::{counted, excerpt, no_commands, shell_word};

/// How many annotations of a kind GitHub shows of a step.
const SHOWN: usize = 10;

/// The commands, a line each.
///
/// # Errors
/// A record that is shown cannot be read any more.
pub fn github(page: &Page<'_>) -> Result<String, Unreadable> {
    let mut out = String::new();
    let failed: Vec<&Line> = page.decision.lines.iter().filter(|line| counts(page, line)).collect();
    for line in failed.iter().take(SHOWN) {
        error(&mut out, page, line);
    }
    let marks = Marks::of(page.standings);
    let (mut wrong, mut known) = (Vec::new(), 0);
    for asked in &page.run.header.endpoints {
        let at = Wrong::of(page, &asked.name, &marks);
        known += at.known.len();
        let mark = |case: &ConfidentlyWrong<'_>| {
            marks.at(&asked.name, page.run.name(case.brief.case())).waiting()
        };
        wrong.extend(at.unknown.into_iter().map(|case| (mark(&case), case)));
    }
    wrong.sort_by(|(then, a), (other, b)| {
        newly(*other).cmp(&newly(*then)).then(sureness(b).total_cmp(&sureness(a)))
    });
    for (change, case) in wrong.iter().take(SHOWN.min(page.top)) {
        warning(&mut out, &page.run.record(case.brief)?, case, *change);
    }
    notice(&mut out, page, [failed.len(), wrong.len(), known]);
    Ok(out)
}

fn counts(page: &Page<'_>, line: &Line) -> bool {
    page.decision.counts_as_failed(line)
}

/// Whether it waits for somebody as newly confidently wrong.
fn newly(change: Option<&Change>) -> bool {
    change.is_some_and(|change| change.kind == ChangeKind::NewlyConfidentWrong)
}

fn sureness(wrong: &ConfidentlyWrong<'_>) -> f64 {
    wrong.brief.primary().unwrap_or(0.0)
}

/// A budget line that fails, at the budget that it is of.
fn error(out: &mut String, page: &Page<'_>, line: &Line) {
    let header = &page.run.header;
    let part = line.slice.as_ref();
    let part = part.and_then(|name| header.slices.iter().position(|slice| slice.name == *name));
    let at = budget_line(&header.text, part);
    let verdict = match line.verdict {
        Verdict::Undecided => "undecided, so it fails",
        Verdict::NotMeasured => "not measured, so it fails",
        _ => "failed",
    };
    let title = format!("{}: {} {verdict}", header.suite, limit(line));
    let message = format!("{}: {}", line.endpoint, line.sentence);
    command(out, "error", &header.path, at, &title, &message);
}

/// Where the budget of a suite stands, or of the part at this place among those with one; lines from
/// 1. The suite is looked at as text: a part that is not found is told at the suite's own budget.
fn budget_line(suite: &str, part: Option<usize>) -> usize {
    let is_key = |before: &str| before.is_empty() || before.ends_with([' ', '{', ',']);
    let of_parts = || {
        let lines = suite.lines().enumerate();
        let block = lines.skip_while(|(_, line)| !line.starts_with("overrides:"));
        let mut first = true;
        let block = block.take_while(move |(_, line)| {
            std::mem::take(&mut first) || line.is_empty() || line.starts_with([' ', '-', '#'])
        });
        block.flat_map(|(at, line)| {
            let code = line.split(" #").next().filter(|_| !line.trim_start().starts_with('#'));
            let code = code.unwrap_or_default();
            let keys = code.match_indices("budget:").filter(|(at, _)| is_key(&code[..*at])).count();
            std::iter::repeat_n(at, keys)
        })
    };
    let own = || suite.lines().position(|line| line.starts_with("budget:"));
    part.and_then(|place| of_parts().nth(place)).or_else(own).map_or(1, |at| at + 1)
}

/// A confident wrong answer, where its case is written.
fn warning(
    out: &mut String,
    record: &Record,
    wrong: &ConfidentlyWrong<'_>,
    change: Option<&Change>,
) {
    let newly = if newly(change) { "newly " } else { "" };
    let title = format!(
        "{newly}confidently wrong ({:.2}): {}",
        record.primary.unwrap_or(0.0),
        excerpt(&record.case, 80)
    );
    let times = match wrong.graded {
        1 => String::new(),
        graded => format!(", {} of {graded} times", wrong.times),
    };
    let before = change.and_then(|change| change.before.as_ref());
    let before = before.map_or_else(String::new, |line| {
        format!(", accepted was {}", excerpt(said(Some(line)).text(), 200))
    });
    let message = format!(
        "{} said {}, expected {}{before}{times}: {}",
        excerpt(&record.endpoint, 80),
        excerpt(&record.said().unwrap_or_default(), 200),
        excerpt(&record.wanted(), 200),
        excerpt(&record.question, 400)
    );
    let at = &record.at;
    command(out, "warning", &at.file, at.line, &title, &message);
}

/// The verdict, and what is not shown above.
fn notice(out: &mut String, page: &Page<'_>, [failed, wrong, known]: [usize; 3]) {
    let style = Style { width: 200, ..Style::PLAIN };
    let mut message = headline(page, style).split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = SHOWN.min(page.top);
    if failed > SHOWN {
        let _ = write!(message, "; {} more budget lines failed", failed - SHOWN);
    }
    if wrong > shown {
        let _ = write!(message, "; {} more cases are confidently wrong", wrong - shown);
    }
    if known > 0 {
        let are = if known == 1 { "is" } else { "are" };
        let _ = write!(message, "; {} {are} known", counted(known, "more confident wrong case"));
    }
    for standing in page.standings {
        let Some(what) = waiting_in_words(standing) else { continue };
        let _ = write!(message, "; at {}, against the snapshot: {what}", standing.endpoint());
    }
    if page.standings.iter().any(|standing| standing.diff.waiting().next().is_some()) {
        match review(page) {
            Some(command) => {
                let _ = write!(message, "; go through them: overclaim {command}");
            }
            None => {
                let _ = write!(message, "; {OF_A_SHARD}");
            }
        }
    }
    let _ = write!(message, "; all of it: overclaim report {}", shell_word(page.dir));
    let header = &page.run.header;
    command(out, "notice", &header.path, 1, &format!("overclaim: {}", header.suite), &message);
}

fn command(out: &mut String, kind: &str, file: &str, line: usize, title: &str, message: &str) {
    let _ = writeln!(
        out,
        "::{kind} file={},line={line},title={}::{}",
        property(&tidy(file)),
        property(&excerpt(title, 200)),
        data(&excerpt(message, 2000))
    );
}

/// A text as the message of a command.
fn data(text: &str) -> String {
    no_commands(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A path without the steps that take each other back: GitHub compares paths letter by letter.
pub(super) fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    excerpt(&parts.join("/"), 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_neither_its_command_nor_its_property() {
        let mut out = String::new();
        let text = "50%,x::y\r\n::error::z ##[error]";
        command(&mut out, "warning", "a,b:c.yaml", 3, text, text);
        assert_eq!(
            out,
            "::warning file=a%2Cb%3Ac.yaml,line=3,title=50%25%2Cx%3A%3Ay %3A%3Aerror%3A%3Az ## [error]\
             ::50%25,x::y ::error::z ## [error]\n"
        );
    }

    #[test]
    fn a_budget_is_found_where_it_is_written() {
        let suite = "suite: x\noverrides:\n# budget: no\n- {match: a, budget: {accuracy: 1}}\n- match: b\n  \
                     budget:\n    accuracy: 1\nbudget:\n  accuracy: 1\n";
        let at = |part| budget_line(suite, part);
        assert_eq!([None, Some(0), Some(1), Some(2)].map(at), [8, 4, 6, 8]);
        assert_eq!(budget_line("suite: x\n", None), 1);
    }

    #[test]
    fn paths_are_those_of_the_repository() {
        for (path, tidied) in [
            ("suites/../fixtures/q.jsonl", "fixtures/q.jsonl"),
            ("./a/./b", "a/b"),
            ("../a/../../b", "../../b"),
            ("/a/../../b", "/../b"),
            ("a\\b.yaml", "a/b.yaml"),
        ] {
            assert_eq!(tidy(path), tidied);
        }
    }
}
