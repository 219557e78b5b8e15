use super::*;
use crate::record::tests::{header, record};

/// The records of a run, read again.
fn all(run: &Run) -> Vec<Record> {
    run.records().collect::<Result<_, _>>().unwrap()
}

#[test]
fn what_is_written_is_read_back_in_plan_order() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let mut journal = Journal::create(&run, &header(3)).unwrap();
    for index in [2, 0, 1] {
        journal.append(&record(index)).unwrap();
    }
    let decision = pretty(&serde_json::json!({"a": 1})).unwrap();
    journal.finish(&[("decision.json", decision)]).unwrap();
    let read = read(&run).unwrap();
    assert_eq!(read.header, header(3));
    assert_eq!(all(&read), [record(0), record(1), record(2)]);
    assert!(read.is_complete());
    assert_eq!(fs::read_to_string(run.join("decision.json")).unwrap(), "{\n  \"a\": 1\n}\n");
}

#[test]
fn records_that_are_written_together_are_the_lines_that_they_are_alone() {
    let dir = tempfile::tempdir().unwrap();
    let written = |name: &str, write: &dyn Fn(&mut Journal)| {
        for durable in [false, true] {
            let run = dir.path().join(format!("{name}-{durable}"));
            let mut journal = Journal::create(&run, &header(900)).unwrap().durable(durable);
            write(&mut journal);
        }
        let [one, other] = [false, true]
            .map(|durable| fs::read(dir.path().join(format!("{name}-{durable}")).join(RECORDS)));
        assert_eq!(one.as_ref().unwrap(), other.as_ref().unwrap());
        one.unwrap()
    };
    let records: Vec<Record> = (0..900).map(record).collect();
    let alone = written("alone", &|journal| {
        for record in &records {
            journal.append(record).unwrap();
        }
    });
    let together = written("together", &|journal| {
        for some in records.chunks(450) {
            journal.append_all(some).unwrap();
        }
        journal.append_all([]).unwrap();
    });
    assert!(together.len() > LONGEST_WRITE, "{} bytes are one write", together.len());
    assert_eq!(together, alone);
}

#[test]
fn a_torn_last_line_is_ignored_and_a_broken_middle_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(dir.path(), &header(3)).unwrap();
    journal.append(&record(0)).unwrap();
    journal.append(&record(1)).unwrap();
    drop(journal);
    let path = dir.path().join(RECORDS);
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in first..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(all(&read(dir.path()).unwrap()), [record(0)], "cut at {cut}");
    }
    fs::write(&path, [b"{}\n".as_slice(), &whole].concat()).unwrap();
    let error = read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("records.jsonl:1: not a record of this run: missing field"), "{error}");
}

#[test]
fn a_run_that_was_torn_goes_on_behind_its_last_whole_line() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(dir.path(), &header(3)).unwrap();
    journal.append(&record(1)).unwrap();
    let taken = Journal::resume(dir.path()).unwrap_err().to_string();
    assert!(taken.contains("another process is writing this run"), "{taken}");
    drop(journal);
    let path = dir.path().join(RECORDS);
    let whole = fs::read(&path).unwrap();
    for torn in ["", "{", "{\"index\":2", &"x".repeat(200_000)] {
        fs::write(&path, [&whole, torn.as_bytes()].concat()).unwrap();
        let (mut journal, run) = Journal::resume(dir.path()).unwrap();
        assert_eq!(all(&run), [record(1)]);
        assert_eq!(fs::read(&path).unwrap(), whole);
        journal.append(&record(0)).unwrap();
        journal.finish(&[]).unwrap();
        assert_eq!(all(&read(dir.path()).unwrap()), [record(0), record(1)]);
    }
    fs::write(&path, "torn").unwrap();
    assert_eq!(all(&Journal::resume(dir.path()).unwrap().1), []);
}

#[test]
fn a_directory_holds_one_run() {
    let dir = tempfile::tempdir().unwrap();
    drop(Journal::create(dir.path(), &header(1)).unwrap());
    let error = Journal::create(dir.path(), &header(1)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn a_header_that_no_run_can_have_is_refused() {
    type Change = fn(&mut Header);
    let changes: [(Change, &str); 6] = [
        (|header| header.endpoints.clear(), "it names no endpoint"),
        (|header| header.threshold = 7.0, "its threshold is outside 0..1"),
        (|header| header.threshold = -0.1, "its threshold is outside 0..1"),
        (
            |header| header.budget.accuracy = Some(crate::record::tests::at_least(0.9, 1.0)),
            "a level of its budget is not between 0 and 1",
        ),
        (
            |header| header.budget.accuracy = Some(crate::record::tests::at_least(0.9, 1e-17)),
            "a level of its budget is not between 0 and 1",
        ),
        (
            |header| {
                let mut budget = header.budget.clone();
                budget.accuracy = Some(crate::record::tests::at_least(0.9, 2.0));
                header.slices = vec![crate::record::Slice { name: "part".into(), budget }];
            },
            "a level of its budget is not between 0 and 1",
        ),
    ];
    for (change, expected) in changes {
        let dir = tempfile::tempdir().unwrap();
        let mut header = header(1);
        change(&mut header);
        drop(Journal::create(dir.path(), &header).unwrap());
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(HEADER), "{\"format\": 99, \"anything\": []}").unwrap();
    let error = read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("written in format 99 by a newer version"), "{error}");
}

#[test]
fn the_previous_run_is_whole_and_of_the_same_cases() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, change: fn(&mut Header), records: usize| {
        let mut header = header(2);
        header.run = name.into();
        header.started = format!("2026-01-{name}T00:00:00.000Z");
        change(&mut header);
        let mut journal = Journal::create(&dir.path().join(name), &header).unwrap();
        (0..records).for_each(|index| journal.append(&record(index)).unwrap());
        header
    };
    write("01", |_| {}, 2);
    let some = |header: &mut Header| header.selection.limit = Some(1);
    write("02", some, 2);
    write("03", |_| {}, 1);
    write("04", |header| header.suite = "other".into(), 2);
    write("041", |header| header.endpoints[0].name = "other".into(), 2);
    let now = write("05", |_| {}, 2);
    write("06", |_| {}, 2);
    let name = |header: &Header| {
        let (found, run) = previous(dir.path(), header)?;
        assert!(run.is_complete());
        Some(found.file_name().unwrap().to_string_lossy().into_owned())
    };
    assert_eq!(name(&now).as_deref(), Some("01"));
    let mut limited = now.clone();
    some(&mut limited);
    assert_eq!(name(&limited).as_deref(), Some("02"));
    let mut first = now;
    first.started = "2025".into();
    assert_eq!(name(&first), None);
}

#[test]
fn what_became_unreadable_after_it_was_read_is_an_error_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(dir.path(), &header(300)).unwrap();
    let records: Vec<Record> = (0..300).map(record).collect();
    for record in &records {
        journal.append(record).unwrap();
    }
    drop(journal);
    let run = read(dir.path()).unwrap();
    let path = dir.path().join(RECORDS);
    // What somebody does to the name is of no importance; the file stays open.
    fs::rename(&path, dir.path().join("elsewhere")).unwrap();
    assert_eq!(all(&run), records);
    let file = OpenOptions::new().write(true).open(dir.path().join("elsewhere")).unwrap();
    file.set_len(0).unwrap();
    let error = run.record(&run.briefs()[0]).unwrap_err().to_string();
    assert!(error.contains("records.jsonl: the record at byte 0 cannot be read again"), "{error}");
}
