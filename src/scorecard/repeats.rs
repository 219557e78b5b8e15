//! Cases that were asked several times: which answers hold, and which change from one to the next.

use serde::Serialize;

use crate::record::{Brief, Run, Unreadable};

/// How many unstable cases a card lists; all are counted.
const LISTED: usize = 100;

/// What became of the repeats at one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// How often each case is asked.
    pub k: u32,
    /// Cases whose graded repeats agree.
    pub stable: usize,
    /// Of those, cases that are right every time.
    pub always_right: usize,
    /// Of those, cases that are wrong every time.
    pub always_wrong: usize,
    /// Cases that are right at times and wrong at others.
    pub unstable: usize,
    /// Cases of which no repeat was graded.
    pub ungraded: usize,
    /// The unstable cases, the worst first: confidently wrong most often, then nearest to half
    /// right. At most 100 of them.
    pub cases: Vec<RepeatedCase>,
}

/// A case that was asked several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepeatedCase {
    /// Name of the case.
    pub case: String,
    /// How often it was right.
    pub right: usize,
    /// Of how many times that it was graded.
    pub graded: usize,
    /// How often it was confidently wrong.
    pub confident_wrong: usize,
    /// The question for people. Not written: the records have it.
    #[serde(skip)]
    pub question: String,
}

/// A case with a confident wrong answer.
#[derive(Debug, Clone, Copy)]
pub struct ConfidentlyWrong<'a> {
    /// The surest of its confident wrong answers.
    pub brief: &'a Brief,
    /// How often it was confidently wrong.
    pub times: usize,
    /// Of how many times that it was graded.
    pub graded: usize,
}

impl Repeats {
    /// Counts the repeats of one endpoint; none where every case is asked once.
    pub(super) fn of(run: &Run, briefs: &[&Brief]) -> Result<Option<Repeats>, Unreadable> {
        let k = run.header.repeats.get();
        if k == 1 {
            return Ok(None);
        }
        let cases = by_case(run, briefs.iter().copied());
        let count = |holds: fn(&Tally<'_>) -> bool| cases.iter().filter(|case| holds(case)).count();
        let (always_right, always_wrong) = (
            count(|case| case.graded > 0 && case.right == case.graded),
            count(|case| case.graded > 0 && case.right == 0),
        );
        let mut unstable: Vec<&Tally<'_>> =
            cases.iter().filter(|case| case.is_unstable()).collect();
        unstable.sort_by(|a, b| a.badness().total_cmp(&b.badness()).reverse());
        let listed = unstable.iter().take(LISTED).map(|case| case.listed(run));
        Ok(Some(Repeats {
            k,
            stable: always_right + always_wrong,
            always_right,
            always_wrong,
            unstable: unstable.len(),
            ungraded: count(|case| case.graded == 0),
            cases: listed.collect::<Result<_, _>>()?,
        }))
    }
}

/// The confident wrong answers of an endpoint, an entry a case: the surest first, then the most
/// frequent, then in plan order.
#[must_use]
pub fn confident_wrong<'a>(run: &'a Run, endpoint: &'a str) -> Vec<ConfidentlyWrong<'a>> {
    let cases = by_case(run, run.of_endpoint(endpoint));
    let mut ranked: Vec<ConfidentlyWrong<'a>> = cases
        .iter()
        .filter_map(|case| {
            let (times, graded) = (case.confident_wrong, case.graded);
            case.surest.map(|brief| ConfidentlyWrong { brief, times, graded })
        })
        .collect();
    ranked.sort_by(|a, b| {
        let surer = sureness(b.brief).total_cmp(&sureness(a.brief));
        surer.then(b.times.cmp(&a.times)).then(a.brief.index().cmp(&b.brief.index()))
    });
    ranked
}

fn sureness(brief: &Brief) -> f64 {
    brief.primary().unwrap_or(0.0)
}

/// A case, being counted.
struct Tally<'a> {
    first: &'a Brief,
    right: usize,
    graded: usize,
    confident_wrong: usize,
    surest: Option<&'a Brief>,
}

/// The cases in plan order.
fn by_case<'a>(run: &Run, briefs: impl Iterator<Item = &'a Brief>) -> Vec<Tally<'a>> {
    // The place of a case among those counted, one more, by the number of its name.
    let mut number: Vec<u32> = vec![0; run.names()];
    let mut cases: Vec<Tally<'a>> = Vec::new();
    for brief in briefs {
        let at = &mut number[brief.case().place()];
        if *at == 0 {
            cases.push(Tally {
                first: brief,
                right: 0,
                graded: 0,
                confident_wrong: 0,
                surest: None,
            });
            *at = u32::try_from(cases.len()).expect("fewer cases than names");
        }
        cases[*at as usize - 1].add(brief);
    }
    cases
}

impl<'a> Tally<'a> {
    fn add(&mut self, brief: &'a Brief) {
        self.right += usize::from(brief.right() == Some(true));
        self.graded += usize::from(brief.kind().is_graded());
        if brief.confident_wrong() == Some(true) {
            self.confident_wrong += 1;
            if self.surest.is_none_or(|surest| sureness(brief) > sureness(surest)) {
                self.surest = Some(brief);
            }
        }
    }

    fn is_unstable(&self) -> bool {
        0 < self.right && self.right < self.graded
    }

    /// Whole numbers for how often it is confidently wrong, and below them 1 for half right and 0
    /// for always the same.
    #[expect(clippy::cast_precision_loss, reason = "repeats of a case are few")]
    fn badness(&self) -> f64 {
        let share = self.right as f64 / self.graded.max(1) as f64;
        2.0 * self.confident_wrong as f64 + 4.0 * share * (1.0 - share)
    }

    fn listed(&self, run: &Run) -> Result<RepeatedCase, Unreadable> {
        Ok(RepeatedCase {
            case: run.name(self.first.case()).to_owned(),
            right: self.right,
            graded: self.graded,
            confident_wrong: self.confident_wrong,
            question: run.record(self.first)?.question,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{header, judged};
    use crate::record::{Outcome, Quadrant, Record};

    /// A run of cases asked five times, each right as often as this says, else wrong and sure.
    fn run(right: &[usize]) -> Vec<Record> {
        let record = |case: usize, repeat: usize| {
            let good = repeat < right[case];
            let outcome = if good { Outcome::Correct } else { Outcome::Incorrect };
            let mut record = judged(case * 5 + repeat, outcome, Some(0.9));
            record.case = format!("case-{case}");
            record
        };
        let records = (0..right.len()).flat_map(|case| (0..5).map(move |repeat| (case, repeat)));
        records.map(|(case, repeat)| record(case, repeat)).collect()
    }

    fn read(records: Vec<Record>, repeats: u32) -> Run {
        let mut header = header(records.len());
        header.repeats = std::num::NonZeroU32::new(repeats).unwrap();
        Run::of(header, records)
    }

    fn repeats(records: Vec<Record>) -> Repeats {
        let run = read(records, 5);
        Repeats::of(&run, &run.briefs().iter().collect::<Vec<_>>()).unwrap().unwrap()
    }

    #[test]
    fn the_worst_are_wrong_and_sure_most_often_and_then_nearest_to_half() {
        let mut records = run(&[5, 4, 0, 2, 3, 1]);
        // One that was never graded, and one that is unsure whenever it is wrong.
        for record in &mut records[..5] {
            (record.outcome, record.quadrant) = (Outcome::Refused, None);
        }
        for record in &mut records[15..20] {
            record.quadrant = record.quadrant.filter(|at| *at != Quadrant::ConfidentWrong);
        }
        let repeats = repeats(records);
        assert_eq!((repeats.stable, repeats.always_right, repeats.always_wrong), (1, 0, 1));
        assert_eq!((repeats.unstable, repeats.ungraded), (4, 1));
        let order: Vec<&str> = repeats.cases.iter().map(|case| case.case.as_str()).collect();
        assert_eq!(order, ["case-5", "case-4", "case-1", "case-3"]);
        assert_eq!((repeats.cases[1].right, repeats.cases[1].confident_wrong), (3, 2));
    }

    #[test]
    fn a_card_lists_a_hundred_and_counts_all() {
        let repeats = repeats(run(&[3; 130]));
        assert_eq!((repeats.unstable, repeats.cases.len()), (130, 100));
        assert_eq!(repeats.cases[99].case, "case-99");
    }

    #[test]
    fn a_case_is_ranked_once_by_its_surest_answer() {
        let mut records = run(&[4, 0, 5]);
        records[7].primary = Some(0.97);
        let run = read(records, 5);
        let ranked = confident_wrong(&run, "model");
        let told: Vec<_> =
            ranked.iter().map(|at| (at.brief.index(), at.times, at.graded)).collect();
        assert_eq!(told, [(7, 5, 5), (4, 1, 5)]);
    }

    #[test]
    fn what_was_asked_once_has_no_repeats() {
        let run = read(run(&[3]), 1);
        assert_eq!(Repeats::of(&run, &run.briefs().iter().collect::<Vec<_>>()).unwrap(), None);
    }
}
