//! What each format takes, and what it says of what it does not.

use super::*;
use crate::suite::dataset::split::LONGEST_ROW;

#[test]
fn json_lines_keep_their_places_through_blanks_mark_and_a_missing_newline() {
    let text = "\u{feff}{\"a\": 1}\r\n\n  \t\n {\"a\": \"ü\", \"b\": [null, {}]} \n{}";
    insta::assert_snapshot!(tell("rows.jsonl", text.as_bytes()), @r#"
    1 (rows.jsonl 1, line 1) {"a":1}
    2 (rows.jsonl 2, line 4) {"a":"ü","b":[null,{}]}
    3 (rows.jsonl 3, line 5) {}
    "#);
    assert_eq!(tell("rows.NDJSON", b"{}\n"), "1 (rows.NDJSON 1, line 1) {}\n");
    for nothing in [&b""[..], b"\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"] {
        assert_eq!(tell("rows.jsonl", nothing), "");
    }
}

#[test]
fn a_bad_line_is_an_error_with_its_place_and_the_next_is_read() {
    let text = b"{\"\xc3\xbc\": oops}\n[1]\n\"text\"\n\xc3\xbc\n{\"a\": \"\xff\"}\n{\"a\": 1} {}\n{\"a\": 1, \"a\": 2}\n{\"a\": [1}\n{\"a\": 3}\n{\"a\":";
    insta::assert_snapshot!(tell("rows.jsonl", text), @r#"
    1:7 not a JSON object: expected value | mend this row | {"ü": »oops}
    2:1 not a JSON object but a list | write a row as `{…}` | »[1]
    3:1 not a JSON object but a text | write a row as `{…}` | »"text"
    4:1 not a JSON object: expected value | mend this row | »ü
    5:8 not UTF-8 | save the file as UTF-8 | {"a": "»�"}
    6:10 not a JSON object: trailing characters | mend this row | {"a": 1} »{}
    7:12 not a JSON object: `a` stands there twice | mend this row | {"a": 1, "a»": 2}
    8:9 not a JSON object: expected `,` or `]` | mend this row | {"a": [1»}
    9 (rows.jsonl 9, line 9) {"a":3}
    10:6 the row ends too early | is a quote or a bracket missing? | {"a":»
    "#);
}

#[test]
fn a_list_is_split_into_its_objects() {
    let text = "\u{feff} [\r\n  {\"a\": \"]}, {[ \\\" \\\\\"},{\"b\": [[{}], 1]}  ,\n  {\n    \"c\": 2\n  }\n]\n\n";
    insta::assert_snapshot!(tell("rows.json", text.as_bytes()), @r#"
    1 (rows.json 1, line 2) {"a":"]}, {[ \" \\"}
    2 (rows.json 2, line 2) {"b":[[{}],1]}
    3 (rows.json 3, line 3) {"c":2}
    "#);
    assert_eq!(tell("rows.json", b"[]"), "");
    assert_eq!(tell("rows.json", b" [\n] "), "");
}

#[test]
fn an_element_that_is_no_object_is_an_error_and_the_next_is_read() {
    let text = "[1, \"a, ]\", [{\"a\": 1}],\n {\"ü\": oops}, null, nonsense\n, {\"a\": 1, \"a\": 2}, {\"a\": 1}]";
    insta::assert_snapshot!(tell("rows.json", text.as_bytes()), @r#"
    1:2 not a JSON object but a number | write a row as `{…}` | [»1, "a, ]", [{"a": 1}],
    1:5 not a JSON object but a text | write a row as `{…}` | [1, »"a, ]", [{"a": 1}],
    1:13 not a JSON object but a list | write a row as `{…}` | [1, "a, ]", »[{"a": 1}],
    2:8 not a JSON object: expected value | mend this row |  {"ü": »oops}, null, nonsense
    2:15 not a JSON object but null | write a row as `{…}` |  {"ü": oops}, »null, nonsense
    2:22 not a JSON object: expected ident | mend this row |  {"ü": oops}, null, n»onsense
    3:14 not a JSON object: `a` stands there twice | mend this row | , {"a": 1, "a»": 2}, {"a": 1}]
    8 (rows.json 8, line 3) {"a":1}
    "#);
}

#[test]
fn a_list_whose_rows_cannot_be_told_apart_ends_with_an_error() {
    let texts = [
        "",
        " \n",
        "{\"rows\": []}",
        "{\"a\": 1}\n{\"a\": 2}\n",
        "[{\"a\": 1}\n",
        "[{\"a\": 1},\n\n",
        "[",
        "[{\"a\": 1},]",
        "[,]",
        "[{\"a\": 1},, {}]",
        "[{\"a\": 1} {\"a\": 2}]",
        "[{\"a\": 1}}",
        "[}]",
        "[{\"a\": 1}]\nmore",
        "[{\"a\": 1}] []",
        "[\n{\"a\": [1}, {\"a\": 2}]",
        "[\n{\"a\": 1, {\"b\": 2}]",
        "[\n{\"a\": \"not closed}, {\"b\": 2}]",
        "[\n{\"a\": 1, \"b\": [2]\n",
        "[1",
    ];
    let told = texts.map(|text| (text.replace('\n', "\\n"), tell("rows.json", text.as_bytes())));
    let told = chapters(told);
    insta::assert_snapshot!(told, @r#"
    ## 
    1:1 an empty file | write a list: `[{…}, {…}]` | »
    ##  \n
    1:1 an empty file | write a list: `[{…}, {…}]` | » 
    ## {"rows": []}
    1:1 not a list of objects | write `[{…}, {…}]`, or name the file .jsonl if each line is an object | »{"rows": []}
    ## {"a": 1}\n{"a": 2}\n
    1:1 not a list of objects | write `[{…}, {…}]`, or name the file .jsonl if each line is an object | »{"a": 1}
    ## [{"a": 1}\n
    1 (rows.json 1, line 1) {"a":1}
    1:9 the list is not closed | add `]` after this | [{"a": 1»}
    ## [{"a": 1},\n\n
    1 (rows.json 1, line 1) {"a":1}
    1:10 the list is not closed | add `]` after this | [{"a": 1}»,
    ## [
    1:1 the list is not closed | add `]` after this | »[
    ## [{"a": 1},]
    1 (rows.json 1, line 1) {"a":1}
    1:11 a comma without a row after it | remove the comma | [{"a": 1},»]
    ## [,]
    1:2 a comma without a row after it | remove the comma | [»,]
    ## [{"a": 1},, {}]
    1 (rows.json 1, line 1) {"a":1}
    1:11 a comma without a row after it | remove the comma | [{"a": 1},», {}]
    ## [{"a": 1} {"a": 2}]
    1 (rows.json 1, line 1) {"a":1}
    1:11 a row without a comma before it | put a comma between two rows | [{"a": 1} »{"a": 2}]
    ## [{"a": 1}}
    1 (rows.json 1, line 1) {"a":1}
    1:10 a bracket that closes nothing | remove it | [{"a": 1}»}
    ## [}]
    1:2 a bracket that closes nothing | remove it | [»}]
    ## [{"a": 1}]\nmore
    1 (rows.json 1, line 1) {"a":1}
    2:1 text after the end of the list | remove it | »more
    ## [{"a": 1}] []
    1 (rows.json 1, line 1) {"a":1}
    1:12 text after the end of the list | remove it | [{"a": 1}] »[]
    ## [\n{"a": [1}, {"a": 2}]
    2:9 `}` where `]` is missing | close the list first | {"a": [1»}, {"a": 2}]
    ## [\n{"a": 1, {"b": 2}]
    2:10 not a JSON object: key must be a string | mend this row | {"a": 1, »{"b": 2}]
    ## [\n{"a": "not closed}, {"b": 2}]
    2:23 not a JSON object: expected `,` or `}` | mend this row | {"a": "not closed}, {"»b": 2}]
    ## [\n{"a": 1, "b": [2]\n
    2:1 the file ends within this row | is a quote or a bracket missing? | »{"a": 1, "b": [2]
    ## [1
    1:2 not a JSON object but a number | write a row as `{…}` | [»1
    "#);
}

#[test]
fn cells_are_the_text_that_was_typed() {
    let text = "\u{feff}id, question ,answer\r\n007,\"a \"\"b\"\",\r\nc\", true \r\n\r\n,\"\",5\" pipe\n\"x\",y z,\"\r\"";
    insta::assert_snapshot!(tell("rows.csv", text.as_bytes()), @r#"
    1 (rows.csv 1, line 2) {"answer":" true ","id":"007","question":"a \"b\",\r\nc"}
    2 (rows.csv 2, line 5) {"answer":"5\" pipe","id":"","question":""}
    3 (rows.csv 3, line 6) {"answer":"\r","id":"x","question":"y z"}
    "#);
    insta::assert_snapshot!(tell("rows.tsv", b"a\tb\n1,5\t\"x\ty\"\n"), @r#"1 (rows.tsv 1, line 2) {"a":"1,5","b":"x\ty"}"#);
    insta::assert_snapshot!(tell("rows.csv", b"only\n\"\"\nx\n"), @r#"
    1 (rows.csv 1, line 2) {"only":""}
    2 (rows.csv 2, line 3) {"only":"x"}
    "#);
}

#[test]
fn a_table_that_is_none_is_an_error_with_its_place() {
    let files: [(&str, &[u8]); 17] = [
        ("empty.csv", b""),
        ("blank.csv", b"\r\n\n"),
        ("header.csv", b"\na,b\n"),
        ("unnamed.csv", b"a,,b\n1,2,3\n"),
        ("index.csv", b",a\n0,1\n"),
        ("twice.csv", b"a,b, a\n1,2,3\n"),
        ("semicolons.csv", b"a;b\n1;2\n"),
        ("commas.tsv", b"a,b\n1,2\n"),
        ("short.csv", b"a,b,c\n1,2,3\n1,\"\xc3\xbc\"\r\n4,5,6\n"),
        ("long.csv", b"a,b\n1,2, and more,4\n3,4\n"),
        ("open.csv", b"a,b\n1,2\n3,\"4\n5,6\n"),
        ("glued.csv", b"a,b\n1,\"x\ny\"z\n3,4\n"),
        ("latin.csv", b"a,b\n\"\n\",caf\xe9\n3,4\n"),
        ("latin-header.csv", b"a,b\xe9\n3,4\n"),
        ("utf16.csv", b"\xff\xfea\0,\0b\0\n\0"),
        ("open-header.csv", b"a,\"b\n1,2\n"),
        ("cr.csv", b"a,b\r1,2\r"),
    ];
    let told = chapters(files.map(|(name, bytes)| (name.to_owned(), tell(name, bytes))));
    insta::assert_snapshot!(told.replace('\0', "␀").replace('\r', "␍"), @r#"
    ## empty.csv
    1:1 an empty file | write a header: the names of the columns | »
    ## blank.csv
    1:1 an empty file | write a header: the names of the columns | »
    ## header.csv
    2:1 a header and no rows | add a row below this | »a,b
    ## unnamed.csv
    1:3 a column without a name | name it, or leave it out (pandas writes one without `index=False`) | a,»,b
    ## index.csv
    1:1 a column without a name | name it, or leave it out (pandas writes one without `index=False`) | »,a
    ## twice.csv
    1:5 two columns are named `a` | rename one | a,b,» a
    ## semicolons.csv
    1:1 one column, whose name holds a semicolon | cells of this file must be separated by a comma | »a;b
    ## commas.tsv
    1:1 one column, whose name holds a comma | cells of this file must be separated by a tab | »a,b
    ## short.csv
    1 (short.csv 1, line 2) {"a":"1","b":"2","c":"3"}
    3:6 a row of 2 cells, and the header names 3 | add the missing cells, which may be empty | 1,"ü"»
    3 (short.csv 3, line 4) {"a":"4","b":"5","c":"6"}
    ## long.csv
    2:5 a row of 4 cells, and the header names 2 | put a cell that holds a comma into quotes | 1,2,» and more,4
    2 (long.csv 2, line 3) {"a":"3","b":"4"}
    ## open.csv
    1 (open.csv 1, line 2) {"a":"1","b":"2"}
    3:3 a quote that is never closed | close it, and write a quote within quotes twice: `""` | 3,»"4
    ## glued.csv
    3:3 text after the closing quote of a cell | write a quote within quotes twice: `""` | y"»z
    2 (glued.csv 2, line 4) {"a":"3","b":"4"}
    ## latin.csv
    3:6 not UTF-8 | save the file as UTF-8 | ",caf»�
    2 (latin.csv 2, line 4) {"a":"3","b":"4"}
    ## latin-header.csv
    1:4 not UTF-8 | save the file as UTF-8 | a,b»�
    ## utf16.csv
    1:1 not UTF-8 | save the file as UTF-8 | »��a␀,␀b␀
    ## open-header.csv
    1:3 a quote that is never closed | close it, and write a quote within quotes twice: `""` | a,»"b
    ## cr.csv
    1:4 a carriage return in a name | end lines with LF or CRLF | a,b»␍1,2
    "#);
}

#[test]
fn bombs_end_before_they_fill_the_memory() {
    let deep = format!("[{}", "[".repeat(1000));
    let deep_object = format!("[{}", "{\"a\":".repeat(1000));
    let long = format!("[{{\"a\": \"{}", "x".repeat(LONGEST_ROW + (1 << 16)));
    let quoted = format!("a,b\n1,\"{}", "x\n".repeat(LONGEST_ROW / 2 + (1 << 16)));
    let line = format!("{{\"a\": 1}}\n{}", "x".repeat(LONGEST_ROW + (1 << 16)));
    let columns = "a,".repeat(20_000);
    let names: String = (0..20_000).map(|number| number.to_string() + ",").collect();
    let cells = format!("a,b\n{}", ",".repeat(1_000_000));
    let files = [
        ("deep.json", deep),
        ("deeper.json", deep_object),
        ("deep.jsonl", "[".repeat(1000)),
        ("deeper.jsonl", "{\"a\":".repeat(1000)),
        ("long.json", long),
        ("long.jsonl", line),
        ("long.csv", quoted),
        ("same.csv", columns),
        ("wide.csv", names),
        ("cells.csv", cells),
    ];
    let cut = |line: &str| line.chars().take(120).collect::<String>() + "\n";
    let told = files.map(|(name, text)| {
        (name.to_owned(), tell(name, text.as_bytes()).lines().map(cut).collect())
    });
    insta::assert_snapshot!(chapters(told), @r#"
    ## deep.json
    1:2 not a JSON object but a list | write a row as `{…}` | [»[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
    ## deeper.json
    1:637 a row nested too deeply | at most 127 brackets may be open | [{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"
    ## deep.jsonl
    1:1 not a JSON object but a list | write a row as `{…}` | »[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
    ## deeper.jsonl
    1:636 not a JSON object: recursion limit exceeded | mend this row | {"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"
    ## long.json
    1:2 a row of more than 16 MiB | is a quote or a bracket not closed? | [»{"a": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ## long.jsonl
    1 (long.jsonl 1, line 1) {"a":1}
    2:1 a row of more than 16 MiB | is a quote or a bracket not closed? | »xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ## long.csv
    2:1 a row of more than 16 MiB | is a quote or a bracket not closed? | »1,"x
    ## same.csv
    1:3 two columns are named `a` | rename one | a,»a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,
    ## wide.csv
    1:48891 more than 10000 columns | is this a table? | 9600,9601,9602,9603,9604,9605,9606,9607,9608,9609,9610,9611,9612,96
    ## cells.csv
    2:3 a row of 1000001 cells, and the header names 2 | put a cell that holds a comma into quotes | ,,»,,,,,,,,,,,,,,,,,,,,
    "#);
}
