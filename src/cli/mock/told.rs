//! What the mock's model is told: scripts as they are, and of suites the right and wrong answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::answer::Answer;
use crate::ask::{Heard, Step, Target};
use crate::grade::Verdict;
use crate::mock::{Book, Known, Line, Turn};
use crate::plan::{Asked, Plan, Selection, Trial};
use crate::report::visible;
use crate::span;
use crate::suite::{Findings, Suite, display};

use super::super::output::{Output, remark};
use super::super::prepare::summary;

/// The most answers of other cases that are tried as wrong ones.
const OTHERS: usize = 6;

/// Reads a script: a list in YAML, or an object a line.
pub(super) fn script(path: &Path) -> Result<Vec<Line>, String> {
    let shown = display(path);
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let by_line = path.extension().is_some_and(|extension| extension == "jsonl");
    let rows: Vec<(u32, Value)> = if by_line {
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let row = |(number, line)| {
            serde_json::from_str(line)
                .map(|row| (number, row))
                .map_err(|error| format!("{shown}:{number}: {error}"))
        };
        lines.map(row).collect::<Result<_, String>>()?
    } else {
        let node = span::parse(&text).map_err(|problem| {
            format!("{shown}:{}: {}", problem.span.line, visible(&problem.message))
        })?;
        let span::Value::List(items) = &node.value else {
            return Err(format!("{shown}: a script is a list of what to say to which prompts"));
        };
        items.iter().map(|item| (item.span.line, item.to_json())).collect()
    };
    let line = |(number, row)| {
        let mut line: Line = serde_json::from_value(row)
            .map_err(|error| format!("{shown}:{number}: {}", visible(&error.to_string())))?;
        line.check().map_err(|error| format!("{shown}:{number}: {}", visible(&error)))?;
        Ok(line)
    };
    rows.into_iter().map(line).collect()
}

/// Tells the answers of a suite's cases. False if the suite is not valid, which was said.
pub(super) fn suite(path: &Path, book: &mut Book, output: Output) -> Result<bool, String> {
    let mut findings = Findings::new(false);
    let suite = Suite::load(path, &mut findings);
    if let Some(suite) = &suite {
        suite.check(&mut findings);
    }
    let Some(suite) = suite.filter(|_| !findings.has_errors()) else {
        output.findings(&findings);
        remark(&summary(&findings));
        return Ok(false);
    };
    // Where it is asked does not change a prompt.
    let target = Target {
        wire: String::new(),
        url: String::new(),
        model: String::new(),
        max_completion_tokens: false,
        headers: BTreeMap::new(),
    };
    let (name, target) = (Arc::from("mock"), Arc::new(target));
    let asked = Asked { name, target, extra: BTreeMap::new(), price: None };
    let plan = Plan::new(&suite, vec![asked], Selection::default(), None)
        .map_err(|conflict| format!("{}: {conflict}", suite.source.path))?;
    let trials: Vec<Trial> = plan.trials().filter(|trial| trial.repeat == 0).collect();
    let expected: Vec<String> = trials.iter().map(expected).collect();
    let mut unknown = 0;
    for (index, trial) in trials.iter().enumerate() {
        let others = (1..=OTHERS.min(trials.len() - 1))
            .map(|step| expected[(index + step) % trials.len()].as_str());
        match known(trial, others) {
            Some(known) => {
                let turn = |turn: &crate::ask::Turn| Turn {
                    role: turn.speaker.name().to_owned(),
                    text: turn.text.clone(),
                };
                let turns: Vec<Turn> = trial.base.turns.iter().map(turn).collect();
                book.learn(&turns, known);
            }
            None => unknown += 1,
        }
    }
    if unknown > 0 {
        let all = trials.len();
        remark(&format!(
            "{}: no answer to {unknown} of {all} cases was found that its grader takes as right, \
             and another as wrong: a script can tell them",
            display(path)
        ));
    }
    Ok(true)
}

/// What is shown as right.
fn expected(trial: &Trial) -> String {
    trial.case.expected.clone().unwrap_or_else(|| trial.case.grader.expected())
}

/// An answer that the case's own grader takes as right, and some that it takes as wrong.
fn known<'a>(trial: &Trial, others: impl Iterator<Item = &'a str>) -> Option<Known> {
    let case = &trial.case;
    let letters = case.question.letters().map(String::from);
    let mut candidates: Vec<String> = letters.collect();
    if candidates.is_empty() {
        candidates.extend([expected(trial), case.grader.expected()]);
        // What is expected may be one of several, or several together.
        let parts = case.grader.expected();
        candidates.extend(parts.split(" or ").map(|part| part.trim_matches('`').to_owned()));
        candidates.push("I don't know.".into());
        candidates.extend(others.map(str::to_owned));
        candidates.extend(["something else", "-98765.4321", "1912-03-04"].map(str::to_owned));
    }
    let (mut right, mut wrong) = (None, Vec::new());
    for candidate in candidates {
        let answer = Answer { text: candidate, truncated: false };
        let Step::Done(judged) = case.grader.step(&case.question, &answer, &Heard::default())
        else {
            continue;
        };
        match judged.verdict {
            Verdict::Correct if right.is_none() => right = Some(answer.text),
            Verdict::Incorrect => wrong.push(answer.text),
            _ => {}
        }
    }
    if case.question.letters().next().is_none() {
        wrong.truncate(OTHERS);
    }
    right.filter(|_| !wrong.is_empty()).map(|right| Known { right, wrong })
}
