//! The row of a case as an entry of a suite's `cases:`, to be copied from a page into a suite.
//!
//! Texts are double-quoted, which YAML shares with JSON; what cannot be seen is escaped, so that what
//! is copied is what is read. Lists and maps stand in one line.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;

use crate::record::Record;
use crate::report::visible;

/// Variables that come first, in this order, and those that come last.
const FIRST: [&str; 3] = ["id", "question", "choices"];
const LAST: [&str; 3] = ["tags", "group", "override"];

/// The row of a record with everything that the suite has of it, named and sorted as it was there;
/// none where the run does not know it.
pub(super) fn entry(record: &Record) -> Option<String> {
    let row = record.row_values.as_ref()?.variables()?;
    let value = |name: &str| match (name, row.get(name)) {
        // The row has none: what is asked is in the prompt.
        ("question", Some(Value::Null)) => None,
        ("question", None) => Some(Cow::Owned(record.question.as_str().into())),
        ("choices", None) if !record.choices.is_empty() => Some(Cow::Owned(typed(record).into())),
        (_, value) => value.map(Cow::Borrowed),
    };
    let others = row.keys().map(String::as_str);
    let others = others.filter(|name| !FIRST.contains(name) && !LAST.contains(name));
    let names = FIRST.into_iter().chain(others).chain(LAST);
    let mut yaml = String::new();
    for (name, value) in names.filter_map(|name| Some((name, value(name)?))) {
        yaml += if yaml.is_empty() { "- " } else { "  " };
        put_name(&mut yaml, name);
        put(&mut yaml, &value);
        yaml.push('\n');
    }
    Some(if yaml.is_empty() { "- {}\n".into() } else { yaml })
}

/// The choices in the order of the row.
fn typed(record: &Record) -> Vec<String> {
    let mut choices = record.choices.clone();
    let turned = record.variant.get("rotation").and_then(|by| by.parse::<usize>().ok());
    let turned = turned.unwrap_or(0) % choices.len().max(1);
    choices.rotate_right(turned);
    choices
}

fn put(yaml: &mut String, value: &Value) {
    match value {
        Value::String(text) => yaml.push_str(&quoted(text)),
        Value::Array(items) => {
            yaml.push('[');
            for (place, item) in items.iter().enumerate() {
                yaml.push_str(if place > 0 { ", " } else { "" });
                put(yaml, item);
            }
            yaml.push(']');
        }
        Value::Object(entries) => {
            yaml.push('{');
            for (place, (name, value)) in entries.iter().enumerate() {
                yaml.push_str(if place > 0 { ", " } else { "" });
                put_name(yaml, name);
                put(yaml, value);
            }
            yaml.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => *yaml += &value.to_string(),
    }
}

/// A key, quoted unless it is a plain word that means nothing else.
fn put_name(yaml: &mut String, name: &str) {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(word)
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&name);
    *yaml += &if plain { Cow::Borrowed(name) } else { Cow::Owned(quoted(name)) };
    yaml.push_str(": ");
}

/// A text between quotes, with escapes for what cannot be seen.
fn quoted(text: &str) -> String {
    let quoted = escaped(text, is_seen);
    // More marks on one character than are shown.
    if visible(&quoted) == quoted { quoted } else { escaped(text, |c| c.is_ascii() && is_seen(c)) }
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if stays(c) => quoted.push(c),
            // Writing to a string does not fail.
            c if u32::from(c) > 0xffff => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

fn is_seen(c: char) -> bool {
    visible(c.encode_utf8(&mut [0; 4])).chars().eq([c])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::record::tests::record;

    fn of(values: &Value) -> Record {
        let values = serde_json::from_str(&values.to_string()).unwrap();
        Record { row_values: Some(values), ..record(0) }
    }

    #[test]
    fn what_is_copied_is_one_entry_whatever_a_text_holds() {
        let values = json!({
            "id": "x", "tags": ["x: y", "# no"], "answers": ["Paris", 5, 1.5, null, true],
            "Größe": {"no": "é", "b": []}, "override": {"threshold": 0.5},
        });
        let question = "a \"b\" \\ c\n- id: x\u{202e}\u{e0041} 漢".into();
        let marks = "e".to_owned() + &"\u{301}".repeat(9);
        let record = Record { question, choices: vec![marks], ..of(&values) };
        insta::assert_snapshot!(entry(&record).unwrap(), @r##"
        - id: "x"
          question: "a \"b\" \\ c\n- id: x\u202e\U000e0041 漢"
          choices: ["e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"]
          "Größe": {b: [], "no": "é"}
          answers: ["Paris", 5, 1.5, null, true]
          tags: ["x: y", "# no"]
          override: {threshold: 0.5}
        "##);
    }

    #[test]
    fn a_turned_case_is_copied_as_it_is_typed() {
        let variant = BTreeMap::from([("rotation".to_owned(), "1".to_owned())]);
        let choices = ["y", "z", "x"].map(str::to_owned).into();
        let turned = Record { variant, choices, ..of(&json!({"id": "row", "answer": "A"})) };
        insta::assert_snapshot!(entry(&turned).unwrap(), @r#"
        - id: "row"
          question: "What is 0?"
          choices: ["x", "y", "z"]
          answer: "A"
        "#);
    }

    #[test]
    fn a_row_that_has_no_question_gets_none_and_an_unknown_row_is_not_guessed() {
        let row = of(&json!({"question": null, "a": 1, "choices": [1, 2]}));
        assert_eq!(entry(&row).unwrap(), "- choices: [1, 2]\n  a: 1\n");
        assert_eq!(entry(&record(0)), None);
    }
}
