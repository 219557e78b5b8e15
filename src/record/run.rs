//! A journal read back, small: what statistics see of a trial, and where the rest of it is.
//!
//! A record is a kilobyte and more, most of it what was said. Statistics want a verdict, a
//! confidence and who is alike, so a run keeps a [`Brief`] of each record: sixty-four bytes, and the
//! name of its case once. Texts are read again from the [`Shelf`] where a page shows them, and pages
//! show few.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::brief::NONE;
use super::{Brief, Choice, Header, Labels, Name, Names, Record, RunBuilder, Sure};

/// Who keeps the records of a run.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// The record at a place that was told when it was added.
    ///
    /// # Errors
    /// It cannot be read any more.
    fn record(&self, place: u64) -> Result<Record, Unreadable>;
}

/// Why a record cannot be read again: in words, with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl Shelf for Vec<Record> {
    fn record(&self, place: u64) -> Result<Record, Unreadable> {
        let record = usize::try_from(place).ok().and_then(|place| self.get(place));
        record.cloned().ok_or_else(|| Unreadable(format!("there is no record {place}")))
    }
}

/// A journal read back.
#[derive(Debug, Clone)]
pub struct Run {
    /// What was known before the first trial.
    pub header: Header,
    /// In plan order.
    pub(super) briefs: Vec<Brief>,
    pub(super) names: Names,
    pub(super) labels: Vec<Labels>,
    pub(super) choices: Vec<Choice>,
    pub(super) probabilities: Vec<f64>,
    /// As many for each record as the header has sources; a number below 0 stands for
    /// the reason why there is none.
    pub(super) sures: Vec<f64>,
    pub(super) shelf: Arc<dyn Shelf>,
    /// The name that stands for none.
    pub(super) nothing: Name,
}

impl Run {
    /// A run of these records.
    ///
    /// # Panics
    /// As [`RunBuilder::add`].
    #[must_use]
    pub fn of(header: Header, records: Vec<Record>) -> Run {
        let mut run = RunBuilder::new(header, records.len());
        for (record, place) in records.iter().zip(0..) {
            run.add(record, place);
        }
        run.finish(Arc::new(records))
    }

    /// The finished trials in plan order.
    #[must_use]
    pub fn briefs(&self) -> &[Brief] {
        &self.briefs
    }

    /// Those of one endpoint, in plan order; of the first, where two have this name.
    pub fn of_endpoint(&self, endpoint: &str) -> impl Iterator<Item = &Brief> {
        let place = self.header.endpoints.iter().position(|asked| &*asked.name == endpoint);
        self.briefs.iter().filter(move |brief| place.is_some() && brief.endpoint() == place)
    }

    /// Whether every planned trial is finished.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.briefs.len() >= self.header.planned
    }

    /// The text of a name.
    #[must_use]
    pub fn name(&self, name: Name) -> &str {
        self.names.of(name)
    }

    /// The name that a text has, if any trial has it.
    #[must_use]
    pub fn named(&self, text: &str) -> Option<Name> {
        self.names.find(text)
    }

    /// How many names there are: their numbers are below.
    #[must_use]
    pub fn names(&self) -> usize {
        self.names.len()
    }

    /// What a trial has in common with others.
    #[must_use]
    pub fn labels(&self, brief: &Brief) -> &Labels {
        &self.labels[brief.labels as usize]
    }

    /// The number of what a trial has in common with others, below [`Run::all_labels`]'s length.
    #[must_use]
    pub fn labels_number(&self, brief: &Brief) -> usize {
        brief.labels as usize
    }

    /// All different labels, by their numbers.
    #[must_use]
    pub fn all_labels(&self) -> &[Labels] {
        &self.labels
    }

    /// The choice that a graded answer took, where letters are what is asked for and the row has
    /// several cases.
    #[must_use]
    pub fn choice(&self, brief: &Brief) -> Option<Choice> {
        self.choices.get(brief.choice as usize).copied()
    }

    /// The probability of each choice, where a method looked at all of them.
    #[must_use]
    pub fn probabilities(&self, brief: &Brief) -> Option<&[f64]> {
        let start = brief.probabilities as usize;
        (brief.probabilities != NONE)
            .then(|| &self.probabilities[start..start + usize::from(brief.classes)])
    }

    /// How sure an answer is by a source of the header, by its place there.
    #[must_use]
    pub fn sure(&self, brief: &Brief, source: usize) -> Sure {
        let sure = self.sures[brief.number as usize * self.header.sources.len() + source];
        if sure >= 0.0 { Sure::Known(sure) } else { Sure::Missing(Name::of_below_zero(sure)) }
    }

    /// What a wrong answer says that is sure of it (see [`super::SURE`]), in the form in which answers are
    /// compared; none for others.
    #[must_use]
    pub fn surely_said(&self, brief: &Brief) -> Option<Name> {
        Some(brief.said).filter(|said| *said != self.nothing)
    }

    /// The name of a trial, as the plan gives it.
    #[must_use]
    pub fn trial(&self, brief: &Brief) -> String {
        let endpoint = brief.endpoint().map_or("", |place| &self.header.endpoints[place].name);
        let name = format!("{}@{endpoint}", self.name(brief.case()));
        match brief.repeat() {
            0 => name,
            repeat => format!("{name}#{}", u64::from(repeat) + 1),
        }
    }

    /// The whole record of a trial, read again.
    ///
    /// # Errors
    /// It cannot be read any more.
    pub fn record(&self, brief: &Brief) -> Result<Record, Unreadable> {
        self.shelf.record(brief.place)
    }

    /// The whole records in plan order, one after the other.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, Unreadable>> {
        self.briefs.iter().map(|brief| self.record(brief))
    }

    /// The run without the trials from this place of the plan on, as if no more had been planned.
    #[must_use]
    pub fn shortened(mut self, planned: usize) -> Run {
        self.header.planned = planned;
        self.briefs.retain(|brief| brief.index() < planned);
        self
    }

    /// The run without these cases, as if they had not been planned. The trials keep their places.
    #[must_use]
    pub fn without(&self, cases: &BTreeSet<Name>) -> Run {
        let mut run = self.clone();
        run.briefs.retain(|brief| !cases.contains(&brief.case()));
        let finished = self.briefs.len() - run.briefs.len();
        let left_out = if self.is_complete() {
            finished
        } else {
            // Trials of theirs that are not finished were planned, too.
            let repeats = usize::try_from(self.header.repeats.get()).unwrap_or(usize::MAX);
            let known: BTreeSet<Name> = self.briefs.iter().map(Brief::case).collect();
            let each = repeats.saturating_mul(self.header.endpoints.len());
            cases.intersection(&known).count().saturating_mul(each).max(finished)
        };
        run.header.planned = self.header.planned.saturating_sub(left_out).max(run.briefs.len());
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged, record};
    use crate::record::{Measured, Outcome};

    #[test]
    fn a_brief_says_what_its_record_says() {
        let mut records = vec![
            Record { row: Some("row".into()), answer: Some("B".into()), ..record(3) },
            Record { group: Some("case-3".into()), tags: Vec::new(), ..record(0) },
            Record { repeat: 1, threshold: Some(0.5), ..judged(2, Outcome::Incorrect, Some(0.95)) },
            Record { endpoint: "unknown".into(), ..judged(1, Outcome::Abstained, None) },
        ];
        records[2].answer = Some(" In  PARIS.".into());
        records[1].confidence.insert("stated".into(), Measured::Known(1.5));
        let run = Run::of(header(4), records.clone());
        assert_eq!(size_of::<Brief>(), 64);
        records.sort_by_key(|record| record.index);
        for (brief, record) in run.briefs().iter().zip(&records) {
            assert_eq!(brief.index(), record.index);
            assert_eq!(run.name(brief.case()), record.case);
            assert_eq!(run.name(brief.cluster()), record.cluster());
            assert_eq!(run.name(brief.row()), record.row.as_deref().unwrap_or(&record.case));
            assert_eq!((brief.repeat(), brief.kind()), (record.repeat, record.outcome.kind()));
            assert_eq!((brief.primary(), brief.quadrant()), (record.primary, record.quadrant));
            assert_eq!(brief.abstained(), record.abstained);
            assert_eq!(brief.is_grouped(), record.group.is_some());
            let labels = run.labels(brief);
            assert_eq!((&labels.tags, labels.threshold), (&record.tags, record.threshold));
            assert_eq!(run.record(brief).as_ref(), Ok(record));
        }
        let [grouped, lost, wrong, reordered] = run.briefs() else { panic!("{run:?}") };
        assert_eq!(grouped.cluster(), reordered.case(), "one text has one name");
        assert_eq!(lost.endpoint(), None);
        let reason = |brief| match run.sure(brief, 0) {
            Sure::Missing(reason) => run.name(reason).to_owned(),
            Sure::Known(sure) => sure.to_string(),
        };
        assert_eq!([grouped, lost, wrong].map(reason), ["outside 0..1", "not stated", "0.95"]);
        let said = run.surely_said(wrong).map(|said| run.name(said));
        assert_eq!((said, run.surely_said(reordered)), (Some("in paris"), None));
        assert_eq!(
            (reordered.letter(), reordered.label(), wrong.letter()),
            (Some(1), Some(0), None)
        );
        assert!(run.choice(reordered).is_some() && run.choice(grouped).is_none());
        assert_eq!(run.trial(wrong), "case-2@model#2");
    }

    #[test]
    fn the_first_record_of_a_trial_counts_and_a_shorter_plan_has_fewer() {
        let again = judged(1, Outcome::Incorrect, Some(0.9));
        let run = Run::of(header(3), vec![record(2), record(1), again, record(0)]);
        let kinds: Vec<_> = run.briefs().iter().map(|brief| brief.kind().name()).collect();
        assert_eq!(kinds, ["correct"; 3]);
        let run = run.shortened(1);
        assert_eq!((run.briefs().len(), run.is_complete()), (1, true));
    }

    #[test]
    fn a_run_without_a_case_is_as_if_it_had_not_been_planned() {
        let draw = |index, case: &str, repeat| {
            let confidence = Some(0.5 + f64::from(u32::try_from(index).unwrap()) / 100.0);
            Record { case: case.into(), repeat, ..judged(index, Outcome::Incorrect, confidence) }
        };
        let header = Header { repeats: 2.try_into().unwrap(), ..header(6) };
        let all = [
            draw(0, "a", 0),
            draw(1, "b", 0),
            draw(2, "c", 0),
            draw(3, "a", 1),
            draw(4, "b", 1),
            draw(5, "c", 1),
        ];
        let without = |records: &[Record], cases: &[&str]| {
            let run = Run::of(header.clone(), records.to_vec());
            let cases = cases.iter().filter_map(|case| run.named(case)).collect();
            let run = run.without(&cases);
            let kept: Vec<String> = run.briefs().iter().map(|brief| run.trial(brief)).collect();
            // What was kept is what it was.
            for brief in run.briefs() {
                let record = run.record(brief).unwrap();
                assert_eq!(run.sure(brief, 0), Sure::Known(record.primary.unwrap()));
            }
            (kept.join(" "), run.header.planned, run.is_complete())
        };
        let kept = |text: &str, planned, complete| (text.to_owned(), planned, complete);
        assert_eq!(without(&all, &["b"]), kept("a@model c@model a@model#2 c@model#2", 4, true));
        assert_eq!(without(&all, &[]).1, 6);
        assert_eq!(without(&all, &["a", "b", "c"]), kept("", 0, true));
        // One trial of `b` is missing: both are left out.
        assert_eq!(without(&all[..4], &["b"]), kept("a@model c@model a@model#2", 4, false));
        assert_eq!(without(&all[..1], &["b"]), kept("a@model", 6, false));
    }
}
