//! What the disputed labels of a suite come to in a run: both figures.
//!
//! Every statistic of a run takes the labels as they are, and so does the gate; nobody gets rid of a
//! failure by disputing it. Beside them stand the statistics of the same run without the cases of
//! disputed labels, as long as these disputes hold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::{Dispute, Disputes, Subject};
use crate::record::{Name, Run, Unreadable};
use crate::scorecard::Scorecard;

/// The disputed labels of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Contested {
    /// The file that the disputes stand in, as the user would write it; empty where there is none.
    pub file: String,
    /// Those that hold here, by row.
    pub held: Vec<Holding>,
    /// Those that are settled: the row has another label now, or another question. They have no
    /// effect, and can be removed.
    pub settled: Vec<Dispute>,
    /// The statistics of the run without the cases of disputed labels; none where no dispute holds.
    pub without: Option<Scorecard>,
}

/// A dispute that holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holding {
    /// What is disputed.
    pub dispute: Dispute,
    /// The cases of the run that are judged by this label, in plan order.
    pub cases: Vec<String>,
}

impl Contested {
    /// The disputes of a file, as far as the run has something to do with them. A run that did not
    /// ask every case of its suite cannot say that a row is not there any more.
    ///
    /// # Errors
    /// A record cannot be read any more.
    pub fn of(
        run: &Run,
        whole: bool,
        file: &str,
        disputes: &Disputes,
    ) -> Result<Contested, Unreadable> {
        if disputes.is_empty() {
            return Ok(Contested::default());
        }
        let labels = Labels::of(run, disputes)?;
        let mut contested = Contested { file: file.to_owned(), ..Contested::default() };
        let mut disputed = BTreeSet::new();
        for dispute in disputes.iter() {
            let of_row = labels.0.get(dispute.case.as_str());
            let cases = of_row.into_iter().flatten();
            let cases: Vec<Name> = cases
                .filter(|(_, subject)| *subject == dispute.subject)
                .map(|(case, _)| *case)
                .collect();
            if !cases.is_empty() {
                let names = cases.iter().map(|case| run.name(*case).to_owned()).collect();
                disputed.extend(cases);
                contested.held.push(Holding { dispute: dispute.clone(), cases: names });
            } else if of_row.is_some() || whole {
                contested.settled.push(dispute.clone());
            }
        }
        if !disputed.is_empty() {
            contested.without = Some(Scorecard::of(&run.without(&disputed))?);
        }
        Ok(contested)
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.settled.is_empty()
    }

    /// The dispute of a case's label.
    #[must_use]
    pub fn dispute(&self, case: &str) -> Option<&Dispute> {
        let of_case = |holding: &&Holding| holding.cases.iter().any(|known| known == case);
        self.held.iter().find(of_case).map(|holding| &holding.dispute)
    }

    /// How many cases have a disputed label.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.held.iter().map(|holding| holding.cases.len()).sum()
    }
}

/// The cases of rows that somebody disputes, in plan order, each with its label's digest.
struct Labels<'a>(BTreeMap<&'a str, Vec<(Name, Subject)>>);

impl<'a> Labels<'a> {
    fn of(run: &'a Run, disputes: &Disputes) -> Result<Labels<'a>, Unreadable> {
        let rows: HashSet<&str> = disputes.iter().map(|dispute| dispute.case.as_str()).collect();
        let mut wanted: HashMap<Name, bool> = HashMap::new();
        let mut seen = HashSet::new();
        let mut labels = Labels(BTreeMap::new());
        for brief in run.briefs() {
            let row = brief.row();
            if !*wanted.entry(row).or_insert_with(|| rows.contains(run.name(row)))
                || !seen.insert(brief.case())
            {
                continue;
            }
            let subject = Subject::of_record(&run.record(brief)?);
            labels.0.entry(run.name(row)).or_default().push((brief.case(), subject));
        }
        Ok(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::super::dispute::tests::dispute;
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Digest, Outcome, Record};

    /// Row `r` in two rotations, and two rows of one case each. The first row is wrong.
    fn records() -> Vec<Record> {
        let record = |index, case: &str, row: Option<&str>, subject: &str, right| Record {
            case: case.into(),
            row: row.map(str::to_owned),
            subject: Some(Digest::of_bytes(subject.as_bytes())),
            ..judged(index, if right { Outcome::Correct } else { Outcome::Incorrect }, Some(0.9))
        };
        vec![
            record(0, "r/rotation=0", Some("r"), "r", false),
            record(1, "r/rotation=1", Some("r"), "r", false),
            record(2, "s", None, "s", true),
            record(3, "t", None, "t", true),
        ]
    }

    fn subject(text: &str) -> Subject {
        Subject::of(&Digest::of_bytes(text.as_bytes()))
    }

    fn contested(records: Vec<Record>, whole: bool, rows: &[(&str, &str)]) -> Contested {
        let mut disputes = Disputes::of("demo");
        for (row, label) in rows {
            disputes.put(dispute(row, subject(label)));
        }
        Contested::of(&Run::of(header(4), records), whole, "demo.disputed.jsonl", &disputes)
            .unwrap()
    }

    fn told(contested: &Contested) -> String {
        let held = contested.held.iter().map(|holding| holding.cases.join(" "));
        let settled = contested.settled.iter().map(|dispute| format!("settled {}", dispute.case));
        held.chain(settled).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_dispute_holds_for_every_case_of_its_row_and_both_figures_are_there() {
        let contested = contested(records(), true, &[("r", "r")]);
        assert_eq!(told(&contested), "r/rotation=0 r/rotation=1");
        assert_eq!(contested.cases(), 2);
        let card = &contested.without.as_ref().unwrap().endpoints[0];
        assert_eq!((card.planned, card.accuracy.count, card.accuracy.n), (2, 2, 2));
        assert_eq!((card.coverage.count, card.coverage.n), (2, 2));
        assert!(contested.dispute("r/rotation=1").is_some() && contested.dispute("s").is_none());
    }

    #[test]
    fn another_label_settles_it_and_a_row_that_was_not_asked_does_not() {
        let of = |whole, rows: &[(&str, &str)]| contested(records(), whole, rows);
        assert_eq!(told(&of(true, &[("r", "before"), ("s", "s")])), "s, settled r");
        assert_eq!(told(&of(false, &[("r", "before")])), "settled r");
        assert_eq!(told(&of(true, &[("gone", "x")])), "settled gone");
        assert_eq!(told(&of(false, &[("gone", "x")])), "");
        assert_eq!(of(true, &[("r", "before")]).without, None);
        // A row of which one prompt has changed.
        let mut two = records();
        two[1].subject = Some(Digest::of_bytes(b"r too"));
        let told = told(&contested(two, true, &[("r", "r"), ("r", "r before")]));
        assert_eq!(told, "r/rotation=0, settled r");
    }

    #[test]
    fn nothing_disputed_is_nothing_to_say() {
        assert_eq!(contested(records(), true, &[]), Contested::default());
    }
}
