use proptest::prelude::*;

use super::*;
use crate::budget::{AtLeast, ConfidentWrong};
use crate::gate::{Decision, Versus};
use crate::record::Outcome;
use crate::record::tests::{changed, header, judged};
use crate::scorecard::{Calls, Scorecard};

/// A run of which so many trials are finished: `true` is wrong and sure, `false` right and sure.
fn run(budget: Budget, wrong: &[bool], planned: usize) -> Run {
    let mut header = header(planned);
    header.budget = Budget { early_stop: true, ..budget };
    let record = |(index, wrong): (usize, &bool)| {
        let outcome = if *wrong { Outcome::Incorrect } else { Outcome::Correct };
        judged(index, outcome, Some(0.9))
    };
    Run::of(header, wrong.iter().enumerate().map(record).collect())
}

fn at_most(max_rate: f64) -> Budget {
    Budget { confident_wrong: Some(crate::record::tests::at_most(max_rate)), ..Budget::default() }
}

fn decide(run: &Run) -> Decision {
    let early = EarlyStop::of(run).unwrap();
    let run = &early.trimmed(run.clone());
    let (calls, scorecard) = (Calls::new(&run.header), Scorecard::of(run).unwrap());
    Decision::judged(run, &calls, &scorecard, Some(&early), Versus::default()).unwrap()
}

#[test]
fn a_model_far_from_its_limit_is_decided_by_a_few_trials() {
    let good = decide(&run(at_most(0.1), &[false; 500], 500));
    let bad = decide(&run(at_most(0.1), &[true; 500], 500));
    assert_eq!((good.exit_code, bad.exit_code), (0, 1));
    let told = |decision: &Decision| decision.lines[0].sentence.clone();
    insta::assert_snapshot!(told(&good), @"0 of 77 answers are confidently wrong (0%); with 99.5% confidence, at any moment, from 0% to 9.9%, where the limit is 10%: it passes, decided early after 77 of 500 trials");
    insta::assert_snapshot!(told(&bad), @"3 of 3 answers are confidently wrong (100%); with 99.5% confidence, at any moment, from 11.6% to 100%, where the limit is 10%: it fails, decided early after 3 of 500 trials");
    assert!(good.early.unwrap().needed < 120, "{:?}", good.early);
    assert!(good.complete, "what is not needed is not missing");
}

#[test]
fn trials_beyond_what_was_needed_change_nothing() {
    let wrong: Vec<bool> = (0..400).map(|index| index % 9 == 0).collect();
    let all = run(at_most(0.4), &wrong, 400);
    let needed = EarlyStop::of(&all).unwrap().needed().unwrap();
    assert!(needed < 200);
    for more in [0, 1, 7, 100] {
        let some = run(at_most(0.4), &wrong[..needed + more], 400);
        assert_eq!(decide(&some), decide(&all));
    }
    let too_few = run(at_most(0.4), &wrong[..needed - 1], 400);
    assert_eq!(decide(&too_few).exit_code, 3, "stopped, and nothing settled");
}

#[test]
fn a_plan_of_any_size_is_looked_at() {
    // As in a damaged header.
    let most = run(at_most(0.5), &[true, false, true], usize::MAX);
    assert_eq!(EarlyStop::of(&most).unwrap().needed(), None);
}

#[test]
fn an_outage_is_not_stopped_early() {
    let outage = changed(run(at_most(0.1), &[false; 300], 300), |records| {
        for record in &mut records[..30] {
            (record.outcome, record.quadrant, record.primary) = (Outcome::Refused, None, None);
        }
    });
    let needed = EarlyStop::of(&outage).unwrap().needed();
    assert_eq!(needed, None, "270 of 300 are too few, whatever they show");
}

#[test]
fn all_lines_must_be_settled_at_all_endpoints() {
    let both = Budget {
        confident_wrong: Some(ConfidentWrong {
            max_rate: Some(0.3),
            max_count: Some(20),
            level: 0.95,
        }),
        accuracy: Some(AtLeast { min: 0.5, level: 0.95 }),
        ..Budget::default()
    };
    let needed =
        |budget: Budget| EarlyStop::of(&run(budget, &[false; 200], 200)).unwrap().needed().unwrap();
    // Of 200 right answers, 180 make sure that no more than 20 are wrong.
    assert_eq!(needed(both.clone()), 180);
    let rate = Budget { confident_wrong: Some(crate::record::tests::at_most(0.3)), ..both };
    assert!(needed(rate) < 60);
}

#[test]
fn a_brier_score_is_settled_by_its_capital() {
    let budget = |max| Budget {
        calibration: Some(budget::Calibration {
            max_ks: None,
            max_brier: Some(max),
            consistent: false,
            level: 0.95,
        }),
        ..Budget::default()
    };
    // Right at 0.9: every loss is 0.01.
    let good = decide(&run(budget(0.2), &[false; 400], 400));
    assert_eq!(good.lines[0].verdict, Verdict::Pass);
    assert!(good.lines[0].early.is_some() && good.early.unwrap().needed < 200);
    let bad = decide(&run(budget(0.2), &[true; 400], 400));
    assert_eq!((bad.lines[0].verdict, bad.exit_code), (Verdict::Fail, 1));
}

proptest! {
    #[test]
    fn what_is_certain_comes_true_however_it_goes_on(
        start in prop::collection::vec(prop::bool::weighted(0.2), 1..60),
        rest in prop::collection::vec((any::<bool>(), 0..4_u8), 60),
        max_rate in prop::sample::select(vec![0.05, 0.15, 0.3, 0.6]),
    ) {
        let planned = 60;
        let all = run(at_most(max_rate), &start, planned);
        let early = EarlyStop::of(&all).unwrap();
        let watched = &early.endpoints[0].lines[0];
        let Some(settled) = watched.settled.filter(|at| at.by == By::Certainty) else {
            return Ok(());
        };
        let others = rest.iter().enumerate().skip(start.len()).map(|(index, (wrong, fate))| {
            let outcome = match fate {
                0 => Outcome::Refused,
                _ if *wrong => Outcome::Incorrect,
                _ => Outcome::Correct,
            };
            let sure = outcome.is_graded().then_some(0.9);
            judged(index, outcome, sure)
        });
        let all = changed(all, |records| records.extend(others));
        let at_the_end = at_the_end(&all.header.budget);
        let card = &Scorecard::of(&all).unwrap().endpoints[0];
        let line = &super::super::lines(&all, &Calls::new(&all.header), card, &at_the_end)[0];
        prop_assert_eq!(line.verdict, settled.verdict, "{}", line.sentence);
    }

    #[test]
    fn the_order_of_finishing_does_not_matter(
        wrong in prop::collection::vec(prop::bool::weighted(0.1), 200),
        order in Just((0..200_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let run = run(at_most(0.3), &wrong, 200);
        let mut early = EarlyStop::new(&run.header).unwrap();
        for index in order {
            early.add(&run.record(&run.briefs()[index]).unwrap(), &run.header);
        }
        prop_assert_eq!(early.needed(), EarlyStop::of(&run).unwrap().needed());
    }
}
