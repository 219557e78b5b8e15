//! The label of a case, as a run knows it.

use crate::record::{At, Brief, Record, Run};
use crate::report::visible;
use crate::snapshot::Subject;
use crate::span::did_you_mean;

/// What a row says is right, with all cases that it judges.
#[derive(Debug)]
pub(super) struct Label {
    /// Name of the row.
    pub row: String,
    /// The case that was named, else the row's first.
    pub case: String,
    /// The question and how it is judged, with what is expected for people: one where all cases of
    /// the row have it in common, else one for each wording of the question.
    pub subjects: Vec<(Subject, String)>,
    /// Where the row was written.
    pub at: At,
}

impl Label {
    /// The label of a case, of a trial's case or of a row.
    pub(super) fn of(run: &Run, name: &str) -> Result<Label, String> {
        let of_case = run.named(name).and_then(|named| {
            let briefs = || run.briefs().iter();
            let case = briefs().find(|brief| brief.case() == named);
            case.or_else(|| briefs().find(|brief| brief.row() == named))
        });
        let trial = || run.briefs().iter().find(|brief| run.trial(brief) == name);
        let found = of_case.or_else(trial).ok_or_else(|| unknown(run, name))?;
        let named = run.name(found.row()) != name || run.name(found.case()) == name;
        let mut cases: Vec<&Brief> = Vec::new();
        for brief in run.briefs().iter().filter(|brief| brief.row() == found.row()) {
            if cases.iter().all(|known| known.case() != brief.case()) {
                cases.push(brief);
            }
        }
        let records = cases.iter().map(|brief| run.record(brief)).collect::<Result<Vec<_>, _>>();
        let records = records.map_err(|error| error.to_string())?;
        let case = run.name(found.case());
        let meant = records.iter().find(|record| record.case == case);
        let meant = meant.ok_or_else(|| unknown(run, name))?;
        let same = |record: &&Record| label(record) == label(meant);
        if !named && let Some(other) = records.iter().find(|record| !same(record)) {
            let (name, one, other) = (visible(name), visible(case), visible(&other.case));
            return Err(format!("the cases of {name} have several labels: name {one} or {other}"));
        }
        let mut subjects: Vec<(Subject, String)> = Vec::new();
        for record in records.iter().filter(same) {
            let subject = Subject::of_record(record);
            if subjects.iter().all(|(known, _)| *known != subject) {
                subjects.push((subject, record.wanted()));
            }
        }
        Ok(Label {
            row: run.name(found.row()).to_owned(),
            case: case.to_owned(),
            subjects,
            at: meant.at.clone(),
        })
    }
}

/// What is right: the text of a choice, wherever it stands.
fn label(record: &Record) -> String {
    let wanted = record.wanted();
    match wanted.strip_prefix(&record.expected).and_then(|rest| rest.strip_prefix(". ")) {
        Some(choice) => choice.to_owned(),
        None => wanted,
    }
}

fn unknown(run: &Run, name: &str) -> String {
    let known: Vec<&str> = run.briefs().iter().map(|brief| run.name(brief.case())).collect();
    let remedy = did_you_mean(name, &known)
        .map_or_else(String::new, |near| format!(" (did you mean '{}'?)", visible(near)));
    format!("no case '{}' in this run{remedy}", visible(name))
}
