//! The runs of a suite, read one after the other into its history.
//!
//! Headers are read first: they say which runs are nights, and how many share the probability of a
//! false alarm. Then each night's documents, and of those that count the answers; a night's answers
//! are gone when the next but one is read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::journal;
use crate::record::Header;
use crate::report::shell_word;
use crate::scorecard::history::{
    Answers, Documents, FalseAlarms, History, HistoryBuilder, LeftOutRun, Listed, Listing, NightOf,
    Standing,
};
use crate::span;
use crate::suite::display;

use crate::cli::output::remark;

/// Nights before those that are shown: what these are held against.
const BEFORE: usize = 30;

/// What the reason begins with where a file of the run is not as it was written.
const DAMAGED: &str = "damaged: ";

/// A suite with its history.
#[derive(Debug)]
pub(super) struct Suite {
    /// Name of its directory.
    pub name: String,
    pub history: History,
    /// What it is about, as its last run says.
    pub description: Option<String>,
}

/// Reads a suite's directory; none where there is no run in it.
pub(super) fn read(dir: &Path, last: usize) -> Result<Option<Suite>, String> {
    let shown = display(dir);
    let name = dir.file_name().and_then(|name| name.to_str());
    let Some(name) = name.map(str::to_owned) else {
        remark(&format!("{shown}: left out: its name is not UTF-8"));
        return Ok(None);
    };
    let Some(mut listing) = listing(dir)? else { return Ok(None) };
    let earlier = listing.nights.len().saturating_sub(last.saturating_add(BEFORE));
    listing.nights.drain(..earlier);
    let nights = &listing.nights;
    let counted = nights.len().min(last);
    let endpoints: BTreeSet<&str> =
        nights[nights.len() - counted..].iter().flat_map(|night| names(&night.header)).collect();
    let alarms = FalseAlarms::of(counted, endpoints.len());
    let mut history = HistoryBuilder::new(&listing.suite, alarms);
    let mut left_out = listing.left_out;
    let mut description = None;
    for Listed { directory, .. } in &listing.nights {
        match night(&dir.join(directory), directory, &listing.selection) {
            Ok(night) => {
                description = described(&night.header);
                history.add(night);
            }
            Err(reason) => left_out.push(LeftOutRun { directory: directory.clone(), reason }),
        }
    }
    for LeftOutRun { directory, reason } in &left_out {
        if let Some(damage) = reason.strip_prefix(DAMAGED) {
            let place = display(&dir.join(directory));
            // The journal names the file itself.
            let place = if damage.starts_with(&place) { String::new() } else { place + ": " };
            remark(&format!("left out: {place}{damage}"));
        }
    }
    left_out.sort_by(|one, other| one.directory.cmp(&other.directory));
    let history = history.finish(last, earlier, left_out);
    Ok(Some(Suite { name, history, description }))
}

fn names(header: &Header) -> impl Iterator<Item = &str> {
    header.endpoints.iter().map(|asked| &*asked.name)
}

/// The runs of a directory, and what else is there.
fn listing(dir: &Path) -> Result<Option<Listing>, String> {
    let cannot = |error: std::io::Error| format!("{}: cannot be read: {error}", display(dir));
    let (mut listed, mut left_out) = (Vec::new(), Vec::new());
    for run in journal::directories(dir).map_err(cannot)? {
        let name = run.file_name().map(|name| name.to_string_lossy().into_owned());
        let directory = name.unwrap_or_default();
        if !journal::is_run(&run) {
            let reason = "no run: it has no run.json".to_owned();
            left_out.push(LeftOutRun { directory, reason });
            continue;
        }
        match journal::read_header(&run) {
            // The text of a suite is long, and there are as many as nights.
            Ok(header) => {
                listed.push(Listed {
                    directory,
                    header: Header { text: String::new(), ..header },
                    flaw: None,
                });
            }
            Err(error) => {
                left_out.push(LeftOutRun { directory, reason: format!("{DAMAGED}{error}") });
            }
        }
    }
    for run in Listed::equals(&mut listed) {
        run.flaw = match night(&dir.join(&run.directory), &run.directory, &run.header.selection) {
            Ok(night) => night.standing.reason().map(str::to_owned),
            Err(reason) => Some(reason),
        };
    }
    Ok(Listing::of(listed, left_out))
}

/// A night; or why it is none.
fn night(
    dir: &Path,
    directory: &str,
    selection: &crate::record::Selected,
) -> Result<NightOf, String> {
    let header = journal::read_header(dir).map_err(|error| format!("{DAMAGED}{error}"))?;
    let file = |name: &str| fs::read(dir.join(name));
    let unfinished = || {
        format!(
            "unfinished, or still under way: “overclaim run --resume {}” goes on with it",
            shell_word(&display(dir))
        )
    };
    let scorecard = file("scorecard.json").map_err(|_| unfinished())?;
    let operations = file("operations.json").map_err(|_| unfinished())?;
    let decision = file("decision.json").map_err(|_| unfinished())?;
    let damaged = |error: String| format!("{DAMAGED}{error}");
    let documents = Documents::read(&header, &scorecard, &operations, &decision)
        .map_err(|error| damaged(error.to_string()))?;
    let standing = Standing::of(&header, documents.ending(), documents.trials(), selection);
    let answers = if standing.counts() {
        let mut answers = Answers::new(&header);
        let read = journal::read_with(dir, header.clone(), &mut |record, _| answers.add(record));
        let run = read.map_err(|error| damaged(error.to_string()))?;
        if !run.is_complete() {
            return Err(damaged(
                "its journal does not have the trials that its scorecard counts".into(),
            ));
        }
        Some(answers)
    } else {
        None
    };
    Ok(NightOf { directory: directory.to_owned(), header, documents, standing, answers })
}

/// What a suite says that it is about.
fn described(header: &Header) -> Option<String> {
    let suite = span::parse(&header.text).ok()?.to_json();
    suite.get("description")?.as_str().map(str::to_owned)
}
