use std::io::Cursor;

use super::*;
use crate::score::accuracy;

fn reading() -> Reading {
    Reading {
        fields: Fields::default(),
        threshold: Threshold::new(0.8).unwrap(),
        skip_bad: false,
        top: 10,
    }
}

fn read_with(reading: &Reading, text: &str) -> Result<Graded, ScoredError> {
    let table = Table::stream(Cursor::new(text.to_owned().into_bytes())).unwrap();
    reading.read(table)
}

fn read(text: &str) -> Result<Graded, ScoredError> {
    read_with(&reading(), text)
}

/// Confidences and grades of the first source.
fn pairs(graded: &Graded) -> Vec<(f64, bool)> {
    graded.sources[0].scored.items.pairs().collect()
}

#[test]
fn every_format_gives_the_same_answers() {
    let jsonl =
        "{\"confidence\": 0.9, \"correct\": true}\n\n{\"confidence\": 0.25, \"correct\": 0}\n";
    let json = r#" [{"confidence": 0.9, "correct": 1}, {"correct": "no", "confidence": "25%"}]"#;
    let csv = "confidence,correct\n0.9,true\n0.25,false\n";
    for text in [jsonl, json, csv, &format!("\u{feff}{csv}")] {
        let graded = read(text).unwrap();
        assert_eq!(pairs(&graded), [(0.9, true), (0.25, false)], "{text}");
        assert_eq!((graded.rows, graded.ungraded, graded.skipped), (2, 0, 0), "{text}");
    }
}

#[test]
fn what_is_missing_is_counted_and_never_filled_in() {
    let graded = read(
        r#"{"confidence": 0.9, "correct": true}
        {"confidence": null, "correct": false}
        {"correct": true}
        {"confidence": 0.5, "correct": null}
        {"confidence": 0.5}"#,
    )
    .unwrap();
    assert_eq!(pairs(&graded), [(0.9, true)]);
    assert_eq!(graded.sources[0].missing, BTreeMap::from([("not stated".to_owned(), 2)]));
    assert_eq!((graded.rows, graded.ungraded), (5, 2));
}

#[test]
fn a_bad_row_refuses_the_file_or_is_skipped_and_counted() {
    let text = "confidence,correct\n0.9,1\n95,1\n0.5,maybe\n0.5\n0.4,0\n";
    let Err(ScoredError::Bad(rows, 3)) = read(text) else { panic!("three rows are bad") };
    let told: Vec<String> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(
        told[0],
        "row 2 (line 3): the confidence is 95, outside 0 to 1 (divide percentages by 100, or write them with %)"
    );
    assert!(told[1].starts_with("row 3 (line 4): the grade is `maybe`"), "{told:?}");
    assert!(told[2].starts_with("row 4 (line 5): "), "{told:?}");
    let graded = read_with(&Reading { skip_bad: true, ..reading() }, text).unwrap();
    assert_eq!(pairs(&graded), [(0.9, true), (0.4, false)]);
    assert_eq!((graded.rows, graded.skipped, graded.bad), (5, 3, rows));
}

#[test]
fn a_file_that_cannot_be_read_further_is_refused_whatever_is_skipped() {
    let reading = Reading { skip_bad: true, ..reading() };
    let told = |text| read_with(&reading, text).unwrap_err().to_string();
    let cut = told(r#"[{"confidence": 0.9, "correct": true}, {"confid"#);
    assert!(cut.starts_with("line 1: "), "{cut}");
}

#[test]
fn many_bad_rows_are_counted_and_few_are_kept() {
    let text = "confidence,correct\n".to_owned() + &"2,1\n".repeat(1000);
    let error = read(&text).unwrap_err();
    let ScoredError::Bad(rows, 1000) = &error else { panic!("{error}") };
    assert_eq!(rows.len(), BAD_KEPT);
    assert_eq!(
        error.to_string(),
        "1000 rows are bad; mend them, or leave them out with --skip-bad"
    );
}

#[test]
fn names_of_fields_are_the_users() {
    let reading = Reading {
        fields: Fields {
            confidence: "scores.p".into(),
            correct: "scores.match.value".into(),
            ..Fields::default()
        },
        ..reading()
    };
    let row = r#"{"scores": {"p": 0.75, "match": {"value": "C"}}}"#;
    assert_eq!(pairs(&read_with(&reading, row).unwrap()), [(0.75, true)]);
}

#[test]
fn a_field_that_no_row_has_is_named_with_those_that_it_has() {
    let told = |text| read(text).unwrap_err().to_string();
    assert_eq!(
        told(r#"{"p": 0.5, "correct": true, "id": 1}"#),
        "no row has the field `confidence`; name the one that has it with --confidence-field (the first row has `correct`, `id`, `p`)"
    );
    assert!(told("confidence,ok\n0.5,1\n").contains("--correct-field"));
}

#[test]
fn sources_are_never_pooled() {
    let graded = read("source,confidence,correct\na,0.9,1\nb,0.8,0\na,0.7,0\n").unwrap();
    let names: Vec<&str> = graded.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(pairs(&graded), [(0.9, true), (0.7, false)]);
    let many = (0..=MOST_SOURCES).map(|n| format!("what {n}?,0.9,1\n"));
    let many = many.collect::<Vec<_>>().concat();
    let error = read(&format!("source,confidence,correct\n{many}")).unwrap_err();
    assert!(error.to_string().contains("`source` has more than 100"), "{error}");
}

#[test]
fn rows_of_one_case_or_group_are_one_cluster() {
    let graded = read(
        "id,group,confidence,correct\na,,0.9,1\na,,0.8,0\nb,g,0.7,0\nc,g,0.7,1\n,,0.5,1\n,,0.5,1\n",
    )
    .unwrap();
    let scored = &graded.sources[0].scored;
    assert_eq!(scored.items.clusters(), [0, 0, 1, 1, 2, 3]);
    let distinct: std::collections::HashSet<_> = scored.cases.iter().collect();
    assert_eq!(distinct.len(), 5);
    assert_eq!(accuracy(&scored.items).count(), 4);
}

#[test]
fn the_surest_wrong_answers_are_kept_with_what_was_said() {
    let graded = read(
        r#"{"confidence": 0.9, "correct": false, "id": 7, "question": "Who?", "answer": "A", "expected": "B"}
        {"confidence": 0.95, "correct": false}
        {"confidence": 0.99, "correct": true}
        {"confidence": 0.79, "correct": false}"#,
    )
    .unwrap();
    let wrong = &graded.sources[0].wrong;
    assert_eq!(wrong.iter().map(|wrong| wrong.row).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(wrong[1].id.as_deref(), Some("7"));
    assert_eq!(wrong[1].answer.as_deref(), Some("A"));
}

#[test]
fn who_does_not_answer_is_counted_and_stays_out_of_calibration() {
    let graded = read("confidence,correct\n0.9,C\n0.2,N\n,NOT_ATTEMPTED\n0.4,I\n,I\n").unwrap();
    assert_eq!(pairs(&graded), [(0.9, true), (0.4, false)]);
    let counts = graded.sources[0].counts;
    assert_eq!((counts.correct, counts.incorrect, counts.not_attempted), (1, 2, 2));
    assert_eq!((graded.ungraded, graded.rows), (0, 5));
}

#[test]
fn rows_may_stand_inside_of_a_document() {
    let document = "{\"results\": {\"samples\": [\n{\"confidence\": 0.9, \"correct\": 1},\n{\"confidence\": 9, \"correct\": 1}\n]}}";
    let rows = Some("results.samples".to_owned());
    let reading =
        Reading { fields: Fields { rows, ..Fields::default() }, skip_bad: true, ..reading() };
    let graded = reading.read_document(document).unwrap();
    assert_eq!(pairs(&graded), [(0.9, true)]);
    assert_eq!((graded.bad[0].row, graded.bad[0].line), (2, 3));
    let refused = reading.read_document("{\"results\": []}").unwrap_err().to_string();
    assert_eq!(refused, "there is no `samples` in it (--rows is `results.samples`)");
}
