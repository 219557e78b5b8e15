use super::*;

/// A suite over rows, one a line, numbered by their lines.
fn suite(rows: &str) -> (tempfile::TempDir, Suite) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("r.jsonl"), rows).unwrap();
    let path = dir.path().join("s.yaml");
    let text = "suite: s\nendpoints: [m]\nprompt: \"{{ question }}\"\n\
                grade: {exact: \"{{ answer }}\"}\ndataset: {from: r.jsonl}\n";
    std::fs::write(&path, text).unwrap();
    let suite = Suite::load(&path, &mut Findings::default()).unwrap();
    (dir, suite)
}

/// What is found, without the directory.
fn found(dir: &tempfile::TempDir, findings: &Findings) -> String {
    let base = crate::suite::display(dir.path()) + "/";
    let line = |finding: &crate::suite::Finding| {
        let more = match finding.more_rows {
            0 => String::new(),
            rows => format!(" (and {rows} more)"),
        };
        format!("{}: {}{more}", finding.severity, finding.message.replace(&base, ""))
    };
    findings.as_slice().iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_two_cases_show_together_is_found_in_its_place() {
    let (dir, suite) = suite(concat!(
        r#"{"id": "a", "question": "Who?", "answer": "he"}"#,
        "\n",
        r#"{"id": "b", "question": "Who?", "answer": "she"}"#,
        "\n",
        r#"{"id": "c", "question": "When?"}"#,
        "\n",
        r#"{"id": "a", "question": "Where?", "answer": "here"}"#,
        "\nnothing\n",
        r#"{"id": "a", "question": "Who?", "answer": "I"}"#,
        "\n",
        r#"{"id": "d", "question": "Where?", "answer": "here"}"#,
        "\n",
    ));
    let mut findings = Findings::default();
    let mut told = Vec::new();
    let census = suite.survey(&mut findings, |case| case.id.clone(), |id| told.push(id));
    insta::assert_snapshot!(found(&dir, &findings), @r"
    warning: row 2 of r.jsonl asks what row 1 of r.jsonl asks, and expects another answer (and 1 more)
    error: the template names `answer`, which row 3 of r.jsonl does not have
    error: row 4 of r.jsonl has the id `a` of row 1 of r.jsonl (and 1 more)
    error: not a JSON object: expected ident
    ");
    assert_eq!((census.rows, census.cases), (6, 5));
    assert_eq!(told, ["a", "b", "a", "a", "d"], "each case once, though it was looked at twice");
}

#[test]
fn numbers_that_are_equal_by_chance_say_nothing() {
    let rows = (0..30)
        .map(|n| format!("{{\"id\": \"q{n}\", \"question\": \"{n}?\", \"answer\": \"{n}\"}}\n"));
    let (dir, suite) = suite(&rows.collect::<String>());
    let mut findings = Findings::default();
    let none = Repeated::default();
    let (census, seen) = suite.look(&none, &mut findings, |_| (), |()| ());
    assert_eq!((seen.ids.len(), seen.asked.len(), census.clusters), (30, 30, 30));
    // As if every case had the numbers of another.
    let all =
        Repeated { ids: seen.ids.into_iter().collect(), asked: seen.asked.into_iter().collect() };
    suite.look(&all, &mut findings, |_| (), |()| ());
    assert_eq!(found(&dir, &findings), "");
}

#[test]
fn choices_are_the_same_however_they_are_written() {
    for (choices, same) in [
        (&["Rome", "Paris", "Oslo"][..], None),
        (&["Rome", "the  Paris!", "PARIS"], Some(('B', 'C'))),
        (&["t.he cat", "cat", "x"], Some(('A', 'B'))),
        (&["C", "C++", "C#"], None),
        (&["tea", "eat", "ate"], None),
        (&["?", "!", "?"], Some(('A', 'C'))),
        (&["é", "É", "e"], Some(('A', 'B'))),
        (&["10", "1 0", "1,0"], None),
    ] {
        let choices = choices.iter().map(ToString::to_string).collect();
        assert_eq!(same_choices(&Question { text: String::new(), choices }), same, "{same:?}");
    }
}

#[test]
fn only_what_chance_does_not_do_is_far_above_even() {
    for (count, n, shares, far) in [
        (20, 20, 4, true),
        (12, 20, 4, false),
        (13, 20, 4, true),
        (50, 182, 4, false),
        (19, 19, 4, false),
        (9, 20, 2, false),
    ] {
        assert_eq!(far_above_even(count, n, shares), far, "{count} of {n}, {shares} choices");
    }
}
