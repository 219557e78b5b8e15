//! What waits to be reviewed: snapshots whose proposal differs from what was accepted.
//!
//! It is found in the proposals that runs leave beside the suites, or taken from runs that are
//! named. Nothing is written before a reviewer is through: then [`commit`] replaces the files.

mod listed;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::journal;
use crate::record::{Brief, Header, Record, Run};
use crate::snapshot::{Change, Decided, Diff, Found, Passing, Snapshot, decide};
use crate::suite::display;

use super::report::{latest, root};
pub(super) use listed::{PendingArgs, pending};

use super::snapshots::{DIR, Files, suite_file};

/// A snapshot with something to review.
#[derive(Debug)]
pub(super) struct Pending {
    pub files: Files,
    /// What was accepted; none before the first snapshot.
    pub accepted: Option<Snapshot>,
    pub proposed: Snapshot,
    /// What lay beside the suite as proposed when it was looked at.
    pub earlier: Option<Snapshot>,
    /// The changes that wait, the gravest first.
    pub changes: Vec<Change>,
    /// Changes that wait for nobody, where the run is named.
    pub quiet: Vec<Change>,
    /// The run that says so, as far as it is known: where the exchanges are.
    pub run: Option<PathBuf>,
}

impl Pending {
    fn new(files: Files, accepted: Option<Snapshot>, proposed: Snapshot) -> Pending {
        let before = accepted.as_ref().map(|accepted| &accepted.lines);
        let changes = Diff::pending(before.unwrap_or(&BTreeMap::new()), &proposed.lines);
        let (earlier, quiet) = (None, Vec::new());
        Pending { files, accepted, proposed, earlier, changes, quiet, run: None }
    }
}

/// What waits: in these runs, or, where none is named, beside the project's suites and that of the
/// latest run.
pub(super) fn find(runs: &[PathBuf]) -> Result<Vec<Pending>, String> {
    let root = root()?;
    let mut found = Vec::new();
    let mut from: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for dir in runs {
        for pending in of_run(dir, &root)? {
            let file = &pending.files.accepted;
            if let Some(other) = from.insert(file.clone(), dir) {
                let (file, one, two) = (display(file), display(other), display(dir));
                return Err(format!("{one} and {two} are both held against {file}: name one"));
            }
            found.push(pending);
        }
    }
    if runs.is_empty() {
        let reports = root.join("reports");
        for files in proposals(&root) {
            let (accepted, Some(proposed)) = files.load()? else { continue };
            let run = run_of(&proposed, &reports);
            let earlier = Some(proposed.clone());
            found.push(Pending { earlier, run, ..Pending::new(files, accepted, proposed) });
        }
    }
    found.retain(|pending| !pending.changes.is_empty() || !pending.quiet.is_empty());
    Ok(found)
}

/// What a run proposes, whatever lies beside its suite.
fn of_run(dir: &Path, root: &Path) -> Result<Vec<Pending>, String> {
    let header = journal::read_header(dir).map_err(|error| error.to_string())?;
    let shown = display(dir);
    if header.shard.is_some() {
        return Err(format!(
            "{shown}: a shard is a part of a run: join the parts by `overclaim merge` first"
        ));
    }
    let suite = suite_file(&header, root).ok_or_else(|| {
        format!("{shown}: its suite {} is not there, and its snapshots lie beside it", header.path)
    })?;
    // Records are large: what they say is taken while they pass.
    let mut passing = Passing::new(&header);
    let mut look = |record: &Record, brief: &Brief| passing.add(record, brief);
    let run = journal::read_with(dir, header, &mut look).map_err(|error| error.to_string())?;
    let whole = Found::is_whole(&run);
    let run = super::report::as_needed(run);
    let mut found = Vec::new();
    for asked in &run.header.endpoints {
        let files = Files::of(&suite, &run.header.suite, &asked.name);
        let (accepted, earlier) = files.load()?;
        let said = passing.found(&run, &asked.name, whole).map_err(|error| error.to_string())?;
        let nothing = Snapshot::of_nothing(&run.header, &asked.name);
        let base = accepted.as_ref().unwrap_or(&nothing);
        let diff = Diff::of(&base.lines, &said);
        let proposed = diff.proposal(base, &said, earlier.as_ref());
        let quiet = diff.changes.into_iter().filter(|change| change.kind.is_quiet()).collect();
        let run = Some(dir.to_owned());
        let new = Pending::new(files, accepted, proposed);
        found.push(Pending { earlier, quiet, run, ..new });
    }
    Ok(found)
}

/// The proposals beside the project's suites and beside the suite of the latest run, by name.
fn proposals(root: &Path) -> Vec<Files> {
    let mut dirs = BTreeSet::from([root.join("suites").join(DIR)]);
    let latest = latest().ok().and_then(|run| journal::read_header(&run).ok());
    let suite = latest.and_then(|header| suite_file(&header, root));
    dirs.extend(suite.map(|suite| suite.with_file_name(DIR)));
    let mut found = BTreeSet::new();
    for entry in dirs.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).flatten().flatten() {
        let path = entry.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.and_then(|name| name.strip_suffix(".snap.new")) {
            found.insert(Files::at(path.with_file_name(format!("{name}.snap"))));
        }
    }
    // One directory may be written in two ways.
    let mut seen = BTreeSet::new();
    found.retain(|files: &Files| seen.insert(files.proposed.canonicalize().ok()));
    found.into_iter().collect()
}

/// The run that was started last of those that a proposal can be of.
fn run_of(proposed: &Snapshot, reports: &Path) -> Option<PathBuf> {
    let runs = journal::directories(&reports.join(&proposed.of.suite)).unwrap_or_default();
    let of_it = |header: &Header| {
        let asks = |asked: &crate::record::AskedEndpoint| *asked.name == *proposed.of.endpoint;
        header.shard.is_none() && header.endpoints.iter().any(asks)
    };
    let headers = runs.into_iter().filter_map(|run| Some((journal::read_header(&run).ok()?, run)));
    let runs = headers.filter(|(header, _)| of_it(header));
    runs.max_by(|(one, _), (other, _)| one.started.cmp(&other.started)).map(|(_, run)| run)
}

/// Replaces the files of a snapshot by what was decided of its cases. Where either has changed since
/// it was looked at, by another review or a run, nothing is written.
pub(super) fn commit(pending: &Pending, decided: &BTreeMap<String, Decided>) -> Result<(), String> {
    let Pending { files, accepted, earlier, quiet, .. } = pending;
    let (now, waits) = files.load()?;
    for (file, is_same) in
        [(&files.accepted, now == *accepted), (&files.proposed, waits == *earlier)]
    {
        if !is_same {
            let file = display(file);
            return Err(format!(
                "{file} has changed meanwhile: nothing is written to it; review it again"
            ));
        }
    }
    let mut proposed = pending.proposed.clone();
    // What waits for nobody is in no proposal; who accepts it proposes it.
    for change in quiet.iter().filter(|change| decided.contains_key(&change.case)) {
        proposed.lines.extend(change.proposed().map(|line| (change.case.clone(), line)));
    }
    let (kept, left) = decide(accepted.as_ref(), &proposed, decided);
    let kept = kept.filter(|kept| accepted.as_ref() != Some(kept));
    files.write(kept.as_ref(), left.as_ref())
}

/// Whether this is a CI job, where nothing is ever accepted.
pub(super) fn in_ci() -> bool {
    std::env::var_os("CI")
        .is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// The run that a proposal comes from, read again.
pub(super) fn read_run(pending: &Pending) -> Option<Run> {
    journal::read(pending.run.as_ref()?).ok()
}
