use std::num::NonZeroU32;

use super::*;
use crate::budget::Budget;

/// A header of a run of so many trials at one endpoint.
pub(crate) fn header(planned: usize) -> Header {
    Header {
        format: FORMAT,
        version: "0.0.0".into(),
        run: "2026-01-02T03-04-05".into(),
        suite: "demo".into(),
        path: "suites/demo.yaml".into(),
        text: "suite: demo\n".into(),
        digest: Digest::of_bytes(b"suite: demo\n"),
        endpoints: vec![AskedEndpoint {
            name: "model".into(),
            target: Arc::new(crate::ask::Target {
                wire: "openai-chat/1".into(),
                url: "http://localhost/v1/chat/completions".into(),
                model: "m-1".into(),
                max_completion_tokens: false,
                headers: BTreeMap::new(),
            }),
            cassette: None,
            price: None,
            extra: None,
        }],
        threshold: 0.8,
        sources: vec!["stated".into()],
        budget: Budget::default(),
        slices: Vec::new(),
        seed: None,
        selection: Selected::default(),
        cache: "use".into(),
        repeats: NonZeroU32::MIN,
        planned,
        plan: Digest::of_bytes(b"plan"),
        started: "2026-01-02T03:04:05.000Z".into(),
        regraded: None,
        shard: None,
        merged: Vec::new(),
    }
}

/// A limit on the rate of confident wrong answers.
pub(crate) fn at_most(max_rate: f64) -> crate::budget::ConfidentWrong {
    crate::budget::ConfidentWrong { max_rate: Some(max_rate), max_count: None, level: 0.95 }
}

/// A lower limit on a rate.
pub(crate) fn at_least(min: f64, level: f64) -> crate::budget::AtLeast {
    crate::budget::AtLeast { min, level }
}

/// A right answer, sure at 0.9, with this place in the plan.
pub(crate) fn record(index: usize) -> Record {
    Record {
        index,
        trial: format!("case-{index}@model"),
        case: format!("case-{index}"),
        content: Digest::of_bytes(&index.to_le_bytes()),
        subject: None,
        endpoint: "model".into(),
        repeat: 0,
        row: None,
        variant: BTreeMap::new(),
        threshold: None,
        slices: Vec::new(),
        group: None,
        tags: vec!["easy".into()],
        question: format!("What is {index}?"),
        choices: vec!["x".into(), "y".into()],
        expected: "A".into(),
        answer: Some("A".into()),
        outcome: Outcome::Correct,
        abstained: false,
        quadrant: Some(Quadrant::ConfidentRight),
        confidence: BTreeMap::from([("stated".into(), Measured::Known(0.9))]),
        primary: Some(0.9),
        letter_mass: None,
        choice_probabilities: None,
        at: At { file: "demo.jsonl".into(), line: index + 1 },
        row_values: None,
        exchanges: Vec::new(),
    }
}

/// The same case with another outcome and confidence.
pub(crate) fn judged(index: usize, outcome: Outcome, confidence: Option<f64>) -> Record {
    let measured =
        confidence.map_or(Measured::Missing { missing: "not stated".into() }, Measured::Known);
    let answer = if outcome == Outcome::Correct { "A" } else { "B" };
    Record {
        answer: outcome.is_graded().then(|| answer.to_owned()),
        quadrant: Record::quadrant(&outcome, confidence, 0.8),
        abstained: outcome == Outcome::Abstained,
        outcome,
        confidence: BTreeMap::from([("stated".into(), measured)]),
        primary: confidence,
        ..record(index)
    }
}

/// The run with other records.
pub(crate) fn changed(run: Run, change: impl FnOnce(&mut Vec<Record>)) -> Run {
    let mut records: Vec<Record> = run.records().collect::<Result<_, _>>().unwrap();
    change(&mut records);
    Run::of(run.header, records)
}

#[test]
fn a_record_survives_json_whatever_its_outcome() {
    let error = AskError::new(AskErrorKind::Timeout, "no reply within 1 s");
    let outcomes = [
        Outcome::Correct,
        Outcome::Incorrect,
        Outcome::Abstained,
        Outcome::Refused,
        Outcome::Truncated,
        Outcome::Unparsable,
        Outcome::Ungraded("tie".into()),
        Outcome::Failed(error),
        Outcome::Skipped,
    ];
    for (index, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome.name(), Outcome::NAMES[index]);
        for confidence in [None, Some(0.0), Some(1.0 / 3.0)] {
            let record = judged(index, outcome.clone(), confidence);
            let text = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        }
    }
}

#[test]
fn only_right_and_wrong_have_a_quadrant() {
    let quadrant = |outcome, confidence| Record::quadrant(&outcome, confidence, 0.8);
    assert_eq!(quadrant(Outcome::Incorrect, Some(0.8)), Some(Quadrant::ConfidentWrong));
    assert_eq!(quadrant(Outcome::Incorrect, Some(0.79)), Some(Quadrant::UnsureWrong));
    assert_eq!(quadrant(Outcome::Correct, Some(1.0)), Some(Quadrant::ConfidentRight));
    assert_eq!(quadrant(Outcome::Correct, None), None);
    for outcome in [Outcome::Abstained, Outcome::Refused, Outcome::Truncated, Outcome::Unparsable] {
        assert_eq!(quadrant(outcome, Some(1.0)), None);
    }
}

#[test]
fn repeats_of_a_case_and_cases_of_a_group_are_one_cluster() {
    let again = Record { repeat: 1, trial: "case-0@model#2".into(), ..record(0) };
    assert_eq!((record(0).cluster(), again.cluster()), ("case-0", "case-0"));
    assert_eq!(record(1).cluster(), "case-1");
    let grouped = |index| Record { group: Some("passage".into()), ..record(index) };
    assert_eq!((grouped(0).cluster(), grouped(1).cluster()), ("passage", "passage"));
}

#[test]
fn a_header_without_repeats_asked_once() {
    let mut written = serde_json::to_value(header(1)).unwrap();
    assert_eq!(written["repeats"], 1);
    written.as_object_mut().unwrap().remove("repeats");
    assert_eq!(serde_json::from_value::<Header>(written.clone()).unwrap(), header(1));
    written["repeats"] = 0.into();
    assert!(serde_json::from_value::<Header>(written).is_err());
}

#[test]
fn a_letter_is_shown_with_its_choice() {
    let mut record = record(0);
    assert_eq!(record.said().as_deref(), Some("A. x"));
    record.answer = Some("Z".into());
    assert_eq!(record.said().as_deref(), Some("Z"));
    record.answer = Some("ab".into());
    assert_eq!(record.said().as_deref(), Some("ab"));
}
