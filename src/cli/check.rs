//! `overclaim check`: everything that is wrong with suites, before anything is asked; with `--live`
//! also what is wrong with their endpoints, each asked once.

use serde::Serialize;

use crate::report::{LiveEndpoint, live as page, live_headline};
use crate::suite::{Finding, Findings};

use super::CheckArgs;
use super::askers::{self, Keys, Servers};
use super::output::{Exit, Output, remark};
use super::prepare::{Wanted, counts, prepare, summary};

mod live;

#[derive(Debug, Serialize)]
struct Document<'a> {
    valid: bool,
    findings: &'a [Finding],
    suites: Vec<Checked<'a>>,
    /// The endpoints and what a call to each showed; only where they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<&'a [LiveEndpoint]>,
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
    let all = Wanted::default();
    let mut selection = prepare(&args.suites.suites, &args.suites.from, &all, &mut findings)?;
    selection.stream(false, &mut findings);
    for prepared in &selection.suites {
        // Cassettes are opened, since a suite without its recording cannot run; keys are a matter
        // of the machine that runs it.
        askers::build(prepared, Keys::Absent, None, None, &mut Servers::default(), &mut findings);
    }
    selection.warn_of_budgets(&mut findings);
    let asked = if args.live && !findings.stop_the_work() {
        Some(live::ask(&selection, &mut findings)?)
    } else {
        None
    };
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
    let summary = if asked.is_some() { counts(&findings) } else { summary(&findings) };
    if !summary.is_empty() {
        remark(&summary);
    }
    let asked = asked.as_deref();
    if selection.suites.is_empty() && asked.unwrap_or_default().is_empty() && valid {
        remark("no suites: name one, or put some into suites/");
        return Ok(Exit::Nothing);
    }
    if output.json {
        let findings = findings.as_slice();
        Output::document(&Document { valid, findings, suites: checked, live: asked })?;
    } else if !output.quiet && valid {
        for suite in checked {
            output.people(&format!(
                "ok  {}  {} {} at {}\n",
                suite.path,
                suite.cases,
                if suite.cases == 1 { "case" } else { "cases" },
                suite.endpoints.join(", ")
            ));
        }
    }
    let asked = asked.unwrap_or_default();
    if !output.json && !output.quiet {
        output.people(&page(asked, output.style()));
    } else if !output.json {
        for endpoint in asked.iter().filter(|endpoint| !endpoint.can_be_asked()) {
            output.people(&(live_headline(endpoint, output.style()) + ": cannot be asked\n"));
        }
    }
    let measurable = asked.iter().all(LiveEndpoint::can_be_asked);
    Ok(match (valid, measurable) {
        (false, _) => Exit::Invalid,
        (true, false) => Exit::NotMeasured,
        (true, true) => Exit::Passed,
    })
}
