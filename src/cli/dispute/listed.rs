//! What is disputed of a suite, and what that comes to in a run.

use std::fmt::Write;
use std::path::Path;

use crate::gate::percent;
use crate::journal;
use crate::report::visible;
use crate::scorecard::{EndpointCard, Rate, Scorecard};
use crate::snapshot::{Contested, Dispute, Found};
use crate::suite::display;

use super::super::output::{Exit, Output};
use super::super::report::as_needed;
use super::super::snapshots::load_disputes;
use super::{place, suite_of};

pub(super) fn list(dir: &Path, output: Output) -> Result<Exit, String> {
    let run = journal::read(dir).map_err(|error| error.to_string())?;
    let path = place(&suite_of(&run, dir)?, &run);
    let disputes = load_disputes(&path, &run.header.suite)?;
    let whole = Found::is_whole(&run);
    let run = as_needed(run);
    let told = |error: crate::record::Unreadable| error.to_string();
    let contested = Contested::of(&run, whole, &display(&path), &disputes).map_err(told)?;
    if output.json {
        Output::document(&contested)?;
        return Ok(Exit::Passed);
    }
    if output.quiet {
        return Ok(Exit::Passed);
    }
    if disputes.is_empty() {
        output.people(&format!("nothing of {} is disputed\n", run.header.suite));
        return Ok(Exit::Passed);
    }
    let mut text = format!("{}\n", visible(&contested.file));
    for dispute in disputes.iter() {
        let is = |known: &Dispute| known == dispute;
        let held = contested.held.iter().find(|holding| is(&holding.dispute));
        let state = match held {
            Some(holding) if holding.cases.len() > 1 => {
                format!("disputed, {} cases", holding.cases.len())
            }
            Some(_) => "disputed".to_owned(),
            None if contested.settled.iter().any(is) => "settled, can be removed".to_owned(),
            None => "not asked in this run".to_owned(),
        };
        let _ = writeln!(text, "  {}: {state}", visible(&dispute.case));
        let says = match &dispute.says {
            Some(says) => format!("{says}, not {}", dispute.expected),
            None => format!("not {}", dispute.expected),
        };
        let mend = if dispute.mend.is_empty() { "" } else { ", in the patch" };
        let _ = writeln!(text, "    {}{mend}, since {}", visible(&says), dispute.since);
        if let Some(reason) = &dispute.reason {
            let _ = writeln!(text, "    {}", visible(reason));
        }
    }
    if let Some(without) = &contested.without {
        let with = Scorecard::of(&run).map_err(told)?;
        for (with, without) in with.endpoints.iter().zip(&without.endpoints) {
            let _ = writeln!(text, "{}", figures(with, without));
        }
    }
    output.people(&text);
    Ok(Exit::Passed)
}

/// Both figures of an endpoint.
fn figures(with: &EndpointCard, without: &EndpointCard) -> String {
    let right = |rate: &Rate| match rate.rate {
        Some(share) => format!("{} of {} right ({})", rate.count, rate.n, percent(share)),
        None => "nothing graded".to_owned(),
    };
    let wrong = |card: &EndpointCard| {
        let source = card.primary()?;
        let wrong = source.at_threshold()?.wrong;
        Some(format!(", {wrong} of {} confidently wrong", source.n))
    };
    let told = |card: &EndpointCard| {
        format!("{}{}", right(&card.accuracy), wrong(card).unwrap_or_default())
    };
    format!("{}: {}; without them {}", visible(&with.endpoint), told(with), told(without))
}
