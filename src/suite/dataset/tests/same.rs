//! The same rows are the same however they are written and in whatever pieces they arrive.

use std::io::{BufReader, Cursor};

use proptest::prelude::*;

use super::*;
use crate::suite::dataset::files::Format;
use crate::suite::dataset::split::{Splitter, Stop};
use crate::suite::{Findings, Suite};

const FORMATS: [(&str, Format); 4] = [
    ("rows.jsonl", Format::Jsonl),
    ("rows.json", Format::Json),
    ("rows.csv", Format::Csv(b',')),
    ("rows.tsv", Format::Csv(b'\t')),
];

/// Texts made of what formats stumble over.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\""),
        Just("\"\""),
        Just(","),
        Just("\t"),
        Just("\n"),
        Just("\r\n"),
        Just("\\"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(" "),
        Just("a"),
        Just("ü"),
        Just("\u{feff}"),
        Just("null"),
        Just("\u{2028}"),
        Just("0x1")
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn rows() -> impl Strategy<Value = Vec<[String; 3]>> {
    proptest::collection::vec([text(), text(), text()], 1..6)
}

/// Bytes that look like a dataset for a while.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => text().prop_map(String::into_bytes),
        4 => Just(b"{\"a\": \"b\"}".to_vec()),
        2 => Just(b"[".to_vec()),
        2 => Just(b"a,b\n".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Tables most of which are well formed.
fn table() -> impl Strategy<Value = Vec<u8>> {
    let plain = proptest::sample::select(vec!["", "a", " ", "ü\"", "b \"\"", "\""]);
    let quoted = proptest::collection::vec(
        proptest::sample::select(vec!["\"\"", ",", "\n", "\r\n", "a", " ", "ü"]),
        0..4,
    );
    let quoted = quoted.prop_map(|pieces| format!("\"{}\"", pieces.concat()));
    let cell = || prop_oneof![6 => plain.clone().prop_map(str::to_owned), 6 => quoted.clone()];
    let end = proptest::sample::select(vec!["\n", "\r\n", "\n\n"]);
    let row = (cell(), cell(), end).prop_map(|(a, b, end)| format!("{a},{b}{end}"));
    let rows = proptest::collection::vec(row, 1..6);
    rows.prop_map(|rows| format!("a,b\n{}", rows.concat()).into_bytes())
}

fn write_csv(rows: &[[String; 3]], delimiter: u8) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(["id", "question", "answer"]).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Cases without their places, and what was found.
fn cases(name: &str, bytes: &[u8]) -> (Vec<String>, bool) {
    let suite = format!(
        "suite: s\nendpoints: [m]\ndataset: {{from: {name}, id: \"{{{{ id }}}}\"}}\n\
         prompt: \"{{{{ question }}}}|{{{{ answer | length }}}}\"\ngrade: {{exact: \"x{{{{ answer }}}}\"}}\n"
    );
    let files = Files::new(&[(name, bytes), ("suite.yaml", suite.as_bytes())]);
    let mut findings = Findings::default();
    let suite = Suite::load(&files.path("suite.yaml"), &mut findings).unwrap();
    suite.check(&mut findings);
    let cases = suite
        .cases()
        .map(|case| format!("{} {} {:?} {:?}", case.id, case.content, case.question, case.turns));
    (cases.collect(), findings.has_errors())
}

/// Every row with its place, and where and why there are no more.
fn split(bytes: &[u8], format: Format, chunk: usize) -> Vec<String> {
    let reader = BufReader::with_capacity(chunk, Cursor::new(bytes));
    let mut splitter = Splitter::new(reader, format.machine()).unwrap();
    let mut row = Vec::new();
    let mut told = Vec::new();
    loop {
        match splitter.next(&mut row) {
            Ok(Some(place)) => {
                let at = usize::try_from(place.offset).unwrap();
                assert_eq!(row, bytes[at..at + row.len()], "a row is a range of the file");
                let line = bytes[..at].split(|byte| *byte == b'\n').count();
                assert_eq!(place.line, line);
                told.push(format!("{place:?} {row:?}"));
            }
            Ok(None) => return told,
            Err(Stop::Lost { at, began, wrong }) => {
                told.push(format!("{at:?} {began:?} {row:?} {wrong:?}"));
                assert!(matches!(splitter.next(&mut row), Ok(None)), "nothing after that");
                return told;
            }
            Err(Stop::Io(error)) => panic!("{error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_rows_are_the_same_cases_in_every_format(rows in rows()) {
        let object = |[id, question, answer]: &[String; 3]| {
            serde_json::json!({"id": id, "question": question, "answer": answer})
        };
        let lines: String = rows.iter().map(|row| object(row).to_string() + "\n").collect();
        let list: Vec<_> = rows.iter().map(object).collect();
        let pretty = serde_json::to_vec_pretty(&list).unwrap();
        let expected = cases("rows.jsonl", lines.as_bytes());
        prop_assert_eq!(&cases("rows.json", &serde_json::to_vec(&list).unwrap()), &expected);
        prop_assert_eq!(&cases("rows.json", &pretty), &expected);
        prop_assert_eq!(&cases("rows.csv", &write_csv(&rows, b',')), &expected);
        prop_assert_eq!(&cases("rows.tsv", &write_csv(&rows, b'\t')), &expected);
    }

    #[test]
    fn rows_do_not_depend_on_the_pieces_of_a_file(bytes in bytes()) {
        for (_, format) in FORMATS {
            let whole = split(&bytes, format, bytes.len() + 1);
            for chunk in 1..=bytes.len().min(40) {
                prop_assert_eq!(&split(&bytes, format, chunk), &whole);
            }
        }
    }

    #[test]
    fn any_bytes_are_rows_or_errors(bytes in bytes()) {
        for (name, _) in FORMATS {
            let files = Files::new(&[(name, &bytes)]);
            let told = files.tell(&[name], Order::default());
            let order = Order { shuffle: true, ..Order::default() };
            let shuffled = files.tell(&[name], order);
            // What was drawn is what stands there, unless the rows cannot be told apart.
            let sorted = |text: &str| {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            if shuffled.lines().count() == told.lines().count() {
                prop_assert_eq!(sorted(&shuffled), sorted(&told));
            }
        }
    }

    /// What is taken is what the crate `csv` reads.
    #[test]
    fn tables_are_read_as_others_read_them(bytes in prop_oneof![bytes(), table()]) {
        let files = Files::new(&[("rows.csv", &bytes)]);
        let rows = files.open(&["rows.csv"], Order::default()).unwrap();
        // A carriage return alone ends a line for that crate and is text here.
        let alone = bytes.split(|byte| *byte == b'\n').any(|line| {
            line.strip_suffix(b"\r").unwrap_or(line).contains(&b'\r')
        });
        if let Ok(rows) = rows.iter().collect::<Result<Vec<Row>, RowError>>() && !alone {
            let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
            let names = reader.headers().unwrap().clone();
            let mut others = reader.records();
            for row in rows {
                let other = others.next().unwrap().unwrap();
                let other: Variables = names.iter().zip(&other)
                    .map(|(name, cell)| (name.trim().to_owned(), cell.into())).collect();
                prop_assert_eq!(&*row.variables, &other);
            }
            prop_assert!(others.next().is_none());
        }
    }
}
