//! What `from:` finds.

use super::*;

const ROW: &[u8] = b"{}\n";

fn found(files: &Files, from: &[&str]) -> Vec<String> {
    let rows = files.open(from, Order::default()).unwrap_or_else(|told| panic!("{told:?}"));
    let rows: Vec<Row> = rows.iter().collect::<Result<_, _>>().unwrap();
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=rows.len()).collect::<Vec<_>>());
    let dir = format!("{}/", files.0.path().display());
    rows.iter().map(|row| row.file.replace(&dir, "")).collect()
}

#[test]
fn files_are_found_by_path_glob_and_list() {
    let files = Files::new(&[
        ("rows/b.jsonl", ROW),
        ("rows/a.jsonl", ROW),
        ("rows/.hidden.jsonl", ROW),
        ("rows/deep/er/c.json", b"[{}, {}]"),
        ("rows/deep/d.csv", b"a\n1\n"),
        ("rows[1].jsonl", ROW),
    ]);
    assert_eq!(found(&files, &["rows/b.jsonl"]), ["rows/b.jsonl"]);
    assert_eq!(found(&files, &["rows/*.jsonl"]), ["rows/a.jsonl", "rows/b.jsonl"]);
    assert_eq!(found(&files, &["rows/?.jsonl"]), ["rows/a.jsonl", "rows/b.jsonl"]);
    assert_eq!(
        found(&files, &["rows/**/*.*"]),
        [
            "rows/a.jsonl",
            "rows/b.jsonl",
            "rows/deep/d.csv",
            "rows/deep/er/c.json",
            "rows/deep/er/c.json"
        ]
    );
    assert_eq!(
        found(&files, &["rows/b.jsonl", "rows/*.jsonl"]),
        ["rows/b.jsonl", "rows/a.jsonl"],
        "a file is read once, where it is named first"
    );
    assert_eq!(found(&files, &["rows[1].jsonl"]), ["rows[1].jsonl"], "a file before a glob");
    assert_eq!(found(&files, &["rows/*"]), ["rows/a.jsonl", "rows/b.jsonl"]);
    assert_eq!(found(&files, &["rows/.h*"]), ["rows/.hidden.jsonl"]);
    let path = files.path("rows/*.jsonl");
    assert_eq!(found(&files, &[path.to_str().unwrap()]), ["rows/a.jsonl", "rows/b.jsonl"]);
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_are_not_followed() {
    use std::os::unix::fs::symlink;

    let files = Files::new(&[("rows/a.jsonl", ROW), ("rows/deep/b.jsonl", ROW), ("c.jsonl", ROW)]);
    symlink(".", files.path("rows/here")).unwrap();
    symlink("..", files.path("rows/deep/up")).unwrap();
    symlink("../c.jsonl", files.path("rows/c.jsonl")).unwrap();
    let all = ["rows/a.jsonl", "rows/c.jsonl", "rows/deep/b.jsonl"];
    assert_eq!(found(&files, &["rows/**/*.jsonl"]), all);
    assert_eq!(found(&files, &["rows/**"]), all);
    assert_eq!(found(&files, &["rows/**/**/deep/../**/a*"]), ["rows/deep/../a.jsonl"]);
    assert_eq!(found(&files, &["rows/h*/[!c].jsonl"]), ["rows/here/a.jsonl"]);
    let nothing = files.open(&["rows/**/*.csv"], Order::default()).unwrap_err();
    assert_eq!(nothing.len(), 1);
}

#[test]
fn the_directory_of_a_suite_is_no_glob() {
    let files = Files::new(&[("[x]*/rows/a.jsonl", ROW), ("x/rows/b.jsonl", ROW)]);
    let from = [spanned("rows/*.jsonl".to_owned())];
    let mut problems = Problems::default();
    let rows = Rows::open(&from, &files.path("[x]*"), Order::default(), &mut problems).unwrap();
    let rows: Vec<Row> = rows.iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].file.ends_with("[x]*/rows/a.jsonl"), "{}", rows[0].file);
}

#[test]
fn a_name_that_finds_no_rows_is_an_error() {
    let files = Files::new(&[("rows/a.jsonl", ROW), ("rows/README.md", ROW)]);
    let told: String = [
        &["rows"][..],
        &["rows.txt", "none/*.csv"],
        &["rows/*"],
        &["rows/***"],
        &["rows/a.jsonl", "rows/a.jsonl"],
    ]
    .iter()
    .map(|from| match files.open(from, Order::default()) {
        Ok(_) => format!("{from:?}: nothing\n"),
        Err(told) => format!("{from:?}\n  {}\n", told.join("\n  ")),
    })
    .collect();
    insta::assert_snapshot!(told, @r#"
    ["rows"]
      `rows` is a directory: name its files, as `rows/*.jsonl`
    ["rows.txt", "none/*.csv"]
      `rows.txt` is not a dataset by its extension: name a .jsonl, .json, .csv or .tsv file
      `none/*.csv` finds no file: check the path, which is relative to the suite
    ["rows/*"]
      `rows/README.md` is not a dataset by its extension: name a .jsonl, .json, .csv or .tsv file
    ["rows/***"]
      not a glob: wildcards are either regular `*` or recursive `**`: write `*`, `?`, `[ab]` or `**/`
    ["rows/a.jsonl", "rows/a.jsonl"]
      `rows/a.jsonl` stands here twice: remove one
    "#);
    insta::assert_snapshot!(files.tell(&["none.jsonl"], Order::default()), @"none.jsonl cannot be read: No such file or directory (os error 2) | check the path, which is relative to the suite");
}

#[test]
fn a_bad_file_does_not_hide_the_next() {
    let files = Files::new(&[
        ("a.json", b"[{\"a\": 1}, oops"),
        ("b.csv", b"a\n1\n"),
        ("c.csv", b"a\n"),
        ("d.jsonl", b"{\"a\": 2}\n"),
    ]);
    let from = ["a.json", "b.csv", "c.csv", "none.csv", "d.jsonl"];
    insta::assert_snapshot!(files.tell(&from, Order::default()), @r#"
    1 (a.json 1, line 1) {"a":1}
    1:12 not a JSON object: expected value | mend this row | [{"a": 1}, »oops
    2 (b.csv 1, line 2) {"a":"1"}
    1:1 a header and no rows | add a row below this | »a
    none.csv cannot be read: No such file or directory (os error 2) | check the path, which is relative to the suite
    3 (d.jsonl 1, line 1) {"a":2}
    "#);
    let order = Order { shuffle: true, ..Order::default() };
    insta::assert_snapshot!(files.tell(&from, order), @r#"
    1:12 not a JSON object: expected value | mend this row | [{"a": 1}, »oops
    1:1 a header and no rows | add a row below this | »a
    none.csv cannot be read: No such file or directory (os error 2) | check the path, which is relative to the suite
    "#);
}
