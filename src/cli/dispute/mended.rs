//! The patch of a suite's labels, made anew of all that is to be mended.
//!
//! What is disputed says which label is to become what; where it stands is looked up in the suite of
//! today. So a patch is never older than the rows that it changes, and what has been applied drops
//! out of it by itself.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::report::visible;
use crate::snapshot::{Dispute, Disputes, Subject};
use crate::suite::{Case, Changed, Edit, Findings, Labelled, Suite, display, patch};

use super::super::output::remark;
use super::label::Label;

/// A suite whose labels are to be mended.
pub(super) struct Mends {
    suite: Suite,
    /// The project's, from which paths in the patch start.
    root: PathBuf,
}

impl Mends {
    pub(super) fn new(suite: &Path, root: &Path) -> Result<Mends, String> {
        let mut findings = Findings::default();
        let Some(suite) = Suite::load(suite, &mut findings) else {
            let path = display(suite);
            return Err(format!("{path} has an error: see overclaim check {path}"));
        };
        Ok(Mends { suite, root: plain(root)? })
    }

    /// Answers to the case that was named, in the words of the first case with its label.
    pub(super) fn restated(
        &self,
        label: &Label,
        answers: &[String],
    ) -> Result<Vec<String>, String> {
        let rows = self.suite.labelled(&HashSet::from([label.row.as_str()]));
        let labelled = found(rows.get(&label.row), label)?;
        let first = first(labelled, |subject| is_of(label, subject));
        let first = first.ok_or_else(|| self.changed(label, labelled))?;
        let named = labelled.cases.iter().find(|case| case.id == label.case);
        let from = named.filter(|case| is_of(label, Subject::of(&case.subject())));
        let from = from.ok_or_else(|| self.changed(label, labelled))?;
        self.suite.restated(labelled, [from, first], answers).map_err(|why| why.to_string())
    }

    /// The patch for all that is to be mended. What cannot be is left out with a remark, but the
    /// label that somebody asks for must be in it.
    pub(super) fn patch(
        &mut self,
        disputes: &Disputes,
        asked: Option<&Label>,
    ) -> Result<String, String> {
        let wanted: Vec<&Dispute> =
            disputes.iter().filter(|dispute| !dispute.mend.is_empty()).collect();
        let names = wanted.iter().map(|dispute| dispute.case.as_str()).collect();
        let rows = self.suite.labelled(&names);
        let suite = &self.suite.name;
        let mut head = format!(
            "# Labels of {suite}, mended. From the project's root: git apply, or patch -p1\n"
        );
        let mut edits: BTreeMap<PathBuf, Vec<Edit>> = BTreeMap::new();
        for dispute in wanted {
            let labelled = rows.get(&dispute.case);
            let case = labelled.and_then(|it| first(it, |subject| subject == dispute.subject));
            let asked = asked.filter(|label| label.row == dispute.case);
            let (Some(labelled), Some(case)) = (labelled, case) else {
                // Another label or question: what was to be mended is settled.
                if let Some(label) = asked.filter(|label| is_of(label, dispute.subject)) {
                    return Err(match labelled {
                        Some(labelled) => self.changed(label, labelled),
                        None => found(None, label).err().unwrap_or_default(),
                    });
                }
                continue;
            };
            let edit = self.suite.mend(labelled, case, &dispute.mend);
            let edit = edit.map_err(|why| why.to_string()).and_then(|edit| {
                self.path(&edit)?;
                Ok(edit)
            });
            match edit {
                Ok(edit) => {
                    let _ = writeln!(head, "# {dispute}");
                    let edits = edits.entry(edit.path.clone()).or_default();
                    // Each wording of a question has a line of its own, and the row has one label.
                    if !edits.contains(&edit) {
                        edits.push(edit);
                    }
                }
                Err(why) if asked.is_some() => return Err(why),
                Err(why) => {
                    let case = visible(&dispute.case).into_owned();
                    remark(&format!("the patch does not mend {case} any more: {why}"));
                }
            }
        }
        let mut out = head;
        for (path, edits) in edits {
            let name = edits.first().map(|edit| self.path(edit)).transpose()?.unwrap_or_default();
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", display(&path)))?;
            let diff = patch(&[Changed { path: name, bytes: &bytes, edits }]);
            let diff = String::from_utf8(diff);
            out += &diff.map_err(|_| format!("{}: not UTF-8: save it so", display(&path)))?;
        }
        Ok(out)
    }

    /// The path of an edit's file from the project's root.
    fn path(&self, edit: &Edit) -> Result<String, String> {
        let (file, line) = (&edit.file, edit.line);
        if fs::symlink_metadata(&edit.path).is_ok_and(|data| data.is_symlink()) {
            return Err(format!("{file}:{line}: {file} is a link: mend the file itself by hand"));
        }
        let path = plain(&edit.path)?;
        let inside = path.strip_prefix(&self.root).ok().and_then(|path| {
            let parts = path.components().map(|part| part.as_os_str().to_str());
            Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
        });
        inside.ok_or_else(|| {
            let root = display(&self.root);
            format!("{file}:{line}: {file} is not below {root}, where patches are applied: mend it by hand")
        })
    }

    /// Why the label of a run cannot be mended in the row of today.
    fn changed(&self, label: &Label, labelled: &Labelled) -> String {
        let place = labelled.cases.first().map(|case| (&*case.file, case.line));
        let (file, line) = place.unwrap_or((&self.suite.source.path, 1));
        let row = visible(&label.row);
        format!(
            "{file}:{line}: {row} is not what it was in the run: its question, its label or how it is judged has changed; run it again"
        )
    }
}

/// The row of a label in the suite of today.
fn found<'a>(row: Option<&'a Labelled>, label: &Label) -> Result<&'a Labelled, String> {
    row.ok_or_else(|| {
        let (file, line) = (&label.at.file, label.at.line);
        let name = visible(&label.row);
        format!("{file}:{line}: the suite does not have {name} any more, as it was in the run: run it again")
    })
}

fn is_of(label: &Label, subject: Subject) -> bool {
    label.subjects.iter().any(|(known, _)| *known == subject)
}

/// The first case of a row whose digest is so.
fn first(labelled: &Labelled, is: impl Fn(Subject) -> bool) -> Option<&Case> {
    labelled.cases.iter().find(|case| is(Subject::of(&case.subject())))
}

/// A path from the root of all, without steps back.
fn plain(path: &Path) -> Result<PathBuf, String> {
    let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let whole = std::path::absolute(here).map_err(|error| format!("{}: {error}", display(path)))?;
    let mut out = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    Ok(out)
}
