//! What a run is held against: the answers of an earlier run, the accepted state of the suite, and
//! the labels of it that somebody disputes.
//!
//! All are copied into the run's directory before anything is asked, so that its decision and its
//! pages follow from its own files, whatever is accepted or deleted later.

use std::path::Path;

use crate::gate::Versus;
use crate::journal;
use crate::record::Header;
use crate::scorecard::Against;
use crate::snapshot::{Accepted, Disputes, Snapshot, Standing};
use crate::suite::display;

use super::baseline;
use super::snapshots::{self, DIR, Files};

/// What a run is held against.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub against: Option<Against>,
    pub accepted: Vec<Accepted>,
    /// Path of the suite's disputed labels, as the user would write it.
    pub disputed: String,
    pub disputes: Disputes,
}

impl Held {
    /// What a run directory keeps.
    pub(super) fn kept(dir: &Path, header: &Header) -> Result<Held, String> {
        let mut accepted = Vec::new();
        for asked in &header.endpoints {
            let name = Files::name(&header.suite, &asked.name);
            let path = dir.join(DIR).join(&name);
            if let Some(snapshot) = snapshots::load(&path)? {
                let suite = Path::new(&header.path);
                let file = suite.with_file_name(DIR).join(&name);
                accepted.push(Accepted { file: display(&file), snapshot });
            }
        }
        let name = Files::disputed(&header.suite);
        let disputes = snapshots::load_disputes(&dir.join(DIR).join(&name), &header.suite)?;
        let disputed = display(&Path::new(&header.path).with_file_name(DIR).join(name));
        Ok(Held { against: baseline::kept(dir)?, accepted, disputed, disputes })
    }

    /// The accepted snapshots of a suite as they are now.
    pub(super) fn accepted(suite: &Path, header: &Header) -> Result<Vec<Accepted>, String> {
        let mut accepted = Vec::new();
        for asked in &header.endpoints {
            let files = Files::of(suite, &header.suite, &asked.name);
            if let Some(snapshot) = snapshots::load(&files.accepted)? {
                accepted.push(Accepted { file: display(&files.accepted), snapshot });
            }
        }
        Ok(accepted)
    }

    /// The disputed labels of a suite as they are now.
    pub(super) fn disputes(suite: &Path, header: &Header) -> Result<Disputes, String> {
        let path = suite.with_file_name(DIR).join(Files::disputed(&header.suite));
        snapshots::load_disputes(&path, &header.suite)
    }

    /// Keeps accepted snapshots and disputed labels in a run's directory.
    pub(super) fn put(
        accepted: &[Accepted],
        disputes: &Disputes,
        dir: &Path,
    ) -> Result<(), String> {
        if accepted.is_empty() && disputes.is_empty() {
            return Ok(());
        }
        let copies = dir.join(DIR);
        let told = |path: &Path, error| format!("{}: {error}", display(path));
        std::fs::create_dir_all(&copies).map_err(|error| told(&copies, error))?;
        for Accepted { snapshot, .. } in accepted {
            let Snapshot { of, .. } = snapshot;
            let path = copies.join(Files::name(&of.suite, &of.endpoint));
            journal::write_whole(&path, snapshot.to_string().as_bytes())
                .map_err(|error| told(&path, error))?;
        }
        if disputes.is_empty() {
            return Ok(());
        }
        let path = copies.join(Files::disputed(&disputes.suite));
        journal::write_whole(&path, disputes.to_string().as_bytes())
            .map_err(|error| told(&path, error))
    }

    pub(super) fn versus<'a>(&'a self, standings: &'a [Standing]) -> Versus<'a> {
        Versus { against: self.against.as_ref(), standings }
    }
}
