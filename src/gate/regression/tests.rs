use super::super::{Decision, Versus};
use super::*;
use crate::budget::{Budget, NotMeasured};
use crate::record::Outcome;
use crate::record::tests::{changed, header, judged};
use crate::scorecard::{Baseline, Calls, Scorecard};

/// A run of so many cases of which these are wrong, and sure.
fn run(cases: usize, wrong: std::ops::Range<usize>) -> Run {
    let records = (0..cases).map(|index| {
        let outcome = if wrong.contains(&index) { Outcome::Incorrect } else { Outcome::Correct };
        judged(index, outcome, Some(0.9))
    });
    let records = records.collect();
    let mut header = header(cases);
    let regression = Regression { against: "previous".into(), alpha: 0.05 };
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
