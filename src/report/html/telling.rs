//! Which cases a page shows: all of them while there are few, else those that tell most.
//!
//! A page must open at once, also for a hundred thousand cases. So they are ranked by how much a
//! reviewer wants to see them (confidently wrong first, right and sure last), and the page takes from
//! the top as many as fit. Repeats of a case at an endpoint are one entry: its worst answer stands
//! for them.

use std::collections::HashSet;

use crate::record::{Brief, Kind, Name, Quadrant, Run};
use crate::report::changes::Marks;

/// Entries that are ranked for a page, at most: more of them fit on none.
const MOST: usize = 6000;

/// What a reviewer sorts cases by, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Standing {
    ConfidentWrong,
    Wrong,
    Unread,
    Abstained,
    Right,
}

impl Standing {
    pub(super) const ALL: [Standing; 5] = [
        Standing::ConfidentWrong,
        Standing::Wrong,
        Standing::Unread,
        Standing::Abstained,
        Standing::Right,
    ];

    pub(super) fn of(brief: &Brief) -> Standing {
        match (brief.kind(), brief.quadrant()) {
            (_, Some(Quadrant::ConfidentWrong)) => Standing::ConfidentWrong,
            (Kind::Incorrect, _) => Standing::Wrong,
            (Kind::Correct, _) => Standing::Right,
            (Kind::Abstained, _) => Standing::Abstained,
            _ => Standing::Unread,
        }
    }

    /// Its name for the page's script and style.
    pub(super) fn name(self) -> &'static str {
        match self {
            Standing::ConfidentWrong => "confident-wrong",
            Standing::Wrong => "wrong",
            Standing::Unread => "unread",
            Standing::Abstained => "abstained",
            Standing::Right => "right",
        }
    }

    /// Its name for people, in a suite that asks for a confidence or not.
    pub(super) fn words(self, confidence: bool) -> &'static str {
        match self {
            Standing::ConfidentWrong => "confidently wrong",
            Standing::Wrong if confidence => "wrong, not confidently",
            Standing::Wrong => "wrong",
            Standing::Unread => "no grade",
            Standing::Abstained => "abstained",
            Standing::Right => "right",
        }
    }
}

/// A case at an endpoint, all its repeats together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The worst of its answers.
    pub worst: &'a Brief,
    /// How many of its repeats stand as that one does.
    pub times: u32,
    /// How many there are.
    pub of: u32,
    /// Whether it waits for a reviewer.
    pub waits: bool,
}

impl Entry<'_> {
    pub(super) fn standing(&self) -> Standing {
        Standing::of(self.worst)
    }
}

/// The entries of a run, those first that tell most, and how many there are of each standing.
#[derive(Debug)]
pub(super) struct Telling<'a> {
    pub entries: Vec<Entry<'a>>,
    pub counts: [usize; Standing::ALL.len()],
}

impl<'a> Telling<'a> {
    pub(super) fn of(run: &'a Run, marks: &Marks<'_>) -> Telling<'a> {
        let mut telling = Telling { entries: Vec::new(), counts: [0; Standing::ALL.len()] };
        let mut place: Vec<u32> = vec![0; run.names()];
        for endpoint in 0..run.header.endpoints.len() {
            place.fill(0);
            let name = &*run.header.endpoints[endpoint].name;
            let first = telling.entries.len();
            for brief in run.briefs().iter().filter(|brief| brief.endpoint() == Some(endpoint)) {
                let at = &mut place[brief.case().place()];
                if *at == 0 {
                    let waits = marks.at(name, run.name(brief.case())).waiting().is_some();
                    telling.entries.push(Entry { worst: brief, times: 0, of: 0, waits });
                    // A plan has fewer trials than a u32 counts.
                    *at = u32::try_from(telling.entries.len() - first).unwrap_or(u32::MAX);
                }
                telling.entries[first + *at as usize - 1].add(brief);
            }
            for entry in &telling.entries[first..] {
                telling.counts[entry.standing() as usize] += 1;
            }
            telling.keep();
        }
        telling
    }

    /// How many entries the run has.
    pub(super) fn all(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Sorts, and drops what no page has room for: last what waits for a reviewer.
    fn keep(&mut self) {
        if self.entries.len() > MOST {
            self.entries.sort_by_key(|entry| (!entry.waits, order(entry.worst)));
            self.entries.truncate(MOST);
        }
        self.entries.sort_by_key(|entry| order(entry.worst));
        self.entries.shrink_to_fit();
    }
}

impl<'a> Entry<'a> {
    fn add(&mut self, brief: &'a Brief) {
        self.of += 1;
        let (before, now) = (self.standing(), Standing::of(brief));
        if now == before {
            self.times += 1;
            if order(brief) < order(self.worst) {
                self.worst = brief;
            }
        } else if now < before {
            (self.worst, self.times) = (brief, 1);
        }
    }
}

/// The gravest first, there the surest; among right answers the least sure; then in plan order.
fn order(brief: &Brief) -> (Standing, u64, usize) {
    let standing = Standing::of(brief);
    // The bits of numbers of one sign are in their order; who has no confidence comes last.
    let sure = brief.primary().map(|sure| sure.clamp(0.0, 1.0).to_bits());
    let sure = match standing {
        Standing::Right => sure.unwrap_or(u64::MAX),
        _ => sure.map_or(u64::MAX, |bits| 1.0_f64.to_bits() - bits),
    };
    (standing, sure, brief.index())
}

/// Of these cases, what each endpoint said: the briefs of first repeats, in plan order.
pub(super) fn elsewhere<'a>(run: &'a Run, cases: &HashSet<Name>) -> Vec<&'a Brief> {
    let first = |brief: &&Brief| brief.repeat() == 0 && cases.contains(&brief.case());
    run.briefs().iter().filter(first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Outcome;
    use crate::record::tests::{header, judged};
    use crate::snapshot::{Accepted, Snapshot, Standing as Standings};

    #[test]
    fn the_gravest_and_surest_come_first() {
        let records = vec![
            judged(0, Outcome::Correct, Some(0.99)),
            judged(1, Outcome::Incorrect, Some(0.85)),
            judged(2, Outcome::Unparsable, None),
            judged(3, Outcome::Incorrect, Some(0.2)),
            judged(4, Outcome::Correct, Some(0.3)),
            judged(5, Outcome::Incorrect, Some(0.95)),
            judged(6, Outcome::Incorrect, None),
            judged(7, Outcome::Abstained, None),
        ];
        let run = Run::of(header(8), records);
        let telling = Telling::of(&run, &Marks::default());
        let order: Vec<usize> = telling.entries.iter().map(|at| at.worst.index()).collect();
        assert_eq!(order, [5, 1, 3, 6, 2, 7, 4, 0]);
        assert_eq!(telling.counts, [2, 2, 1, 1, 2]);
    }

    #[test]
    fn repeats_are_one_entry_by_their_worst_answer() {
        let mut records: Vec<_> = [
            (Outcome::Correct, 0.9),
            (Outcome::Incorrect, 0.85),
            (Outcome::Incorrect, 0.95),
            (Outcome::Incorrect, 0.1),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, (outcome, sure))| judged(index, outcome, Some(sure)))
        .collect();
        for record in &mut records {
            record.case = "one".into();
            record.repeat = u32::try_from(record.index).unwrap();
        }
        let run = Run::of(header(4), records);
        let telling = Telling::of(&run, &Marks::default());
        let [entry] = telling.entries.as_slice() else { panic!("one case") };
        assert_eq!((entry.worst.index(), entry.times, entry.of), (2, 2, 4));
        assert_eq!((telling.all(), telling.counts[0]), (1, 1));
    }

    #[test]
    fn a_page_ranks_as_many_as_could_fit_and_counts_all() {
        let records = (0..MOST + 10).map(|index| judged(index, Outcome::Correct, Some(0.9)));
        let run = Run::of(header(MOST + 10), records.collect());
        let telling = Telling::of(&run, &Marks::default());
        assert_eq!((telling.entries.len(), telling.all()), (MOST, MOST + 10));
        // All are alike, so the last would be left out.
        assert!(telling.entries.iter().all(|at| at.worst.index() < MOST));
        let last = format!("case-{}", MOST + 9);
        let mut accepted = Snapshot::of(&run, "model").unwrap();
        accepted.lines.retain(|case, _| *case != last);
        let accepted = [Accepted { file: "a.snap".into(), snapshot: accepted }];
        let standings = Standings::of(&run, true, &accepted).unwrap();
        let telling = Telling::of(&run, &Marks::of(&standings));
        assert_eq!(telling.entries.len(), MOST);
        let waiting = telling.entries.last().unwrap();
        assert_eq!((waiting.worst.index(), waiting.waits), (MOST + 9, true));
    }
}
