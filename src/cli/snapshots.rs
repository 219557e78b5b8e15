//! The files of snapshots: where they are, how they are read and written.
//!
//! `snapshots/SUITE@ENDPOINT.snap` beside the suite is what was accepted, the same with `.new` what
//! is proposed. Files are replaced as a whole, so that nobody ever finds half of one.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::budget::Regression;
use crate::journal;
use crate::record::{Digest, Header, Run};
use crate::snapshot::{Diff, Disputes, Found, Snapshot, Standing};
use crate::suite::display;

/// Name of the directory beside the suites.
pub(super) const DIR: &str = "snapshots";

/// The two files of a suite at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Files {
    pub accepted: PathBuf,
    pub proposed: PathBuf,
}

impl Files {
    /// Beside a suite's file.
    pub(super) fn of(suite: &Path, name: &str, endpoint: &str) -> Files {
        Files::at(suite.with_file_name(DIR).join(Files::name(name, endpoint)))
    }

    /// By the path of the `.snap`.
    pub(super) fn at(accepted: PathBuf) -> Files {
        let mut proposed = accepted.clone().into_os_string();
        proposed.push(".new");
        Files { accepted, proposed: proposed.into() }
    }

    /// The file name of what was accepted.
    pub(super) fn name(suite: &str, endpoint: &str) -> String {
        format!("{}@{}.snap", part(suite), part(endpoint))
    }

    /// The file name of what is disputed of a suite, at whatever endpoint.
    pub(super) fn disputed(suite: &str) -> String {
        format!("{}.disputed.jsonl", part(suite))
    }

    /// The file name of the patch that mends labels of a suite.
    pub(super) fn patch(suite: &str) -> String {
        format!("{}.labels.patch", part(suite))
    }

    /// What was accepted and what is proposed.
    pub(super) fn load(&self) -> Result<(Option<Snapshot>, Option<Snapshot>), String> {
        Ok((load(&self.accepted)?, load(&self.proposed)?))
    }

    /// Replaces both: what was accepted first, so that a kill between the two leaves a proposal too
    /// many and loses nothing.
    pub(super) fn write(
        &self,
        accepted: Option<&Snapshot>,
        proposed: Option<&Snapshot>,
    ) -> Result<(), String> {
        if let Some(accepted) = accepted {
            put(&self.accepted, accepted)?;
        }
        self.propose(proposed)
    }

    /// Replaces the proposal, or removes it where nothing is proposed.
    pub(super) fn propose(&self, proposed: Option<&Snapshot>) -> Result<(), String> {
        match proposed {
            Some(proposed) => put(&self.proposed, proposed),
            None => remove(&self.proposed),
        }
    }
}

/// A name as a part of a file name: what may not stand in one is replaced, and then a digest keeps
/// it apart from other names.
fn part(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let safe: String = name.chars().map(|c| if allowed(c) { c } else { '-' }).take(100).collect();
    let safe = if safe.starts_with('.') { safe.replacen('.', "-", 1) } else { safe };
    if safe == name {
        return safe;
    }
    let digest = Digest::of_bytes(name.as_bytes()).to_string();
    format!("{safe}-{}", &digest[..8])
}

/// The file of a run's suite, where it still is: as the run named it, from the project's root or
/// from here.
pub(super) fn suite_file(header: &Header, root: &Path) -> Option<PathBuf> {
    let path = PathBuf::from(&header.path);
    [root.join(&path), path].into_iter().find(|path| path.is_file())
}

/// The snapshot in a file, if there is one.
pub(super) fn load(path: &Path) -> Result<Option<Snapshot>, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            Snapshot::read(&text).map(Some).map_err(|why| format!("{}:{why}", display(path)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", display(path))),
    }
}

/// Removes a file, if there is one.
pub(super) fn remove(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("{}: {error}", display(path)))
        }
        _ => Ok(()),
    }
}

/// The disputed labels in a file, if there is one.
pub(super) fn load_disputes(path: &Path, suite: &str) -> Result<Disputes, String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let read = Disputes::read(&text);
            let mut disputes = read.map_err(|why| format!("{}:{why}", display(path)))?;
            // A file that was renamed with its suite says it as it was.
            suite.clone_into(&mut disputes.suite);
            Ok(disputes)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Disputes::of(suite)),
        Err(error) => Err(format!("{}: {error}", display(path))),
    }
}

fn put(path: &Path, snapshot: &Snapshot) -> Result<(), String> {
    put_text(path, &snapshot.to_string())
}

/// Replaces a file beside the snapshots as a whole.
pub(super) fn put_text(path: &Path, text: &str) -> Result<(), String> {
    let told = |error| format!("{}: {error}", display(path));
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(told)?;
    }
    journal::write_whole(path, text.as_bytes()).map_err(told)
}

/// What a run proposes to accept, an entry an endpoint that has a snapshot or whose budget asks for
/// one. A shard proposes nothing: it is a part of a run.
pub(super) fn propose(
    run: &Run,
    whole: bool,
    standings: &[Standing],
    suite: &Path,
) -> Result<(), String> {
    let Header { shard, budget, .. } = &run.header;
    if shard.is_some() {
        return Ok(());
    }
    let wanted = budget.regression.as_ref().is_some_and(Regression::is_against_snapshot);
    for asked in &run.header.endpoints {
        let files = Files::of(suite, &run.header.suite, &asked.name);
        let (accepted, earlier) = files.load()?;
        let accepted = match accepted {
            Some(accepted) => accepted,
            None if wanted => Snapshot::of_nothing(&run.header, &asked.name),
            None => continue,
        };
        let known = standings.iter().find(|standing| standing.endpoint() == &*asked.name);
        let found = match known {
            Some(standing) => standing.found.clone(),
            None => Found::of(run, &asked.name, whole).map_err(|error| error.to_string())?,
        };
        // Somebody may have accepted something since the run began.
        let diff = Diff::of(&accepted.lines, &found);
        let proposal = diff.proposal(&accepted, &found, earlier.as_ref());
        let differs = proposal.lines != accepted.lines;
        files.propose(differs.then_some(&proposal))?;
    }
    Ok(())
}
