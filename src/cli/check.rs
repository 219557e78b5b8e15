//! `overclaim check`: everything that is wrong with suites, before anything is asked.

use serde::Serialize;

use crate::suite::{Finding, Findings};

use super::CheckArgs;
use super::askers::{self, Keys, Servers};
use super::output::{Exit, Output, remark};
use super::prepare::{prepare, summary};

#[derive(Debug, Serialize)]
struct Document<'a> {
    valid: bool,
    findings: &'a [Finding],
    suites: Vec<Checked<'a>>,
}

#[derive(Debug, Serialize)]
struct Checked<'a> {
    suite: &'a str,
    path: String,
    cases: usize,
    endpoints: Vec<&'a str>,
}

pub(super) fn check(args: &CheckArgs) -> Result<Exit, String> {
    let output = Output::new(&args.output);
    let mut findings = Findings::new(args.suites.strict);
    let mut selection = prepare(&args.suites.suites, &args.suites.from, &mut findings)?;
    selection.stream(false, &mut findings);
    for prepared in &selection.suites {
        // Cassettes are opened, since a suite without its recording cannot run; keys are a matter
        // of the machine that runs it.
        askers::build(prepared, Keys::Absent, None, None, &mut Servers::default(), &mut findings);
    }
    selection.warn_of_budgets(&mut findings);
    let valid = !findings.stop_the_work();
    let checked = selection.suites.iter().map(|prepared| Checked {
        suite: &prepared.suite.name,
        path: crate::suite::display(&prepared.path),
        cases: prepared.census.cases,
        endpoints: prepared
            .endpoints
            .iter()
            .map(|chosen| chosen.spec.name.value.as_str())
            .collect(),
    });
    let checked: Vec<Checked<'_>> = checked.collect();
    output.findings(&findings);
    let summary = summary(&findings);
    if !summary.is_empty() {
        remark(&summary);
    }
    if selection.suites.is_empty() && valid {
        remark("no suites: name one, or put some into suites/");
        return Ok(Exit::Nothing);
    }
    if output.json {
        Output::document(&Document { valid, findings: findings.as_slice(), suites: checked })?;
    } else if !output.quiet && valid {
        for suite in checked {
            output.people(&format!(
                "ok  {}  {} cases at {}\n",
                suite.path,
                suite.cases,
                suite.endpoints.join(", ")
            ));
        }
    }
    Ok(if valid { Exit::Passed } else { Exit::Invalid })
}
