use super::super::Decision;
use super::*;
use crate::budget::{Budget, Cases, NotMeasured};
use crate::record::Run;
use crate::record::tests::{changed, header, judged};
use crate::record::{AskError, AskErrorKind, Outcome, Record};
use crate::scorecard::{Against, Baseline, Calls, Scorecard};
use crate::snapshot::{Found, Standing};

/// A run of so many cases of which these are wrong, and sure.
fn run(cases: usize, wrong: std::ops::Range<usize>) -> Run {
    let records = (0..cases).map(|index| {
        let outcome = if wrong.contains(&index) { Outcome::Incorrect } else { Outcome::Correct };
        judged(index, outcome, Some(0.9))
    });
    let records = records.collect();
    let mut header = header(cases);
    let regression =
        Regression { against: "previous".into(), newly_confident_wrong: None, alpha: 0.05 };
    header.budget = Budget { regression: Some(regression), ..Budget::default() };
    Run::of(header, records)
}

fn found(run: &Run) -> Against {
    Against::found("previous", Baseline::of(run, "reports/demo/before", 0.8).unwrap())
}

fn decide(run: &Run, against: Option<&Against>) -> (Verdict, u8, String) {
    let (calls, scorecard) = (Calls::new(&run.header), Scorecard::of(run).unwrap());
    let decision =
        Decision::judged(run, &calls, &scorecard, None, Versus { against, ..Versus::default() })
            .unwrap();
    let line = decision.lines.iter().find(|line| line.line == "regression").unwrap();
    (line.verdict, decision.exit_code, line.sentence.clone())
}

#[test]
fn worse_fails_and_anything_else_passes_with_what_it_could_have_seen() {
    let before = found(&run(120, 0..20));
    let told = [run(120, 0..40), run(120, 0..22), run(120, 0..5)].map(|run| {
        let (verdict, exit, sentence) = decide(&run, Some(&before));
        format!("{verdict:?} {exit} {sentence}")
    });
    insta::assert_snapshot!(told.join("\n"), @"
    Fail 1 against reports/demo/before: worse: 20 newly confident wrong; accuracy 83.3% → 66.7%, p < 0.001; Brier 0.143 → 0.277, p < 0.001; confident wrong 16.7% → 33.3%, p < 0.001
    Pass 0 against reports/demo/before: no significant change, p = 0.750; these cases can show a drop of 9.6 points in accuracy
    Pass 0 against reports/demo/before: better: accuracy 83.3% → 95.8%, p < 0.001; Brier 0.143 → 0.043, p < 0.001; confident wrong 16.7% → 4.2%, p < 0.001 (the p of better; of worse, which the line is about, p = 1.000)
    ");
}

#[test]
fn where_nothing_could_be_seen_nobody_can_tell() {
    let (verdict, exit, sentence) = decide(&run(5, 0..3), Some(&found(&run(5, 0..0))));
    assert_eq!((verdict, exit), (Verdict::Undecided, 1));
    assert!(
        sentence.ends_with("so few independent cases can show no drop in accuracy, however large"),
        "{sentence}"
    );
}

#[test]
fn without_a_baseline_nothing_is_measured() {
    let (now, missing) =
        (run(40, 0..2), Against::missing("previous", "there is no earlier run".into()));
    let (verdict, exit, sentence) = decide(&now, Some(&missing));
    assert_eq!(
        (verdict, exit, sentence.as_str()),
        (Verdict::NotMeasured, 0, "there is no earlier run")
    );
    let mut strict = run(40, 0..2);
    strict.header.budget.not_measured = NotMeasured::Fail;
    assert_eq!(decide(&strict, Some(&missing)).1, 1);
    assert_eq!(decide(&now, None).0, Verdict::NotMeasured);
}

#[test]
fn what_is_another_suite_is_not_compared() {
    let other = changed(run(40, 0..2), |records| {
        for record in &mut records[..5] {
            record.content = crate::record::Digest::of(&"another question");
        }
    });
    let (verdict, _, sentence) = decide(&run(40, 0..2), Some(&found(&other)));
    assert_eq!(verdict, Verdict::NotMeasured);
    assert!(sentence.contains("of 5 of 40 cases is another one"), "{sentence}");
    let lost = changed(run(40, 0..2), |records| {
        for record in &mut records[..5] {
            *record = judged(record.index, Outcome::Unparsable, None);
        }
    });
    let (verdict, _, sentence) = decide(&run(40, 0..2), Some(&found(&lost)));
    assert_eq!(verdict, Verdict::NotMeasured);
    assert!(sentence.contains("only 87.5% of the baseline's answers"), "{sentence}");
}

#[test]
fn another_endpoint_is_the_same_where_there_is_one_only() {
    let mut renamed = run(60, 0..2);
    renamed.header.endpoints[0].name = "other".into();
    let renamed = changed(renamed, |records| {
        for record in records {
            record.endpoint = "other".into();
        }
    });
    assert_eq!(decide(&run(60, 0..2), Some(&found(&renamed))).0, Verdict::Pass);
    let mut two = run(60, 0..2);
    two.header.endpoints.push(renamed.header.endpoints[0].clone());
    let mut against = found(&two);
    against.baseline.as_mut().unwrap().endpoints.remove(0);
    let mut several = run(60, 0..2);
    several.header.endpoints.push(renamed.header.endpoints[0].clone());
    let (verdict, _, sentence) = decide(&several, Some(&against));
    assert_eq!(verdict, Verdict::NotMeasured);
    assert!(sentence.ends_with("did not ask the endpoint `model`"), "{sentence}");
}

/// A run of so many cases, asked five times each, as this says of a case and a repeat.
fn repeated(
    cases: usize,
    against: &str,
    max: u64,
    said: impl Fn(usize, u32) -> (Outcome, Option<f64>),
) -> Run {
    let trials = (0..cases).flat_map(|case| (0..5).map(move |repeat| (case, repeat)));
    let records = trials.enumerate().map(|(index, (case, repeat))| {
        let (outcome, sure) = said(case, repeat);
        Record {
            index,
            trial: format!("case-{case}#{repeat}@model"),
            repeat,
            ..judged(case, outcome, sure)
        }
    });
    let records = records.collect();
    let mut header = header(cases * 5);
    header.repeats = 5.try_into().unwrap();
    let newly_confident_wrong = Some(Cases { max });
    let regression = Regression { against: against.into(), newly_confident_wrong, alpha: 0.05 };
    header.budget = Budget { regression: Some(regression), ..Budget::default() };
    Run::of(header, records)
}

const RIGHT: (Outcome, Option<f64>) = (Outcome::Correct, Some(0.9));
const WRONG: (Outcome, Option<f64>) = (Outcome::Incorrect, Some(0.9));

fn lost() -> (Outcome, Option<f64>) {
    (Outcome::Failed(AskError::new(AskErrorKind::Timeout, "timed out")), None)
}

/// Every fourth is wrong.
fn fourth(case: usize) -> (Outcome, Option<f64>) {
    if case % 4 == 3 { WRONG } else { RIGHT }
}

/// What is said of a run held against a snapshot of another one, a line each.
fn against_snapshot(before: &Run, now: &Run) -> String {
    use crate::snapshot::{Accepted, Snapshot};
    let snapshot = Snapshot::of(before, "model").unwrap();
    let accepted = Accepted { file: "suites/snapshots/demo@model.snap".into(), snapshot };
    let standings = Standing::of(now, Found::is_whole(now), &[accepted]).unwrap();
    told(now, Versus { standings: &standings, against: None })
}

fn told(run: &Run, versus: Versus<'_>) -> String {
    let (calls, scorecard) = (Calls::new(&run.header), Scorecard::of(run).unwrap());
    let decision = Decision::judged(run, &calls, &scorecard, None, versus).unwrap();
    let lines = decision.lines.iter().filter(|line| line.line.starts_with("regression"));
    let told = lines.map(|line| {
        let Line { line, verdict, count, n, sentence, .. } = line;
        format!("{line}: {verdict:?} {count:?} of {n}: {sentence}")
    });
    told.collect::<Vec<_>>().join("\n")
}

/// The same against a run and against what was accepted of it; the two tell the same cases.
fn both(before: &Run, now: &Run) -> String {
    let of_snapshot = against_snapshot(before, now);
    let mut of_run = now.header.clone();
    of_run.budget.regression.as_mut().unwrap().against = "previous".into();
    let records = now.records().collect::<Result<_, _>>().unwrap();
    let of_run =
        told(&Run::of(of_run, records), Versus { against: Some(&found(before)), standings: &[] });
    let last = |text: &str| {
        let line = text.lines().last().unwrap().to_owned();
        let (name, from) = line.split_once("against ").unwrap();
        format!("{name}{}", from.split_once(": ").unwrap().1)
    };
    assert_eq!(last(&of_snapshot), last(&of_run));
    of_snapshot
}

#[test]
fn cases_are_counted_and_named_beside_what_they_are_together() {
    let before = repeated(40, "snapshot", 0, |case, _| fourth(case));
    let one = repeated(40, "snapshot", 0, |case, _| if case == 4 { WRONG } else { fourth(case) });
    let many =
        |max| repeated(40, "snapshot", max, |case, _| if case < 12 { WRONG } else { fourth(case) });
    // A case that was always right and is wrong four times of five may be the same as ever.
    let wobbles =
        repeated(
            40,
            "snapshot",
            0,
            |case, repeat| {
                if case == 4 && repeat > 0 { WRONG } else { fourth(case) }
            },
        );
    let told = [one, many(8), many(9), wobbles].map(|now| both(&before, &now));
    insta::assert_snapshot!(told.join("\n"), @"
    regression: Pass Some(5) of 200: against suites/snapshots/demo@model.snap: no significant change, p = 1.000; these cases can show a drop of 21.5 points in accuracy
    regression.newly_confident_wrong: Fail Some(1) of 40: against suites/snapshots/demo@model.snap: 1 of 40 cases is newly confident wrong (case-4), at most 0 may be
    regression: Fail Some(45) of 200: against suites/snapshots/demo@model.snap: worse: 45 answers newly confident wrong; accuracy 75% → 52.5%, p = 0.004; confident wrong 25% → 47.5%, p = 0.004
    regression.newly_confident_wrong: Fail Some(9) of 40: against suites/snapshots/demo@model.snap: 9 of 40 cases are newly confident wrong (case-0, case-1, case-10, 6 more), at most 8 may be
    regression: Fail Some(45) of 200: against suites/snapshots/demo@model.snap: worse: 45 answers newly confident wrong; accuracy 75% → 52.5%, p = 0.004; confident wrong 25% → 47.5%, p = 0.004
    regression.newly_confident_wrong: Pass Some(9) of 40: against suites/snapshots/demo@model.snap: 9 of 40 cases are newly confident wrong (case-0, case-1, case-10, 6 more), at most 9 may be
    regression: Pass Some(4) of 200: against suites/snapshots/demo@model.snap: no significant change, p = 1.000; these cases can show a drop of 21.1 points in accuracy
    regression.newly_confident_wrong: Pass Some(0) of 40: against suites/snapshots/demo@model.snap: 0 of 40 cases are newly confident wrong, at most 0 may be
    ");
}

#[test]
fn an_outage_is_no_pass_where_what_was_lost_could_be_too_much() {
    let before = repeated(40, "snapshot", 0, |case, _| fourth(case));
    // Case 3 was wrong before, and of the draws of 8 one is missing, which could not have been enough.
    let out = |max, from: usize| {
        repeated(40, "snapshot", max, move |case, repeat| match case {
            3 => lost(),
            8 if repeat == 2 => lost(),
            _ if case >= from => lost(),
            _ => fourth(case),
        })
    };
    let told = [out(0, 99), out(0, 38), out(1, 38), out(0, 9), out(50, 9), out(0, 0)]
        .map(|now| both(&before, &now));
    insta::assert_snapshot!(told.join("\n"), @"
    regression: Pass Some(0) of 194: against suites/snapshots/demo@model.snap: no significant change, p = 1.000; these cases can show a drop of 20.4 points in accuracy
    regression.newly_confident_wrong: Pass Some(0) of 39: against suites/snapshots/demo@model.snap: 0 of 39 cases are newly confident wrong, at most 0 may be
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: only 92% of the candidate's answers could be judged, and a comparison needs 95%
    regression.newly_confident_wrong: Undecided Some(0) of 37: against suites/snapshots/demo@model.snap: 0 of 37 cases are newly confident wrong, at most 0 may be; 1 more could be, not heard or not judged (case-38); only 92% of the candidate's answers could be judged, and a comparison needs 95%
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: only 92% of the candidate's answers could be judged, and a comparison needs 95%
    regression.newly_confident_wrong: NotMeasured Some(0) of 37: against suites/snapshots/demo@model.snap: 0 of 37 cases are newly confident wrong, at most 1 may be; 1 more could be, not heard or not judged (case-38); only 92% of the candidate's answers could be judged, and a comparison needs 95%
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: only 19.5% of the candidate's answers could be judged, and a comparison needs 95%
    regression.newly_confident_wrong: Undecided Some(0) of 8: against suites/snapshots/demo@model.snap: 0 of 8 cases are newly confident wrong, at most 0 may be; 23 more could be, not heard or not judged (case-10, case-12, case-13, 20 more); only 19.5% of the candidate's answers could be judged, and a comparison needs 95%
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: only 19.5% of the candidate's answers could be judged, and a comparison needs 95%
    regression.newly_confident_wrong: NotMeasured Some(0) of 8: against suites/snapshots/demo@model.snap: 0 of 8 cases are newly confident wrong, at most 50 may be; 23 more could be, not heard or not judged (case-10, case-12, case-13, 20 more); only 19.5% of the candidate's answers could be judged, and a comparison needs 95%
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: no case was judged on both sides
    regression.newly_confident_wrong: NotMeasured None of 0: against suites/snapshots/demo@model.snap: no case could be compared; 30 more could be, not heard or not judged (case-0, case-1, case-10, 27 more)
    ");
}

#[test]
fn what_nobody_judged_could_be_confidently_wrong_and_a_refusal_is_not() {
    let before = repeated(40, "snapshot", 0, |case, _| fourth(case));
    let said =
        |outcome: fn() -> Outcome| {
            let now = repeated(40, "snapshot", 0, move |case, _| {
                if case == 5 { (outcome(), None) } else { fourth(case) }
            });
            let told = against_snapshot(&before, &now);
            told.lines().last().unwrap().to_owned()
        };
    let told = [
        said(|| Outcome::Ungraded("tie".into())),
        said(|| Outcome::Incorrect),
        said(|| Outcome::Refused),
        said(|| Outcome::Abstained),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    regression.newly_confident_wrong: Undecided Some(0) of 40: against suites/snapshots/demo@model.snap: 0 of 40 cases are newly confident wrong, at most 0 may be; 1 more could be, not heard or not judged (case-5)
    regression.newly_confident_wrong: Undecided Some(0) of 40: against suites/snapshots/demo@model.snap: 0 of 40 cases are newly confident wrong, at most 0 may be; 1 more could be, not heard or not judged (case-5)
    regression.newly_confident_wrong: Pass Some(0) of 40: against suites/snapshots/demo@model.snap: 0 of 40 cases are newly confident wrong, at most 0 may be
    regression.newly_confident_wrong: Pass Some(0) of 40: against suites/snapshots/demo@model.snap: 0 of 40 cases are newly confident wrong, at most 0 may be
    ");
    // Who accepted that nobody can judge it waits for nothing.
    let ungraded = |case| {
        if case == 5 { (Outcome::Ungraded("tie".into()), None) } else { fourth(case) }
    };
    let twice = repeated(40, "snapshot", 0, |case, _| ungraded(case));
    let told = against_snapshot(&twice, &twice);
    assert!(told.lines().last().unwrap().contains(": Pass "), "{told}");
}

#[test]
fn what_was_reworded_or_added_is_not_counted_and_too_much_of_it_decides_nothing() {
    let before = repeated(40, "snapshot", 0, |case, _| fourth(case));
    let reworded = |upto: usize| {
        let now = repeated(41, "snapshot", 0, |case, _| {
            if case < upto || case == 40 { WRONG } else { fourth(case) }
        });
        changed(now, |records| {
            for record in records.iter_mut().filter(|record| record.index < upto * 5) {
                record.content = crate::record::Digest::of(&record.case);
            }
        })
    };
    let told = [reworded(2), reworded(9), reworded(40)].map(|now| both(&before, &now));
    insta::assert_snapshot!(told.join("\n"), @"
    regression: Pass Some(0) of 190: against suites/snapshots/demo@model.snap: no significant change, p = 1.000; these cases can show a drop of 20.4 points in accuracy
    regression.newly_confident_wrong: Pass Some(0) of 38: against suites/snapshots/demo@model.snap: 0 of 38 cases are newly confident wrong, at most 0 may be; 2 with another question or grader left out
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: the question or the grader of 9 of 40 cases is another one, and what changed cannot be compared
    regression.newly_confident_wrong: NotMeasured Some(0) of 31: against suites/snapshots/demo@model.snap: 0 of 31 cases are newly confident wrong, at most 0 may be; the question or the grader of 9 of 40 cases is another one, and what changed cannot be compared
    regression: NotMeasured None of 0: against suites/snapshots/demo@model.snap: the question or the grader of 40 of 40 cases is another one, and what changed cannot be compared
    regression.newly_confident_wrong: NotMeasured None of 0: against suites/snapshots/demo@model.snap: no case could be compared; 40 with another question or grader left out
    ");
}

#[test]
fn without_an_accepted_snapshot_both_lines_say_what_to_do() {
    let now = repeated(4, "snapshot", 0, |case, _| fourth(case));
    let before = found(&now);
    // A run is there, and is not what the line is against.
    let told = told(&now, Versus { against: Some(&before), standings: &[] });
    insta::assert_snapshot!(told, @"
    regression: NotMeasured None of 0: no answers of `model` had been accepted when the run began: look at them with `overclaim review`, or take all with `overclaim accept`
    regression.newly_confident_wrong: NotMeasured None of 0: no answers of `model` had been accepted when the run began: look at them with `overclaim review`, or take all with `overclaim accept`
    ");
}

#[test]
fn a_part_of_a_run_is_judged_by_its_cases_and_a_stopped_one_is_open() {
    let before = repeated(40, "snapshot", 0, |case, _| fourth(case));
    let part = |stopped: bool| {
        let mut now = repeated(30, "snapshot", 0, |case, _| fourth(case));
        now.header.selection.limit = Some(30);
        if stopped {
            now.header.planned = 200;
            now.header.selection.limit = None;
        }
        against_snapshot(&before, &now).lines().last().unwrap().to_owned()
    };
    insta::assert_snapshot!([part(false), part(true)].join("\n"), @"
    regression.newly_confident_wrong: Pass Some(0) of 30: against suites/snapshots/demo@model.snap: 0 of 30 cases are newly confident wrong, at most 0 may be
    regression.newly_confident_wrong: Undecided Some(0) of 30: against suites/snapshots/demo@model.snap: 0 of 30 cases are newly confident wrong, at most 0 may be; 10 more could be, not asked
    ");
}

#[test]
fn another_threshold_is_said() {
    let before = repeated(40, "snapshot", 0, |case, _| fourth(case));
    let mut now = repeated(40, "snapshot", 0, |case, _| fourth(case));
    now.header.threshold = 0.95;
    let told = against_snapshot(&before, &now);
    assert!(
        told.contains("demo@model.snap (accepted at a threshold of 0.8, now 0.95): "),
        "{told}"
    );
}

#[test]
fn noise_of_draws_is_no_trend_whichever_side_has_more_of_them() {
    // Every case is right in three of five draws, on different ones.
    let wobbly = |shift: u32| {
        repeated(60, "snapshot", 0, move |case, repeat| {
            let place = (u32::try_from(case).unwrap() * 7 + repeat * 3 + shift) % 5;
            if place < 3 { RIGHT } else { WRONG }
        })
    };
    let mut once = wobbly(1);
    once.header.repeats = 1.try_into().unwrap();
    once.header.planned = 60;
    let once = changed(once, |records| {
        records.retain(|record| record.repeat == 0);
        for (index, record) in records.iter_mut().enumerate() {
            record.index = index;
        }
    });
    for (before, now) in [(wobbly(0), wobbly(1)), (wobbly(0), once)] {
        let told = against_snapshot(&before, &now);
        let line = told.lines().next().unwrap();
        assert!(line.starts_with("regression: Pass "), "{told}");
        assert!(line.contains("no significant change"), "{told}");
    }
}
