use super::*;
use crate::record::tests::{header, judged};
use crate::record::{Outcome, Record};
use crate::snapshot::Snapshot;

/// A draw of the case `capital`.
fn draw(repeat: u32, answer: &str, sure: f64) -> Record {
    let outcome = if answer == "C" { Outcome::Correct } else { Outcome::Incorrect };
    Record {
        repeat,
        case: "capital".into(),
        question: "Which city is the capital of Australia?".into(),
        choices: ["Perth", "Sydney", "Canberra"].map(str::to_owned).to_vec(),
        expected: "C".into(),
        answer: Some(answer.into()),
        tags: vec!["geography".into(), "capitals".into()],
        ..judged(repeat as usize, outcome, Some(sure))
    }
}

fn read(records: Vec<Record>) -> Arc<Read> {
    let cases = HashSet::from([("model".to_owned(), "capital".to_owned())]);
    let run = Run::of(header(records.len()), records);
    Arc::new(Read::with(Path::new("reports/facts/9"), run, HashMap::new(), &cases))
}

/// What became of the case between two runs.
fn change(before: &[Record], after: &[Record]) -> Change {
    let line = |records: &[Record]| {
        let run = Run::of(header(records.len()), records.to_vec());
        Snapshot::of(&run, "model").unwrap().lines.remove("capital").unwrap()
    };
    Change::of(Some(&line(before)), Some(&line(after))).unwrap()
}

/// A case that was right five times, and now is confidently wrong each time, with what a run has of it.
pub(crate) fn wrong_now() -> (Change, Evidence) {
    let before: Vec<Record> = (0..5).map(|repeat| draw(repeat, "C", 0.93)).collect();
    let after: Vec<Record> =
        (0..5).map(|repeat| draw(repeat, "B", 0.96 + 0.005 * f64::from(repeat))).collect();
    let change = change(&before, &after);
    let evidence = read(after).evidence("model", &change).unwrap();
    (change, evidence)
}

#[test]
fn a_run_that_says_the_same_has_the_words() {
    let (_, Evidence::Here(facts)) = wrong_now() else { panic!("nothing is known") };
    assert_eq!(facts.said, [("B. Sydney".to_owned(), 5)]);
    assert_eq!((facts.records.len(), facts.sure.first()), (5, Some(&0.96)));
    let style = Style { color: false, unicode: true, width: 80 };
    let page = facts.exchange(style);
    assert!(page.contains("repeat 5 of 1") || page.contains("capital · model"), "{page}");
}

#[test]
fn the_words_of_another_answer_are_not_shown_as_those_of_this_one() {
    let one = |answer| [draw(0, answer, 0.9)];
    let change = change(&one("C"), &one("B"));
    let told = |records: Vec<Record>| read(records).evidence("model", &change);
    let Ok(Evidence::Here(facts)) = told(one("A").to_vec()) else { panic!("nothing is known") };
    assert_eq!(facts.question, "Which city is the capital of Australia?");
    assert!(facts.records.is_empty() && facts.said.is_empty() && facts.sure.is_empty());
    insta::assert_snapshot!(facts.remark.unwrap(), @"the run reports/facts/9 says otherwise: its exchange is not of this line");
    let mut other = draw(0, "B", 0.9);
    other.content = crate::record::Digest::of_bytes(b"another question");
    insta::assert_snapshot!(told(vec![other]).unwrap_err(), @"the run reports/facts/9 asks another question under this name");
    let other = Record { case: "river".into(), ..draw(0, "B", 0.9) };
    insta::assert_snapshot!(told(vec![other]).unwrap_err(), @"the run reports/facts/9 does not ask this case");
}

#[test]
fn said_is_what_was_said_most_often_first() {
    let texts = ["a", "b", "b", "c", "b", "c"].map(str::to_owned).into_iter();
    let counts = most_frequent(texts);
    let counts: Vec<_> = counts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
    assert_eq!(counts, [("b", 3), ("c", 2), ("a", 1)]);
}
