use super::*;
use crate::record::tests::{changed, header, judged};
use crate::record::{AskError, AskErrorKind};
use crate::record::{Outcome, Record};
use crate::score::Proportion;

/// A run with so many right, confidently wrong, abstained and failed trials.
fn run(right: usize, wrong: usize, abstained: usize, failed: usize, budget: Budget) -> Run {
    let planned = right + wrong + abstained + failed;
    let failure = || Outcome::Failed(AskError::new(AskErrorKind::Network, "refused"));
    let records = (0..planned).map(|index| match index {
        index if index < right => judged(index, Outcome::Correct, Some(0.9)),
        index if index < right + wrong => judged(index, Outcome::Incorrect, Some(0.9)),
        index if index < right + wrong + abstained => judged(index, Outcome::Abstained, None),
        index => judged(index, failure(), None),
    });
    let records = records.collect();
    let mut header = header(planned);
    header.budget = budget;
    Run::of(header, records)
}

fn decide(run: &Run) -> Decision {
    let (calls, scorecard) = (Calls::new(&run.header), Scorecard::of(run).unwrap());
    Decision::judged(run, &calls, &scorecard, None, Versus::default()).unwrap()
}

fn at_most(max_rate: f64) -> Budget {
    Budget { confident_wrong: Some(crate::record::tests::at_most(max_rate)), ..Budget::default() }
}

fn told(decision: &Decision) -> String {
    let line = |line: &Line| format!("{:?} {} — {}", line.verdict, line.line, line.sentence);
    decision.lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_rate_passes_fails_or_stays_undecided_by_its_exact_limits() {
    // Limits by scipy.stats.beta: upper(2, 120) = 5.15 %, lower(26, 120) = 15.65 %,
    // lower(9, 120) = 3.97 %, upper(9, 120) = 12.72 %.
    let pass = decide(&run(118, 2, 0, 0, at_most(0.10)));
    let fail = decide(&run(94, 26, 0, 0, at_most(0.10)));
    let open = decide(&run(111, 9, 0, 0, at_most(0.10)));
    assert_eq!((pass.exit_code, fail.exit_code, open.exit_code), (0, 1, 1));
    insta::assert_snapshot!([told(&pass), told(&fail), told(&open)].join("\n"), @"
    Pass confident_wrong.max_rate — 2 of 120 answers are confidently wrong (1.7%); with 95% confidence at most 5.2%, within 10%
    Pass coverage.floor — 120 of 120 planned trials were measured
    Fail confident_wrong.max_rate — 26 of 120 answers are confidently wrong (21.7%); with 95% confidence at least 15.6%, above 10%: at most 6 of 120 would pass
    Pass coverage.floor — 120 of 120 planned trials were measured
    Undecided confident_wrong.max_rate — 9 of 120 answers are confidently wrong (7.5%); with 95% confidence from 4% to 12.7%, on both sides of 10%: about 413 cases would decide
    Pass coverage.floor — 120 of 120 planned trials were measured
    ");
}

#[test]
fn where_nothing_was_measured_nothing_good_is_said() {
    let line = &decide(&run(0, 0, 0, 9, at_most(0.10))).lines[0];
    assert_eq!(line.verdict, Verdict::NotMeasured);
    assert_eq!(
        line.sentence,
        "nothing was measured, so how many answers are confidently wrong is not known"
    );
}

#[test]
fn undecided_passes_only_where_the_suite_says_so() {
    let budget = Budget { undecided: budget::Verdict::Pass, ..at_most(0.10) };
    assert_eq!(decide(&run(111, 9, 0, 0, budget)).exit_code, 0);
}

#[test]
fn a_count_is_about_these_cases_and_unmeasured_ones_may_be_wrong() {
    let budget = |max| Budget {
        confident_wrong: Some(ConfidentWrong { max_rate: None, max_count: Some(max), level: 0.95 }),
        ..Budget::default()
    };
    let verdict = |run: &Run| decide(run).lines[0].verdict;
    assert_eq!(verdict(&run(97, 3, 0, 0, budget(3))), Verdict::Pass);
    assert_eq!(verdict(&run(97, 3, 0, 0, budget(2))), Verdict::Fail);
    assert_eq!(verdict(&run(96, 3, 0, 1, budget(3))), Verdict::Undecided);
    assert_eq!(verdict(&run(96, 3, 1, 0, budget(3))), Verdict::Pass, "an abstention is measured");
    assert_eq!(verdict(&run(0, 0, 0, 9, budget(3))), Verdict::NotMeasured);
}

#[test]
fn an_outage_is_neither_right_nor_wrong_and_ends_with_3() {
    let outage = decide(&run(90, 0, 0, 10, at_most(0.10)));
    assert_eq!(outage.exit_code, 3);
    insta::assert_snapshot!(told(&outage), @"
    Pass confident_wrong.max_rate — 0 of 90 answers are confidently wrong (0%); with 95% confidence at most 3.3%, within 10%
    Fail coverage.floor — 90 of 100 planned trials were measured, and every run needs 95%
    ");
    // Wrong answers do not hide behind an outage, but what was not seen is not judged.
    assert_eq!(decide(&run(40, 50, 0, 10, at_most(0.10))).exit_code, 3);
}

#[test]
fn lower_limits_on_accuracy_and_coverage_are_exact_too() {
    let least = |min| Some(AtLeast { min, level: 0.95 });
    let budget = |accuracy, coverage| Budget { accuracy, coverage, ..Budget::default() };
    let all = decide(&run(200, 0, 0, 0, budget(least(0.98), least(0.95))));
    assert_eq!(all.exit_code, 0, "{}", told(&all));
    let few = decide(&run(20, 0, 0, 0, budget(least(0.9), None)));
    assert_eq!(few.lines[0].verdict, Verdict::Undecided);
    let bad = decide(&run(50, 50, 0, 0, budget(least(0.9), None)));
    assert_eq!((bad.lines[0].verdict, bad.exit_code), (Verdict::Fail, 1));
    insta::assert_snapshot!([told(&all), told(&few), told(&bad)].join("\n"), @"
    Pass accuracy — 200 of 200 graded answers are right (100%); with 95% confidence at least 98.5%, above 98%
    Pass coverage — 200 of 200 planned trials were measured (100%); with 95% confidence at least 98.5%, above 95%
    Undecided accuracy — 20 of 20 graded answers are right (100%); with 95% confidence from 86.1% to 100%, on both sides of 90%: about 29 cases would decide
    Pass coverage.floor — 20 of 20 planned trials were measured
    Fail accuracy — 50 of 100 graded answers are right (50%); with 95% confidence at most 58.6%, below 90%: 96 of 100 would pass
    Pass coverage.floor — 100 of 100 planned trials were measured
    ");
}

#[test]
fn a_run_that_was_stopped_cannot_pass() {
    let partial = run(100, 0, 0, 0, at_most(0.10));
    let partial = changed(partial, |records| records.truncate(99));
    let decision = decide(&partial);
    assert!(!decision.complete);
    assert_eq!(decision.exit_code, 3);
}

#[test]
fn what_would_decide_decides() {
    let level = Level::P95;
    for (count, n, limit) in [(9, 120, 0.1), (1, 20, 0.04), (0, 10, 0.05), (30, 200, 0.12)] {
        let bound = Bound::AtMost(limit);
        let share = ClusteredProportion::from(Proportion::new(count, n).unwrap());
        assert_eq!(bound.judge(share, level), Verdict::Undecided);
        let cases = bound.would_decide(share, level).unwrap();
        let scaled = Proportion::new((count * cases + n / 2) / n, cases).unwrap();
        assert_ne!(bound.judge(scaled.into(), level), Verdict::Undecided, "{count} of {n}");
    }
    let share = Proportion::new(100, 1000).unwrap().into();
    assert_eq!(Bound::AtMost(0.1).would_decide(share, level), None, "the share is the limit");
}

/// So many cases asked five times, of which the first are confidently wrong so often each; groups
/// hold so many of them.
fn repeated(cases: usize, wrong: &[usize], group: usize, budget: Budget) -> Run {
    let record = |case: usize, repeat: usize| {
        let bad = repeat < wrong.get(case).copied().unwrap_or(0);
        let outcome = if bad { Outcome::Incorrect } else { Outcome::Correct };
        let mut record = judged(case * 5 + repeat, outcome, Some(0.9));
        record.case = format!("case-{case}");
        record.repeat = u32::try_from(repeat).unwrap();
        record.group = (group > 1).then(|| format!("group-{}", case / group));
        record
    };
    let records = (0..cases).flat_map(|case| (0..5).map(move |repeat| record(case, repeat)));
    let mut header = header(cases * 5);
    header.repeats = std::num::NonZeroU32::new(5).unwrap();
    header.budget = budget;
    Run::of(header, records.collect())
}

/// So many cases asked once, the first ones wrong, in groups of so many.
fn grouped(cases: usize, wrong: usize, group: usize) -> Run {
    let record = |index: usize| {
        let bad = index < wrong;
        let outcome = if bad { Outcome::Incorrect } else { Outcome::Correct };
        let group = Some(format!("group-{}", index / group));
        Record { group, ..judged(index, outcome, Some(0.9)) }
    };
    let mut header = header(cases);
    header.budget = at_most(0.1);
    Run::of(header, (0..cases).map(record).collect())
}

#[test]
fn answers_to_one_case_are_no_independent_evidence() {
    // 12 of 120 cases wrong every time: 60 of 600 answers, and what 120 cases can tell.
    let pass = decide(&repeated(120, &[5; 12], 1, at_most(0.17)));
    let open = decide(&repeated(120, &[5; 12], 1, at_most(0.12)));
    let fail = decide(&repeated(120, &[5; 12], 1, at_most(0.05)));
    let none = decide(&repeated(120, &[], 1, at_most(0.05)));
    let groups = decide(&repeated(120, &[3, 1, 2, 4], 3, at_most(0.05)));
    let one = decide(&repeated(1, &[1], 1, at_most(0.05)));
    let once = decide(&grouped(60, 12, 3));
    assert_eq!(pass.lines[0].clustering.unwrap().clusters, 120);
    assert_eq!(groups.lines[0].clustering.unwrap().clusters, 40);
    let told = |decision: &Decision| {
        format!("{:?} {}", decision.lines[0].verdict, decision.lines[0].sentence)
    };
    insta::assert_snapshot!([pass, open, fail, none, groups, one, once].each_ref().map(told).join("\n"), @"
    Pass 60 of 600 answers are confidently wrong (10%); 120 cases asked 5 times each tell as much as 118 independent answers; with 95% confidence at most 15.8%, within 17%
    Undecided 60 of 600 answers are confidently wrong (10%); 120 cases asked 5 times each tell as much as 118 independent answers; with 95% confidence from 5.8% to 15.8%, on both sides of 12%: about 754 cases, asked 5 times each, would decide
    Fail 60 of 600 answers are confidently wrong (10%); 120 cases asked 5 times each tell as much as 118 independent answers; with 95% confidence at least 5.8%, above 5%: at most 9 of 600 would pass
    Pass 0 of 600 answers are confidently wrong (0%); 120 cases asked 5 times each tell as much as 120 independent answers; with 95% confidence at most 2.5%, within 5%
    Undecided 10 of 600 answers are confidently wrong (1.7%); 120 cases asked 5 times each in 40 groups tell as much as 40 independent answers; with 95% confidence from 0% to 10%, on both sides of 5%: about 384 cases, asked 5 times each, would decide
    Undecided 1 of 5 answers are confidently wrong (20%); 1 case asked 5 times tells nothing about others; with 95% confidence from 0% to 100%, on both sides of 5%: about 14 cases, asked 5 times each, would decide
    Undecided 12 of 60 answers are confidently wrong (20%); 60 cases in 20 groups tell as much as 18 independent answers; with 95% confidence from 6.6% to 41.4%, on both sides of 10%: about 120 cases would decide
    ");
}

#[test]
fn more_cases_of_the_same_kind_would_decide() {
    let run = repeated(120, &[5; 12], 1, at_most(0.12));
    let share =
        Scorecard::of(&run).unwrap().endpoints[0].sources[0].at_threshold().unwrap().of_all.share;
    let bound = Bound::AtMost(0.12);
    let clusters = bound.would_decide(share, Level::P95).unwrap();
    let wrong = vec![5; clusters / 10];
    let judged = decide(&repeated(clusters, &wrong, 1, at_most(0.12)));
    assert_eq!(judged.lines[0].verdict, Verdict::Pass, "{clusters}: {}", told(&judged));
    let half = decide(&repeated(clusters / 2, &vec![5; clusters / 20], 1, at_most(0.12)));
    assert_eq!(half.lines[0].verdict, Verdict::Undecided, "{}", told(&half));
}

#[test]
fn a_count_is_of_answers() {
    let budget = |max| Budget {
        confident_wrong: Some(ConfidentWrong { max_rate: None, max_count: Some(max), level: 0.95 }),
        ..Budget::default()
    };
    assert_eq!(decide(&repeated(20, &[3, 2], 1, budget(5))).lines[0].verdict, Verdict::Pass);
    assert_eq!(decide(&repeated(20, &[3, 2], 1, budget(4))).lines[0].verdict, Verdict::Fail);
}

#[test]
fn lines_that_so_few_cases_can_never_pass_name_the_number_that_could() {
    let budget = Budget {
        accuracy: Some(AtLeast { min: 0.9, level: 0.95 }),
        coverage: Some(AtLeast { min: 1.0, level: 0.95 }),
        ..at_most(0.05)
    };
    let needed = |cases| -> Vec<(&str, Option<usize>)> {
        out_of_reach(&budget, cases).iter().map(|line| (line.line, line.cases)).collect()
    };
    // 0.95^59 is the first power of 0.95 under 0.05, and 0.9^29 that of 0.9.
    let coverage = ("coverage", None);
    assert_eq!(
        needed(28),
        [("confident_wrong.max_rate", Some(59)), ("accuracy", Some(29)), coverage]
    );
    assert_eq!(needed(29), [("confident_wrong.max_rate", Some(59)), coverage]);
    assert_eq!(needed(59), [coverage]);
}
