//! What a run is held against: the answers of an earlier run and the accepted state of the suite.
//!
//! Both are copied into the run's directory before anything is asked, so that its decision and its
//! pages follow from its own files, whatever is accepted or deleted later.

use std::path::Path;

use crate::gate::Versus;
use crate::journal;
use crate::record::Header;
use crate::scorecard::Against;
use crate::snapshot::{Accepted, Snapshot, Standing};
use crate::suite::display;

use super::baseline;
use super::snapshots::{self, Files};

/// What a run is held against.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub against: Option<Against>,
    pub accepted: Vec<Accepted>,
}

impl Held {
    /// What a run directory keeps.
    pub(super) fn kept(dir: &Path, header: &Header) -> Result<Held, String> {
        let mut accepted = Vec::new();
        for asked in &header.endpoints {
            let name = Files::name(&header.suite, &asked.name);
            let path = dir.join(snapshots::DIR).join(&name);
            if let Some(snapshot) = snapshots::load(&path)? {
                let suite = Path::new(&header.path);
                let file = suite.with_file_name(snapshots::DIR).join(&name);
                accepted.push(Accepted { file: display(&file), snapshot });
            }
        }
        Ok(Held { against: baseline::kept(dir)?, accepted })
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

    /// Keeps accepted snapshots in a run's directory.
    pub(super) fn put(accepted: &[Accepted], dir: &Path) -> Result<(), String> {
        if accepted.is_empty() {
            return Ok(());
        }
        let copies = dir.join(snapshots::DIR);
        let told = |path: &Path, error| format!("{}: {error}", display(path));
        std::fs::create_dir_all(&copies).map_err(|error| told(&copies, error))?;
        for Accepted { snapshot, .. } in accepted {
            let Snapshot { of, .. } = snapshot;
            let path = copies.join(Files::name(&of.suite, &of.endpoint));
            journal::write_whole(&path, snapshot.to_string().as_bytes())
                .map_err(|error| told(&path, error))?;
        }
        Ok(())
    }

    pub(super) fn versus<'a>(&'a self, standings: &'a [Standing]) -> Versus<'a> {
        Versus { against: self.against.as_ref(), standings }
    }
}
